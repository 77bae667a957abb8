"""One structured line for each decision and one metric, with exactly these members."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from signet.aws.failures import calling
from signet.errors import OAuthError, Reason
from signet.grants.table import GRANTS
from tests.support import faults
from tests.support.deployment import INVOCATION_ID, Deployment
from tests.support.gateway_events import FORM, Event, event, stored, token_event

GRANT = {"grant_type": "client_credentials"}

COMMON = {"level": "INFO", "service": "signet", "invocation_id": INVOCATION_ID}

REQUEST_ID = "JKJaXmPLvHcESHA="


def only(deployment: Deployment) -> dict[str, Any]:
    """The one line so far."""
    [line] = deployment.lines()
    return line


def test_an_issued_token_is_one_line(deployment: Deployment) -> None:
    """Who got what, and the id under which the token can be found again; never the token."""
    machine = deployment.register()
    jti = deployment.issue(machine, scope="read").json()["jti"]
    assert only(deployment) == {
        **COMMON,
        "message": "token_issued",
        "event": "token_issued",
        "client_id": "machine",
        "grant_type": "client_credentials",
        "sub": "machine",
        "scope": "read",
        "jti": jti,
        "request_id": REQUEST_ID,
    }


def test_an_empty_field_is_left_out(deployment: Deployment) -> None:
    """A token without scope has no scope in its line."""
    deployment.issue(deployment.register(scope=()))
    assert "scope" not in only(deployment)


def test_a_refused_request_is_one_line(deployment: Deployment) -> None:
    """Code and status as the client saw them, and the reason it did not."""
    machine = deployment.register()
    deployment.issue(machine, scope="admin")
    assert only(deployment) == {
        **COMMON,
        "message": "request_refused",
        "event": "request_refused",
        "endpoint": "token",
        "error": "invalid_scope",
        "reason": "scope_not_registered",
        "status": 400,
        "client_id": "machine",
        "grant_type": "client_credentials",
        "request_id": REQUEST_ID,
        "source_ip": "203.0.113.7",
    }


def test_a_failed_request_is_one_line_of_level_error(placeholder: Deployment) -> None:
    """What the operator has to look at: which of the things it stands on, in AWS's own word."""
    machine = placeholder.register()
    placeholder.issue(machine)
    assert only(placeholder) == {
        **COMMON,
        "level": "ERROR",
        "message": "request_failed",
        "event": "request_failed",
        "endpoint": "token",
        "error": "temporarily_unavailable",
        "reason": "keyring_empty",
        "status": 503,
        "detail": "no RS256 key signs: a rotation has to make one",
        "client_id": "machine",
        "grant_type": "client_credentials",
        "request_id": REQUEST_ID,
        "source_ip": "203.0.113.7",
    }


def test_a_wrong_secret_of_a_known_client_names_it(deployment: Deployment) -> None:
    """Whose secret is tried or badly configured: the id is a registered one, so it is no stranger's text."""
    machine = deployment.register()
    deployment.token(token_event(GRANT, basic=(machine.client_id, "wrong")))
    line = only(deployment)
    assert (line["reason"], line["client_id"]) == ("client_secret_wrong", "machine")


def test_what_a_stranger_sent_is_in_no_line(deployment: Deployment) -> None:
    """An unknown client_id, grant type or scope is not repeated: logs are not for strangers to write in."""
    strange = "strange-value-of-a-stranger"
    deployment.token(token_event(GRANT, basic=(strange, strange)))
    deployment.token(token_event({"grant_type": strange, strange: strange, "scope": strange}))
    deployment.token(token_event(GRANT, headers={"authorization": strange, "user-agent": strange}))
    deployment.token(token_event({**GRANT}, query=f"{strange}={strange}", path="/oauth2-token"))
    deployment.jwks(event(strange.upper(), "/connect/oauth/jwks"))
    assert len(deployment.lines("request_refused")) == 5
    assert strange not in deployment.output().lower()


REFUSALS: list[tuple[Reason, Event]] = [
    (Reason.METHOD_NOT_ALLOWED, stored("token-get")),
    (Reason.MALFORMED_EVENT, {**stored("token-client-credentials-basic"), "body": "?"}),
    (Reason.BODY_TOO_LARGE, token_event(b"x" * 70_000)),
    (Reason.MEDIA_TYPE_UNKNOWN, token_event(GRANT, headers={"content-type": "text/plain"})),
    (Reason.BODY_MALFORMED, token_event(b"%ff=%ff")),
    (Reason.PARAMETER_REPEATED, stored("token-parameter-repeated")),
    (Reason.PARAMETER_IN_QUERY, stored("token-credentials-in-query")),
    (Reason.PARAMETER_MISSING, token_event({"scope": "read"})),
    (Reason.GRANT_TYPE_UNKNOWN, token_event({"grant_type": "password"})),
    (Reason.AUTHENTICATION_MISSING, token_event(GRANT)),
    (Reason.AUTHENTICATION_MALFORMED, token_event(GRANT, headers={"authorization": "Basic !"})),
    (Reason.AUTHENTICATION_REPEATED, token_event({**GRANT, "client_id": "a", "client_secret": "b"}, basic=("a", "b"))),
    (Reason.CLIENT_UNKNOWN, token_event(GRANT, basic=("nobody", "x"))),
    (Reason.CLIENT_SECRET_WRONG, token_event(GRANT, basic=("machine", "x"))),
    (Reason.SCOPE_MALFORMED, token_event({**GRANT, "scope": '"'}, basic=("machine", "secret"))),
    (Reason.SCOPE_NOT_REGISTERED, token_event({**GRANT, "scope": "x"}, basic=("machine", "secret"))),
    (Reason.RESOURCE_NOT_REGISTERED, token_event({**GRANT, "resource": "x"}, basic=("machine", "secret"))),
    (
        Reason.AUTHENTICATION_METHOD_NOT_REGISTERED,
        token_event({**GRANT, "client_id": "machine", "client_secret": "secret"}),
    ),
]


def test_every_refusal_has_its_reason_in_line_and_metric(deployment: Deployment) -> None:
    """A closed vocabulary: what is counted can be looked up in signet.errors.Reason."""
    deployment.register("machine", "secret")
    for reason, request in REFUSALS:
        deployment.forget_output()
        assert 400 <= deployment.token(request).status < 500
        assert only(deployment)["reason"] == reason
        [metric] = deployment.metrics()
        assert metric["reason"] == reason


def test_metrics_are_in_the_embedded_format_with_a_bounded_dimension(deployment: Deployment) -> None:
    """CloudWatch bills each combination of dimensions: none of them is anything that a caller chooses."""
    machine = deployment.register()
    deployment.issue(machine)
    deployment.token(token_event(GRANT, basic=(machine.client_id, "wrong")))
    issued, refused = deployment.metrics()
    assert issued["TokensIssued"] == [1.0]
    assert issued["grant_type"] in GRANTS
    assert refused["RequestsRefused"] == [1.0]
    assert refused["reason"] in set(Reason)
    for metric, dimension in ((issued, "grant_type"), (refused, "reason")):
        [directive] = metric["_aws"]["CloudWatchMetrics"]
        assert directive["Namespace"] == "Signet"
        assert [sorted(names) for names in directive["Dimensions"]] == [sorted([dimension, "service"])]
        assert metric.keys() == {"_aws", "service", dimension, directive["Metrics"][0]["Name"]}


def test_a_rotation_is_counted(placeholder: Deployment) -> None:
    """An alarm can watch that it happens."""
    placeholder.rotate()
    [metric] = placeholder.metrics()
    assert metric["KeysRotated"] == [1.0]


def test_a_document_that_was_served_is_no_decision(deployment: Deployment) -> None:
    """Thousands of verifiers fetch it: API Gateway's access log has them."""
    deployment.get("/connect/oauth/jwks")
    assert deployment.lines() == []


@pytest.mark.parametrize("content_type", [FORM, "multipart/form-data; boundary=x", "application/json"])
def test_a_body_that_is_refused_writes_its_line_and_nothing_else(deployment: Deployment, content_type: str) -> None:
    """No parser of ours or of others says more: what it would quote came from a stranger."""
    for body in (
        b"--x\r\nContent-Transfer-Encoding: strange\r\n\r\n",
        b"\xff",
        b"--x\r\n:\x00",
        b"--x--trailing",
        b"{",
    ):
        deployment.forget_output()
        deployment.token(token_event(body, headers={"content-type": content_type}))
        assert only(deployment)["event"] == "request_refused"
        assert len(deployment.output().splitlines()) == 1


def test_a_failure_of_aws_is_told_with_awss_id_of_it(deployment: Deployment) -> None:
    """The operation, the error and the request id: what AWS's support asks for, and nothing of the answer's text."""
    machine = deployment.register()
    with deployment.failing("dynamodb:GetItem", faults.internal):
        deployment.issue(machine)
    assert only(deployment)["detail"] == "dynamodb:GetItem InternalServerError fault"


@pytest.mark.parametrize("request_id", ["", "a\nb", "<script>", "x" * 65])
def test_an_id_that_is_none_of_awss_is_left_out(request_id: str) -> None:
    """Whatever stands between may answer instead."""
    response = {"Error": {"Code": "Broken"}, "ResponseMetadata": {"RequestId": request_id}}
    with pytest.raises(OAuthError) as raised, calling("dynamodb:GetItem", Reason.STORE_UNAVAILABLE):
        raise ClientError(response, "GetItem")
    assert raised.value.detail == "dynamodb:GetItem Broken"

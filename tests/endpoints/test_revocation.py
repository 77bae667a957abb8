"""The revocation endpoint (RFC 7009)."""

import json
from typing import Any

import jwt
import pytest

from signet.model.user import User
from tests.support import faults, gateway_events
from tests.support.deployment import Deployment
from tests.support.gateway_events import Answer, token_event
from tests.support.sign_in import Application, Service, grant_id_of
from tests.support.token_requests import INACTIVE, REVOKE, asked, introspect, refresh, revoke

REFRESHING = ("authorization_code", "refresh_token")


@pytest.fixture
def app(service: Service) -> Application:
    """A confidential client that gets refresh tokens."""
    return service.application(grant_types=REFRESHING)


@pytest.fixture
def tokens(service: Service, app: Application, ada: User) -> dict[str, Any]:
    """An access token and a refresh token."""
    tokens = service.tokens(app, ada)
    service.deployment.forget_output()
    return tokens


def done(answer: Answer) -> bool:
    """Whether the answer is RFC 7009's success."""
    assert (answer.status, answer.headers["cache-control"]) == (200, "no-store"), answer
    assert answer.body == "{}"
    return True


def test_a_refresh_token_takes_everything_of_its_grant_with_it(
    service: Service, app: Application, tokens: dict[str, Any], deployment: Deployment
) -> None:
    """RFC 7009 section 2.1: the token, its successors, and the access tokens of all of them, at once."""
    successor = refresh(deployment, app, tokens["refresh_token"]).json()
    assert done(revoke(deployment, app, tokens["refresh_token"]))
    for refresh_token in (tokens["refresh_token"], successor["refresh_token"]):
        assert refresh(deployment, app, refresh_token).error() == "invalid_grant"
        assert introspect(deployment, app, refresh_token).body == INACTIVE
    for access_token in (tokens["access_token"], successor["access_token"]):
        assert introspect(deployment, app, access_token).body == INACTIVE
        assert service.userinfo(access_token).error(401) == "invalid_token"


def test_an_access_token_goes_alone(
    service: Service, app: Application, tokens: dict[str, Any], deployment: Deployment
) -> None:
    """Its grant lives on, and so does every other token."""
    assert introspect(deployment, app, tokens["access_token"]).json()["active"] is True
    assert done(revoke(deployment, app, tokens["access_token"]))
    assert introspect(deployment, app, tokens["access_token"]).body == INACTIVE
    assert service.userinfo(tokens["access_token"]).error(401) == "invalid_token"
    successor = refresh(deployment, app, tokens["refresh_token"]).json()
    assert introspect(deployment, app, successor["access_token"]).json()["active"] is True
    assert service.userinfo(successor["access_token"]).status == 200


def test_a_revoked_access_token_is_on_record_until_its_end(
    service: Service, app: Application, tokens: dict[str, Any], deployment: Deployment
) -> None:
    """Under its id alone, with the end that the token itself has."""
    claims = service.claims(tokens["access_token"])
    assert done(revoke(deployment, app, tokens["access_token"]))
    [item] = deployment.state("revoked#")
    assert item == {"pk": {"S": f"revoked#{claims['jti']}"}, "expires_at": {"N": str(claims["exp"])}}


def test_a_clients_own_token_can_be_revoked(deployment: Deployment) -> None:
    """One of client_credentials, which has no grant."""
    machine = deployment.register()
    token, other = (deployment.issue(machine).json()["access_token"] for _ in range(2))
    assert done(revoke(deployment, machine, token))
    assert introspect(deployment, machine, token).body == INACTIVE
    assert introspect(deployment, machine, other).json()["active"] is True


def test_revoking_twice_is_revoking_once(app: Application, tokens: dict[str, Any], deployment: Deployment) -> None:
    """RFC 7009 section 2.2: what is invalid already is as the client wants it."""
    for name in ("access_token", "refresh_token", "access_token", "refresh_token"):
        assert done(revoke(deployment, app, tokens[name]))


@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "id_token", "saml2_assertion", ""])
@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_a_hint_changes_nothing(
    app: Application, tokens: dict[str, Any], deployment: Deployment, hint: str, kind: str
) -> None:
    """RFC 7009 section 2.1: right, wrong or unknown, the token is found."""
    assert done(revoke(deployment, app, tokens[kind], token_type_hint=hint))
    assert introspect(deployment, app, tokens[kind]).body == INACTIVE


@pytest.mark.parametrize("token", ["x", "a.b.c", "not a token", "\u00e9", "." * 1_000, "a" * 20_000])
def test_an_unknown_token_is_revoked_already(app: Application, deployment: Deployment, token: str) -> None:
    """RFC 7009 section 2.2: the client could do nothing about an error; nothing is written."""
    assert done(revoke(deployment, app, token))
    assert deployment.state() == []
    [line] = deployment.lines("revocation_ignored")
    assert (line["client_id"], line["reason"]) == ("app", "token_invalid")


def test_an_expired_access_token_is_revoked_already(
    service: Service, app: Application, tokens: dict[str, Any], deployment: Deployment
) -> None:
    """Nothing is kept of it."""
    service.clock.advance(3_700)
    assert done(revoke(deployment, app, tokens["access_token"]))
    assert deployment.state("revoked#") == []


def test_a_clock_that_is_behind_revokes_all_the_same(
    service: Service, app: Application, tokens: dict[str, Any], deployment: Deployment
) -> None:
    """A token that is not valid yet here is valid elsewhere."""
    service.clock.advance(-600)
    assert done(revoke(deployment, app, tokens["access_token"]))
    service.clock.advance(600)
    assert introspect(deployment, app, tokens["access_token"]).body == INACTIVE


def test_an_expired_refresh_token_still_ends_its_grant(service: Service, ada: User, deployment: Deployment) -> None:
    """It was not used for too long, and its access token may be alive."""
    app = service.application(grant_types=REFRESHING, refresh_token_idle_lifetime=60)
    tokens = service.tokens(app, ada)
    service.clock.advance(120)
    assert introspect(deployment, app, tokens["refresh_token"]).body == INACTIVE
    assert introspect(deployment, app, tokens["access_token"]).json()["active"] is True
    assert done(revoke(deployment, app, tokens["refresh_token"]))
    assert introspect(deployment, app, tokens["access_token"]).body == INACTIVE


def test_a_refresh_token_outlives_the_key_that_signed_it(
    service: Service, app: Application, tokens: dict[str, Any], deployment: Deployment
) -> None:
    """The key is published no more, and the refresh token ends with its grant all the same."""
    kid = jwt.get_unverified_header(tokens["refresh_token"])["kid"]
    for _ in range(4):
        service.clock.advance(200_000)
        deployment.rotate()
    assert kid not in {key["kid"] for key in deployment.key_set()}
    deployment.cold("revocation")
    assert done(revoke(deployment, app, tokens["refresh_token"]))
    assert deployment.lines("token_revoked")
    assert refresh(deployment, app, tokens["refresh_token"]).error() == "invalid_grant"


def test_another_clients_token_stays(
    service: Service, app: Application, tokens: dict[str, Any], deployment: Deployment
) -> None:
    """RFC 7009 section 2.1: the request is refused, and the operator reads why."""
    others = (deployment.register("machine"), service.public("native"))
    for other in others:
        for kind in ("access_token", "refresh_token"):
            deployment.forget_output()
            assert revoke(deployment, other, tokens[kind]).error() == "unauthorized_client"
            [line] = deployment.lines()
            assert (line["event"], line["reason"]) == ("request_refused", "token_of_another_client")
            assert (line["client_id"], line["grant_id"]) == (other.client_id, grant_id_of(tokens[kind]))
    assert introspect(deployment, app, tokens["access_token"]).json()["active"] is True
    assert introspect(deployment, app, tokens["refresh_token"]).json()["active"] is True


# who asks, and how


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post", "none"])
def test_a_client_authenticates_as_it_is_registered_to(
    service: Service, ada: User, deployment: Deployment, method: str
) -> None:
    """RFC 7009 section 2.1: a public client too, by its client_id."""
    named: dict[str, Any] = {"grant_types": REFRESHING, "token_endpoint_auth_method": method}
    client = service.public(**named) if method == "none" else service.application(**named)
    tokens = service.tokens(client, ada)
    assert done(revoke(deployment, client, tokens["refresh_token"]))
    assert refresh(deployment, client, tokens["refresh_token"]).error() == "invalid_grant"


def test_without_authentication_nothing_is_revoked(
    app: Application, tokens: dict[str, Any], deployment: Deployment
) -> None:
    """RFC 7009 section 2.1, RFC 6749 section 5.2."""
    form = {"token": tokens["refresh_token"]}
    for event, status in (
        (token_event(form, path=REVOKE), 400),
        (token_event({**form, "client_id": "app"}, path=REVOKE), 400),
        (token_event(form, basic=("app", "wrong"), path=REVOKE), 401),
        (token_event(form, basic=("nobody", "wrong"), path=REVOKE), 401),
    ):
        assert gateway_events.answer(deployment.invoke("revocation", event)).error(status) == "invalid_client"
    assert introspect(deployment, app, tokens["refresh_token"]).json()["active"] is True


def test_a_json_body_is_understood(app: Application, tokens: dict[str, Any], deployment: Deployment) -> None:
    """As at the token endpoint."""
    body = json.dumps({"token": tokens["refresh_token"]}).encode()
    event = token_event(body, basic=app.basic, headers={"content-type": "application/json"}, path=REVOKE)
    assert done(gateway_events.answer(deployment.invoke("revocation", event)))
    assert introspect(deployment, app, tokens["refresh_token"]).body == INACTIVE


def test_the_token_is_required(app: Application, deployment: Deployment) -> None:
    """RFC 7009 section 2.1; empty is omitted."""
    for form in ({}, {"token": ""}, {"token_type_hint": "access_token"}):
        assert asked(deployment, "revocation", REVOKE, app, form).error() == "invalid_request"
    assert [line["client_id"] for line in deployment.lines("request_refused")] == ["app"] * 3


@pytest.mark.parametrize("name", ["token", "token_type_hint", "client_id", "client_secret"])
def test_nothing_is_read_from_the_url(
    app: Application, tokens: dict[str, Any], deployment: Deployment, name: str
) -> None:
    """It would end in logs."""
    event = token_event({"token": tokens["refresh_token"]}, basic=app.basic, path=REVOKE, query=f"{name}=x")
    assert gateway_events.answer(deployment.invoke("revocation", event)).error() == "invalid_request"
    assert introspect(deployment, app, tokens["refresh_token"]).json()["active"] is True


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH"])
def test_other_methods_are_refused(deployment: Deployment, method: str) -> None:
    """RFC 9110 section 15.5.6; a link that is followed revokes nothing."""
    event = gateway_events.event(method, REVOKE)
    answer = gateway_events.answer(deployment.invoke("revocation", event))
    assert (answer.status, answer.headers["allow"]) == (405, "POST")


def test_an_application_in_a_browser_may_ask(app: Application, deployment: Deployment) -> None:
    """The Fetch standard's CORS protocol, as at the token endpoint."""
    assert revoke(deployment, app, "x").headers["access-control-allow-origin"] == "*"
    preflight = gateway_events.answer(deployment.invoke("revocation", gateway_events.event("OPTIONS", REVOKE)))
    assert (preflight.status, preflight.headers["access-control-allow-methods"]) == (204, "POST")


# what it costs, what is written of it, and what happens when it fails


def test_a_revocation_costs_one_call_when_warm(
    app: Application, tokens: dict[str, Any], deployment: Deployment
) -> None:
    """One write; what is not ours costs none."""
    revoke(deployment, app, "x")
    costs = {"access_token": "dynamodb:PutItem", "refresh_token": "dynamodb:UpdateItem"}
    for kind, call in costs.items():
        deployment.calls.clear()
        revoke(deployment, app, tokens[kind])
        assert deployment.calls == [call]
    deployment.calls.clear()
    for number in range(20):
        revoke(deployment, app, f"{tokens['access_token']}{number}")
    assert deployment.calls == []


def test_a_revocation_is_one_line_and_one_metric(
    app: Application, ada: User, tokens: dict[str, Any], deployment: Deployment
) -> None:
    """By what is revoked, and never the token."""
    for kind in ("access_token", "refresh_token"):
        deployment.forget_output()
        revoke(deployment, app, tokens[kind])
        [line] = deployment.lines()
        expected = {"event": "token_revoked", "client_id": "app", "token_type": kind, "sub": ada.sub}
        assert line.items() >= expected.items()
        assert line["grant_id"] == grant_id_of(tokens[kind])
        [metric] = deployment.metrics()
        assert (metric["TokensRevoked"], metric["token_type"]) == ([1.0], kind)
        assert tokens[kind] not in deployment.output()


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
@pytest.mark.parametrize(
    "fault", [faults.throttled, faults.denied, faults.internal, faults.slow_to_answer, faults.page]
)
def test_a_revocation_that_did_not_happen_is_503(
    app: Application, tokens: dict[str, Any], deployment: Deployment, kind: str, fault: Any
) -> None:
    """RFC 7009 section 2.2.1: the client must try again, and then it works (fosite CVE-2020-15223)."""
    revoke(deployment, app, "x")
    with deployment.failing("dynamodb", fault):
        answer = revoke(deployment, app, tokens[kind])
    assert answer.error(503) == "temporarily_unavailable"
    assert int(answer.headers["retry-after"]) > 0
    assert deployment.lines("token_revoked") == []
    assert introspect(deployment, app, tokens[kind]).json()["active"] is True
    assert done(revoke(deployment, app, tokens[kind]))
    assert introspect(deployment, app, tokens[kind]).body == INACTIVE


def test_keys_that_are_away_are_no_unknown_token(
    app: Application, tokens: dict[str, Any], deployment: Deployment
) -> None:
    """A token that cannot be verified is not called revoked."""
    with deployment.failing("dynamodb:GetItem", faults.internal):
        deployment.cold("revocation")
        assert revoke(deployment, app, tokens["refresh_token"]).error(503) == "temporarily_unavailable"
    revoke(deployment, app, "x")
    deployment.clock.advance(61)
    with deployment.failing("dynamodb:GetItem", faults.internal):
        assert revoke(deployment, app, tokens["refresh_token"]).error(503) == "temporarily_unavailable"
    assert done(revoke(deployment, app, tokens["refresh_token"]))


@pytest.mark.parametrize(("kind", "call"), [("access_token", "PutItem"), ("refresh_token", "UpdateItem")])
def test_a_revocation_whose_answer_was_lost_has_happened(
    app: Application, tokens: dict[str, Any], deployment: Deployment, kind: str, call: str
) -> None:
    """The SDK writes it again and finds it done; where nobody answers at all, a later attempt does."""
    deployment.lose_answer(f"dynamodb:{call}")
    assert done(revoke(deployment, app, tokens[kind]))
    assert introspect(deployment, app, tokens[kind]).body == INACTIVE

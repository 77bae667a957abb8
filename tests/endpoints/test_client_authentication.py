"""Who is calling: both methods of RFC 6749 section 2.3.1, the registered one enforced."""

import base64
from collections.abc import Mapping

import pytest

from signet.model.client import ClientSecret, digest
from tests.support.deployment import Deployment, Machine
from tests.support.gateway_events import EXAMPLE_SECRET, Answer, basic_header, stored, token_event

GRANT = {"grant_type": "client_credentials"}


def by_body(machine: Machine, **changed: str) -> dict[str, str]:
    """A form with the client's credentials in it."""
    return {**GRANT, "client_id": machine.client_id, "client_secret": machine.client_secret, **changed}


def with_header(deployment: Deployment, authorization: str, form: Mapping[str, str] = GRANT) -> Answer:
    """The answer to a request with that Authorization header."""
    return deployment.token(token_event(form, headers={"authorization": authorization}))


def test_credentials_in_the_header_authenticate(deployment: Deployment) -> None:
    """client_secret_basic, RFC 6749 section 2.3.1."""
    deployment.register("warehouse", EXAMPLE_SECRET)
    assert deployment.token(stored("token-client-credentials-basic")).status == 200


def test_credentials_in_the_body_authenticate(deployment: Deployment) -> None:
    """client_secret_post, RFC 6749 section 2.3.1."""
    deployment.register("back-office", EXAMPLE_SECRET, token_endpoint_auth_method="client_secret_post")
    assert deployment.token(stored("token-client-credentials-post")).status == 200


def test_a_client_of_one_method_is_refused_by_the_other(deployment: Deployment) -> None:
    """RFC 7591 section 2: the registered method is the only one, right secret or not."""
    by_header = deployment.register("a")
    in_body = deployment.register("b", token_endpoint_auth_method="client_secret_post")
    assert deployment.token(token_event(by_body(by_header))).error() == "invalid_client"
    assert deployment.token(token_event(GRANT, basic=in_body.basic)).error(401) == "invalid_client"


def test_a_wrong_secret_in_the_header_is_challenged(deployment: Deployment) -> None:
    """RFC 6749 section 5.2: 401 and WWW-Authenticate where the client used the header."""
    deployment.register("warehouse", EXAMPLE_SECRET)
    answer = deployment.token(stored("token-wrong-secret"))
    assert answer.error(401) == "invalid_client"
    assert answer.headers["www-authenticate"] == 'Basic realm="signet", charset="UTF-8"'


def test_a_wrong_secret_in_the_body_is_400(deployment: Deployment) -> None:
    """The seeds' rule: 400 without a challenge where no header was used."""
    machine = deployment.register(token_endpoint_auth_method="client_secret_post")
    answer = deployment.token(token_event(by_body(machine, client_secret="wrong")))
    assert answer.error() == "invalid_client"
    assert "www-authenticate" not in answer.headers


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_unknown_client_and_wrong_secret_answer_alike(deployment: Deployment, method: str) -> None:
    """Nobody learns from the answer which client ids exist (RFC 9700 section 4.13 in spirit)."""
    deployment.register("known", token_endpoint_auth_method=method)
    answers = []
    for client_id in ("known", "unknown"):
        form = {**GRANT, "client_id": client_id, "client_secret": "wrong"}
        basic = method == "client_secret_basic"
        event = token_event(GRANT, basic=(client_id, "wrong")) if basic else token_event(form)
        answers.append(deployment.token(event))
    assert answers[0] == answers[1]
    assert answers[0].json()["error"] == "invalid_client"


def test_no_credentials_at_all_is_invalid_client(deployment: Deployment) -> None:
    """RFC 6749 section 5.2: no client authentication included; an id alone authenticates nobody."""
    machine = deployment.register(token_endpoint_auth_method="client_secret_post")
    answer = deployment.token(token_event(GRANT))
    assert answer.error() == "invalid_client"
    assert "send HTTP Basic, or client_id and client_secret" in answer.json()["error_description"]
    assert deployment.token(token_event({**GRANT, "client_id": machine.client_id})).error() == "invalid_client"


def test_an_empty_secret_counts_as_omitted(deployment: Deployment) -> None:
    """RFC 6749 section 3.1: parameters without a value are treated as omitted."""
    machine = deployment.register(token_endpoint_auth_method="client_secret_post")
    assert deployment.token(token_event(by_body(machine, client_secret=""))).error() == "invalid_client"


def test_a_secret_without_an_id_is_an_invalid_request(deployment: Deployment) -> None:
    """RFC 6749 section 2.3.1: client_id is required beside client_secret."""
    assert deployment.token(token_event({**GRANT, "client_secret": "x"})).error() == "invalid_request"


def test_an_unknown_scheme_is_challenged(deployment: Deployment) -> None:
    """RFC 6749 section 5.2: the 401 names the scheme that would be understood."""
    answer = with_header(deployment, "Bearer abc")
    assert answer.error(401) == "invalid_client"
    assert answer.headers["www-authenticate"].startswith("Basic ")


@pytest.mark.parametrize("scheme", ["Basic", "basic", "BASIC"])
def test_the_scheme_is_matched_in_any_case(deployment: Deployment, scheme: str) -> None:
    """RFC 9110 section 11.1."""
    machine = deployment.register()
    encoded = basic_header(*machine.basic).removeprefix("Basic ")
    assert with_header(deployment, f"{scheme} {encoded}").status == 200


@pytest.mark.parametrize(
    ("client_id", "client_secret"),
    [
        ("a b", "c d"),
        ("50%", "a+b/c=d&e"),
        ("colon", "a:b:c"),
        ("percent", "%41"),
        ("umlaut", "gr\u00fc\u00dfe \U0001f511"),
    ],
)
def test_both_halves_of_the_header_are_form_decoded(deployment: Deployment, client_id: str, client_secret: str) -> None:
    """RFC 6749 section 2.3.1: encoded with application/x-www-form-urlencoded before they are joined."""
    deployment.register(client_id, client_secret)
    assert deployment.token(token_event(GRANT, basic=(client_id, client_secret))).status == 200


def test_an_unencoded_header_of_plain_characters_is_understood(deployment: Deployment) -> None:
    """`curl -u id:secret` does not form-encode; characters that encoding leaves alone mean the same."""
    machine = deployment.register("plain", "no-need.to_encode~this-0123456789")
    halves = ":".join(machine.basic)
    assert with_header(deployment, "Basic " + base64.b64encode(halves.encode()).decode()).status == 200


@pytest.mark.parametrize(
    "authorization",
    [
        "Basic",
        "Basic ",
        "Basic !!!!",
        "Basic bWFjaGluZQ",
        "Basic " + base64.b64encode(b"machine").decode(),
        "Basic " + base64.b64encode(b"machine:\xff\xfe").decode(),
        "Basic " + base64.b64encode(b"machine:%ff").decode(),
        "Basic " + base64.b64encode(b"machine:a%00b").decode(),
        "Basic \u00e9\u00e9\u00e9\u00e9",
    ],
)
def test_a_malformed_header_is_an_invalid_request(deployment: Deployment, authorization: str) -> None:
    """RFC 6749 section 5.2: malformed is neither a wrong secret nor a failure of the service."""
    assert with_header(deployment, authorization).error() == "invalid_request"


def test_the_same_client_id_in_header_and_body_is_allowed(deployment: Deployment) -> None:
    """RFC 6749 section 3.2.1: client_id may be sent to identify; it is no second method."""
    machine = deployment.register()
    form = {**GRANT, "client_id": machine.client_id}
    assert deployment.token(token_event(form, basic=machine.basic)).status == 200


def test_another_client_id_in_the_body_is_an_invalid_request(deployment: Deployment) -> None:
    """One of the two would have to be ignored, and neither may win."""
    machine, other = deployment.register("a"), deployment.register("b")
    form = {**GRANT, "client_id": other.client_id}
    assert deployment.token(token_event(form, basic=machine.basic)).error() == "invalid_request"


def test_one_of_several_secrets_is_enough(deployment: Deployment) -> None:
    """While a secret is rotated the old and the new one both work."""
    secrets = (ClientSecret(digest("old secret"), 0), ClientSecret(digest("new secret"), 1))
    machine = deployment.register(client_secrets=secrets)
    for secret in ("old secret", "new secret"):
        assert deployment.token(token_event(GRANT, basic=(machine.client_id, secret))).status == 200


def test_a_secret_stops_at_its_expiry(deployment: Deployment) -> None:
    """RFC 7591 section 3.2.1 client_secret_expires_at, compared at each request and not when the client is loaded."""
    expires_at = int(deployment.clock()) + 20
    machine = deployment.register(client_secrets=(ClientSecret(digest("secret"), 0, expires_at),))
    event = token_event(GRANT, basic=(machine.client_id, "secret"))
    assert deployment.token(event).status == 200
    deployment.clock.advance(21)
    assert deployment.token(event).error(401) == "invalid_client"


def test_the_digest_of_a_secret_is_no_secret(deployment: Deployment) -> None:
    """Who has read the registry cannot authenticate with what is in it."""
    machine = deployment.register()
    basic = (machine.client_id, digest(machine.client_secret))
    assert deployment.token(token_event(GRANT, basic=basic)).error(401) == "invalid_client"

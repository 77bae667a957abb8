"""The UserInfo endpoint (OpenID Connect Core section 5.3) and its challenges (RFC 6750 section 3)."""

from urllib.parse import urlencode

import pytest

from signet.model.scope import Scope
from signet.model.user import User
from tests.support import gateway_events
from tests.support.deployment import Deployment
from tests.support.faults import internal
from tests.support.gateway_events import FORM, Answer
from tests.support.sign_in import USERINFO, Application, Service, grant_id_of

CLAIMS = {
    "name": "Ada Lovelace",
    "given_name": "Ada",
    "email": "ada@example.com",
    "email_verified": True,
    "address": {"locality": "London"},
    "phone_number": "+44 20 7946 0000",
    "phone_number_verified": False,
    "updated_at": 1_700_000_000,
    "personid": 4_711,
    "nickname": "",
    "birthdate": None,
}


@pytest.fixture
def person(service: Service) -> User:
    """A user of many claims."""
    return service.user(claims={name: value for name, value in CLAIMS.items() if value is not None})


@pytest.fixture
def token(service: Service, app: Application, person: User) -> str:
    """An access token for openid and email."""
    return str(service.tokens(app, person, scope="openid email")["access_token"])


def posted(service: Service, body: bytes, **headers: str) -> Answer:
    """The answer to a POST."""
    event = gateway_events.event("POST", USERINFO, headers={"content-type": FORM, **headers}, body=body)
    return gateway_events.answer(service.deployment.invoke("userinfo", event))


def challenge(answer: Answer, status: int) -> str:
    """The WWW-Authenticate header of a refusal, which must be whole."""
    code = answer.error(status)
    header = answer.headers["www-authenticate"]
    assert header.startswith('Bearer realm="signet"')
    if "error=" in header:
        assert f'error="{code}", error_description="{answer.json()["error_description"]}"' in header
    return header


EXPECTED = {
    "openid": set(),
    "openid profile": {"preferred_username", "name", "given_name", "updated_at"},
    "openid email": {"email", "email_verified"},
    "openid address": {"address"},
    "openid phone": {"phone_number", "phone_number_verified"},
    "openid email phone": {"email", "email_verified", "phone_number", "phone_number_verified"},
    "openid offline_access": set(),
}


@pytest.mark.parametrize("scope", list(EXPECTED))
def test_each_scope_opens_its_claims(service: Service, app: Application, person: User, scope: str) -> None:
    """OpenID Connect Core section 5.4; `sub` always, what is empty or not held never."""
    access_token = service.tokens(app, person, scope=scope)["access_token"]
    answer = service.userinfo(access_token)
    held = {"preferred_username": "ada", **CLAIMS}
    assert answer.status == 200
    assert answer.json() == {"sub": person.sub, **{name: held[name] for name in EXPECTED[scope]}}
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"


def test_sub_is_the_id_tokens(service: Service, app: Application, person: User) -> None:
    """OpenID Connect Core section 5.3.2: the client compares them."""
    tokens = service.tokens(app, person)
    sub = service.claims(tokens["id_token"], "app")["sub"]
    assert service.userinfo(tokens["access_token"]).json()["sub"] == sub == person.sub


def test_operators_scopes_open_their_claims(service: Service, person: User) -> None:
    """A free attribute, and a standard scope that was redefined."""
    service.scope(Scope("staff", claims=("personid",)), Scope("email", claims=("email",)))
    app = service.application(scope=("openid", "email", "staff"))
    token = service.tokens(app, person, scope="openid email staff")["access_token"]
    assert service.userinfo(token).json() == {"sub": person.sub, "personid": 4_711, "email": "ada@example.com"}


def test_claims_are_those_of_now(service: Service, token: str, person: User) -> None:
    """Not those of the login."""
    service.change(person, claims={"email": "ada@example.org"})
    assert service.userinfo(token).json() == {"sub": person.sub, "email": "ada@example.org"}


# how the token is sent (RFC 6750 section 2)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_header_is_understood_by_get_and_by_post(service: Service, token: str, scheme: str) -> None:
    """OpenID Connect Core section 5.3.1; the scheme in any case (RFC 9110 section 11.1)."""
    for method in ("GET", "POST"):
        assert service.userinfo(method=method, authorization=f"{scheme} {token}").status == 200


def test_a_form_body_is_understood(service: Service, token: str) -> None:
    """RFC 6750 section 2.2."""
    assert posted(service, urlencode({"access_token": token}).encode()).status == 200


def test_header_and_body_at_once_are_refused(service: Service, token: str) -> None:
    """RFC 6750 section 2: no more than one method, even with the same token."""
    answer = posted(service, urlencode({"access_token": token}).encode(), authorization=f"Bearer {token}")
    assert 'error="invalid_request"' in challenge(answer, 400)


def test_a_token_in_the_url_is_refused(service: Service, token: str) -> None:
    """RFC 9700 section 4.3.2: it would end in logs; also beside the header, also an empty-handed one."""
    for answer in (
        service.userinfo(query=f"access_token={token}"),
        service.userinfo(token, query=f"access_token={token}"),
        service.userinfo(query=f"access_token={token}", method="POST"),
    ):
        assert 'error="invalid_request"' in challenge(answer, 400)


def test_two_headers_are_refused(service: Service, token: str) -> None:
    """API Gateway joins them by a comma."""
    answer = service.userinfo(authorization=f"Bearer {token},Bearer {token}")
    assert 'error="invalid_request"' in challenge(answer, 400)


def test_a_token_in_the_body_of_a_get_is_not_seen(service: Service, token: str) -> None:
    """RFC 6750 section 2.2: not with a method whose body has no meaning."""
    event = gateway_events.event(
        "GET", USERINFO, headers={"content-type": FORM}, body=urlencode({"access_token": token}).encode()
    )
    answer = gateway_events.answer(service.deployment.invoke("userinfo", event))
    assert challenge(answer, 401) == 'Bearer realm="signet"'


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer ", "Basic YTpi", "Bearerx"])
def test_without_a_token_there_is_a_challenge_and_no_error(service: Service, authorization: str | None) -> None:
    """RFC 6750 section 3.1: no error code where no authentication was sent."""
    headers = {} if authorization is None else {"authorization": authorization}
    assert challenge(service.userinfo(**headers), 401) == 'Bearer realm="signet"'


@pytest.mark.parametrize("body", [b"access_token=a&access_token=b", b"access_token=%ff", b"{", b"a" * 70_000])
def test_a_body_that_cannot_be_read_is_an_invalid_request(service: Service, body: bytes) -> None:
    """RFC 6750 section 3.1."""
    media_type = "application/json" if body == b"{" else FORM
    assert 'error="invalid_request"' in challenge(posted(service, body, **{"content-type": media_type}), 400)


# which tokens count


def refused(service: Service, token: str) -> str:
    """Why a token was refused, as the operator sees it."""
    assert 'error="invalid_token"' in challenge(service.userinfo(token), 401)
    return str(service.deployment.lines("request_refused")[-1]["reason"])


def test_another_kind_of_token_is_refused(service: Service, app: Application, person: User) -> None:
    """An ID token, a code, a session id, anything: RFC 8725 section 3.11."""
    tokens = service.tokens(app, person)
    session_id, _ = service.sessions.begin(person)
    for other in (tokens["id_token"], service.code(app, person), session_id, app.client_secret, "null", "\u00e9", "."):
        assert refused(service, other) == "token_invalid"


def test_a_clients_own_token_is_refused(service: Service) -> None:
    """client_credentials: nobody logged in, so there is nobody to tell of."""
    machine = service.deployment.register("machine", scope=("openid", "email"))
    token = service.deployment.issue(machine, scope="openid email").json()["access_token"]
    assert 'error="insufficient_scope"' in challenge(service.userinfo(token), 403)


def test_a_token_without_openid_is_refused(service: Service, app: Application, person: User) -> None:
    """OpenID Connect Core section 5.3: an OAuth access token alone opens nothing."""
    token = service.tokens(app, person, scope="email")["access_token"]
    header = challenge(service.userinfo(token), 403)
    assert 'error="insufficient_scope"' in header
    assert header.endswith('scope="openid"')


def test_an_expired_token_is_refused(service: Service, token: str) -> None:
    """RFC 6750 section 3.1."""
    service.clock.advance(3_590)
    assert service.userinfo(token).status == 200
    service.clock.advance(20)
    assert refused(service, token) == "token_expired"


def test_a_token_from_the_future_is_refused(service: Service, token: str) -> None:
    """Clocks of environments differ by seconds, not by minutes."""
    service.clock.advance(-3)
    assert service.userinfo(token).status == 200
    service.clock.advance(-60)
    assert refused(service, token) == "token_expired"


def test_a_damaged_token_is_refused(service: Service, token: str) -> None:
    """Shortened, lengthened, its case flipped, re-padded, a part exchanged."""
    header, payload, signature = token.split(".")
    other = payload[:-3] + ("AAA" if payload[-3:] != "AAA" else "BBB")
    for damaged in (
        token[:-1],
        token + "A",
        token + "=",
        token.swapcase(),
        f"{header}.{other}.{signature}",
        f"{header}.{payload}.",
        f"{header}..{signature}",
        f"{header}.{payload}",
        f"{token}.{signature}",
        "." * 10_000,
        "a" * 20_000,
    ):
        assert refused(service, damaged) == "token_invalid"


def test_a_token_of_another_issuer_is_refused(service: Service, token: str, deployment: Deployment) -> None:
    """Signed by the same key, for another name of ours."""
    deployment.cold("userinfo", SIGNET_ISSUER="https://other.example.com/connect")
    assert refused(service, token) == "token_invalid"


def test_a_token_of_a_revoked_grant_is_refused(service: Service, token: str) -> None:
    """At once, in a warm environment."""
    assert service.userinfo(token).status == 200
    service.grants.revoke(grant_id_of(token), service.now)
    assert refused(service, token) == "grant_revoked"


def test_a_token_whose_grant_is_gone_is_refused(service: Service, token: str, deployment: Deployment) -> None:
    """An item that was deleted vouches for nothing."""
    deployment.dynamodb.delete_item(TableName=deployment.state_table, Key={"pk": {"S": f"grant#{grant_id_of(token)}"}})
    assert refused(service, token) == "grant_revoked"


def test_a_token_of_a_disabled_or_deleted_user_is_refused(service: Service, token: str, person: User) -> None:
    """At once too."""
    service.change(person, disabled=True)
    assert refused(service, token) == "user_disabled"
    assert service.users.delete(person.sub)
    assert refused(service, token) == "user_disabled"


def test_a_blacklisted_token_is_refused(service: Service, app: Application, person: User, token: str) -> None:
    """At once, and no other token of its grant or its user."""
    other = service.tokens(app, person)["access_token"]
    claims = service.claims(token)
    service.token_status.blacklist(claims["jti"], claims["exp"])
    assert refused(service, token) == "token_revoked"
    assert service.userinfo(other).status == 200


def test_tokens_outlive_a_rotation_of_the_keys(service: Service, person: User, deployment: Deployment) -> None:
    """The key that signed them stays published, also for an environment that has just started."""
    token = service.tokens(service.application(access_token_lifetime=86_400), person)["access_token"]
    service.clock.advance(20_000)
    deployment.rotate()
    assert service.userinfo(token).status == 200
    deployment.cold("userinfo")
    assert service.userinfo(token).status == 200


# around it


def test_any_page_may_ask_with_its_token(service: Service, token: str) -> None:
    """The Fetch standard's CORS protocol: no credentials of the browser's, and the challenge can be read too."""
    for answer in (
        service.userinfo(token, origin="https://spa.example"),
        service.userinfo(origin="https://spa.example"),
    ):
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in answer.headers
    preflight = service.userinfo(method="OPTIONS", origin="https://spa.example")
    assert preflight.status == 204
    assert "authorization" in preflight.headers["access-control-allow-headers"].lower()
    assert preflight.headers["access-control-allow-methods"] == "GET, POST"


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "PATCH"])
def test_other_methods_are_refused(service: Service, token: str, method: str) -> None:
    """RFC 9110 section 15.5.6."""
    answer = service.userinfo(token, method=method)
    assert (answer.status, answer.headers["allow"]) == (405, "GET, POST")


def test_an_answer_costs_one_call_when_warm(service: Service, token: str, deployment: Deployment) -> None:
    """The token, its grant and its user, in one read."""
    service.userinfo(token)
    deployment.calls.clear()
    service.userinfo(token)
    assert deployment.calls == ["dynamodb:BatchGetItem"]


def test_a_token_that_is_not_ours_costs_no_call(service: Service, token: str, deployment: Deployment) -> None:
    """A flood of them reaches no table, whatever key it names."""
    service.userinfo(token)
    deployment.calls.clear()
    for number in range(20):
        service.userinfo(f"{token}{number}")
    assert deployment.calls == []


def test_a_table_that_fails_is_503(service: Service, token: str, deployment: Deployment) -> None:
    """Never claims, and the next request works."""
    service.userinfo(token)
    with deployment.failing("dynamodb", internal):
        answer = service.userinfo(token)
    assert answer.error(503) == "temporarily_unavailable"
    assert "www-authenticate" not in answer.headers
    assert service.userinfo(token).status == 200


def test_a_read_is_one_line(service: Service, token: str, person: User) -> None:
    """Who asked about whom by which token, and none of the claims."""
    service.deployment.forget_output()
    service.userinfo(token)
    [line] = service.deployment.lines()
    assert line.items() >= {"event": "userinfo_read", "client_id": "app", "sub": person.sub}.items()
    assert line["grant_id"] == grant_id_of(token)
    assert "ada@example.com" not in service.deployment.output()


def test_a_token_of_an_ended_grant_is_told_apart_in_the_audit(service: Service, app: Application, ada: User) -> None:
    """Who still uses what was taken from them; the caller learns only that it is not valid."""
    token = service.tokens(app, ada)["access_token"]
    service.grants.revoke(grant_id_of(token), service.now)
    answer = service.userinfo(token)
    assert answer.status == 401
    assert app.client_id not in answer.body
    [line] = service.deployment.lines("request_refused")
    known = {name: line[name] for name in ("reason", "client_id", "sub", "grant_id")}
    assert known == {"reason": "grant_revoked", "client_id": "app", "sub": "sub-ada", "grant_id": grant_id_of(token)}
    assert line["jti"]

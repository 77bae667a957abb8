"""Row 10: each kind of secret is accepted where it belongs and nowhere else (Keycloak CVE-2026-4282, RFC 8725 3.11).

Row 14: people and clients are named by the same claim, and never taken for each other.
"""

import time

import pytest

from signet import jwt
from signet.authorize.forms import SESSION
from signet.keys.keyring import loaded
from signet.model.user import User
from tests.support.deployment import ISSUER
from tests.support.gateway_events import Answer, token_event
from tests.support.sign_in import PASSWORD, REDIRECT_URI, VERIFIER, Application, Service


@pytest.fixture
def kinds(service: Service, app: Application, ada: User) -> dict[str, str]:
    """Everything that proves something, each as good as new."""
    service.consent(ada, app)
    visitor = service.signed_in(ada)
    machine = service.deployment.register("machine", scope=("openid",))
    tokens = service.tokens(app, ada)
    return {
        "code": service.code(app, ada),
        "access token": tokens["access_token"],
        "id token": tokens["id_token"],
        "client's token": service.deployment.issue(machine).json()["access_token"],
        "session id": visitor.cookies[SESSION],
        "csrf token": service.visitor().get(app.url()).form.fields["csrf"],
        "client secret": app.client_secret,
        "password": PASSWORD,
        "verifier": VERIFIER,
        "logout token": forged(service, "logout+jwt", ada.sub),
        "refresh token": forged(service, "rt+jwt", ada.sub),
        "assertion": forged(service, "client-authentication+jwt", ada.sub),
        "request object": forged(service, "oauth-authz-req+jwt", ada.sub),
        "untyped": forged(service, "", ada.sub),
    }


def forged(service: Service, typ: str, sub: str) -> str:
    """A token of another kind, with every claim that might be looked at, signed by the service's own key."""
    now = int(time.time())
    claims = {"iss": ISSUER, "sub": sub, "aud": "app", "client_id": "app", "iat": now, "exp": now + 600, "jti": "j"}
    claims |= {"scope": "openid", "grant_id": service.deployment.state("grant")[0]["grant_id"]["S"], "sid": "s"}
    return jwt.sign(claims, typ=typ, signer=loaded(service.deployment.keyring()).signer())


def test_only_an_access_token_of_a_user_opens_userinfo(service: Service, kinds: dict[str, str]) -> None:
    """As a bearer token."""
    opening = [name for name, value in kinds.items() if service.userinfo(value).status == 200]
    assert opening == ["access token"]


def test_only_a_code_is_redeemed(service: Service, app: Application, kinds: dict[str, str]) -> None:
    """As a code."""
    redeemed = [name for name, value in kinds.items() if service.redeem(app, value).status == 200]
    assert redeemed == ["code"]


def test_only_a_session_id_is_a_session(service: Service, app: Application, kinds: dict[str, str]) -> None:
    """As the session's cookie."""
    signed_in = []
    for name, value in kinds.items():
        visitor = service.visitor()
        visitor.cookies[SESSION] = value
        if visitor.get(app.url()).step != "login":
            signed_in.append(name)
    assert signed_in == ["session id"]


def test_only_an_id_token_is_a_hint(service: Service, app: Application, kinds: dict[str, str]) -> None:
    """As `id_token_hint`."""
    hints = []
    for name, value in kinds.items():
        page = service.visitor().get(app.url(id_token_hint=value, prompt="none"))
        if page.redirected(REDIRECT_URI)["error"] == "login_required":
            hints.append(name)
    assert hints == ["id token"]


def test_only_the_secret_authenticates_a_client(service: Service, app: Application, kinds: dict[str, str]) -> None:
    """As `client_secret`, before a code that is right."""
    form = {"grant_type": "authorization_code", "redirect_uri": REDIRECT_URI, "code_verifier": VERIFIER}
    form["code"] = kinds["code"]
    authenticated = []
    for name, value in kinds.items():
        if service.deployment.token(token_event(form, basic=("app", value))).status == 200:
            authenticated.append(name)
    assert authenticated == ["client secret"]


def test_only_the_verifier_verifies(service: Service, app: Application, kinds: dict[str, str]) -> None:
    """As `code_verifier`."""
    verified = []
    for name, value in kinds.items():
        if service.redeem(app, kinds["code"], code_verifier=value).status == 200:
            verified.append(name)
    assert verified == ["verifier"]


# people and clients


def test_a_client_named_like_a_user_cannot_be_registered(service: Service, ada: User) -> None:
    """Nor a user like a client: one condition of each write."""
    with pytest.raises(AssertionError):
        service.deployment.register(ada.sub)
    service.deployment.register("machine")
    with pytest.raises(AssertionError):
        service.user("eve", sub="machine")
    assert service.users.get("machine") is None
    assert service.users.find("eve") is None


def test_a_clients_own_token_is_nobodys(service: Service, ada: User) -> None:
    """Also where a client has come by a user's `sub` past every rule: without a grant its tokens open nothing."""
    service.deployment.dynamodb.delete_item(
        TableName=service.deployment.table, Key={"pk": {"S": f"user#{ada.sub}"}, "sk": {"S": "user"}}
    )
    machine = service.deployment.register(ada.sub, scope=("openid", "email"))
    service.deployment.dynamodb.put_item(
        TableName=service.deployment.table,
        Item={"pk": {"S": f"user#{ada.sub}"}, "sk": {"S": "user"}, "sub": {"S": ada.sub}, "username": {"S": "ada"}},
    )
    token = service.deployment.issue(machine, scope="openid email").json()["access_token"]
    claims = service.claims(token)
    assert (claims["sub"], claims["client_id"]) == (ada.sub, ada.sub)
    assert claims.keys().isdisjoint({"grant_id", "sid", "auth_time", "acr", "amr"})
    assert service.userinfo(token).error(403) == "insufficient_scope"


def test_a_client_cannot_sign_in_and_a_user_cannot_authenticate(service: Service, app: Application, ada: User) -> None:
    """With the other's name and secret."""
    visitor = service.visitor()
    assert visitor.sign_in(visitor.get(app.url()), "app", app.client_secret).step == "login"
    for user in (ada.sub, ada.username):
        form = {"grant_type": "authorization_code", "code": "x", "redirect_uri": REDIRECT_URI}
        answer: Answer = service.deployment.token(token_event(form, basic=(user, PASSWORD)))
        assert answer.error(401) == "invalid_client"

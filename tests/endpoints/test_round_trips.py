"""How often a warm environment asks AWS between sign-in and userinfo: each time is a wait, and a cost per use."""

from urllib.parse import urlencode

import pytest

from signet.model.user import User
from tests.support.deployment import Deployment
from tests.support.sign_in import ACCOUNT, END_SESSION, PASSWORD, REDIRECT_URI, Application, Service
from tests.support.token_requests import introspect, refresh, revoke
from tests.support.visitor import Page, Visitor

READ, READ_TWO, QUERY, PUT, UPDATE, DELETE = (
    f"dynamodb:{operation}" for operation in ("GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "DeleteItem")
)


def post_credentials(visitor: Visitor, page: Page) -> Page:
    """The answer to the sign-in form alone, which must begin a session."""
    answered = visitor.post(page.form.action, {**page.form.fields, "username": "ada", "password": PASSWORD})
    assert answered.status == 303
    assert "__Host-signet-session" in visitor.cookies
    return answered


def test_a_remembered_consent_makes_three_round_trips(service: Service, app: Application, ada: User) -> None:
    """The session; the user and the consent together; the grant."""
    service.consent(ada, app)
    visitor = service.signed_in(ada)
    visitor.get(app.url()).redirected(app.redirect_uri)
    service.deployment.calls.clear()
    visitor.get(app.url()).redirected(app.redirect_uri)
    assert service.deployment.calls == [READ, READ_TWO, PUT]


def test_a_code_exchange_makes_two_round_trips(service: Service, app: Application, ada: User) -> None:
    """One write that checks and consumes, one read of user, consent and session; the rest is in memory."""
    assert service.redeem(app, service.code(app, ada)).status == 200
    code = service.code(app, ada)
    service.deployment.calls.clear()
    assert service.redeem(app, code).status == 200
    assert service.deployment.calls == [UPDATE, READ_TWO]


def test_userinfo_makes_one_round_trip(service: Service, app: Application, ada: User) -> None:
    """Whether token or grant were revoked, and the user as they are now, out of both tables at once."""
    access_token = service.tokens(app, ada)["access_token"]
    assert service.userinfo(access_token).status == 200
    service.deployment.calls.clear()
    assert service.userinfo(access_token).status == 200
    assert service.deployment.calls == ["dynamodb:BatchGetItem"]


def test_a_sign_in_on_a_known_device_makes_six_round_trips(
    deployment: Deployment, service: Service, app: Application, ada: User
) -> None:
    """The count of failures there, read, taken ahead and given back; name and user; the session."""
    visitor = service.visitor()
    for _ in range(2):
        visitor.cookies.pop("__Host-signet-session", None)
        page = visitor.get(app.url())
        deployment.calls.clear()
        post_credentials(visitor, page)
    assert deployment.calls == [READ, PUT, READ, READ, PUT, PUT]


def test_a_sign_in_on_a_new_device_makes_nine_round_trips(
    deployment: Deployment, service: Service, app: Application, ada: User
) -> None:
    """The counts of account and address, read at once and taken ahead; both given back, and the device is known."""
    visitor = service.visitor()
    page = visitor.get(app.url())
    deployment.calls.clear()
    post_credentials(visitor, page)
    assert deployment.calls == [READ_TWO, PUT, PUT, READ, READ, DELETE, PUT, PUT, PUT]


def test_a_sign_in_in_the_browser_of_another_makes_ten_round_trips(
    deployment: Deployment, service: Service, app: Application, ada: User
) -> None:
    """What is counted there is looked at first, and by itself."""
    service.user("bob")
    visitor = service.visitor()
    visitor.sign_in(visitor.get(app.url()), "bob", PASSWORD)
    visitor.cookies.pop("__Host-signet-session")
    page = visitor.get(app.url())
    deployment.calls.clear()
    post_credentials(visitor, page)
    assert deployment.calls == [READ, READ_TWO, PUT, PUT, READ, READ, DELETE, PUT, PUT, PUT]


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize("username", ["ada", "nobody"])
@pytest.mark.parametrize("device", ["", "a" * 43])
def test_a_refused_sign_in_makes_six_round_trips_until_it_is_slowed_to_one(
    service: Service, app: Application, username: str, device: str
) -> None:
    """One more where a device cookie was made up; the same for every name, and one that is slowed is not looked for."""
    visitor = service.visitor()
    page = visitor.get(app.url())
    if device:
        visitor.cookies["__Host-signet-device"] = device
    made = []
    for _ in range(7):
        service.deployment.calls.clear()
        visitor.post(page.form.action, {**page.form.fields, "username": username, "password": "a guess"})
        made.append(service.deployment.calls[bool(device) :])
        assert service.deployment.calls[: bool(device)] == [READ] * bool(device)
    assert made == [[READ_TWO, PUT, PUT, READ, READ, READ]] * 5 + [[READ_TWO]] * 2


def test_the_sign_in_page_makes_no_round_trip(deployment: Deployment, service: Service, app: Application) -> None:
    """It is shown to every stranger, and every stranger's robots."""
    assert service.visitor().get(app.url()).step == "login"
    deployment.calls.clear()
    assert service.visitor().get(app.url()).step == "login"
    assert deployment.calls == []


def test_a_logout_costs_what_hangs_on_the_session(deployment: Deployment, service: Service, ada: User) -> None:
    """The session, the user; that it ends; the grants by the index and as they are, a write for each, the session's."""
    app = service.application(post_logout_redirect_uris=(REDIRECT_URI,))
    service.consent(ada, app)
    for grants in (1, 2):
        visitor = service.signed_in(ada)
        for _ in range(grants):
            code = visitor.get(app.url()).redirected(app.redirect_uri)["code"]
            tokens = service.redeem(app, code).json()
        asked = urlencode({"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": REDIRECT_URI})
        assert visitor.get(f"{END_SESSION}?{asked}&logout_hint=somebody").heading == "Sign out?"  # and is warm now
        deployment.calls.clear()
        assert visitor.get(f"{END_SESSION}?{asked}").location == REDIRECT_URI
        assert deployment.calls == [READ, READ, PUT, QUERY, READ_TWO, *[UPDATE] * grants, DELETE]


def test_what_has_ended_already_costs_no_write(deployment: Deployment, service: Service, ada: User) -> None:
    """A grant that was revoked, and a code that nobody has redeemed in time."""
    app = service.application(grant_types=("authorization_code", "refresh_token"))
    service.consent(ada, app)
    visitor = service.signed_in(ada)
    code = visitor.get(app.url()).redirected(app.redirect_uri)["code"]
    revoke(deployment, app, service.redeem(app, code).json()["refresh_token"])
    visitor.get(app.url()).redirected(app.redirect_uri)
    service.clock.advance(61)
    page = visitor.get(END_SESSION)
    deployment.calls.clear()
    visitor.post(page.form.action, {**page.form.fields, "decision": "sign_out"})
    assert deployment.calls == [READ, PUT, QUERY, READ_TWO, DELETE]


def test_the_account_page_makes_four_round_trips(
    deployment: Deployment, service: Service, app: Application, ada: User
) -> None:
    """The session; user and consents together; grants and sessions together, as listed and as they are."""
    service.consent(ada, app)
    visitor = service.signed_in(ada)
    visitor.get(app.url()).redirected(app.redirect_uri)
    visitor.get(ACCOUNT)
    deployment.calls.clear()
    assert visitor.get(ACCOUNT).heading == "Your account"
    assert deployment.calls == [READ, QUERY, QUERY, READ_TWO]


def test_a_refresh_makes_two_round_trips(service: Service, ada: User) -> None:
    """User, consent and session together; one write that checks the token's turn and makes it the past."""
    app = service.application(grant_types=("authorization_code", "refresh_token"))
    refresh_token = service.tokens(app, ada)["refresh_token"]
    refresh_token = refresh(service.deployment, app, refresh_token).json()["refresh_token"]
    service.deployment.calls.clear()
    assert refresh(service.deployment, app, refresh_token).status == 200
    assert service.deployment.calls == [READ_TWO, UPDATE]


def test_an_introspection_makes_one_round_trip(service: Service, app: Application, ada: User) -> None:
    """The same as userinfo's: whether the token, its grant and its user are still there."""
    access_token = service.tokens(app, ada)["access_token"]
    for _ in range(2):
        service.deployment.calls.clear()
        assert introspect(service.deployment, app, access_token).json()["active"]
    assert service.deployment.calls == [READ_TWO]


def test_a_revocation_makes_one_round_trip(service: Service, ada: User) -> None:
    """One write, of the grant where a refresh token is revoked, of the token alone where an access token is."""
    app = service.application(grant_types=("authorization_code", "refresh_token"))
    assert revoke(service.deployment, app, service.tokens(app, ada)["access_token"]).status == 200
    for token, write in (("access_token", PUT), ("refresh_token", UPDATE)):
        tokens = service.tokens(app, ada)
        service.deployment.calls.clear()
        assert revoke(service.deployment, app, tokens[token]).status == 200
        assert service.deployment.calls == [write]

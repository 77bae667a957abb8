"""Logout (OpenID Connect RP-Initiated Logout 1.0): when nobody is asked, when they are, and where it leads."""

from urllib.parse import urlencode

import jwt
import pytest

from signet.authorize.forms import SESSION
from signet.model.user import User
from tests.support.sign_in import ACCOUNT, END_SESSION, Application, Service, grant_id_of
from tests.support.token_requests import INACTIVE, introspect, refresh
from tests.support.visitor import Page, Visitor

BYE = "https://app.example.com/bye?from=signet"
STATE = "state of the logout & more"


@pytest.fixture
def app(service: Service) -> Application:
    """A confidential client with a page for those who have left."""
    return service.application(
        grant_types=("authorization_code", "refresh_token"),
        client_name="Bookshop",
        client_uri="https://app.example.com/",
        post_logout_redirect_uris=("https://app.example.com/other", BYE),
    )


def logout(**parameters: str) -> str:
    """The target of a logout request."""
    return f"{END_SESSION}?{urlencode(parameters)}"


def tokens_of(service: Service, app: Application, visitor: Visitor, **request: str) -> dict[str, str]:
    """What the application gets for the session of that browser."""
    page = visitor.open(app.url(**request))
    if page.step == "consent":
        page = visitor.allow(page)
    tokens: dict[str, str] = service.redeem(app, page.redirected(app.redirect_uri)["code"]).json()
    return tokens


def signed_in(visitor: Visitor) -> bool:
    """Whether the browser, or whoever had its cookie, is signed in."""
    return visitor.get(ACCOUNT).heading == "Your account"


def ended(service: Service, visitor: Visitor, session_id: str) -> bool:
    """Whether the session is over on both ends."""
    thief = service.visitor()
    thief.cookies[SESSION] = session_id
    return SESSION not in visitor.cookies and not signed_in(thief) and service.sessions.find(session_id) is None


def test_an_id_token_of_the_session_signs_out_at_once(service: Service, app: Application, ada: User) -> None:
    """Section 2: and the browser is back with the application, with its `state`."""
    visitor = service.signed_in(ada)
    hint, session_id = tokens_of(service, app, visitor)["id_token"], visitor.cookies[SESSION]
    page = visitor.get(logout(id_token_hint=hint, post_logout_redirect_uri=BYE, state=STATE))
    assert (page.status, page.location) == (303, f"{BYE}&{urlencode({'state': STATE})}")
    assert page.headers["cache-control"] == "no-store"
    assert ended(service, visitor, session_id)
    [line] = service.deployment.lines("logout")
    assert (line["sub"], line["client_id"]) == (ada.sub, app.client_id)


def test_state_is_not_made_up(service: Service, app: Application, ada: User) -> None:
    """Nor anything else added to the URI."""
    visitor = service.signed_in(ada)
    hint = tokens_of(service, app, visitor)["id_token"]
    assert visitor.get(logout(id_token_hint=hint, post_logout_redirect_uri=BYE)).location == BYE


def test_without_a_place_to_go_it_says_so(service: Service, app: Application, ada: User) -> None:
    """With a link to the application's own page."""
    visitor = service.signed_in(ada)
    page = visitor.get(logout(id_token_hint=tokens_of(service, app, visitor)["id_token"]))
    assert (page.status, page.heading) == (200, "You are signed out")
    assert 'href="https://app.example.com/"' in page.text
    assert not signed_in(visitor)


def test_an_expired_hint_is_as_good(service: Service, app: Application, ada: User) -> None:
    """Section 4: the OP should accept ID tokens that have expired, also by a key that is published no more."""
    visitor = service.signed_in(ada)
    hint = tokens_of(service, app, visitor)["id_token"]
    for _ in range(6):
        service.clock.advance(11 * 3_600)
        service.deployment.rotate()
        assert signed_in(visitor)
    kid = jwt.get_unverified_header(hint)["kid"]
    assert kid not in {key["kid"] for key in service.deployment.key_set()}
    service.deployment.cold("end_session")
    page = visitor.get(logout(id_token_hint=hint, client_id=app.client_id, post_logout_redirect_uri=BYE))
    assert page.location == BYE
    assert not signed_in(visitor)


def asked(page: Page) -> bool:
    """Whether it is the question, and nothing has been done."""
    return (page.status, page.heading, page.step, page.location) == (200, "Sign out?", "end_session", "")


def test_a_link_alone_only_asks(service: Service, app: Application, ada: User) -> None:
    """Or any site could sign people out."""
    visitor = service.signed_in(ada)
    for parameters in (
        {},
        {"client_id": app.client_id},
        {"client_id": app.client_id, "post_logout_redirect_uri": BYE, "state": STATE},
        {"client_id": "nobody"},
        {"logout_hint": ada.username},
    ):
        assert asked(visitor.get(logout(**parameters))), parameters
        assert signed_in(visitor)


def test_the_hint_of_another_session_asks(service: Service, app: Application, ada: User) -> None:
    """Of this person's in another browser, of this browser's before, of another person."""
    visitor, elsewhere = service.signed_in(ada), service.signed_in(ada)
    eve = service.signed_in(service.user("eve"))
    hints = [tokens_of(service, app, other)["id_token"] for other in (elsewhere, eve)]
    for hint in hints:
        assert asked(visitor.get(logout(id_token_hint=hint, post_logout_redirect_uri=BYE)))
    assert all(map(signed_in, (visitor, elsewhere, eve)))


def test_a_logout_hint_that_names_somebody_else_asks(service: Service, app: Application, ada: User) -> None:
    """It is the person's name, `sub` or the session's `sid`, in whatever case."""
    visitor = service.signed_in(ada)
    hint = tokens_of(service, app, visitor)["id_token"]
    sid = jwt.decode(hint, options={"verify_signature": False})["sid"]
    assert asked(visitor.get(logout(id_token_hint=hint, logout_hint="eve")))
    for meant in ("ADA", ada.sub, sid):
        visitor = service.signed_in(ada)
        hint = tokens_of(service, app, visitor)["id_token"]
        own = jwt.decode(hint, options={"verify_signature": False})["sid"]
        visitor.get(logout(id_token_hint=hint, logout_hint=own if meant == sid else meant))
        assert not signed_in(visitor), meant


def test_saying_yes_signs_out_and_leads_back(service: Service, app: Application, ada: User) -> None:
    """303 after the POST; the registered URI of the client that was named."""
    visitor = service.signed_in(ada)
    session_id = visitor.cookies[SESSION]
    page = visitor.get(logout(client_id=app.client_id, post_logout_redirect_uri=BYE, state="s"))
    assert "Bookshop" in page.text
    assert "app.example.com" in page.text
    page = visitor.submit(page, decision="sign_out")
    assert (page.status, page.location) == (303, f"{BYE}&state=s")
    assert ended(service, visitor, session_id)


def test_saying_yes_without_a_place_to_go_ends_at_a_page(service: Service, app: Application, ada: User) -> None:
    """Reached by a redirect, so that it can be loaded again; in the language of the question."""
    visitor = service.signed_in(ada)
    page = visitor.get(logout(client_id=app.client_id, ui_locales="fr"))
    assert page.heading == "Fermer votre session ?"
    posted = visitor.post(page.form.action, {**page.form.fields, "decision": "sign_out"})
    assert posted.location.startswith(END_SESSION)
    page = visitor.get(posted.location)
    assert (page.status, page.heading) == (200, "Votre session est fermée")
    assert "Bookshop" in page.text


def test_saying_no_changes_nothing(service: Service, app: Application, ada: User) -> None:
    """And leads to the account, where the person sees that they are signed in."""
    visitor = service.signed_in(ada)
    page = visitor.submit(visitor.get(logout(client_id=app.client_id, post_logout_redirect_uri=BYE)), decision="stay")
    assert (page.target, page.heading) == (ACCOUNT, "Your account")


def test_whoever_is_not_signed_in_goes_on(service: Service, app: Application, ada: User) -> None:
    """To the registered URI, or to the page that says so; the cookie of a session that is over goes too."""
    assert service.visitor().get(logout(client_id=app.client_id, post_logout_redirect_uri=BYE)).location == BYE
    assert service.visitor().get(logout()).heading == "You are signed out"
    visitor = service.signed_in(ada)
    service.clock.advance(13 * 3_600)
    assert visitor.get(logout()).heading == "You are signed out"
    assert SESSION not in visitor.cookies


def test_a_request_by_post_is_the_same(service: Service, app: Application, ada: User) -> None:
    """Section 2: both methods. From another site no cookie of ours comes along, so it goes on by GET."""
    visitor = service.signed_in(ada)
    hint = tokens_of(service, app, visitor)["id_token"]
    session_id = visitor.cookies.pop(SESSION)
    page = visitor.post(END_SESSION, {"id_token_hint": hint, "post_logout_redirect_uri": BYE, "state": "s"})
    assert page.location.startswith(f"{END_SESSION}?")
    visitor.cookies[SESSION] = session_id
    assert visitor.open(page.location).location == f"{BYE}&state=s"
    assert ended(service, visitor, session_id)


def test_the_key_set_may_fail_to_answer_without_a_hint(service: Service, app: Application, ada: User) -> None:
    """Only who shows an ID token needs it."""
    service.deployment.dynamodb.delete_item(
        TableName=service.deployment.table, Key={"pk": {"S": "jwks"}, "sk": {"S": "jwks"}}
    )
    visitor = service.signed_in(ada)
    page = visitor.get(logout(client_id=app.client_id))
    assert asked(page)
    assert visitor.submit(page, decision="sign_out").heading == "You are signed out"


def test_a_disabled_person_can_still_leave(service: Service, app: Application, ada: User) -> None:
    """Nobody is kept in."""
    visitor = service.signed_in(ada)
    hint, session_id = tokens_of(service, app, visitor)["id_token"], visitor.cookies[SESSION]
    service.change(ada, disabled=True)
    assert visitor.get(logout(id_token_hint=hint, post_logout_redirect_uri=BYE)).location == BYE
    assert ended(service, visitor, session_id)


def test_logout_ends_what_was_not_meant_to_outlast_it(service: Service, app: Application, ada: User) -> None:
    """Back-Channel Logout 1.0 section 2.7: refresh tokens without `offline_access` go, those with it stay."""
    visitor, elsewhere = service.signed_in(ada), service.signed_in(ada)
    online = tokens_of(service, app, visitor, scope="openid email")
    offline = tokens_of(service, app, visitor, scope="openid offline_access")
    other = tokens_of(service, app, elsewhere, scope="openid email")
    assert visitor.get(logout(id_token_hint=online["id_token"], post_logout_redirect_uri=BYE)).location == BYE
    assert refresh(service.deployment, app, online["refresh_token"]).error() == "invalid_grant"
    assert introspect(service.deployment, app, online["access_token"]).body == INACTIVE
    assert service.userinfo(online["access_token"]).status == 401
    for tokens in (offline, other):
        assert service.userinfo(tokens["access_token"]).status == 200
        assert refresh(service.deployment, app, tokens["refresh_token"]).status == 200
    [line] = service.deployment.lines("logout")
    assert line["grant_ids"] == [grant_id_of(online["access_token"])]


def test_a_code_that_is_under_way_is_not_redeemed_after_logout(service: Service, app: Application, ada: User) -> None:
    """It is a grant of the session like any other."""
    service.consent(ada, app)
    visitor = service.signed_in(ada)
    code = visitor.open(app.url()).redirected(app.redirect_uri)["code"]
    visitor.submit(visitor.get(logout()), decision="sign_out")
    assert service.redeem(app, code).error() == "invalid_grant"


def test_a_form_without_cookies_says_what_is_missing(service: Service) -> None:
    """As from another site, or where the browser keeps none: the same form would come over and over."""
    page = service.visitor().post(END_SESSION, {"form": "end_session", "decision": "sign_out", "csrf": "0" * 64})
    assert (page.status, page.location, page.heading) == (400, "", "Cookies are switched off")


def test_metadata_names_it(service: Service) -> None:
    """RP-Initiated Logout 1.0 section 2.1."""
    document = service.deployment.get("/connect/.well-known/openid-configuration").json()
    assert document["end_session_endpoint"] == f"https://id.example.com{END_SESSION}"

"""Row 13: what ends with a session has ended, also a code or a token whose grant no listing had found yet.

A person's grants are listed by an index that lags, so a logout may miss the youngest. Whoever shows it is refused all
the same, by what the logout noted first (docs/decisions/0025).
"""

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest

from signet.authorize.forms import SESSION
from signet.aws.sessions import DynamoDbSessionStore
from signet.model.user import User
from signet.people.exits import Exits
from signet.settings import LONGEST_REFRESH_TOKEN_LIFETIME
from tests.support.faults import denied
from tests.support.gateway_events import Answer
from tests.support.sign_in import ACCOUNT, END_SESSION, PASSWORD, REDIRECT_URI, Application, Service
from tests.support.visitor import Visitor

REFRESHING = ("authorization_code", "refresh_token")
OFFLINE = "openid offline_access"


@pytest.fixture
def app(service: Service, ada: User) -> Application:
    """A confidential client that ada has allowed a while ago."""
    app = service.application(grant_types=REFRESHING, post_logout_redirect_uris=(REDIRECT_URI,))
    service.consent(ada, app)
    service.clock.advance(60)
    return app


@pytest.fixture
def visitor(service: Service, app: Application, ada: User) -> Visitor:
    """A browser in which ada is signed in, with a session that every listing finds."""
    return service.signed_in(ada)


def by_the_application(service: Service, app: Application, ada: User, visitor: Visitor, id_token: str) -> None:
    """With an ID token of the session."""
    asked = urlencode({"id_token_hint": id_token, "post_logout_redirect_uri": REDIRECT_URI})
    assert visitor.get(f"{END_SESSION}?{asked}").location == REDIRECT_URI


def by_the_person(service: Service, app: Application, ada: User, visitor: Visitor, id_token: str) -> None:
    """At the page that asks."""
    form = visitor.get(END_SESSION).form
    assert visitor.post(form.action, {**form.fields, "decision": "sign_out"}).status == 303


def elsewhere(service: Service, app: Application, ada: User, visitor: Visitor, id_token: str) -> None:
    """At the account page, in another browser."""
    session, here = service.session_of(visitor), service.signed_in(ada)
    assert session
    assert here.press(here.get(ACCOUNT).form_about("session", sid=session.sid)).notice == "You are signed out there."


def by_an_operator(service: Service, app: Application, ada: User, visitor: Visitor, id_token: str) -> None:
    """What `signet users sign-out` does, and `set-password --revoke-grants` with each session."""
    sessions = DynamoDbSessionStore(service.deployment.dynamodb, service.deployment.state_table)
    for session in sessions.of_subject(ada.sub, service.now):
        Exits(sessions, service.grants, service.clock).sign_out(session)


SignOut = Callable[[Service, Application, User, Visitor, str], None]

EVERY_WAY = pytest.mark.parametrize("sign_out", [by_the_application, by_the_person, elsewhere, by_an_operator])


def code_of(app: Application, visitor: Visitor, **request: str | None) -> str:
    """A code for the browser's session."""
    page = visitor.get(app.url(**request))
    return (visitor.allow(page) if page.step == "consent" else page).redirected(app.redirect_uri)["code"]


def tokens_of(service: Service, app: Application, visitor: Visitor, **request: str | None) -> dict[str, Any]:
    """Tokens for the browser's session."""
    tokens: dict[str, Any] = service.redeem(app, code_of(app, visitor, **request)).json()
    return tokens


def refused(service: Service, answer: Answer) -> bool:
    """Whether it is invalid_grant, since the session has ended."""
    return answer.error() == "invalid_grant" and service.deployment.lines("request_refused")[-1]["reason"] == (
        "session_ended"
    )


def revoked(service: Service) -> list[bool]:
    """Of each grant whether it is."""
    return ["revoked_at" in grant for grant in service.deployment.state("grant")]


@EVERY_WAY
def test_a_code_that_no_listing_has_found_is_refused_once_the_session_ended(
    service: Service, app: Application, ada: User, visitor: Visitor, sign_out: SignOut
) -> None:
    """And its grant ends, so that nothing brings it back."""
    id_token = tokens_of(service, app, visitor)["id_token"]
    with service.deployment.lagging_index():
        code = code_of(app, visitor)
        sign_out(service, app, ada, visitor, id_token)
    assert sorted(revoked(service)) == [False, True], "the listing has found it, and nothing is shown"
    assert refused(service, service.redeem(app, code))
    assert revoked(service) == [True, True]
    assert service.redeem(app, code).error() == "invalid_grant"


@EVERY_WAY
def test_a_refresh_token_that_no_listing_has_found_is_refused_once_the_session_ended(
    service: Service, app: Application, ada: User, visitor: Visitor, sign_out: SignOut
) -> None:
    """The same for a code that was redeemed within the moment; with it the access token ends, where it is looked up."""
    with service.deployment.lagging_index():
        tokens = tokens_of(service, app, visitor)
        refreshed = service.refresh(app, tokens["refresh_token"]).json()
        sign_out(service, app, ada, visitor, tokens["id_token"])
    assert revoked(service) == [False]
    assert refused(service, service.refresh(app, refreshed["refresh_token"]))
    assert revoked(service) == [True]
    assert service.userinfo(tokens["access_token"]).error(401) == "invalid_token"


@pytest.mark.parametrize("metadata", [{"rotate_refresh_tokens": False}, {"first_party": True}])
def test_it_counts_for_tokens_that_do_not_rotate_and_for_an_operators_own_client(
    service: Service, ada: User, metadata: dict[str, Any]
) -> None:
    """Neither needs a consent for it, nor a generation."""
    app = service.application("own", grant_types=REFRESHING, **metadata)
    service.consent(ada, app)
    visitor = service.signed_in(ada)
    with service.deployment.lagging_index():
        tokens, code = tokens_of(service, app, visitor), code_of(app, visitor)
        by_the_person(service, app, ada, visitor, "")
    assert refused(service, service.refresh(app, tokens["refresh_token"]))
    assert refused(service, service.redeem(app, code))


@EVERY_WAY
def test_what_outlives_a_session_is_found_by_no_listing_and_lives(
    service: Service, app: Application, ada: User, visitor: Visitor, sign_out: SignOut
) -> None:
    """`offline_access` (Back-Channel Logout 1.0 section 2.7), as a code and as tokens, whatever scope is asked for."""
    id_token = tokens_of(service, app, visitor)["id_token"]
    with service.deployment.lagging_index():
        tokens, code = (
            tokens_of(service, app, visitor, scope=OFFLINE, prompt="consent"),
            code_of(app, visitor, scope=OFFLINE, prompt="consent"),
        )
        sign_out(service, app, ada, visitor, id_token)
    narrow = service.refresh(app, tokens["refresh_token"], scope="openid")
    assert narrow.status == 200
    assert service.refresh(app, narrow.json()["refresh_token"]).status == 200
    assert service.redeem(app, code).status == 200


def test_other_sessions_go_on(service: Service, app: Application, ada: User, visitor: Visitor) -> None:
    """Of the same person, elsewhere and in this browser afterwards, and within the same second."""
    service.clock.stop()
    other = service.signed_in(ada)
    held = tokens_of(service, app, other)
    by_the_person(service, app, ada, visitor, "")
    visitor.sign_in(visitor.get(ACCOUNT), "ada", PASSWORD)
    for browser in (other, visitor):
        assert service.refresh(app, tokens_of(service, app, browser)["refresh_token"]).status == 200
    assert service.refresh(app, held["refresh_token"]).status == 200


@pytest.mark.parametrize("seconds", [-5, 0, 5])
def test_clocks_that_differ_change_nothing(
    service: Service, app: Application, ada: User, visitor: Visitor, seconds: int
) -> None:
    """What is compared is the time of the login with itself: whose clock ran ahead does not matter."""
    with service.deployment.lagging_index():
        tokens, code = tokens_of(service, app, visitor), code_of(app, visitor)
        service.clock.advance(seconds)
        by_the_person(service, app, ada, visitor, "")
    assert refused(service, service.redeem(app, code))
    assert refused(service, service.refresh(app, tokens["refresh_token"]))


def stick(service: Service, visitor: Visitor) -> None:
    """A logout that is noted, and does not come to the session itself."""
    form = visitor.get(END_SESSION).form
    with service.deployment.failing("dynamodb:DeleteItem", denied):
        assert visitor.post(form.action, {**form.fields, "decision": "sign_out"}).status == 503
    assert service.session_of(visitor)


def test_a_session_whose_logout_stuck_gives_no_more_codes(
    service: Service, app: Application, ada: User, visitor: Visitor
) -> None:
    """They would be refused one by one: whoever is there signs in again, and silently nothing is given."""
    stick(service, visitor)
    service.clock.advance(3600)
    for request in ({}, {"max_age": "36000"}, {"scope": OFFLINE}):
        assert visitor.get(app.url(**request)).step == "login"
    silent = visitor.get(app.url(prompt="none")).redirected(app.redirect_uri)
    assert silent["error"] == "login_required"
    by_the_person(service, app, ada, visitor, "")
    assert SESSION not in visitor.cookies


@pytest.mark.parametrize("seconds", [-3, 0, 1])
def test_a_login_after_a_logout_that_stuck_goes_on(
    service: Service, app: Application, ada: User, visitor: Visitor, seconds: int
) -> None:
    """It continues the session, whose earlier logins alone are over, by whichever clock the later one is dated."""
    service.clock.stop()
    visitor.sign_in(visitor.get(app.url(prompt="login")), "ada", PASSWORD)
    with service.deployment.lagging_index():
        code = code_of(app, visitor)
        stick(service, visitor)
    service.clock.advance(seconds)
    session = service.session_of(visitor)
    visitor.sign_in(visitor.get(app.url()), "ada", PASSWORD)
    again = service.session_of(visitor)
    assert session
    assert again
    assert session.sid == again.sid
    assert service.redeem(app, code_of(app, visitor)).status == 200
    assert refused(service, service.redeem(app, code))


def test_a_logout_that_could_not_be_noted_has_not_happened(
    service: Service, app: Application, ada: User, visitor: Visitor
) -> None:
    """A page says so, nothing has ended, and the next try ends it."""
    with service.deployment.lagging_index():
        code = code_of(app, visitor)
        form = visitor.get(END_SESSION).form
        with service.deployment.failing("dynamodb:PutItem", denied):
            assert visitor.post(form.action, {**form.fields, "decision": "sign_out"}).status == 503
        assert SESSION in visitor.cookies
        assert service.session_of(visitor)
        by_the_person(service, app, ada, visitor, "")
    assert refused(service, service.redeem(app, code))


def test_the_note_outlives_every_token_that_it_ends(service: Service, visitor: Visitor, ada: User) -> None:
    """Whatever a client is registered with; the longest that there may be is a year."""
    before = int(time.time())
    session = service.session_of(visitor)
    form = visitor.get(END_SESSION).form
    visitor.post(form.action, {**form.fields, "decision": "sign_out"})
    [noted] = service.deployment.state("ended#")
    assert session
    assert noted["pk"]["S"] == f"ended#{session.sid}"
    assert int(noted["expires_at"]["N"]) > before + LONGEST_REFRESH_TOKEN_LIFETIME


def test_a_refresh_token_says_which_session_it_ends_with(service: Service, app: Application, visitor: Visitor) -> None:
    """One of before that did not is good as long as its grant is."""
    session = service.session_of(visitor)
    tokens = tokens_of(service, app, visitor)
    offline = tokens_of(service, app, visitor, scope=OFFLINE, prompt="consent")
    assert session
    assert service.claims(tokens["refresh_token"])["sid"] == session.sid
    assert "sid" not in service.claims(offline["refresh_token"])

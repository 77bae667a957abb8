"""The account page: who is signed in sees what has access to their account, and takes it back."""

import re

import pytest

from signet.authorize.forms import SESSION
from signet.model.scope import Scope
from signet.model.session import session_digest
from signet.model.user import User
from tests.support.sign_in import ACCOUNT, PASSWORD, Application, Service, grant_id_of
from tests.support.token_requests import INACTIVE, introspect, refresh
from tests.support.visitor import Page, Visitor

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    " Version/18.0 Mobile/15E148 Safari/604.1"
)


@pytest.fixture
def app(service: Service) -> Application:
    """A confidential client that gets refresh tokens."""
    return service.application(grant_types=("authorization_code", "refresh_token"), client_name="Bookshop")


def signed_in(page: Page) -> bool:
    """Whether it is the account page."""
    return (page.status, page.heading) == (200, "Your account")


def words(page: Page) -> str:
    """What can be read, blanks joined."""
    return " ".join(re.sub("<[^>]*>", " ", page.text).split())


# signing in


def test_whoever_is_not_signed_in_signs_in_here(service: Service, ada: User) -> None:
    """By the same form as everywhere; the POST ends in a GET of the page."""
    visitor = service.visitor(**{"user-agent": FIREFOX})
    page = visitor.get(ACCOUNT)
    assert (page.status, page.step, page.heading) == (200, "login", "Sign in")
    posted = visitor.post(page.form.action, {**page.form.fields, "username": "ada", "password": PASSWORD})
    assert posted.location == ACCOUNT
    assert signed_in(visitor.get(ACCOUNT))
    [line] = service.deployment.lines("login")
    assert line["sub"] == ada.sub


def test_a_wrong_password_is_told_as_everywhere(service: Service, ada: User) -> None:
    """Alike for an unknown name; the name stays in its field."""
    visitor = service.visitor()
    alerts = []
    for username in ("ada", "nobody"):
        page = visitor.sign_in(visitor.get(ACCOUNT), username, "not this one")
        assert (page.status, page.step, page.form.fields["username"]) == (400, "login", username)
        alerts.append(page.alert)
    assert alerts[0] == alerts[1] != ""
    assert visitor.submit(visitor.get(ACCOUNT), username="", password="").alert
    assert SESSION not in visitor.cookies


def test_guesses_are_counted_with_those_at_the_other_form(service: Service, app: Application, ada: User) -> None:
    """One throttle: nine there and one here are ten."""
    visitor = service.visitor()
    page = visitor.get(app.url())
    while "Too many" not in page.alert:
        page = visitor.sign_in(page, "ada", "a guess")
    page = visitor.sign_in(visitor.get(ACCOUNT), "ada", PASSWORD)
    assert (page.status, "retry-after" in page.headers) == (429, True)
    assert "Too many" in page.alert


def test_every_login_here_has_an_id_of_its_own_and_ends_the_one_before(service: Service, ada: User) -> None:
    """Fixation: also where the old session counts no more."""
    visitor = service.signed_in(ada)
    before = visitor.cookies[SESSION]
    service.clock.advance(10)
    service.change(ada, password_changed_at=service.now)
    page = visitor.sign_in(visitor.get(ACCOUNT), "ada", PASSWORD)
    assert signed_in(page)
    assert visitor.cookies[SESSION] != before
    assert [item["digest"]["S"] for item in service.deployment.state("session")] == [
        session_digest(visitor.cookies[SESSION])
    ]


@pytest.mark.parametrize("changed", [{"disabled": True}, {"password_changed_at": 2_000_000_000}])
def test_a_session_that_counts_no_more_shows_nothing(service: Service, ada: User, changed: dict[str, int]) -> None:
    """Of a disabled user, or from before the password was changed."""
    visitor = service.signed_in(ada)
    page = visitor.get(ACCOUNT)
    service.change(ada, **changed)
    assert visitor.get(ACCOUNT).step == "login"
    sign_out = page.forms[0]
    assert (sign_out.fields["form"], visitor.press(sign_out, decision="sign_out").heading) == (
        "end_session",
        "You are signed out",
    )


def test_a_deleted_person_is_not_signed_in(service: Service, ada: User) -> None:
    """Whatever their cookie says."""
    visitor = service.signed_in(ada)
    assert service.users.delete(ada.sub)
    assert visitor.get(ACCOUNT).step == "login"


def test_a_login_form_of_before_is_harmless(service: Service, ada: User) -> None:
    """Signed in meanwhile in another tab, or its proof is gone."""
    visitor = service.visitor()
    form = visitor.get(ACCOUNT).form
    visitor.sign_in(visitor.get(ACCOUNT), "ada", PASSWORD)
    assert signed_in(visitor.press(form, username="eve", password=PASSWORD))
    stranger = service.visitor()
    stranger.get(ACCOUNT)
    page = stranger.press(form, username="ada", password=PASSWORD)
    assert (page.step, page.form.fields["username"]) == ("login", "ada")
    assert "too long" in page.alert


# what it shows


def test_it_says_what_each_application_may_do_and_since_when(service: Service, app: Application, ada: User) -> None:
    """In the words of the scope catalogue, in the reader's language."""
    service.scope(Scope("orders", {"en": "See your orders", "fr": "Voir vos commandes"}))
    odd = service.application("odd", client_name="Archive", scope=("orders", "nameless"))
    service.clock.stop()
    service.consent(ada, app, "openid", "email", "offline_access")
    service.consent(ada, odd, "orders", "nameless")
    visitor = service.signed_in(ada)
    text = words(visitor.get(ACCOUNT))
    for said in ("Signed in as ada", "Know who you are", "See your e-mail address", "Keep this access while you are"):
        assert said in text
    assert text.index("Archive") < text.index("See your orders") < text.index("nameless") < text.index("Bookshop")
    assert re.search(r"Since \d{1,2} [A-Z][a-z]+ \d{4}", text)
    french = words(visitor.get(f"{ACCOUNT}?ui_locales=fr"))
    assert "Voir vos commandes" in french
    assert "Votre compte" in french


def test_it_shows_what_is_the_persons_own(service: Service, app: Application, ada: User) -> None:
    """Neither another's applications nor another's sessions."""
    eve = service.user("eve")
    service.consent(eve, app)
    service.signed_in(eve, FIREFOX)
    text = words(service.signed_in(ada, SAFARI).get(ACCOUNT))
    assert "You have not allowed any application" in text
    assert "Firefox" not in text


def test_an_application_that_needs_no_consent_is_shown_by_its_grants(service: Service, ada: User) -> None:
    """First-party by registration: access without a question is access."""
    own = service.application(
        "own", client_name="Till", first_party=True, grant_types=("authorization_code", "refresh_token")
    )
    visitor = service.signed_in(ada)
    code = visitor.open(own.url(scope="openid email")).redirected(own.redirect_uri)["code"]
    tokens = service.redeem(own, code).json()
    assert "Till" in words(visitor.get(ACCOUNT))
    page = visitor.press(visitor.get(ACCOUNT).form_about("application", client_id="own"))
    assert "Till" not in words(page)
    assert refresh(service.deployment, own, tokens["refresh_token"]).error() == "invalid_grant"


def test_an_application_that_was_deleted_can_still_be_removed(service: Service, ada: User) -> None:
    """By its id, which is all that is left of it."""
    gone = service.application("id-of-the-gone")
    service.consent(ada, gone)
    assert service.deployment.registry.delete(gone.client_id)
    visitor = service.signed_in(ada)
    page = visitor.get(ACCOUNT)
    assert gone.client_id in words(page)
    assert gone.client_id not in words(visitor.press(page.form_about("application", client_id=gone.client_id)))
    assert service.consents.get(ada.sub, gone.client_id)[1] is None


def test_what_an_earlier_client_was_allowed_is_not_the_new_ones(service: Service, app: Application, ada: User) -> None:
    """The same id, registered anew."""
    service.consent(ada, app)
    assert service.deployment.registry.delete(app.client_id)
    service.clock.advance(60)
    service.application(client_name="Bookshop", client_id_issued_at=service.now)
    assert "You have not allowed any application" in words(service.signed_in(ada).get(ACCOUNT))


def test_it_says_where_one_is_signed_in_and_which_is_this_browser(service: Service, ada: User) -> None:
    """Browser and system in words, since when; what cannot be put into words is shown as it calls itself."""
    service.clock.stop()
    for agent in (FIREFOX, SAFARI, "curl/8.10", ""):
        service.signed_in(ada, agent)
        service.clock.advance(60)
    text = words(service.signed_in(ada, FIREFOX).get(ACCOUNT))
    for said in ("Firefox on Linux", "Safari on iPhone", "curl/8.10", "Unknown browser", "This browser", "UTC"):
        assert said in text, said
    assert text.count("This browser") == 1
    assert text.index("This browser") < text.index("Unknown browser") < text.index("curl") < text.index("Safari")


def test_what_has_ended_is_not_shown_though_nothing_has_deleted_it(
    service: Service, app: Application, ada: User
) -> None:
    """Sessions and grants past their end lie in the table for days (TTL)."""
    own = service.application("own", client_name="Till", first_party=True)
    service.signed_in(ada, SAFARI).open(own.url())
    service.clock.advance(13 * 3_600)
    assert service.deployment.state("session")
    assert service.deployment.state("grant")
    text = words(service.signed_in(ada, FIREFOX).get(ACCOUNT))
    assert "Safari" not in text
    assert "Till" not in text


# taking it back


def tokens_of(service: Service, app: Application, visitor: Visitor, **request: str) -> dict[str, str]:
    """What the application gets by that browser."""
    page = visitor.open(app.url(**request))
    if page.step == "consent":
        page = visitor.allow(page)
    tokens: dict[str, str] = service.redeem(app, page.redirected(app.redirect_uri)["code"]).json()
    return tokens


def test_removing_an_application_ends_all_that_it_has(service: Service, app: Application, ada: User) -> None:
    """Consent and grants, `offline_access` or not; seen by refresh, introspection and userinfo at once."""
    visitor, other = service.signed_in(ada), service.application("other", grant_types=app.client.grant_types)
    held = [tokens_of(service, app, visitor), tokens_of(service, app, visitor, scope="openid offline_access")]
    kept = tokens_of(service, other, visitor)
    form = visitor.get(ACCOUNT).form_about("application", client_id=app.client_id)
    posted = visitor.post(form.action, form.fields)
    assert (posted.status, posted.location) == (303, ACCOUNT)
    page = visitor.get(ACCOUNT)
    assert page.notice == "The application no longer has access to your account."
    assert "Bookshop" not in words(page)
    assert visitor.get(ACCOUNT).notice == ""
    for tokens in held:
        assert introspect(service.deployment, app, tokens["access_token"]).body == INACTIVE
        assert introspect(service.deployment, app, tokens["refresh_token"]).body == INACTIVE
        assert service.userinfo(tokens["access_token"]).status == 401
        assert refresh(service.deployment, app, tokens["refresh_token"]).error() == "invalid_grant"
    assert service.userinfo(kept["access_token"]).status == 200
    assert refresh(service.deployment, other, kept["refresh_token"]).status == 200
    assert visitor.open(app.url()).step == "consent"
    [line] = service.deployment.lines("consent_revoked")
    assert (line["sub"], line["client_id"]) == (ada.sub, app.client_id)
    assert set(line["grant_ids"]) == {grant_id_of(tokens["access_token"]) for tokens in held}


def test_a_code_that_is_under_way_is_not_redeemed_after_removal(service: Service, app: Application, ada: User) -> None:
    """It is a grant like any other."""
    service.consent(ada, app)
    visitor = service.signed_in(ada)
    code = visitor.open(app.url()).redirected(app.redirect_uri)["code"]
    visitor.press(visitor.get(ACCOUNT).form_about("application", client_id=app.client_id))
    assert service.redeem(app, code).error() == "invalid_grant"


def test_ending_another_session_ends_it_on_the_server(service: Service, app: Application, ada: User) -> None:
    """With the grants that were not meant to outlast it, as a logout there would."""
    there, here, third = service.signed_in(ada, SAFARI), service.signed_in(ada, FIREFOX), service.signed_in(ada, "x")
    online, offline = tokens_of(service, app, there), tokens_of(service, app, there, scope="openid offline_access")
    session = service.session_of(there)
    assert session
    page = here.press(here.get(ACCOUNT).form_about("session", sid=session.sid))
    assert page.notice == "You are signed out there."
    assert "Safari" not in words(page)
    assert there.get(ACCOUNT).step == "login"
    assert signed_in(third.get(ACCOUNT))
    assert refresh(service.deployment, app, online["refresh_token"]).error() == "invalid_grant"
    assert refresh(service.deployment, app, offline["refresh_token"]).status == 200


def test_all_other_sessions_end_at_once(service: Service, ada: User) -> None:
    """But not this one, nor anybody else's."""
    others = [service.signed_in(ada) for _ in range(3)]
    here, eve = service.signed_in(ada), service.signed_in(service.user("eve"))
    page = here.press(here.get(ACCOUNT).form_about("other_sessions"))
    assert page.notice == "You are signed out everywhere but here."
    assert {other.get(ACCOUNT).step for other in others} == {"login"}
    assert signed_in(here.get(ACCOUNT))
    assert signed_in(eve.get(ACCOUNT))
    assert "form=other_sessions" not in page.text
    assert [form.fields["form"] for form in page.forms] == ["end_session"]


@pytest.mark.parametrize("form", ["session", "other_sessions"])
def test_ending_sessions_asks_for_the_password_once_it_was_long_ago(service: Service, ada: User, form: str) -> None:
    """OWASP ASVS 5.0 section 7.5.2: whoever finds a browser open cannot lock its owner out elsewhere."""
    there, here = service.signed_in(ada, SAFARI), service.signed_in(ada, FIREFOX)
    service.clock.advance(601)
    page = here.press(here.get(ACCOUNT).form_about(form))
    assert (page.step, page.form.fields["username"]) == ("login", "ada")
    assert "Enter your password again" in words(page)
    assert signed_in(there.get(ACCOUNT))
    page = here.sign_in(page, "ada", "not this one")
    assert (page.step, page.alert != "") == ("login", True)
    assert signed_in(here.get(ACCOUNT))
    page = here.sign_in(page, "ada", PASSWORD)
    assert (page.target, page.notice) == (ACCOUNT, "Thank you. You can sign out of your other browsers now.")
    here.press(page.form_about(form))
    assert there.get(ACCOUNT).step == "login"


def test_removing_an_application_needs_no_password(service: Service, app: Application, ada: User) -> None:
    """It takes access away and gives none, and can be allowed again."""
    service.consent(ada, app)
    visitor = service.signed_in(ada)
    service.clock.advance(3_600)
    page = visitor.press(visitor.get(ACCOUNT).form_about("application", client_id=app.client_id))
    assert page.notice == "The application no longer has access to your account."


@pytest.mark.parametrize("where", [ACCOUNT, "application"])
def test_signing_in_again_continues_the_session(service: Service, app: Application, ada: User, where: str) -> None:
    """Another cookie, the same `sid`: a logout still ends what came of it; somebody else's login is another session."""
    visitor = service.signed_in(ada)
    tokens = tokens_of(service, app, visitor, scope="openid email")
    before = service.session_of(visitor)
    service.clock.advance(700)
    again = f"{ACCOUNT}?prompt=login" if where == ACCOUNT else app.url(prompt="login")
    visitor.sign_in(visitor.get(again), "ada", PASSWORD)
    after = service.session_of(visitor)
    assert before
    assert after
    assert (before.sid, before.sub) == (after.sid, after.sub)
    assert before.digest != after.digest
    assert visitor.press(visitor.get(ACCOUNT).form_about("end_session"), decision="sign_out")
    assert refresh(service.deployment, app, tokens["refresh_token"]).error() == "invalid_grant"
    service.user("eve")
    other = service.signed_in(ada)
    own = service.session_of(other)
    other.sign_in(other.get(app.url(prompt="login")), "eve", PASSWORD)
    eves = service.session_of(other)
    assert own
    assert eves
    assert own.sid != eves.sid


def test_signing_out_from_the_page_asks_nothing_more(service: Service, ada: User) -> None:
    """The button is the answer; the session ends on the server."""
    visitor = service.signed_in(ada)
    session_id = visitor.cookies[SESSION]
    page = visitor.press(visitor.get(ACCOUNT).form_about("end_session"), decision="sign_out")
    assert page.heading == "You are signed out"
    assert service.sessions.find(session_id) is None
    assert SESSION not in visitor.cookies


def test_pressing_twice_is_no_error(service: Service, app: Application, ada: User) -> None:
    """The back button, a second tab."""
    service.consent(ada, app)
    there, here = service.signed_in(ada), service.signed_in(ada)
    session = service.session_of(there)
    assert session
    page = here.get(ACCOUNT)
    for form in (page.form_about("application", client_id=app.client_id), page.form_about("session", sid=session.sid)):
        for _ in range(2):
            assert here.press(form).notice.startswith(("The application no longer", "You are signed out there"))


def test_a_form_from_before_the_last_login_does_nothing_and_says_so(
    service: Service, app: Application, ada: User
) -> None:
    """Its proof was for another session."""
    service.consent(ada, app)
    visitor = service.signed_in(ada)
    form = visitor.get(ACCOUNT).form_about("application", client_id=app.client_id)
    visitor.cookies[SESSION], _ = service.sessions.begin(ada)
    page = visitor.press(form)
    assert "nothing has been done" in page.notice
    assert "Bookshop" in words(page)


def test_without_cookies_it_says_so(service: Service, ada: User) -> None:
    """As the other pages do, rather than the same form over and over."""
    page = service.visitor().post(ACCOUNT, {"form": "login", "username": "ada", "password": PASSWORD})
    assert (page.status, page.heading) == (400, "Cookies are switched off")


@pytest.mark.parametrize("form", ["", "unknown", "login", "consent", "end_session"])
def test_an_unknown_form_does_nothing(service: Service, ada: User, form: str) -> None:
    """Signed in or not."""
    for visitor in (service.signed_in(ada), service.visitor()):
        visitor.get(ACCOUNT)
        assert visitor.post(ACCOUNT, {"form": form, "csrf": "x"}).location == ACCOUNT
    assert len(service.deployment.state("session")) == 1

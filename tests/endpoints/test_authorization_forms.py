"""Forms, cookies, tabs: every step validates the same request again, and nothing is lost on the way."""

import base64
import json
from collections.abc import Callable

import pytest

from signet.authorize.forms import SESSION, csrf_token
from signet.model.user import User
from tests.support.sign_in import PASSWORD, REDIRECT_URI, Application, Service
from tests.support.visitor import Page, Visitor

NOTICE = "__Host-signet-notice"
FORM_KEY = "__Host-signet-form"

EXPIRED = "This form had been open for too long. Please sign in again."


def granted(page: Page) -> str:
    """The code."""
    return page.redirected(REDIRECT_URI)["code"]


def nothing_granted(service: Service) -> bool:
    """Whether no code was issued, and nothing was allowed."""
    consents = [item for item in service.deployment.items() if item["sk"]["S"].startswith("consent#")]
    return not consents and not service.deployment.state("grant")


Damage = Callable[[Service, Visitor, Application, Page], Page]
"""A page as it is after something was done to it, or to the browser."""


def without_token(service: Service, visitor: Visitor, app: Application, page: Page) -> Page:
    """A form that a page elsewhere can make."""
    form = {name: value for name, value in page.form.fields.items() if name != "csrf"}
    return visitor.post(page.form.action, {**form, "decision": "allow"})


def with_token(token: str) -> Damage:
    """Another token."""

    def posted(service: Service, visitor: Visitor, app: Application, page: Page) -> Page:
        return visitor.post(page.form.action, {**page.form.fields, "csrf": token, "decision": "allow"})

    return posted


def of_another_browser(service: Service, visitor: Visitor, app: Application, page: Page) -> Page:
    """An attacker's own form, with a session of the same person."""
    ada = service.users.find("ada")
    assert ada
    other = service.signed_in(ada)
    token = other.open(app.url()).form.fields["csrf"]
    return visitor.post(page.form.action, {**page.form.fields, "csrf": token, "decision": "allow"})


def of_another_form(service: Service, visitor: Visitor, app: Application, page: Page) -> Page:
    """The token of the sign-in form of the same request, browser and session."""
    login = visitor.open(app.url(prompt="login"))
    assert login.step == "login"
    return visitor.post(page.form.action, {**page.form.fields, "csrf": login.form.fields["csrf"], "decision": "allow"})


def of_another_request(service: Service, visitor: Visitor, app: Application, page: Page) -> Page:
    """A page that asked for less."""
    return visitor.post(app.url(scope="openid email"), {**page.form.fields, "decision": "allow"})


def of_another_client(service: Service, visitor: Visitor, app: Application, page: Page) -> Page:
    """A page on which somebody else asked."""
    return visitor.post(service.application("other").url(), {**page.form.fields, "decision": "allow"})


def of_an_earlier_session(service: Service, visitor: Visitor, app: Application, page: Page) -> Page:
    """The same person, who has signed in again since."""
    visitor.sign_in(visitor.open(app.url(prompt="login")), "ada", PASSWORD)
    return visitor.post(page.form.action, {**page.form.fields, "decision": "allow"})


def of_somebody_elses_session(service: Service, visitor: Visitor, app: Application, page: Page) -> Page:
    """Another person at the same browser."""
    service.user("bob")
    visitor.sign_in(visitor.open(app.url(prompt="login")), "bob", PASSWORD)
    return visitor.post(page.form.action, {**page.form.fields, "decision": "allow"})


def after_logout(service: Service, visitor: Visitor, app: Application, page: Page) -> Page:
    """The cookie is gone."""
    service.sessions.end(visitor.cookies.pop(SESSION))
    return visitor.post(page.form.action, {**page.form.fields, "decision": "allow"})


def after_logout_elsewhere(service: Service, visitor: Visitor, app: Application, page: Page) -> Page:
    """The cookie is there and its session is not."""
    service.sessions.end(visitor.cookies[SESSION])
    return visitor.post(page.form.action, {**page.form.fields, "decision": "allow"})


def without_form_key(service: Service, visitor: Visitor, app: Application, page: Page) -> Page:
    """The cookie that keys the form's token is gone."""
    del visitor.cookies[FORM_KEY]
    return visitor.post(page.form.action, {**page.form.fields, "decision": "allow"})


def with_an_empty_form_key(service: Service, visitor: Visitor, app: Application, page: Page) -> Page:
    """A token that anybody can compute."""
    visitor.cookies[FORM_KEY] = ""
    token = csrf_token("", "consent", visitor.cookies[SESSION], page.form.action)
    return visitor.post(page.form.action, {**page.form.fields, "csrf": token, "decision": "allow"})


@pytest.mark.parametrize(
    "damage",
    [
        without_token,
        with_token(""),
        with_token("0" * 64),
        with_token("\u00e9"),
        of_another_browser,
        of_another_form,
        of_another_request,
        of_another_client,
        of_an_earlier_session,
        of_somebody_elses_session,
        after_logout,
        after_logout_elsewhere,
        without_form_key,
        with_an_empty_form_key,
    ],
)
def test_a_consent_form_that_is_not_of_this_page_grants_nothing(
    service: Service, app: Application, ada: User, damage: Damage
) -> None:
    """RFC 9700 section 4.7, OWASP ASVS 5.0 section 3.5: and the person is where they can go on."""
    visitor = service.signed_in(ada)
    page = damage(service, visitor, app, visitor.open(app.url()))
    assert page.status == 303
    assert page.location.startswith("/connect/oauth/authorize?")
    assert nothing_granted(service)
    page = visitor.open(page.location)
    assert page.step in {"login", "consent"}
    assert nothing_granted(service)


def test_a_login_form_that_is_not_of_this_page_signs_nobody_in(service: Service, app: Application, ada: User) -> None:
    """Nobody is signed in to an account that is not theirs by a form on another site (login CSRF)."""
    attacker, visitor = service.visitor(), service.visitor()
    stolen = attacker.open(app.url()).form
    visitor.open(app.url())
    fields = {**stolen.fields, "username": "ada", "password": PASSWORD}
    page = visitor.post(stolen.action, fields)
    assert (page.status, SESSION in visitor.cookies) == (303, False)
    page = visitor.open(page.location)
    assert (page.status, page.alert, page.form.fields["username"]) == (400, EXPIRED, "ada")
    assert service.deployment.lines("login") == []
    [line] = service.deployment.lines("form_refused")
    assert line["reason"] == "form_expired"


def test_a_refused_form_is_not_a_guess(service: Service, app: Application, ada: User) -> None:
    """A page elsewhere cannot slow an owner down through other people's browsers."""
    visitor = service.visitor()
    form = visitor.open(app.url()).form
    for _ in range(10):
        visitor.post(form.action, {**form.fields, "csrf": "x", "username": "ada", "password": "wrong"})
    assert service.deployment.state("throttle") == []


def test_an_account_form_needs_its_token_too(service: Service, app: Application, ada: User) -> None:
    """The demand to choose is not taken away by a form on another site."""
    service.consent(ada, app)
    visitor = service.signed_in(ada)
    form = visitor.open(app.url(prompt="select_account")).form
    page = visitor.post(form.action, {**form.fields, "csrf": "x", "account": "current"})
    assert visitor.open(page.location).step == "account"


def test_an_unknown_form_is_refused(service: Service, app: Application, ada: User) -> None:
    """Also by somebody who can compute its token."""
    visitor = service.signed_in(ada)
    form = visitor.open(app.url()).form
    for name in ("nothing", "x"):
        asked = f"{form.action}\nopenid\n"
        token = csrf_token(visitor.cookies[FORM_KEY], name, visitor.cookies[SESSION], asked)
        page = visitor.post(form.action, {"form": name, "csrf": token, "decision": "allow"})
        assert "code" not in page.location
    assert nothing_granted(service)


def test_a_consent_posted_before_a_login_leads_to_it(service: Service, app: Application, ada: User) -> None:
    """By somebody who computes the token for a request nobody has signed in for."""
    visitor = service.visitor()
    form = visitor.open(app.url()).form
    token = csrf_token(visitor.cookies[FORM_KEY], "consent", "", form.action)
    page = visitor.post(form.action, {"form": "consent", "csrf": token, "decision": "allow"})
    assert visitor.open(page.location).step == "login"
    assert nothing_granted(service)


def test_a_form_without_any_cookie_says_so(service: Service, app: Application, ada: User) -> None:
    """And a browser that refuses cookies is not sent round in circles."""
    visitor = service.visitor()
    form = visitor.open(app.url()).form
    visitor.cookies.clear()
    page = visitor.post(form.action, {**form.fields, "username": "ada", "password": PASSWORD})
    assert (page.status, page.location, page.heading) == (400, "", "Cookies are switched off")
    assert visitor.cookies == {}


def test_a_form_that_was_left_open_can_still_be_sent(service: Service, app: Application, ada: User) -> None:
    """There is nothing on the server that could have expired."""
    service.consent(ada, app)
    visitor = service.visitor()
    page = visitor.open(app.url())
    service.clock.advance(6 * 3_600)
    granted(visitor.sign_in(page, "ada", PASSWORD))


def test_two_tabs_with_two_clients_both_end_well(service: Service, app: Application, ada: User) -> None:
    """The login in one of them is not lost on the other, whose form says it has expired and is then not needed."""
    other = service.application("other", redirect_uris=("https://other.example.com/cb",))
    service.consent(ada, other)
    visitor = service.visitor()
    first, second = visitor.open(app.url()), visitor.open(other.url(state="other"))
    first = visitor.sign_in(first, "ada", PASSWORD)
    assert first.step == "consent"
    parameters = visitor.sign_in(second, "ada", PASSWORD).redirected("https://other.example.com/cb")
    assert (parameters["state"], "code" in parameters) == ("other", True)
    granted(visitor.allow(first))


def test_two_tabs_with_one_request_both_end_well(service: Service, app: Application, ada: User) -> None:
    """Allowed in one, denied in the other: each answer is an answer."""
    visitor = service.signed_in(ada)
    first, second, third = (visitor.open(app.url()) for _ in range(3))
    codes = {granted(visitor.allow(first)), granted(visitor.allow(second))}
    assert len(codes) == 2
    assert visitor.deny(third).redirected(REDIRECT_URI)["error"] == "access_denied"


def test_the_back_button_after_a_code_gives_another_code(service: Service, app: Application, ada: User) -> None:
    """To the sign-in form, which has no session to belong to any more, and to the consent form."""
    visitor = service.visitor()
    login = visitor.open(app.url())
    consent = visitor.sign_in(login, "ada", PASSWORD)
    first = granted(visitor.allow(consent))
    assert granted(visitor.allow(consent)) != first
    assert granted(visitor.sign_in(login, "ada", PASSWORD)) != first
    assert granted(visitor.open(app.url())) != first


def test_a_reload_after_a_refusal_is_a_fresh_page(service: Service, app: Application, ada: User) -> None:
    """303: a reload never posts."""
    visitor = service.visitor()
    page = visitor.sign_in(visitor.open(app.url()), "ada", "wrong")
    assert page.alert
    assert visitor.get(page.target).alert == ""


@pytest.mark.parametrize("response_mode", [None, "form_post"])
def test_a_form_posts_back_the_whole_request(
    service: Service, app: Application, ada: User, response_mode: str | None
) -> None:
    """The action is the request in one spelling, on this server."""
    target = app.url(response_mode=response_mode, ui_locales="fr en", login_hint='a"b&c', claims='{"id_token": {}}')
    assert service.visitor().open(target).form.action == target
    assert service.signed_in(ada).open(target).form.action == target


# the notice that is carried over a redirect: its cookie is the browser's to send


def notice(*members: object) -> str:
    """The cookie's value."""
    return base64.urlsafe_b64encode(json.dumps(members).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "value",
    [
        "x",
        "!",
        "%",
        "\u00e9",
        "=" * 100,
        "A" * 4_000,
        notice(),
        notice(1, 2),
        notice("wrong_credentials", "ada", "soon"),
        notice("wrong_credentials", "ada", None),
        notice("wrong_credentials", "ada", float("inf")),
        notice("wrong_credentials", "ada", float("nan")),
        notice("wrong_credentials", "\ud800", 0),
        notice(["wrong_credentials"], {"a": 1}, 0),
        notice("no such message", "ada", 0),
        base64.urlsafe_b64encode(b"[" * 700).decode(),
        base64.urlsafe_b64encode(b"9" * 700).decode(),
        base64.urlsafe_b64encode(b'["too_many_attempts", "", 1e999]').decode(),
        base64.urlsafe_b64encode(b'["too_many_attempts", "", ' + b"9" * 600 + b"]").decode(),
        base64.urlsafe_b64encode(b"\xff\xfe").decode(),
        base64.urlsafe_b64encode(b"null").decode(),
    ],
)
def test_a_hostile_notice_is_at_most_a_sentence_of_ours(service: Service, app: Application, value: str) -> None:
    """Somebody else's words never, a failure neither."""
    visitor = service.visitor()
    visitor.cookies[NOTICE] = value
    page = visitor.get(app.url())
    assert page.status in {200, 400, 429}
    assert page.step == "login"
    assert NOTICE not in visitor.cookies
    assert page.text.encode()
    assert visitor.get(app.url()).status == 200


def test_a_name_in_a_notice_is_text(service: Service, app: Application) -> None:
    """As what is typed is."""
    visitor = service.visitor()
    visitor.cookies[NOTICE] = notice("wrong_credentials", '"><script>', 0)
    page = visitor.get(app.url())
    assert "<script>" not in page.text
    assert page.form.fields["username"] == '"><script>'


@pytest.mark.parametrize("username", ["\u5317" * 250, "\U0001f511" * 250, "a" * 5_000, '"><b>'])
def test_whatever_name_is_typed_the_refusal_is_told(service: Service, app: Application, username: str) -> None:
    """Long names and those of other scripts too, in a cookie of a size that browsers keep."""
    visitor = service.visitor()
    page = visitor.sign_in(visitor.open(app.url()), username, "wrong")
    assert page.alert == "The username or the password is not right."
    assert page.form.fields["username"] == username[:256]

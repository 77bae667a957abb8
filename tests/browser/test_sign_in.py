"""Signing in: the whole way, wrong passwords, and the session that comes of it."""

import re

from playwright.sync_api import Page, Response, expect

from tests.browser.actors import Application, Operator, Person, query
from tests.browser.conftest import NewApplication
from tests.support.browser import NewWindow
from tests.support.served import ServedSignet

SESSION, FORM, DEVICE = "__Host-signet-session", "__Host-signet-form", "__Host-signet-device"


def test_person_signs_in_to_an_application_and_it_gets_verified_tokens(
    page: Page, alice: Person, bookshop: Application, served: ServedSignet
) -> None:
    """From the application through login and consent and back (OpenID Connect Core section 3.1)."""
    bookshop.visit(page)
    assert page.url.startswith(f"{served.issuer}/oauth/authorize?")
    sent = query(page.url)
    assert sent.keys() >= {"state", "nonce", "code_challenge"}
    assert sent["code_challenge_method"] == "S256"
    alice.sign_in(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Bookshop")
    alice.allow(page)
    bookshop.expect_signed_in(page)

    id_token = bookshop.token["userinfo"]
    assert (id_token["iss"], id_token["sub"], id_token["aud"]) == (served.issuer, alice.sub, bookshop.client_id)
    assert bookshop.answers[0].keys() == {"code", "state", "iss"}
    assert (bookshop.answers[0]["state"], bookshop.answers[0]["iss"]) == (sent["state"], served.issuer)
    answer = page.request.get(f"{bookshop.origin}/userinfo").json()
    assert answer == {
        "sub": alice.sub,
        "name": "Alice Martin",
        "preferred_username": alice.username,
        "email": "alice@example.org",
    }


def test_public_client_signs_in_by_its_challenge_alone(
    page: Page, alice: Person, new_application: NewApplication
) -> None:
    """An application that cannot keep a secret has PKCE instead (RFC 9700 section 2.1.1)."""
    application = new_application(token_endpoint_auth_method="none")
    application.visit(page)
    alice.sign_in(page)
    alice.allow(page)
    application.expect_signed_in(page)


def test_wrong_password_and_unknown_user_are_told_alike(page: Page, alice: Person, bookshop: Application) -> None:
    """One sentence for both, announced to a screen reader; the name that was typed stays, the password does not."""
    bookshop.visit(page)
    alice.sign_in(page, password="not hers at all")
    wrong = page.get_by_role("alert").inner_text()
    assert wrong
    expect(page.get_by_label("Username")).to_have_value(alice.username)
    expect(page.get_by_label("Password")).to_have_value("")
    expect(page.get_by_label("Password")).to_be_focused()

    Person("", "nobody-at-all", "not hers at all").sign_in(page)
    expect(page.get_by_label("Username")).to_have_value("nobody-at-all")
    assert page.get_by_role("alert").inner_text() == wrong

    alice.sign_in(page)
    alice.allow(page)
    bookshop.expect_signed_in(page)


def test_guesses_are_slowed_and_the_owner_gets_in_afterwards(page: Page, alice: Person, bookshop: Application) -> None:
    """429 with Retry-After and how long in words; the right password counts once the delay is over."""
    bookshop.visit(page)
    statuses: list[Response] = []
    page.on(
        "response", lambda response: statuses.append(response) if response.request.is_navigation_request() else None
    )
    for _ in range(10):
        alice.sign_in(page, password="a guess at hers")
        if "Too many" in page.get_by_role("alert").inner_text():
            break
    expect(page.get_by_role("alert")).to_contain_text(re.compile(r"Too many attempts.*\d+ seconds", re.DOTALL))
    assert statuses[-1].status == 429
    wait = int(statuses[-1].headers["retry-after"])
    assert 0 < wait < 60

    page.wait_for_timeout(wait * 1000 + 500)
    alice.sign_in(page)
    alice.allow(page)
    bookshop.expect_signed_in(page)


def test_login_hint_fills_the_name(page: Page, alice: Person, bookshop: Application) -> None:
    """OpenID Connect Core section 3.1.2.1: the field is filled, the password is asked next."""
    bookshop.visit(page, login_hint="alice@example.org")
    expect(page.get_by_label("Username")).to_have_value("alice@example.org")
    expect(page.get_by_label("Password")).to_be_focused()


def test_cookies_are_the_browsers_alone(
    new_window: NewWindow, alice: Person, bookshop: Application, served: ServedSignet
) -> None:
    """As the browser holds them: for this host and no script, over TLS or loopback, not sent along by other sites."""
    window = new_window()
    page = window.new_page()
    bookshop.visit(page)
    alice.sign_in(page)
    expect(page.get_by_role("button", name="Allow")).to_be_visible()
    cookies = {cookie["name"]: cookie for cookie in window.cookies(served.origin)}
    assert cookies.keys() == {SESSION, FORM, DEVICE}
    for cookie in cookies.values():
        assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) == (True, True, "Lax")
        assert (cookie["domain"], cookie["path"]) == ("localhost", "/")
    assert page.evaluate("document.cookie") == ""


def test_every_login_has_a_session_id_of_its_own(
    new_window: NewWindow, alice: Person, bookshop: Application, served: ServedSignet
) -> None:
    """A session id that somebody planted, or had before, is worth nothing after a login."""
    window = new_window()

    def session_id() -> str:
        return {cookie["name"]: cookie.get("value", "") for cookie in window.cookies(served.origin)}.get(SESSION, "")

    def plant(session_id: str) -> None:
        window.add_cookies([{"name": SESSION, "value": session_id, "url": "https://localhost/", "httpOnly": True}])

    planted = "p" * 43
    plant(planted)
    page = window.new_page()
    bookshop.visit(page)
    alice.sign_in(page)
    alice.allow(page)
    bookshop.expect_signed_in(page)
    first = session_id()
    assert first not in {"", planted}

    bookshop.visit(page, prompt="login")
    expect(page.get_by_text(alice.username)).to_be_visible()
    alice.sign_in(page)
    bookshop.expect_signed_in(page)
    assert session_id() not in {"", first}

    plant(first)
    bookshop.visit(page)
    expect(page.get_by_label("Password")).to_be_visible()


def test_other_person_can_take_over_at_the_same_browser(
    page: Page, alice: Person, bookshop: Application, operator: Operator
) -> None:
    """`prompt=select_account` offers the account in use and another one, and so does the consent page."""
    bookshop.visit(page)
    alice.sign_in(page)
    alice.allow(page)
    bookshop.expect_signed_in(page)

    bookshop.visit(page, prompt="select_account")
    page.get_by_role("button", name=re.compile(alice.username)).click()
    bookshop.expect_signed_in(page)
    assert bookshop.token["userinfo"]["sub"] == alice.sub

    bob = operator.create_person(name="Bob")
    bookshop.visit(page, prompt="select_account")
    page.get_by_role("button", name="another account").click()
    bob.sign_in(page)
    bob.allow(page)
    bookshop.expect_signed_in(page)
    assert bookshop.token["userinfo"]["sub"] == bob.sub

    bookshop.visit(page, scope="openid phone")
    page.get_by_role("button", name="another account").click()
    alice.sign_in(page)
    alice.allow(page)
    bookshop.expect_signed_in(page)
    assert bookshop.token["userinfo"]["sub"] == alice.sub

"""What an application can ask for in its authorization request, seen from both ends."""

import time
from urllib.parse import parse_qsl

import pytest
from playwright.sync_api import Page, expect

from tests.browser.actors import Application, Person, query
from tests.browser.conftest import NewApplication
from tests.browser.scenes import Stage
from tests.support.browser import NewWindow
from tests.support.served import ServedSignet


@pytest.fixture
def form_post(new_application: NewApplication) -> Application:
    """An application that wants its answers as a form."""
    return new_application({"response_mode": "form_post"})


def test_prompt_none_without_a_session_is_login_required(
    page: Page, bookshop: Application, served: ServedSignet
) -> None:
    """No page is shown; the application is told (OpenID Connect Core section 3.1.2.6)."""
    bookshop.visit(page, prompt="none")
    expect(page.locator("#error")).to_have_text("login_required")
    assert (bookshop.answers[0]["iss"], "state" in bookshop.answers[0]) == (served.issuer, True)


def test_prompt_none_is_consent_required_until_it_is_allowed(page: Page, alice: Person, bookshop: Application) -> None:
    """With a session and without consent the error says what is missing; with both it is granted silently."""
    bookshop.visit(page)
    alice.sign_in(page)
    bookshop.visit(page, prompt="none")
    expect(page.locator("#error")).to_have_text("consent_required")

    bookshop.visit(page)
    alice.allow(page)
    bookshop.expect_signed_in(page)
    bookshop.visit(page, prompt="none")
    bookshop.expect_signed_in(page)


def test_max_age_asks_for_the_password_once_the_login_is_older(
    page: Page, alice: Person, bookshop: Application
) -> None:
    """`max_age` in seconds; the new login's time stands in the ID token (OpenID Connect Core section 2)."""
    bookshop.visit(page)
    alice.sign_in(page)
    alice.allow(page)
    bookshop.expect_signed_in(page)
    first = bookshop.token["userinfo"]["auth_time"]

    bookshop.visit(page, max_age="3600")
    bookshop.expect_signed_in(page)
    assert bookshop.token["userinfo"]["auth_time"] == first

    page.wait_for_timeout(max(0.0, first + 2.1 - time.time()) * 1000)
    bookshop.visit(page, max_age="1")
    alice.sign_in(page)
    bookshop.expect_signed_in(page)
    assert bookshop.token["userinfo"]["auth_time"] > first


def test_prompt_login_asks_although_there_is_a_session(page: Page, alice: Person, bookshop: Application) -> None:
    """The person who is logged in proves again who they are, once."""
    bookshop.visit(page)
    alice.sign_in(page)
    alice.allow(page)
    bookshop.expect_signed_in(page)
    bookshop.visit(page, prompt="login")
    expect(page.get_by_label("Password")).to_be_focused()
    alice.sign_in(page)
    bookshop.expect_signed_in(page)


def test_form_post_sends_itself(page: Page, alice: Person, form_post: Application, served: ServedSignet) -> None:
    """OAuth 2.0 Form Post Response Mode: no click, and nothing of the answer in a URL."""
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(request.url))
    form_post.visit(page)
    alice.sign_in(page)
    alice.allow(page)
    form_post.expect_signed_in(page)
    [answer] = form_post.answers
    assert answer.keys() == {"code", "state", "iss"}
    assert not any(answer["code"] in address for address in addresses)


def test_form_post_without_javascript_has_a_button(
    new_window: NewWindow, alice: Person, form_post: Application
) -> None:
    """Where no script runs the person presses it, be it after a reload; and everything before works as well."""
    page = new_window(java_script_enabled=False).new_page()
    form_post.visit(page)
    alice.sign_in(page)
    alice.allow(page)
    expect(page.get_by_role("button", name="Continue")).to_be_focused()
    page.reload()
    page.get_by_role("button", name="Continue").click()
    form_post.expect_signed_in(page)


def test_form_post_carries_a_refusal_too(page: Page, alice: Person, form_post: Application) -> None:
    """An error takes the same way as a code."""
    form_post.visit(page)
    alice.sign_in(page)
    alice.deny(page)
    expect(page.locator("#error")).to_have_text("access_denied")
    assert form_post.answers[0].keys() == {"error", "error_description", "state", "iss"}


def test_unregistered_redirect_uri_is_shown_and_never_followed(
    page: Page, bookshop: Application, served: ServedSignet
) -> None:
    """Nobody has proved where the answer might go, so it goes nowhere (RFC 6749 section 4.1.2.1)."""
    followed: list[str] = []
    page.on("request", lambda request: followed.append(request.url))
    response = page.goto(
        f"{served.issuer}/oauth/authorize?response_type=code&client_id={bookshop.client_id}"
        "&redirect_uri=https://evil.example/callback"
    )
    assert response is not None
    assert response.status == 400
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert "evil.example" not in page.content()
    assert not any(url.startswith("https://evil.example") for url in followed)


@pytest.mark.parametrize("response_mode", ["query", "form_post"])
@pytest.mark.parametrize(
    "redirect_uri",
    [
        "https://bookshop.example/callback",
        "http://localhost:8765/callback",
        "http://[::1]:8765/callback",
        "com.example.bookshop:/callback",
    ],
)
def test_consent_leads_to_every_kind_of_redirect_uri(stage: Stage, redirect_uri: str, response_mode: str) -> None:
    """Chromium holds what follows a form to the page's form-action, which has to let all of them pass (RFC 8252)."""
    stage.page.unroute_all()  # where Playwright stands in for a site, it does not tell of a private scheme
    client_id, _ = stage.operator.create_client(redirect_uris=(redirect_uri,))
    stage.ask(client_id=client_id, redirect_uri=redirect_uri, response_mode=response_mode)
    stage.person.sign_in(stage.page)
    with stage.page.expect_request(lambda request: request.url.startswith(redirect_uri)) as answered:
        stage.person.allow(stage.page)
    answer = query(answered.value.url) if response_mode == "query" else dict(parse_qsl(answered.value.post_data or ""))
    assert answer.keys() == {"code", "state", "iss"}

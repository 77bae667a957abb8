"""What people do to a page: a second tab, the back button, a reload, a form left open, scripts switched off."""

from playwright.sync_api import Page, expect

from tests.browser.actors import Application, Person
from tests.browser.conftest import NewApplication
from tests.support.browser import NewWindow


def test_two_tabs_for_two_applications_end_each_at_its_own(
    new_window: NewWindow, alice: Person, new_application: NewApplication
) -> None:
    """The request lives in the tab's URL: neither tab disturbs the other, whichever is finished first."""
    window = new_window()
    books, music = new_application(client_name="Bookshop"), new_application(client_name="Music")
    one, other = window.new_page(), window.new_page()
    books.visit(one)
    music.visit(other)
    alice.sign_in(other)
    expect(other.get_by_role("heading", level=1)).to_contain_text("Music")

    one.reload()  # signed in meanwhile, in the other tab
    expect(one.get_by_role("heading", level=1)).to_contain_text("Bookshop")
    alice.allow(one)
    alice.allow(other)
    books.expect_signed_in(one)
    music.expect_signed_in(other)
    assert (len(books.answers), len(music.answers)) == (1, 1)


def test_form_made_before_a_login_in_another_tab_ends_well(
    new_window: NewWindow, alice: Person, new_application: NewApplication
) -> None:
    """The late form is not ours any more for this session; the person sees the step that is next and goes on."""
    window = new_window()
    books, music = new_application(client_name="Bookshop"), new_application(client_name="Music")
    one, other = window.new_page(), window.new_page()
    books.visit(one)
    music.visit(other)
    alice.sign_in(other)
    alice.sign_in(one)
    alice.allow(one)
    books.expect_signed_in(one)


def test_back_button_from_the_application_answers_the_same_request_anew(
    page: Page, alice: Person, bookshop: Application
) -> None:
    """No dead end at Signet: there is a new code for it, which the application may have no use for any more."""
    bookshop.visit(page)
    alice.sign_in(page)
    alice.allow(page)
    bookshop.expect_signed_in(page)
    page.go_back()
    first, second = bookshop.answers
    assert first["state"] == second["state"]
    assert first["code"] != second["code"]
    bookshop.visit(page)
    bookshop.expect_signed_in(page)


def test_back_button_from_consent_shows_where_one_stands(page: Page, alice: Person, bookshop: Application) -> None:
    """The browser keeps no page of the way: whatever it goes back to asks the server again."""
    page.goto(bookshop.origin)
    bookshop.visit(page, prompt="login")
    request = page.url
    alice.sign_in(page)
    expect(page.get_by_role("button", name="Allow")).to_be_visible()
    page.go_back()
    assert page.url == request
    expect(page.get_by_label("Password")).to_be_visible()  # as `prompt=login` says, also of a person with a session
    page.go_forward()
    alice.allow(page)
    bookshop.expect_signed_in(page)


def test_every_page_can_be_loaded_again(page: Page, alice: Person, bookshop: Application) -> None:
    """Login, login refused, consent and the application's own page: after a POST there is a GET to repeat."""
    bookshop.visit(page)
    page.reload()
    expect(page.get_by_label("Password")).to_be_visible()
    alice.sign_in(page, password="not hers at all")
    page.reload()
    expect(page.get_by_role("alert")).to_have_count(0)
    alice.sign_in(page)
    page.reload()
    expect(page.get_by_role("button", name="Allow")).to_be_visible()
    alice.allow(page)
    bookshop.expect_signed_in(page)
    page.reload()
    bookshop.expect_signed_in(page)


def test_expired_login_form_is_shown_again_with_the_name_kept(
    new_window: NewWindow, alice: Person, bookshop: Application
) -> None:
    """Whoever comes back to a tab from before the browser was closed is told so, and signs in."""
    window = new_window()
    page = window.new_page()
    bookshop.visit(page)
    window.clear_cookies(domain="localhost")
    window.new_page().goto(page.url)  # the browser has a cookie again, which the form in the first tab is not for
    alice.sign_in(page)
    expect(page.get_by_role("alert")).to_contain_text("sign in again")
    expect(page.get_by_label("Username")).to_have_value(alice.username)
    alice.sign_in(page)
    alice.allow(page)
    bookshop.expect_signed_in(page)


def test_expired_consent_form_grants_nothing(new_window: NewWindow, alice: Person, bookshop: Application) -> None:
    """Made for a cookie that is gone the form proves nothing: it is shown again, and allowing it there works."""
    window = new_window()
    page = window.new_page()
    bookshop.visit(page)
    alice.sign_in(page)
    expect(page.get_by_role("button", name="Allow")).to_be_visible()
    window.clear_cookies(name="__Host-signet-form")
    window.new_page().goto(page.url)
    with page.expect_navigation():
        alice.allow(page)
    assert bookshop.answers == []
    alice.allow(page)
    bookshop.expect_signed_in(page)


def test_session_that_ended_during_consent_asks_to_sign_in(
    new_window: NewWindow, alice: Person, bookshop: Application
) -> None:
    """The consent of somebody who is not signed in any more is not taken."""
    window = new_window()
    page = window.new_page()
    bookshop.visit(page)
    alice.sign_in(page)
    expect(page.get_by_role("button", name="Allow")).to_be_visible()
    window.clear_cookies(name="__Host-signet-session")
    alice.allow(page)
    alice.sign_in(page)
    assert bookshop.answers == []
    alice.allow(page)
    bookshop.expect_signed_in(page)


def test_everything_works_without_javascript(new_window: NewWindow, alice: Person, bookshop: Application) -> None:
    """Wrong password, login, consent and the way back by plain HTML."""
    page = new_window(java_script_enabled=False).new_page()
    bookshop.visit(page)
    alice.sign_in(page, password="not hers at all")
    expect(page.get_by_role("alert")).to_be_visible()
    alice.sign_in(page)
    alice.allow(page)
    bookshop.expect_signed_in(page)


def test_form_without_its_cookie_says_what_is_missing(
    new_window: NewWindow, alice: Person, bookshop: Application
) -> None:
    """Where the browser refuses cookies the same form would come over and over; with them the way is open again."""
    window = new_window()
    page = window.new_page()
    bookshop.visit(page)
    window.clear_cookies(domain="localhost")
    alice.sign_in(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Cookies")
    assert "__Host-signet-session" not in {cookie["name"] for cookie in window.cookies()}
    bookshop.visit(page)
    alice.sign_in(page)
    alice.allow(page)
    bookshop.expect_signed_in(page)

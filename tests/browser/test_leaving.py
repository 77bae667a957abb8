"""The ways out, in a real browser: signing out of an application, and the account page."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.actors import Application, Operator, Person, query
from tests.browser.conftest import NewApplication
from tests.browser.scenes import DAY, TELEPHONE
from tests.browser.test_attacks import open_other_site
from tests.browser.test_pages import tab_to
from tests.support.browser import NewWindow
from tests.support.served import ServedSignet

SESSION = "__Host-signet-session"


@pytest.fixture
def left(new_application: NewApplication, operator: Operator) -> Application:
    """An application that has Signet end the session too, and wants its people back."""
    application = new_application(
        grant_types=("authorization_code", "refresh_token"), token_endpoint_auth_method="client_secret_basic"
    )
    operator.let_come_back_to(application.client_id, f"{application.origin}/")
    return application


def at_account(page: Page, served: ServedSignet, person: Person) -> None:
    """Be signed in, at the account page."""
    page.goto(f"{served.issuer}/account")
    person.sign_in(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Your account")


def has_session(page: Page, served: ServedSignet) -> bool:
    """Whether the browser has the cookie."""
    return SESSION in {cookie["name"] for cookie in page.context.cookies(served.origin)}


def test_application_signs_the_person_out_and_gets_them_back(
    page: Page, alice: Person, left: Application, served: ServedSignet
) -> None:
    """By its ID token nobody is asked; `state` comes back, the cookie is gone, and the next sign-in asks again."""
    left.visit(page)
    alice.sign_in(page)
    alice.allow(page)
    left.expect_signed_in(page)
    page.get_by_role("button", name="Sign out").click()
    expect(page.locator("#left")).to_be_visible()
    assert page.url.startswith(f"{left.origin}/?")
    assert query(page.url).keys() == {"state"}
    assert not has_session(page, served)
    left.visit(page)
    expect(page.get_by_label("Password")).to_be_visible()


def test_without_an_id_token_the_person_is_asked(
    page: Page, alice: Person, left: Application, served: ServedSignet
) -> None:
    """And may stay: then the account page shows that they are signed in."""
    at_account(page, served, alice)
    page.goto(f"{left.origin}/")
    page.set_content('<form method="post" action="/logout"><button>Out</button></form>')
    page.get_by_role("button", name="Out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign out?")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your account")
    page.goto(f"{left.origin}/")
    page.set_content('<form method="post" action="/logout"><button>Out</button></form>')
    page.get_by_role("button", name="Out").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.locator("#left")).to_be_visible()
    assert not has_session(page, served)


def test_another_site_cannot_sign_a_person_out(
    page: Page, alice: Person, bookshop: Application, served: ServedSignet
) -> None:
    """Neither by a link, nor by a form, nor by a picture: the person is asked, and still signed in."""
    at_account(page, served, alice)
    out = f"{served.issuer}/oauth/end_session"
    open_other_site(page, bookshop, f'<img src="{out}" alt=""><a href="{out}">Prize</a>')
    page.get_by_role("link", name="Prize").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign out?")
    fields = '<input type="hidden" name="form" value="end_session"><input type="hidden" name="csrf" value="0">'
    fields += '<input type="hidden" name="decision" value="sign_out">'
    open_other_site(page, bookshop, f'<form method="post" action="{out}">{fields}<button>Prize</button></form>')
    page.get_by_role("button", name="Prize").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Cookies are switched off")
    page.goto(f"{served.issuer}/account")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your account")


def test_application_that_was_removed_has_nothing_left(
    page: Page, alice: Person, left: Application, served: ServedSignet
) -> None:
    """Its access token is refused at once, and the next sign-in asks for consent again."""
    left.visit(page)
    alice.sign_in(page)
    alice.allow(page)
    left.expect_signed_in(page)
    assert page.request.get(f"{left.origin}/userinfo").status == 200
    page.goto(f"{served.issuer}/account")
    entry = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name="Bookshop"))
    expect(entry).to_contain_text("See your e-mail address")
    entry.get_by_role("button", name="Remove access of Bookshop").click()
    expect(page.get_by_role("status")).to_contain_text("no longer has access")
    expect(page.get_by_role("heading", name="Bookshop")).to_have_count(0)
    page.reload()
    expect(page.get_by_role("status")).to_have_count(0)
    assert page.request.get(f"{left.origin}/userinfo").status >= 400
    left.visit(page)
    expect(page.get_by_role("button", name="Allow")).to_be_visible()


def test_sessions_elsewhere_end_and_this_one_stays(
    new_window: NewWindow, alice: Person, operator: Operator, served: ServedSignet
) -> None:
    """One by one, or all others at once; each says where it is."""
    operator.open_session(alice, TELEPHONE, ago=DAY // 4)
    there, here = new_window().new_page(), new_window().new_page()
    at_account(there, served, alice)
    at_account(here, served, alice)
    expect(here.get_by_text("This browser")).to_have_count(1)
    here.get_by_role("button", name=re.compile("Sign out of Safari on iPhone")).click()
    expect(here.get_by_role("heading", name="Safari on iPhone")).to_have_count(0)
    there.reload()
    expect(there.get_by_role("heading", level=1)).to_have_text("Your account")
    here.get_by_role("button", name="Sign out everywhere else").click()
    expect(here.get_by_role("status")).to_contain_text("everywhere but here")
    there.reload()
    expect(there.get_by_label("Password")).to_be_visible()
    here.reload()
    expect(here.get_by_role("heading", level=1)).to_have_text("Your account")


def test_everything_works_by_keyboard_and_without_javascript(
    new_window: NewWindow, alice: Person, operator: Operator, served: ServedSignet, new_application: NewApplication
) -> None:
    """Sign in, remove an application, sign out: Tab and Enter, and the focus is always seen."""
    application = new_application()
    operator.remember_consent(alice, application.client_id, "openid email")
    page = new_window(java_script_enabled=False).new_page()
    at_account(page, served, alice)
    page.get_by_role("button", name="Remove access").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("no longer has access")
    page.get_by_role("button", name="Sign out").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("You are signed out")


def test_focus_is_seen_on_the_way_through_the_account(
    page: Page, alice: Person, operator: Operator, served: ServedSignet
) -> None:
    """Every stop of the Tab key, to the last button."""
    operator.open_session(alice, TELEPHONE)
    at_account(page, served, alice)
    tab_to(page, "Sign out everywhere else")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_be_visible()


def test_account_page_is_in_french(new_window: NewWindow, alice: Person, served: ServedSignet) -> None:
    """From the browser's language, the whole page, on a small telephone."""
    page = new_window(locale="fr-FR", viewport={"width": 320, "height": 568}).new_page()
    page.goto(f"{served.issuer}/account")
    page.get_by_label("Identifiant").fill(alice.username)
    page.get_by_label("Mot de passe").fill(alice.password)
    page.get_by_role("button", name="Se connecter").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Votre compte")
    expect(page.get_by_role("main")).to_contain_text("Chrome sur Linux")
    page.get_by_role("button", name="Se déconnecter").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Votre session est fermée")


def test_disabled_person_is_out_everywhere(
    page: Page, alice: Person, bookshop: Application, operator: Operator, served: ServedSignet
) -> None:
    """The session in the browser opens neither the account nor an application any more."""
    at_account(page, served, alice)
    operator.disable(alice)
    page.reload()
    expect(page.get_by_label("Password")).to_be_visible()
    bookshop.visit(page)
    expect(page.get_by_label("Password")).to_be_visible()
    alice.sign_in(page)
    expect(page.get_by_role("alert")).to_be_visible()


def test_account_page_is_not_shown_in_a_frame(
    page: Page, alice: Person, bookshop: Application, served: ServedSignet, complaints: list[str]
) -> None:
    """Nobody can lay its buttons under a prize."""
    at_account(page, served, alice)
    with page.expect_console_message(lambda message: "frame-ancestors" in message.text):
        open_other_site(page, bookshop, f'<iframe src="{served.issuer}/account"></iframe>')
    expect(page.frame_locator("iframe").get_by_role("button")).to_have_count(0)
    assert complaints
    complaints.clear()

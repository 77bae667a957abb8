"""What another site can make of a person's browser: nothing."""

from html import escape

import pytest
from playwright.sync_api import Page, expect

from tests.browser.actors import Application, Person


@pytest.fixture
def at_consent(page: Page, alice: Person, bookshop: Application) -> str:
    """The address at which a person who is signed in is being asked for consent."""
    bookshop.visit(page)
    alice.sign_in(page)
    expect(page.get_by_role("button", name="Allow")).to_be_visible()
    return page.url


def open_other_site(page: Page, bookshop: Application, html: str) -> None:
    """Lead the browser to a page of another site (127.0.0.1 is one, seen from localhost)."""
    page.goto(bookshop.origin)
    page.set_content(html)


def test_page_is_not_shown_in_a_frame(
    page: Page, at_consent: str, bookshop: Application, complaints: list[str]
) -> None:
    """Nobody can lay the consent page under a prize (RFC 9700 section 4.16)."""
    with page.expect_console_message(lambda message: "frame-ancestors" in message.text):
        open_other_site(page, bookshop, f'<iframe src="{escape(at_consent)}"></iframe>')
    expect(page.frame_locator("iframe").get_by_role("button")).to_have_count(0)
    assert complaints
    complaints.clear()


def test_consent_cannot_be_sent_from_another_site(page: Page, at_consent: str, bookshop: Application) -> None:
    """A form of another site comes without the person's cookies and without the proof of ours."""
    form = "".join(
        f'<input type="hidden" name="{name}" value="{value}">'
        for name, value in {"form": "consent", "decision": "allow", "csrf": "0" * 64}.items()
    )
    open_other_site(
        page, bookshop, f'<form method="post" action="{escape(at_consent)}">{form}<button>Win</button></form>'
    )
    with page.expect_response(lambda response: response.request.method == "POST") as posted:
        page.get_by_role("button", name="Win").click()
    assert posted.value.status == 400
    assert "cookie" not in posted.value.request.all_headers()
    assert bookshop.answers == []
    page.goto(at_consent)
    expect(page.get_by_role("button", name="Allow")).to_be_visible()

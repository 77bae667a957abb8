"""Consent: asked the first time, not the second, and again for whatever is new."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.actors import Application, Operator, Person
from tests.browser.conftest import NewApplication
from tests.browser.scenes import BOOKSHOP, draw_logo
from tests.support.served import ServedSignet


@pytest.fixture
def signed_in(page: Page, alice: Person, bookshop: Application) -> Page:
    """The tab of a person who has allowed the bookshop to know their name."""
    bookshop.visit(page, scope="openid profile")
    alice.sign_in(page)
    alice.allow(page)
    bookshop.expect_signed_in(page)
    return page


def test_page_says_who_asks_for_what_and_where_it_leads(
    page: Page, alice: Person, new_application: NewApplication
) -> None:
    """The client's name, logo, policy, terms and site, the host of the redirect, and each scope in words."""
    draw_logo(page)
    application = new_application(
        client_name="Anna's Bookshop <b>",
        logo_uri=f"{BOOKSHOP}/logo.svg",
        policy_uri=f"{BOOKSHOP}/privacy",
        tos_uri=f"{BOOKSHOP}/terms",
        client_uri=f"{BOOKSHOP}/",
    )
    application.visit(page)
    alice.sign_in(page)
    main = page.get_by_role("main")
    expect(main).to_contain_text("Anna's Bookshop <b>")
    expect(main).to_contain_text(alice.username)
    expect(main).to_contain_text(application.origin.removeprefix("http://"))
    for sentence in ("See your name and profile", "See your e-mail address"):
        expect(main).to_contain_text(sentence)
    assert page.locator(f"img[src='{BOOKSHOP}/logo.svg']").evaluate("logo => logo.naturalWidth") > 0
    links = {link.get_attribute("href") for link in page.get_by_role("link").all()}
    assert links == {f"{BOOKSHOP}/{path}" for path in ("", "privacy", "terms")}


def test_denied_request_goes_back_with_the_error_and_the_state(
    page: Page, alice: Person, bookshop: Application, served: ServedSignet
) -> None:
    """`access_denied` with `state` and `iss` (RFC 6749 section 4.1.2.1, RFC 9207); nothing is remembered."""
    bookshop.visit(page)
    alice.sign_in(page)
    alice.deny(page)
    expect(page.locator("#error")).to_have_text("access_denied")
    [answer] = bookshop.answers
    assert answer.keys() == {"error", "error_description", "state", "iss"}
    assert answer["iss"] == served.issuer
    assert len(answer["state"]) > 20

    bookshop.visit(page)
    expect(page.get_by_role("button", name="Allow")).to_be_visible()


def test_consent_is_asked_once(signed_in: Page, bookshop: Application) -> None:
    """While what was allowed covers what is asked, the page is by-passed; a part of it is covered too."""
    for scope in ("openid profile", "openid"):
        bookshop.visit(signed_in, scope=scope)
        bookshop.expect_signed_in(signed_in)
    assert len(bookshop.answers) == 3


def test_new_scope_is_asked_for_and_told_from_what_is_allowed_already(
    signed_in: Page, alice: Person, bookshop: Application
) -> None:
    """Only what is new stands under what the application will be able to do now."""
    bookshop.visit(signed_in, scope="openid profile email")
    expect(signed_in.get_by_role("heading", level=1)).to_contain_text("more access")
    new = signed_in.locator("h2 + ul")
    expect(new).to_have_text(re.compile(r"^\s*See your e-mail address\s*$"))
    already = signed_in.get_by_role("group")
    already.locator("summary").click()
    expect(already.get_by_text("See your name and profile")).to_be_visible()

    alice.allow(signed_in)
    bookshop.expect_signed_in(signed_in)
    assert set(bookshop.token["scope"].split()) == {"openid", "profile", "email"}
    bookshop.visit(signed_in, scope="openid profile email")
    bookshop.expect_signed_in(signed_in)


def test_revoked_consent_is_asked_for_again(
    signed_in: Page, alice: Person, bookshop: Application, operator: Operator
) -> None:
    """What the person has taken back is not remembered."""
    operator.revoke_consent(alice, bookshop.client_id)
    bookshop.visit(signed_in, scope="openid profile")
    expect(signed_in.get_by_role("button", name="Allow")).to_be_visible()
    assert len(bookshop.answers) == 1


def test_prompt_consent_asks_although_it_is_allowed(signed_in: Page, alice: Person, bookshop: Application) -> None:
    """`prompt=consent` (OpenID Connect Core section 3.1.2.1)."""
    bookshop.visit(signed_in, scope="openid profile", prompt="consent")
    alice.allow(signed_in)
    bookshop.expect_signed_in(signed_in)
    assert len(bookshop.answers) == 2


def test_public_client_asks_every_time(page: Page, alice: Person, new_application: NewApplication) -> None:
    """Anyone can pose as a client without a secret, so consent to it is not reused silently (RFC 9700 4.14)."""
    application = new_application(token_endpoint_auth_method="none")
    application.visit(page)
    alice.sign_in(page)
    for _ in range(2):
        alice.allow(page)
        application.expect_signed_in(page)
        application.visit(page)
    expect(page.get_by_role("button", name="Allow")).to_be_visible()


def test_first_party_application_does_not_ask(page: Page, alice: Person, new_application: NewApplication) -> None:
    """The operator has vouched for it by registration."""
    application = new_application(first_party=True)
    application.visit(page)
    alice.sign_in(page)
    application.expect_signed_in(page)


def test_offline_access_is_put_into_words(page: Page, alice: Person, bookshop: Application) -> None:
    """The person is told that access goes on while they are away (OpenID Connect Core section 11)."""
    bookshop.visit(page, scope="openid offline_access", prompt="consent")
    alice.sign_in(page)
    expect(page.get_by_role("main")).to_contain_text("while you are away")
    alice.allow(page)
    bookshop.expect_signed_in(page)

"""The sign-in form."""

from xml.etree.ElementTree import Element

import pytest

from signet.pages.views import LoginError
from tests.unit.pages.rendered import CLIENT, FORM, HOST, PAGES, one, parsed, text


def field(document: Element, name: str) -> Element:
    """An input of the form."""
    return one(document, f".//input[@name='{name}']")


def test_it_says_for_whom_and_where_it_ends() -> None:
    """The client's name, its logo, its policy and terms, and the host of the redirect URI."""
    document = parsed(PAGES.login("en", FORM, CLIENT, HOST))
    words = text(document)
    assert CLIENT.name in words
    assert HOST in words
    assert CLIENT.logo_uri in {image.get("src") for image in document.findall(".//img")}
    links = {link.get("href") for link in document.findall(".//a")}
    assert links == {CLIENT.client_uri, CLIENT.policy_uri, CLIENT.tos_uri}


def test_a_password_manager_finds_its_fields() -> None:
    """By the tokens of HTML's autofill section; and nothing cuts a pasted password short."""
    document = parsed(PAGES.login("en", FORM, CLIENT, HOST))
    assert field(document, "username").get("autocomplete") == "username"
    assert field(document, "password").get("autocomplete") == "current-password"
    assert field(document, "password").get("maxlength") is None
    assert field(document, "password").get("value") is None


def test_the_first_empty_field_has_the_focus() -> None:
    """The user name, or the password where the name is known."""
    empty = parsed(PAGES.login("en", FORM, CLIENT, HOST))
    assert field(empty, "username").get("autofocus") is not None
    hinted = parsed(PAGES.login("en", FORM, CLIENT, HOST, username="alice"))
    assert field(hinted, "username").get("value") == "alice"
    assert field(hinted, "password").get("autofocus") is not None


@pytest.mark.parametrize("error", LoginError)
def test_an_error_is_announced_and_tied_to_the_fields(error: LoginError) -> None:
    """WCAG 2.2 section 3.3.1; the title says it first."""
    document = parsed(PAGES.login("en", FORM, CLIENT, HOST, error=error))
    alert = one(document, ".//*[@role='alert']")
    assert text(alert)
    assert text(one(document, ".//title")).startswith("Error:")
    assert {field(document, name).get("aria-describedby") for name in ("username", "password")} == {alert.get("id")}


def test_a_wrong_password_and_an_unknown_user_are_told_alike() -> None:
    """One message for both, and both fields marked."""
    document = parsed(PAGES.login("en", FORM, CLIENT, HOST, username="alice", error=LoginError.WRONG_CREDENTIALS))
    assert text(one(document, ".//*[@role='alert']")) == "The username or the password is not right."
    assert {field(document, name).get("aria-invalid") for name in ("username", "password")} == {"true"}


def test_the_status_tells_a_password_manager_that_nobody_signed_in() -> None:
    """Chromium offers to save a password only after a success."""
    assert PAGES.login("en", FORM, CLIENT, HOST).status == 200
    for error in LoginError:
        status = PAGES.login("en", FORM, CLIENT, HOST, error=error, retry_after=3).status
        assert status == (429 if error is LoginError.TOO_MANY_ATTEMPTS else 400)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (None, "5 seconds"),
        (0, "5 seconds"),
        (1, "5 seconds"),
        (5, "5 seconds"),
        (6, "10 seconds"),
        (90, "90 seconds"),
        (91, "2 minutes"),
        (121, "3 minutes"),
        (900, "15 minutes"),
    ],
)
def test_whoever_must_wait_is_never_told_less_than_it_is(seconds: int | None, told: str) -> None:
    """In words rounded up, in `Retry-After` to the second (RFC 6585 section 4)."""
    response = PAGES.login("en", FORM, CLIENT, HOST, error=LoginError.TOO_MANY_ATTEMPTS, retry_after=seconds)
    assert text(one(parsed(response), ".//*[@role='alert']")) == f"Too many attempts. Try again in {told}."
    assert response.headers["Retry-After"] == str(seconds or 0)


def test_who_is_signed_in_already_is_told_why_they_are_asked_again() -> None:
    """`prompt=login` and `max_age`."""
    document = parsed(PAGES.login("en", FORM, CLIENT, HOST, username="alice", signed_in_as="alice"))
    assert "You are signed in as alice." in text(document)


def test_the_redirect_may_end_at_the_sources_it_was_given() -> None:
    """A loopback address or a private-use scheme."""
    response = PAGES.login("en", FORM, CLIENT, HOST, form_action=("http://127.0.0.1:4711",))
    assert "form-action 'self' https: http://127.0.0.1:4711;" in response.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "source", ["https: ; script-src *", "a:\r\nX: y", "*", "'unsafe-inline'", "", "http://a/b", "a"]
)
def test_what_is_no_source_is_refused(source: str) -> None:
    """It could add a directive, or a header."""
    with pytest.raises(ValueError, match="not a source"):
        PAGES.login("en", FORM, CLIENT, HOST, form_action=(source,))

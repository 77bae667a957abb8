"""What the account page says: days, moments and browsers in words, and a button for each thing that can end."""

import pytest

from signet.pages.dates import date, moment
from signet.pages.user_agent import browser
from signet.pages.views import ClientView, SessionView
from signet.pages.wording import wording
from tests.unit.pages.rendered import FORM, PAGES, every_page, parsed, text

LEAP_DAY, NEW_YEAR = 1_709_208_000, 1_767_225_540
"""29 February 2024 at noon; the last minute of 2025."""


@pytest.mark.parametrize(
    ("locale", "when", "day", "minute"),
    [
        ("en", 0, "1 January 1970", "1 January 1970, 00:00 UTC"),
        ("fr", 0, "1er janvier 1970", "1er janvier 1970, 00:00 UTC"),
        ("en", LEAP_DAY, "29 February 2024", "29 February 2024, 12:00 UTC"),
        ("fr", LEAP_DAY, "29 février 2024", "29 février 2024, 12:00 UTC"),
        ("fr", NEW_YEAR, "31 décembre 2025", "31 décembre 2025, 23:59 UTC"),
    ],
)
def test_a_moment_is_told_in_words_and_for_machines(locale: str, when: int, day: str, minute: str) -> None:
    """In UTC, and says so; `time` holds it in the form of ISO 8601."""
    assert f">{day}</time>" in date(wording(locale), when)
    assert f">{minute}</time>" in moment(wording(locale), when)
    assert 'datetime="2024-02-29T12:00Z"' in moment(wording("en"), LEAP_DAY)


AGENTS = {
    "Chrome on Windows": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/143.0.0.0 Safari/537.36",
    "Edge on Windows": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/143.0.0.0 Safari/537.36 Edg/143.0.0.0",
    "Opera on macOS": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/142.0.0.0 Safari/537.36 OPR/126.0.0.0",
    "Safari on macOS": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    " Version/18.6 Safari/605.1.15",
    "Chrome on iPhone": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) CriOS/143.0.7499.38 Mobile/15E148 Safari/604.1",
    "Firefox on iPad": "Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    " FxiOS/145.0 Mobile/15E148 Safari/605.1.15",
    "Samsung Internet on Android": "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko)"
    " SamsungBrowser/29.0 Chrome/136.0.0.0 Mobile Safari/537.36",
    "Chrome on ChromeOS": "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/143.0.0.0 Safari/537.36",
    "Firefox on Linux": "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
    "Unknown browser": "",
    "<bdi>curl/8.10 &lt;b&gt;</bdi>": "curl/8.10 <b>",
}


@pytest.mark.parametrize("told", AGENTS)
def test_a_browser_is_called_what_its_owner_calls_it(told: str) -> None:
    """Most of them name those that they descend from; what is not known is shown as it is, as text."""
    assert browser(wording("en"), AGENTS[told]) == told


def test_every_button_says_what_it_ends() -> None:
    """To a screen reader, which reads them out of their place; each once."""
    page = PAGES.account(
        "en",
        "ada",
        applications=[],
        sessions=[
            SessionView("a", AGENTS["Firefox on Linux"], 0, None),
            SessionView("b", AGENTS["Firefox on Linux"], LEAP_DAY, FORM),
            SessionView("c", AGENTS["Firefox on Linux"], NEW_YEAR, FORM),
        ],
        sign_out=FORM,
        others=FORM,
    )
    buttons = [text(button) for button in parsed(page).findall(".//button")]
    assert len(set(buttons)) == len(buttons) == 4
    assert buttons[1] == "Sign out of Firefox on Linux, since 29 February 2024, 12:00 UTC"


def test_an_application_without_a_logo_has_its_initial() -> None:
    """Which says nothing more to a screen reader than the name beside it."""
    document = parsed(every_page("émile")["account"])
    initials = [span for span in document.findall(".//span") if "initial" in span.get("class", "").split()]
    assert [(text(span), span.get("aria-hidden")) for span in initials] == [("É", "true")]


def test_the_question_says_who_asks_and_where_it_leads() -> None:
    """With a client and without one; either button is there."""
    asked = parsed(PAGES.sign_out("en", FORM, ClientView("Bookshop"), "bookshop.example", username="ada"))
    for said in ("Bookshop asks you to sign out.", "as ada.", "You will then return to bookshop.example."):
        assert said in text(asked)
    bare = parsed(PAGES.sign_out("en", FORM))
    assert "return" not in text(bare)
    for document in (asked, bare):
        decisions = [button.get("value") for button in document.findall(".//button")]
        assert decisions == ["stay", "sign_out"]

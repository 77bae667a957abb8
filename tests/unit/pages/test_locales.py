"""The choice of a language."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signet.pages.locales import LOCALES, choose_locale


@pytest.mark.parametrize(
    ("ui_locales", "accept_language", "chosen"),
    [
        ("", "", "en"),
        ("fr", "", "fr"),
        ("FR-ca", "", "fr"),
        ("fr-Latn-CA-x-quebec", "", "fr"),
        ("de fr en", "", "fr"),
        ("de", "fr", "fr"),
        ("en", "fr", "en"),
        ("french", "", "en"),
        ("fr,en", "", "en"),
        ("", "fr", "fr"),
        ("", "fr-CA,fr;q=0.9,en;q=0.8", "fr"),
        ("", "en;q=0.8, fr", "fr"),
        ("", "en;q=0.8,fr;q=0.9", "fr"),
        ("", "en;q=0.800 , fr ; q=0.9", "fr"),
        ("", "de-DE,de;q=0.9,fr;q=0.1", "fr"),
        ("", "fr;q=0", "en"),
        ("", "fr;q=0.000", "en"),
        ("", "fr;q=1.000", "fr"),
        ("", "FR;Q=0.5", "fr"),
        ("", "*", "en"),
        ("", "*,fr;q=0.5", "fr"),
        ("", "fr;q=2", "en"),
        ("", "fr;q=-1", "en"),
        ("", "fr;q=1e9", "en"),
        ("", "fr;q=nan", "en"),
        ("", "fr;q=0.9999", "en"),
        ("", "fr;level=1", "en"),
        ("", ",,;;q=,fr", "fr"),
        ("", "fr-", "en"),
        ("../fr", "../../fr", "en"),
        ("fr\0", "fr\r\nX: y", "en"),
        ("\uff46\uff52", "\uff46\uff52", "en"),
        ("fr" + "-a" * 100, "", "fr"),
    ],
)
def test_the_language_is_the_first_preferred_one_that_there_is(
    ui_locales: str, accept_language: str, chosen: str
) -> None:
    """RFC 4647 section 3.4; `ui_locales` before the header; nonsense says nothing."""
    assert choose_locale(ui_locales, accept_language) == chosen


def test_a_long_list_is_not_read_to_its_end() -> None:
    """Twenty languages, a thousand characters."""
    assert choose_locale("de " * 19 + "fr") == choose_locale("", "de," * 19 + "fr") == "fr"
    assert choose_locale("de " * 20 + "fr") == choose_locale("", "de," * 20 + "fr") == "en"
    assert choose_locale(" " * 1000 + "fr") == choose_locale("", " " * 1000 + "fr") == "en"
    assert choose_locale("x" * 5_000_000, "fr;q=0." + "9" * 5_000_000) == "en"


@given(st.text(), st.text(alphabet="frenq=;,.-*01 \t"))
def test_any_input_chooses_a_language_there_is(ui_locales: str, accept_language: str) -> None:
    """Nothing is raised, and nothing but a tag of ours comes out."""
    assert choose_locale(ui_locales, accept_language) in LOCALES

"""The messages of each language."""

import json
import re
from pathlib import Path
from string import Formatter

import pytest
from markupsafe import Markup

from signet import pages
from signet.pages.locales import DEFAULT, LOCALES
from signet.pages.views import AccountNotice, LoginError, PageError
from signet.pages.wording import wording

FOLDER = Path(pages.__file__).parent
TEXTS = {locale: wording(locale).messages for locale in LOCALES}


def test_there_is_a_file_of_messages_for_each_language_and_english_is_one() -> None:
    """A language is added by its file alone."""
    assert {path.stem for path in (FOLDER / "messages").iterdir()} == set(LOCALES) >= {"en", "fr"}
    assert DEFAULT == "en"


@pytest.mark.parametrize("locale", LOCALES)
def test_every_message_is_in_every_language(locale: str) -> None:
    """With the same placeholders, and no key twice."""
    assert TEXTS[locale].keys() == TEXTS[DEFAULT].keys()
    for key, text in TEXTS[locale].items():
        assert text.strip() == text != "", key
        assert placeholders(text) == placeholders(TEXTS[DEFAULT][key]), key
    pairs = json.loads((FOLDER / "messages" / f"{locale}.json").read_text("utf-8"), object_pairs_hook=list)
    assert len(pairs) == len(TEXTS[locale])


def placeholders(text: str) -> set[str]:
    """The names in braces."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_every_message_is_used_and_every_message_used_is_there() -> None:
    """The keys named in the templates and in the code, and those made of the vocabularies of errors."""
    sources = [*(FOLDER / "templates").iterdir(), *FOLDER.glob("*.py")]
    named = set().union(*(re.findall(r'"([a-z_]+(?:\.[a-z_]+)+)"', path.read_text("utf-8")) for path in sources))
    named = {key for key in named if not key.endswith((".html", ".svg", ".css", ".js"))}
    made = {f"login.error.{error}" for error in LoginError}
    made |= {f"error.{error}.{part}" for error in PageError for part in ("title", "text")}
    made |= {f"error.{parameter}.developer" for parameter in ("unknown_client", "redirect_uri_not_registered")}
    made |= {f"account.notice.{notice}" for notice in AccountNotice}
    made |= {f"client.{link}" for link in ("website", "policy", "terms")}
    assert set(TEXTS[DEFAULT]) == (named | made | {"direction"})


def test_french_is_set_as_french_is() -> None:
    """Typographic apostrophes, and no line breaks before high punctuation."""
    for key, text in TEXTS["fr"].items():
        assert "'" not in text, key
        assert not re.search(r"(?<![\u00a0\u202f])[:;?!](?=\s|$)", text), key


def test_a_message_escapes_what_is_put_into_it_and_itself() -> None:
    """Only what is markup already stays markup."""
    say = wording("en")
    assert say("login.to", client="<b>{x}</b>") == "to continue to &lt;b&gt;{x}&lt;/b&gt;"
    assert say("login.to", client=Markup("<bdi>A</bdi>")) == "to continue to <bdi>A</bdi>"

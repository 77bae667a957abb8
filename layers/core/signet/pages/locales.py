"""The pages' languages: one file of messages each; which of them a person reads."""

import re
from collections.abc import Iterator
from pathlib import Path

MESSAGES = Path(__file__).parent / "messages"

DEFAULT = "en"
LOCALES = tuple(sorted(path.stem for path in MESSAGES.glob("*.json")))
"""Language tags (RFC 5646) of the message files."""

_BY_TAG = {locale.lower(): locale for locale in LOCALES}
_RANGE = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*")
_WEIGHTED = re.compile(rf"({_RANGE.pattern})[ \t]*(?:;[ \t]*q=(0(?:\.[0-9]{{0,3}})?|1(?:\.0{{0,3}})?))?", re.IGNORECASE)
_LONGEST = 1000
_MOST = 20


def choose_locale(ui_locales: str = "", accept_language: str = "") -> str:
    """One of LOCALES by the lookup of RFC 4647 section 3.4; what cannot be understood says nothing.

    `ui_locales` (OpenID Connect Core section 3.1.2.1: tags by preference) comes before `accept_language`, the header
    of RFC 9110 section 12.5.4. Of each only the first 1,000 characters and 20 languages are read.
    """
    for preferred in (*_tags(ui_locales), *_ranges(accept_language)):
        subtags = preferred.lower().split("-")
        for length in range(len(subtags), 0, -1):
            if locale := _BY_TAG.get("-".join(subtags[:length])):
                return locale
    return DEFAULT


def _tags(ui_locales: str) -> Iterator[str]:
    return (tag for tag in ui_locales[:_LONGEST].split()[:_MOST] if _RANGE.fullmatch(tag))


def _ranges(accept_language: str) -> list[str]:
    """The language ranges by falling weight, without those of weight 0."""
    elements = (_WEIGHTED.fullmatch(element.strip(" \t")) for element in accept_language[:_LONGEST].split(",")[:_MOST])
    weighted = [(float(element[2] or 1), element[1]) for element in elements if element]
    return [tag for weight, tag in sorted(weighted, key=lambda pair: -pair[0]) if weight]

"""The text of the pages, by language."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from markupsafe import Markup, escape

from signet.pages.locales import MESSAGES


@dataclass(frozen=True, slots=True)
class Wording:
    """The messages of one language by their keys."""

    locale: str
    messages: Mapping[str, str]

    def __call__(self, key: str, **values: object) -> Markup:
        """The message as HTML, its `{placeholders}` filled; every value that is not markup already is escaped."""
        return escape(self.messages[key]).format(**values)


@cache
def wording(locale: str) -> Wording:
    """The text in one of LOCALES."""
    return Wording(locale, json.loads((MESSAGES / f"{locale}.json").read_text(encoding="utf-8")))

"""What scope each route of a guarded API wants."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from signet.errors import OAuthError
from signet.parameters import parse_scope
from signet.settings import SettingsInvalid

_ROUTE_KEY = re.compile(r"\$default|(ANY|GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) /\S*")
"""A route key of an HTTP API."""


@dataclass(frozen=True, slots=True)
class RouteScopes:
    """By route key the scopes that are enough, each alternative a set of which all are needed.

    Without any route every route takes a token of whatever scope; with one, a route that is not named takes none.
    """

    routes: Mapping[str, Sequence[frozenset[str]]]

    @classmethod
    def parse(cls, text: str) -> "RouteScopes":
        """Read a JSON object of route keys, for example `{"GET /a": "read", "POST /a": ["write", "read admin"]}`.

        A string is a scope as RFC 6749 section 3.3 spells it, all of it needed, or empty; of a list one is enough.
        Raises SettingsInvalid.
        """
        if not text:
            return cls({})
        try:
            members = json.loads(text, object_pairs_hook=_once_each)
            return cls({_route_key(route): _alternatives(wanted) for route, wanted in members.items()})
        except (ValueError, TypeError, AttributeError, RecursionError, OAuthError) as error:
            if isinstance(error, SettingsInvalid):
                raise
            raise SettingsInvalid(
                "the scopes of routes must be a JSON object: route keys, and for each a scope or a list"
            ) from None

    def knows(self, route: str) -> bool:
        """Whether the route takes tokens at all."""
        return not self.routes or route in self.routes

    def satisfied_by(self, scope: Sequence[str], route: str) -> bool:
        """Whether a token of that scope is enough for the route."""
        return not self.routes or any(wanted.issubset(scope) for wanted in self.routes.get(route, ()))


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of a route that is named twice neither counts: nobody can have meant both."""
    members = dict(pairs)
    if len(members) < len(pairs) or not members:
        raise SettingsInvalid("the scopes of routes must name at least one route, and each once")
    return members


def _route_key(route: str) -> str:
    if not _ROUTE_KEY.fullmatch(route):
        raise SettingsInvalid(f"the scopes of routes name {route[:80]!r}, which is no route key such as 'GET /orders'")
    return route


def _alternatives(wanted: Any) -> tuple[frozenset[str], ...]:
    if isinstance(wanted, list) and wanted:
        return tuple(frozenset(parse_scope(scope)) for scope in wanted)
    if not isinstance(wanted, str):
        raise TypeError(wanted)
    return (frozenset(parse_scope(wanted) if wanted else ()),)

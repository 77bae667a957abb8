"""Redirect URIs: which may be registered, and which request matches (RFC 9700 section 2.1, RFC 8252)."""

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl

LONGEST = 2_000

ANSWER = frozenset({"code", "state", "iss", "error", "error_description", "error_uri"})
"""Parameters of an answer. A query that already holds one would have the client read it twice."""

_CHARACTERS = re.compile(r"(?:[A-Za-z0-9\-._~:/?\[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})+")
"""RFC 3986's, without `#`: no space, no back-slash, no control, nothing half encoded."""

_PORT = r"(?::([1-9][0-9]{0,4}))?"

_WEB = re.compile(rf"(https?)://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*){_PORT}(?:[/?].*)?")
"""Stricter than any parser, so that no two of them see another host: no user, no trailing dot, no encoded host."""

_LOOPBACK = re.compile(rf"http://(127\.0\.0\.1|\[::1\]){_PORT}([/?].*)?")

_PRIVATE = re.compile(r"[a-z][a-z0-9+\-]*(?:\.[a-z0-9+\-]+)+:.+", re.IGNORECASE)
"""A scheme a native app may claim: a domain name in reverse (RFC 8252 section 7.1)."""

_DOT_SEGMENT = re.compile(
    r"(?:[:/]|%(?:25)*2f|%(?:25)*5c)(?:\.|%(?:25)*2e){1,2}(?:[/;]|%(?:25)*(?:2f|5c|3b)|$)", re.IGNORECASE
)
"""`.` and `..` as browsers, proxies and servers resolve them, encoded any number of times, with parameters or not."""


def fault(redirect_uri: str) -> str | None:
    """What forbids registering it, None where it is sound."""
    return next(_faults(redirect_uri), None)


def _faults(redirect_uri: str) -> Iterator[str]:
    if len(redirect_uri) > LONGEST:
        yield f"must not be longer than {LONGEST} characters"
    if "#" in redirect_uri:
        yield "must not have a fragment"  # RFC 6749 section 3.1.2
    if not _CHARACTERS.fullmatch(redirect_uri):
        yield "must be an absolute URI in RFC 3986's characters, others percent-encoded"
    if redirect_uri.lower().startswith(("http:", "https:")):
        yield from _web_faults(redirect_uri)
    elif not _PRIVATE.fullmatch(redirect_uri):
        yield "must be https, loopback http, or a private scheme that is a reversed domain name"
    path, _, query = redirect_uri.partition("?")
    if _DOT_SEGMENT.search(path):
        yield "must not have . or .. in its path: it leads elsewhere than it says"
    taken = sorted(ANSWER.intersection(name for name, _ in parse_qsl(query, keep_blank_values=True)))
    if taken:
        yield f"must not hold {', '.join(taken)} in its query: the answer does"


def _web_faults(redirect_uri: str) -> Iterator[str]:
    web = _WEB.fullmatch(redirect_uri)
    if not web or int(web[3] or 0) >= 65_536:
        yield "must have a lower-case scheme, // and a host: no user, wildcard, trailing dot or impossible port"
    elif web[1] == "http" and web[2] not in {"127.0.0.1", "[::1]", "localhost"}:
        yield "must be https; http is for 127.0.0.1, [::1] and localhost"


def matches(registered: str, requested: str) -> bool:
    """Exact string match; of a loopback address alone the port may differ (RFC 8252 section 7.3)."""
    if registered == requested:
        return True
    one, other = _LOOPBACK.fullmatch(registered), _LOOPBACK.fullmatch(requested)
    if not one or not other:
        return False
    return (one[1], one[3]) == (other[1], other[3]) and int(other[2] or 80) < 65_536

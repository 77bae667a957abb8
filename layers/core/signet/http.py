"""An HTTP request and its answer as values, without a word of AWS."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from signet.json_text import encoded

STRICT_TRANSPORT_SECURITY = "max-age=63072000; includeSubDomains"

HEADERS: Mapping[str, str] = {
    "Strict-Transport-Security": STRICT_TRANSPORT_SECURITY,
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
"""What every answer has that says nothing else: redirects and JSON may be opened by a browser too (ASVS 5.0 3.4)."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request as it arrived: nothing decoded, nothing merged.

    `path` is the route that matched. `query` is the raw query string. Header names are in lower case; a header sent
    twice arrives as one value joined by commas. Everything that can hold a secret is left out of `repr`.
    """

    method: str
    path: str
    query: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    cookies: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    request_id: str = ""
    source_ip: str = ""

    def header(self, name: str) -> str:
        """Value of a header, empty if it was not sent."""
        return self.headers.get(name, "")


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """One answer. `body` is text in UTF-8, `cookies` are values of `Set-Cookie`; both may hold secrets."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = field(default="", repr=False)
    cookies: tuple[str, ...] = field(default=(), repr=False)


def uncached_json(status: int, members: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> HttpResponse:
    """A JSON answer no cache may keep (RFC 6749 section 5.1)."""
    return HttpResponse(
        status,
        {
            "Content-Type": "application/json",
            "Cache-Control": "no-store",
            "Pragma": "no-cache",
            **(headers or {}),
        },
        encoded(members).decode(),
    )

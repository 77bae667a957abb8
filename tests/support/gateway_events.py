"""API Gateway's payload 2.0 events: those of events/, changed where a test needs it, and of any other request."""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from signet_cli.local.event import Request, proxy_event

EVENTS = Path(__file__).parents[2] / "events"

ORIGIN = "https://id.example.com"

EXAMPLE_SECRET = "an-example-secret-for-events-and-tests"
"""Secret of the clients in events/, but for the one of seed 000."""

FORM = "application/x-www-form-urlencoded"

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """A function's answer as a caller sees it: header names in lower case, the body as text, `Set-Cookie` values."""

    status: int
    headers: Mapping[str, str]
    body: str
    cookies: tuple[str, ...] = ()

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    def error(self, status: int = 400) -> str:
        """The code of an error answer of that status, which must be whole (RFC 6749 section 5.2)."""
        members = self.json()
        assert (self.status, members.keys()) == (status, {"error", "error_description"}), self
        assert re.fullmatch(r"[\x20-\x21\x23-\x5B\x5D-\x7E]+", members["error_description"])
        assert self.headers["content-type"] == "application/json"
        assert self.headers["cache-control"] == "no-store"
        assert self.headers["pragma"] == "no-cache"
        code: str = members["error"]
        return code


def answer(payload: Mapping[str, Any]) -> Answer:
    """What API Gateway makes of a function's payload 2.0 response, which must be one."""
    assert payload.keys() <= {"statusCode", "headers", "body", "isBase64Encoded", "cookies"}
    assert payload["isBase64Encoded"] is False
    json.dumps(payload)
    headers = {name.lower(): value for name, value in payload["headers"].items()}
    assert len(headers) == len(payload["headers"])
    assert all("\r" not in value and "\n" not in value for value in headers.values())
    return Answer(payload["statusCode"], headers, payload["body"], tuple(payload.get("cookies", ())))


def stored(name: str, **members: Any) -> Event:
    """The event events/<name>.json, with other values for some of its members."""
    event: Event = json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))
    return {**event, **members}


def event(
    method: str,
    path: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    query: str = "",
) -> Event:
    """The event of a request to the route of that path."""
    target = f"{path}?{query}" if query else path
    request = Request(method, target, "HTTP/1.1", tuple((headers or {}).items()), body, "203.0.113.7")
    trace_id = "Root=1-68a1b2c3-0123456789abcdef01234567"
    return proxy_event(request, f"ANY {path}", {}, origin=ORIGIN, request_id="JKJaXmPLvHcESHA=", trace_id=trace_id)


def token_event(
    parameters: Mapping[str, str] | bytes,
    *,
    basic: tuple[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    path: str = "/connect/oauth/token",
    method: str = "POST",
    query: str = "",
) -> Event:
    """The event of a token request: parameters as a form, or a body as it is; `basic` are id and secret in clear."""
    body = parameters if isinstance(parameters, bytes) else urlencode(parameters).encode()
    fields = {"content-type": FORM}
    if basic:
        fields["authorization"] = basic_header(*basic)
    return event(method, path, headers={**fields, **(headers or {})}, body=body, query=query)


def basic_header(client_id: str, client_secret: str) -> str:
    """The Authorization header of RFC 6749 section 2.3.1, both halves form-encoded."""
    halves = urlencode({client_id: client_secret}).replace("=", ":", 1)
    return "Basic " + base64.b64encode(halves.encode()).decode()

"""API Gateway's HTTP API payload 2.0, in and out."""

from binascii import a2b_base64
from collections.abc import Iterable, Mapping
from typing import Any

from signet.errors import OAuthError, Reason, invalid_request
from signet.http import HEADERS, HttpRequest, HttpResponse

Event = Mapping[str, Any]
Payload = dict[str, Any]


def http_request(event: Event) -> HttpRequest:
    """The request of an event. Its path is the route that matched, which neither stage nor domain mapping alters.

    Raises OAuthError(invalid_request) for a body that is not the base64 it says it is.
    """
    context = event.get("requestContext") or {}
    http = context.get("http") or {}
    _, _, route = str(event.get("routeKey") or "").partition(" ")
    return HttpRequest(
        method=str(http.get("method") or ""),
        path=route or str(event.get("rawPath") or ""),
        query=str(event.get("rawQueryString") or ""),
        headers={name.lower(): str(value) for name, value in (event.get("headers") or {}).items()},
        cookies=_cookies(event.get("cookies") or ()),
        body=_body(event),
        request_id=str(context.get("requestId") or ""),
        source_ip=str(http.get("sourceIp") or ""),
    )


def payload(response: HttpResponse) -> Payload:
    """The answer as API Gateway takes it."""
    return {
        "statusCode": response.status,
        "headers": {**HEADERS, **response.headers},
        **({"cookies": list(response.cookies)} if response.cookies else {}),
        "body": response.body,
        "isBase64Encoded": False,
    }


def malformed(event: Event) -> HttpRequest:
    """What can be said of an event whose body cannot be read."""
    return http_request({**event, "body": None})


def _cookies(cookies: Iterable[str]) -> dict[str, str]:
    """Cookies by name. Of two with one name the first counts: browsers send the one with the longer path first."""
    found: dict[str, str] = {}
    for cookie in cookies:
        name, _, value = cookie.partition("=")
        found.setdefault(name.strip(), value.strip())
    return found


def _body(event: Event) -> bytes:
    body = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return str(body).encode("utf-8", "surrogatepass")
    try:
        return a2b_base64(body, strict_mode=True)
    except (TypeError, ValueError) as error:  # binascii.Error is one
        raise _malformed_event() from error


def _malformed_event() -> OAuthError:
    return invalid_request(Reason.MALFORMED_EVENT, "The body is malformed.")

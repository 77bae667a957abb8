"""HTTP to API Gateway's payload format 2.0 and back, as AWS documents it for HTTP APIs.

Where the page is silent this follows what the service was seen to do: `rawPath` is percent-decoded,
`rawQueryString` is not, and of all bodies only the text types below arrive as text.
"""

import base64
import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from signet_cli.local.embedded import ACCOUNT_ID

STAGE = "$default"
_TEXT_TYPES = frozenset({"application/json", "application/xml", "application/javascript"})
_CONNECTION_HEADERS = frozenset({"connection", "keep-alive", "transfer-encoding", "upgrade", "te", "trailer"})


@dataclass(frozen=True)
class Request:
    """An HTTP request as it came in: `target` as on the request line, header fields in their order."""

    method: str
    target: str
    protocol: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    source_ip: str

    @property
    def path(self) -> str:
        """The path, percent-decoded."""
        return unquote(self.target.partition("?")[0])

    @property
    def query(self) -> str:
        """The query string as it came in."""
        return self.target.partition("?")[2]


@dataclass(frozen=True)
class Response:
    """An HTTP response; `headers` has Set-Cookie once for each cookie and no field about the connection."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @classmethod
    def message(cls, status: int, text: str) -> "Response":
        """Return one of API Gateway's own answers."""
        return cls(
            status,
            (("content-type", "application/json"),),
            json.dumps({"message": text}, separators=(",", ":")).encode(),
        )


def joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the pairs as a map, the values of a repeated name joined by commas."""
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return {name: ",".join(several) for name, several in values.items()}


def proxy_event(
    request: Request, route_key: str, path_parameters: Mapping[str, str], *, origin: str, request_id: str, trace_id: str
) -> dict[str, Any]:
    """Return the event a function gets for `request`; `origin` is the address that the API has for its callers."""
    address = urlsplit(origin)
    domain = address.hostname or ""
    fields = [(name.lower(), value) for name, value in request.headers]
    headers = joined((name, value) for name, value in fields if name != "cookie")
    headers["x-forwarded-for"] = ", ".join(filter(None, [headers.get("x-forwarded-for"), request.source_ip]))
    headers["x-forwarded-port"] = str(address.port or (443 if address.scheme == "https" else 80))
    headers["x-forwarded-proto"] = address.scheme
    headers["x-amzn-trace-id"] = trace_id
    now = datetime.now(UTC)
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": route_key,
        "rawPath": request.path,
        "rawQueryString": request.query,
        "headers": headers,
        "requestContext": {
            "accountId": ACCOUNT_ID,
            "apiId": "local",
            "domainName": domain,
            "domainPrefix": domain.partition(".")[0],
            "http": {
                "method": request.method,
                "path": request.path,
                "protocol": request.protocol,
                "sourceIp": request.source_ip,
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": request_id,
            "routeKey": route_key,
            "stage": STAGE,
            "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "timeEpoch": int(now.timestamp() * 1000),
        },
        "isBase64Encoded": False,
    }
    cookies = [cookie.strip() for name, value in fields if name == "cookie" for cookie in value.split(";")]
    if cookies := [cookie for cookie in cookies if cookie]:
        event["cookies"] = cookies
    if request.query:
        event["queryStringParameters"] = joined(parse_qsl(request.query, keep_blank_values=True))
    if path_parameters:
        event["pathParameters"] = dict(path_parameters)
    if request.body:
        event["body"], event["isBase64Encoded"] = _event_body(request.body, headers.get("content-type", ""))
    return event


def http_response(result: Any) -> Response:
    """Return the response that a function's result stands for.

    A result without `statusCode` is itself the body of a 200. ValueError or TypeError when the result is no response.
    """
    if not isinstance(result, dict) or "statusCode" not in result:
        body = result if isinstance(result, str) else json.dumps(result)
        return Response(200, (("content-type", "application/json"),), body.encode())
    status = int(result["statusCode"])
    if not 200 <= status <= 599:
        raise ValueError(f"statusCode {status}")
    headers = [(str(name).lower(), str(value)) for name, value in (result.get("headers") or {}).items()]
    headers = [(name, value) for name, value in headers if name not in _CONNECTION_HEADERS | {"content-length"}]
    if not any(name == "content-type" for name, _ in headers):
        headers.append(("content-type", "text/plain;charset=UTF-8"))
    headers += [("set-cookie", str(cookie)) for cookie in result.get("cookies") or ()]
    content = str(result.get("body") or "").encode()
    if result.get("isBase64Encoded"):
        content = base64.b64decode(content, validate=True)
    return Response(status, tuple(headers), content)


def new_request_id() -> str:
    """Return an id in the form of API Gateway's extended request ids."""
    return secrets.token_urlsafe(11) + "="


def _event_body(body: bytes, content_type: str) -> tuple[str, bool]:
    """Return the body as it stands in the event, and whether it is base64."""
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type in _TEXT_TYPES or media_type.startswith("text/"):
        try:
            return body.decode(), False
        except UnicodeDecodeError:
            pass
    return base64.b64encode(body).decode(), True

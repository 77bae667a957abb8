"""HTTP and API Gateway's payload format 2.0, against the examples of AWS's page on integrations for HTTP APIs."""

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from signet_cli.local.event import Request, http_response, proxy_event

DOCUMENTED = Request(
    method="POST",
    target="/my/path?parameter1=value1&parameter1=value2&parameter2=value",
    protocol="HTTP/1.1",
    headers=(
        ("Host", "id.execute-api.us-east-1.amazonaws.com"),
        ("User-Agent", "agent"),
        ("Content-Type", "text/plain"),
        ("Cookie", "cookie1; cookie2"),
        ("Header1", "value1"),
        ("Header2", "value1"),
        ("header2", "value2"),
    ),
    body=b"Hello from Lambda",
    source_ip="192.0.2.1",
)


def event_of(request: Request, route_key: str = "$default", **path_parameters: str) -> dict[str, Any]:
    """Return the event for a request to an API of the documented address."""
    return proxy_event(
        request,
        route_key,
        path_parameters,
        origin="https://id.execute-api.us-east-1.amazonaws.com",
        request_id="id",
        trace_id="Root=1-5e6722a7-cc56xmpl46db7ae02d4da47e",
    )


def test_documented_request_becomes_the_documented_event() -> None:
    """Every member of the example that a plain HTTP API without authorizer and mutual TLS sends, and no other."""
    event = event_of(DOCUMENTED, parameter1="value1")
    context = event["requestContext"]
    assert isinstance(context.pop("timeEpoch"), int)
    assert context.pop("time")[2:3] == "/"
    assert event == {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/my/path",
        "rawQueryString": "parameter1=value1&parameter1=value2&parameter2=value",
        "cookies": ["cookie1", "cookie2"],
        "headers": {
            "host": "id.execute-api.us-east-1.amazonaws.com",
            "user-agent": "agent",
            "content-type": "text/plain",
            "header1": "value1",
            "header2": "value1,value2",
            "x-forwarded-for": "192.0.2.1",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
            "x-amzn-trace-id": "Root=1-5e6722a7-cc56xmpl46db7ae02d4da47e",
        },
        "queryStringParameters": {"parameter1": "value1,value2", "parameter2": "value"},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "local",
            "domainName": "id.execute-api.us-east-1.amazonaws.com",
            "domainPrefix": "id",
            "http": {
                "method": "POST",
                "path": "/my/path",
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
                "userAgent": "agent",
            },
            "requestId": "id",
            "routeKey": "$default",
            "stage": "$default",
        },
        "body": "Hello from Lambda",
        "pathParameters": {"parameter1": "value1"},
        "isBase64Encoded": False,
    }


def test_members_without_content_are_absent() -> None:
    """`cookies`, `queryStringParameters`, `pathParameters` and `body` are left out; `rawQueryString` is empty."""
    event = event_of(Request("GET", "/my/path", "HTTP/1.1", (), b"", "192.0.2.1"))
    assert event.keys() & {"cookies", "queryStringParameters", "pathParameters", "body"} == set()
    assert event["rawQueryString"] == ""
    assert event["isBase64Encoded"] is False


@pytest.mark.parametrize(
    ("content_type", "is_text"),
    [
        ("text/plain", True),
        ("text/html; charset=utf-8", True),
        ("application/json", True),
        ("Application/JSON;charset=utf-8", True),
        ("application/xml", True),
        ("application/javascript", True),
        ("application/x-www-form-urlencoded", False),
        ("application/x-www-form-urlencoded; boundary=x", False),
        ("multipart/form-data; boundary=x", False),
        ("application/octet-stream", False),
        ("application/problem+json", False),
        ("", False),
    ],
)
def test_only_text_arrives_as_text(content_type: str, *, is_text: bool) -> None:
    """Every other body is base64, forms included."""
    headers = (("Content-Type", content_type),) if content_type else ()
    event = event_of(replace(DOCUMENTED, headers=headers, body=b"a=b"))
    assert event["isBase64Encoded"] is not is_text
    assert event["body"] == ("a=b" if is_text else base64.b64encode(b"a=b").decode())


def test_text_that_is_not_utf_8_loses_nothing() -> None:
    """The bytes reach the function, which may refuse them."""
    event = event_of(replace(DOCUMENTED, headers=(("Content-Type", "application/json"),), body=b"\xff"))
    assert event["isBase64Encoded"] is True
    assert base64.b64decode(event["body"]) == b"\xff"


def test_path_is_decoded_and_query_string_is_not() -> None:
    """`rawPath` is decoded by HTTP APIs in spite of its name."""
    event = event_of(replace(DOCUMENTED, target="/a%20b/%C3%A9?c=d%20e&f&g=%2B+"))
    assert event["rawPath"] == event["requestContext"]["http"]["path"] == "/a b/é"
    assert event["rawQueryString"] == "c=d%20e&f&g=%2B+"
    assert event["queryStringParameters"] == {"c": "d e", "f": "", "g": "+ "}


def test_forwarded_headers_are_the_gateways_own() -> None:
    """Scheme and port are what the API is reached by; the caller's address is added to those it names."""
    forged = (("X-Forwarded-For", "203.0.113.9"), ("X-Forwarded-Proto", "gopher"), ("X-Forwarded-Port", "70"))
    headers = event_of(replace(DOCUMENTED, headers=forged))["headers"]
    assert headers["x-forwarded-for"] == "203.0.113.9, 192.0.2.1"
    assert (headers["x-forwarded-proto"], headers["x-forwarded-port"]) == ("https", "443")


@pytest.mark.parametrize(
    ("result", "status", "headers", "body"),
    [
        ({"statusCode": 201, "body": "made"}, 201, [("content-type", "text/plain;charset=UTF-8")], b"made"),
        ({"statusCode": 200, "headers": {"Content-Type": "a/b"}}, 200, [("content-type", "a/b")], b""),
        (
            {"statusCode": 200, "headers": {"content-type": "a/b"}, "body": "AP8=", "isBase64Encoded": True},
            200,
            [("content-type", "a/b")],
            b"\x00\xff",
        ),
        (
            {"statusCode": 303, "headers": {"content-type": "a/b"}, "cookies": ["a=1; Secure", "b=2"]},
            303,
            [("content-type", "a/b"), ("set-cookie", "a=1; Secure"), ("set-cookie", "b=2")],
            b"",
        ),
        (
            {"statusCode": 200, "headers": {"content-type": "a/b", "Content-Length": 7, "Connection": "close"}},
            200,
            [("content-type", "a/b")],
            b"",
        ),
        (
            {"statusCode": "200", "headers": {"content-type": "a/b", "age": 3}},
            200,
            [("content-type", "a/b"), ("age", "3")],
            b"",
        ),
        ({"message": "Hello"}, 200, [("content-type", "application/json")], b'{"message": "Hello"}'),
        ("Hello from Lambda!", 200, [("content-type", "application/json")], b"Hello from Lambda!"),
    ],
)
def test_result_becomes_the_response_it_stands_for(
    result: Any, status: int, headers: list[tuple[str, str]], body: bytes
) -> None:
    """Response format 2.0; a result without `statusCode` is the body of a 200."""
    response = http_response(result)
    assert (response.status, list(response.headers), response.body) == (status, headers, body)


@pytest.mark.parametrize(
    "result",
    [
        {"statusCode": "many"},
        {"statusCode": 99},
        {"statusCode": 101},
        {"statusCode": None},
        {"statusCode": 200, "body": "*", "isBase64Encoded": True},
    ],
)
def test_result_that_is_no_response_is_an_error(result: Any) -> None:
    """The gateway answers 500 for it."""
    with pytest.raises((TypeError, ValueError)):
        http_response(result)


EVENTS = Path(__file__).parents[3] / "events"


@pytest.mark.parametrize("path", sorted(EVENTS.glob("*.json")), ids=lambda path: path.stem)
def test_event_files_are_what_the_gateway_sends(path: Path) -> None:
    """The payloads in `events/` are requests as API Gateway passes them on, not as somebody remembers them."""
    event = json.loads(path.read_text())
    if "requestContext" not in event or "identitySource" in event:
        return  # Secrets Manager's, and an authorizer's
    context = event["requestContext"]
    body = event.get("body", "")
    added = {"x-forwarded-for", "x-forwarded-port", "x-forwarded-proto", "x-amzn-trace-id"}
    headers = [(name, value) for name, value in event["headers"].items() if name not in added]
    headers += [("cookie", cookie) for cookie in event.get("cookies", [])]
    sent = proxy_event(
        Request(
            method=context["http"]["method"],
            target=event["rawPath"] + (f"?{event['rawQueryString']}" if event["rawQueryString"] else ""),
            protocol=context["http"]["protocol"],
            headers=tuple(headers),
            body=base64.b64decode(body) if event["isBase64Encoded"] else body.encode(),
            source_ip=context["http"]["sourceIp"],
        ),
        event["routeKey"],
        {},
        origin=f"https://{context['domainName']}",
        request_id=context["requestId"],
        trace_id=event["headers"]["x-amzn-trace-id"],
    )
    for name in ("time", "timeEpoch", "apiId"):
        assert isinstance(context[name], type(sent["requestContext"][name]))
        sent["requestContext"][name] = context[name]
    if body and not event["isBase64Encoded"] and sent["isBase64Encoded"]:  # in clear, for a person to fill in
        sent.update(body=base64.b64decode(sent["body"]).decode(), isBase64Encoded=False)
    assert sent == event

"""The gateway on the wire: what it answers itself, and that no client is in another one's way."""

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from signet_cli.local.application import Function, Route
from signet_cli.local.environment import FunctionPool, TooManyRequestsError
from signet_cli.local.gateway import LARGEST_BODY, Gateway
from signet_cli.local.http_api import HttpApi

ROUTES = [Route("ANY /echo", "Echo"), Route("GET /things/{id}", "Echo")]


@pytest.fixture
def gateway(function: Function, pool_of: Callable[..., FunctionPool], log: list[str]) -> Iterator[Gateway]:
    """A gateway to the project's function at a free port."""
    server = Gateway(0, log.append)
    server.api = HttpApi(ROUTES, {"Echo": pool_of(function)}, f"http://localhost:{server.port}")
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def connection(gateway: Gateway) -> Iterator[http.client.HTTPConnection]:
    """A client's connection that stays open."""
    with closing(http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=20)) as client:
        yield client


def raw(gateway: Gateway, request: bytes) -> bytes:
    """Send bytes on a connection of their own and return all that comes back."""
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=20) as client:
        client.sendall(request)
        answer = b""
        while chunk := client.recv(65_536):
            answer += chunk
    return answer


def message(response: http.client.HTTPResponse) -> tuple[int, bytes]:
    """Return status and body."""
    return response.status, response.read()


@pytest.mark.parametrize(("method", "path"), [("GET", "/"), ("POST", "/things/1"), ("GET", "/echo/"), ("PUT", "*")])
def test_route_missing_in_the_template_is_404(connection: http.client.HTTPConnection, method: str, path: str) -> None:
    """As API Gateway says it."""
    connection.request(method, path)
    response = connection.getresponse()
    assert message(response) == (404, b'{"message":"Not Found"}')
    assert response.headers["content-type"] == "application/json"


def test_request_reaches_the_function_with_its_route_key(connection: http.client.HTTPConnection) -> None:
    """And what it returned goes back, under the id that the event had."""
    connection.request("POST", "/echo?x=1", body=b"a=b", headers={"X-A": "1"})
    response = connection.getresponse()
    event = json.loads(response.read())["event"]
    assert response.status == 200
    assert event["routeKey"] == "ANY /echo"
    assert event["headers"]["x-a"] == "1"
    assert event["requestContext"]["requestId"] == response.headers["apigw-requestid"]


def test_connection_serves_one_request_after_the_other(connection: http.client.HTTPConnection) -> None:
    """Keep-alive, also after an answer of the gateway's own."""
    for path, status in (("/echo", 200), ("/", 404), ("/echo", 200)):
        connection.request("GET", path)
        assert message(connection.getresponse())[0] == status
    assert connection.sock is not None


def test_head_has_the_headers_of_get_and_no_body(connection: http.client.HTTPConnection) -> None:
    """The connection is in step afterwards."""
    connection.request("HEAD", "/echo")
    response = connection.getresponse()
    assert message(response) == (200, b"")
    assert int(response.headers["content-length"]) > 0
    connection.request("GET", "/")
    assert message(connection.getresponse())[0] == 404


def test_cookies_become_set_cookie_headers(connection: http.client.HTTPConnection) -> None:
    """Each one its own."""
    connection.request("GET", "/echo?returns={'statusCode':303,'headers':{'location':'/'},'cookies':['a=1','b=2']}")
    response = connection.getresponse()
    assert message(response) == (303, b"")
    assert response.headers.get_all("set-cookie") == ["a=1", "b=2"]


@pytest.mark.parametrize(
    "query",
    [
        "raises=1",
        "exits=1",
        "returns={'statusCode':1}",
        "returns={'statusCode':200,'headers':{'a':'b%5Cn'}}",
    ],
)
def test_function_that_fails_is_500_and_the_next_request_works(
    connection: http.client.HTTPConnection, query: str
) -> None:
    """Nothing of the failure reaches the client."""
    connection.request("GET", f"/echo?{query}")
    assert message(connection.getresponse()) == (500, b'{"message":"Internal Server Error"}')
    connection.request("GET", "/echo")
    assert message(connection.getresponse())[0] == 200


def test_function_without_a_free_environment_is_503(gateway: Gateway, connection: http.client.HTTPConnection) -> None:
    """Lambda throttles beyond its concurrency."""

    class Busy:
        def invoke(self, event: dict[str, Any], *, patience: float, trace_id: str) -> Any:
            raise TooManyRequestsError

    gateway.api = HttpApi(ROUTES, {"Echo": Busy()}, "http://localhost")
    connection.request("GET", "/echo")
    assert message(connection.getresponse()) == (503, b'{"message":"Service Unavailable"}')


def test_two_requests_are_answered_at_once(gateway: Gateway, tmp_path: Path) -> None:
    """Each handler returns only when the other one is running too."""
    place = tmp_path / "meeting"
    place.mkdir()

    def ask(_: int) -> int:
        with closing(http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=20)) as client:
            client.request("GET", f"/echo?meets={place}&others=2")
            return client.getresponse().status

    with ThreadPoolExecutor(2) as executor:
        assert list(executor.map(ask, range(2))) == [200, 200]


def test_client_that_says_nothing_blocks_nobody(gateway: Gateway, connection: http.client.HTTPConnection) -> None:
    """Nor does one that stops in the middle of its request."""
    with (
        socket.create_connection(("127.0.0.1", gateway.port)) as silent,
        socket.create_connection(("127.0.0.1", gateway.port)) as slow,
    ):
        slow.sendall(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab")
        connection.request("GET", "/echo")
        assert message(connection.getresponse())[0] == 200
        slow.sendall(b"cde")
        assert slow.recv(12) == b"HTTP/1.1 200"
        assert silent.getpeername()[1] == gateway.port


def test_chunked_body_arrives_whole(connection: http.client.HTTPConnection) -> None:
    """The event has the body and no trace of its chunks."""
    connection.request("POST", "/echo", body=iter([b"abc", b"def"]), headers={"Content-Type": "text/plain"})
    assert json.loads(connection.getresponse().read())["event"]["body"] == "abcdef"


def test_client_that_waits_for_100_continue_is_told_so(gateway: Gateway) -> None:
    """Curl asks before it sends a body of more than a MiB."""
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=20) as client:
        client.sendall(b"POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
        assert client.recv(65_536).startswith(b"HTTP/1.1 100 ")
        client.sendall(b"a=b")
        assert client.recv(12) == b"HTTP/1.1 200"


@pytest.mark.parametrize(
    "headers",
    [
        f"Content-Length: {LARGEST_BODY + 1}\r\n\r\n".encode(),
        f"Expect: 100-continue\r\nContent-Length: {LARGEST_BODY + 1}\r\n\r\n".encode(),
        b"Transfer-Encoding: chunked\r\n\r\nA00001\r\n" + b"x" * 0xA00001,
    ],
)
def test_body_over_10_mb_is_413(gateway: Gateway, headers: bytes) -> None:
    """Said before the body is asked for, or as soon as it is too long."""
    answer = raw(gateway, b"POST /echo HTTP/1.1\r\nHost: a\r\n" + headers)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert answer.endswith(b'{"message":"Request Entity Too Large"}')


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET /echo HTTP/1.1\r\n\r\n", 400),  # no Host
        (b"GET /echo HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET /echo HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", 400),
        (b"GET /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (b"GET /echo HTTP/1.1\r\nHost: a\r\nb : c\r\n\r\n", 400),
        (b"GET /\x00 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n", 400),
        (b"GET /echo HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 11_000 + b"\r\n\r\n", 431),
        (b"GET /echo HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 5_000_000, 431),
    ],
)
def test_request_that_is_no_http_is_refused(gateway: Gateway, request_bytes: bytes, status: int) -> None:
    """One clear answer, and the connection is closed; the gateway goes on."""
    assert raw(gateway, request_bytes).split(b" ", 2)[1] == str(status).encode()
    assert raw(gateway, b"GET / HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 404 ")


def test_log_line_has_the_path_without_its_query(connection: http.client.HTTPConnection, log: list[str]) -> None:
    """Credentials that somebody put into a URL by mistake do not stay in the terminal."""
    connection.request("GET", "/?client_secret=hunter2")
    connection.getresponse().read()
    while not log:  # it is written once the answer is on its way
        time.sleep(0.01)
    [line] = log
    assert line.startswith("gateway | GET / 404 ")
    assert "hunter2" not in "".join(log)

"""The listening side of the HTTP API: sockets, limits, and HTTP by h11."""

import socket
import socketserver
import sys
import time
from email.utils import formatdate
from http.client import responses as reason_phrases
from typing import Any

import h11

from signet_cli.local.event import Request, Response
from signet_cli.local.http_api import HttpApi
from signet_cli.local.log import Log

LARGEST_HEAD = 10_240
"""Bytes of request line and header fields, a quota of HTTP APIs."""
LARGEST_BODY = 10 * 1024 * 1024
"""Bytes of a request's body, a quota of HTTP APIs."""
PATIENCE = 30.0
"""Seconds that a client may be silent."""
_LINGER = 2.0


class _RefusedError(Exception):
    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


class _Connection(socketserver.BaseRequestHandler):
    """One connection: as many requests as the client sends, one after the other."""

    request: socket.socket
    server: "Gateway"

    def setup(self) -> None:
        self.request.settimeout(PATIENCE)
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def handle(self) -> None:
        http = h11.Connection(h11.SERVER, max_incomplete_event_size=LARGEST_HEAD)
        try:
            while self._serve_one(http):
                http.start_next_cycle()
        except OSError:  # the client went away or fell silent
            return

    def _serve_one(self, http: h11.Connection) -> bool:
        """Answer one request and tell whether another one may follow."""
        started = time.monotonic()
        method, target, reason = "-", "-", ""
        try:
            head = self._head(http)
            if head is None:
                return False
            method, target = head.method.decode(), head.target.decode()
            request = self._request(http, head)
            response, reason = self.server.api.answer(request)
        except _RefusedError as refused:
            response = refused.response
        except h11.RemoteProtocolError as error:
            reason = str(error)
            response = Response.message(*_REFUSALS.get(error.error_status_hint, _BAD_REQUEST))
        sent = self._send(http, response, head_only=method == "HEAD")
        if sent is not response:
            reason = "a header field that cannot be sent"
        milliseconds = (time.monotonic() - started) * 1000
        line = f"gateway | {method} {target.partition('?')[0]} {sent.status} {milliseconds:.0f} ms"
        self.server.log(f"{line} ({reason})" if reason else line)
        if http.our_state is h11.DONE and http.their_state is h11.DONE:
            return True
        self._linger()
        return False

    def _head(self, http: h11.Connection) -> h11.Request | None:
        event = self._next_event(http)
        if not isinstance(event, h11.Request):
            return None
        if len(event.target) + sum(len(name) + len(value) for name, value in event.headers) > LARGEST_HEAD:
            raise _RefusedError(Response.message(431, "Request Header Fields Too Large"))
        return event

    def _request(self, http: h11.Connection, head: h11.Request) -> Request:
        fields = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in head.headers)
        lengths = [int(value) for name, value in fields if name == "content-length"]
        if lengths and max(lengths) > LARGEST_BODY:
            raise _RefusedError(Response.message(413, "Request Entity Too Large"))
        if http.they_are_waiting_for_100_continue:
            self.request.sendall(http.send(h11.InformationalResponse(status_code=100, headers=[])) or b"")
        body = bytearray()
        while isinstance(event := self._next_event(http), h11.Data):
            body += event.data
            if len(body) > LARGEST_BODY:
                raise _RefusedError(Response.message(413, "Request Entity Too Large"))
        return Request(
            method=head.method.decode(),
            target=_origin_form(head.target.decode()),
            protocol=f"HTTP/{head.http_version.decode()}",
            headers=fields,
            body=bytes(body),
            source_ip=self.client_address[0],
        )

    def _next_event(self, http: h11.Connection) -> Any:
        while (event := http.next_event()) is h11.NEED_DATA:
            http.receive_data(self.request.recv(65_536))
        return event

    def _send(self, http: h11.Connection, response: Response, *, head_only: bool) -> Response:
        """Send the response, or a 500 when its header fields cannot be sent; return the one that was sent."""
        for candidate in (response, Response.message(500, "Internal Server Error")):
            headers = [*candidate.headers, ("date", formatdate(usegmt=True))]
            bodiless = head_only or candidate.status in {204, 304}
            if candidate.status not in {204, 304}:
                headers.append(("content-length", str(len(candidate.body))))
            try:
                reason = reason_phrases.get(candidate.status, "").encode()
                head = h11.Response(status_code=candidate.status, headers=headers, reason=reason)
                data = http.send(head) or b""
            except h11.LocalProtocolError:
                continue
            if not bodiless:
                data += http.send(h11.Data(data=candidate.body)) or b""
            data += http.send(h11.EndOfMessage()) or b""
            self.request.sendall(data)
            return candidate
        raise OSError("no response can be sent")

    def _linger(self) -> None:
        """Take in what the client is still sending, for a moment, so that it reads the answer instead of a reset."""
        self.request.shutdown(socket.SHUT_WR)
        deadline = time.monotonic() + _LINGER
        while (left := deadline - time.monotonic()) > 0:
            self.request.settimeout(left)
            if not self.request.recv(65_536):
                return


class Gateway(socketserver.ThreadingTCPServer):
    """The listening socket; a thread for each connection, none of which keeps the server from ending."""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    api: HttpApi

    def __init__(self, port: int, log: Log) -> None:
        """Listen on loopback, at any free port for 0; OSError when the port is taken. `serve_forever` needs `api`."""
        self.log = log
        super().__init__(("127.0.0.1", port), _Connection)

    @property
    def port(self) -> int:
        """The port it listens at."""
        return int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - the base class's signature
        """Report a fault of the gateway in one line; the connection is closed, the others go on."""
        self.log(f"gateway | {type(sys.exception()).__name__}: {sys.exception()}")


_BAD_REQUEST = (400, "Bad Request")
_REFUSALS = {431: (431, "Request Header Fields Too Large")}


def _origin_form(target: str) -> str:
    """Return path and query of a request target that may be an absolute URL (RFC 9112 section 3.2.2)."""
    scheme, separator, rest = target.partition("://")
    if separator and scheme.lower() in {"http", "https"}:
        return "/" + rest.partition("/")[2]
    return target

"""A server on loopback that answers whatever a test wants, byte for byte, and counts who asked."""

import contextlib
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator

import pytest

TLS_RECORD = b"\x16"
"""First byte of a TLS handshake."""

Script = Callable[[socket.socket], None]
"""What becomes of a connection whose request has been read."""


class HostileServer(socketserver.ThreadingTCPServer):
    """Listens on loopback; `script` serves each connection, which ends with it. `requests` are the request lines.

    `wrap` is set by a test that wants it to speak TLS.
    """

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        self.script: Script = lambda _: None
        self.requests: list[str] = []
        self.wrap: Callable[[socket.socket], socket.socket] = lambda connection: connection
        self.ended = threading.Event()
        super().__init__(("127.0.0.1", 0), _Connection)

    @property
    def origin(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def answer(self, body: bytes, status: str = "200 OK", headers: str = "Content-Type: application/json\r\n") -> None:
        """Answer this from now on."""
        head = f"HTTP/1.1 {status}\r\n{headers}Content-Length: {len(body)}\r\n\r\n".encode()
        self.script = lambda connection: connection.sendall(head + body)


class _Connection(socketserver.BaseRequestHandler):
    server: HostileServer

    def handle(self) -> None:
        head = b""
        try:
            self.request = self.server.wrap(self.request)
        except OSError:  # the client does not trust us
            return
        while b"\r\n\r\n" not in head and not head.startswith(TLS_RECORD):
            received = self.request.recv(65_536)
            if not received:
                return
            head += received
        self.server.requests.append(head.decode("latin-1").partition("\r\n")[0])
        with contextlib.suppress(OSError):  # the client has enough
            self.server.script(self.request)


@pytest.fixture
def hostile() -> Iterator[HostileServer]:
    """A server that hangs up, until a test says what it answers."""
    with HostileServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield server
        server.ended.set()
        server.shutdown()
        thread.join()

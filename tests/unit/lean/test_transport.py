"""HTTP and TLS of the lean client, against servers of this machine."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from signet.aws.failures import AwsUnreachable
from signet.aws.lean import transport
from signet.aws.lean.addresses import Address
from signet.aws.lean.transport import HttpTransport
from tests.support.certificates import Authority

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Amz-Crc32: 2745614147\r\n\r\n{}"

HEADERS = {"host": "aws.example", "x-amz-target": "T.Operation"}

Behaviour = Callable[[socket.socket], None]
"""What a server does with a connection."""


class Server:
    """Behaves differently on each connection, the last behaviour on all that follow; keeps what it received."""

    def __init__(self, context: ssl.SSLContext | None, *behaviours: Behaviour) -> None:
        self._context = context
        self._behaviours = list(behaviours)
        self.connections = 0
        self.received: list[bytes] = []
        self._open = ExitStack()
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def address(self) -> Address:
        port = self._listener.getsockname()[1]
        return Address("127.0.0.1", port, f"127.0.0.1:{port}", tls=self._context is not None)

    def close(self) -> None:
        self._listener.close()
        self._open.close()

    def request(self, connection: socket.socket) -> bool:
        """Read one request; False where the connection has ended."""
        data = b""
        while b"\r\n\r\n" not in data:
            piece = connection.recv(65_536)
            if not piece:
                return False
            data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        [length] = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        while len(body) < int(length.partition(b":")[2]):
            body += connection.recv(65_536)
        self.received.append(head + b"\r\n\r\n" + body)
        return True

    def answering(self, answer: bytes) -> Behaviour:
        """Answers every request of a connection."""

        def behaviour(connection: socket.socket) -> None:
            while self.request(connection):
                connection.sendall(answer)

        return behaviour

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.enter_context(connection)
            behaviour = self._behaviours.pop(0) if len(self._behaviours) > 1 else self._behaviours[0]
            threading.Thread(target=self._behave, args=(connection, behaviour), daemon=True).start()

    def _behave(self, connection: socket.socket, behaviour: Behaviour) -> None:
        with suppress(OSError):
            if self._context:
                connection = self._context.wrap_socket(connection, server_side=True)
                self._open.enter_context(connection)
            behaviour(connection)


@contextmanager
def serving(answer: bytes = OK, context: ssl.SSLContext | None = None) -> Iterator[tuple[Server, HttpTransport]]:
    """A server that answers, and a transport to it."""
    server = Server(context, lambda _: None)
    server._behaviours = [server.answering(answer)]
    try:
        yield server, HttpTransport(server.address)
    finally:
        server.close()


@pytest.fixture(autouse=True)
def no_trust_is_kept() -> Iterator[None]:
    """Whom a function trusts is read once; each test is a function of its own."""
    transport._trust.cache_clear()
    yield
    transport._trust.cache_clear()


def send(to: HttpTransport, body: bytes = b"{}") -> transport.Answer:
    """One request."""
    return to.send("Operation", HEADERS, body)


def test_a_connection_is_kept_and_used_again() -> None:
    """A handshake costs more than most calls."""
    with serving() as (server, to):
        to.connect()
        answers = [send(to, b"x" * size) for size in (0, 1, 100_000)]
        assert [(answer.status, answer.body, answer.header("x-amz-crc32")) for answer in answers] == [
            (200, b"{}", "2745614147")
        ] * 3
        assert server.connections == 1
        assert [received.partition(b"\r\n\r\n")[2] for received in server.received] == [b"", b"x", b"x" * 100_000]
        head = server.received[0].lower()
        assert head.startswith(b"post / http/1.1\r\n")
        assert head.count(b"\r\nhost: aws.example") == 1
        assert b"\r\nx-amz-target: t.operation" in head


class TakenMeanwhile(list[Any]):
    """Connections of which the last one goes between a look and a grasp."""

    def __bool__(self) -> bool:
        return True


def test_a_connection_that_another_thread_takes_first_is_made_anew() -> None:
    """Two signatures of one answer are made at once: what the one has seen the other may have taken."""
    with serving() as (_, to):
        to._idle = TakenMeanwhile()
        assert send(to).status == 200


def test_a_connection_that_died_in_a_freeze_is_not_used() -> None:
    """The other side has closed it meanwhile: the next request makes a new one and does not fail."""
    server = Server(None, lambda _: None)
    ended = threading.Event()

    def once(connection: socket.socket) -> None:
        server.request(connection)
        connection.sendall(OK)
        connection.close()
        ended.set()

    server._behaviours = [once, server.answering(OK)]
    to = HttpTransport(server.address)
    assert send(to).status == 200
    assert ended.wait(10)
    assert send(to).status == 200
    assert server.connections == 2
    server.close()


def test_an_answer_that_says_close_is_the_last_of_its_connection() -> None:
    """HTTP/1.0 and `Connection: close`."""
    for answer in (OK.replace(b"HTTP/1.1", b"HTTP/1.0"), OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")):
        with serving(answer) as (server, to):
            assert [send(to).status for _ in range(2)] == [200, 200]
            assert server.connections == 2


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    """A signed request goes to AWS and to nobody it names."""
    with serving(b"HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n") as (server, to):
        assert send(to).status == 307
        assert server.connections == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1_000 + b"\r\n",
        b"HTTP/1.1 200 " + b"x" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"",
    ],
)
def test_an_answer_that_is_none_is_a_failure(monkeypatch: pytest.MonkeyPatch, answer: bytes) -> None:
    """Cut off, without end or without sense; the connection is not used again."""
    server = Server(None, lambda _: None)

    def behaviour(connection: socket.socket) -> None:
        server.request(connection)
        connection.sendall(answer)
        connection.close()

    server._behaviours = [behaviour, server.answering(OK)]
    to = HttpTransport(server.address)
    with pytest.raises(AwsUnreachable):
        send(to)
    assert send(to).status == 200
    server.close()


def test_an_answer_without_bounds_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is the function's."""
    monkeypatch.setattr(transport, "_LONGEST_ANSWER", 1_000)
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"3e9\r\n" + b"x" * 1_001 + b"\r\n0\r\n\r\n"
    for answer in (b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n" + b"x" * 1_001, chunked):
        with serving(answer) as (_, to), pytest.raises(AwsUnreachable, match="ResponseTooLarge"):
            send(to)


def test_who_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A caller waits behind every call."""
    monkeypatch.setattr(transport, "READ_TIMEOUT", 0.05)
    silent = threading.Event()

    def say_nothing(_: socket.socket) -> None:
        silent.wait(30)

    server = Server(None, say_nothing)
    with pytest.raises(AwsUnreachable, match="ReadTimeoutError"):
        send(HttpTransport(server.address))
    silent.set()
    server.close()


def test_nobody_there_is_a_failure() -> None:
    """By botocore's name for it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(AwsUnreachable, match="EndpointConnectionError"):
        send(HttpTransport(Address("127.0.0.1", port, "127.0.0.1", tls=False)))


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """A certificate authority that nobody trusts yet."""
    return Authority(tmp_path)


def test_a_trusted_certificate_of_the_host_is_accepted(monkeypatch: pytest.MonkeyPatch, authority: Authority) -> None:
    """AWS_CA_BUNDLE says whom to trust, as with every SDK."""
    monkeypatch.setenv("AWS_CA_BUNDLE", str(authority.certificate))
    with serving(context=authority.server_context("127.0.0.1")) as (server, to):
        assert [send(to).status for _ in range(2)] == [200, 200]
        assert server.connections == 1


def test_a_certificate_of_another_host_is_refused(monkeypatch: pytest.MonkeyPatch, authority: Authority) -> None:
    """No request is sent, so no credential's signature leaves."""
    monkeypatch.setenv("AWS_CA_BUNDLE", str(authority.certificate))
    with serving(context=authority.server_context("127.0.0.2")) as (server, to):
        with pytest.raises(AwsUnreachable, match="SSLError"):
            send(to)
        assert server.received == []


def test_an_unknown_authority_is_refused(monkeypatch: pytest.MonkeyPatch, authority: Authority) -> None:
    """Whoever made their own certificate is not AWS: neither among Amazon's authorities nor among all."""
    monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)
    with serving(context=authority.server_context("127.0.0.1")) as (server, to):
        with pytest.raises(AwsUnreachable, match="SSLError"):
            send(to)
        assert server.received == []


def test_amazons_authorities_are_tried_before_all_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, authority: Authority
) -> None:
    """A certificate of another public authority is accepted all the same, from then on without a second look."""
    monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)
    (tmp_path / "amazon.pem").write_bytes(Authority(tmp_path / "amazon").certificate.read_bytes())
    (tmp_path / "cacert.pem").write_bytes(authority.certificate.read_bytes())
    monkeypatch.setattr(transport, "_bundled", tmp_path.joinpath)
    with serving(context=authority.server_context("127.0.0.1")) as (server, to):
        assert send(to).status == 200
        assert server.connections == 2
        to.connect()
        assert server.connections == 3


def test_old_tls_is_refused(monkeypatch: pytest.MonkeyPatch, authority: Authority) -> None:
    """As AWS itself does since 2023."""
    monkeypatch.setenv("AWS_CA_BUNDLE", str(authority.certificate))
    context = authority.server_context("127.0.0.1")
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with serving(context=context) as (server, to):
        with pytest.raises(AwsUnreachable, match="SSLError"):
            send(to)
        assert server.received == []

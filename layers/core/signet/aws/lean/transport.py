"""HTTPS to one service: kept connections, verified certificates, bounded answers."""

import http.client
import os
import select
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec

from signet.aws.failures import AwsUnreachable
from signet.aws.lean.addresses import Address

CONNECT_TIMEOUT = 1.0
READ_TIMEOUT = 1.5
"""Seconds; a caller waits behind every call."""

_LONGEST_ANSWER = 32 * 1024 * 1024
"""Bytes: twice what the largest answer of DynamoDB can be."""

_MOST_IDLE = 4


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; `header` gives one by its name in any case, or None."""

    status: int
    header: Callable[[str], str | None]
    body: bytes = field(repr=False)


class HttpTransport:
    """Sends requests to one address. Connections are kept and used again, the latest first."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._idle: list[http.client.HTTPConnection] = []

    def connect(self) -> None:
        """Have a connection ready for the next request. Raises AwsUnreachable."""
        self._idle.append(self._opened())

    def send(self, operation: str, headers: Mapping[str, str], body: bytes) -> Answer:  # noqa: ARG002 - for those that stand in
        """The answer to a POST of these headers, `host` among them. Raises AwsUnreachable."""
        connection = self._kept() or self._opened()
        try:
            connection.putrequest("POST", "/", skip_host=True, skip_accept_encoding=True)
            for name, value in headers.items():
                connection.putheader(name, value)
            connection.putheader("content-length", str(len(body)))
            connection.endheaders(body)
            response = connection.getresponse()
            content = _content(response)
        except (OSError, http.client.HTTPException, AwsUnreachable) as error:
            connection.close()
            raise _unreachable(error) from None
        if response.will_close or len(self._idle) >= _MOST_IDLE:
            connection.close()
        else:
            self._idle.append(connection)
        return Answer(response.status, response.getheader, content)

    def _kept(self) -> http.client.HTTPConnection | None:
        """A connection that still stands: those of before a freeze have often been closed by the other side."""
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:  # asked first and popped then, another thread could come between
                return None
            if connection.sock is not None and not _is_readable(connection.sock):
                return connection
            connection.close()

    def _opened(self) -> http.client.HTTPConnection:
        host, port = self._address.host, self._address.port
        try:
            if not self._address.tls:
                return _connected(http.client.HTTPConnection(host, port, timeout=CONNECT_TIMEOUT))
            context = _trust()
            try:
                return _connected(http.client.HTTPSConnection(host, port, timeout=CONNECT_TIMEOUT, context=context))
            except ssl.SSLCertVerificationError:
                # an endpoint whose certificate is of another authority than Amazon's
                if not _trust_all(context):
                    raise
                return _connected(http.client.HTTPSConnection(host, port, timeout=CONNECT_TIMEOUT, context=context))
        except OSError as error:
            raise AwsUnreachable("ConnectTimeoutError" if isinstance(error, TimeoutError) else _name(error)) from None


def _connected(connection: http.client.HTTPConnection) -> http.client.HTTPConnection:
    try:
        connection.connect()
    except BaseException:
        connection.close()
        raise
    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.sock.settimeout(READ_TIMEOUT)
    return connection


def _is_readable(connection: socket.socket) -> bool:
    """Whether something came that nobody asked for: on an idle connection that is its end."""
    poll = select.poll()
    poll.register(connection, select.POLLIN | select.POLLHUP | select.POLLERR)
    return bool(poll.poll(0))


@cache
def _trust() -> ssl.SSLContext:
    """Who is believed to be AWS: AWS_CA_BUNDLE where it is set, else Amazon's own authorities, of which there are five.

    https://www.amazontrust.com/repository/. All the public ones take sixteen milliseconds to load.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # verifies certificate and host name
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_verify_locations(os.environ.get("AWS_CA_BUNDLE") or _bundled("amazon.pem"))
    except FileNotFoundError:
        if os.environ.get("AWS_CA_BUNDLE"):
            raise
        context.load_verify_locations(_bundled("cacert.pem"))  # botocore as it is shipped, in a source tree
    return context


def _trust_all(context: ssl.SSLContext) -> bool:
    """Trust every public authority that botocore does, from now on; False where that changes nothing."""
    if os.environ.get("AWS_CA_BUNDLE") or context.cert_store_stats()["x509_ca"] > 10:
        return False
    context.load_verify_locations(_bundled("cacert.pem"))
    return True


def _bundled(name: str) -> str:
    """The path of a file of botocore's package, which is not imported for it."""
    package = find_spec("botocore")
    [folder] = (package.submodule_search_locations if package else None) or [""]
    return f"{folder}/{name}"


def _content(response: http.client.HTTPResponse) -> bytes:
    """The whole body. Raises HTTPException where it is cut off, AwsUnreachable where it has no bounds."""
    if response.length is None:
        content = response.read(_LONGEST_ANSWER + 1)
        length = len(content)
    else:
        length = response.length
        content = response.read() if length <= _LONGEST_ANSWER else b""
    if length > _LONGEST_ANSWER:
        raise AwsUnreachable("ResponseTooLarge")
    return content


def _unreachable(error: Exception) -> AwsUnreachable:
    if isinstance(error, AwsUnreachable):
        return error
    return AwsUnreachable("ReadTimeoutError" if isinstance(error, TimeoutError) else _name(error))


def _name(error: Exception) -> str:
    """What happened, in botocore's words, so that an operator need not know which client it was."""
    if isinstance(error, ssl.SSLError):
        return "SSLError"
    if isinstance(error, ConnectionResetError | BrokenPipeError | http.client.RemoteDisconnected):
        return "ConnectionClosedError"
    return "EndpointConnectionError" if isinstance(error, OSError) else "ConnectionError"

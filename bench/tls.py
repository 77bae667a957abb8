"""TLS in front of the embedded AWS, since a client of the real one pays for its handshakes and its certificates."""

import select
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

from tests.support.certificates import Authority

_PIECE = 65_536


@contextmanager
def tls_in_front_of(endpoint: str, folder: Path) -> Iterator[tuple[str, Path]]:
    """The https address of what answers at `endpoint`, and the file of the certificate to trust, while it is open."""
    authority = Authority(folder)
    context = authority.server_context("127.0.0.1")
    listener = socket.create_server(("127.0.0.1", 0))
    address = urlsplit(endpoint)
    threading.Thread(
        target=_serve, args=(listener, context, (address.hostname, address.port)), name="TLS", daemon=True
    ).start()
    try:
        yield f"https://127.0.0.1:{listener.getsockname()[1]}", authority.certificate
    finally:
        listener.close()


def bundle(certificate: Path, roots: Path, made: Path) -> Path:
    """A file of both: as many certificates to load as a client has that trusts the public ones."""
    made.write_bytes(roots.read_bytes() + b"\n" + certificate.read_bytes())
    return made


def _serve(listener: socket.socket, context: ssl.SSLContext, upstream: tuple[str, int]) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:  # closed: this is over
            return
        threading.Thread(target=_relay, args=(connection, context, upstream), name="TLS", daemon=True).start()


def _relay(connection: socket.socket, context: ssl.SSLContext, upstream: tuple[str, int]) -> None:
    """Hand on what comes from either side, until one of them ends."""
    with (
        suppress(OSError),
        context.wrap_socket(connection, server_side=True) as client,
        socket.create_connection(upstream) as server,
    ):
        while True:
            for source in [client] if client.pending() else select.select([client, server], [], [])[0]:
                piece = source.recv(_PIECE)
                if not piece:
                    return
                (server if source is client else client).sendall(piece)

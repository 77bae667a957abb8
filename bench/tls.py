"""TLS in front of the embedded AWS, since a client of the real one pays for its handshakes and its certificates."""

import datetime as dt
import ipaddress
import select
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_PIECE = 65_536


@contextmanager
def tls_in_front_of(endpoint: str, folder: Path) -> Iterator[tuple[str, Path]]:
    """The https address of what answers at `endpoint`, and the file of the certificate to trust, while it is open."""
    certificate = folder / "authority.pem"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_chain(folder, certificate))
    listener = socket.create_server(("127.0.0.1", 0))
    address = urlsplit(endpoint)
    threading.Thread(
        target=_serve, args=(listener, context, (address.hostname, address.port)), name="TLS", daemon=True
    ).start()
    try:
        yield f"https://127.0.0.1:{listener.getsockname()[1]}", certificate
    finally:
        listener.close()


def bundle(certificate: Path, roots: Path, made: Path) -> Path:
    """A file of both: as many certificates to load as a client has that trusts the public ones."""
    made.write_bytes(roots.read_bytes() + b"\n" + certificate.read_bytes())
    return made


def _chain(folder: Path, certificate: Path) -> Path:
    """The file with key and certificate of 127.0.0.1; the authority's goes to `certificate`."""
    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = _signed(
        "Benchmark", authority_key, "Benchmark", authority_key, x509.BasicConstraints(ca=True, path_length=None)
    )
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    leaf = _signed("127.0.0.1", key, "Benchmark", authority_key, address)
    certificate.write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    chain = folder / "chain.pem"
    chain.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + leaf.public_bytes(serialization.Encoding.PEM)
    )
    return chain


def _signed(
    subject: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    issuer_key: ec.EllipticCurvePrivateKey,
    extension: x509.ExtensionType,
) -> x509.Certificate:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=2))
        .add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        .sign(issuer_key, hashes.SHA256())
    )


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

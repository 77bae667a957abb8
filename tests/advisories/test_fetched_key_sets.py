"""Row 17, and 23 as far as it is about key sets: what an issuer's address may answer, and how often it is asked."""

import gzip
import json
import socket
import ssl
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from signet import jwt
from signet.errors import ErrorCode, OAuthError, Reason, unavailable
from signet.keys import jwks
from signet.keys.algorithms import ALGORITHMS
from signet.keys.fetch import DEADLINE, KeySetFetch
from signet.keys.fetched import PAUSE, PAUSE_AFTER_FAILURE, FetchedKeySet
from signet.keys.thumbprint import public_jwk, thumbprint
from signet.model.key import KeySet, PublishedKey
from signet.settings import FETCHED_KEY_SET_LIFETIME, KEY_SET_MAX_AGE
from tests.support.hostile_server import HostileServer

JWK = public_jwk(ALGORITHMS["RS256"].generate())
KID = thumbprint(JWK)
PUBLISHED = {**JWK, "kid": KID, "use": "sig", "alg": "RS256"}
SHORT = 0.4
"""Seconds that a fetch gets where a test waits for its end."""
DRIP = SHORT / 8
"""Seconds between two bytes of a slow server."""


def document(*keys: object) -> bytes:
    """A key set."""
    return json.dumps({"keys": list(keys)}).encode()


def failure(fetch: Callable[[], object]) -> str:
    """What the log gets of a fetch that failed: temporarily_unavailable, and nothing of the answer."""
    with pytest.raises(OAuthError) as failed:
        fetch()
    assert (failed.value.code, failed.value.reason) == (
        ErrorCode.TEMPORARILY_UNAVAILABLE,
        Reason.KEY_SET_UNAVAILABLE,
    )
    detail = failed.value.detail
    assert detail
    assert "SECRET" not in detail
    return detail.removeprefix("key set: ")


def test_a_key_set_is_fetched(hostile: HostileServer) -> None:
    """Else nothing below would show anything."""
    hostile.answer(document(PUBLISHED))
    assert KeySetFetch(f"{hostile.origin}/jwks")() == KeySet((PublishedKey(KID, "RS256", 0, JWK),))
    assert hostile.requests == ["GET /jwks HTTP/1.1"]


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
def test_a_redirect_is_not_followed(hostile: HostileServer, status: str) -> None:
    """The keys come from the issuer's own address or not at all: not from a host that a redirect names."""
    location = f"Location: {hostile.origin}/elsewhere\r\n"
    hostile.answer(document(PUBLISHED), status, location)
    assert failure(KeySetFetch(f"{hostile.origin}/jwks")) == f"status {status[:3]}"
    assert len(hostile.requests) == 1


@pytest.mark.parametrize(
    "status", ["204 No Content", "206 Partial", "400 Bad", "404 None", "429 Slow", "500 Bad", "503 No"]
)
def test_only_a_success_is_a_key_set(hostile: HostileServer, status: str) -> None:
    """Whatever else has a body that looks like one; nothing is tried again by itself."""
    hostile.answer(b"" if status.startswith("204") else document(PUBLISHED), status)
    assert failure(KeySetFetch(hostile.origin)) == f"status {status[:3]}"
    assert len(hostile.requests) == 1


def test_a_huge_answer_is_not_read_to_its_end(hostile: HostileServer) -> None:
    """With a length, without one, and in chunks; to the last byte that is allowed it is read."""
    padded = document(PUBLISHED).ljust(jwks.LARGEST_KEY_SET)
    hostile.answer(padded)
    assert KeySetFetch(hostile.origin)().get(KID)
    hostile.answer(padded + b" ")
    assert failure(KeySetFetch(hostile.origin)) == "too large"

    def endless(head: bytes, piece: bytes) -> None:
        sent = []

        def script(connection: socket.socket) -> None:
            connection.sendall(head)
            while not hostile.ended.is_set():
                connection.sendall(piece)
                sent.append(len(piece))

        hostile.script = script
        assert failure(KeySetFetch(hostile.origin)) == "too large"
        assert sum(sent) < 100 * jwks.LARGEST_KEY_SET

    endless(b"HTTP/1.1 200 OK\r\n\r\n", b" " * 65_536)
    endless(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"8000\r\n" + b" " * 0x8000 + b"\r\n")
    endless(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", b" " * 65_536)


def test_a_bomb_is_not_unpacked(hostile: HostileServer) -> None:
    """Compression is not asked for, and what comes compressed is no JSON."""
    hostile.answer(gzip.compress(document(PUBLISHED)), headers="Content-Encoding: gzip\r\n")
    assert failure(KeySetFetch(hostile.origin)) == "no JSON"


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (b"", b""),  # never answers
        (b"HTTP/1.1 200 OK\r\nX: ", b"x"),  # never ends its header
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{", b" "),  # never ends its body
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    ],
)
def test_a_slow_answer_is_not_waited_for(hostile: HostileServer, head: bytes, piece: bytes) -> None:
    """Each byte comes well within a socket's time limit; the whole has a time limit of its own."""
    sent = dripping(hostile, head, piece)
    assert failure(KeySetFetch(hostile.origin, SHORT)) in {"no answer in time", "TimeoutError"}
    # told by the server's own pace, which a busy machine slows down as well
    assert len(sent) < 50 * SHORT / DRIP


def dripping(hostile: HostileServer, head: bytes, piece: bytes) -> list[bytes]:
    """Have the server send the head, and a piece every DRIP seconds without an end; gives what it has sent so far."""
    sent: list[bytes] = []

    def script(connection: socket.socket) -> None:
        connection.sendall(head)
        while not hostile.ended.wait(DRIP):
            sent.append(piece)
            connection.sendall(piece)

    hostile.script = script
    return sent


def test_the_time_limit_leaves_room_in_the_authorizers_own() -> None:
    """API Gateway gives an authorizer 10 seconds; Lambda the INIT phase as many."""
    assert DEADLINE < 10 / 2


def test_nobody_at_the_address_is_a_failure(hostile: HostileServer) -> None:
    """Neither a connection that is refused nor one that is closed at once is anything else; no stack trace."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert "Error" in failure(KeySetFetch(f"http://127.0.0.1:{port}"))
    assert failure(KeySetFetch(hostile.origin)) in {"RemoteDisconnected", "ConnectionResetError"}


def sent(octets: bytes, connection: socket.socket) -> None:
    """Send these bytes and hang up."""
    connection.sendall(octets)


def test_what_is_no_http_is_a_failure(hostile: HostileServer) -> None:
    """Bytes of any kind."""
    for octets in (
        b"SECRET\r\n\r\n",
        b"\x16\x03\x01\x02",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"a" * 99_999,
    ):
        hostile.script = partial(sent, octets)
        assert failure(KeySetFetch(hostile.origin))


def test_an_https_address_wants_a_certificate_that_holds(hostile: HostileServer, tmp_path: Path) -> None:
    """Plain HTTP behind it, or a certificate that nobody vouches for: whoever is on the way could hand out keys."""
    hostile.answer(document(PUBLISHED))
    address = hostile.origin.replace("http:", "https:")
    assert failure(KeySetFetch(address)) == "SSLError"
    hostile.wrap = partial(self_signed(tmp_path).wrap_socket, server_side=True)
    assert failure(KeySetFetch(address)) == "SSLCertVerificationError"
    assert [line for line in hostile.requests if line.startswith("GET")] == []


def self_signed(folder: Path) -> ssl.SSLContext:
    """A server's context with a certificate for 127.0.0.1 of its own making."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


NO_SETS: list[bytes] = [
    b"",
    b"SECRET",
    b"{",
    b"null",
    b"[]",
    b"1",
    b'"keys"',
    b"{}",
    b'{"keys":null}',
    b'{"keys":{}}',
    b'{"keys":"SECRET"}',
    b'{"keys":[]}',
    b'{"keys":[null,1,"x",[],{}]}',
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"keys":[' + b"9" * 10_000 + b"]}",
    document(*[PUBLISHED] * (jwks.MOST_KEYS + 1)),
]


@pytest.mark.parametrize("text", NO_SETS, ids=lambda text: repr(text[:24]))
def test_what_is_no_key_set_is_a_failure(hostile: HostileServer, text: bytes) -> None:
    """An empty set too: it would lock everybody out, and no issuer of ours has ever published one."""
    hostile.answer(text)
    assert failure(KeySetFetch(hostile.origin)) in {"no JSON", "no JWK Set", "no usable key"}


OTHER_KEYS: list[dict[str, Any]] = [
    {**PUBLISHED, "kid": "another"},
    {**PUBLISHED, "kid": None},
    {name: value for name, value in PUBLISHED.items() if name != "kid"},
    {**PUBLISHED, "use": "enc"},
    {name: value for name, value in PUBLISHED.items() if name != "use"},
    {**PUBLISHED, "alg": "HS256"},
    {**PUBLISHED, "alg": "none"},
    {**PUBLISHED, "alg": ["RS256"]},
    {**PUBLISHED, "alg": None},
    {name: value for name, value in PUBLISHED.items() if name != "alg"},
    {**PUBLISHED, "kty": "oct", "k": "c2VjcmV0"},
    {**PUBLISHED, "kty": ["RSA"]},
    {**PUBLISHED, "kty": "RSA", "n": 5},
    {**PUBLISHED, "n": ""},
    {**PUBLISHED, "n": "!"},
    {"keys": [PUBLISHED]},
]


def test_a_key_that_is_not_one_of_ours_is_passed_over() -> None:
    """RFC 7517 section 5: it takes nothing from the others, and verifies nothing itself."""
    for other in OTHER_KEYS:
        renamed = {**other, "kid": thumbprint(other)} if other.get("n") in ("", "!") else other
        assert [key.kid for key in jwks.read(document(renamed, PUBLISHED)).keys] == [KID], other


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_key_of_each_algorithm_of_ours_is_taken(alg: str) -> None:
    """A client may have chosen any of them; the key says which, and verifies no other."""
    jwk = ALGORITHMS[alg].generate()
    signer = ALGORITHMS[alg].signer(thumbprint(jwk), jwk)
    listed = {**public_jwk(jwk), "kid": signer.kid, "use": "sig", "alg": alg}
    key_set = jwks.read(document(listed))
    verifier = FetchedKeySet(lambda: key_set, lambda: 1_000_000.0)
    token = jwt.sign({"sub": "a"}, typ="at+jwt", signer=signer)
    assert jwt.verify(token, typ="at+jwt", key_of=verifier.key_of) == {"sub": "a"}
    for other in {*ALGORITHMS, "HS256"} - {alg}:
        try:
            found = jwks.read(document({**listed, "alg": other}, PUBLISHED)).get(signer.kid)
        except jwks.KeySetInvalid:
            continue
        if found is not None:  # an RSA key may be one of another RSA algorithm: then it is for that one alone
            assert (found.alg, found.jwk["kty"]) == (other, "RSA")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*PUBLISHED, "crv", "x"]), inner),
    max_leaves=8,
)


KEYS = st.fixed_dictionaries({}, optional={**dict.fromkeys(PUBLISHED, JSON), "crv": JSON, "x": JSON}) | JSON


@given(st.lists(KEYS, max_size=jwks.MOST_KEYS - 1))
def test_no_json_breaks_the_reader(keys: list[Any]) -> None:
    """Beside a good key: whatever it is, it is passed over."""
    assert jwks.read(document(*keys, PUBLISHED)).get(KID)


@given(st.binary(max_size=400))
def test_no_bytes_break_the_reader(octets: bytes) -> None:
    """KeySetInvalid and nothing else."""
    with pytest.raises(jwks.KeySetInvalid):
        jwks.read(octets)


def test_a_private_half_that_was_published_by_mistake_is_not_kept() -> None:
    """Only the public members are taken over."""
    leaked = {**PUBLISHED, "d": "SECRET", "p": "SECRET"}
    assert "SECRET" not in repr(jwks.read(document(leaked)))


class Issuer:
    """An issuer's key set as a verifier comes to it: how often it was asked, and what it holds."""

    def __init__(self) -> None:
        self.asked = 0
        self.now = 1_000_000.0
        self.key_set: KeySet | None = KeySet((PublishedKey(KID, "RS256", 0, JWK),))

    def __call__(self) -> KeySet:
        self.asked += 1
        if self.key_set is None:
            raise unavailable(Reason.KEY_SET_UNAVAILABLE, "key set: down")
        return self.key_set


@pytest.fixture
def issuer() -> Issuer:
    """One that answers."""
    return Issuer()


@pytest.fixture
def verifier(issuer: Issuer) -> FetchedKeySet:
    """An environment that has fetched its keys."""
    fetched = FetchedKeySet(issuer, lambda: issuer.now)
    fetched.load()
    return fetched


def test_a_thousand_unknown_kids_cause_a_bounded_number_of_fetches(issuer: Issuer, verifier: FetchedKeySet) -> None:
    """One in PAUSE seconds, whatever arrives; what is known is served all the while."""
    issuer.now += PAUSE
    for number in range(1_000):
        issuer.now += PAUSE / 500
        assert verifier.key_of(f"unknown-{number}") is None
        assert verifier.key_of(KID)
    assert issuer.asked <= 1 + 3


def test_a_thousand_tokens_while_the_issuer_is_down_cause_a_bounded_number_of_fetches(issuer: Issuer) -> None:
    """One in PAUSE_AFTER_FAILURE seconds, each a failure and none a denial."""
    issuer.key_set = None
    verifier = FetchedKeySet(issuer, lambda: issuer.now)
    for _ in range(1_000):
        issuer.now += PAUSE_AFTER_FAILURE / 250
        failure(lambda: verifier.key_of(KID))
    assert issuer.asked <= 5


def test_a_new_key_is_found(issuer: Issuer, verifier: FetchedKeySet) -> None:
    """By the first token that it signed, PAUSE seconds after the last fetch at the latest."""
    jwk = public_jwk(ALGORITHMS["RS256"].generate())
    new = PublishedKey(thumbprint(jwk), "RS256", 0, jwk)
    issuer.key_set = KeySet((new, PublishedKey(KID, "RS256", 0, JWK)))
    assert verifier.key_of(new.kid) is None
    issuer.now += PAUSE
    assert verifier.key_of(new.kid) == ("RS256", jwk)


def test_a_withdrawn_key_is_gone_when_the_set_has_aged(issuer: Issuer, verifier: FetchedKeySet) -> None:
    """Minutes, not the hours that an issuer out of reach is bridged for."""
    jwk = public_jwk(ALGORITHMS["RS256"].generate())
    issuer.key_set = KeySet((PublishedKey(thumbprint(jwk), "RS256", 0, jwk),))
    issuer.now += KEY_SET_MAX_AGE
    assert verifier.key_of(KID) is None


def test_an_issuer_out_of_reach_is_bridged_for_a_bounded_time(issuer: Issuer, verifier: FetchedKeySet) -> None:
    """The old set serves; a key that it lacks is a failure then, not a denial, since the issuer may have it by now."""
    issuer.key_set = None
    issuer.now += FETCHED_KEY_SET_LIFETIME - 1
    assert verifier.key_of(KID)
    assert failure(lambda: verifier.key_of("unknown")) == "down"
    issuer.now += 1
    assert failure(lambda: verifier.key_of(KID)) == "down"


def test_a_bad_answer_replaces_no_good_set(hostile: HostileServer) -> None:
    """From the wire: an empty set, an error page; then a good one again."""
    now = 1_000_000.0
    hostile.answer(document(PUBLISHED))
    verifier = FetchedKeySet(KeySetFetch(hostile.origin), lambda: now)
    verifier.load()
    for body, status in ((b'{"keys":[]}', "200 OK"), (b"<html>", "200 OK"), (b"", "500 Error")):
        hostile.answer(body, status)
        now += KEY_SET_MAX_AGE
        assert verifier.key_of(KID) == ("RS256", JWK)
    assert len(hostile.requests) == 4


def test_a_clock_that_jumps_back_keeps_nothing_too_long(issuer: Issuer, verifier: FetchedKeySet) -> None:
    """An environment is frozen and thawed: the set is fetched anew rather than kept until the clock catches up."""
    issuer.now -= 10 * FETCHED_KEY_SET_LIFETIME
    assert verifier.key_of(KID)
    assert issuer.asked == 2


def test_a_waiting_thread_keeps_no_environment_from_ending(hostile: HostileServer) -> None:
    """It holds up neither the answer nor the end of the process, however long the server goes on."""
    dripping(hostile, b"HTTP/1.1 200 OK\r\nX: ", b"x")
    assert failure(KeySetFetch(hostile.origin, SHORT)) == "no answer in time"
    waiting = [thread for thread in threading.enumerate() if thread.name == "key set"]
    assert waiting
    assert all(thread.daemon for thread in waiting)

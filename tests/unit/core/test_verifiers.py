"""signet.verifiers: a public JWK verifies the signatures of its key by its algorithm, and nothing else."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from joserfc import jws
from joserfc.jwk import import_key

from signet import base64url
from signet.keys.algorithms import ALGORITHMS
from signet.keys.thumbprint import public_jwk
from signet.verifiers import verifier

MESSAGE = b"header.payload"
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of P-256's base point (SEC 2 section 2.4.2)."""

KEYS = {alg: row.generate() for alg, row in ALGORITHMS.items()}
PUBLIC = {alg: public_jwk(jwk) for alg, jwk in KEYS.items()}
SIGNATURES = {alg: row.signer("kid", KEYS[alg]).sign(MESSAGE) for alg, row in ALGORITHMS.items()}

EVERY = pytest.mark.parametrize("alg", ALGORITHMS)


def text(octets: bytes) -> str:
    """As a member of a JWK."""
    return base64url.encoded(octets).decode()


def usable(alg: str, jwk: dict[str, Any]) -> bool:
    """Whether it is a key of that algorithm; a refusal is a ValueError."""
    try:
        verifier(alg, jwk)
    except ValueError:
        return False
    return True


@EVERY
def test_a_signature_holds_for_its_message_alone(alg: str) -> None:
    """By the public JWK, and by the private one, of which the public half is taken."""
    for jwk in (PUBLIC[alg], KEYS[alg]):
        verifies = verifier(alg, jwk)
        assert verifies(MESSAGE, SIGNATURES[alg])
        assert not verifies(MESSAGE + b"x", SIGNATURES[alg])
        assert not verifies(b"", SIGNATURES[alg])


@EVERY
def test_what_another_implementation_signs_is_verified(alg: str) -> None:
    """The compact JWS of joserfc, by the same private key."""
    algorithms = [alg, "Ed25519"]
    token = jws.serialize_compact({"alg": alg}, b"payload", import_key(KEYS[alg]), algorithms)  # type: ignore[arg-type]
    signing_input, _, signature = token.rpartition(".")
    assert verifier(alg, PUBLIC[alg])(signing_input.encode(), base64url.decoded(signature))


@EVERY
def test_a_signature_of_another_algorithm_or_length_is_none(alg: str) -> None:
    """Refused in order, whatever it is."""
    verifies, signature = verifier(alg, PUBLIC[alg]), SIGNATURES[alg]
    others = [other for name, other in SIGNATURES.items() if name != alg]
    for wrong in (b"", b"\x00", signature[:-1], signature + b"\x00", b"\x00" + signature, signature[::-1], *others):
        assert not verifies(MESSAGE, wrong)


@EVERY
def test_each_bit_of_a_signature_counts(alg: str) -> None:
    """One in every octet of it is turned over."""
    verifies, signature = verifier(alg, PUBLIC[alg]), SIGNATURES[alg]
    for place, octet in enumerate(signature):
        changed = signature[:place] + bytes([octet ^ (1 << place % 8)]) + signature[place + 1 :]
        assert not verifies(MESSAGE, changed), place


def test_numbers_that_no_ecdsa_signature_has_are_refused() -> None:
    """CVE-2022-21449: R or S of zero, or of the order and more, verify nothing."""
    verifies = verifier("ES256", PUBLIC["ES256"])
    r, s = (int.from_bytes(half, "big") for half in (SIGNATURES["ES256"][:32], SIGNATURES["ES256"][32:]))
    for one, other in ((0, 0), (0, s), (r, 0), (ORDER, s), (r, ORDER), (2**256 - 1, 2**256 - 1), (0, 1), (1, 0)):
        assert not verifies(MESSAGE, one.to_bytes(32, "big") + other.to_bytes(32, "big"))


def test_der_is_no_jose_signature() -> None:
    """RFC 7518 section 3.4: R and S side by side, which is what others write as DER."""
    r, s = (int.from_bytes(half, "big") for half in (SIGNATURES["ES256"][:32], SIGNATURES["ES256"][32:]))
    der = encode_dss_signature(r, s)
    assert decode_dss_signature(der) == (r, s)
    assert not verifier("ES256", PUBLIC["ES256"])(MESSAGE, der)


@EVERY
def test_a_key_of_another_algorithm_is_refused(alg: str) -> None:
    """By its type and curve."""
    for other, jwk in PUBLIC.items():
        assert usable(alg, jwk) == (jwk["kty"] == PUBLIC[alg]["kty"] and jwk.get("crv") == PUBLIC[alg].get("crv")), (
            other
        )


@EVERY
@pytest.mark.parametrize("wrong", [None, "", "A", "AA==", "!!", 5, ["AQAB"], {"x": 1}, True], ids=repr)
def test_a_member_that_is_none_makes_no_key(alg: str, wrong: object) -> None:
    """Each in turn missing, empty, badly spelled, or no text."""
    for member in PUBLIC[alg]:
        assert not usable(alg, {name: value for name, value in PUBLIC[alg].items() if name != member})
        assert not usable(alg, {**PUBLIC[alg], member: wrong})


@pytest.mark.parametrize("bits", [1024, 2047, 4104])
def test_an_rsa_key_of_another_length_is_none(bits: int) -> None:
    """RFC 7518 section 3.3: 2048 bits or more; and no more than those of this service have."""
    n = (1 << (bits - 1)) | 1
    assert not usable("RS256", {"kty": "RSA", "n": text(n.to_bytes((bits + 7) // 8, "big")), "e": "AQAB"})


@pytest.mark.parametrize("exponent", [0, 1, 2, 65_536])
def test_an_exponent_that_no_rsa_key_has_makes_none(exponent: int) -> None:
    """One would make every message its own signature."""
    e = text(exponent.to_bytes(4, "big").lstrip(b"\x00") or b"\x00")
    assert not usable("RS256", {**PUBLIC["RS256"], "e": e})


def test_a_point_beside_the_curve_is_no_key() -> None:
    """Invalid curve attacks; and a coordinate of fewer octets than RFC 7518 section 6.2.1.2 asks."""
    good = PUBLIC["ES256"]
    x = int.from_bytes(base64url.decoded(good["x"]), "big")
    assert not usable("ES256", {**good, "x": text(((x + 1) % 2**256).to_bytes(32, "big")), "y": text(b"\x01" * 32)})
    assert not usable("ES256", {**good, "x": text(bytes(32)), "y": text(bytes(32))})
    assert not usable("ES256", {**good, "x": text(b"\x00" + base64url.decoded(good["x"]))})
    assert not usable("EdDSA", {**PUBLIC["EdDSA"], "x": text(bytes(31))})


def test_another_key_is_another_key_under_any_name() -> None:
    """What is kept is kept by its members: no `kid` leads to the key of before."""
    for alg in ("RS256", "ES256", "EdDSA"):
        other = public_jwk(ALGORITHMS[alg].generate())
        assert not verifier(alg, {**other, "kid": "same"})(MESSAGE, SIGNATURES[alg])
        assert verifier(alg, {**PUBLIC[alg], "kid": "same"})(MESSAGE, SIGNATURES[alg])

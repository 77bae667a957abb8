"""Public JWKs as what verifies (RFC 7518 sections 3 and 6, RFC 8037 section 3.1); the arithmetic is `cryptography`'s.

Imported by the first token that is read.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from signet.base64url import decoded
from signet.model.key import is_of

Verifier = Callable[[bytes, bytes], bool]
"""Whether a signing input has that signature."""

_OCTETS = 32
"""Of a coordinate, and of each half of a signature, on either curve."""

_PUBLIC = ("kty", "crv", "n", "e", "x", "y")
"""Members of a JWK of which its public half is made."""

_KEPT = 16
"""Keys that are made once: the same few verify every token."""


def verifier(alg: str, jwk: Mapping[str, str]) -> Verifier:
    """What verifies signatures of that algorithm by the public half of a JWK. Raises ValueError for another kind."""
    if not is_of(alg, jwk):
        raise ValueError("not a key of its algorithm")
    try:
        return _made(alg, tuple((name, jwk[name]) for name in _PUBLIC if name in jwk))
    except (KeyError, TypeError):
        raise ValueError("not a public key") from None


@lru_cache(maxsize=_KEPT)
def _made(alg: str, public: tuple[tuple[str, str], ...]) -> Verifier:
    verify = _MAKERS[alg](dict(public))

    def verifies(signing_input: bytes, signature: bytes) -> bool:
        try:
            verify(signature, signing_input)
        except (InvalidSignature, ValueError):  # ValueError: no signature of that algorithm at all
            return False
        return True

    return verifies


_Verify = Callable[[bytes, bytes], object]
"""Raises InvalidSignature unless the first is the signature of the second."""


def _rsa(padded: padding.AsymmetricPadding) -> Callable[[Mapping[str, str]], _Verify]:
    """RSASSA-PKCS1-v1_5 and RSASSA-PSS with SHA-256 (RFC 7518 sections 3.3 and 3.5), by keys as long as ours are."""
    digest = SHA256()

    def made(jwk: Mapping[str, str]) -> _Verify:
        n, e = (int.from_bytes(decoded(jwk[name]), "big") for name in ("n", "e"))
        if not 2048 <= n.bit_length() <= 4096:
            raise ValueError("shorter than section 3.3 asks, or longer than any of this service")
        key = rsa.RSAPublicNumbers(e, n).public_key()
        return lambda signature, signing_input: key.verify(signature, signing_input, padded, digest)

    return made


def _p256(jwk: Mapping[str, str]) -> _Verify:
    """ECDSA with SHA-256 (section 3.4): R and S side by side."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    x, y = (int.from_bytes(_coordinate(jwk[name]), "big") for name in ("x", "y"))
    key = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    ecdsa = ec.ECDSA(SHA256())

    def verify(signature: bytes, signing_input: bytes) -> None:
        if len(signature) != 2 * _OCTETS:
            raise InvalidSignature
        r, s = (int.from_bytes(half, "big") for half in (signature[:_OCTETS], signature[_OCTETS:]))
        key.verify(encode_dss_signature(r, s), signing_input, ecdsa)

    return verify


def _ed25519(jwk: Mapping[str, str]) -> _Verify:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    return Ed25519PublicKey.from_public_bytes(_coordinate(jwk["x"])).verify


def _coordinate(text: str) -> bytes:
    """Always at its full length (section 6.2.1.2, RFC 8037 section 2)."""
    octets = decoded(text)
    if len(octets) != _OCTETS:
        raise ValueError("a coordinate of another length")
    return octets


_MAKERS: Mapping[str, Callable[[Mapping[str, str]], _Verify]] = {
    "RS256": _rsa(padding.PKCS1v15()),
    "PS256": _rsa(padding.PSS(padding.MGF1(SHA256()), salt_length=32)),
    "ES256": _p256,
    "EdDSA": _ed25519,
}

"""Keys on curves, ES256 and EdDSA: a module of its own, so that who signs by RSA alone does not import it."""

from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from signet import base64url
from signet.ports import Signer

_ECDSA = ec.ECDSA(hashes.SHA256())

_OCTETS = 32
"""Of a coordinate, a private value, and each half of a signature, on either curve."""


@dataclass(frozen=True, slots=True)
class EcdsaSigner:
    """A P-256 key held in memory."""

    kid: str
    key: ec.EllipticCurvePrivateKey = field(repr=False)
    alg: str = "ES256"
    remote: bool = False

    def sign(self, signing_input: bytes) -> bytes:
        """ECDSA with SHA-256 (RFC 7518 section 3.4): another signature each time, of equal worth."""
        return jose_signature(self.key.sign(signing_input, _ECDSA))


@dataclass(frozen=True, slots=True)
class EddsaSigner:
    """An Ed25519 key held in memory."""

    kid: str
    key: ed25519.Ed25519PrivateKey = field(repr=False)
    alg: str = "EdDSA"
    remote: bool = False

    def sign(self, signing_input: bytes) -> bytes:
        """Ed25519 (RFC 8037 section 3.1), which is deterministic."""
        return self.key.sign(signing_input)


def jose_signature(der: bytes) -> bytes:
    """R and S side by side, as JOSE has an ECDSA signature (RFC 7518 section 3.4), of its DER."""
    r, s = decode_dss_signature(der)
    return r.to_bytes(_OCTETS, "big") + s.to_bytes(_OCTETS, "big")


def ec_jwk(public: ec.EllipticCurvePublicKey) -> dict[str, str]:
    """The public JWK of a P-256 key; every coordinate at its full length (RFC 7518 section 6.2.1)."""
    numbers = public.public_numbers()
    return {"kty": "EC", "crv": "P-256", "x": _uint_text(numbers.x), "y": _uint_text(numbers.y)}


def _generate_p256() -> dict[str, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    return {**ec_jwk(key.public_key()), "d": _uint_text(key.private_numbers().private_value)}


def _generate_ed25519() -> dict[str, str]:
    key = ed25519.Ed25519PrivateKey.generate()
    return {**_okp_jwk(key), "d": _text(key.private_bytes_raw())}


def _p256_signer(kid: str, jwk: Mapping[str, str]) -> EcdsaSigner:
    key = ec.derive_private_key(int.from_bytes(_octets(jwk["d"]), "big"), ec.SECP256R1())
    if ec_jwk(key.public_key()) != {name: jwk[name] for name in ("kty", "crv", "x", "y")}:
        raise ValueError("not the private half of its public one")
    return EcdsaSigner(kid, key)


def _ed25519_signer(kid: str, jwk: Mapping[str, str]) -> EddsaSigner:
    key = ed25519.Ed25519PrivateKey.from_private_bytes(_octets(jwk["d"]))
    if _okp_jwk(key) != {name: jwk[name] for name in ("kty", "crv", "x")}:
        raise ValueError("not the private half of its public one")
    return EddsaSigner(kid, key)


def _okp_jwk(key: ed25519.Ed25519PrivateKey) -> dict[str, str]:
    return {"kty": "OKP", "crv": "Ed25519", "x": _text(key.public_key().public_bytes_raw())}


def _uint_text(value: int) -> str:
    return _text(value.to_bytes(_OCTETS, "big"))


def _text(octets: bytes) -> str:
    return base64url.encoded(octets).decode()


def _octets(text: str) -> bytes:
    octets = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if len(octets) != _OCTETS:
        raise ValueError("a private value of another length")
    return octets


GENERATORS = {"ES256": _generate_p256, "EdDSA": _generate_ed25519}
SIGNERS: dict[str, Callable[[str, Mapping[str, str]], Signer]] = {"ES256": _p256_signer, "EdDSA": _ed25519_signer}

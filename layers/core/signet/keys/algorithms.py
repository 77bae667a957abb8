"""The JWS algorithms whose keys the ring can hold, each a row."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

_PUBLIC_MEMBERS = {"RSA": ("e", "kty", "n")}
"""Members of a public JWK that RFC 7638 section 3.2 hashes: also the only ones that are ever published."""


@dataclass(frozen=True, slots=True)
class LocalSigner:
    """A key held in memory, out of the keyring secret."""

    kid: str
    alg: str
    key: rsa.RSAPrivateKey = field(repr=False)

    def sign(self, signing_input: bytes) -> bytes:
        """RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 section 3.3), which is deterministic."""
        return self.key.sign(signing_input, padding.PKCS1v15(), hashes.SHA256())


@dataclass(frozen=True, slots=True)
class KeyAlgorithm:
    """An algorithm: how a private JWK of it is made, and how one becomes a signer."""

    alg: str
    generate: Callable[[], dict[str, str]]
    signer: Callable[[str, Mapping[str, str]], LocalSigner]


def thumbprint(jwk: Mapping[str, str]) -> str:
    """The RFC 7638 thumbprint of a JWK, public or private, with SHA-256."""
    canonical = json.dumps(public_jwk(jwk), separators=(",", ":"), sort_keys=True)
    return urlsafe_b64encode(sha256(canonical.encode()).digest()).rstrip(b"=").decode()


def public_jwk(jwk: Mapping[str, str]) -> dict[str, str]:
    """The public half: the members RFC 7638 names and nothing else. Raises KeyError for a key of no known type."""
    return {member: jwk[member] for member in _PUBLIC_MEMBERS[jwk["kty"]]}


def _generate_rsa() -> dict[str, str]:
    numbers = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_numbers()
    public = numbers.public_numbers
    members = {
        "n": public.n,
        "e": public.e,
        "d": numbers.d,
        "p": numbers.p,
        "q": numbers.q,
        "dp": numbers.dmp1,
        "dq": numbers.dmq1,
        "qi": numbers.iqmp,
    }
    return {"kty": "RSA", **{name: _base64url_uint(value) for name, value in members.items()}}


def _rsa_signer(kid: str, jwk: Mapping[str, str]) -> LocalSigner:
    """Raises KeyError or ValueError for a JWK that is no RSA private key."""
    n, e, d, p, q, dp, dq, qi = (_uint(jwk[name]) for name in ("n", "e", "d", "p", "q", "dp", "dq", "qi"))
    numbers = rsa.RSAPrivateNumbers(p, q, d, dp, dq, qi, rsa.RSAPublicNumbers(e, n))
    if p * q != n or not 2048 <= n.bit_length() <= 4096:
        raise ValueError("not an RSA key of this service")
    # the check costs 29 ms at every cold start and has been made: the rotation tests each key before it is used
    return LocalSigner(kid, "RS256", numbers.private_key(unsafe_skip_rsa_key_validation=True))


ALGORITHMS = {row.alg: row for row in (KeyAlgorithm("RS256", _generate_rsa, _rsa_signer),)}


def _base64url_uint(value: int) -> str:
    """Base64urlUInt of RFC 7518 section 2."""
    return urlsafe_b64encode(value.to_bytes((value.bit_length() + 7) // 8, "big")).rstrip(b"=").decode()


def _uint(value: str) -> int:
    return int.from_bytes(urlsafe_b64decode(value + "=" * (-len(value) % 4)), "big")

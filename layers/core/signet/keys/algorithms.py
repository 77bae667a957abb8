"""The JWS algorithms whose keys the ring can hold, each a row."""

from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from signet import base64url
from signet.ports import Signer

_PKCS1 = padding.PKCS1v15()

_SHA256 = hashes.SHA256()

_PSS = padding.PSS(padding.MGF1(hashes.SHA256()), salt_length=32)
"""RFC 7518 section 3.5: the salt is as long as the hash."""


@dataclass(frozen=True, slots=True)
class LocalSigner:
    """An RSA key held in memory, out of the keyring secret."""

    kid: str
    alg: str
    key: rsa.RSAPrivateKey = field(repr=False)
    remote: bool = False

    def sign(self, signing_input: bytes) -> bytes:
        """RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 section 3.3), which is deterministic; RSASSA-PSS for PS256."""
        return self.key.sign(signing_input, _PSS if self.alg == "PS256" else _PKCS1, _SHA256)


@dataclass(frozen=True, slots=True)
class KeyAlgorithm:
    """An algorithm: how a private JWK of it is made, and how one becomes a signer."""

    alg: str
    generate: Callable[[], dict[str, str]]
    signer: Callable[[str, Mapping[str, str]], Signer]


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
    return {"kty": "RSA", **{name: base64url_uint(value) for name, value in members.items()}}


def _rsa_signer(alg: str, kid: str, jwk: Mapping[str, str]) -> LocalSigner:
    """Raises KeyError or ValueError for a JWK that is no RSA private key."""
    n, e, d, p, q, dp, dq, qi = (_uint(jwk[name]) for name in ("n", "e", "d", "p", "q", "dp", "dq", "qi"))
    numbers = rsa.RSAPrivateNumbers(p, q, d, dp, dq, qi, rsa.RSAPublicNumbers(e, n))
    if p * q != n or not 2048 <= n.bit_length() <= 4096:
        raise ValueError("not an RSA key of this service")
    # the check costs 29 ms at every cold start and has been made: the rotation tests each key before it is used
    return LocalSigner(kid, alg, numbers.private_key(unsafe_skip_rsa_key_validation=True))


def _generate_curve(alg: str) -> dict[str, str]:
    from signet.keys import curves

    return curves.GENERATORS[alg]()


def _curve_signer(alg: str, kid: str, jwk: Mapping[str, str]) -> Signer:
    """Raises KeyError or ValueError for a JWK that is no private key of that curve."""
    from signet.keys import curves

    return curves.SIGNERS[alg](kid, jwk)


ALGORITHMS = {
    row.alg: row
    for row in (
        KeyAlgorithm("RS256", _generate_rsa, partial(_rsa_signer, "RS256")),
        KeyAlgorithm("PS256", _generate_rsa, partial(_rsa_signer, "PS256")),
        KeyAlgorithm("ES256", partial(_generate_curve, "ES256"), partial(_curve_signer, "ES256")),
        KeyAlgorithm("EdDSA", partial(_generate_curve, "EdDSA"), partial(_curve_signer, "EdDSA")),
    )
}


def base64url_uint(value: int) -> str:
    """Base64urlUInt of RFC 7518 section 2."""
    return base64url.encoded(value.to_bytes((value.bit_length() + 7) // 8, "big")).decode()


def _uint(value: str) -> int:
    return int.from_bytes(urlsafe_b64decode(value + "=" * (-len(value) % 4)), "big")

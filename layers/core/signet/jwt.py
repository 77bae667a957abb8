"""Compact JWS (RFC 7515) on PyJWT: written with a Signer, read with an explicit algorithm, `typ` checked always."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from jwt import PyJWK, PyJWS, PyJWTError
from jwt.algorithms import Algorithm

from signet.ports import Signer

LONGEST_TOKEN = 16_384
"""Characters of a token that is still looked at."""

_COMPACT = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)
"""RFC 7515 section 7.1, without the padding and other characters that a lenient decoder skips."""

_REFUSED_HEADERS = frozenset({"crit", "b64", "zip", "jwk", "jku", "x5c", "x5u", "x5t", "x5t#S256"})
"""Header members that would let the token choose its own key or meaning (RFC 8725 sections 3.3 and 3.10)."""


class JwtInvalid(ValueError):
    """The token is not one of ours; the message names the rule that it breaks and repeats nothing of it."""


class _SignerAlgorithm(Algorithm):
    """Hands PyJWT's signing input to a Signer, so that a key in memory and one in KMS are written alike."""

    def prepare_key(self, key: Signer) -> Signer:
        return key

    def sign(self, msg: bytes, key: Signer) -> bytes:
        return key.sign(msg)

    def verify(self, msg: bytes, key: object, sig: bytes) -> bool:  # noqa: ARG002 - PyJWT's interface
        return False

    @staticmethod
    def to_jwk(key_obj: object, as_dict: bool = False) -> Any:  # noqa: ARG004, FBT001, FBT002 - PyJWT's interface
        raise TypeError("a Signer's key is published by the keyring")

    @staticmethod
    def from_jwk(jwk: object) -> Any:  # noqa: ARG004 - PyJWT's interface
        raise TypeError("a Signer is made by the keyring")


_writers: dict[str, PyJWS] = {}


def _writer(alg: str) -> PyJWS:
    if alg not in _writers:
        _writers[alg] = PyJWS(algorithms=[])
        _writers[alg].register_algorithm(alg, _SignerAlgorithm())
    return _writers[alg]


def sign(claims: Mapping[str, Any], *, typ: str, signer: Signer) -> str:
    """The compact JWS over these claims, its header naming `typ`, `alg` and `kid`."""
    payload = json.dumps(claims, separators=(",", ":")).encode()
    # PyJWT's stubs know its own kinds of key; _SignerAlgorithm takes a Signer in their place
    key: Any = signer
    return _writer(signer.alg).encode(payload, key, signer.alg, {"typ": typ, "kid": signer.kid})


def verify(token: str, *, typ: str, key_of: Callable[[str], tuple[str, Mapping[str, str]] | None]) -> dict[str, Any]:
    """The claims of a JWS that we signed; times and audience are the caller's to check.

    `key_of` gives algorithm and public JWK of a `kid`, or None. The key decides the algorithm, never the token.
    Raises JwtInvalid.
    """
    if len(token) > LONGEST_TOKEN or not _COMPACT.fullmatch(token):
        raise JwtInvalid("not a compact JWS")
    reader = PyJWS()
    try:
        header = reader.get_unverified_header(token)
        if not _REFUSED_HEADERS.isdisjoint(header):
            raise JwtInvalid("a header member that is not accepted")
        if header.get("typ") != typ:
            raise JwtInvalid("another kind of token")
        key = key_of(header.get("kid", ""))
        if key is None:
            raise JwtInvalid("an unknown key")
        alg, jwk = key
        if header.get("alg") != alg:
            raise JwtInvalid("not the algorithm of its key")
        payload = reader.decode(token, PyJWK(dict(jwk), algorithm=alg), algorithms=[alg])
        claims = json.loads(payload)
    except (PyJWTError, ValueError, RecursionError) as error:
        if isinstance(error, JwtInvalid):
            raise
        raise JwtInvalid("the signature or its encoding does not hold") from None
    if not isinstance(claims, dict):
        raise JwtInvalid("its payload is no claims set")
    return claims


def is_key(alg: str, jwk: Mapping[str, str]) -> bool:
    """Whether signatures of that algorithm can be verified with this public JWK."""
    try:
        PyJWK(dict(jwk), algorithm=alg)
    except (PyJWTError, ValueError, TypeError):
        return False
    return True

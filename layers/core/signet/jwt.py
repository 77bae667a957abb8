"""Compact JWS (RFC 7515): written with a Signer, read by PyJWT with an explicit algorithm, `typ` checked always.

PyJWT is imported by the first token that is read: a function that only writes them never pays for it.
"""

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib import import_module
from typing import Any

from signet.json_text import encoded
from signet.model.key import is_of
from signet.ports import Signer

LONGEST_TOKEN = 16_384
"""Characters of a token that is still looked at."""

_COMPACT = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)
"""RFC 7515 section 7.1, without the padding and other characters that a lenient decoder skips."""

_REFUSED_HEADERS = frozenset({"crit", "b64", "zip", "jwk", "jku", "x5c", "x5u", "x5t", "x5t#S256"})
"""Header members that would let the token choose its own key or meaning (RFC 8725 sections 3.3 and 3.10)."""


class JwtInvalid(ValueError):
    """The token is not one of ours; the message names the rule that it breaks and repeats nothing of it."""


def sign(claims: Mapping[str, Any], *, typ: str, signer: Signer) -> str:
    """The compact JWS over these claims, its header naming `typ`, `alg` and `kid`."""
    signing_input = _header(typ, signer.alg, signer.kid) + b"." + _base64url(encoded(claims))
    return (signing_input + b"." + _base64url(signer.sign(signing_input))).decode()


@lru_cache(maxsize=64)
def _header(typ: str, alg: str, kid: str) -> bytes:
    """The first segment, which stays the same for as long as its key signs."""
    return _base64url(encoded({"alg": alg, "typ": typ, "kid": kid}))


def _base64url(octets: bytes) -> bytes:
    """Without padding (RFC 7515 section 2)."""
    return urlsafe_b64encode(octets).rstrip(b"=")


def prepare_to_read() -> None:
    """Import what reading takes, for a function whose every request reads a token."""
    import_module("jwt")


def verify(token: str, *, typ: str, key_of: Callable[[str], tuple[str, Mapping[str, str]] | None]) -> dict[str, Any]:
    """The claims of a JWS that we signed; times and audience are the caller's to check.

    `key_of` gives algorithm and public JWK of a `kid`, or None. The key decides the algorithm, never the token.
    Raises JwtInvalid.
    """
    from jwt import PyJWK, PyJWS, PyJWTError

    if len(token) > LONGEST_TOKEN or not _COMPACT.fullmatch(token):
        raise JwtInvalid("not a compact JWS")
    reader = PyJWS()
    try:
        if b"\x00" in urlsafe_b64decode(f"{token.partition('.')[0]}==="):
            raise JwtInvalid("a header that is not in UTF-8")  # but in UTF-16, which PyJWT takes (RFC 8725 section 3.7)
        header = reader.get_unverified_header(token)
        if not _REFUSED_HEADERS.isdisjoint(header):
            raise JwtInvalid("a header member that is not accepted")
        if header.get("typ") != typ:
            raise JwtInvalid("another kind of token")
        key = key_of(header.get("kid", ""))
        if key is None:
            raise JwtInvalid("an unknown key")
        alg, jwk = key
        if header.get("alg") != alg or not is_of(alg, jwk):
            raise JwtInvalid("not the algorithm of its key")
        payload = reader.decode(token, PyJWK(dict(jwk), algorithm=alg), algorithms=[alg])
        claims = json.loads(payload.decode())  # bytes it would also take in UTF-16 and UTF-32
    except (PyJWTError, ValueError, RecursionError) as error:
        if isinstance(error, JwtInvalid):
            raise
        raise JwtInvalid("the signature or its encoding does not hold") from None
    if not isinstance(claims, dict):
        raise JwtInvalid("its payload is no claims set")
    return claims


def is_key(alg: str, jwk: Mapping[str, str]) -> bool:
    """Whether signatures of that algorithm can be verified with this public JWK."""
    from jwt import PyJWK, PyJWTError

    try:
        PyJWK(dict(jwk), algorithm=alg)
    except (PyJWTError, ValueError, TypeError):
        return False
    return True

"""Compact JWS (RFC 7515): written with a Signer, verified by PyJWT's algorithms, `typ` checked always.

PyJWT's own reader would look for what is refused here before: padding, `crit`, `b64`, other algorithms than the key's
(docs/decisions/0026). PyJWT is imported by the first token that is read: a function that only writes them never pays.
"""

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from signet.json_text import encoded
from signet.model.key import is_of
from signet.ports import Signer

if TYPE_CHECKING:
    from jwt import PyJWK

LONGEST_TOKEN = 16_384
"""Characters of a token that is still looked at."""

_COMPACT = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)
"""RFC 7515 section 7.1, without the padding and other characters that a lenient decoder skips."""

_REFUSED_HEADERS = frozenset({"crit", "b64", "zip", "jwk", "jku", "x5c", "x5u", "x5t", "x5t#S256"})
"""Header members that would let the token choose its own key or meaning (RFC 8725 sections 3.3 and 3.10)."""


_PUBLIC = ("kty", "crv", "n", "e", "x", "y")
"""Members of a JWK of which its public half is made (RFC 7518 section 6, RFC 8037 section 2)."""


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
    if len(token) > LONGEST_TOKEN or not _COMPACT.fullmatch(token):
        raise JwtInvalid("not a compact JWS")
    signing_input, _, signature = token.rpartition(".")
    header_segment, _, payload = signing_input.partition(".")
    header = _members(header_segment, "its header is no JSON object")
    if not _REFUSED_HEADERS.isdisjoint(header):
        raise JwtInvalid("a header member that is not accepted")
    if header.get("typ") != typ:
        raise JwtInvalid("another kind of token")
    kid = header.get("kid")
    found = key_of(kid) if isinstance(kid, str) else None
    if found is None:
        raise JwtInvalid("an unknown key")
    alg, jwk = found
    if header.get("alg") != alg:
        raise JwtInvalid("not the algorithm of its key")
    key = _key(alg, jwk)
    if not key.Algorithm.verify(signing_input.encode(), key.key, _octets(signature)):
        raise JwtInvalid("the signature does not hold")
    return _members(payload, "its payload is no claims set")


def is_key(alg: str, jwk: Mapping[str, str]) -> bool:
    """Whether signatures of that algorithm can be verified with this public JWK."""
    try:
        _key(alg, jwk)
    except JwtInvalid:
        return False
    return True


def _octets(segment: str) -> bytes:
    """What a segment is of, in its only spelling: the bits that no octet uses are zero (RFC 4648 section 3.5)."""
    try:
        octets = urlsafe_b64decode(f"{segment}===")
    except ValueError:
        raise JwtInvalid("not a compact JWS") from None
    if _base64url(octets) != segment.encode():
        raise JwtInvalid("not a compact JWS")
    return octets


def _members(segment: str, fault: str) -> dict[str, Any]:
    """The JSON object of a segment, in UTF-8 alone: of bytes Python would also take UTF-16 (RFC 8725 section 3.7)."""
    octets = _octets(segment)
    try:
        members = json.loads(octets.decode())
    except (ValueError, RecursionError):
        raise JwtInvalid(fault) from None
    if not isinstance(members, dict):
        raise JwtInvalid(fault)
    return members


def _key(alg: str, jwk: Mapping[str, str]) -> "PyJWK":
    """The public half of a JWK of this algorithm, of the length that is asked of it. Raises JwtInvalid."""
    if not is_of(alg, jwk):
        raise JwtInvalid("not the algorithm of its key")
    try:
        return _loaded(alg, tuple((name, jwk[name]) for name in _PUBLIC if name in jwk))
    except (TypeError, ValueError):
        raise JwtInvalid("not a usable key") from None


@lru_cache(maxsize=16)
def _loaded(alg: str, public: tuple[tuple[str, str], ...]) -> "PyJWK":
    """A key is made once: the same few verify every token."""
    from jwt import PyJWK, PyJWTError

    try:
        key = PyJWK(dict(public), algorithm=alg)
    except PyJWTError:
        raise ValueError from None  # whose text has the key
    if key.Algorithm.check_key_length(key.key):
        raise ValueError("shorter than RFC 7518 section 3.3 asks")
    return key

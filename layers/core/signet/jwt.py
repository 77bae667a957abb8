"""Compact JWS (RFC 7515): written with a Signer, read with the algorithm of its key, `typ` checked always.

What verifies is imported by the first token that is read: a function that only writes them never pays for it
(docs/decisions/0026).
"""

import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from signet import base64url
from signet.json_text import encoded
from signet.ports import Signer

if TYPE_CHECKING:
    from signet.verifiers import Verifier

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
    signing_input = _header(typ, signer.alg, signer.kid) + b"." + base64url.encoded(encoded(claims))
    return (signing_input + b"." + base64url.encoded(signer.sign(signing_input))).decode()


@lru_cache(maxsize=64)
def _header(typ: str, alg: str, kid: str) -> bytes:
    """The first segment, which stays the same for as long as its key signs."""
    return base64url.encoded(encoded({"alg": alg, "typ": typ, "kid": kid}))


def prepare_to_read() -> None:
    """Import what reading takes, for a function whose every request reads a token."""
    import_module("signet.verifiers")


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
    verifies = _verifier(alg, jwk)
    if not verifies(signing_input.encode(), _octets(signature)):
        raise JwtInvalid("the signature does not hold")
    return _members(payload, "its payload is no claims set")


def is_key(alg: str, jwk: Mapping[str, str]) -> bool:
    """Whether signatures of that algorithm can be verified with this public JWK."""
    try:
        _verifier(alg, jwk)
    except JwtInvalid:
        return False
    return True


def _octets(segment: str) -> bytes:
    try:
        return base64url.decoded(segment)
    except ValueError:
        raise JwtInvalid("not a compact JWS") from None


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


def _verifier(alg: str, jwk: Mapping[str, str]) -> "Verifier":
    from signet.verifiers import verifier

    try:
        return verifier(alg, jwk)
    except ValueError:
        raise JwtInvalid("not a usable key of its algorithm") from None

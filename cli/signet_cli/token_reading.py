"""What a token is and says, and whether it holds: read without asking the service."""

import json
from base64 import urlsafe_b64decode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from signet import jwt
from signet.model.grant import Code
from signet.tokens.inspect import KeyOf
from signet_cli.display import moment
from signet_cli.mistake import Mistake

KINDS = {"at+jwt": "access token", "rt+jwt": "refresh token", "JWT": "ID token"}
"""Kinds by the `typ` of their header."""

TIMES = frozenset({"iat", "exp", "nbf", "auth_time", "updated_at"})

MEANINGS = {
    "iss": "who issued it",
    "sub": "whom it is about: a user, or the client itself",
    "aud": "who is to accept it",
    "exp": "until when it holds",
    "iat": "when it was issued",
    "nbf": "since when it holds",
    "jti": "its own id, by which it is revoked",
    "client_id": "the client it was issued to",
    "azp": "the client it was issued to",
    "scope": "what it allows",
    "auth_time": "when the user signed in",
    "acr": "how strongly the user signed in",
    "amr": "by what the user signed in",
    "grant_id": "the grant it hangs on: revoke that and it ends",
    "sid": "the login session",
    "nonce": "what ties it to the application's request",
    "at_hash": "the access token it came with",
    "generation": "how often the grant has been refreshed",
    "ati": "the jti of the access token it came with",
}
"""What each claim of ours says; all others are the client's or the user's."""


@dataclass(frozen=True, slots=True)
class ReadToken:
    """A token as it was read; `faults` are why it does not hold, none where it does."""

    kind: str
    header: Mapping[str, Any]
    claims: Mapping[str, Any] = field(repr=False)
    faults: tuple[str, ...]

    @property
    def verified(self) -> bool:
        """Whether its signature holds, whatever the time."""
        return not any(fault.startswith("signature") for fault in self.faults)


def read(token: str, issuer: str, key_of: KeyOf, now: float) -> ReadToken:
    """The token, its signature and times checked as a verifier does. Raises Mistake for what is no JWT."""
    header, claims = _parts(token)
    kind = KINDS.get(str(header.get("typ")), "token of an unknown kind")
    faults = []
    try:
        jwt.verify(token, typ=str(header.get("typ")), key_of=key_of)
    except jwt.JwtInvalid as error:
        faults.append(f"signature: {error}")
    if kind not in KINDS.values():
        faults.append("typ: it is no kind of token that Signet issues")
    if claims.get("iss") != issuer:
        faults.append(f"iss: it is not of the issuer {issuer}")
    faults += _time_faults(claims, now)
    return ReadToken(kind, header, claims, tuple(faults))


def _time_faults(claims: Mapping[str, Any], now: float) -> Iterator[str]:
    exp, iat = claims.get("exp"), claims.get("iat")
    if not _is_time(exp):
        yield "exp: it has no end, no verifier accepts that"
    elif now >= exp:
        yield f"exp: it expired {relative(exp, now)}"
    if _is_time(iat) and iat > now + 60:
        yield "iat: it was issued in the future: compare the clocks (`signet doctor`)"


def _parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims, nothing verified."""
    if Code.parse(token):
        raise Mistake("this is an authorization code, not a token: only its client can redeem it, once, in a minute")
    if len(token) > jwt.LONGEST_TOKEN:
        raise Mistake(f"a token of more than {jwt.LONGEST_TOKEN} characters is not read")
    parts = token.split(".")
    if len(parts) == 5:
        raise Mistake("this token is encrypted (JWE): Signet issues none such")
    if len(parts) != 3:
        raise Mistake("this is no JWT: it has not three parts with dots between them")
    return _object(parts[0], "header"), _object(parts[1], "payload")


def _object(part: str, name: str) -> dict[str, Any]:
    try:
        value = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise Mistake(f"this is no JWT: its {name} is not JSON in base64url; copy the token as a whole")
    return value


def described(token: ReadToken, now: float) -> list[tuple[str, str, str]]:
    """Each claim with its value and what it means, times also from now."""
    return [(name, _value(name, value, now), MEANINGS.get(name, "")) for name, value in token.claims.items()]


def _value(name: str, value: Any, now: float) -> str:
    if name in TIMES and _is_time(value):
        return f"{moment(value)} ({relative(value, now)})"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _is_time(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 53


def relative(at: int, now: float) -> str:
    """A time of epoch seconds as people say it: `in 59 min`, `3 d ago`."""
    seconds = abs(int(at - now))
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            length = f"{seconds // size} {unit}"
            break
    else:
        length = f"{seconds} s"
    return f"in {length}" if at > now else f"{length} ago"

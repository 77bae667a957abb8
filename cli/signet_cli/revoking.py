"""What an operator revokes: one access token, or a grant with all that came of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from signet.model.key import KeySet
from signet.ports import GrantStore, TokenStatusStore
from signet.settings import LONGEST_TOKEN_LIFETIME
from signet.tokens.inspect import KeyOf
from signet_cli.mistake import Mistake
from signet_cli.token_reading import read


@dataclass(frozen=True, slots=True)
class Revocation:
    """What is to end: the access token `jti`, blacklisted until `expires_at`, and the grant `grant_id`, if any."""

    jti: str | None = None
    expires_at: int = 0
    grant_id: str | None = None

    def write(self, tokens: TokenStatusStore, grants: GrantStore, now: int) -> None:
        """Revoke it; again it changes nothing. The grant first: it is the larger part."""
        if self.grant_id:
            grants.revoke(self.grant_id, now)
        if self.jti:
            tokens.blacklist(self.jti, self.expires_at)

    def members(self) -> dict[str, Any]:
        """For machines; times in epoch seconds."""
        token = {"jti": self.jti, "expires_at": self.expires_at} if self.jti else {}
        return {**token, **({"grant_id": self.grant_id} if self.grant_id else {})}


def known_keys(key_set: KeySet) -> KeyOf:
    """The keys of a deployment by `kid`, those included that only verify what comes back to us."""

    def key_of(kid: str) -> tuple[str, Mapping[str, str]] | None:
        key = key_set.known(kid)
        return (key.alg, key.jwk) if key else None

    return key_of


def named(jti: str | None, grant_id: str | None, now: int) -> Revocation:
    """What is known by its id alone; a token's end is not, so it is blacklisted for as long as any lives."""
    return Revocation(jti, now + LONGEST_TOKEN_LIFETIME if jti else 0, grant_id)


def of_token(token: str, issuer: str, key_of: KeyOf, now: int, *, with_grant: bool) -> Revocation:
    """What ends with a token that this issuer has signed. Raises Mistake where it is not, or has nothing to end."""
    found = read(token, issuer, key_of, now)
    wrong = [fault for fault in found.faults if not fault.startswith(("exp:", "iat:"))]
    if wrong:
        raise Mistake(*wrong, "what was not issued here is not revoked here")
    claims = found.claims
    if found.kind == "refresh token":
        return Revocation(grant_id=str(claims["grant_id"]))
    if found.kind != "access token":
        raise Mistake("an ID token says who has signed in and opens nothing: revoke the access or the refresh token")
    grant_id = claims.get("grant_id") if with_grant else None
    if with_grant and grant_id is None:
        raise Mistake("a client's own token hangs on no grant: leave out --with-grant")
    return Revocation(str(claims["jti"]), int(claims["exp"]), grant_id)

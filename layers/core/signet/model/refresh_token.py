"""A refresh token as it comes back: a signed JWT that says which grant it continues, and how far that was."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """What a refresh token says: `scope` was granted, `resource` is what the grant is bound to (RFC 8707), or empty.

    `sid` is the login session that it ends with, empty where it ends with none. `iat` and `auth_time` in epoch seconds.
    """

    grant_id: str
    generation: int
    client_id: str
    sub: str
    iat: int
    scope: tuple[str, ...]
    resource: tuple[str, ...]
    auth_time: int
    sid: str

    @staticmethod
    def of(claims: Mapping[str, Any]) -> "RefreshToken":
        """The token of verified claims."""
        return RefreshToken(
            grant_id=claims["grant_id"],
            generation=claims["generation"],
            client_id=claims["client_id"],
            sub=claims["sub"],
            iat=claims["iat"],
            scope=tuple(claims.get("scope", "").split()),
            resource=tuple(claims.get("resource", ())),
            auth_time=claims["auth_time"],
            sid=claims.get("sid", ""),
        )

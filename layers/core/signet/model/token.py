"""What was authorized and what is issued for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from signet.model.client import Client
from signet.model.grant import Grant


@dataclass(frozen=True, slots=True)
class Authorization:
    """A grant's verdict: this client may act as `sub`, for this scope, at this audience.

    `claims` go into the access token beside the service's own. `grant` is there where a user is present;
    `id_token_claims` where an ID token is due (OpenID Connect Core section 3.1.3.3), `continuation` where a refresh
    token is; else None.
    """

    client: Client
    sub: str
    scope: tuple[str, ...]
    audience: tuple[str, ...]
    claims: Mapping[str, Any] = field(default_factory=dict, repr=False)
    grant: Grant | None = None
    id_token_claims: Mapping[str, Any] | None = field(default=None, repr=False)
    continuation: "Continuation | None" = None


@dataclass(frozen=True, slots=True)
class Continuation:
    """That a refresh token is due: when its generation began, which dates all tokens of it, and when it expires."""

    issued_at: int
    expires_at: int


@dataclass(frozen=True, slots=True)
class TokenResponse:
    """The successful answer of RFC 6749 section 5.1; `expires_in` in seconds, `jti` the access token's id."""

    access_token: str = field(repr=False)
    expires_in: int
    scope: tuple[str, ...]
    jti: str
    token_type: str = "Bearer"  # noqa: S105 - RFC 6750's name of the type
    id_token: str | None = field(default=None, repr=False)
    refresh_token: str | None = field(default=None, repr=False)

    def members(self) -> dict[str, Any]:
        """The members of the JSON object, none of them empty."""
        return {
            "access_token": self.access_token,
            "token_type": self.token_type,
            "expires_in": self.expires_in,
            **({"refresh_token": self.refresh_token} if self.refresh_token else {}),
            **({"id_token": self.id_token} if self.id_token else {}),
            **({"scope": " ".join(self.scope)} if self.scope else {}),
            "jti": self.jti,
        }

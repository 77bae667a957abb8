"""What was authorized and what is issued for it."""

from dataclasses import dataclass, field
from typing import Any

from signet.model.client import Client


@dataclass(frozen=True, slots=True)
class Authorization:
    """A grant's verdict: this client may act as `sub`, for this scope, at this audience."""

    client: Client
    sub: str
    scope: tuple[str, ...]
    audience: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TokenResponse:
    """The successful answer of RFC 6749 section 5.1; `expires_in` in seconds, `jti` the access token's id."""

    access_token: str = field(repr=False)
    expires_in: int
    scope: tuple[str, ...]
    jti: str
    token_type: str = "Bearer"  # noqa: S105 - RFC 6750's name of the type

    def members(self) -> dict[str, Any]:
        """The members of the JSON object, none of them empty."""
        return {
            "access_token": self.access_token,
            "token_type": self.token_type,
            "expires_in": self.expires_in,
            **({"scope": " ".join(self.scope)} if self.scope else {}),
            "jti": self.jti,
        }

"""The only reader of our own tokens."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from signet import jwt
from signet.errors import ErrorCode, OAuthError, Reason
from signet.model.key import KeySet
from signet.settings import Settings

CLOCK_SKEW = 5
"""Seconds by which the clocks of two execution environments may differ."""


@dataclass(frozen=True, slots=True)
class Inspector:
    """Reads tokens that `settings.issuer` signed, by the keys that are published."""

    settings: Settings
    key_set: Callable[[], KeySet]

    def access_token(self, token: str, now: float) -> dict[str, Any]:
        """The claims of an access token that has not expired. Raises OAuthError(invalid_token)."""
        claims = self._claims(token, "at+jwt")
        if not claims.get("iat", 0) - CLOCK_SKEW <= now < claims.get("exp", 0):
            raise _invalid(Reason.TOKEN_EXPIRED, "The access token has expired.")
        return claims

    def id_token(self, token: str, client_id: str) -> dict[str, Any]:
        """The claims of an ID token for that client, expired or not (OpenID Connect Core section 3.1.2.1).

        Raises OAuthError(invalid_token).
        """
        claims = self._claims(token, "JWT")
        if claims.get("aud") != client_id:
            raise _invalid(Reason.TOKEN_INVALID, "The ID token is for another client.")
        return claims

    def _claims(self, token: str, typ: str) -> dict[str, Any]:
        key_set = self.key_set()

        def key_of(kid: str) -> tuple[str, Any] | None:
            key = key_set.get(kid)
            return (key.alg, key.jwk) if key else None

        try:
            claims = jwt.verify(token, typ=typ, key_of=key_of)
        except jwt.JwtInvalid as error:
            raise _invalid(Reason.TOKEN_INVALID, "The token is not valid.", str(error)) from None
        if claims.get("iss") != self.settings.issuer:
            raise _invalid(Reason.TOKEN_INVALID, "The token is not valid.", "another issuer")
        return claims


def _invalid(reason: Reason, description: str, detail: str | None = None) -> OAuthError:
    return OAuthError(ErrorCode.INVALID_TOKEN, reason, description, status=401, detail=detail)

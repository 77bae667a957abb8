"""The only reader of our own tokens."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from signet import jwt
from signet.errors import ErrorCode, OAuthError, Reason
from signet.model.key import KeySet
from signet.model.refresh_token import RefreshToken
from signet.settings import Settings

KeyOf = Callable[[str], tuple[str, Mapping[str, str]] | None]

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


@dataclass(frozen=True, slots=True)
class RefreshTokenReader:
    """Reads refresh tokens that `settings.issuer` signed, by any key of ours that has ever signed one.

    `key_of` gives algorithm and public JWK of a `kid`, or None.
    """

    settings: Settings
    key_of: KeyOf

    def __call__(self, token: str, now: float) -> RefreshToken:
        """The token, valid at `now`. Raises OAuthError(invalid_grant) (RFC 6749 section 5.2)."""
        try:
            claims = jwt.verify(token, typ="rt+jwt", key_of=self.key_of)
        except jwt.JwtInvalid as error:
            raise _invalid_grant(Reason.TOKEN_INVALID, str(error)) from None
        if claims.get("iss") != self.settings.issuer or claims.get("aud") != self.settings.issuer:
            raise _invalid_grant(Reason.TOKEN_INVALID, "another issuer")
        if now >= claims.get("exp", 0):
            raise _invalid_grant(Reason.TOKEN_EXPIRED)
        return RefreshToken.of(claims)


def _invalid_grant(reason: Reason, detail: str | None = None) -> OAuthError:
    description = "The refresh token is invalid, expired, revoked, or was issued to another."
    return OAuthError(ErrorCode.INVALID_GRANT, reason, description, detail=detail)


def _invalid(reason: Reason, description: str, detail: str | None = None) -> OAuthError:
    return OAuthError(ErrorCode.INVALID_TOKEN, reason, description, status=401, detail=detail)

"""The only reader of our own tokens."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from signet import jwt
from signet.errors import ErrorCode, OAuthError, Reason
from signet.model.key import KeySet
from signet.model.refresh_token import RefreshToken
from signet.settings import CLOCK_SKEW, Settings

KeyOf = Callable[[str], tuple[str, Mapping[str, str]] | None]


@dataclass(frozen=True, slots=True)
class SignedToken:
    """A token that we signed, with what it says; `kind` is the name of RFC 7009 section 2.1."""

    kind: str
    claims: Mapping[str, Any]

    @property
    def is_refresh_token(self) -> bool:
        """Whether it is for us alone."""
        return self.kind == "refresh_token"

    @property
    def client_id(self) -> str:
        """The client that it was issued to."""
        return str(self.claims["client_id"])

    @property
    def scope(self) -> str:
        """Its scope as RFC 6749 section 3.3 spells it, however its client wants to read it; empty where it has none."""
        scope = self.claims.get("scope", "")
        return scope if isinstance(scope, str) else " ".join(scope)

    def is_current(self, now: float) -> bool:
        """Whether it has been issued by then and has not expired."""
        return bool(self.claims.get("iat", 0) - CLOCK_SKEW <= now < self.claims.get("exp", 0))

    def audit_fields(self) -> dict[str, str]:
        """By what it is found again in the log."""
        names = ("sub", "grant_id", "jti")
        return {"token_type": self.kind, **{name: self.claims[name] for name in names if name in self.claims}}


@dataclass(frozen=True, slots=True)
class Inspector:
    """Reads tokens that `settings.issuer` signed, by the keys that are published.

    `key_set` gives them as they are remembered, `again` as they are now, for a key that is not among those: a token
    that is called unknown is not revoked, and its client believes that it was.
    """

    settings: Settings
    key_set: Callable[[], KeySet]
    again: Callable[[], KeySet]

    def access_token(self, token: str, now: float) -> dict[str, Any]:
        """The claims of an access token that has not expired. Raises OAuthError(invalid_token)."""
        return AccessTokenReader(self.settings, self._published)(token, now)

    def signed_token(self, token: str) -> SignedToken:
        """The access or refresh token, expired or not. Raises OAuthError, of status 503 where the keys are away.

        A refresh token may be signed by a key that is published no more, since nobody else has to verify it.
        """
        try:
            return SignedToken("access_token", AccessTokenReader(self.settings, self._published).claims(token))
        except OAuthError as error:
            if error.reason is not Reason.TOKEN_INVALID:
                raise
        return SignedToken("refresh_token", RefreshTokenReader(self.settings, self._known).claims(token))

    def id_token(self, token: str, client_id: str | None = None) -> dict[str, Any]:
        """The claims of an ID token, for that client where one is named, expired or not.

        For a hint (OpenID Connect Core section 3.1.2.1, RP-Initiated Logout 1.0 section 2), which proves nothing else.
        Raises OAuthError(invalid_token).
        """
        claims = _claims(token, "JWT", self.settings.issuer, self._known)  # it may be older than its key's publication
        if client_id is not None and claims.get("aud") != client_id:
            raise _invalid(Reason.TOKEN_INVALID, "The ID token is for another client.")
        return claims

    def _published(self, kid: str) -> tuple[str, Mapping[str, str]] | None:
        key = self.key_set().get(kid) or self.again().get(kid)
        return (key.alg, key.jwk) if key else None

    def _known(self, kid: str) -> tuple[str, Mapping[str, str]] | None:
        key = self.key_set().known(kid) or self.again().known(kid)
        return (key.alg, key.jwk) if key else None


@dataclass(frozen=True, slots=True)
class AccessTokenReader:
    """Reads access tokens that `settings.issuer` signed (RFC 9068 section 4), by whichever keys the reader can have.

    `key_of` gives algorithm and public JWK of a `kid`, or None.
    """

    settings: Settings
    key_of: KeyOf

    def __call__(self, token: str, now: float) -> dict[str, Any]:
        """The claims of an access token that has not expired; `aud` is the caller's to check.

        Raises OAuthError(invalid_token).
        """
        claims = self.claims(token)
        if not SignedToken("access_token", claims).is_current(now):
            raise _invalid(Reason.TOKEN_EXPIRED, "The access token has expired.")
        return claims

    def claims(self, token: str) -> dict[str, Any]:
        """The claims of the token, expired or not. Raises OAuthError(invalid_token)."""
        return _claims(token, "at+jwt", self.settings.issuer, self.key_of)


@dataclass(frozen=True, slots=True)
class RefreshTokenReader:
    """Reads refresh tokens that `settings.issuer` signed, by any key of ours that has ever signed one.

    `key_of` gives algorithm and public JWK of a `kid`, or None.
    """

    settings: Settings
    key_of: KeyOf

    def __call__(self, token: str, now: float) -> RefreshToken:
        """The token, valid at `now`. Raises OAuthError(invalid_grant) (RFC 6749 section 5.2)."""
        claims = self.claims(token)
        if now >= claims.get("exp", 0):
            raise _invalid_grant(Reason.TOKEN_EXPIRED)
        return RefreshToken.of(claims)

    def claims(self, token: str) -> dict[str, Any]:
        """The claims of the token, expired or not. Raises OAuthError(invalid_grant)."""
        try:
            claims = jwt.verify(token, typ="rt+jwt", key_of=self.key_of)
        except jwt.JwtInvalid as error:
            raise _invalid_grant(Reason.TOKEN_INVALID, str(error)) from None
        if claims.get("iss") != self.settings.issuer or claims.get("aud") != self.settings.issuer:
            raise _invalid_grant(Reason.TOKEN_INVALID, "another issuer")
        return claims


def _claims(token: str, typ: str, issuer: str, key_of: KeyOf) -> dict[str, Any]:
    try:
        claims = jwt.verify(token, typ=typ, key_of=key_of)
    except jwt.JwtInvalid as error:
        raise _invalid(Reason.TOKEN_INVALID, "The token is not valid.", str(error)) from None
    if claims.get("iss") != issuer:
        raise _invalid(Reason.TOKEN_INVALID, "The token is not valid.", "another issuer")
    return claims


def _invalid_grant(reason: Reason, detail: str | None = None) -> OAuthError:
    description = "The refresh token is invalid, expired, revoked, or was issued to another."
    return OAuthError(ErrorCode.INVALID_GRANT, reason, description, detail=detail)


def _invalid(reason: Reason, description: str, detail: str | None = None) -> OAuthError:
    return OAuthError(ErrorCode.INVALID_TOKEN, reason, description, status=401, detail=detail)

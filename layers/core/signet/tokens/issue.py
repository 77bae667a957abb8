"""The only mint: an Authorization becomes signed tokens."""

import secrets
from collections.abc import Callable
from typing import Any

from signet import jwt
from signet.model.token import Authorization, TokenResponse
from signet.ports import Clock, Signer
from signet.settings import LONGEST_TOKEN_LIFETIME, Settings


def random_jti() -> str:
    """A token's id: 128 random bits."""
    return secrets.token_urlsafe(16)


class Issuer:
    """Mints tokens in the name of `settings.issuer`; `signer` gives the key that signs now."""

    def __init__(
        self, settings: Settings, signer: Callable[[], Signer], clock: Clock, jti: Callable[[], str] = random_jti
    ) -> None:
        self._settings = settings
        self._signer = signer
        self._clock = clock
        self._jti = jti

    def issue(self, authorization: Authorization) -> TokenResponse:
        """An access token as RFC 9068 section 2 profiles it. Raises OAuthError where no key can sign."""
        client = authorization.client
        iat = int(self._clock())
        lifetime = min(client.access_token_lifetime or self._settings.access_token_lifetime, LONGEST_TOKEN_LIFETIME)
        jti = self._jti()
        claims = {
            **client.claims,
            "iss": self._settings.issuer,
            "sub": authorization.sub,
            "aud": _audience(authorization.audience),
            "client_id": client.client_id,
            "exp": iat + lifetime,
            "iat": iat,
            "jti": jti,
            **_scope(authorization),
        }
        access_token = jwt.sign(claims, typ="at+jwt", signer=self._signer())
        return TokenResponse(access_token, lifetime, authorization.scope, jti)


def _audience(audience: tuple[str, ...]) -> str | list[str]:
    """`aud`: one value as itself, several as a list (RFC 7519 section 4.1.3)."""
    return audience[0] if len(audience) == 1 else list(audience)


def _scope(authorization: Authorization) -> dict[str, Any]:
    """`scope` as RFC 9068 section 2.2.3 spells it, or as the list that clients of older servers read."""
    if not authorization.scope:
        return {}
    if authorization.client.scope_format == "list":
        return {"scope": list(authorization.scope)}
    return {"scope": " ".join(authorization.scope)}

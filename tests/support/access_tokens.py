"""Access tokens as a resource server reads them: by the published key set and a verifier that is not Signet's."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jwt

from tests.support.deployment import ISSUER


@dataclass(frozen=True, slots=True)
class AccessToken:
    """Header and claims of a token whose signature, issuer, audience and expiry hold."""

    header: dict[str, Any]
    claims: dict[str, Any]


def verified(
    token: str, keys: Sequence[dict[str, str]], audience: str = ISSUER, now: float | None = None
) -> AccessToken:
    """The token, verified with the published key that its header names; `now` where it is not the present."""
    header = jwt.get_unverified_header(token)
    [jwk] = [key for key in keys if key["kid"] == header["kid"]]
    claims = jwt.decode(
        token,
        jwt.PyJWK(jwk),
        algorithms=[jwk["alg"]],
        audience=audience,
        issuer=ISSUER,
        options={"require": ["iss", "sub", "aud", "exp", "iat", "jti"], "verify_iat": False, "verify_exp": False},
    )
    if not claims["iat"] <= (time.time() if now is None else now) < claims["exp"]:
        raise jwt.InvalidTokenError("not issued yet, or expired")
    return AccessToken(header, claims)

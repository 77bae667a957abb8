"""API Gateway's built-in JWT authorizer of HTTP APIs, by its documented rules and at its documented worst.

"Controlling access to HTTP APIs with JWT authorizers" (docs.aws.amazon.com/apigateway/latest/developerguide/
http-api-jwt-authorizer.html): the token comes bare or after `Bearer`; its algorithm is RSA-based; `kid` names a key of
the issuer's `jwks_uri`, which may be cached for two hours; `iss` is the configured issuer; `aud` or, only where that is
absent, `client_id` is one of the configured audiences; `exp` is after and `nbf` and `iat` are before the current time;
`scope` or `scp` includes at least one of the route's scopes. "Quotas for configuring and running an HTTP API" (same
guide, http-api-quotas.html): 60,000 bytes of discovery document, 150,000 bytes of key set, 50 audiences an authorizer,
10 scopes a route.

Where the page leaves a choice this takes the one that is hardest on the issuer: a key set that was fetched is used for
the whole two hours, also for a `kid` that it lacks.
"""

import json
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

CACHE = 7_200
LARGEST_DISCOVERY_DOCUMENT = 60_000
LARGEST_KEY_SET = 150_000

_HASHES: Mapping[str, hashes.HashAlgorithm] = {
    "RS256": hashes.SHA256(),
    "RS384": hashes.SHA384(),
    "RS512": hashes.SHA512(),
}

Fetch = Callable[[str], bytes]
"""GET of an https address: the body of a 200."""


class Denied(Exception):
    """The request is not let through; the message is the rule."""


@dataclass
class JwtAuthorizer:
    """An authorizer as `CreateAuthorizer` makes one: issuer and audiences."""

    issuer: str
    audience: Sequence[str]
    fetch: Fetch
    clock: Callable[[], float]
    fetches: int = 0
    _keys: Sequence[Mapping[str, Any]] = ()
    _fetched_at: float = float("-inf")

    def __post_init__(self) -> None:
        assert len(self.audience) <= 50
        assert urlsplit(self.issuer).scheme == "https"

    def authorize(self, identity_source: str, scopes: Sequence[str] = ()) -> dict[str, Any]:
        """The claims that the backend gets. Raises Denied."""
        assert len(scopes) <= 10
        scheme, _, rest = identity_source.partition(" ")
        header, claims = self._verified(rest if scheme == "Bearer" else identity_source)
        self._check(claims)
        granted = claims.get("scope", claims.get("scp", ""))
        if scopes and not set(scopes) & set(granted.split(" ") if isinstance(granted, str) else granted):
            raise Denied("scope")
        assert header["kid"]
        return claims

    def _verified(self, token: str) -> tuple[dict[str, Any], dict[str, Any]]:
        parts = token.split(".")
        if len(parts) != 3:
            raise Denied("not a JWT")
        try:
            header, claims = (json.loads(_decoded(part)) for part in parts[:2])
            signature = _decoded(parts[2])
        except ValueError:
            raise Denied("not a JWT") from None
        if header.get("alg") not in _HASHES:
            raise Denied("alg")
        keys = [key for key in self._key_set() if "kid" in header and key.get("kid") == header["kid"]]
        if not keys:
            raise Denied("kid")
        n, e = (int.from_bytes(_decoded(keys[0][name]), "big") for name in ("n", "e"))
        try:
            rsa.RSAPublicNumbers(e, n).public_key().verify(
                signature, ".".join(parts[:2]).encode(), padding.PKCS1v15(), _HASHES[header["alg"]]
            )
        except InvalidSignature:
            raise Denied("signature") from None
        return header, claims

    def _check(self, claims: Mapping[str, Any]) -> None:
        now = self.clock()
        if claims.get("iss") != self.issuer:
            raise Denied("iss")
        audience = claims.get("aud", claims.get("client_id", []))
        if not set(self.audience) & set([audience] if isinstance(audience, str) else audience):
            raise Denied("aud")
        if not now < claims.get("exp", 0):
            raise Denied("exp")
        if claims.get("nbf", 0) > now or claims.get("iat", 0) > now:
            raise Denied("nbf, iat")

    def _key_set(self) -> Sequence[Mapping[str, Any]]:
        if not self.clock() < self._fetched_at + CACHE:
            self.refresh()
        return self._keys

    def refresh(self) -> None:
        """Fetch discovery document and key set now, as an authorizer does that has been asked for the first time."""
        document = self.fetch(f"{self.issuer}/.well-known/openid-configuration")
        assert len(document) <= LARGEST_DISCOVERY_DOCUMENT
        metadata = json.loads(document)
        assert metadata["issuer"] == self.issuer
        assert urlsplit(metadata["jwks_uri"]).scheme == "https"
        key_set = self.fetch(metadata["jwks_uri"])
        assert len(key_set) <= LARGEST_KEY_SET
        self._keys = json.loads(key_set)["keys"]
        self._fetched_at = self.clock()
        self.fetches += 1


def _decoded(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))

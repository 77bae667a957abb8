"""The only mint: an Authorization becomes signed tokens."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from hashlib import sha256, sha512
from typing import Any

from signet import base64url, jwt
from signet.model.client import Client
from signet.model.grant import Grant
from signet.model.key import DEFAULT_ALGORITHM
from signet.model.token import Authorization, Continuation, TokenResponse
from signet.ports import Clock, Signer
from signet.settings import LONGEST_TOKEN_LIFETIME, Settings
from signet.tokens.beside import beside


def random_jti() -> str:
    """A token's id: 128 random bits."""
    return secrets.token_urlsafe(16)


class Issuer:
    """Mints tokens in the name of `settings.issuer`.

    `signer` gives the key that signs now by an algorithm, `resources` the algorithms that audiences have chosen.
    """

    def __init__(
        self,
        settings: Settings,
        signer: Callable[[str], Signer],
        clock: Clock,
        *,
        resources: Callable[[], Mapping[str, str]] = dict,
        jti: Callable[[], str] = random_jti,
    ) -> None:
        self._signer = signer
        self._resources = resources
        self._settings = settings
        self._clock = clock
        self._jti = jti

    def prepare(self, client: Client) -> None:
        """Take out the keys that the client's tokens may want, before anything is consumed for them.

        Raises OAuthError where one of them cannot sign.
        """
        audience, resources = client.audience or (self._settings.default_audience,), self._resources()
        asked = {audience, *((resource,) for resource in audience)}  # all of them, or one
        algs = {_access_token_alg(client, one, resources) for one in asked}
        if "authorization_code" in client.grant_types:
            algs.update((_id_token_alg(client), DEFAULT_ALGORITHM))
        for alg in algs:
            self._signer(alg)

    def issue(self, authorization: Authorization) -> TokenResponse:
        """An access token as RFC 9068 section 2 profiles it, an ID token and a refresh token where they are due.

        Raises OAuthError where no key can sign.
        """
        now = int(self._clock())
        grant, continuation = authorization.grant, authorization.continuation
        iat = continuation.issued_at if continuation else now
        exp = iat + self._lifetime(authorization.client)
        claims = self._access_token(authorization, iat, exp)
        if grant is None or continuation is None:
            return self._signed(authorization, claims, now)
        # for us alone, whatever the client chose; and the same again byte for byte when asked again
        refresh_claims = self._refresh_token(authorization, grant, continuation, claims)
        signer = self._signer(DEFAULT_ALGORITHM)
        sign = partial(jwt.sign, refresh_claims, typ="rt+jwt", signer=signer)
        with beside(sign, remote=signer.remote) as refresh_token:
            tokens = self._signed(authorization, claims, now)
            return replace(tokens, refresh_token=refresh_token())

    def _signed(self, authorization: Authorization, claims: Mapping[str, Any], now: int) -> TokenResponse:
        """The access token of these claims, and an ID token of the same times where one is due."""
        client = authorization.client
        signer = self._signer(_access_token_alg(client, authorization.audience, self._resources()))
        access_token = jwt.sign(claims, typ="at+jwt", signer=signer)
        id_token = None
        if authorization.id_token_claims is not None:
            signer = self._signer(_id_token_alg(client))
            hashed = at_hash(access_token, signer.alg)
            own = self._id_token(authorization, authorization.id_token_claims, hashed, claims["iat"], claims["exp"])
            id_token = jwt.sign(own, typ="JWT", signer=signer)
        return TokenResponse(access_token, claims["exp"] - now, authorization.scope, claims["jti"], id_token=id_token)

    def _lifetime(self, client: Client) -> int:
        return min(client.access_token_lifetime or self._settings.access_token_lifetime, LONGEST_TOKEN_LIFETIME)

    def _access_token(self, authorization: Authorization, iat: int, exp: int) -> dict[str, Any]:
        return {
            **authorization.client.claims,
            **authorization.claims,
            "iss": self._settings.issuer,
            "sub": authorization.sub,
            "aud": _audience(authorization.audience),
            "client_id": authorization.client.client_id,
            "exp": exp,
            "iat": iat,
            "jti": self._id("access", authorization),
            **_scope(authorization),
            **_login(authorization),
            **({"grant_id": authorization.grant.grant_id} if authorization.grant else {}),
        }

    def _id_token(
        self, authorization: Authorization, own: Mapping[str, Any], hashed: str, iat: int, exp: int
    ) -> dict[str, Any]:
        """The claims of OpenID Connect Core section 2."""
        client_id = authorization.client.client_id
        # of the authentication alone: a refreshed ID token has none (section 12.2)
        nonce = authorization.grant.nonce if authorization.grant and not authorization.grant.generation else ""
        return {
            **own,
            "iss": self._settings.issuer,
            "sub": authorization.sub,
            "aud": client_id,
            "azp": client_id,
            "exp": exp,
            "iat": iat,
            "jti": self._id("identity", authorization),
            **({"nonce": nonce} if nonce else {}),
            "at_hash": hashed,
            **_login(authorization),
        }

    def _refresh_token(
        self, authorization: Authorization, grant: Grant, continuation: Continuation, access: Mapping[str, Any]
    ) -> dict[str, Any]:
        """What continues the grant: all that it was given, however little was asked for this time."""
        return {
            "iss": self._settings.issuer,
            "sub": authorization.sub,
            "aud": self._settings.issuer,
            "client_id": authorization.client.client_id,
            "exp": continuation.expires_at,
            "iat": continuation.issued_at,
            "jti": self._id("refresh", authorization),
            "ati": access["jti"],
            "grant_id": grant.grant_id,
            "generation": grant.generation,
            "auth_time": grant.auth_time,
            **({"scope": " ".join(grant.scope)} if grant.scope else {}),
            **({"resource": list(grant.audience)} if grant.audience else {}),
            **({"sid": grant.ends_with} if grant.ends_with else {}),
        }

    def _id(self, kind: str, authorization: Authorization) -> str:
        """A token's id: random, or of its turn, so that the same turn asked again gives the same token.

        A turn that was taken back and is made anew is another: its tokens are of another time.
        """
        grant, continuation = authorization.grant, authorization.continuation
        if grant is None or continuation is None:
            return self._jti()
        turn = (grant.grant_id, str(grant.generation), str(continuation.issued_at))
        asked = (kind, *turn, *authorization.scope, "", *authorization.audience)
        return base64url.encoded(sha256("\n".join(asked).encode()).digest()[:16]).decode()


def at_hash(access_token: str, alg: str) -> str:
    """The left half of the access token's hash by the hash function of the ID token's algorithm (Core 3.1.3.6).

    That of Ed25519 is SHA-512 (RFC 8032 section 5.1).
    """
    hashed = (sha512 if alg == "EdDSA" else sha256)(access_token.encode()).digest()
    return base64url.encoded(hashed[: len(hashed) // 2]).decode()


def _access_token_alg(client: Client, audience: tuple[str, ...], resources: Mapping[str, str]) -> str:
    """What its resource is set up for, who has to verify it; where none is, what the client is registered for.

    A token for several resources that do not agree is signed by the one algorithm that all verifiers know.
    """
    chosen = {resources.get(resource) for resource in audience}
    if chosen == {None}:
        return client.access_token_signed_response_alg or DEFAULT_ALGORITHM
    return (chosen.pop() if len(chosen) == 1 else None) or DEFAULT_ALGORITHM


def _id_token_alg(client: Client) -> str:
    return client.id_token_signed_response_alg or DEFAULT_ALGORITHM


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


def _login(authorization: Authorization) -> dict[str, Any]:
    """How and when the user logged in (RFC 9068 section 2.2.1)."""
    grant = authorization.grant
    if grant is None:
        return {}
    claims = {"auth_time": grant.auth_time, "acr": grant.acr, "amr": list(grant.amr), "sid": grant.sid}
    return {name: value for name, value in claims.items() if value}

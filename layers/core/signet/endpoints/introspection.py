"""The introspection endpoint (RFC 7662)."""

from dataclasses import dataclass
from typing import Any

from signet.clientauth.authenticate import PARAMETERS as CLIENT_PARAMETERS
from signet.clientauth.authenticate import ClientAuthentication, invalid_client
from signet.errors import ErrorCode, OAuthError, Reason
from signet.http import HttpRequest, HttpResponse, uncached_json
from signet.model.client import Client
from signet.model.grant import Turn
from signet.model.token_status import Status
from signet.parameters import Parameters, required, secret_parameters
from signet.ports import Audit, Clock, TokenStatusStore
from signet.settings import REFRESH_GRACE
from signet.tokens.inspect import Inspector, SignedToken

_BODY_ONLY = CLIENT_PARAMETERS | {"token", "token_type_hint"}

_CLAIMS = ("client_id", "exp", "iat", "sub", "aud", "iss", "jti", "auth_time", "acr")
"""Claims of a token that are members of the answer (RFC 7662 section 2.2, RFC 9470 section 6.2)."""


@dataclass(frozen=True, slots=True)
class IntrospectionEndpoint:
    """Tells a confidential client whether a token counts now, and what it says.

    A caller may know of its own tokens, and of access tokens whose `aud` names its client_id or one of the audiences
    that it is registered for: a resource server is a client with its API's audience. Everything else is inactive to it,
    in the same words as a token that never was one (RFC 7662 section 4).
    """

    inspector: Inspector
    authenticate: ClientAuthentication
    tokens: TokenStatusStore
    clock: Clock
    audit: Audit

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The answer of RFC 7662 section 2.2. Raises OAuthError as section 2.3."""
        parameters = secret_parameters(request, _BODY_ONLY)
        client = self._caller(request, parameters)
        try:
            return self._introspect(client, required(parameters, "token"), request)
        except OAuthError as error:
            error.decided.setdefault("client_id", client.client_id)
            raise

    def _caller(self, request: HttpRequest, parameters: Parameters) -> Client:
        """The confidential client that asks: a public one is whoever says so. 401 always (RFC 7662 section 2.3)."""
        try:
            client = self.authenticate(request, parameters)
        except OAuthError as error:
            if error.code is not ErrorCode.INVALID_CLIENT:
                raise
            refused = invalid_client(error.reason, challenge=True)
            refused.description = error.description
            refused.decided.update(error.decided)
            raise refused from None
        if client.is_public:
            raise invalid_client(Reason.CLIENT_PUBLIC, challenge=True)
        return client

    def _introspect(self, client: Client, text: str, request: HttpRequest) -> HttpResponse:
        now = int(self.clock())
        token, status, reason = self._inspected(client, text, now)
        self.audit.record(
            "token_introspected",
            client_id=client.client_id,
            active=reason is None,
            reason=str(reason) if reason else None,
            request_id=request.request_id,
            **(token.audit_fields() if token else {}),
        )
        if reason or token is None:
            return uncached_json(200, {"active": False})
        return uncached_json(200, _members(token, status))

    def _inspected(self, client: Client, text: str, now: int) -> tuple[SignedToken | None, Status, Reason | None]:
        """The token, what is on record of it, and why it is not active, None where it is."""
        nothing = Status(blacklisted=False)
        try:
            token = self.inspector.signed_token(text)
        except OAuthError as error:
            if error.status >= 500:
                raise
            return None, nothing, error.reason
        if not token.is_current(now):
            return token, nothing, Reason.TOKEN_EXPIRED
        if not _may_know(client, token):
            return token, nothing, Reason.TOKEN_OF_ANOTHER_AUDIENCE
        grant_id = token.claims.get("grant_id")
        sub = token.claims["sub"] if grant_id else None
        status = self.tokens.status(token.claims["jti"], grant_id, sub, now)
        reason = status.ended_by(user_present=grant_id is not None)
        if reason is None and token.is_refresh_token:
            reason = _as_if_used(token, now).refused_by(status.grant)
        return token, status, reason


def _may_know(client: Client, token: SignedToken) -> bool:
    """Whether the token concerns this caller; a refresh token is nobody's but its own client's."""
    if token.client_id == client.client_id:
        return True
    audience = token.claims["aud"]
    named = {audience} if isinstance(audience, str) else set(audience)
    return not token.is_refresh_token and not named.isdisjoint({client.client_id, *client.audience})


def _as_if_used(token: SignedToken, now: int) -> Turn:
    """The use of a refresh token, which is active for as long as this would be accepted."""
    claims = token.claims
    return Turn(
        grant_id=claims["grant_id"],
        client_id=claims["client_id"],
        generation=claims["generation"],
        request_id="",
        now=now,
        expires_at=now,
        grace=REFRESH_GRACE,
    )


def _members(token: SignedToken, status: Status) -> dict[str, Any]:
    """What an active token says. A refresh token has no token_type: it is shown to no resource server."""
    return {
        "active": True,
        **({"scope": token.scope} if token.scope else {}),
        **({} if token.is_refresh_token else {"token_type": "Bearer"}),
        **({"username": status.user.username} if status.user else {}),
        **{name: token.claims[name] for name in _CLAIMS if name in token.claims},
    }

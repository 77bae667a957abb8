"""The decision of a Lambda authorizer in front of somebody else's HTTP API (RFC 6750, RFC 9068 section 4)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from signet.endpoints.boundary import record_refusal, unexpected
from signet.endpoints.userinfo import header_tokens, only
from signet.errors import ErrorCode, OAuthError, Reason
from signet.http import HttpRequest
from signet.model.route_scopes import RouteScopes
from signet.ports import Audit, Clock, TokenStatusStore
from signet.tokens.inspect import AccessTokenReader, SignedToken

_NAME = "bearer_authorizer"

_REQUIRED = {"aud", "client_id", "exp", "iat", "jti", "sub"}
"""Beside `iss`, what every access token has (RFC 9068 section 2.2)."""


class AuthorizerFailed(Exception):
    """Nothing could be decided. API Gateway answers 500, and remembers nothing; the audit has the reason."""


@dataclass(frozen=True, slots=True)
class BearerAuthorizer:
    """Lets a request pass whose access token is for `audience` and carries what the route wants.

    `tokens` is where single tokens, grants and users are looked up that may have ended before their tokens; None takes
    a token for good until it expires, and asks nobody.
    """

    access_token: AccessTokenReader
    audience: str
    routes: RouteScopes
    tokens: TokenStatusStore | None
    clock: Clock
    audit: Audit

    def respond(self, request: HttpRequest, route: str) -> dict[str, Any]:
        """The simple response of payload format 2.0: the token's claims as `context`, or none.

        It has no place for the challenge of RFC 6750 section 3: API Gateway answers 403 without one. Raises
        AuthorizerFailed where nothing can be decided, which lets nobody pass either.
        """
        try:
            claims = self._authorize(request, route)
        except OAuthError as error:
            return self._refused(error, request, route)
        except Exception as error:  # noqa: BLE001 - the boundary: a trace may quote what was received
            return self._refused(unexpected(error), request, route)
        return {"isAuthorized": True, "context": claims}

    def _refused(self, error: OAuthError, request: HttpRequest, route: str) -> dict[str, Any]:
        record_refusal(error, request, self.audit, endpoint=_NAME, route=route)
        if error.status >= 500:
            raise AuthorizerFailed(str(error.reason)) from None
        return {"isAuthorized": False}

    def _authorize(self, request: HttpRequest, route: str) -> dict[str, Any]:
        """The token's claims, with `scope` as RFC 6749 section 3.3 spells it. Raises OAuthError."""
        now = self.clock()
        claims = self.access_token(only(header_tokens(request)), now)
        if _REQUIRED - claims.keys():
            raise _refused(Reason.TOKEN_INVALID)
        token = SignedToken("access_token", claims)
        decided = {**token.audit_fields(), "client_id": token.client_id}
        try:
            self._check(token, route, int(now))
        except OAuthError as error:
            error.decided.update(decided)
            raise
        self.audit.record(
            "request_authorized",
            endpoint=_NAME,
            route=route,
            request_id=request.request_id,
            source_ip=request.source_ip,
            **decided,
        )
        return {**claims, "scope": token.scope}

    def _check(self, token: SignedToken, route: str, now: int) -> None:
        if self.audience not in _audience(token.claims):
            raise _refused(Reason.TOKEN_OF_ANOTHER_AUDIENCE)
        if not self.routes.knows(route):
            raise _refused(Reason.ROUTE_UNKNOWN, ErrorCode.INSUFFICIENT_SCOPE)
        if not self.routes.satisfied_by(token.scope.split(" "), route):
            raise _refused(Reason.SCOPE_INSUFFICIENT, ErrorCode.INSUFFICIENT_SCOPE)
        if self.tokens is None:
            return
        grant_id = token.claims.get("grant_id")
        sub = token.claims["sub"] if grant_id else None
        ended = self.tokens.status(token.claims["jti"], grant_id, sub, now).ended_by(user_present=grant_id is not None)
        if ended:
            raise _refused(ended)


def _audience(claims: Mapping[str, Any]) -> list[str]:
    """`aud` is one value or a list (RFC 7519 section 4.1.3)."""
    audience = claims.get("aud", [])
    return [audience] if isinstance(audience, str) else audience


def _refused(reason: Reason, code: ErrorCode = ErrorCode.INVALID_TOKEN) -> OAuthError:
    return OAuthError(code, reason, "The token is not enough.", status=403)

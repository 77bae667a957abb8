"""The UserInfo endpoint (OpenID Connect Core section 5.3)."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from signet.errors import ErrorCode, OAuthError, Reason, invalid_request
from signet.http import HttpRequest, HttpResponse, uncached_json
from signet.model.scope import ScopeCatalogue
from signet.model.user import user_claims
from signet.parameters import body_parameters, query_parameters
from signet.ports import Audit, Clock, TokenStatusStore
from signet.tokens.inspect import Inspector


@dataclass(frozen=True, slots=True)
class UserInfoEndpoint:
    """Answers with the claims that the access token's scopes open, as they are now."""

    inspector: Inspector
    tokens: TokenStatusStore
    scopes: Callable[[], ScopeCatalogue]
    clock: Clock
    audit: Audit

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The claims as a JSON object. Raises OAuthError with the challenge of RFC 6750 section 3."""
        try:
            claims = self.inspector.access_token(bearer_token(request), self.clock())
            return self._answer(claims, request)
        except OAuthError as error:
            if error.status < 500:
                error.headers.setdefault("WWW-Authenticate", _challenge(error))
            raise

    def _answer(self, claims: dict[str, Any], request: HttpRequest) -> HttpResponse:
        scope = _scope(claims)
        grant_id = claims.get("grant_id")
        if grant_id is None or "openid" not in scope:
            raise OAuthError(
                ErrorCode.INSUFFICIENT_SCOPE, Reason.SCOPE_INSUFFICIENT, "The scope openid is required.", status=403
            )
        status = self.tokens.status(claims["jti"], grant_id, claims["sub"], int(self.clock()))
        ended = status.ended_by(user_present=True)
        if ended or status.user is None:
            refused = _inactive(ended or Reason.USER_DISABLED)
            refused.decided.update(
                client_id=claims["client_id"], sub=claims["sub"], grant_id=grant_id, jti=claims["jti"]
            )
            raise refused
        self.audit.record(
            "userinfo_read",
            client_id=claims["client_id"],
            sub=claims["sub"],
            grant_id=grant_id,
            jti=claims["jti"],
            request_id=request.request_id,
        )
        return uncached_json(200, {**self.scopes().claims(scope, user_claims(status.user)), "sub": claims["sub"]})


def bearer_token(request: HttpRequest) -> str:
    """The access token of the Authorization header or of a form body, never of the URL (RFC 6750 section 2).

    Raises OAuthError: 401 without an error where nothing was sent, invalid_request for more than one.
    """
    if "access_token" in query_parameters(request):
        raise invalid_request(Reason.PARAMETER_IN_QUERY, "The access token belongs in the Authorization header.")
    tokens = header_tokens(request)
    if request.method == "POST" and request.body:
        tokens += [value for name, value in body_parameters(request).items() if name == "access_token"]
    return only(tokens)


def header_tokens(request: HttpRequest) -> list[str]:
    """The access token of the Authorization header, if there is one (RFC 6750 section 2.1).

    Raises OAuthError(invalid_request) for two headers, which API Gateway joins by a comma.
    """
    header = request.header("authorization")
    if "," in header:
        raise _repeated()
    scheme, _, token = header.partition(" ")
    return [token.strip()] if scheme.lower() == "bearer" else []


def only(tokens: Sequence[str]) -> str:
    """The one token that was sent. Raises OAuthError: 401 where nothing was, invalid_request for more than one."""
    if len(tokens) > 1:
        raise _repeated()
    if not tokens or not tokens[0]:
        raise OAuthError(ErrorCode.INVALID_TOKEN, Reason.TOKEN_MISSING, "An access token is required.", status=401)
    return tokens[0]


def _repeated() -> OAuthError:
    return invalid_request(Reason.AUTHENTICATION_REPEATED, "The access token is sent more than once.")


def _scope(claims: dict[str, Any]) -> list[str]:
    """The token's scope, in whichever of the two spellings its client is registered for."""
    scope = claims.get("scope", "")
    return scope if isinstance(scope, list) else scope.split(" ")


def _challenge(error: OAuthError) -> str:
    """RFC 6750 section 3: a request without a token is not told of an error."""
    if error.reason is Reason.TOKEN_MISSING:
        return 'Bearer realm="signet"'
    scope = ', scope="openid"' if error.code is ErrorCode.INSUFFICIENT_SCOPE else ""
    return f'Bearer realm="signet", error="{error.code}", error_description={json.dumps(error.description)}{scope}'


def _inactive(reason: Reason) -> OAuthError:
    return OAuthError(ErrorCode.INVALID_TOKEN, reason, "The token is not valid.", status=401)

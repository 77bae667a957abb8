"""The revocation endpoint (RFC 7009)."""

from dataclasses import dataclass

from signet.clientauth.authenticate import PARAMETERS as CLIENT_PARAMETERS
from signet.clientauth.authenticate import ClientAuthentication
from signet.errors import ErrorCode, OAuthError, Reason
from signet.http import HttpRequest, HttpResponse, uncached_json
from signet.model.client import Client
from signet.parameters import Parameters, required, secret_parameters
from signet.ports import Audit, Clock, GrantStore, TokenStatusStore
from signet.settings import CLOCK_SKEW
from signet.tokens.inspect import Inspector, SignedToken

_BODY_ONLY = CLIENT_PARAMETERS | {"token", "token_type_hint"}


@dataclass(frozen=True, slots=True)
class RevocationEndpoint:
    """Ends what a client no longer needs: a refresh token with its whole grant, an access token alone.

    `token_type_hint` is not needed, since a token says itself what it is; hints are ignored, known or not.
    """

    inspector: Inspector
    authenticate: ClientAuthentication
    grants: GrantStore
    tokens: TokenStatusStore
    clock: Clock
    audit: Audit

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """200 once the token counts no more, also where it never did (RFC 7009 section 2.2).

        Raises OAuthError as section 2.2.1: unauthorized_client for another client's token.
        """
        parameters = secret_parameters(request, _BODY_ONLY)
        client = self.authenticate(request, parameters)
        try:
            self._revoke(client, parameters, request)
        except OAuthError as error:
            error.decided.setdefault("client_id", client.client_id)
            raise
        return uncached_json(200, {})

    def _revoke(self, client: Client, parameters: Parameters, request: HttpRequest) -> None:
        text = required(parameters, "token")
        now = int(self.clock())
        try:
            token = self.inspector.signed_token(text)
        except OAuthError as error:
            if error.status >= 500:
                raise
            self._ignored(client, error.reason, request)
            return
        if token.client_id != client.client_id:
            raise _of_another_client(token)
        if token.is_refresh_token:
            # expired or not: access tokens of its grant may still be alive
            self.grants.revoke(token.claims["grant_id"], now)
        elif now < token.claims["exp"] + CLOCK_SKEW:
            self.tokens.blacklist(token.claims["jti"], token.claims["exp"])
        else:
            self._ignored(client, Reason.TOKEN_EXPIRED, request)
            return
        self.audit.record(
            "token_revoked", client_id=client.client_id, request_id=request.request_id, **token.audit_fields()
        )

    def _ignored(self, client: Client, reason: Reason, request: HttpRequest) -> None:
        """Nothing had to be done, and the client is told that all is well (RFC 7009 section 2.2)."""
        self.audit.record(
            "revocation_ignored", client_id=client.client_id, reason=str(reason), request_id=request.request_id
        )


def _of_another_client(token: SignedToken) -> OAuthError:
    error = OAuthError(
        ErrorCode.UNAUTHORIZED_CLIENT, Reason.TOKEN_OF_ANOTHER_CLIENT, "The token was issued to another client."
    )
    error.decided.update(token.audit_fields())
    return error

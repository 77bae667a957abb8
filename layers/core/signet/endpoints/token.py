"""The token endpoint (RFC 6749 section 3.2)."""

from dataclasses import dataclass

from signet.clientauth.authenticate import PARAMETERS as CLIENT_PARAMETERS
from signet.clientauth.authenticate import ClientAuthentication
from signet.errors import ErrorCode, OAuthError, Reason
from signet.grants.request import GrantRequest, GrantServices
from signet.grants.table import GRANTS, Grant
from signet.http import HttpRequest, HttpResponse, uncached_json
from signet.model.client import Client
from signet.parameters import Parameters, required, secret_parameters
from signet.ports import Audit, Clock
from signet.tokens.issue import Issuer

_BODY_ONLY = CLIENT_PARAMETERS.union({"grant_type"}, *(grant.parameters for grant in GRANTS.values()))
"""Parameters that are read here and never from a URL, where they would end in logs (RFC 6749 section 3.2)."""


@dataclass(frozen=True, slots=True)
class TokenEndpoint:
    """Answers token requests: parse, authenticate the client, let the grant decide, mint."""

    services: GrantServices
    authenticate: ClientAuthentication
    issuer: Issuer
    clock: Clock
    audit: Audit

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The tokens of RFC 6749 section 5.1. Raises OAuthError as section 5.2."""
        parameters = secret_parameters(request, _BODY_ONLY)
        grant = _grant(parameters)
        client = self.authenticate(request, parameters)
        try:
            tokens = self._issue(grant, client, parameters, request)
        except OAuthError as error:
            error.decided.update(client_id=client.client_id, grant_type=grant.grant_type)
            raise
        return tokens

    def _issue(self, grant: Grant, client: Client, parameters: Parameters, request: HttpRequest) -> HttpResponse:
        if grant.grant_type not in client.grant_types:
            raise OAuthError(
                ErrorCode.UNAUTHORIZED_CLIENT,
                Reason.GRANT_TYPE_NOT_REGISTERED,
                "The client is not registered for this grant type.",
            )
        own = {name: value for name, value in parameters.items() if name in grant.parameters}
        if grant.consumes:
            self.issuer.prepare(client)  # nothing is consumed while no key can sign
        with grant.authorize(GrantRequest(client, own, self.services)) as authorization:
            tokens = self.issuer.issue(authorization)
            self.audit.record(
                "token_issued",
                client_id=client.client_id,
                grant_type=grant.grant_type,
                sub=authorization.sub,
                grant_id=authorization.grant.grant_id if authorization.grant else None,
                scope=" ".join(authorization.scope),
                jti=tokens.jti,
                request_id=request.request_id,
            )
            return uncached_json(200, tokens.members())


def _grant(parameters: Parameters) -> Grant:
    grant_type = required(parameters, "grant_type")
    if grant_type not in GRANTS:
        raise OAuthError(
            ErrorCode.UNSUPPORTED_GRANT_TYPE,
            Reason.GRANT_TYPE_UNKNOWN,
            f"The grant type is none of {', '.join(GRANTS)}.",
        )
    return GRANTS[grant_type]

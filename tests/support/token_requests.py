"""What a client asks about tokens once it has them: the refresh, revocation and introspection of an application."""

from signet.endpoints.table import ENDPOINTS
from tests.support import gateway_events
from tests.support.deployment import Deployment, Machine
from tests.support.gateway_events import Answer, token_event

REVOKE = ENDPOINTS["revocation"].paths[0]
INTROSPECT = ENDPOINTS["introspection"].paths[0]

INACTIVE = '{"active":false}'
"""All that a caller learns of a token that does not count."""


def revoke(deployment: Deployment, client: Machine, token: str, **parameters: str) -> Answer:
    """The answer to a revocation request."""
    form = {"token": token, **parameters}
    return asked(deployment, "revocation", REVOKE, client, form)


def introspect(deployment: Deployment, client: Machine, token: str, **parameters: str) -> Answer:
    """The answer to an introspection request."""
    form = {"token": token, **parameters}
    return asked(deployment, "introspection", INTROSPECT, client, form)


def refresh(deployment: Deployment, client: Machine, token: str, **parameters: str) -> Answer:
    """The token endpoint's answer to a refresh token."""
    form = {"grant_type": "refresh_token", "refresh_token": token, **parameters}
    return asked(deployment, "token", ENDPOINTS["token"].paths[0], client, form)


def asked(deployment: Deployment, function: str, path: str, client: Machine, form: dict[str, str]) -> Answer:
    """The answer to a form of a client that authenticates as it is registered to."""
    by_header = client.client.token_endpoint_auth_method == "client_secret_basic"
    secret = {} if client.client.is_public else {"client_secret": client.client_secret}
    credentials = {} if by_header else {"client_id": client.client_id, **secret}
    event = token_event({**credentials, **form}, basic=client.basic if by_header else None, path=path)
    return gateway_events.answer(deployment.invoke(function, event))

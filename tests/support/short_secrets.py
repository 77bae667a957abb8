"""Clients whose secret another system's people chose: what is stored of it, and requests from several addresses."""

from functools import cache
from typing import Any

from signet.model.client import ClientSecret
from signet.people import passwords
from tests.support.deployment import Deployment, Machine
from tests.support.gateway_events import Answer, Event, answer, token_event

SHORT = "dkconnect-secret"
"""The one of seed 000."""

GRANT = {"grant_type": "client_credentials"}


def stored_short(client_secret: str = SHORT, created_at: int = 1, expires_at: int | None = None) -> ClientSecret:
    """A short secret as an import stores it."""
    return ClientSecret(created_at=created_at, expires_at=expires_at, argon2id=_hash(client_secret))


def register_short(deployment: Deployment, client_id: str = "dkconnect", **metadata: Any) -> Machine:
    """A client with the short secret, noted as an import does; it authenticates by HTTP Basic unless it says else."""
    deployment.registry.note_short_secrets(1)
    return deployment.register(client_id, SHORT, **{"client_secrets": (stored_short(),), **metadata})


def sent_from(address: str, event: Event) -> Event:
    """The event as API Gateway makes it of a request from that IP address."""
    context = event["requestContext"]
    return {**event, "requestContext": {**context, "http": {**context["http"], "sourceIp": address}}}


def asked_from(
    deployment: Deployment, address: str, client_id: str, client_secret: str, function: str = "token", **form: str
) -> Answer:
    """The answer to a request with these credentials in its header; of the token endpoint for a token."""
    path = f"/connect/oauth/{ {'introspection': 'introspect', 'revocation': 'revoke'}.get(function, function) }"
    event = token_event(form or GRANT, basic=(client_id, client_secret), path=path)
    return answer(deployment.invoke(function, sent_from(address, event)))


@cache
def _hash(client_secret: str) -> str:
    """One hash for each secret of the run: argon2id is meant to be slow."""
    return passwords.rehash(client_secret)

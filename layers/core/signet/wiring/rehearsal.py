"""A token request that nobody made, answered in the INIT phase, so that the first that somebody makes is not the first.

CPython adapts what it has run once to what it meets the next time (PEP 659): without a rehearsal the first two requests
of each execution environment pay for that, on the share of a core that the function has; INIT has a whole one. Nothing
of what is served takes part: a client that this endpoint alone knows, a signer without a key, no store and no log.
"""

import secrets
from base64 import b64encode
from dataclasses import dataclass, replace

from signet.aws.audit import EmbeddedMetricAudit
from signet.aws.proxy import Event, Payload
from signet.cache import CachedClientStore
from signet.endpoints.table import ENDPOINTS
from signet.endpoints.token import TokenEndpoint
from signet.model.client import Client, ClientSecret, digest
from signet.model.key import DEFAULT_ALGORITHM
from signet.tokens.issue import Issuer
from signet.wiring.http_function import Answers, HttpFunction

_CLIENT_ID = "rehearsal"


@dataclass(frozen=True, slots=True)
class _NoKey:
    """ports.Signer whose signatures are empty: what comes of it is no token."""

    kid: str = ""
    alg: str = DEFAULT_ALGORITHM
    remote: bool = False

    def sign(self, signing_input: bytes) -> bytes:  # noqa: ARG002 - as ports.Signer
        return b""


@dataclass(frozen=True, slots=True)
class _OnlyClient:
    """ports.ClientStore of one."""

    client: Client

    def get(self, client_id: str, *, fresh: bool = False) -> Client | None:  # noqa: ARG002 - as ports.ClientStore
        return self.client if client_id == self.client.client_id else None


def rehearse(endpoint: TokenEndpoint) -> Payload:
    """What this endpoint answers to a client_credentials request, with a client, a signer and a log of its own."""
    client_secret = secrets.token_urlsafe(32)
    secret = ClientSecret(digest(client_secret))
    client = Client(_CLIENT_ID, "client_secret_basic", ("client_credentials",), (secret,), scope=("rehearse",))
    clients = CachedClientStore(_OnlyClient(client), 1, endpoint.clock)
    clients.get(_CLIENT_ID)  # known already, as it is to every request but the first
    audit = EmbeddedMetricAudit(len)
    rehearsing = replace(
        endpoint,
        authenticate=replace(endpoint.authenticate, clients=clients),
        issuer=Issuer(endpoint.services.settings, lambda _: _NoKey(), endpoint.clock),
        audit=audit,
    )
    function, event = HttpFunction(lambda _: Answers({"token": rehearsing}), audit=audit), _event(client_secret)
    function(event, None)  # what the interpreter has run once it adapts the second time
    return function(event, None)


def _event(client_secret: str) -> Event:
    """The request as API Gateway hands it over."""
    [path, *_] = ENDPOINTS["token"].paths
    return {
        "version": "2.0",
        "routeKey": f"ANY {path}",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {
            "authorization": f"Basic {b64encode(f'{_CLIENT_ID}:{client_secret}'.encode()).decode()}",
            "content-type": "application/x-www-form-urlencoded",
        },
        "requestContext": {"http": {"method": "POST", "path": path, "sourceIp": "127.0.0.1"}, "requestId": _CLIENT_ID},
        "body": b64encode(b"grant_type=client_credentials").decode(),
        "isBase64Encoded": True,
    }

"""Which client is calling."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from signet.clientauth.credentials import Credentials
from signet.clientauth.table import METHODS
from signet.errors import ErrorCode, OAuthError, Reason, invalid_request
from signet.http import HttpRequest
from signet.model.client import CLIENT_ID, SECRET_METHODS, Client, ClientSecret, digest
from signet.parameters import Parameters
from signet.ports import ClientStore, Clock

if TYPE_CHECKING:
    from signet.clientauth.short_secrets import ShortSecrets

PARAMETERS = frozenset({"client_id", "client_secret", "client_assertion", "client_assertion_type"})
"""Parameters of client authentication; none of them may stand in a URL (RFC 6749 section 2.3.1)."""

_ASSERTION = frozenset({"client_assertion", "client_assertion_type"})

_NOBODY = (ClientSecret(digest(""), created_at=0, expires_at=0),)
"""What the secret of an unknown client is compared with, so that it takes the same work to refuse; it never matches."""

REFUSED_AFTER = 0.5
"""Seconds until a refusal where short secrets are about: longer than it takes to count and verify one."""

_ENOUGH = 0.28
"""Share of a core on which that is so, also for the first of a process."""


def refused_after(cores: float) -> float:
    """The same on that share of a core."""
    return REFUSED_AFTER * max(1.0, _ENOUGH / cores)


@dataclass(frozen=True, slots=True)
class ClientAuthentication:
    """Finds the client that made a request, by exactly one method and the registered one.

    `has_short_secrets` says whether there may be clients with a secret too short for a digest, `short_secrets` makes,
    for the first of them that calls, what verifies it. `timer` and `pause` are in seconds, as is `refused_after`.
    """

    clients: ClientStore
    clock: Clock
    has_short_secrets: Callable[[], bool]
    short_secrets: Callable[[], "ShortSecrets"]
    timer: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep
    refused_after: float = REFUSED_AFTER

    def __call__(self, request: HttpRequest, parameters: Parameters) -> Client:
        """The client. Raises invalid_client, alike for an unknown one, a wrong secret and a method not registered.

        Where short secrets are about, which take longer to refuse, every refusal takes the same time. Raises
        invalid_request for two methods at once.
        """
        name, credentials = _presented(request, parameters)
        started = self.timer()
        try:
            return self._authenticated(name, credentials, request)
        except OAuthError as error:
            if error.code is ErrorCode.INVALID_CLIENT and self.has_short_secrets():
                self.pause(max(0.0, started + self.refused_after - self.timer()))
            raise

    def _authenticated(self, name: str, credentials: Credentials, request: HttpRequest) -> Client:
        """A wrong secret is checked once more against a fresh read before it is refused.

        So a rotated secret works within a second, and an unknown client costs the same read.
        """
        challenge = bool(request.header("authorization"))
        reason = Reason.CLIENT_UNKNOWN
        if not CLIENT_ID.fullmatch(credentials.client_id):
            raise invalid_client(reason, challenge=challenge)
        for fresh in (False, True):
            client = self.clients.get(credentials.client_id, fresh=fresh)
            wrong = self._wrong(name, credentials, client, request if fresh else None)
            proved = wrong is None or name == "none"
            if client and proved and client.token_endpoint_auth_method == name:
                return client
            if client:
                reason = Reason.AUTHENTICATION_METHOD_NOT_REGISTERED if proved else wrong or reason
        error = invalid_client(reason, challenge=challenge)
        if client and wrong is None:
            # who has proved to be the client may be told what it is registered for
            error.description = f"The client is registered for {client.token_endpoint_auth_method}."
        if reason is not Reason.CLIENT_UNKNOWN:
            error.decided["client_id"] = credentials.client_id  # a registered one: no stranger's text in the log
        raise error

    def _wrong(
        self, name: str, credentials: Credentials, client: Client | None, request: HttpRequest | None
    ) -> Reason | None:
        """Why the secret is none of the client's, None where it is. Without the request nothing slow is done for it."""
        secrets = client.client_secrets if client else _NOBODY
        if True in [secret.matches(credentials.client_secret, self.clock()) for secret in secrets]:
            return None
        if client and name in SECRET_METHODS and any(secret.is_short for secret in secrets):
            if request:
                return self.short_secrets().verify(client, credentials.client_secret, request.source_ip)
            if self.short_secrets().recall(client, credentials.client_secret):
                return None
        return Reason.CLIENT_SECRET_WRONG


def _presented(request: HttpRequest, parameters: Parameters) -> tuple[str, Credentials]:
    """The one method that the request uses, and what it shows by it."""
    authorization = request.header("authorization")
    if "," in authorization:
        raise invalid_request(Reason.AUTHENTICATION_REPEATED, "There is more than one Authorization header.")
    presented = [
        (method.name, credentials)
        for method in METHODS.values()
        if (credentials := method.presented(request, parameters)) is not None
    ]
    if not presented:
        error = invalid_client(Reason.AUTHENTICATION_MISSING, challenge=bool(authorization))
        error.description = "No client authentication is included: send HTTP Basic, or client_id and client_secret."
        raise error
    name, credentials = presented[0]
    header_unread = authorization and name != "client_secret_basic"
    if len(presented) > 1 or header_unread or not _ASSERTION.isdisjoint(parameters):
        raise invalid_request(Reason.AUTHENTICATION_REPEATED, "More than one client authentication method is used.")
    return name, credentials


def invalid_client(reason: Reason, *, challenge: bool) -> OAuthError:
    """401 with a challenge where the Authorization header was used, else 400 (RFC 6749 section 5.2)."""
    return OAuthError(
        ErrorCode.INVALID_CLIENT,
        reason,
        "Client authentication failed: the client is unknown, or its secret or method is another.",
        status=401 if challenge else 400,
        headers={"WWW-Authenticate": 'Basic realm="signet", charset="UTF-8"'} if challenge else None,
    )

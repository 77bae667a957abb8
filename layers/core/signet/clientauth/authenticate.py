"""Which client is calling."""

from signet.clientauth.table import METHODS
from signet.errors import ErrorCode, OAuthError, Reason, invalid_request
from signet.http import HttpRequest
from signet.model.client import CLIENT_ID, Client, ClientSecret, digest
from signet.parameters import Parameters
from signet.ports import ClientStore, Clock

PARAMETERS = frozenset({"client_id", "client_secret", "client_assertion", "client_assertion_type"})
"""Parameters of client authentication; none of them may stand in a URL (RFC 6749 section 2.3.1)."""

_ASSERTION = frozenset({"client_assertion", "client_assertion_type"})

_NOBODY = (ClientSecret(digest(""), created_at=0, expires_at=0),)
"""What the secret of an unknown client is compared with, so that it takes the same work to refuse; it never matches."""


def authenticate(request: HttpRequest, parameters: Parameters, clients: ClientStore, clock: Clock) -> Client:
    """The client that made the request, by exactly one method and the registered one.

    A wrong secret is checked once more against a fresh read before it is refused: a rotated secret works within a
    second, and an unknown client costs the same read. Raises invalid_client, alike for an unknown client, a wrong
    secret and a method that is not the registered one; invalid_request for two methods at once.
    """
    authorization = request.header("authorization")
    if "," in authorization:
        raise invalid_request(Reason.AUTHENTICATION_REPEATED, "There is more than one Authorization header.")
    presented = [
        (method.name, credentials)
        for method in METHODS.values()
        if (credentials := method.presented(request, parameters)) is not None
    ]
    names = {name for name, _ in presented}
    header_unread = bool(authorization) and "client_secret_basic" not in names
    if len(presented) > 1 or (presented and (header_unread or parameters.keys() & _ASSERTION)):
        raise invalid_request(Reason.AUTHENTICATION_REPEATED, "More than one client authentication method is used.")
    if not presented:
        raise invalid_client(Reason.AUTHENTICATION_MISSING, challenge=bool(authorization))
    [(name, credentials)] = presented
    reason = Reason.CLIENT_UNKNOWN
    if not CLIENT_ID.fullmatch(credentials.client_id):
        raise invalid_client(reason, challenge=bool(authorization))
    for fresh in (False, True):
        client = clients.get(credentials.client_id, fresh=fresh)
        secrets = client.client_secrets if client else _NOBODY
        matches = True in [secret.matches(credentials.client_secret, clock()) for secret in secrets]
        proved = matches or name == "none"
        if client and proved and client.token_endpoint_auth_method == name:
            return client
        if client:
            reason = Reason.AUTHENTICATION_METHOD_NOT_REGISTERED if proved else Reason.CLIENT_SECRET_WRONG
    error = invalid_client(reason, challenge=bool(authorization))
    if client and matches:
        # who has proved to be the client may be told what it is registered for
        error.description = f"The client is registered for {client.token_endpoint_auth_method}."
    if reason is not Reason.CLIENT_UNKNOWN:
        error.decided["client_id"] = credentials.client_id  # a registered one: no stranger's text in the log
    raise error


def invalid_client(reason: Reason, *, challenge: bool) -> OAuthError:
    """401 with a challenge where the Authorization header was used, else 400 (RFC 6749 section 5.2)."""
    return OAuthError(
        ErrorCode.INVALID_CLIENT,
        reason,
        "Client authentication failed.",
        status=401 if challenge else 400,
        headers={"WWW-Authenticate": 'Basic realm="signet", charset="UTF-8"'} if challenge else None,
    )

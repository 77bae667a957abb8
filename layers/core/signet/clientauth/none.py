"""A public client, which only says who it is (RFC 6749 section 2.1)."""

from signet.clientauth.credentials import Credentials
from signet.http import HttpRequest
from signet.parameters import Parameters

_PROOFS = frozenset({"client_secret", "client_assertion", "client_assertion_type"})


def presented(request: HttpRequest, parameters: Parameters) -> Credentials | None:
    """The client_id of a request that carries no proof at all."""
    if request.header("authorization") or "client_id" not in parameters or not _PROOFS.isdisjoint(parameters):
        return None
    return Credentials(parameters["client_id"], client_secret="")

"""The client authentication methods on offer, each a row; metadata and registration read this table."""

from collections.abc import Callable
from dataclasses import dataclass

from signet.clientauth import client_secret, none
from signet.clientauth.credentials import Credentials
from signet.http import HttpRequest
from signet.parameters import Parameters


@dataclass(frozen=True, slots=True)
class Method:
    """A method by its registered name (RFC 7591 section 2). `presented` finds its credentials in a request, or None."""

    name: str
    presented: Callable[[HttpRequest, Parameters], Credentials | None]


METHODS = {
    method.name: method
    for method in (
        Method("client_secret_basic", client_secret.basic),
        Method("client_secret_post", client_secret.post),
        Method("none", none.presented),
    )
}

"""The grant types on offer, each a row: the token endpoint, metadata, registration and the shared tests read it."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from signet.grants import authorization_code, client_credentials, refresh_token
from signet.grants.request import GrantRequest
from signet.model.token import Authorization


@dataclass(frozen=True, slots=True)
class Grant:
    """A grant type by its `grant_type`, the parameters it reads, and how it decides.

    The answer is made inside the context that `authorize` opens: one that fails takes back what was consumed. Of one
    that `consumes` nothing the client may try again whatever fails.
    """

    grant_type: str
    parameters: frozenset[str]
    authorize: Callable[[GrantRequest], AbstractContextManager[Authorization]]
    consumes: bool = True


GRANTS = {
    grant.grant_type: grant
    for grant in (
        Grant("client_credentials", frozenset({"scope", "resource"}), client_credentials.authorize, consumes=False),
        Grant(
            "authorization_code",
            frozenset({"code", "redirect_uri", "code_verifier", "resource"}),
            authorization_code.authorize,
        ),
        Grant("refresh_token", frozenset({"refresh_token", "scope", "resource"}), refresh_token.authorize),
    )
}

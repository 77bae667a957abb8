"""The client acts for itself (RFC 6749 section 4.4)."""

from contextlib import AbstractContextManager, nullcontext

from signet.grants.request import GrantRequest
from signet.model.token import Authorization


def authorize(request: GrantRequest) -> AbstractContextManager[Authorization]:
    """A token for the client as its own subject; never a refresh token (RFC 6749 section 4.4.3)."""
    return nullcontext(  # nothing is consumed that an answer that fails would have to take back
        Authorization(
            client=request.client,
            sub=request.client.client_id,
            scope=request.scope(request.client.scope),
            audience=request.audience(),
        )
    )

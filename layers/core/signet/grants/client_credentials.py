"""The client acts for itself (RFC 6749 section 4.4)."""

from collections.abc import Iterator
from contextlib import contextmanager

from signet.grants.request import GrantRequest
from signet.model.token import Authorization


@contextmanager
def authorize(request: GrantRequest) -> Iterator[Authorization]:
    """A token for the client as its own subject; never a refresh token (RFC 6749 section 4.4.3)."""
    yield Authorization(
        client=request.client,
        sub=request.client.client_id,
        scope=request.scope(request.client.scope),
        audience=request.audience(),
    )

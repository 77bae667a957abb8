"""What a code or a refresh token was used for must arrive; where it cannot, the use is taken back."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from signet.errors import OAuthError


@contextmanager
def undone_by_failure(undo: Callable[[], None]) -> Iterator[None]:
    """While open, a failure undoes what was consumed: nothing was issued, so the client may try again.

    The first failure is the one to tell. Where undoing fails as well the use stands, and showing it again is a replay.
    """
    try:
        yield
    except Exception:
        with suppress(OAuthError):
            undo()
        raise

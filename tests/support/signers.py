"""Signers that fail: the key is read, and signing with it comes to nothing, as with a key that is kept elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from unittest.mock import patch

from signet.errors import Reason, unavailable
from signet.keys.algorithms import LocalSigner

SIGN = LocalSigner.sign


class CutOff(BaseException):
    """The environment ends here, as by Lambda's time limit: nothing that would follow is done."""


def away() -> None:
    """The key's service does not answer."""
    raise unavailable(Reason.KEYRING_UNAVAILABLE, "kms:Sign ThrottlingException")


def defective() -> None:
    """What nobody has thought of."""
    raise RuntimeError("a defect")


def cut_off() -> None:
    """No answer, and no next line."""
    raise CutOff


@contextmanager
def signing(event: Callable[[], object], number: int = 0) -> Iterator[None]:
    """While open, the signature of that number, from 0 on, and those after it meet the event before they are made."""
    made = -1

    def sign(self: LocalSigner, signing_input: bytes) -> bytes:
        nonlocal made
        made += 1
        if made >= number:
            event()
        return SIGN(self, signing_input)

    with patch.object(LocalSigner, "sign", sign):
        yield

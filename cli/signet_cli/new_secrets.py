"""Secrets that are made for many clients at once: in a file of one's own, each before the client that it is of."""

import csv
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from signet_cli.mistake import Mistake

Hand = Callable[[str, str], None]
"""Takes a client_id and its new secret, and keeps them."""


@contextmanager
def secrets_file(name: str) -> Iterator[Hand]:
    """Appends each secret to the file of that name, which nobody else may read. Raises Mistake.

    A secret is there before its client is: one that an interruption leaves behind opens nothing, and of a client that
    stands twice the last is right.
    """
    path = Path(name)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "it is no file's name"
        raise Mistake(f"{name} cannot be written: {reason}") from None
    with os.fdopen(descriptor, "a", encoding="utf-8", newline="") as stream:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_mode & 0o077 or status.st_uid != os.geteuid():
            raise Mistake(f"{name} is no file of yours, or others may read it: name a new one, or `chmod 600` it")
        writer = csv.writer(stream)
        if not status.st_size:
            writer.writerow(("client_id", "client_secret"))

        def hand(client_id: str, client_secret: str) -> None:
            writer.writerow((client_id, client_secret))
            stream.flush()
            os.fsync(descriptor)

        yield hand

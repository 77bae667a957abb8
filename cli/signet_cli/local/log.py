"""What the parts of the server say while they work: one line at a time, from any thread."""

import sys
import threading
from collections.abc import Callable

Log = Callable[[str], None]


class HeldLog:
    """Keeps the lines of the start; they are worth reading only when it fails, and later ones at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: list[str] | None = []

    def __call__(self, line: str) -> None:
        """Say a line: now, or once it is known whether anybody wants it."""
        with self._lock:
            if self._held is None:
                _write(line)
            else:
                self._held.append(line)

    def succeeded(self) -> None:
        """Forget what was held."""
        with self._lock:
            self._held = None

    def failed(self) -> None:
        """Write what was held."""
        with self._lock:
            for line in self._held or ():
                _write(line)
            self._held = None


def _write(line: str) -> None:
    """Write to standard error in one piece, escaping what would act on a terminal."""
    text = "".join(c if c.isprintable() or c == "\t" else c.encode("unicode_escape").decode() for c in line)
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()

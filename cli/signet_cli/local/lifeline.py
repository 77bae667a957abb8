"""Child processes that cannot outlive the server, however it ends."""

import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path


def start(
    module: str,
    arguments: Sequence[str],
    *,
    environment: Mapping[str, str],
    directory: Path,
    keep: int,
    errors: int | None,
) -> subprocess.Popen[bytes]:
    """Start `python -m module` with `environment` and nothing else, file descriptor `keep` open in it.

    Its standard output is a pipe, which is the caller's to read to its end; `errors` says where standard error goes,
    as for Popen.

    It is in a session of its own, so a Ctrl-C in the terminal reaches the server alone. Its standard input is a pipe
    that nobody writes to: the end of it tells the child that the server is gone, killed or not.
    """
    return subprocess.Popen(  # noqa: S603 - this interpreter and a module of this package
        [sys.executable, "-u", "-P", "-m", module, *arguments],
        env=dict(environment),
        cwd=directory,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        pass_fds=[keep],
        start_new_session=True,
    )


def end_with_parent() -> None:
    """End this process, whatever it is doing, as soon as the one that started it has ended."""
    lifeline = os.dup(0)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)

    def wait() -> None:
        while os.read(lifeline, 1):
            pass
        os._exit(1)

    threading.Thread(target=wait, name="lifeline", daemon=True).start()


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a child at once; all that it knows is in memory, so there is nothing it could finish."""
    process.kill()
    process.wait()
    if process.stdin:
        process.stdin.close()

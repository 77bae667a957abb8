"""What `make build` and `make build-host` have built, and its functions under Lambda's own runtime client."""

import fcntl
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, Self

from tests.support.runtime_api import RuntimeApi

ROOT = Path(__file__).resolve().parents[2]
BUILT = ROOT / ".aws-sam" / "build"
HOST = ROOT / "build" / "host"
LAYERS = (HOST / "dependencies" / "python", BUILT / "CoreLayer" / "python")
"""The layers as a function finds them on its path, the dependencies being this machine's own."""


class BuildFailed(Exception):
    """`make` failed; the message is the end of what it printed."""


def build(target: str = "build-host") -> None:
    """Bring what is built up to date with its sources. Processes that ask at the same time wait for one build."""
    HOST.mkdir(parents=True, exist_ok=True)
    with (HOST / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # a make above this one passes on its flags, of which a test wants none
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
        made = subprocess.run(
            ["make", "--no-print-directory", target],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    if made.returncode:
        raise BuildFailed(made.stdout[-2000:])


def python313() -> str:
    """The interpreter that the build compiled for."""
    return (HOST / "lambda" / ".complete").read_text(encoding="utf-8").strip()


class LambdaProcess:
    """A function in a process of its own under awslambdaric, started as Lambda starts it, while the context is open.

    `task_root` holds app.py; `path` stands for the layers; `variables` is the function's environment.
    """

    def __init__(
        self, task_root: Path, variables: Mapping[str, str], path: Sequence[Path] = LAYERS, handler: str = "app.handler"
    ) -> None:
        self._task_root = task_root
        self._handler = handler
        self._variables = {
            "PATH": os.defpath,
            "PYTHONPATH": os.pathsep.join(map(str, (task_root, *path, HOST / "lambda"))),
            "PYTHONNOUSERSITE": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "TZ": ":UTC",
            "LAMBDA_TASK_ROOT": str(task_root),
            "_HANDLER": handler,
            "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
            "AWS_LAMBDA_FUNCTION_NAME": task_root.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            **variables,
        }

    def __enter__(self) -> Self:
        self._api = RuntimeApi().__enter__()
        self._log = TemporaryFile()
        self._process = subprocess.Popen(
            [python313(), "-m", "awslambdaric", self._handler],
            cwd=self._task_root,
            env={**self._variables, "AWS_LAMBDA_RUNTIME_API": self._api.address},
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._log.close()
        self._api.__exit__()

    def invoke(self, event: object, timeout: float = 30) -> Any:
        """The result for an event. Raises FunctionFailed or TimeoutError."""
        return self._api.invoke(event, timeout)

    def wait_until_asked(self, times: int) -> None:
        """Return once the function has asked for an invocation that often: the first time it is ready."""
        self._api.wait_until_asked(times)

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    @property
    def log(self) -> str:
        """Everything the function has printed so far."""
        self._log.seek(0)
        return self._log.read().decode(errors="replace")

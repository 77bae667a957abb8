"""Signet as `make serve` runs it: one instance for the session, on free ports, in a process of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

READY = "Signet is ready."
_PATIENCE = 60


@dataclass(frozen=True)
class ServedSignet:
    """Addresses of a running instance; `announcement` is what it printed when it was ready."""

    origin: str
    issuer: str
    aws_endpoint: str
    announcement: str = field(repr=False)

    def create_client(self, **metadata: Any) -> tuple[str, str]:
        """Register a client by `signet clients create` and return its id and secret. Members as in RFC 7591."""
        created = subprocess.run(
            [Path(sys.executable).with_name("signet"), "clients", "create", "-", "--json", "--local"],
            input=json.dumps(metadata),
            env={**os.environ, "AWS_PORT": self.aws_endpoint.rpartition(":")[2]},
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
        assert created.returncode == 0, created.stderr
        client = json.loads(created.stdout)
        return client["client_id"], client["client_secret"]


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def start_server(
    template: Path | None = None, *, stderr: Path, **environment: str
) -> tuple[subprocess.Popen[str], dict[str, str]]:
    """Start the server on free ports, not waiting for it; return it with its environment variables."""
    variables = {"PORT": str(free_port()), "AWS_PORT": str(free_port()), **environment}
    with stderr.open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "signet_cli.serve", *([str(template)] if template else [])],
            env={**os.environ, **variables},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        )
    return process, variables


def announcement(process: subprocess.Popen[str], stderr: Path) -> str:
    """Wait until the server is ready and return what it has printed."""
    assert process.stdout is not None
    printed = []
    for line in process.stdout:
        printed.append(line)
        if "Ctrl-C" in line:
            assert printed[0].strip() == READY
            return "".join(printed)
    pytest.fail(f"the server ended with {process.wait()}: {stderr.read_text()}")


def end(process: subprocess.Popen[str]) -> None:
    """End the server as Ctrl-C does, or at once when it does not obey."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    finally:
        if process.stdout is not None:
            process.stdout.close()


@contextmanager
def running(stderr: Path) -> Iterator[ServedSignet]:
    """An instance of one's own, while the context is open."""
    process, variables = start_server(stderr=stderr, PUBLIC_URL="")
    try:
        printed = announcement(process, stderr)
        origin = f"http://localhost:{variables['PORT']}"
        yield ServedSignet(origin, f"{origin}/connect", f"http://127.0.0.1:{variables['AWS_PORT']}", printed)
    finally:
        end(process)


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedSignet]:
    """A running instance; tests share it, so each makes the clients that it needs."""
    with running(tmp_path_factory.mktemp("served") / "stderr") as instance:
        yield instance


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that uses the running instance."""
    for item in items:
        if "served" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.served)

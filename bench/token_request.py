"""The stack and the request that the benchmarks share."""

from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.support.built import BUILT, LambdaProcess, build
from tests.support.stack import Stack, event, stack

_CREDENTIALS = "machine", "a secret of the benchmark"

TOKEN_REQUEST: dict[str, Any] = event(
    "POST",
    "/connect/oauth/token",
    {
        "Authorization": f"Basic {b64encode(':'.join(_CREDENTIALS).encode()).decode()}",
        "Content-Type": "application/x-www-form-urlencoded",
    },
    b"grant_type=client_credentials",
)


@contextmanager
def rotated_stack() -> Iterator[Stack]:
    """What is built, in an embedded AWS, with its first keys and one client."""
    build()
    with stack(BUILT / "template.yaml") as built:
        with LambdaProcess(BUILT / "KeyRotationFunction", built.variables("KeyRotationFunction")) as key_rotation:
            for step in built.rotation_events():
                key_rotation.invoke(step)
        built.register(*_CREDENTIALS, scope=("read", "write"))
        yield built

"""Inside a process that serves: its CPU time, the calls to AWS that leave it, and the signature to compare with."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from signet.aws.lean.transport import HttpTransport

P = ParamSpec("P")
T = TypeVar("T")

calls: list[str] = []
"""The operation of each request that left for AWS, retries included."""


def count_calls() -> None:
    """Have the functions' clients of AWS tell of what they send from now on."""
    send = HttpTransport.send

    def counted(transport: HttpTransport, operation: str, headers: Any, body: bytes) -> Any:
        calls.append(operation)
        return send(transport, operation, headers, body)

    HttpTransport.send = counted  # type: ignore[method-assign,assignment]


@dataclass
class Stopwatch:
    """CPU seconds of this process spent so far inside what it was put around."""

    seconds: float = 0.0

    def around(self, work: Callable[P, T]) -> Callable[P, T]:
        """The same work, timed."""

        @wraps(work)
        def timed(*args: P.args, **kwargs: P.kwargs) -> T:
            start = time.process_time()
            try:
                return work(*args, **kwargs)
            finally:
                self.seconds += time.process_time() - start

        return timed


def bare_signature() -> Callable[[], object]:
    """One RS256 signature over as much as a token has, by a key that is loaded."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    signing_input = b"x" * 400
    return lambda: key.sign(signing_input, padding.PKCS1v15(), SHA256())


def bare_verification() -> Callable[[], object]:
    """One RS256 verification of as much as a token has, by a key that is loaded."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    signing_input = b"x" * 400
    signature = key.sign(signing_input, padding.PKCS1v15(), SHA256())
    public = key.public_key()
    return lambda: public.verify(signature, signing_input, padding.PKCS1v15(), SHA256())


def cpu_seconds(work: Callable[[], object], repeats: int) -> float:
    """CPU time of one call, on average over the repeats."""
    start = time.process_time()
    for _ in range(repeats):
        work()
    return (time.process_time() - start) / repeats


def cpu_seconds_of_each(work: Callable[[], object], repeats: int) -> list[float]:
    """CPU time of each of so many calls in a row: its median is not moved by whoever had the processor meanwhile."""
    took = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        took.append(time.process_time() - start)
    return took

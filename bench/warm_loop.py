"""Run by warm_request.py with what is built on its path: writes what a warm request costs to standard error."""

import json
import statistics
import sys
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

import botocore.session
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

ROUNDS, REPEATS = 40, 25

sent: list[None] = []
"""One for each request that left for AWS, retries included."""


def count_requests() -> None:
    """Have every session that is made from now on tell of what its clients send."""
    new_session = botocore.session.get_session

    def counted() -> Any:
        session = new_session()
        session.register("before-send", lambda **_: sent.append(None))
        return session

    botocore.session.get_session = counted


def cpu_seconds(work: Callable[[], object]) -> float:
    """CPU time of one call, on average over REPEATS."""
    start = time.process_time()
    for _ in range(REPEATS):
        work()
    return (time.process_time() - start) / REPEATS


def main() -> None:
    """Serve the event in argv[1] again and again, in turn with bare signatures."""
    event = json.loads(sys.argv[1])
    count_requests()
    handler = import_module("app").handler

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    signing_input = b"x" * 400  # about as long as a token's

    first = handler(event, None)
    cold_calls = len(sent)
    if first["statusCode"] != 200 or not cold_calls:
        raise SystemExit(f"{cold_calls} calls to AWS, and then {first}")
    rounds = [
        (
            cpu_seconds(lambda: handler(event, None)),
            cpu_seconds(lambda: key.sign(signing_input, padding.PKCS1v15(), SHA256())),
        )
        for _ in range(ROUNDS)
    ]
    figures = {
        "requests": ROUNDS * REPEATS,
        "request": statistics.median(request for request, _ in rounds),
        "signature": statistics.median(signature for _, signature in rounds),
        "cold_calls": cold_calls,
        "warm_calls": (len(sent) - cold_calls) / (ROUNDS * REPEATS),
    }
    print(json.dumps(figures), file=sys.stderr)


if __name__ == "__main__":
    main()

"""Run by warm_request.py with what is built on its path: writes what the first requests cost to standard error."""

import json
import sys
import time
from collections.abc import Callable
from importlib import import_module

from bench.meter import bare_signature, cpu_seconds

REQUESTS = 10

PAUSE = 0.003
"""Seconds, about as long as the first request waits for AWS. What runs next finds the processor's caches as others
left them."""


def main() -> None:
    """Serve the event in argv[1] ten times in a new environment, and measure bare signatures afterwards.

    Then both once more, each after a pause.
    """
    event = json.loads(sys.argv[1])
    handler = import_module("app").handler

    def serve() -> None:
        answer = handler(event, None)
        if answer["statusCode"] != 200:
            raise SystemExit(str(answer))

    took = [cpu_seconds(serve, 1) for _ in range(REQUESTS)]
    sign = bare_signature()
    signature = cpu_seconds(sign, 100)
    paused = [_after_a_pause(work) for work in (serve, sign)]
    print(json.dumps({"took": took, "signature": signature, "paused": paused}), file=sys.stderr)


def _after_a_pause(work: Callable[[], object]) -> float:
    """Seconds of CPU; the work has run a moment before, so that the pause alone makes the difference."""
    work()
    time.sleep(PAUSE)
    return cpu_seconds(work, 1)


if __name__ == "__main__":
    main()

"""Run by warm_request.py with what is built on its path: writes what a warm request costs to standard error."""

import json
import statistics
import sys
from functools import partial
from importlib import import_module
from typing import Any

from bench.meter import bare_signature, calls, count_calls, cpu_seconds_of_each

ROUNDS, REPEATS = 40, 25


def main() -> None:
    """Serve the event in argv[1] again and again, in turn with bare signatures."""
    event: dict[str, Any] = json.loads(sys.argv[1])
    count_calls()
    handler = import_module("app").handler
    sign = bare_signature()
    before = len(calls)
    first = handler(event, None)
    if first["statusCode"] != 200:
        raise SystemExit(str(first))
    served = len(calls)
    signatures: list[float] = []
    requests: list[float] = []
    for _ in range(ROUNDS):
        signatures += cpu_seconds_of_each(sign, REPEATS)
        requests += cpu_seconds_of_each(partial(handler, event, None), REPEATS)
    figures = {
        "requests": len(requests),
        "signature": statistics.median(signatures),
        "request": statistics.median(requests),
        "cold_calls": served - before,
        "warm_calls": len(calls) - served,
    }
    print(json.dumps(figures), file=sys.stderr)


if __name__ == "__main__":
    main()

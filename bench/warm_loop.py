"""Run by warm_request.py with what is built on its path: writes what a warm request costs to standard error."""

import json
import statistics
import sys
from importlib import import_module

from bench.meter import bare_signature, calls, count_calls, cpu_seconds

ROUNDS, REPEATS = 40, 25


def main() -> None:
    """Serve the event in argv[1] again and again, in turn with bare signatures."""
    event = json.loads(sys.argv[1])
    count_calls()
    handler = import_module("app").handler
    sign = bare_signature()

    first = handler(event, None)
    cold_calls = len(calls)
    if first["statusCode"] != 200 or not cold_calls:
        raise SystemExit(f"{cold_calls} calls to AWS, and then {first}")
    rounds = [(cpu_seconds(lambda: handler(event, None), REPEATS), cpu_seconds(sign, REPEATS)) for _ in range(ROUNDS)]
    figures = {
        "requests": ROUNDS * REPEATS,
        "request": statistics.median(request for request, _ in rounds),
        "signature": statistics.median(signature for _, signature in rounds),
        "cold_calls": cold_calls,
        "warm_calls": (len(calls) - cold_calls) / (ROUNDS * REPEATS),
    }
    print(json.dumps(figures), file=sys.stderr)


if __name__ == "__main__":
    main()

"""Run by warm_request.py with what is built on its path: writes what warm requests cost to standard error."""

import json
import statistics
import sys
from functools import partial
from importlib import import_module
from typing import Any

from bench.meter import bare_signature, calls, count_calls, cpu_seconds

ROUNDS, REPEATS = 40, 25


def main() -> None:
    """Serve the events in argv[1] again and again, in turn with bare signatures."""
    events: dict[str, Any] = json.loads(sys.argv[1])
    count_calls()
    handler = import_module("app").handler
    sign = bare_signature()

    found = {}
    for name, event in events.items():
        before = len(calls)
        first = handler(event, None)
        if first["statusCode"] != 200:
            raise SystemExit(str(first))
        found[name] = {"cold_calls": len(calls) - before}
    before = len(calls)
    requests: dict[str, list[float]] = {name: [] for name in events}
    signatures = []
    for _ in range(ROUNDS):
        signatures.append(cpu_seconds(sign, REPEATS))
        for name, event in events.items():
            requests[name].append(cpu_seconds(partial(handler, event, None), REPEATS))
    figures = {
        "requests": ROUNDS * REPEATS,
        "signature": statistics.median(signatures),
        "warm_calls": len(calls) - before,
        "by_name": {
            name: {**found[name], "request": statistics.median(took), "least": min(took)}
            for name, took in requests.items()
        },
    }
    print(json.dumps(figures), file=sys.stderr)


if __name__ == "__main__":
    main()

"""Run by authorizer_request.py with what is built on its path: writes what a warm decision costs to standard error."""

import json
import statistics
import sys
from importlib import import_module

from bench.meter import bare_verification, calls, count_calls, cpu_seconds
from signet.keys import fetch, jwks

ROUNDS, REPEATS = 40, 25


def main() -> None:
    """Decide the event in argv[1] again and again, in turn with bare verifications; the key set is there already."""
    argument = json.loads(sys.argv[1])
    fetches: list[object] = []

    def fetched(_: object) -> object:
        fetches.append(None)
        return jwks.read(argument["jwks"].encode())

    fetch.KeySetFetch.__call__ = fetched  # type: ignore[method-assign,assignment]
    count_calls()
    handler = import_module("app").handler
    verify = bare_verification()

    first = handler(argument["event"], None)
    if first["isAuthorized"] is not True:
        raise SystemExit(f"not authorized: {first}")
    before = len(calls)
    rounds = [
        (cpu_seconds(lambda: handler(argument["event"], None), REPEATS), cpu_seconds(verify, REPEATS))
        for _ in range(ROUNDS)
    ]
    figures = {
        "decisions": ROUNDS * REPEATS,
        "decision": statistics.median(decision for decision, _ in rounds),
        "verification": statistics.median(verification for _, verification in rounds),
        "calls": (len(calls) - before) / (ROUNDS * REPEATS),
        "fetches": len(fetches),
    }
    print(json.dumps(figures), file=sys.stderr)


if __name__ == "__main__":
    main()

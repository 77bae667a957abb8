"""CPU time of client_credentials requests against a bare RS256 signature: the first of an environment, and warm."""

import statistics
import sys
from typing import Any

from bench.measure import MICROSECONDS
from bench.token_request import TOKEN_REQUESTS, rotated_stack
from bench.warm_process import figures
from tests.support.built import BUILT

PROCESSES = 15


def measured(environments: int = PROCESSES) -> tuple[dict[str, Any], dict[str, list[tuple[float, float]]]]:
    """What a process says that has served for long, and of each algorithm what the first requests of new ones take.

    That is a median and its multiple of a bare signature, for each request in turn.
    """
    with rotated_stack() as stack:
        function = BUILT / "TokenFunction"
        variables = stack.variables(function.name)
        warm = figures("warm_loop", TOKEN_REQUESTS, function, variables=variables)
        first = {}
        for name, event in TOKEN_REQUESTS.items():
            runs = [figures("first_loop", event, function, variables=variables) for _ in range(environments)]
            first[name] = [
                (
                    statistics.median(run["took"][number] for run in runs),
                    statistics.median(run["took"][number] / run["signature"] for run in runs),
                )
                for number in range(len(runs[0]["took"]))
            ]
    return warm, first


def main() -> None:
    """Print the figures."""
    warm, first = measured(int(sys.argv[1]) if len(sys.argv) > 1 else PROCESSES)
    signature = warm["signature"]
    print(f"A warm client_credentials request, median CPU time over {warm['requests']} of them, event in, answer out")
    print(f"  one bare RS256 signature      {signature * MICROSECONDS:6.0f} us")
    for name, cost in warm["by_name"].items():
        print(
            f"  the whole request, {name}      {cost['request'] * MICROSECONDS:6.0f} us"
            f"  {cost['request'] / signature:5.2f} x the signature, {cost['cold_calls']} calls to AWS before"
        )
    print(f"  calls to AWS in all of them   {warm['warm_calls']:6}")
    for name, requests in first.items():
        print(f"The first requests of a new environment, {name}, one by one: us, and in signatures")
        print("  " + " ".join(f"{took * MICROSECONDS:7.0f}" for took, _ in requests))
        print("  " + " ".join(f"{ratio:7.2f}" for _, ratio in requests))


if __name__ == "__main__":
    main()

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
    """Of each algorithm what a process says that has served for long, and what the first requests of new ones take.

    The latter is a median and its multiple of a bare RS256 signature, for each request in turn. The ring holds the
    keys of that algorithm and of RS256, which alone is what is deployed unless something else is asked for.
    """
    warm, first = {}, {}
    for name, event in TOKEN_REQUESTS.items():
        with rotated_stack(",".join(dict.fromkeys(("RS256", name)))) as stack:
            function = BUILT / "TokenFunction"
            variables = stack.variables(function.name)
            warm[name] = figures("warm_loop", event, function, variables=variables)
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
    for name, cost in warm.items():
        print(
            f"A warm client_credentials request, {name}, median CPU time over {cost['requests']}, event in, answer out"
        )
        print(f"  one bare RS256 signature      {cost['signature'] * MICROSECONDS:6.0f} us")
        print(
            f"  the whole request             {cost['request'] * MICROSECONDS:6.0f} us"
            f"  {cost['request'] / cost['signature']:5.2f} x the signature"
        )
        print(f"  calls to AWS, first and warm  {cost['cold_calls']:6} {cost['warm_calls']}")
    for name, requests in first.items():
        print(f"The first requests of a new environment, {name}, one by one: us, and in signatures")
        print("  " + " ".join(f"{took * MICROSECONDS:7.0f}" for took, _ in requests))
        print("  " + " ".join(f"{ratio:7.2f}" for _, ratio in requests))


if __name__ == "__main__":
    main()

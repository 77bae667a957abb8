"""CPU time of client_credentials requests against a bare RS256 signature: the first of an environment, and warm."""

import statistics
import sys
from dataclasses import dataclass
from typing import Any

from bench.measure import MICROSECONDS
from bench.token_request import TOKEN_REQUESTS, rotated_stack
from bench.warm_process import figures
from tests.support.built import BUILT

PROCESSES = 15

WARM_PROCESSES = 5
"""Where a process lies in memory makes a difference of its own: of these the one in the middle is shown."""


@dataclass(frozen=True, slots=True)
class FirstRequests:
    """What the first requests of new environments take, each a median in seconds and in bare RS256 signatures.

    `paused` is a warm request after a pause, and `paused_signature` a bare signature after one, both in signatures.
    """

    requests: tuple[tuple[float, float], ...]
    paused: float
    paused_signature: float

    @property
    def ratios(self) -> list[float]:
        """Each request in turn, in signatures."""
        return [ratio for _, ratio in self.requests]


def measured(environments: int = PROCESSES) -> tuple[dict[str, Any], dict[str, FirstRequests]]:
    """Of each algorithm what a process says that has served for long, and what the first requests of new ones take.

    The ring holds the keys of that algorithm and of RS256, which alone is what is deployed unless something else is
    asked for.
    """
    warm, first = {}, {}
    for name, event in TOKEN_REQUESTS.items():
        with rotated_stack(",".join(dict.fromkeys(("RS256", name)))) as stack:
            function = BUILT / "TokenFunction"
            variables = stack.variables(function.name)
            served = [figures("warm_loop", event, function, variables=variables) for _ in range(WARM_PROCESSES)]
            warm[name] = sorted(served, key=lambda cost: cost["request"] / cost["signature"])[WARM_PROCESSES // 2]
            runs = [figures("first_loop", event, function, variables=variables) for _ in range(environments)]
            requests = [
                (
                    statistics.median(run["took"][number] for run in runs),
                    statistics.median(run["took"][number] / run["signature"] for run in runs),
                )
                for number in range(len(runs[0]["took"]))
            ]
            paused = [statistics.median(run["paused"][work] / run["signature"] for run in runs) for work in range(2)]
            first[name] = FirstRequests(tuple(requests), *paused)
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
    for name, environment in first.items():
        print(f"The first requests of a new environment, {name}, one by one: us, and in signatures")
        print("  " + " ".join(f"{took * MICROSECONDS:7.0f}" for took, _ in environment.requests))
        print("  " + " ".join(f"{ratio:7.2f}" for ratio in environment.ratios))
        print(f"  after a pause {environment.paused:.2f}, and a bare signature {environment.paused_signature:.2f}")


if __name__ == "__main__":
    main()

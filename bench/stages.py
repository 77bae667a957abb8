"""Where the time of the first requests of an environment goes: stage by stage, in microseconds on the clock."""

import statistics

from bench.measure import MICROSECONDS
from bench.stages_loop import REQUESTS, STAGES
from bench.token_request import TOKEN_REQUEST, rotated_stack
from bench.warm_process import figures
from tests.support.built import BUILT

ENVIRONMENTS = 21

SHOWN = (1, 2, 3, 4, 10, REQUESTS)


def main() -> None:
    """Print the medians over new environments."""
    with rotated_stack("RS256") as stack:
        function = BUILT / "TokenFunction"
        variables = stack.variables(function.name)
        runs = [figures("stages_loop", TOKEN_REQUEST, function, variables=variables) for _ in range(ENVIRONMENTS)]
    print(f"Stages of a client_credentials request, medians of {ENVIRONMENTS} new environments, us on the clock")
    print(f"  {'request':36}" + "".join(f"{number:8}" for number in SHOWN))
    for stage in (*STAGES, "whole request"):
        medians = [statistics.median(run[number - 1][stage] for run in runs) * MICROSECONDS for number in SHOWN]
        print(f"  {stage:36}" + "".join(f"{median:8.1f}" for median in medians))


if __name__ == "__main__":
    main()

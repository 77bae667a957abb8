"""From the start of a process to its first answer under Lambda's runtime client, on what `make build` has built.

A cold start on Lambda adds what only Lambda knows (placement, fetching the package); what is compared here is ours.
"""

import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.measure import MILLISECONDS, Cost, ended_children_cpu, medians
from bench.token_request import TOKEN_REQUEST, rotated_stack
from tests.support.built import BUILT, HOST, LAYERS, LambdaProcess
from tests.support.stack import Stack

ROUNDS = 15

BARE = """
def handler(event, context):
    return {"statusCode": 200, "body": ""}
"""

WEIGHTY = """
import boto3
import pydantic
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from signet.wiring import handler_for

handler = handler_for("token")
"""


class WrongAnswer(Exception):
    """A subject did not answer 200; the message is its answer and its log."""


def cold_start(stack: Stack, task_root: Path, path: tuple[Path, ...] = LAYERS) -> Callable[[], Cost]:
    """A run of the function in that folder, from the start of its process to its first answer."""
    variables = stack.variables("TokenFunction")

    def cost() -> Cost:
        start, cpu = time.perf_counter(), ended_children_cpu()
        with LambdaProcess(task_root, variables, path) as function:
            answer = function.invoke(TOKEN_REQUEST)
            elapsed = time.perf_counter() - start
            if answer["statusCode"] != 200:
                raise WrongAnswer(f"{answer}\n{function.log}")
        return Cost(elapsed, ended_children_cpu() - cpu)

    return cost


def folder(parent: Path, name: str, source: str) -> Path:
    """A function of this source."""
    made = parent / name
    made.mkdir()
    (made / "app.py").write_text(source, encoding="utf-8")
    return made


def without_byte_code(parent: Path) -> tuple[Path, ...]:
    """The layers as a build that does not compile leaves them."""
    return tuple(
        shutil.copytree(layer, parent / f"layer{number}", ignore=shutil.ignore_patterns("__pycache__"))
        for number, layer in enumerate(LAYERS)
    )


def main() -> None:
    """Print the medians, each as a multiple of the bare handler's."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    with rotated_stack() as stack, TemporaryDirectory() as temporary:
        made = Path(temporary)
        token = BUILT / "TokenFunction"
        weighty = folder(made, "weighty", WEIGHTY)
        subjects = {
            "bare handler": cold_start(stack, folder(made, "bare", BARE)),
            "token function": cold_start(stack, token),
            "  + boto3, Powertools resolver, pydantic": cold_start(stack, weighty, (*LAYERS, HOST / "bench")),
            "  without byte code": cold_start(stack, token, without_byte_code(made)),
        }
        costs = medians(subjects, rounds)
    bare = costs["bare handler"]
    print(f"Process start to first answer under awslambdaric, median of {rounds} interleaved runs")
    for name, cost in costs.items():
        elapsed = f"{cost.elapsed * MILLISECONDS:6.0f} ms {cost.elapsed / bare.elapsed:5.1f} x bare"
        cpu = f"{cost.cpu * MILLISECONDS:6.0f} ms {cost.cpu / bare.cpu:5.1f} x bare"
        print(f"  {name:42} {elapsed}, of CPU {cpu}")


if __name__ == "__main__":
    main()

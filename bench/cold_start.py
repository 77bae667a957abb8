"""From the start of a process to its first answer under Lambda's runtime client, on what `make build` has built.

A cold start on Lambda adds what only Lambda knows (placement, fetching the package); what is compared here is ours.
"""

import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bench.first_requests import FIRST_REQUESTS, asked_first
from bench.guarded_api import FUNCTION, guarded_api
from bench.measure import MILLISECONDS, Cost, medians, memory, process_cpu
from bench.tls import bundle, tls_in_front_of
from bench.token_request import TOKEN_REQUEST
from tests.support.built import BUILT, HOST, LAYERS, LambdaProcess
from tests.support.stack import Stack

ROUNDS = 15

BARE = "bare handler"
YARDSTICK = "yardstick: boto3, Powertools, pydantic, PyJWT"

_BARE = """
def handler(event, context):
    return {"statusCode": 200, "body": ""}
"""


class WrongAnswer(Exception):
    """A subject did not answer as it should; the message is its answer and its log."""


@dataclass(frozen=True, slots=True)
class ColdStart:
    """Runs of a function, from the start of its process to its first answer."""

    task_root: Path
    variables: Mapping[str, str]
    request: dict[str, Any]
    path: tuple[Path, ...] = LAYERS

    def __call__(self) -> Cost:
        """What one run took."""
        start = time.perf_counter()
        with LambdaProcess(self.task_root, self.variables, self.path) as function:
            function.wait_until_asked(1)
            ready = process_cpu(function.pid)
            answer = function.invoke(self.request)
            elapsed = time.perf_counter() - start
            function.wait_until_asked(2)
            if not (answer.get("statusCode") == 200 or answer.get("isAuthorized")):
                raise WrongAnswer(f"{answer}\n{function.log}")
            return Cost(elapsed, process_cpu(function.pid), ready, memory(function.pid))


def folder(parent: Path, name: str, source: str) -> Path:
    """A function of this source."""
    made = parent / name
    made.mkdir()
    (made / "app.py").write_text(source, encoding="utf-8")
    return made


def yardstick(parent: Path) -> tuple[Path, tuple[Path, ...]]:
    """The function the cold starts are held against, and its dependencies as `sam build` leaves them: not compiled."""
    made = shutil.copytree(Path(__file__).with_name("yardstick"), parent / "yardstick", ignore=_BYTE_CODE)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (made / "key.pem").write_bytes(pem)
    return made, (shutil.copytree(HOST / "bench", parent / "dependencies", ignore=_BYTE_CODE),)


def without_byte_code(parent: Path) -> tuple[Path, ...]:
    """The layers as a build that does not compile leaves them."""
    return tuple(
        shutil.copytree(layer, parent / f"layer{number}", ignore=_BYTE_CODE) for number, layer in enumerate(LAYERS)
    )


_BYTE_CODE = shutil.ignore_patterns("__pycache__")


@contextmanager
def subjects(stack: Stack, requests: Mapping[str, dict[str, Any]]) -> Iterator[dict[str, Callable[[], Cost]]]:
    """What is measured, by name; AWS is behind TLS, and each trusts as many certificates as it does on Lambda."""
    with (
        TemporaryDirectory() as temporary,
        TemporaryDirectory() as issuers,
        tls_in_front_of(stack.aws.endpoint, Path(temporary)) as (endpoint, certificate),
        guarded_api(stack, Path(issuers), ALL_ROOTS) as guarded,
    ):
        made = Path(temporary)
        aws = {"AWS_ENDPOINT_URL": endpoint}
        trusting_all = {**aws, "AWS_CA_BUNDLE": str(bundle(certificate, ALL_ROOTS, made / "all.pem"))}

        trusting_amazon = {**aws, "AWS_CA_BUNDLE": str(bundle(certificate, AMAZON_ROOTS, made / "amazon.pem"))}

        def function(
            logical_id: str, aws: Mapping[str, str] = trusting_amazon, path: tuple[Path, ...] = LAYERS
        ) -> ColdStart:
            environment = {**stack.variables(logical_id), **aws}
            return ColdStart(BUILT / logical_id, environment, requests[logical_id], path)

        usual, dependencies = yardstick(made)
        variables = {**stack.variables("TokenFunction"), **trusting_all}
        yield {
            BARE: ColdStart(folder(made, "bare", _BARE), variables, TOKEN_REQUEST),
            YARDSTICK: ColdStart(usual, variables, TOKEN_REQUEST, dependencies),
            **{f"{name.removesuffix('Function')}: {asked}": function(name) for name, asked in FIRST_REQUESTS.items()},
            "Bearer authorizer: a token that is valid": ColdStart(FUNCTION, guarded.variables, guarded.request),
            "Token, by botocore": function("TokenFunction", {**trusting_all, "SIGNET_AWS_CLIENT": "botocore"}),
            "Token, without byte code": function("TokenFunction", path=without_byte_code(made)),
        }


AMAZON_ROOTS = HOST / "dependencies" / "python" / "botocore" / "amazon.pem"
ALL_ROOTS = HOST / "dependencies" / "python" / "botocore" / "cacert.pem"


def measured(rounds: int = ROUNDS) -> dict[str, Cost]:
    """The medians."""
    with asked_first() as (stack, requests), subjects(stack, requests) as found:
        return medians(found, rounds)


def main() -> None:
    """Print the medians, each as a multiple of the bare handler's and as a part of the yardstick's."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    costs = measured(rounds)
    bare, usual = costs[BARE], costs[YARDSTICK]
    print(f"Process start to first answer under awslambdaric, AWS behind TLS, median of {rounds} interleaved runs")
    print(f"  {'':46} {'CPU':>7} {'x bare':>7} {'of yardstick':>13} {'ready at':>9} {'clock':>8} {'memory':>7}")
    for name, cost in costs.items():
        print(
            f"  {name:46} {cost.cpu * MILLISECONDS:4.0f} ms {cost.cpu / bare.cpu:7.1f} {cost.cpu / usual.cpu:12.0%} "
            f" {cost.ready * MILLISECONDS:6.0f} ms {cost.elapsed * MILLISECONDS:5.0f} ms {cost.memory / 1e6:4.0f} MB"
        )


if __name__ == "__main__":
    main()

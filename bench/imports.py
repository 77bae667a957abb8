"""What an import costs a cold start: CPU time of whole processes, byte-compiled, interleaved."""

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from bench.measure import MILLISECONDS, Cost, ended_children_cpu, medians
from tests.support.built import HOST, LAYERS, build, python313

ROUNDS = 15

BOTOCORE = "import botocore.session"
WITH_CLIENT = "botocore.session.get_session().create_client('dynamodb')"

ALONE = {
    "botocore": BOTOCORE,
    "botocore, a client": f"{BOTOCORE}; {WITH_CLIENT}",
    "boto3": "import boto3",
    "boto3, a client": "import boto3; boto3.client('dynamodb')",
    "boto3, a table resource": "import boto3; boto3.resource('dynamodb').Table('t')",
    "http.client, a TLS context": "import http.client, ssl, hmac; ssl.create_default_context()",
    "Powertools Logger": "from aws_lambda_powertools.logging import Logger; Logger()",
    "Powertools Metrics": "from aws_lambda_powertools.metrics import single_metric",
    "Powertools HTTP API resolver": "from aws_lambda_powertools.event_handler import APIGatewayHttpResolver as R; R()",
    "pydantic, a model": "import pydantic; pydantic.create_model('M', name=(str, ...))",
    "PyJWT": "import jwt",
    "json": "import json",
    "json and orjson": "import json, orjson",
    "cryptography's RSA": "from cryptography.hazmat.primitives.asymmetric import padding, rsa",
}
"""Each in an interpreter of its own."""

AFTER_BOTOCORE = (
    "boto3",
    "Powertools Logger",
    "Powertools HTTP API resolver",
    "pydantic, a model",
    "PyJWT",
    "cryptography's RSA",
)
"""What these add where botocore is imported anyway: much of them is the same standard library."""


UNTRIMMED = "botocore as it is shipped, a client"
"""The same client with the data of all services and their documentation, which the build leaves out."""


def run(statement: str, path: tuple[Path, ...] = (*LAYERS, HOST / "bench")) -> Callable[[], Cost]:
    """A run of the statement in a process of its own."""
    environment = {
        "PATH": os.defpath,
        "PYTHONPATH": os.pathsep.join(map(str, path)),
        "PYTHONNOUSERSITE": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "POWERTOOLS_SERVICE_NAME": "signet",
    }

    def cost() -> Cost:
        start, cpu = time.perf_counter(), ended_children_cpu()
        subprocess.run([python313(), "-c", statement], env=environment, check=True)
        return Cost(time.perf_counter() - start, ended_children_cpu() - cpu)

    return cost


def main() -> None:
    """Print the milliseconds that each statement adds to an interpreter that does nothing."""
    build()
    after = {f"then {name}": f"{BOTOCORE}; {ALONE[name]}" for name in AFTER_BOTOCORE}
    subjects = {name: run(code) for name, code in {"": "", **ALONE, **after}.items()}
    subjects[UNTRIMMED] = run(ALONE["botocore, a client"], (HOST / "bench",))
    costs = medians(subjects, ROUNDS)
    cpu = {name: cost.cpu * MILLISECONDS for name, cost in costs.items()}
    print(f"What imports add to a process of {cpu['']:.0f} ms, median CPU time of {ROUNDS} interleaved runs")
    for name in (*ALONE, UNTRIMMED):
        print(f"  {name:42} {cpu[name] - cpu['']:+6.0f} ms")
    for name in after:
        print(f"  botocore, {name:32} {cpu[name] - cpu['botocore']:+6.0f} ms")


if __name__ == "__main__":
    main()

"""What each way to ask DynamoDB for one item costs a new process: over TLS, under Lambda's runtime client's imports."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.cold_start import ALL_ROOTS, AMAZON_ROOTS
from bench.measure import MILLISECONDS, Cost, ended_children_cpu, medians
from bench.tls import bundle, tls_in_front_of
from bench.token_request import rotated_stack
from tests.support.built import HOST, LAYERS, python313

ROUNDS = 15

BARE = "nothing"

READ = """
import os
key = {"pk": {"S": "client#machine"}, "sk": {"S": "client"}}
assert client.get_item(TableName=os.environ["SIGNET_REGISTRY_TABLE"], Key=key, ConsistentRead=True)["Item"]
"""

URLLIB3 = """
import json, time, urllib3
from signet.aws.lean.client import SERVICES, LeanClient
from signet.aws.lean.addresses import address
from signet.aws.lean.credentials import CredentialSource
from signet.aws.lean.transport import Answer
import os
class Transport:
    def __init__(self, found):
        roots = os.environ["AWS_CA_BUNDLE"]
        self.pool = urllib3.HTTPSConnectionPool(found.host, found.port, ca_certs=roots, cert_reqs="CERT_REQUIRED")
    def send(self, operation, headers, body):
        answer = self.pool.urlopen("POST", "/", body=body, headers=headers, retries=False)
        return Answer(answer.status, answer.headers.get, answer.data)
service = SERVICES["dynamodb"]
found = address("dynamodb", service.service_id, "us-east-1")
client = LeanClient(service, "us-east-1", found.authority, CredentialSource(time.time), Transport(found))
"""

CRT = """
import os
from awscrt import auth, http, io
io.ClientBootstrap.get_or_create_static_default()
options = io.TlsContextOptions()
options.override_default_trust_store_from_path(None, os.environ["AWS_CA_BUNDLE"])
io.ClientTlsContext(options)
"""

WAYS = {
    BARE: "",
    "boto3, a client": f"import boto3; client = boto3.client('dynamodb')\n{READ}",
    "botocore, a client": f"import botocore.session as b; client = b.get_session().create_client('dynamodb')\n{READ}",
    "urllib3, our signature": URLLIB3 + READ,
    "http.client, our signature": f"from signet.aws.sdk import sdk_client; client = sdk_client('dynamodb')\n{READ}",
    "awscrt, before its first request": CRT,
}


def run(statement: str, variables: dict[str, str]) -> Callable[[], Cost]:
    """A run of the statement in a process of its own, after the imports that are there anyway."""
    environment = {
        "PATH": os.defpath,
        "PYTHONPATH": os.pathsep.join(map(str, (*LAYERS, HOST / "lambda", HOST / "bench"))),
        "PYTHONNOUSERSITE": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        **variables,
    }

    def cost() -> Cost:
        start, cpu = time.perf_counter(), ended_children_cpu()
        code = f"import awslambdaric.bootstrap\n{statement}"
        subprocess.run([python313(), "-c", code], env=environment, check=True)
        return Cost(time.perf_counter() - start, ended_children_cpu() - cpu)

    return cost


def measured(rounds: int = ROUNDS) -> dict[str, Cost]:
    """The medians."""
    with (
        rotated_stack() as stack,
        TemporaryDirectory() as temporary,
        tls_in_front_of(stack.aws.endpoint, Path(temporary)) as (endpoint, certificate),
    ):
        made = Path(temporary)
        roots = {
            name: bundle(certificate, file, made / f"{number}.pem")
            for number, (name, file) in enumerate((("all", ALL_ROOTS), ("amazon", AMAZON_ROOTS)))
        }
        subjects = {}
        for name, statement in WAYS.items():
            trusted = roots["amazon" if "our signature" in name else "all"]
            aws = {"AWS_ENDPOINT_URL": endpoint, "AWS_CA_BUNDLE": str(trusted)}
            subjects[name] = run(statement, {**stack.variables("TokenFunction"), **aws})
        return medians(subjects, rounds)


def main() -> None:
    """Print the milliseconds that each adds."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    costs = measured(rounds)
    bare = costs[BARE].cpu
    print(f"One item of DynamoDB over TLS, in a new process, median CPU time of {rounds} interleaved runs")
    for name, cost in costs.items():
        print(f"  {name:46} {(cost.cpu - bare) * MILLISECONDS:+6.0f} ms")


if __name__ == "__main__":
    main()

"""The embedded AWS: what it makes of a template, and that it rotates secrets as Secrets Manager does."""

import json
import queue
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import httpx
import pytest
from botocore.exceptions import ClientError

from signet_cli.local.application import RotationSchedule
from signet_cli.local.aws import EmbeddedAws, RotationRequest
from signet_cli.local.rotation import STEPS, rotate
from signet_cli.local.template import Template
from tests.unit.local.conftest import TEMPLATE


@dataclass(frozen=True)
class Stack:
    """An embedded AWS with a template's stack in it, and the rotations that it asked for."""

    aws: EmbeddedAws
    template: Template
    rotations: "queue.SimpleQueue[RotationRequest]"
    ended: "queue.SimpleQueue[None]"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The project's stack; the tests do not disturb each other."""
    path = tmp_path_factory.mktemp("stack") / "template.yaml"
    path.write_text(TEMPLATE)
    rotations: queue.SimpleQueue[RotationRequest] = queue.SimpleQueue()
    ended: queue.SimpleQueue[None] = queue.SimpleQueue()
    listener = socket.create_server(("127.0.0.1", 0))
    with EmbeddedAws(listener, on_rotation=rotations.put, on_end=lambda: ended.put(None)) as aws:
        yield Stack(aws, aws.create_stack(Template.read(path, "http://localhost:8080")), rotations, ended)


def test_tables_come_out_as_declared(stack: Stack) -> None:
    """Keys, index, time to live and recovery, each from the template."""
    declared = stack.template.resources("AWS::DynamoDB::Table")["RegistryTable"]
    client = stack.aws.client("dynamodb")
    name = stack.template.name("RegistryTable")
    table = client.describe_table(TableName=name)["Table"]
    assert table["KeySchema"] == declared["KeySchema"]
    assert table["AttributeDefinitions"] == declared["AttributeDefinitions"]
    assert table["BillingModeSummary"]["BillingMode"] == declared["BillingMode"]
    [index] = table["GlobalSecondaryIndexes"]
    [declared_index] = declared["GlobalSecondaryIndexes"]
    assert {name: index[name] for name in declared_index} == declared_index
    assert client.describe_time_to_live(TableName=name)["TimeToLiveDescription"] == {
        "AttributeName": "expires_at",
        "TimeToLiveStatus": "ENABLED",
    }
    backups = client.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"


def test_secret_is_generated_as_declared(stack: Stack) -> None:
    """GenerateSecretString: the template's document and a random word in it."""
    found = stack.aws.client("secretsmanager").get_secret_value(SecretId=stack.template.name("Secret"))
    document = json.loads(found["SecretString"])
    assert document.pop("keys") == []
    assert len(document.pop("word")) == 20
    assert not document
    assert found["ARN"].startswith("arn:aws:secretsmanager:us-east-1:123456789012:secret:signet-Secret-")


def test_stack_has_the_templates_outputs(stack: Stack) -> None:
    """The command line finds the tables here as it does on AWS."""
    [described] = stack.aws.client("cloudformation").describe_stacks(StackName="signet")["Stacks"]
    assert {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]} == {
        "Issuer": "http://localhost:8080/connect",
        "RegistryTable": stack.template.name("RegistryTable"),
    }


def test_rotation_stages_an_empty_version_and_asks_for_the_function(stack: Stack) -> None:
    """While the function works on AWSPENDING, AWSCURRENT is what it was."""
    client = stack.aws.client("secretsmanager")
    arn = client.create_secret(Name="rotated", SecretString="old")["ARN"]
    stack.aws.start_rotation(RotationSchedule(arn, "arn:function", {"AutomaticallyAfterDays": 30}))
    request = stack.rotations.get(timeout=10)
    assert (request.secret_id, request.function_arn) == (arn, "arn:function")
    described = client.describe_secret(SecretId=arn)
    assert described["RotationEnabled"] is True
    assert described["RotationRules"] == {"AutomaticallyAfterDays": 30}
    assert described["VersionIdsToStages"][request.token] == ["AWSPENDING"]
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        client.get_secret_value(SecretId=arn, VersionId=request.token, VersionStage="AWSPENDING")
    client.put_secret_value(
        SecretId=arn, ClientRequestToken=request.token, SecretString="new", VersionStages=["AWSPENDING"]
    )
    assert client.get_secret_value(SecretId=arn)["SecretString"] == "old"
    assert client.get_secret_value(SecretId=arn, VersionStage="AWSPENDING")["SecretString"] == "new"


def test_rotation_that_did_not_finish_is_tried_again(stack: Stack) -> None:
    """A second request is refused, and the function gets the token of the first one once more."""
    client = stack.aws.client("secretsmanager")
    arn = client.create_secret(Name="stuck", SecretString="old")["ARN"]
    stack.aws.start_rotation(RotationSchedule(arn, "arn:function", {}))
    first = stack.rotations.get(timeout=10)
    with pytest.raises(ClientError, match="A previous rotation isn't complete"):
        client.rotate_secret(SecretId=arn)
    assert stack.rotations.get(timeout=10) == first


def test_idle_connection_blocks_nobody(stack: Stack) -> None:
    """Requests are serialised, connections are not."""
    with httpx.Client() as idle, ThreadPoolExecutor(4) as executor:
        idle.get(f"{stack.aws.endpoint}/moto-api/")
        port = int(stack.aws.endpoint.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as silent:
            silent.sendall(b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nab")
            client = stack.aws.client("dynamodb")
            found = list(executor.map(lambda _: client.list_tables()["TableNames"], range(8)))
    assert found == [["signet-RegistryTable"]] * 8


def test_pages_of_other_sites_cannot_read_it(stack: Stack) -> None:
    """It holds signing keys; a browser must not hand them to whatever page is open."""
    answer = httpx.options(
        stack.aws.endpoint,
        headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"},
    )
    assert "access-control-allow-origin" not in answer.headers


def test_steps_run_in_order_until_one_fails() -> None:
    """The same secret and token for each of the four."""
    from signet_cli.local.environment import FunctionError

    class Function:
        def __init__(self, failing: str) -> None:
            self.failing = failing
            self.steps: list[str] = []

        def invoke(self, event: dict[str, str]) -> None:
            assert (event["SecretId"], event["ClientRequestToken"]) == ("arn:secret", "token")
            self.steps.append(event["Step"])
            if event["Step"] == self.failing:
                raise FunctionError("it does not want to")

    request = RotationRequest("arn:secret", "token", "arn:function")
    function = Function(failing="")
    assert rotate(request, {"arn:function": function}) == ""
    assert tuple(function.steps) == STEPS
    function = Function(failing="testSecret")
    assert rotate(request, {"arn:function": function}) == "testSecret: it does not want to"
    assert function.steps == ["createSecret", "setSecret", "testSecret"]
    assert "no function arn:function" in rotate(request, {})

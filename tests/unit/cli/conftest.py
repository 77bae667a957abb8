"""The command line as a person uses it, on a registry in memory or on a deployed stack as moto serves it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from moto import mock_aws
from typer.testing import CliRunner

from signet.settings import Settings
from signet_cli.main import app
from signet_cli.stack import Location
from tests.support.fakes import InMemoryClientRegistry
from tests.support.people_fakes import InMemoryGrantStore

ISSUER = "https://id.example.com/connect"

_TABLE = {
    "Type": "AWS::DynamoDB::Table",
    "Properties": {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "listing")],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        "GlobalSecondaryIndexes": [
            {
                "IndexName": "clients",
                "KeySchema": [
                    {"AttributeName": "listing", "KeyType": "HASH"},
                    {"AttributeName": "pk", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    },
}


_STATE_TABLE = {
    "Type": "AWS::DynamoDB::Table",
    "Properties": {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sub")],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "GlobalSecondaryIndexes": [
            {
                "IndexName": "subjects",
                "KeySchema": [{"AttributeName": "sub", "KeyType": "HASH"}, {"AttributeName": "pk", "KeyType": "RANGE"}],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
    },
}


@dataclass(frozen=True)
class Answer:
    """What a command left behind."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def everything(self) -> str:
        return self.stdout + self.stderr

    @property
    def json(self) -> Any:
        return json.loads(self.stdout)


class CommandLine:
    """Runs commands; nothing that a command raises may come through, whatever it was asked."""

    def __init__(self) -> None:
        self._runner = CliRunner()

    def __call__(self, *arguments: str, typed: str | bytes = "") -> Answer:
        result = self._runner.invoke(app, arguments, input=typed, prog_name="signet")
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        assert "Traceback" not in result.output
        return Answer(result.exit_code, result.stdout, result.stderr)


@pytest.fixture
def signet() -> CommandLine:
    """The command."""
    return CommandLine()


@dataclass(frozen=True)
class StackInMemory:
    clients: InMemoryClientRegistry
    issuer: str = ISSUER
    granted: InMemoryGrantStore = field(default_factory=InMemoryGrantStore)

    def registry(self) -> InMemoryClientRegistry:
        return self.clients

    def settings(self) -> Settings:
        return Settings(ISSUER, ISSUER)

    def grants(self) -> InMemoryGrantStore:
        return self.granted


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> InMemoryClientRegistry:
    """The registry that commands reach, whichever stack they are asked for."""
    clients = InMemoryClientRegistry()

    def find_stack(location: Location) -> StackInMemory:
        return StackInMemory(clients)

    monkeypatch.setattr("signet_cli.stack.find_stack", find_stack)
    return clients


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty AWS account."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "eu-west-1",
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB", "SIGNET_STACK"):
        monkeypatch.delenv(name, raising=False)
    with mock_aws():
        yield


def deploy(name: str, *, without: str = "", region: str = "eu-west-1") -> str:
    """A stack with Signet's outputs, its registry table a real one; the table's name."""
    outputs = {
        "RegistryTable": {"Ref": "RegistryTable"},
        "StateTable": {"Ref": "StateTable"},
        "KeyringSecret": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:keyring",
        "Issuer": ISSUER,
    }
    template = {
        "Resources": {"RegistryTable": _TABLE, "StateTable": _STATE_TABLE},
        "Outputs": {key: {"Value": value} for key, value in outputs.items() if key != without},
    }
    cloudformation = boto3.client("cloudformation", region_name=region)
    cloudformation.create_stack(StackName=name, TemplateBody=json.dumps(template))
    described = cloudformation.describe_stack_resource(StackName=name, LogicalResourceId="RegistryTable")
    return str(described["StackResourceDetail"]["PhysicalResourceId"])

"""The registry's ports twice: as the fakes that unit tests use, and as the adapters on AWS over HTTP."""

import uuid
from dataclasses import dataclass
from typing import Any

import pytest

from signet.aws.clients import DynamoDbClientRegistry
from signet.aws.key_sets import DynamoDbKeySetStore
from signet.aws.keyring_secret import KeyringSecret
from signet.aws.sdk import sdk_client
from signet.ports import ClientRegistry, KeySetStore
from signet_cli.local import embedded
from signet_cli.local.aws import EmbeddedAws
from tests.support.embedded_tables import Tables, Unreliable
from tests.support.fakes import InMemoryClientRegistry, InMemoryKeyringVersions, InMemoryKeySetStore


@dataclass(frozen=True)
class Secret:
    """The keyring secret of a stack, and the client of it that the functions use."""

    secretsmanager: Any
    arn: str
    connection: Unreliable

    @property
    def versions(self) -> KeyringSecret:
        return KeyringSecret(self.secretsmanager, self.arn)


@pytest.fixture(params=["lean", "botocore"], autouse=True)
def aws_client(request: pytest.FixtureRequest) -> str:
    """Both clients of AWS, for every adapter."""
    client: str = request.param
    return client


@pytest.fixture
def secret(embedded_aws: EmbeddedAws, aws_client: str, monkeypatch: pytest.MonkeyPatch) -> Secret:
    """A secret whose one version is `first document`."""
    for name, value in {**embedded.ENVIRONMENT, "AWS_ENDPOINT_URL": embedded_aws.endpoint}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SIGNET_AWS_CLIENT", aws_client)
    secretsmanager = sdk_client("secretsmanager")
    created = secretsmanager.create_secret(Name=f"keyring-{uuid.uuid4()}", SecretString="first document")
    return Secret(secretsmanager, created["ARN"], Unreliable(secretsmanager))


@pytest.fixture(params=["memory", "dynamodb"])
def registry(request: pytest.FixtureRequest) -> ClientRegistry:
    """A registry without clients."""
    if request.param == "memory":
        return InMemoryClientRegistry()
    tables: Tables = request.getfixturevalue("tables")
    return DynamoDbClientRegistry(tables.dynamodb, tables.registry)


@pytest.fixture(params=["memory", "dynamodb"])
def key_sets(request: pytest.FixtureRequest) -> KeySetStore:
    """A store in which nothing has been published."""
    if request.param == "memory":
        return InMemoryKeySetStore()
    tables: Tables = request.getfixturevalue("tables")
    return DynamoDbKeySetStore(tables.dynamodb, tables.registry)


@pytest.fixture(params=["memory", "secretsmanager"])
def versions(request: pytest.FixtureRequest) -> InMemoryKeyringVersions | KeyringSecret:
    """A keyring with one version, which is current: `first document`."""
    if request.param == "memory":
        return InMemoryKeyringVersions("first document")
    secret: Secret = request.getfixturevalue("secret")
    return secret.versions

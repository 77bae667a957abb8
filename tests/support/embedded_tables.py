"""The template's tables, new for each test, in an embedded AWS that is reached by HTTP and serialises what it does."""

import socket
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import pytest
from botocore.config import Config
from botocore.exceptions import ReadTimeoutError
from botocore.session import Session

from signet.aws.failures import AwsUnreachable
from signet.aws.lean.addresses import Address
from signet.aws.lean.client import SERVICES, LeanClient
from signet.aws.lean.signature import Credentials
from signet.aws.lean.transport import HttpTransport
from signet_cli.local import embedded
from signet_cli.local.aws import EmbeddedAws
from signet_cli.local.template import Template
from tests.support.sdk_events import with_events

T = TypeVar("T")

_TEMPLATE = Path(__file__).parents[2] / "template.yaml"
_TABLE = {"KeySchema", "AttributeDefinitions", "BillingMode", "GlobalSecondaryIndexes"}


class Unreliable:
    """What is below an SDK client, put between: loses the answers of so many calls that were answered."""

    def __init__(self, client: Any) -> None:
        self._lock = threading.Lock()
        self.losing = 0
        self._lost: Exception
        if isinstance(client, LeanClient):
            self._connection: Any = client._transport
            self._lost = AwsUnreachable("ReadTimeoutError")
            client._transport = self
            with_events(client)
        else:
            self._connection = client._endpoint.http_session
            self._lost = ReadTimeoutError(endpoint_url="http://127.0.0.1")
            client._endpoint.http_session = self

    def connect(self) -> None:
        self._connection.connect()

    def send(self, *request: Any) -> Any:
        answer = self._connection.send(*request)
        with self._lock:
            lost, self.losing = self.losing > 0, max(0, self.losing - 1)
        if lost:
            raise self._lost
        return answer


@dataclass(frozen=True)
class Tables:
    """A registry and a state table of their own, and a client of them."""

    dynamodb: Any
    registry: str
    state: str
    connection: Unreliable

    def items(self, table: str) -> list[dict[str, Any]]:
        """Every item, as stored."""
        items: list[dict[str, Any]] = self.dynamodb.scan(TableName=table)["Items"]
        return items


@pytest.fixture(scope="session")
def embedded_aws() -> Iterator[EmbeddedAws]:
    """An AWS without anything in it."""
    listener = socket.create_server(("127.0.0.1", 0))
    with EmbeddedAws(listener, on_rotation=lambda _: None, on_end=lambda: None) as aws:
        yield aws


@cache
def _session() -> Session:
    session = Session()
    session.set_credentials("local", "local")
    return session


@pytest.fixture
def aws_client() -> str:
    """Which client of AWS the adapters use; a suite that wants both has a fixture of this name with parameters."""
    return "lean"


@pytest.fixture
def tables(embedded_aws: EmbeddedAws, aws_client: str) -> Tables:
    """Empty tables as the template has them."""
    dynamodb = _lean_client(embedded_aws) if aws_client == "lean" else _botocore_client(embedded_aws)
    names = {}
    for logical_id, table in (
        Template.read(_TEMPLATE, "https://id.example.com").resources("AWS::DynamoDB::Table").items()
    ):
        names[logical_id] = f"{logical_id}-{uuid.uuid4()}"
        settings = {name: value for name, value in table.items() if name in _TABLE}
        dynamodb.create_table(TableName=names[logical_id], **settings)
    return Tables(dynamodb, names["RegistryTable"], names["StateTable"], Unreliable(dynamodb))


def _botocore_client(aws: EmbeddedAws) -> Any:
    config = Config(proxies={}, max_pool_connections=64, retries={"mode": "standard", "total_max_attempts": 3})
    return _session().create_client("dynamodb", region_name=embedded.REGION, endpoint_url=aws.endpoint, config=config)


def _lean_client(aws: EmbeddedAws) -> LeanClient:
    at = urlsplit(aws.endpoint)
    address = Address(str(at.hostname), int(at.port or 0), at.netloc, tls=False)
    credentials = Credentials("local", "local")
    return LeanClient(SERVICES["dynamodb"], embedded.REGION, at.netloc, lambda: credentials, HttpTransport(address))


def at_once(threads: int, do: Callable[[int], T]) -> list[T]:
    """What `do` gives for 0 to `threads`, all of them started at the same moment."""
    barrier = threading.Barrier(threads)

    def started(number: int) -> T:
        barrier.wait(30)
        return do(number)

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(started, range(threads)))

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

import pytest
from botocore.config import Config
from botocore.exceptions import ReadTimeoutError
from botocore.session import Session

from signet_cli.local import embedded
from signet_cli.local.aws import EmbeddedAws
from signet_cli.local.template import Template

T = TypeVar("T")

_TEMPLATE = Path(__file__).parents[2] / "template.yaml"
_TABLE = {"KeySchema", "AttributeDefinitions", "BillingMode", "GlobalSecondaryIndexes"}


class Unreliable:
    """The connection below an SDK client: loses the answers of so many calls that were answered."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self.losing = 0

    def send(self, request: Any) -> Any:
        answer = self._connection.send(request)
        with self._lock:
            lost, self.losing = self.losing > 0, max(0, self.losing - 1)
        if lost:
            raise ReadTimeoutError(endpoint_url="http://127.0.0.1")
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
def tables(embedded_aws: EmbeddedAws) -> Tables:
    """Empty tables as the template has them."""
    config = Config(proxies={}, max_pool_connections=64, retries={"mode": "standard", "total_max_attempts": 3})
    dynamodb = _session().create_client(
        "dynamodb", region_name=embedded.REGION, endpoint_url=embedded_aws.endpoint, config=config
    )
    names = {}
    for logical_id, table in (
        Template.read(_TEMPLATE, "https://id.example.com").resources("AWS::DynamoDB::Table").items()
    ):
        names[logical_id] = f"{logical_id}-{uuid.uuid4()}"
        settings = {name: value for name, value in table.items() if name in _TABLE}
        dynamodb.create_table(TableName=names[logical_id], **settings)
    connection = Unreliable(dynamodb._endpoint.http_session)
    dynamodb._endpoint.http_session = connection
    return Tables(dynamodb, names["RegistryTable"], names["StateTable"], connection)


def at_once(threads: int, do: Callable[[int], T]) -> list[T]:
    """What `do` gives for 0 to `threads`, all of them started at the same moment."""
    barrier = threading.Barrier(threads)

    def started(number: int) -> T:
        barrier.wait(30)
        return do(number)

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(started, range(threads)))

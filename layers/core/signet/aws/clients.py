"""Clients in the registry table: item `client#<client_id>` / `client`."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields
from hashlib import sha256
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from signet.aws.attributes import Item, attribute, fits, item, values
from signet.aws.failures import calling, code
from signet.aws.transactions import absent, new, refusals
from signet.errors import Reason, unavailable
from signet.model.client import Client, ClientInvalid, ClientSecret

T = TypeVar("T")

_FIELDS = {field.name for field in fields(Client)}

_LISTING = "client"


class DynamoDbClientRegistry:
    """ports.ClientRegistry on a table. `dynamodb` is a botocore client.

    Every item carries the digest of what was written, `etag`: a replacement is conditional on the one that was read,
    and a write that succeeded and whose answer was lost, which comes back from the SDK's retry as a failed condition,
    is recognised by it.
    """

    def __init__(self, dynamodb: Any, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def get(self, client_id: str, *, fresh: bool = False) -> Client | None:  # noqa: ARG002 - every read is fresh here
        """As ports.ClientStore.get, by one consistent read."""
        with calling("dynamodb:GetItem", Reason.STORE_UNAVAILABLE):
            answer = self._dynamodb.get_item(TableName=self._table, Key=_key(client_id), ConsistentRead=True)
        return _client(answer["Item"]) if "Item" in answer else None

    def create(self, client: Client) -> bool:
        """As ports.ClientRegistry.create, in one transaction."""
        record = _item(client)
        refused = refusals(
            self._dynamodb,
            new(self._table, record),
            # tokens name clients and people by the same claim: neither may be taken for the other
            absent(self._table, item({"pk": f"user#{client.client_id}", "sk": "user"})),
        )
        return not refused or _is_ours(refused[0], record)

    def replace(self, client: Client, previous: Client) -> bool:
        """As ports.ClientRegistry.replace."""
        record = _item(client)
        with calling("dynamodb:PutItem", Reason.STORE_UNAVAILABLE):
            try:
                self._dynamodb.put_item(
                    TableName=self._table,
                    Item=record,
                    ConditionExpression="etag = :previous",
                    ExpressionAttributeValues={":previous": attribute(previous.etag or _etag(previous))},
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except ClientError as error:
                if code(error) != "ConditionalCheckFailedException":
                    raise
                return _is_ours(error.response, record)
        return True

    def delete(self, client_id: str) -> bool:
        """As ports.ClientRegistry.delete."""
        with calling("dynamodb:DeleteItem", Reason.STORE_UNAVAILABLE):
            answer = self._dynamodb.delete_item(TableName=self._table, Key=_key(client_id), ReturnValues="ALL_OLD")
        # where the SDK had to try again, the try whose answer was lost may have been the one that removed it
        return "Attributes" in answer or answer["ResponseMetadata"].get("RetryAttempts", 0) > 0

    def list(self) -> Iterator[Client]:
        """As ports.ClientRegistry.list, through the sparse index `clients`."""
        start: dict[str, Any] = {}
        while True:
            with calling("dynamodb:Query", Reason.STORE_UNAVAILABLE):
                page = self._dynamodb.query(
                    TableName=self._table,
                    IndexName="clients",
                    KeyConditionExpression="listing = :client",
                    ExpressionAttributeValues={":client": attribute(_LISTING)},
                    **start,
                )
            yield from map(_client, page["Items"])
            if "LastEvaluatedKey" not in page:
                return
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def _key(client_id: str) -> Item:
    return item({"pk": f"client#{client_id}", "sk": "client"})


def _item(client: Client) -> Item:
    return {**_key(client.client_id), **item({**_record(client), "etag": _etag(client), "listing": _LISTING})}


def _is_ours(refusal: Mapping[str, Any], record: Item) -> bool:
    """Whether what stands in a write's way is what it wrote itself, on a try whose answer was lost."""
    return bool(refusal.get("Item", {}).get("etag") == record["etag"])


def _record(client: Client) -> dict[str, Any]:
    """What is stored of a client: its fields without those that are empty."""
    return {name: value for name, value in asdict(client).items() if value not in (None, "", (), {}) and name != "etag"}


def _etag(client: Client) -> str:
    return sha256(json.dumps(_record(client), sort_keys=True).encode()).hexdigest()


def _client(stored: Item) -> Client:
    """The client of an item; one that cannot work is the operator's to mend, so its detail names the field."""
    try:
        return _parsed(stored)
    except (ClientInvalid, KeyError, TypeError, ValueError) as error:
        fault = str(error) if isinstance(error, ClientInvalid) else "a field is missing or of another type"
        name = stored.get("pk", {}).get("S", "")
        raise unavailable(Reason.CLIENT_RECORD_INVALID, f"{name} {fault}") from None


def _parsed(stored: Item) -> Client:
    record = {name: value for name, value in values(stored).items() if name in _FIELDS}
    record = {name: tuple(value) if isinstance(value, list) else value for name, value in record.items()}
    record["client_secrets"] = tuple(_checked(ClientSecret, secret) for secret in record.get("client_secrets", ()))
    client = _checked(Client, record)
    if stored["pk"] != _key(client.client_id)["pk"]:
        raise ValueError("the client of another record")
    return client


def _checked(kind: type[T], record: object) -> T:
    """The dataclass of a record. Raises TypeError where it is none, or a value is not of its field's type."""
    types = {field.name: field.type for field in fields(kind)}  # type: ignore[arg-type]
    if not isinstance(record, dict) or not all(fits(value, types.get(name)) for name, value in record.items()):
        raise TypeError("a field is of another type")
    return kind(**record)

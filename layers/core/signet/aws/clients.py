"""Clients in the registry table: item `client#<client_id>` / `client`.

The item `short_secrets` says that there may be clients with a secret that is too short to be kept as a digest.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from signet.aws.attributes import Item, attribute, item, values
from signet.aws.failures import answered, calling, code
from signet.aws.queries import found
from signet.aws.records import etag, instance, record, usable
from signet.aws.transactions import absent, new, refusals
from signet.errors import OAuthError, Reason, unavailable
from signet.model.client import Client, ClientInvalid

_LISTING = "client"

_SHORT_SECRETS = item({"pk": "short_secrets", "sk": "short_secrets"})


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
        stored = _item(client)
        refused = refusals(
            self._dynamodb,
            new(self._table, stored),
            # tokens name clients and people by the same claim: neither may be taken for the other
            absent(self._table, item({"pk": f"user#{client.client_id}", "sk": "user"})),
        )
        return not refused or _is_ours(refused[0], stored)

    def replace(self, client: Client, previous: Client) -> bool:
        """As ports.ClientRegistry.replace."""
        stored = _item(client)
        with calling("dynamodb:PutItem", Reason.STORE_UNAVAILABLE):
            try:
                self._dynamodb.put_item(
                    TableName=self._table,
                    Item=stored,
                    ConditionExpression="etag = :previous",
                    ExpressionAttributeValues={":previous": attribute(previous.etag or etag(previous))},
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except answered() as error:
                if code(error) != "ConditionalCheckFailedException":
                    raise
                return _is_ours(error.response, stored)
        return True

    def delete(self, client_id: str) -> bool:
        """As ports.ClientRegistry.delete."""
        with calling("dynamodb:DeleteItem", Reason.STORE_UNAVAILABLE):
            answer = self._dynamodb.delete_item(TableName=self._table, Key=_key(client_id), ReturnValues="ALL_OLD")
        # where the SDK had to try again, the try whose answer was lost may have been the one that removed it
        return "Attributes" in answer or answer["ResponseMetadata"].get("RetryAttempts", 0) > 0

    def list(self, unusable: Callable[[OAuthError], None] | None = None) -> Iterator[Client]:
        """As ports.ClientRegistry.list, through the sparse index `clients`."""
        items = found(
            self._dynamodb,
            TableName=self._table,
            IndexName="clients",
            KeyConditionExpression="listing = :client",
            ExpressionAttributeValues={":client": attribute(_LISTING)},
        )
        return usable(items, _client, unusable)

    def has_short_secrets(self) -> bool:
        """As ports.ClientRegistry.has_short_secrets, by one consistent read."""
        with calling("dynamodb:GetItem", Reason.STORE_UNAVAILABLE):
            answer = self._dynamodb.get_item(TableName=self._table, Key=_SHORT_SECRETS, ConsistentRead=True)
        return "Item" in answer

    def note_short_secrets(self, imported_at: int | None) -> None:
        """As ports.ClientRegistry.note_short_secrets; either is the same when it is done twice."""
        if imported_at is None:
            with calling("dynamodb:DeleteItem", Reason.STORE_UNAVAILABLE):
                self._dynamodb.delete_item(TableName=self._table, Key=_SHORT_SECRETS)
            return
        noted = {**_SHORT_SECRETS, "imported_at": attribute(imported_at)}
        with calling("dynamodb:PutItem", Reason.STORE_UNAVAILABLE):
            self._dynamodb.put_item(TableName=self._table, Item=noted)


def _key(client_id: str) -> Item:
    return item({"pk": f"client#{client_id}", "sk": "client"})


def _item(client: Client) -> Item:
    return {**_key(client.client_id), **item({**record(client), "etag": etag(client), "listing": _LISTING})}


def _is_ours(refusal: Mapping[str, Any], stored: Item) -> bool:
    """Whether what stands in a write's way is what it wrote itself, on a try whose answer was lost."""
    return bool(refusal.get("Item", {}).get("etag") == stored["etag"])


def _client(stored: Item) -> Client:
    """The client of an item; one that cannot work is the operator's to mend, so its detail names the field."""
    name = stored.get("pk", {}).get("S", "")
    try:
        client = instance(Client, values(stored))
    except (TypeError, ValueError) as error:
        fault = str(error) if isinstance(error, ClientInvalid) else "a field is missing or of another type"
        raise unavailable(Reason.CLIENT_RECORD_INVALID, f"{name} {fault}") from None
    if name != f"client#{client.client_id}":
        raise unavailable(Reason.CLIENT_RECORD_INVALID, f"{name} is another client's record")
    return client

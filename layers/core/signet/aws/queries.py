"""Reads of several items of DynamoDB: queries page by page, and items by their keys at once."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from signet.aws.attributes import Item
from signet.aws.failures import calling
from signet.errors import Reason, unavailable

_PAUSES = (0.0, 0.05, 0.2)
"""Seconds before each try: what DynamoDB left unread under load is asked for again."""


def found(dynamodb: Any, **query: Any) -> Iterator[Item]:
    """Every item of a query, given as the arguments of the SDK's `query`. Raises OAuthError."""
    start: dict[str, Any] = {}
    while True:
        with calling("dynamodb:Query", Reason.STORE_UNAVAILABLE):
            page = dynamodb.query(**query, **start)
        yield from page["Items"]
        if "LastEvaluatedKey" not in page:
            return
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def scanned(dynamodb: Any, **scan: Any) -> Iterator[Item]:
    """Every item that a read of the whole table finds, given as the SDK's `scan` takes it. Raises OAuthError."""
    start: dict[str, Any] = {}
    while True:
        with calling("dynamodb:Scan", Reason.STORE_UNAVAILABLE):
            page = dynamodb.scan(**scan, **start)
        yield from page["Items"]
        if "LastEvaluatedKey" not in page:
            return
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def batch(dynamodb: Any, keys: Mapping[str, Sequence[Item]]) -> dict[str, list[Item]]:
    """The items of these keys that there are, by table, in one consistent read. Raises OAuthError."""
    items: dict[str, list[Item]] = {table: [] for table in keys}
    wanted: dict[str, Any] = {
        table: {"Keys": list(of_table), "ConsistentRead": True} for table, of_table in keys.items()
    }
    for pause in _PAUSES:
        if pause:
            time.sleep(pause)
        with calling("dynamodb:BatchGetItem", Reason.STORE_UNAVAILABLE):
            answer = dynamodb.batch_get_item(RequestItems=wanted)
            for table, stored in answer["Responses"].items():
                items[table] += stored
            wanted = answer.get("UnprocessedKeys", {})
        if not wanted:
            return items
    raise unavailable(Reason.STORE_UNAVAILABLE, "dynamodb:BatchGetItem UnprocessedKeys")

"""All that hangs on one user in the state table, through its index `subjects`: for people to look at."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from signet.aws.attributes import Item, attribute
from signet.aws.queries import batch, found

_AT_ONCE = 100
"""Keys that one BatchGetItem takes."""


def items_of(dynamodb: Any, table: str, sub: str, *prefixes: str) -> Iterator[Item]:
    """A user's items whose key begins with one of the prefixes, as they are now. Raises OAuthError.

    The index holds keys alone and lags by a moment, so each item is read again: what has ended meanwhile is seen to
    have, and only what began a moment ago may be missing.
    """
    keys = (
        {"pk": entry["pk"]}
        for entry in found(
            dynamodb,
            TableName=table,
            IndexName="subjects",
            KeyConditionExpression="sub = :sub",
            ExpressionAttributeValues={":sub": attribute(sub)},
        )
        if entry["pk"]["S"].startswith(prefixes)
    )
    while some := list(islice(keys, _AT_ONCE)):
        yield from batch(dynamodb, {table: some})[table]

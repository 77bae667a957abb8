"""Queries of DynamoDB, page by page."""

from collections.abc import Iterator
from typing import Any

from signet.aws.attributes import Item
from signet.aws.failures import calling
from signet.errors import Reason


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

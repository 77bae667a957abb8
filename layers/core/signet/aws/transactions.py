"""Writes of several items at once: all or nothing."""

import uuid
from typing import Any

from signet.aws.attributes import Item
from signet.aws.failures import answered, calling, code
from signet.errors import Reason, unavailable

_TRIES = 4
_REFUSED = "ConditionalCheckFailed"
_CONFLICT = "TransactionConflict"


def new(table: str, stored: Item) -> dict[str, Any]:
    """The operation that stores an item where there is none of its key; its refusal brings the one there is."""
    return {
        "Put": {
            "TableName": table,
            "Item": stored,
            "ConditionExpression": "attribute_not_exists(pk)",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
    }


def absent(table: str, key: Item) -> dict[str, Any]:
    """The operation that changes nothing, and is refused where there is an item of this key."""
    return {"ConditionCheck": {"TableName": table, "Key": key, "ConditionExpression": "attribute_not_exists(pk)"}}


def refusals(dynamodb: Any, *operations: dict[str, Any]) -> list[dict[str, Any]]:
    """Perform the operations of one TransactWriteItems; empty where it is done, now or by a try whose answer was lost.

    Else a refusal for each operation: its `Code` (`None`, `ConditionalCheckFailed`), and `Item` where it asks for it.
    Raises OAuthError.
    """
    token = str(uuid.uuid4())  # DynamoDB knows a try again by it for ten minutes
    for _ in range(_TRIES):
        with calling("dynamodb:TransactWriteItems", Reason.STORE_UNAVAILABLE):
            try:
                dynamodb.transact_write_items(TransactItems=list(operations), ClientRequestToken=token)
            except answered() as error:
                reasons: list[dict[str, Any]] = error.response.get("CancellationReasons", [])
                codes = {reason.get("Code") for reason in reasons}
                if code(error) != "TransactionCanceledException" or not codes & {_REFUSED, _CONFLICT}:
                    raise
                if _REFUSED in codes:
                    return reasons
            else:
                return []
    raise unavailable(Reason.STORE_UNAVAILABLE, "dynamodb:TransactWriteItems TransactionConflict")

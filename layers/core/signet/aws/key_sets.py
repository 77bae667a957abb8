"""The published key set in the registry table: item `jwks` / `jwks`."""

from dataclasses import asdict
from typing import Any

from botocore.exceptions import ClientError

from signet.aws.attributes import Item, attribute, item, values
from signet.aws.failures import calling, code
from signet.errors import Reason, unavailable
from signet.model.key import KeySet, PublishedKey

_KEY: Item = {"pk": {"S": "jwks"}, "sk": {"S": "jwks"}}


class DynamoDbKeySetStore:
    """ports.KeySetStore on a table. `dynamodb` is a botocore client."""

    def __init__(self, dynamodb: Any, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def load(self) -> KeySet:
        """As ports.KeySetStore.load, by one consistent read."""
        with calling("dynamodb:GetItem", Reason.STORE_UNAVAILABLE):
            answer = self._dynamodb.get_item(TableName=self._table, Key=_KEY, ConsistentRead=True)
        return _key_set(answer["Item"]) if "Item" in answer else KeySet()

    def publish(self, key_set: KeySet) -> bool:
        """As ports.KeySetStore.publish."""
        record = {**_KEY, **item(asdict(key_set))}
        with calling("dynamodb:PutItem", Reason.STORE_UNAVAILABLE):
            try:
                self._dynamodb.put_item(
                    TableName=self._table,
                    Item=record,
                    # nothing published yet, or exactly the version this set was made from
                    ConditionExpression="attribute_not_exists(pk) AND :first = :version OR version = :previous",
                    ExpressionAttributeValues={
                        ":first": attribute(1),
                        ":version": attribute(key_set.version),
                        ":previous": attribute(key_set.version - 1),
                    },
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except ClientError as error:
                if code(error) != "ConditionalCheckFailedException":
                    raise
                # our own write, whose answer was lost, is a success
                return bool(error.response.get("Item") == record)
        return True


def _key_set(stored: Item) -> KeySet:
    try:
        record = values(stored)
        return KeySet(tuple(PublishedKey(**key) for key in record["keys"]), record["version"])
    except (KeyError, TypeError, ValueError):
        raise unavailable(Reason.KEY_SET_INVALID, "the item jwks is malformed") from None

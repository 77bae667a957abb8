"""The published key set in the registry table: item `jwks` / `jwks`."""

from dataclasses import asdict
from typing import Any

from signet.aws.attributes import Item, attribute, item, values
from signet.aws.failures import answered, calling, code
from signet.errors import Reason, unavailable
from signet.keys.thumbprint import thumbprint
from signet.model.key import KeySet, PublishedKey, WithdrawnKey, is_of

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
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                    **_condition(key_set.version),
                )
            except answered() as error:
                if code(error) != "ConditionalCheckFailedException":
                    raise
                # our own write, whose answer was lost, is a success
                return bool(error.response.get("Item") == record)
        return True


def _condition(version: int) -> dict[str, Any]:
    """Nothing is published yet, or exactly the version that this one was made from."""
    if version == 1:
        return {"ConditionExpression": "attribute_not_exists(pk)"}
    return {
        "ConditionExpression": "version = :previous",
        "ExpressionAttributeValues": {":previous": attribute(version - 1)},
    }


def _key_set(stored: Item) -> KeySet:
    try:
        record = values(stored)
        keys, verify_only = record["keys"], record.get("verify_only", ())
        return KeySet(
            keys=tuple(_published_key(**key) for key in keys),
            version=record["version"],
            verify_only=tuple(_published_key(**key) for key in verify_only),
            signing_algs=tuple(record.get("signing_algs", ())),
            withdrawn=tuple(WithdrawnKey(**key) for key in record.get("withdrawn", ())),
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        raise unavailable(Reason.KEY_SET_INVALID, "the item jwks is malformed") from None


def _published_key(*, kid: str, alg: str, published_at: int, jwk: dict[str, str]) -> PublishedKey:
    if not is_of(alg, jwk) or thumbprint(jwk) != kid or not isinstance(published_at, int):
        raise ValueError("no published key")
    return PublishedKey(kid, alg, published_at, jwk)

"""Failed attempts in the state table: item `throttle#<SHA-256 of the subject>`, so that it names nobody."""

import secrets
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from signet.aws.attributes import Attribute, Item, attribute, item
from signet.aws.failures import answered, calling, code
from signet.aws.queries import batch
from signet.aws.records import restored
from signet.errors import Reason
from signet.model.session import Attempts

_UNCOUNTED = Attempts()


class DynamoDbThrottleStore:
    """ports.ThrottleStore on a table. `dynamodb` is a botocore client."""

    def __init__(self, dynamodb: Any, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def get(self, subject: str, now: int) -> Attempts:
        """As ports.ThrottleStore.get, by one consistent read."""
        with calling("dynamodb:GetItem", Reason.STORE_UNAVAILABLE):
            answer = self._dynamodb.get_item(TableName=self._table, Key=_key(subject), ConsistentRead=True)
        return _living(answer.get("Item"), now)

    def get_all(self, subjects: Sequence[str], now: int) -> list[Attempts]:
        """As ports.ThrottleStore.get_all, by one consistent read."""
        keys = [_key(subject) for subject in subjects]
        found = {stored["pk"]["S"]: stored for stored in batch(self._dynamodb, {self._table: keys})[self._table]}
        return [_living(found.get(key["pk"]["S"]), now) for key in keys]

    def put(self, subject: str, attempts: Attempts, previous: Attempts, now: int) -> bool:
        """As ports.ThrottleStore.put.

        Two that count at once may well count the same, so the item says whose write it was: `written_by`.
        """
        condition, expected = _unchanged(previous, now)
        written_by = attribute(secrets.token_urlsafe(16))
        stored = {
            **_key(subject),
            "forgotten_at": attribute(attempts.forgotten_at),
            "counted_at": attribute(attempts.counted_at),
            "expires_at": attribute(attempts.expires_at),
            "written_by": written_by,
        }
        with calling("dynamodb:PutItem", Reason.STORE_UNAVAILABLE):
            try:
                self._dynamodb.put_item(
                    TableName=self._table,
                    Item=stored,
                    ConditionExpression=condition,
                    ExpressionAttributeValues=expected,
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except answered() as error:
                if code(error) != "ConditionalCheckFailedException":
                    raise
                # our own write, whose answer was lost, is a success
                return bool(error.response.get("Item", {}).get("written_by") == written_by)
        return True

    def clear(self, subject: str) -> None:
        """As ports.ThrottleStore.clear."""
        with calling("dynamodb:DeleteItem", Reason.STORE_UNAVAILABLE):
            self._dynamodb.delete_item(TableName=self._table, Key=_key(subject))


def _living(stored: Item | None, now: int) -> Attempts:
    """What an item counts, where there is one; time to live may leave it lying for days after its end."""
    attempts = restored(Attempts, stored) if stored else _UNCOUNTED
    return attempts if now < attempts.expires_at else _UNCOUNTED


def _unchanged(previous: Attempts, now: int) -> tuple[str, dict[str, Attribute]]:
    """The condition that what is stored reads as `previous`, with its values."""
    if previous == _UNCOUNTED:
        # nothing is counted, or what is has ended
        return "attribute_not_exists(pk) OR expires_at <= :now", {":now": attribute(now)}
    return "forgotten_at = :forgotten_at AND counted_at = :counted_at AND expires_at = :expires_at", {
        ":forgotten_at": attribute(previous.forgotten_at),
        ":counted_at": attribute(previous.counted_at),
        ":expires_at": attribute(previous.expires_at),
    }


def _key(subject: str) -> Item:
    return item({"pk": f"throttle#{sha256(subject.encode(errors='surrogatepass')).hexdigest()}"})

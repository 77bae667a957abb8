"""What people have allowed, in the registry table: item `user#<sub>` / `consent#<client_id>`."""

from collections.abc import Iterator, Sequence
from typing import Any

from signet.aws.attributes import Item, attribute, item
from signet.aws.failures import answered, calling, code
from signet.aws.queries import batch, found
from signet.aws.records import record, restored
from signet.aws.users import stored_user, user_key
from signet.errors import Reason
from signet.model.user import Consent, User

_CONSENTS = "consent#"
"""What the sort keys of all consents begin with."""


class DynamoDbConsentStore:
    """ports.ConsentStore on a table. `dynamodb` is a botocore client."""

    def __init__(self, dynamodb: Any, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def get(self, sub: str, client_id: str) -> tuple[User | None, Consent | None]:
        """As ports.ConsentStore.get, by one consistent read of both items."""
        found_items = batch(self._dynamodb, {self._table: user_and_consent_keys(sub, client_id)})[self._table]
        return user_and_consent(found_items, client_id)

    def put(self, consent: Consent, previous: Consent | None) -> bool:
        """As ports.ConsentStore.put."""
        stored = {**_key(consent.sub, consent.client_id), **item(record(consent))}
        with calling("dynamodb:PutItem", Reason.STORE_UNAVAILABLE):
            try:
                self._dynamodb.put_item(
                    TableName=self._table,
                    Item=stored,
                    **_condition(previous),
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except answered() as error:
                if code(error) != "ConditionalCheckFailedException":
                    raise
                # our own write, whose answer was lost, is a success
                return bool(error.response.get("Item") == stored)
        return True

    def delete(self, sub: str, client_id: str) -> bool:
        """As ports.ConsentStore.delete."""
        with calling("dynamodb:DeleteItem", Reason.STORE_UNAVAILABLE):
            answer = self._dynamodb.delete_item(TableName=self._table, Key=_key(sub, client_id), ReturnValues="ALL_OLD")
        return "Attributes" in answer

    def of_user(self, sub: str) -> tuple[User | None, Iterator[Consent]]:
        """As ports.ConsentStore.of_user, by one query: they lie side by side."""
        stored = found(
            self._dynamodb,
            TableName=self._table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": user_key(sub)["pk"]},
            ConsistentRead=True,
        )
        items = {each["sk"]["S"]: each for each in stored}
        user = items.get("user")
        consents = (restored(Consent, each) for sk, each in items.items() if sk.startswith(_CONSENTS))
        return (stored_user(user) if user else None), consents


def user_and_consent_keys(sub: str, client_id: str) -> list[Item]:
    """The keys of a user and of their consent to a client."""
    return [user_key(sub), _key(sub, client_id)]


def user_and_consent(found_items: Sequence[Item], client_id: str) -> tuple[User | None, Consent | None]:
    """What of the two there is among the items of those keys. Raises OAuthError for one that is malformed."""
    items = {stored["sk"]["S"]: stored for stored in found_items}
    user, consent = items.get("user"), items.get(f"{_CONSENTS}{client_id}")
    return (stored_user(user) if user else None), (restored(Consent, consent) if consent else None)


def _condition(previous: Consent | None) -> dict[str, Any]:
    """That the consent is what was read: none, or exactly this one."""
    if previous is None:
        return {"ConditionExpression": "attribute_not_exists(pk)"}
    members = ("scope", "granted_at", "updated_at")
    return {
        "ConditionExpression": " AND ".join(f"#{name} = :{name}" for name in members),
        "ExpressionAttributeNames": {f"#{name}": name for name in members},
        "ExpressionAttributeValues": {f":{name}": attribute(getattr(previous, name)) for name in members},
    }


def _key(sub: str, client_id: str) -> Item:
    return item({"pk": f"user#{sub}", "sk": f"{_CONSENTS}{client_id}"})

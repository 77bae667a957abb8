"""People in the registry table: item `user#<sub>` / `user`; `login#<login name>` / `login` names its `sub`.

The item `imported_hashes` says that there may be password hashes of another system.
"""

from collections.abc import Callable, Iterator
from typing import Any

from signet.aws.attributes import Item, attribute, item
from signet.aws.failures import answered, calling, code
from signet.aws.queries import found
from signet.aws.records import etag, malformed, record, restored, usable
from signet.aws.transactions import absent, new, refusals
from signet.errors import OAuthError, Reason
from signet.model.user import User, login_name

_LISTING = "user"

_IMPORTED_HASHES = item({"pk": "imported_hashes", "sk": "imported_hashes"})

_LONGEST_LOGIN_NAME = 1_024
"""Bytes; a key of DynamoDB's has at most twice as many."""


class DynamoDbUserRegistry:
    """ports.UserRegistry on a table. `dynamodb` is a botocore client.

    Items carry `etag` as clients' do: a change is conditional on the one that was read, and a write whose answer was
    lost is recognised by it.
    """

    def __init__(self, dynamodb: Any, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def get(self, sub: str) -> User | None:
        """As ports.UserStore.get, by one consistent read."""
        stored = self._read(user_key(sub))
        return stored_user(stored) if stored else None

    def find(self, username: str) -> User | None:
        """As ports.UserStore.find. Two reads also where there is no such name, or its absence could be timed."""
        name = login_name(username)
        if not _is_key(name):
            return None
        login = self._read(_login_key(name)) or item({"sub": "-"})
        return self.get(login["sub"]["S"])

    def create(self, user: User) -> bool:
        """As ports.UserRegistry.create, in one transaction."""
        stored = _item(user)
        refused = refusals(
            self._dynamodb,
            new(self._table, stored),
            new(self._table, {**_login_key(login_name(user.username)), **item({"sub": user.sub})}),
            # tokens name people and clients by the same claim: neither may be taken for the other
            absent(self._table, item({"pk": f"client#{user.sub}", "sk": "client"})),
        )
        # our own write, whose answer was lost, is a success
        return not refused or refused[0].get("Item", {}).get("etag") == stored["etag"]

    def update(self, user: User, previous: User) -> bool:
        """As ports.UserStore.update. Raises ValueError where `sub` or login name differ."""
        if (user.sub, login_name(user.username)) != (previous.sub, login_name(previous.username)):
            raise ValueError("neither sub nor login name of a user changes")
        stored = _item(user)
        with calling("dynamodb:PutItem", Reason.STORE_UNAVAILABLE):
            try:
                self._dynamodb.put_item(
                    TableName=self._table,
                    Item=stored,
                    # exactly the record this one was made from; one that was deleted stays deleted
                    ConditionExpression="etag = :previous",
                    ExpressionAttributeValues={":previous": attribute(previous.etag or etag(previous))},
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except answered() as error:
                if code(error) != "ConditionalCheckFailedException":
                    raise
                # our own write, whose answer was lost, is a success
                return bool(error.response.get("Item", {}).get("etag") == stored["etag"])
        return True

    def has_imported_hashes(self) -> bool:
        """As ports.UserStore.has_imported_hashes, by one consistent read."""
        return self._read(_IMPORTED_HASHES) is not None

    def note_imported_hashes(self, imported_at: int | None) -> None:
        """As ports.UserRegistry.note_imported_hashes; either is the same when it is done twice."""
        if imported_at is None:
            with calling("dynamodb:DeleteItem", Reason.STORE_UNAVAILABLE):
                self._dynamodb.delete_item(TableName=self._table, Key=_IMPORTED_HASHES)
            return
        noted = {**_IMPORTED_HASHES, "imported_at": attribute(imported_at)}
        with calling("dynamodb:PutItem", Reason.STORE_UNAVAILABLE):
            self._dynamodb.put_item(TableName=self._table, Item=noted)

    def delete(self, sub: str) -> bool:
        """As ports.UserRegistry.delete: user and login name in one transaction, then the consents.

        Consents that an interruption leaves behind open nothing without their user; deleting again removes them.
        """
        user = self.get(sub)
        deleted = user is not None and not refusals(self._dynamodb, *self._deletions(user))
        for consent in self._consents(sub):
            with calling("dynamodb:DeleteItem", Reason.STORE_UNAVAILABLE):
                self._dynamodb.delete_item(TableName=self._table, Key=consent)
        return deleted

    def list(self, unusable: Callable[[OAuthError], None] | None = None) -> Iterator[User]:
        """As ports.UserRegistry.list, through the sparse index `clients`, in the order of `sub`."""
        items = found(
            self._dynamodb,
            TableName=self._table,
            IndexName="clients",
            KeyConditionExpression="listing = :user",
            ExpressionAttributeValues={":user": attribute(_LISTING)},
        )
        return usable(items, stored_user, unusable)

    def _read(self, key: Item) -> Item | None:
        with calling("dynamodb:GetItem", Reason.STORE_UNAVAILABLE):
            answer = self._dynamodb.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        stored: Item | None = answer.get("Item")
        return stored

    def _consents(self, sub: str) -> Iterator[Item]:
        """Keys of a user's consents."""
        return found(
            self._dynamodb,
            TableName=self._table,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :consent)",
            ExpressionAttributeValues={":pk": user_key(sub)["pk"], ":consent": attribute("consent#")},
            ProjectionExpression="pk, sk",
            ConsistentRead=True,
        )

    def _deletions(self, user: User) -> tuple[dict[str, Any], dict[str, Any]]:
        login = _login_key(login_name(user.username))
        return (
            {
                "Delete": {
                    "TableName": self._table,
                    "Key": user_key(user.sub),
                    "ConditionExpression": "attribute_exists(pk)",
                }
            },
            {
                "Delete": {
                    "TableName": self._table,
                    "Key": login,
                    # never the name of somebody who has taken it since
                    "ConditionExpression": "attribute_not_exists(pk) OR #sub = :sub",
                    "ExpressionAttributeNames": {"#sub": "sub"},
                    "ExpressionAttributeValues": {":sub": attribute(user.sub)},
                }
            },
        )


def stored_user(stored: Item) -> User:
    """The user of an item. Raises OAuthError for one that is malformed, or somebody else's under this key."""
    user = restored(User, stored)
    if stored["pk"] != user_key(user.sub)["pk"]:
        raise malformed(stored)
    return user


def _is_key(name: str) -> bool:
    """Whether a key can hold the name: nobody has another."""
    try:
        return len(name.encode()) <= _LONGEST_LOGIN_NAME
    except UnicodeEncodeError:
        return False


def user_key(sub: str) -> Item:
    """The key of a user's item."""
    return item({"pk": f"user#{sub}", "sk": "user"})


def _login_key(name: str) -> Item:
    return item({"pk": f"login#{name}", "sk": "login"})


def _item(user: User) -> Item:
    return {**user_key(user.sub), **item({**record(user), "etag": etag(user), "listing": _LISTING})}

"""Login sessions in the state table: item `session#<digest>`, and `ended#<sid>` once one was ended."""

from collections.abc import Iterator
from typing import Any

from signet.aws.attributes import Item, attribute, item
from signet.aws.failures import answered, calling, code
from signet.aws.records import malformed, record, restored
from signet.aws.subjects import items_of
from signet.errors import Reason
from signet.model.session import Session

SESSIONS = "session#"
"""What the keys of all sessions begin with."""


class DynamoDbSessionStore:
    """ports.SessionStore on a table. `dynamodb` is a botocore client."""

    def __init__(self, dynamodb: Any, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def get(self, digest: str, now: int) -> Session | None:
        """As ports.SessionStore.get, by one consistent read; time to live may leave a session lying for days."""
        with calling("dynamodb:GetItem", Reason.STORE_UNAVAILABLE):
            answer = self._dynamodb.get_item(TableName=self._table, Key=_key(digest), ConsistentRead=True)
        if "Item" not in answer:
            return None
        session = restored(Session, answer["Item"])
        return session if session.lives(now) else None

    def create(self, session: Session) -> None:
        """As ports.SessionStore.create; the digest of 256 random bits is nobody else's, so nothing is overwritten."""
        stored = {**_key(session.digest), **item(record(session))}
        with calling("dynamodb:PutItem", Reason.STORE_UNAVAILABLE):
            self._dynamodb.put_item(TableName=self._table, Item=stored)

    def extend(self, session: Session, expires_at: int) -> None:
        """As ports.SessionStore.extend."""
        with calling("dynamodb:UpdateItem", Reason.STORE_UNAVAILABLE):
            try:
                self._dynamodb.update_item(
                    TableName=self._table,
                    Key=_key(session.digest),
                    UpdateExpression="SET expires_at = :expires_at",
                    # still there, and not moved further by another request meanwhile
                    ConditionExpression="attribute_exists(pk) AND expires_at < :expires_at",
                    ExpressionAttributeValues={":expires_at": attribute(expires_at)},
                )
            except answered() as error:
                if code(error) != "ConditionalCheckFailedException":
                    raise

    def delete(self, digest: str) -> None:
        """As ports.SessionStore.delete."""
        with calling("dynamodb:DeleteItem", Reason.STORE_UNAVAILABLE):
            self._dynamodb.delete_item(TableName=self._table, Key=_key(digest))

    def note_ended(self, session: Session, expires_at: int) -> None:
        """As ports.HeldSessions.note_ended. The item has no `sub`: nobody has to list it."""
        noted = {"auth_time": session.auth_time, "expires_at": expires_at}
        with calling("dynamodb:PutItem", Reason.STORE_UNAVAILABLE):
            try:
                self._dynamodb.put_item(
                    TableName=self._table,
                    Item={**ended_key(session.sid), **item(noted)},
                    # what a later login of the same session has ended stays so, whichever request comes last
                    ConditionExpression="attribute_not_exists(pk) OR auth_time < :auth_time",
                    ExpressionAttributeValues={":auth_time": attribute(session.auth_time)},
                )
            except answered() as error:
                # noted before: by this very write, whose answer was lost, or by a try that failed later on
                if code(error) != "ConditionalCheckFailedException":
                    raise

    def of_subject(self, sub: str, now: int) -> Iterator[Session]:
        """As ports.SessionListing.of_subject."""
        sessions = (restored(Session, stored) for stored in items_of(self._dynamodb, self._table, sub, SESSIONS))
        return (session for session in sessions if session.lives(now))


def ended_key(sid: str) -> Item:
    """The key of what notes that sessions of this `sid` were ended."""
    return item({"pk": f"ended#{sid}"})


def ended_login(noted: Item) -> int:
    """Of which login the session was that was ended, in epoch seconds. Raises OAuthError for a malformed item.

    Its end is not compared: it outlives all that can come of that login, so after it there is nothing to refuse.
    """
    try:
        return int(noted["auth_time"]["N"])
    except (KeyError, ValueError):
        raise malformed(noted) from None


def _key(digest: str) -> Item:
    return item({"pk": f"{SESSIONS}{digest}"})

"""Single tokens that are blacklisted, in the state table: item `revoked#<jti>`; and all that a token hangs on."""

from typing import Any

from signet.aws.attributes import Item, item
from signet.aws.failures import calling
from signet.aws.grants import grant_key, stored_grant
from signet.aws.queries import batch
from signet.aws.records import malformed
from signet.aws.users import stored_user, user_key
from signet.errors import Reason
from signet.model.token_status import Status


class DynamoDbTokenStatusStore:
    """ports.TokenStatusStore on both tables. `dynamodb` is a botocore client."""

    def __init__(self, dynamodb: Any, registry: str, state: str) -> None:
        self._dynamodb = dynamodb
        self._registry = registry
        self._state = state

    def blacklist(self, jti: str, expires_at: int) -> None:
        """As ports.TokenStatusStore.blacklist; written twice it is the same item."""
        with calling("dynamodb:PutItem", Reason.STORE_UNAVAILABLE):
            self._dynamodb.put_item(TableName=self._state, Item={**_key(jti), **item({"expires_at": expires_at})})

    def status(self, jti: str, grant_id: str | None, sub: str | None, now: int) -> Status:
        """As ports.TokenStatusStore.status, by one consistent read of both tables."""
        wanted = {self._state: [_key(jti), *([grant_key(grant_id)] if grant_id else [])]}
        if sub:
            wanted[self._registry] = [user_key(sub)]
        found = batch(self._dynamodb, wanted)
        state = {stored["pk"]["S"]: stored for stored in found[self._state]}
        revoked = state.pop(f"revoked#{jti}", None)
        grants = [stored_grant(stored) for stored in state.values()]
        users = [stored_user(stored) for stored in found.get(self._registry, ())]
        return Status(
            # time to live deletes late: what is past its end is no longer there
            blacklisted=revoked is not None and now < _end(revoked),
            grant=next((grant for grant in grants if now < grant.expires_at), None),
            user=users[0] if users else None,
        )


def _key(jti: str) -> Item:
    return item({"pk": f"revoked#{jti}"})


def _end(revoked: Item) -> int:
    try:
        return int(revoked["expires_at"]["N"])
    except (KeyError, ValueError):
        raise malformed(revoked) from None

"""Grants in the state table: one item `grant#<grant_id>` from the authorization code to the last token."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from signet.aws.attributes import Item, attribute, item
from signet.aws.failures import answered, calling, code
from signet.aws.queries import scanned
from signet.aws.records import malformed, record, restored
from signet.aws.subjects import items_of
from signet.errors import Reason, unavailable
from signet.model.grant import Grant, Redemption, Turn

GRANTS = "grant#"
"""What the keys of all grants begin with."""

_REDEEMABLE = (
    # this code, or there is no such grant
    "code_digest = :code_digest",
    # of this client: a code in other hands redeems nothing and stays valid
    "client_id = :client_id",
    # never before, unless by this very request, whose answer was lost
    "(attribute_not_exists(redeemed_at) OR redeemed_by = :request_id)",
    "attribute_not_exists(revoked_at)",
    # time to live deletes late, so the end is compared
    "code_expires_at > :now",
    # the same redirect_uri as in the authorization request (RFC 6749 section 4.1.3)
    "redirect_uri = :redirect_uri",
    # the challenge of the verifier, or neither of them (RFC 7636 section 4.6, RFC 9700 section 2.1.1)
    "code_challenge = :code_challenge",
)
"""What must all be true for a code to be redeemed: the clauses of Redemption.refused_by."""

_REDEEM = "SET redeemed_at = :now, redeemed_by = :request_id, generation = :first, expires_at = :expires_at"

_RELEASABLE = (
    # by this very request
    "redeemed_by = :request_id",
    # nothing has come of it
    "generation = :first",
    # no replay has been seen since
    "attribute_not_exists(revoked_at)",
)
"""What must all be true for a redemption to be taken back."""

_TURNABLE = (
    # the generation that the token is of, whoever comes second finds the next one; or one that was taken back
    "(generation = :generation OR (generation = :before AND taken_back = :generation))",
    "client_id = :client_id",
    "attribute_not_exists(revoked_at)",
    # time to live deletes late, so the end is compared
    "expires_at > :now",
)
"""The clauses of Turn.refused_by, but for the repetition, which is no write."""

_TURN = "SET generation = :next, rotated_at = :now, rotated_by = :request_id, expires_at = :expires_at"

_RETURNABLE = (
    # by this very request, not by one that made the same turn before it
    "rotated_by = :request_id",
    # nobody has used what came of it
    "generation = :next",
    # no replay has been seen since
    "attribute_not_exists(revoked_at)",
)
"""What must all be true for a turn to be taken back."""

_TURN_BACK = "SET generation = :generation, taken_back = :next REMOVE rotated_at, rotated_by"


class DynamoDbGrantStore:
    """ports.GrantStore on a table. `dynamodb` is a botocore client."""

    def __init__(self, dynamodb: Any, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def create(self, grant: Grant) -> None:
        """As ports.GrantStore.create."""
        stored = {**grant_key(grant.grant_id), **_item(grant)}
        with calling("dynamodb:PutItem", Reason.STORE_UNAVAILABLE):
            try:
                self._dynamodb.put_item(
                    TableName=self._table,
                    Item=stored,
                    ConditionExpression="attribute_not_exists(pk)",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except answered() as error:
                # our own write, whose answer was lost, is a success
                if code(error) != "ConditionalCheckFailedException" or error.response.get("Item") != stored:
                    raise

    def redeem(self, redemption: Redemption) -> tuple[Grant | None, Reason | None]:
        """As ports.GrantStore.redeem."""
        with calling("dynamodb:UpdateItem", Reason.STORE_UNAVAILABLE):
            try:
                answer = self._dynamodb.update_item(
                    TableName=self._table,
                    Key=grant_key(redemption.code.grant_id),
                    UpdateExpression=_REDEEM,
                    ConditionExpression=" AND ".join(_REDEEMABLE),
                    ExpressionAttributeValues=item(
                        {
                            ":code_digest": redemption.code.digest(),
                            ":client_id": redemption.client_id,
                            ":request_id": redemption.request_id,
                            ":now": redemption.now,
                            ":redirect_uri": redemption.redirect_uri,
                            ":code_challenge": redemption.code_challenge,
                            ":first": 0,
                            ":expires_at": redemption.expires_at,
                        }
                    ),
                    ReturnValues="ALL_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except answered() as error:
                if code(error) != "ConditionalCheckFailedException":
                    raise
                return _refused(redemption, error.response.get("Item"))
        return stored_grant(answer.get("Attributes", {})), None

    def release(self, redemption: Redemption) -> None:
        """As ports.GrantStore.release."""
        with calling("dynamodb:UpdateItem", Reason.STORE_UNAVAILABLE):
            try:
                self._dynamodb.update_item(
                    TableName=self._table,
                    Key=grant_key(redemption.code.grant_id),
                    UpdateExpression="REMOVE redeemed_at, redeemed_by, generation",
                    ConditionExpression=" AND ".join(_RELEASABLE),
                    ExpressionAttributeValues=item({":request_id": redemption.request_id, ":first": 0}),
                )
            except answered() as error:
                if code(error) != "ConditionalCheckFailedException":
                    raise

    def turn(self, turn: Turn) -> tuple[Grant | None, Reason | None]:
        """As ports.GrantStore.turn."""
        with calling("dynamodb:UpdateItem", Reason.STORE_UNAVAILABLE):
            try:
                answer = self._dynamodb.update_item(
                    TableName=self._table,
                    Key=grant_key(turn.grant_id),
                    UpdateExpression=_TURN,
                    ConditionExpression=" AND ".join(_TURNABLE),
                    ExpressionAttributeValues=item(
                        {
                            ":before": turn.generation - 1,
                            ":generation": turn.generation,
                            ":next": turn.generation + 1,
                            ":client_id": turn.client_id,
                            ":request_id": turn.request_id,
                            ":now": turn.now,
                            ":expires_at": turn.expires_at,
                        }
                    ),
                    ReturnValues="ALL_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except answered() as error:
                if code(error) != "ConditionalCheckFailedException":
                    raise
                return _not_turned(turn, error.response.get("Item"))
        return stored_grant(answer.get("Attributes", {})), None

    def turn_back(self, turn: Turn) -> None:
        """As ports.GrantStore.turn_back."""
        with calling("dynamodb:UpdateItem", Reason.STORE_UNAVAILABLE):
            try:
                self._dynamodb.update_item(
                    TableName=self._table,
                    Key=grant_key(turn.grant_id),
                    UpdateExpression=_TURN_BACK,
                    ConditionExpression=" AND ".join(_RETURNABLE),
                    ExpressionAttributeValues=item(
                        {
                            ":generation": turn.generation,
                            ":next": turn.generation + 1,
                            ":request_id": turn.request_id,
                        }
                    ),
                )
            except answered() as error:
                if code(error) != "ConditionalCheckFailedException":
                    raise

    def revoke(self, grant_id: str, now: int) -> None:
        """As ports.GrantStore.revoke."""
        with calling("dynamodb:UpdateItem", Reason.STORE_UNAVAILABLE):
            try:
                self._dynamodb.update_item(
                    TableName=self._table,
                    Key=grant_key(grant_id),
                    UpdateExpression="SET revoked_at = if_not_exists(revoked_at, :now)",
                    # an update of what has been deleted would make an item that is nothing but revoked
                    ConditionExpression="attribute_exists(pk)",
                    ExpressionAttributeValues={":now": attribute(now)},
                )
            except answered() as error:
                if code(error) != "ConditionalCheckFailedException":
                    raise

    def get(self, grant_id: str, now: int) -> Grant | None:
        """As ports.GrantStore.get, by one consistent read."""
        with calling("dynamodb:GetItem", Reason.STORE_UNAVAILABLE):
            answer = self._dynamodb.get_item(TableName=self._table, Key=grant_key(grant_id), ConsistentRead=True)
        grant = stored_grant(answer["Item"]) if "Item" in answer else None
        return grant if grant and now < grant.expires_at else None

    def of_subject(self, sub: str, now: int) -> Iterator[Grant]:
        """As ports.GrantListing.of_subject."""
        grants = map(stored_grant, items_of(self._dynamodb, self._table, sub, GRANTS))
        return (grant for grant in grants if now < grant.expires_at)

    def of_client(self, client_id: str, now: int) -> Iterator[Grant]:
        """As ports.ClientGrants.of_client."""
        items = scanned(
            self._dynamodb,
            TableName=self._table,
            FilterExpression="begins_with(pk, :grant) AND client_id = :client_id AND expires_at > :now",
            ExpressionAttributeValues=item({":grant": "grant#", ":client_id": client_id, ":now": now}),
        )
        return map(stored_grant, items)


def _refused(redemption: Redemption, stored: Item | None) -> tuple[Grant | None, Reason]:
    """What stood in the way of a redemption. Raises OAuthError rather than take a refused write for a success."""
    grant = stored_grant(stored) if stored else None
    reason = redemption.refused_by(grant)
    if reason is None:
        raise unavailable(Reason.STORE_UNAVAILABLE, "dynamodb:UpdateItem refused what its condition allows")
    return grant, reason


def _not_turned(turn: Turn, stored: Item | None) -> tuple[Grant | None, Reason | None]:
    """The grant that this turn has moved already, or what stood in its way. Raises OAuthError as _refused."""
    grant = stored_grant(stored) if stored else None
    reason = turn.refused_by(grant)
    if reason is None and not (grant and turn.repeats(grant)):
        raise unavailable(Reason.STORE_UNAVAILABLE, "dynamodb:UpdateItem refused what its condition allows")
    return grant, reason


def grant_key(grant_id: str) -> Item:
    """The key of a grant's item."""
    return item({"pk": f"{GRANTS}{grant_id}"})


def _item(grant: Grant) -> Item:
    """The attributes of a grant.

    `code_challenge` is there even when empty, for the condition to compare. `claims` is JSON text: what a client asks
    for has members that are null (OpenID Connect Core section 5.5.1), which an item would lose.
    """
    attributes = item({**record(grant), "code_challenge": grant.code_challenge})
    return {**attributes, "claims": attribute(json.dumps(grant.claims))}


def stored_grant(stored: Item) -> Grant:
    """The grant of an item. Raises OAuthError for one that is malformed."""
    try:
        claims = json.loads(stored["claims"]["S"])
    except (KeyError, TypeError, ValueError):
        raise malformed(stored) from None
    return replace(restored(Grant, {**stored, "claims": attribute({})}), claims=claims)

"""ports.TokenStatusStore, in memory and on DynamoDB."""

from dataclasses import dataclass, replace
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse

from signet.aws.grants import DynamoDbGrantStore
from signet.aws.token_status import DynamoDbTokenStatusStore
from signet.aws.users import DynamoDbUserRegistry
from signet.errors import OAuthError, Reason
from signet.model.grant import Grant
from signet.model.token_status import Status
from signet.model.user import User
from signet.ports import GrantStore, TokenStatusStore, UserRegistry
from tests.support.embedded_tables import Tables
from tests.support.faults import answered, throttled
from tests.support.people_fakes import (
    InMemoryGrantStore,
    InMemoryPeople,
    InMemoryTokenStatusStore,
    InMemoryUserRegistry,
)

ALICE = User("alice", "alice", "hash", {"email": "alice@example.com"})
GRANT = Grant("g1", "app", "alice", "https://app", ("openid",), 90, "digest", 160, 700, 100)


@dataclass
class Stores:
    tokens: TokenStatusStore
    grants: GrantStore
    users: UserRegistry


@pytest.fixture(params=["memory", "dynamodb"])
def stores(request: pytest.FixtureRequest) -> Stores:
    """One grant and its user; no token is blacklisted."""
    if request.param == "memory":
        people, grants = InMemoryPeople(), InMemoryGrantStore()
        stores = Stores(InMemoryTokenStatusStore(grants, people), grants, InMemoryUserRegistry(people))
    else:
        tables: Tables = request.getfixturevalue("tables")
        stores = Stores(
            on_dynamodb(tables),
            DynamoDbGrantStore(tables.dynamodb, tables.state),
            DynamoDbUserRegistry(tables.dynamodb, tables.registry),
        )
    stores.grants.create(GRANT)
    stores.users.create(ALICE)
    return stores


def on_dynamodb(tables: Tables) -> DynamoDbTokenStatusStore:
    """The adapter on these tables."""
    return DynamoDbTokenStatusStore(tables.dynamodb, tables.registry, tables.state)


def test_a_token_is_read_with_its_grant_and_its_user(stores: Stores) -> None:
    """In one go; each may be missing."""
    tokens = stores.tokens
    assert tokens.status("t1", "g1", "alice", 110) == Status(blacklisted=False, grant=GRANT, user=ALICE)
    assert tokens.status("t1", "g2", "bob", 110) == Status(blacklisted=False)


def test_a_clients_own_token_has_neither(stores: Stores) -> None:
    """Nothing is looked for under an empty name."""
    assert stores.tokens.status("t1", None, None, 110) == Status(blacklisted=False)
    stores.tokens.blacklist("t1", 200)
    assert stores.tokens.status("t1", None, None, 110) == Status(blacklisted=True)


def test_one_token_is_blacklisted_and_no_other(stores: Stores) -> None:
    """Its grant lives on; twice is no error."""
    for _ in range(2):
        stores.tokens.blacklist("t1", 200)
    assert stores.tokens.status("t1", "g1", "alice", 110) == Status(blacklisted=True, grant=GRANT, user=ALICE)
    assert stores.tokens.status("t2", "g1", "alice", 110) == Status(blacklisted=False, grant=GRANT, user=ALICE)


def test_what_is_past_its_end_is_not_there(stores: Stores) -> None:
    """Though nothing has deleted it."""
    stores.tokens.blacklist("t1", 200)
    assert stores.tokens.status("t1", "g1", None, 199).blacklisted
    assert not stores.tokens.status("t1", "g1", None, 200).blacklisted
    assert stores.tokens.status("t1", "g1", None, 699).grant == GRANT
    assert stores.tokens.status("t1", "g1", None, 700).grant is None


def test_grant_and_user_are_those_of_now(stores: Stores) -> None:
    """Revoked and disabled come back as such: the caller decides."""
    stores.grants.revoke("g1", 120)
    assert stores.users.update(replace(ALICE, disabled=True), ALICE)
    status = stores.tokens.status("t1", "g1", "alice", 130)
    assert (status.grant, status.user) == (replace(GRANT, revoked_at=120), replace(ALICE, disabled=True))


def test_a_token_is_not_taken_for_a_grant(stores: Stores) -> None:
    """Whatever their ids are."""
    stores.tokens.blacklist("g1", 200)
    assert stores.tokens.status("t1", "g1", None, 110) == Status(blacklisted=False, grant=GRANT)


# what only the adapter can show


def test_everything_is_one_consistent_read(tables: Tables) -> None:
    """One round trip over both tables."""
    calls: list[tuple[str, Any]] = []
    tables.dynamodb.meta.events.register(
        "before-parameter-build.dynamodb", lambda params, model, **_: calls.append((model.name, params))
    )
    on_dynamodb(tables).status("t1", "g1", "alice", 110)
    [(operation, parameters)] = calls
    assert operation == "BatchGetItem"
    assert {name: table["ConsistentRead"] for name, table in parameters["RequestItems"].items()} == {
        tables.state: True,
        tables.registry: True,
    }


def test_a_blacklisted_token_leaves_by_itself(tables: Tables) -> None:
    """The attribute that time to live looks at, and nothing of the token but its id."""
    on_dynamodb(tables).blacklist("t1", 200)
    assert tables.items(tables.state) == [{"pk": {"S": "revoked#t1"}, "expires_at": {"N": "200"}}]


def test_a_write_whose_answer_was_lost_is_made_again(tables: Tables) -> None:
    """By the SDK, with the same result."""
    tables.connection.losing = 1
    on_dynamodb(tables).blacklist("t1", 200)
    assert on_dynamodb(tables).status("t1", None, None, 110).blacklisted


def test_what_was_left_unread_is_asked_for_again(tables: Tables) -> None:
    """DynamoDB may leave keys out of a batch under load; a blacklisted token overlooked would count again."""
    store = on_dynamodb(tables)
    store.blacklist("t1", 200)
    unread = [1, 1]

    def leave_out(parsed: dict[str, Any], **_: object) -> None:
        if unread and unread.pop():
            parsed["Responses"][tables.state] = []
            parsed["UnprocessedKeys"] = {tables.state: {"Keys": [{"pk": {"S": "revoked#t1"}}], "ConsistentRead": True}}

    tables.dynamodb.meta.events.register("after-call.dynamodb.BatchGetItem", leave_out)
    assert store.status("t1", None, None, 110).blacklisted
    unread[:] = [1] * 9
    with pytest.raises(OAuthError) as raised:
        store.status("t1", None, None, 110)
    assert raised.value.reason is Reason.STORE_UNAVAILABLE


@pytest.mark.parametrize("body", ["{}", '{"Responses": 1}', '{"Responses": {"other": []}}', "<html>", "[]"])
def test_an_answer_that_is_none_is_unavailable(tables: Tables, body: str) -> None:
    """Nothing was said of the token, so nothing is known of it."""

    def fault(**_: object) -> AWSResponse:
        return answered(body)

    tables.dynamodb.meta.events.register("before-send.dynamodb", fault)
    with pytest.raises(OAuthError) as raised:
        on_dynamodb(tables).status("t1", "g1", "alice", 110)
    assert raised.value.status == 503


def test_a_malformed_item_is_unavailable(tables: Tables) -> None:
    """The line names its key."""
    tables.dynamodb.put_item(TableName=tables.state, Item={"pk": {"S": "revoked#t1"}, "expires_at": {"S": "soon"}})
    with pytest.raises(OAuthError) as raised:
        on_dynamodb(tables).status("t1", None, None, 110)
    assert raised.value.reason is Reason.RECORD_INVALID
    assert "revoked#t1" in str(raised.value.detail)


def test_a_failing_aws_is_unavailable(tables: Tables) -> None:
    """Whatever is asked of it."""

    def fault(**_: object) -> AWSResponse:
        return throttled()

    tables.dynamodb.meta.events.register("before-send.dynamodb", fault)
    for ask in (
        lambda: on_dynamodb(tables).status("t1", "g1", "alice", 110),
        lambda: on_dynamodb(tables).blacklist("t1", 200),
    ):
        with pytest.raises(OAuthError) as raised:
            ask()
        assert raised.value.status == 503

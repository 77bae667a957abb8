"""ports.UserRegistry, in memory and on DynamoDB."""

import json
from dataclasses import dataclass, replace
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse

from signet.aws.clients import DynamoDbClientRegistry
from signet.aws.consents import DynamoDbConsentStore
from signet.aws.users import DynamoDbUserRegistry
from signet.errors import OAuthError, Reason
from signet.model.client import Client, ClientSecret
from signet.model.user import Consent, User
from signet.ports import ClientRegistry, ConsentStore, UserRegistry
from tests.support import faults
from tests.support.embedded_tables import Tables, at_once
from tests.support.fakes import InMemoryClientRegistry
from tests.support.people_fakes import InMemoryConsentStore, InMemoryPeople, InMemoryUserRegistry

ALICE = User(
    "5b0c",
    "Alice",
    "$argon2id$v=19$...",
    {"email": "alice@example.com", "address": {"country": "FR"}, "authorities": ["a", "b"], "level": 3, "x": 0.5},
    created_at=10,
    password_changed_at=11,
)


@dataclass
class Directory:
    users: UserRegistry
    consents: ConsentStore
    clients: ClientRegistry


@pytest.fixture(params=["memory", "dynamodb"])
def directory(request: pytest.FixtureRequest) -> Directory:
    """Empty stores that share what they keep."""
    if request.param == "memory":
        clients = InMemoryClientRegistry()
        people = InMemoryPeople(is_client=lambda sub: clients.get(sub) is not None)
        return Directory(InMemoryUserRegistry(people), InMemoryConsentStore(people), clients)
    tables: Tables = request.getfixturevalue("tables")
    table = (tables.dynamodb, tables.registry)
    return Directory(DynamoDbUserRegistry(*table), DynamoDbConsentStore(*table), DynamoDbClientRegistry(*table))


@pytest.fixture
def users(directory: Directory) -> UserRegistry:
    """An empty registry."""
    return directory.users


def client(client_id: str) -> Client:
    """A client of that id."""
    return Client(client_id, "client_secret_basic", ("client_credentials",), (ClientSecret("d1" * 32, 1),))


def test_a_user_comes_back_as_stored(users: UserRegistry) -> None:
    """By `sub` and by login name, whole."""
    assert users.create(ALICE)
    assert users.get("5b0c") == ALICE
    assert users.find("Alice") == ALICE


def test_a_minimal_user_comes_back_as_stored(users: UserRegistry) -> None:
    """Without a password, claims or anything else."""
    assert users.create(User("1", "bob"))
    assert users.find("bob") == User("1", "bob")


def test_nobody_is_found_where_nobody_is(users: UserRegistry) -> None:
    """Whatever is typed, longer than any key and no text at all included."""
    users.create(ALICE)
    assert users.get("6") is None
    for username in ("", "alic", "5b0c", "user#5b0c", "x" * 5_000, "\ufdfa" * 300, "\ud800", "a\x00b"):
        assert users.find(username) is None


@pytest.mark.parametrize("typed", ["alice", "ALICE", " Alice ", "\uff21lice"])
def test_a_person_is_found_however_they_type_their_name(users: UserRegistry, typed: str) -> None:
    """Case and width do not matter."""
    users.create(ALICE)
    assert users.find(typed) == ALICE


def test_a_name_that_is_taken_is_not_given_twice(users: UserRegistry) -> None:
    """Also in other case; and nothing is changed."""
    assert users.create(ALICE)
    assert not users.create(User("2", "aLICE"))
    assert users.get("2") is None
    assert users.find("alice") == ALICE


def test_a_sub_that_is_taken_is_not_given_twice(users: UserRegistry) -> None:
    """And the other name stays free."""
    assert users.create(ALICE)
    assert not users.create(User(ALICE.sub, "bob"))
    assert users.find("bob") is None
    assert users.get(ALICE.sub) == ALICE
    assert users.create(User("2", "bob"))


def test_a_sub_is_never_a_clients_id(directory: Directory) -> None:
    """Tokens name both by the same claim (RFC 9068 section 5)."""
    assert directory.clients.create(client("c1"))
    assert not directory.users.create(User("c1", "alice"))
    assert directory.users.find("alice") is None
    assert directory.users.create(User("c2", "alice"))


def test_creating_the_same_user_again_is_the_same_success(users: UserRegistry) -> None:
    """A write whose answer was lost is repeated."""
    assert users.create(ALICE)
    assert users.create(ALICE)


def test_one_of_many_gets_the_name(users: UserRegistry) -> None:
    """Twenty who create it at once: one has it."""
    created = at_once(20, lambda number: users.create(User(f"sub{number}", "alice")))
    assert created.count(True) == 1
    assert users.find("alice") == User(f"sub{created.index(True)}", "alice")
    assert [user.sub for user in users.list()] == [f"sub{created.index(True)}"]


def test_an_update_replaces_what_it_was_made_from(users: UserRegistry) -> None:
    """Once."""
    users.create(ALICE)
    read = users.get(ALICE.sub)
    assert read
    assert users.update(replace(read, disabled=True, claims={}), read)
    assert not users.update(replace(read, password_hash="other"), read)
    updated = users.find("alice")
    assert updated == replace(ALICE, disabled=True, claims={})
    assert users.update(replace(updated, disabled=False), updated)


def test_an_update_of_a_user_who_is_gone_changes_nothing(users: UserRegistry) -> None:
    """Who has been deleted stays deleted."""
    users.create(ALICE)
    users.delete(ALICE.sub)
    assert not users.update(replace(ALICE, disabled=True), ALICE)
    assert users.get(ALICE.sub) is None


def test_neither_sub_nor_login_name_changes(users: UserRegistry) -> None:
    """The login name is an item of its own; its spelling may change."""
    users.create(ALICE)
    for changed in (replace(ALICE, sub="2"), replace(ALICE, username="bob")):
        with pytest.raises(ValueError, match="neither sub nor login name"):
            users.update(changed, ALICE)
    assert users.update(replace(ALICE, username="ALICE"), ALICE)


def test_of_many_updates_of_one_record_one_is_made(users: UserRegistry) -> None:
    """No change is lost to another."""
    users.create(ALICE)
    updated = at_once(10, lambda number: users.update(replace(ALICE, created_at=100 + number), ALICE))
    assert updated.count(True) == 1
    assert users.get(ALICE.sub) == replace(ALICE, created_at=100 + updated.index(True))


def test_deleting_removes_name_and_consents(directory: Directory) -> None:
    """The name is free again, and its next owner has allowed nothing."""
    directory.users.create(ALICE)
    directory.users.create(User("2", "bob"))
    for sub in (ALICE.sub, "2"):
        directory.consents.put(Consent(sub, "c1", ("openid",), 1, 2), None)
    assert directory.users.delete(ALICE.sub)
    assert not directory.users.delete(ALICE.sub)
    assert directory.users.find("alice") is None
    assert [len(list(directory.consents.of_user(sub)[1])) for sub in (ALICE.sub, "2")] == [0, 1]
    assert directory.users.create(ALICE)
    assert directory.consents.get(ALICE.sub, "c1") == (ALICE, None)


def test_everyone_is_listed_and_no_client(directory: Directory) -> None:
    """In the order of `sub`."""
    assert list(directory.users.list()) == []
    directory.clients.create(client("c1"))
    for sub in ("2", "1", "3"):
        directory.users.create(User(sub, f"name of {sub}"))
    assert [user.sub for user in directory.users.list()] == ["1", "2", "3"]
    assert [found.client_id for found in directory.clients.list()] == ["c1"]


# what only the adapter can show


@pytest.fixture
def stored(tables: Tables) -> DynamoDbUserRegistry:
    """A registry on DynamoDB."""
    return DynamoDbUserRegistry(tables.dynamodb, tables.registry)


def test_a_client_is_never_given_a_users_sub(tables: Tables, stored: DynamoDbUserRegistry) -> None:
    """The other way round."""
    stored.create(ALICE)
    clients = DynamoDbClientRegistry(tables.dynamodb, tables.registry)
    assert not clients.create(client(ALICE.sub))
    assert clients.get(ALICE.sub) is None


def test_a_user_and_a_client_race_for_one_id(tables: Tables, stored: DynamoDbUserRegistry) -> None:
    """One of them gets it."""
    clients = DynamoDbClientRegistry(tables.dynamodb, tables.registry)

    def create(number: int) -> bool:
        return clients.create(client("x")) if number % 2 else stored.create(User("x", f"alice{number}"))

    at_once(12, create)
    assert (stored.get("x") is None) is (clients.get("x") is not None)


@pytest.mark.parametrize("losing", [1, 2])
def test_writes_whose_answer_was_lost_are_successes(tables: Tables, stored: DynamoDbUserRegistry, losing: int) -> None:
    """The SDK repeats them, and they meet themselves."""
    tables.connection.losing = losing
    assert stored.create(ALICE)
    tables.connection.losing = losing
    assert stored.update(replace(ALICE, disabled=True), ALICE)
    assert stored.get(ALICE.sub) == replace(ALICE, disabled=True)


def test_an_unknown_name_costs_as_many_calls_as_a_known_one(tables: Tables, stored: DynamoDbUserRegistry) -> None:
    """Or its absence could be timed."""
    stored.create(ALICE)
    calls: list[str] = []
    tables.dynamodb.meta.events.register("before-call.dynamodb", lambda model, **_: calls.append(model.name))
    for username in ("alice", "bob"):
        stored.find(username)
    assert calls == ["GetItem"] * 4


def test_users_are_listed_page_by_page(tables: Tables, stored: DynamoDbUserRegistry) -> None:
    """A page of DynamoDB's ends at 1 MB."""
    for number in range(5):
        stored.create(User(f"sub{number}", f"user{number}"))
    events = tables.dynamodb.meta.events
    events.register("provide-client-params.dynamodb.Query", lambda params, **_: {**params, "Limit": 2})
    assert [user.sub for user in stored.list()] == [f"sub{number}" for number in range(5)]


def test_a_transaction_that_met_another_is_tried_again(tables: Tables, stored: DynamoDbUserRegistry) -> None:
    """It is no refusal; where it never gets through, it is unavailable."""
    left = [3]

    def conflict(**_: object) -> AWSResponse | None:
        left[0] -= 1
        reasons = [{"Code": "None"}, {"Code": "TransactionConflict"}, {"Code": "None"}]
        body = {"__type": "com.amazonaws#TransactionCanceledException", "CancellationReasons": reasons}
        return faults._answer(400, json.dumps(body).encode()) if left[0] >= 0 else None

    tables.dynamodb.meta.events.register("before-send.dynamodb.TransactWriteItems", conflict)
    assert stored.create(ALICE)
    left[0] = 99
    with pytest.raises(OAuthError) as raised:
        stored.delete(ALICE.sub)
    assert raised.value.reason is Reason.STORE_UNAVAILABLE
    assert stored.get(ALICE.sub) == ALICE


def test_an_operator_who_changed_the_item_by_hand_is_not_overwritten(
    tables: Tables, stored: DynamoDbUserRegistry
) -> None:
    """The mark of what was read decides, whatever else is in the item."""
    stored.create(ALICE)
    tables.dynamodb.update_item(
        TableName=tables.registry,
        Key={"pk": {"S": f"user#{ALICE.sub}"}, "sk": {"S": "user"}},
        UpdateExpression="SET note = :x, created_at = :x",
        ExpressionAttributeValues={":x": {"N": "7"}},
    )
    read = stored.get(ALICE.sub)
    assert read == replace(ALICE, created_at=7)
    assert stored.update(replace(read, disabled=True), read)


def test_a_record_that_is_malformed_is_unavailable_not_a_crash(tables: Tables, stored: DynamoDbUserRegistry) -> None:
    """And the log gets the key, which holds no secret."""
    items: list[dict[str, Any]] = [
        {},
        {"sub": {"S": "1"}},
        {"sub": {"S": "1"}, "username": {"B": b"x"}},
        {"sub": {"S": "1"}, "username": {"N": "7"}},
        {"sub": {"S": "1"}, "username": {"S": "a"}, "disabled": {"S": "false"}},
        {"sub": {"S": "1"}, "username": {"S": "a"}, "claims": {"L": []}},
        {"sub": {"S": "2"}, "username": {"S": "somebody else"}},
    ]
    for item in items:
        tables.dynamodb.put_item(
            TableName=tables.registry,
            Item={"pk": {"S": "user#1"}, "sk": {"S": "user"}, "listing": {"S": "user"}, **item},
        )
        with pytest.raises(OAuthError) as raised:
            stored.get("1")
        assert raised.value.reason is Reason.RECORD_INVALID
        assert raised.value.detail == "the item user#1 is malformed"


def test_a_table_that_is_missing_is_unavailable(tables: Tables) -> None:
    """Whatever is asked of it."""
    users = DynamoDbUserRegistry(tables.dynamodb, "missing")
    for ask in (
        lambda: users.get("1"),
        lambda: users.find("a"),
        lambda: users.create(ALICE),
        lambda: users.update(ALICE, ALICE),
        lambda: users.delete("1"),
        lambda: list(users.list()),
    ):
        with pytest.raises(OAuthError) as raised:
            ask()
        assert (raised.value.status, raised.value.reason) == (503, Reason.STORE_UNAVAILABLE)


def test_imported_hashes_are_noted_and_forgotten(users: UserRegistry) -> None:
    """Any number of times; nobody is found by the note."""
    assert not users.has_imported_hashes()
    for imported_at in (10, 20):
        users.note_imported_hashes(imported_at)
        assert users.has_imported_hashes()
    assert list(users.list()) == []
    for _ in range(2):
        users.note_imported_hashes(None)
        assert not users.has_imported_hashes()

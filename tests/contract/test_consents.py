"""ports.ConsentStore, in memory and on DynamoDB."""

from dataclasses import dataclass, replace
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse

from signet.aws.consents import DynamoDbConsentStore
from signet.aws.users import DynamoDbUserRegistry
from signet.errors import OAuthError, Reason
from signet.model.user import Consent, User
from signet.ports import ConsentStore, UserRegistry
from tests.support.embedded_tables import Tables, at_once
from tests.support.faults import throttled
from tests.support.people_fakes import InMemoryConsentStore, InMemoryPeople, InMemoryUserRegistry

ALICE = User("1", "alice", "hash", {"email": "alice@example.com"})
CONSENT = Consent("1", "app", ("openid", "email"), granted_at=10, updated_at=20)


@dataclass
class Directory:
    users: UserRegistry
    consents: ConsentStore


@pytest.fixture(params=["memory", "dynamodb"])
def directory(request: pytest.FixtureRequest) -> Directory:
    """A user, who has allowed nothing yet."""
    if request.param == "memory":
        people = InMemoryPeople()
        directory = Directory(InMemoryUserRegistry(people), InMemoryConsentStore(people))
    else:
        tables: Tables = request.getfixturevalue("tables")
        table = (tables.dynamodb, tables.registry)
        directory = Directory(DynamoDbUserRegistry(*table), DynamoDbConsentStore(*table))
    directory.users.create(ALICE)
    return directory


def allowed(directory: Directory, sub: str) -> tuple[User | None, list[str]]:
    """The user, and the clients that they have allowed anything."""
    user, consents = directory.consents.of_user(sub)
    return user, [consent.client_id for consent in consents]


def test_a_consent_is_read_with_its_user(directory: Directory) -> None:
    """In one go; either may be missing."""
    assert directory.consents.get("1", "app") == (ALICE, None)
    directory.consents.put(CONSENT, None)
    assert directory.consents.get("1", "app") == (ALICE, CONSENT)
    assert directory.consents.get("1", "other") == (ALICE, None)
    assert directory.consents.get("2", "app") == (None, None)


def test_a_consent_and_its_user_are_read_as_they_are_now(directory: Directory) -> None:
    """Each time, whatever was read before: a code or a refresh token is refused by it."""
    for updated_at in range(20, 40):
        given = replace(CONSENT, updated_at=updated_at)
        assert directory.consents.put(given, None)
        assert directory.consents.get("1", "app")[1] == given
        assert directory.consents.delete("1", "app")
        assert directory.consents.get("1", "app")[1] is None
    assert directory.users.delete("1")
    assert directory.consents.get("1", "app") == (None, None)


def test_an_update_of_a_user_read_with_a_consent_is_made(directory: Directory) -> None:
    """What is read here is as good as what the registry reads."""
    user, _ = directory.consents.get("1", "app")
    assert user
    assert directory.users.update(replace(user, disabled=True), user)
    assert directory.consents.get("1", "app") == (replace(ALICE, disabled=True), None)


def test_a_new_consent_stands_in_place_of_the_old_one(directory: Directory) -> None:
    """Its scope is what is allowed now."""
    directory.consents.put(CONSENT, None)
    wider = replace(CONSENT, scope=("openid", "email", "phone"), updated_at=30)
    assert directory.consents.put(wider, CONSENT)
    assert directory.consents.get("1", "app")[1] == wider


def test_a_consent_changes_only_over_the_one_that_was_read(directory: Directory) -> None:
    """One that was taken back, or changed in another window, in between stays so."""
    wider = replace(CONSENT, scope=("openid", "email", "phone"), updated_at=30)
    for earlier in (wider, replace(CONSENT, scope=()), replace(CONSENT, updated_at=19), replace(CONSENT, granted_at=9)):
        assert not directory.consents.put(replace(CONSENT, updated_at=40), earlier)
    assert directory.consents.get("1", "app") == (ALICE, None)
    assert directory.consents.put(CONSENT, None)
    assert directory.consents.put(CONSENT, None), "its own repetition"
    for other in (None, wider, replace(CONSENT, scope=()), replace(CONSENT, updated_at=19)):
        assert not directory.consents.put(wider, other)
    assert directory.consents.get("1", "app") == (ALICE, CONSENT)
    assert directory.consents.delete("1", "app")
    assert not directory.consents.put(wider, CONSENT)
    assert directory.consents.get("1", "app") == (ALICE, None)


def test_of_changes_at_once_one_is_made(directory: Directory) -> None:
    """And the others are told."""
    changes = [replace(CONSENT, updated_at=100 + number) for number in range(10)]
    made = at_once(10, lambda number: directory.consents.put(changes[number], None))
    assert made.count(True) == 1
    assert directory.consents.get("1", "app") == (ALICE, changes[made.index(True)])


def test_a_consent_to_nothing_in_particular_comes_back(directory: Directory) -> None:
    """A request without a scope is one too."""
    directory.consents.put(replace(CONSENT, scope=()), None)
    assert directory.consents.get("1", "app")[1] == replace(CONSENT, scope=())


def test_a_consent_can_be_taken_back_once(directory: Directory) -> None:
    """And nobody else's goes with it."""
    directory.consents.put(CONSENT, None)
    directory.consents.put(replace(CONSENT, client_id="other"), None)
    assert directory.consents.delete("1", "app")
    assert not directory.consents.delete("1", "app")
    assert directory.consents.get("1", "app") == (ALICE, None)
    assert directory.consents.get("1", "other")[1] is not None


def test_consents_are_listed_with_their_user(directory: Directory) -> None:
    """In the order of client ids; the longest id and one of odd characters included."""
    assert allowed(directory, "1") == (ALICE, [])
    for client_id in ("b", "a", "a#b c", "x" * 255):
        directory.consents.put(replace(CONSENT, client_id=client_id), None)
    directory.consents.put(replace(CONSENT, sub="2"), None)
    assert allowed(directory, "1") == (ALICE, ["a", "a#b c", "b", "x" * 255])
    assert allowed(directory, "2") == (None, ["app"])
    assert allowed(directory, "3") == (None, [])


def test_consents_are_listed_as_they_are_now(directory: Directory) -> None:
    """And so is their user."""
    directory.consents.put(CONSENT, None)
    directory.users.update(replace(ALICE, disabled=True), ALICE)
    assert allowed(directory, "1") == (replace(ALICE, disabled=True), ["app"])
    directory.consents.delete("1", "app")
    assert allowed(directory, "1") == (replace(ALICE, disabled=True), [])


def test_consents_to_many_clients_at_once_are_all_kept(directory: Directory) -> None:
    """Two tabs, two applications."""
    at_once(10, lambda number: directory.consents.put(replace(CONSENT, client_id=f"app{number}"), None))
    assert len(allowed(directory, "1")[1]) == 10


# what only the adapter can show


def test_user_and_consent_are_one_consistent_read(tables: Tables) -> None:
    """One round trip."""
    calls: list[tuple[str, object]] = []
    tables.dynamodb.meta.events.register(
        "before-parameter-build.dynamodb", lambda params, model, **_: calls.append((model.name, params))
    )
    DynamoDbConsentStore(tables.dynamodb, tables.registry).get("1", "app")
    [(operation, parameters)] = calls
    assert operation == "BatchGetItem"
    assert isinstance(parameters, dict)
    [(table, wanted)] = parameters["RequestItems"].items()
    assert (table, wanted["ConsistentRead"], len(wanted["Keys"])) == (tables.registry, True, 2)


def test_user_and_consents_are_one_consistent_query(tables: Tables) -> None:
    """Page by page, where one does not hold them; and a consent that is malformed is nothing of the user's."""
    DynamoDbUserRegistry(tables.dynamodb, tables.registry).create(ALICE)
    store = DynamoDbConsentStore(tables.dynamodb, tables.registry)
    for client_id in ("app", "other"):
        store.put(replace(CONSENT, client_id=client_id), None)
    calls: list[tuple[str, dict[str, Any]]] = []

    def page_by_page(params: dict[str, Any], model: Any, **_: object) -> None:
        params["Limit"] = 1
        calls.append((model.name, dict(params)))

    tables.dynamodb.meta.events.register("before-parameter-build.dynamodb", page_by_page)
    user, consents = store.of_user("1")
    assert (user, [consent.client_id for consent in consents]) == (ALICE, ["app", "other"])
    assert all((name, parameters["ConsistentRead"]) == ("Query", True) for name, parameters in calls)
    assert len(calls) >= 3


def test_a_consent_that_is_malformed_is_met_where_consents_are_wanted(tables: Tables) -> None:
    """It hides neither its user nor what they end elsewhere."""
    DynamoDbUserRegistry(tables.dynamodb, tables.registry).create(ALICE)
    key = {"pk": {"S": "user#1"}, "sk": {"S": "consent#app"}}
    tables.dynamodb.put_item(TableName=tables.registry, Item={**key, "scope": {"N": "1"}})
    user, consents = DynamoDbConsentStore(tables.dynamodb, tables.registry).of_user("1")
    assert user == ALICE
    with pytest.raises(OAuthError):
        list(consents)


def test_what_was_left_unread_is_asked_for_again(tables: Tables) -> None:
    """DynamoDB may leave keys out of a batch under load; a consent overlooked would be asked for once more."""
    DynamoDbUserRegistry(tables.dynamodb, tables.registry).create(ALICE)
    store = DynamoDbConsentStore(tables.dynamodb, tables.registry)
    store.put(CONSENT, None)
    unread = [1, 1]

    def leave_one_out(parsed: dict[str, Any], **_: object) -> None:
        if unread and unread.pop():
            left = parsed["Responses"][tables.registry].pop()
            key = {"pk": left["pk"], "sk": left["sk"]}
            parsed["UnprocessedKeys"] = {tables.registry: {"Keys": [key], "ConsistentRead": True}}

    tables.dynamodb.meta.events.register("after-call.dynamodb.BatchGetItem", leave_one_out)
    assert store.get("1", "app") == (ALICE, CONSENT)
    unread[:] = [1] * 9
    with pytest.raises(OAuthError) as raised:
        store.get("1", "app")
    assert raised.value.reason is Reason.STORE_UNAVAILABLE


@pytest.mark.parametrize("losing", [1, 2])
def test_a_consent_whose_answer_was_lost_is_given(tables: Tables, losing: int) -> None:
    """The SDK repeats the write and finds its own."""
    store = DynamoDbConsentStore(tables.dynamodb, tables.registry)
    tables.connection.losing = losing
    assert store.put(CONSENT, None)
    tables.connection.losing = losing
    assert store.put(replace(CONSENT, updated_at=30), CONSENT)


def test_a_failing_aws_is_unavailable(tables: Tables) -> None:
    """Whatever is asked of it."""

    def fault(**_: object) -> AWSResponse:
        return throttled()

    tables.dynamodb.meta.events.register("before-send.dynamodb", fault)
    store = DynamoDbConsentStore(tables.dynamodb, tables.registry)
    for ask in (
        lambda: store.get("1", "app"),
        lambda: store.put(CONSENT, None),
        lambda: store.delete("1", "app"),
        lambda: store.of_user("1"),
    ):
        with pytest.raises(OAuthError) as raised:
            ask()
        assert raised.value.status == 503

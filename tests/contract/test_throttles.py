"""ports.ThrottleStore, in memory and on DynamoDB."""

from typing import Any

import pytest

from signet.aws.throttles import DynamoDbThrottleStore
from signet.errors import OAuthError, Reason
from signet.model.session import Attempts
from signet.ports import ThrottleStore
from tests.support.embedded_tables import Tables, at_once
from tests.support.people_fakes import InMemoryThrottleStore

NOTHING = Attempts()


@pytest.fixture(params=["memory", "dynamodb"])
def throttles(request: pytest.FixtureRequest) -> ThrottleStore:
    """Nothing counted."""
    if request.param == "memory":
        return InMemoryThrottleStore()
    tables: Tables = request.getfixturevalue("tables")
    return DynamoDbThrottleStore(tables.dynamodb, tables.state)


def test_a_count_comes_back_as_stored(throttles: ThrottleStore) -> None:
    """Each subject its own, whatever it holds."""
    assert throttles.get("alice", 10) == NOTHING
    assert throttles.put("alice", Attempts(1, 12, 50), NOTHING, 10)
    assert throttles.put("\ud800", Attempts(0, 0, 50), NOTHING, 10)
    assert throttles.get("alice", 10) == Attempts(1, 12, 50)
    assert throttles.get("\ud800", 10) == Attempts(0, 0, 50)
    assert throttles.get("Alice", 10) == NOTHING


def test_a_count_past_its_end_is_nothing(throttles: ThrottleStore) -> None:
    """Though nothing has deleted it; and counting begins anew over it."""
    assert throttles.put("a", Attempts(9, 12, 50), NOTHING, 10)
    assert throttles.get("a", 49) == Attempts(9, 12, 50)
    assert not throttles.put("a", Attempts(1, 60, 90), NOTHING, 49)
    assert throttles.get("a", 50) == NOTHING
    assert throttles.put("a", Attempts(1, 60, 90), NOTHING, 50)
    assert throttles.get("a", 50) == Attempts(1, 60, 90)


@pytest.mark.parametrize("other", [NOTHING, Attempts(2, 12, 50), Attempts(1, 13, 50), Attempts(1, 12, 51)])
def test_a_count_that_is_not_the_one_read_changes_nothing(throttles: ThrottleStore, other: Attempts) -> None:
    """Another came first."""
    assert throttles.put("a", Attempts(1, 12, 50), NOTHING, 10)
    assert not throttles.put("a", Attempts(3, 30, 90), other, 10)
    assert throttles.get("a", 10) == Attempts(1, 12, 50)


def test_what_was_cleared_counts_nothing(throttles: ThrottleStore) -> None:
    """Clearing nothing is no error, and a count made from what was cleared is refused."""
    throttles.put("a", Attempts(1, 12, 50), NOTHING, 10)
    throttles.clear("a")
    throttles.clear("a")
    assert throttles.get("a", 10) == NOTHING
    assert not throttles.put("a", Attempts(2, 12, 50), Attempts(1, 12, 50), 10)
    assert throttles.put("a", Attempts(1, 12, 50), NOTHING, 10)


def test_several_are_read_at_once(throttles: ThrottleStore) -> None:
    """In the order that was asked for; what is not there, or has ended, counts nothing."""
    throttles.put("a", Attempts(1, 12, 50), NOTHING, 10)
    throttles.put("b", Attempts(2, 13, 90), NOTHING, 10)
    throttles.put("\ud800", Attempts(3, 14, 90), NOTHING, 10)
    assert throttles.get_all(["b", "nobody", "a"], 10) == [Attempts(2, 13, 90), NOTHING, Attempts(1, 12, 50)]
    assert throttles.get_all(["a", "b", "\ud800"], 50) == [NOTHING, Attempts(2, 13, 90), Attempts(3, 14, 90)]
    assert throttles.get_all(["nobody"], 10) == [NOTHING]


def test_of_many_equal_counts_over_one_only_one_is_made(throttles: ThrottleStore) -> None:
    """Guesses at one moment count alike, and each must count."""
    made = at_once(20, lambda _: throttles.put("a", Attempts(1, 12, 50), NOTHING, 10))
    assert made.count(True) == 1


def test_counts_lose_no_update(throttles: ThrottleStore) -> None:
    """Twenty that count at once until each has counted."""

    def count(_: int) -> None:
        for _ in range(1_000):
            previous = throttles.get("a", 10)
            if throttles.put("a", Attempts(previous.forgotten_at + 1, 10, 50), previous, 10):
                return
        pytest.fail("never counted")

    at_once(20, count)
    assert throttles.get("a", 10).forgotten_at == 20


# what only the adapter can show


def test_an_item_names_nobody(tables: Tables) -> None:
    """The subject stands in it as a digest, and `expires_at` is for time to live."""
    DynamoDbThrottleStore(tables.dynamodb, tables.state).put("alice 192.0.2.7", Attempts(1, 12, 50), NOTHING, 10)
    [item] = tables.items(tables.state)
    assert item["expires_at"] == {"N": "50"}
    assert not {"alice", "192.0.2.7"} & set(str(item).split())
    assert len(item["pk"]["S"]) == len("throttle#") + 64


def test_several_counts_are_one_consistent_read(tables: Tables) -> None:
    """One round trip, and none of before the last count."""
    calls: list[tuple[str, object]] = []
    tables.dynamodb.meta.events.register(
        "before-parameter-build.dynamodb", lambda params, model, **_: calls.append((model.name, params))
    )
    DynamoDbThrottleStore(tables.dynamodb, tables.state).get_all(["a", "b"], 10)
    [(operation, parameters)] = calls
    assert operation == "BatchGetItem"
    assert "'ConsistentRead': True" in str(parameters)


def test_a_count_that_was_left_unread_is_asked_for_again(tables: Tables) -> None:
    """One overlooked would be a free guess; where it stays unread nobody is let through."""
    store = DynamoDbThrottleStore(tables.dynamodb, tables.state)
    for subject in ("a", "b"):
        store.put(subject, Attempts(1, 12, 50), NOTHING, 10)
    unread = [1, 1]

    def leave_one_out(parsed: dict[str, Any], **_: object) -> None:
        if unread and unread.pop():
            left = parsed["Responses"][tables.state].pop()
            parsed["UnprocessedKeys"] = {tables.state: {"Keys": [{"pk": left["pk"]}], "ConsistentRead": True}}

    tables.dynamodb.meta.events.register("after-call.dynamodb.BatchGetItem", leave_one_out)
    assert store.get_all(["a", "b"], 10) == [Attempts(1, 12, 50)] * 2
    unread[:] = [1] * 9
    with pytest.raises(OAuthError) as raised:
        store.get_all(["a", "b"], 10)
    assert raised.value.reason is Reason.STORE_UNAVAILABLE


@pytest.mark.parametrize("losing", [1, 2])
def test_a_count_whose_answer_was_lost_is_made_once(tables: Tables, losing: int) -> None:
    """The SDK repeats the write, and it meets itself; an equal one of somebody else is not taken for it."""
    store = DynamoDbThrottleStore(tables.dynamodb, tables.state)
    tables.connection.losing = losing
    assert store.put("a", Attempts(1, 12, 50), NOTHING, 10)
    tables.connection.losing = losing
    assert store.put("a", Attempts(2, 12, 50), Attempts(1, 12, 50), 10)
    assert not store.put("a", Attempts(2, 12, 50), Attempts(1, 12, 50), 10)


def test_a_table_that_is_missing_is_unavailable(tables: Tables) -> None:
    """Nobody guesses unhindered because a count failed."""
    store = DynamoDbThrottleStore(tables.dynamodb, "missing")
    for ask in (
        lambda: store.get("a", 1),
        lambda: store.get_all(["a"], 1),
        lambda: store.put("a", NOTHING, NOTHING, 1),
        lambda: store.clear("a"),
    ):
        with pytest.raises(OAuthError) as raised:
            ask()
        assert raised.value.reason is Reason.STORE_UNAVAILABLE

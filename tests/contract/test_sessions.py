"""ports.SessionStore, in memory and on DynamoDB."""

from dataclasses import replace
from typing import Any

import pytest

from signet.aws.sessions import DynamoDbSessionStore
from signet.errors import OAuthError, Reason
from signet.model.session import Session
from signet.ports import SessionStore
from tests.support.embedded_tables import Tables, at_once
from tests.support.people_fakes import InMemorySessionStore

SESSION = Session("d1", "s1", "alice", 100, ("pwd",), "acr", 100, expires_at=200, ends_at=300, user_agent="Browser")


@pytest.fixture(params=["memory", "dynamodb"])
def sessions(request: pytest.FixtureRequest) -> SessionStore:
    """No session."""
    if request.param == "memory":
        return InMemorySessionStore()
    tables: Tables = request.getfixturevalue("tables")
    return DynamoDbSessionStore(tables.dynamodb, tables.state)


def test_a_session_comes_back_as_stored(sessions: SessionStore) -> None:
    """Each under its own digest."""
    other = replace(SESSION, digest="d2", sid="s2", user_agent="", acr="", amr=())
    sessions.create(SESSION)
    sessions.create(other)
    assert sessions.get("d1", 150) == SESSION
    assert sessions.get("d2", 150) == other
    assert sessions.get("d3", 150) is None


def test_a_session_past_its_idle_end_is_not_there(sessions: SessionStore) -> None:
    """Though nothing has deleted it."""
    sessions.create(SESSION)
    assert sessions.get("d1", 199) == SESSION
    assert sessions.get("d1", 200) is None


def test_a_session_past_its_absolute_end_is_not_there(sessions: SessionStore) -> None:
    """However far its idle end was moved."""
    sessions.create(SESSION)
    sessions.extend(SESSION, 1_000)
    assert sessions.get("d1", 299) == replace(SESSION, expires_at=1_000)
    assert sessions.get("d1", 300) is None


def test_the_idle_end_moves_ahead_and_never_back(sessions: SessionStore) -> None:
    """Two requests at once may disagree on now."""
    sessions.create(SESSION)
    sessions.extend(SESSION, 250)
    sessions.extend(SESSION, 240)
    assert sessions.get("d1", 210) == replace(SESSION, expires_at=250)


def test_a_deleted_session_is_gone(sessions: SessionStore) -> None:
    """Ending it twice is no error, nor is ending none."""
    sessions.create(SESSION)
    for digest in ("d1", "d1", "d2"):
        sessions.delete(digest)
    assert sessions.get("d1", 150) is None


def test_a_session_that_is_deleted_while_it_is_extended_stays_deleted(sessions: SessionStore) -> None:
    """A logout is not undone by a request that was under way."""
    for number in range(10):
        session = replace(SESSION, digest=f"d{number}")
        sessions.create(session)

        def extend_or_delete(thread: int, session: Session = session) -> None:
            if thread == 3:
                sessions.delete(session.digest)
            else:
                sessions.extend(session, 201 + thread)

        at_once(6, extend_or_delete)
        assert sessions.get(session.digest, 150) is None


def test_extending_what_was_deleted_makes_nothing(sessions: SessionStore) -> None:
    """Not even a remnant."""
    sessions.create(SESSION)
    sessions.delete("d1")
    sessions.extend(SESSION, 250)
    assert sessions.get("d1", 150) is None


# what only the adapter can show


def test_an_item_can_be_found_by_time_to_live_and_by_user(tables: Tables) -> None:
    """`expires_at` in epoch seconds, `sub` for the index."""
    DynamoDbSessionStore(tables.dynamodb, tables.state).create(SESSION)
    [item] = tables.items(tables.state)
    assert (item["pk"], item["expires_at"], item["sub"]) == ({"S": "session#d1"}, {"N": "200"}, {"S": "alice"})


def test_writes_whose_answer_was_lost_are_successes(tables: Tables) -> None:
    """The SDK repeats them."""
    store = DynamoDbSessionStore(tables.dynamodb, tables.state)
    tables.connection.losing = 1
    store.create(SESSION)
    tables.connection.losing = 1
    store.extend(SESSION, 250)
    assert store.get("d1", 150) == replace(SESSION, expires_at=250)
    tables.connection.losing = 1
    store.delete("d1")
    assert tables.items(tables.state) == []


def test_a_table_that_is_missing_is_unavailable(tables: Tables) -> None:
    """Whatever is asked of it; above all a logout that did not happen is not taken for one."""
    store = DynamoDbSessionStore(tables.dynamodb, "missing")
    asks: list[Any] = [
        lambda: store.get("d1", 1),
        lambda: store.create(SESSION),
        lambda: store.extend(SESSION, 5),
        lambda: store.delete("d1"),
    ]
    for ask in asks:
        with pytest.raises(OAuthError) as raised:
            ask()
        assert raised.value.reason is Reason.STORE_UNAVAILABLE

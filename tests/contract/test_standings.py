"""ports.StandingStore, and what it reads of ports.HeldSessions, in memory and on DynamoDB."""

from dataclasses import dataclass, replace
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse

from signet.aws.consents import DynamoDbConsentStore
from signet.aws.sessions import DynamoDbSessionStore
from signet.aws.standings import DynamoDbStandingStore
from signet.aws.users import DynamoDbUserRegistry
from signet.errors import OAuthError, Reason
from signet.model.session import Session
from signet.model.standing import Standing
from signet.model.user import Consent, User
from signet.ports import ConsentStore, HeldSessions, StandingStore, UserRegistry
from tests.support.embedded_tables import Tables, at_once
from tests.support.faults import throttled
from tests.support.people_fakes import (
    InMemoryConsentStore,
    InMemoryPeople,
    InMemorySessionStore,
    InMemoryStandingStore,
    InMemoryUserRegistry,
)

ALICE = User("1", "alice", "hash", {"email": "alice@example.com"})
CONSENT = Consent("1", "app", ("openid", "email"), granted_at=10, updated_at=20)
SESSION = Session("d1", "s1", "1", 100, ("pwd",), "acr", 100, expires_at=200, ends_at=300)


@dataclass
class Stores:
    standings: StandingStore
    sessions: HeldSessions
    users: UserRegistry
    consents: ConsentStore


@pytest.fixture(params=["memory", "dynamodb"])
def stores(request: pytest.FixtureRequest) -> Stores:
    """A user and a consent; no session has been ended."""
    if request.param == "memory":
        people, sessions = InMemoryPeople(), InMemorySessionStore()
        standings = InMemoryStandingStore(people, sessions)
        stores = Stores(standings, sessions, InMemoryUserRegistry(people), InMemoryConsentStore(people))
    else:
        tables: Tables = request.getfixturevalue("tables")
        stores = Stores(
            on_dynamodb(tables),
            DynamoDbSessionStore(tables.dynamodb, tables.state),
            DynamoDbUserRegistry(tables.dynamodb, tables.registry),
            DynamoDbConsentStore(tables.dynamodb, tables.registry),
        )
    stores.users.create(ALICE)
    stores.consents.put(CONSENT, None)
    return stores


def on_dynamodb(tables: Tables) -> DynamoDbStandingStore:
    """The adapter on these tables."""
    return DynamoDbStandingStore(tables.dynamodb, tables.registry, tables.state)


def test_user_consent_and_session_are_read_together(stores: Stores) -> None:
    """Each may be missing, and a grant that outlives its session does not ask for it."""
    for sid in ("", "s1"):
        assert stores.standings.get("1", "app", sid) == Standing(ALICE, CONSENT)
    stores.sessions.note_ended(SESSION, 1_000)
    assert stores.standings.get("1", "app", "s1") == Standing(ALICE, CONSENT, ended_login=100)
    assert stores.standings.get("1", "other", "s1") == Standing(ALICE, None, ended_login=100)
    assert stores.standings.get("2", "app", "s1") == Standing(None, None, ended_login=100)
    for sid in ("", "s2"):
        assert stores.standings.get("1", "app", sid) == Standing(ALICE, CONSENT)


def test_they_are_read_as_they_are_now(stores: Stores) -> None:
    """Each time, whatever was read before: a code or a refresh token is refused by it."""
    for number in range(20):
        sid, changed = f"s{number}", replace(CONSENT, updated_at=30 + number)
        previous = stores.standings.get("1", "app", sid).consent
        assert stores.consents.put(changed, previous)
        stores.sessions.note_ended(replace(SESSION, sid=sid), 1_000)
        assert stores.standings.get("1", "app", sid) == Standing(ALICE, changed, 100)
    assert stores.users.delete("1")
    assert stores.standings.get("1", "app", "s1") == Standing(None, None, 100)


def test_a_session_that_has_ended_stays_so_for_each_of_its_logins(stores: Stores) -> None:
    """Twice, or by a request that has read an earlier login of the same session: the latest counts."""
    later = replace(SESSION, digest="d2", auth_time=150)
    for session in (SESSION, SESSION, later, SESSION):
        stores.sessions.note_ended(session, 1_000)
    assert stores.standings.get("1", "app", "s1").ended_login == 150


def test_of_logouts_at_once_the_latest_login_counts(stores: Stores) -> None:
    """In whatever order they come."""
    at_once(10, lambda number: stores.sessions.note_ended(replace(SESSION, auth_time=100 + number), 1_000))
    assert stores.standings.get("1", "app", "s1").ended_login == 109


# what only the adapter can show


@pytest.mark.parametrize(("sid", "tables_read"), [("s1", 2), ("", 1)])
def test_both_tables_are_one_consistent_read(tables: Tables, sid: str, tables_read: int) -> None:
    """One round trip; and no more of it than is asked for."""
    calls: list[tuple[str, object]] = []
    tables.dynamodb.meta.events.register(
        "before-parameter-build.dynamodb", lambda params, model, **_: calls.append((model.name, params))
    )
    on_dynamodb(tables).get("1", "app", sid)
    [(operation, parameters)] = calls
    assert operation == "BatchGetItem"
    assert isinstance(parameters, dict)
    wanted = parameters["RequestItems"]
    assert all(of_table["ConsistentRead"] for of_table in wanted.values())
    assert {name: len(of_table["Keys"]) for name, of_table in wanted.items()} == dict(
        [(tables.registry, 2), (tables.state, 1)][:tables_read]
    )


def test_the_note_can_be_found_by_time_to_live_and_not_by_user(tables: Tables) -> None:
    """`expires_at` in epoch seconds; nobody lists what has ended."""
    DynamoDbSessionStore(tables.dynamodb, tables.state).note_ended(SESSION, 1_000)
    assert tables.items(tables.state) == [
        {"pk": {"S": "ended#s1"}, "auth_time": {"N": "100"}, "expires_at": {"N": "1000"}}
    ]


def test_a_note_whose_answer_was_lost_is_made(tables: Tables) -> None:
    """The SDK repeats the write and finds its own."""
    tables.connection.losing = 1
    DynamoDbSessionStore(tables.dynamodb, tables.state).note_ended(SESSION, 1_000)
    assert on_dynamodb(tables).get("1", "app", "s1").ended_login == 100


def test_a_malformed_note_is_unavailable(tables: Tables) -> None:
    """Rather than none."""
    tables.dynamodb.put_item(TableName=tables.state, Item={"pk": {"S": "ended#s1"}})
    with pytest.raises(OAuthError) as raised:
        on_dynamodb(tables).get("1", "app", "s1")
    assert raised.value.reason is Reason.RECORD_INVALID


def test_a_failing_aws_is_unavailable(tables: Tables) -> None:
    """Whatever is asked of it; above all a logout that was not noted is not taken for one."""

    def fault(**_: object) -> AWSResponse:
        return throttled()

    tables.dynamodb.meta.events.register("before-send.dynamodb", fault)
    sessions = DynamoDbSessionStore(tables.dynamodb, tables.state)
    asks: list[Any] = [
        lambda: on_dynamodb(tables).get("1", "app", "s1"),
        lambda: sessions.note_ended(SESSION, 1_000),
    ]
    for ask in asks:
        with pytest.raises(OAuthError) as raised:
            ask()
        assert raised.value.status == 503

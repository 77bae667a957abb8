"""ports.GrantListing, ports.SessionListing and ports.SubjectListing, in memory and on DynamoDB."""

from dataclasses import dataclass, replace
from typing import Any, Protocol

import pytest

from signet.aws.grants import DynamoDbGrantStore
from signet.aws.listings import DynamoDbSubjectListing
from signet.aws.sessions import DynamoDbSessionStore
from signet.errors import OAuthError, Reason
from signet.model.grant import Grant
from signet.model.session import Session
from signet.ports import ClientGrants, GrantListing, GrantStore, SessionListing, SessionStore, SubjectListing
from tests.support.embedded_tables import Tables
from tests.support.people_fakes import InMemoryGrantStore, InMemorySessionStore, InMemorySubjectListing

GRANT = Grant("g1", "app", "alice", "https://app", ("openid",), 1, "d", 160, expires_at=700, created_at=100, sid="s1")
SESSION = Session("d1", "s1", "alice", 100, ("pwd",), "acr", 100, expires_at=200, ends_at=300, user_agent="Browser")


class Grants(GrantStore, GrantListing, ClientGrants, Protocol):
    """The ports of one store."""


class Sessions(SessionStore, SessionListing, Protocol):
    """Both ports of one store."""


@pytest.fixture(params=["memory", "dynamodb"])
def grants(request: pytest.FixtureRequest) -> Grants:
    """No grant; on DynamoDB beside sessions."""
    if request.param == "memory":
        return InMemoryGrantStore()
    tables: Tables = request.getfixturevalue("tables")
    DynamoDbSessionStore(tables.dynamodb, tables.state).create(SESSION)
    return DynamoDbGrantStore(tables.dynamodb, tables.state)


@pytest.fixture(params=["memory", "dynamodb"])
def sessions(request: pytest.FixtureRequest) -> Sessions:
    """No session; on DynamoDB beside grants."""
    if request.param == "memory":
        return InMemorySessionStore()
    tables: Tables = request.getfixturevalue("tables")
    DynamoDbGrantStore(tables.dynamodb, tables.state).create(GRANT)
    return DynamoDbSessionStore(tables.dynamodb, tables.state)


@dataclass
class Kept:
    """What is kept of people in the state table, and the listing of it."""

    grants: Grants
    sessions: Sessions
    listing: SubjectListing


@pytest.fixture(params=["memory", "dynamodb"])
def kept(request: pytest.FixtureRequest) -> Kept:
    """Nothing yet."""
    if request.param == "memory":
        grants, sessions = InMemoryGrantStore(), InMemorySessionStore()
        return Kept(grants, sessions, InMemorySubjectListing(grants, sessions))
    tables: Tables = request.getfixturevalue("tables")
    table = (tables.dynamodb, tables.state)
    return Kept(DynamoDbGrantStore(*table), DynamoDbSessionStore(*table), DynamoDbSubjectListing(*table))


def test_grants_and_sessions_are_listed_together_as_they_are_apart(kept: Kept) -> None:
    """Of one user, each before its end."""
    for grant in (GRANT, replace(GRANT, grant_id="g2", expires_at=150), replace(GRANT, grant_id="g3", sub="bob")):
        kept.grants.create(grant)
    for session in (SESSION, replace(SESSION, digest="d2", expires_at=150), replace(SESSION, digest="d3", sub="bob")):
        kept.sessions.create(session)
    kept.grants.revoke("g1", 120)
    for sub, now in (("alice", 149), ("alice", 150), ("alice", 200), ("alice", 700), ("bob", 150), ("carol", 150)):
        grants, sessions = kept.listing.of_subject(sub, now)
        by_id = sorted(grants, key=lambda grant: grant.grant_id)
        assert by_id == sorted(kept.grants.of_subject(sub, now), key=lambda grant: grant.grant_id)
        by_digest = sorted(sessions, key=lambda session: session.digest)
        assert by_digest == sorted(kept.sessions.of_subject(sub, now), key=lambda session: session.digest)
    assert kept.listing.of_subject("alice", 150) == ([replace(GRANT, revoked_at=120)], [SESSION])


def test_the_grants_of_a_client_are_found_among_all(grants: Grants) -> None:
    """Revoked or not, before their end; whoever's they are."""
    for each in (GRANT, replace(GRANT, grant_id="g2", sub="bob"), replace(GRANT, grant_id="g3", client_id="other")):
        grants.create(each)
    grants.create(replace(GRANT, grant_id="g4", expires_at=150))
    grants.revoke("g2", 120)
    listed = sorted(grants.of_client("app", 150), key=lambda grant: grant.grant_id)
    assert listed == [GRANT, replace(GRANT, grant_id="g2", sub="bob", revoked_at=120)]
    assert list(grants.of_client("nobody", 150)) == []


def test_the_grants_of_a_user_are_listed_as_they_are_now(grants: Grants) -> None:
    """Revoked or not, and nobody else's."""
    other = replace(GRANT, grant_id="g2", client_id="other")
    for grant in (GRANT, other, replace(GRANT, grant_id="g3", sub="bob")):
        grants.create(grant)
    grants.revoke("g2", 120)
    listed = sorted(grants.of_subject("alice", 150), key=lambda grant: grant.grant_id)
    assert listed == [GRANT, replace(other, revoked_at=120)]
    assert [grant.grant_id for grant in grants.of_subject("bob", 150)] == ["g3"]
    assert list(grants.of_subject("carol", 150)) == []


def test_a_grant_past_its_end_is_not_listed(grants: Grants) -> None:
    """Though nothing has deleted it."""
    grants.create(GRANT)
    assert list(grants.of_subject("alice", 699)) == [GRANT]
    assert list(grants.of_subject("alice", 700)) == []


def test_the_sessions_of_a_user_are_listed(sessions: Sessions) -> None:
    """And nobody else's, nor one that has been ended."""
    for digest, sub in (("d1", "alice"), ("d2", "alice"), ("d3", "bob"), ("d4", "alice")):
        sessions.create(replace(SESSION, digest=digest, sub=sub))
    sessions.delete("d4")
    assert sorted(session.digest for session in sessions.of_subject("alice", 150)) == ["d1", "d2"]
    assert list(sessions.of_subject("bob", 150)) == [replace(SESSION, digest="d3", sub="bob")]
    assert list(sessions.of_subject("carol", 150)) == []


@pytest.mark.parametrize(("now", "moved_to"), [(200, None), (300, 1_000)])
def test_a_session_past_either_end_is_not_listed(sessions: Sessions, now: int, moved_to: int | None) -> None:
    """The idle one, or the absolute one however far the idle one was moved."""
    sessions.create(SESSION)
    if moved_to:
        sessions.extend(SESSION, moved_to)
    assert [session.digest for session in sessions.of_subject("alice", now - 1)] == ["d1"]
    assert list(sessions.of_subject("alice", now)) == []


def test_more_than_one_read_can_hold_is_listed(grants: Grants) -> None:
    """A BatchGetItem takes a hundred keys."""
    for number in range(205):
        grants.create(replace(GRANT, grant_id=f"g{number}"))
    assert len({grant.grant_id for grant in grants.of_subject("alice", 150)}) == 205


# what only the adapter can show


def test_the_index_holds_keys_alone(tables: Tables) -> None:
    """What a grant says is read from its item."""
    DynamoDbGrantStore(tables.dynamodb, tables.state).create(GRANT)
    [entry] = tables.dynamodb.scan(TableName=tables.state, IndexName="subjects")["Items"]
    assert set(entry) == {"pk", "sub"}


def test_what_was_deleted_after_the_index_was_read_is_not_listed(tables: Tables) -> None:
    """The index lags; the item decides."""
    store = DynamoDbSessionStore(tables.dynamodb, tables.state)
    for digest in ("d1", "d2"):
        store.create(replace(SESSION, digest=digest))

    def delete_meanwhile(**_: Any) -> None:
        tables.dynamodb.meta.events.unregister("after-call.dynamodb.Query", delete_meanwhile)
        store.delete("d1")

    tables.dynamodb.meta.events.register("after-call.dynamodb.Query", delete_meanwhile)
    assert [session.digest for session in store.of_subject("alice", 150)] == ["d2"]


def test_a_table_that_is_missing_is_unavailable(tables: Tables) -> None:
    """A failure is not an empty list."""
    asks: list[Any] = [
        lambda: list(DynamoDbGrantStore(tables.dynamodb, "missing").of_subject("alice", 1)),
        lambda: list(DynamoDbSessionStore(tables.dynamodb, "missing").of_subject("alice", 1)),
        lambda: DynamoDbSubjectListing(tables.dynamodb, "missing").of_subject("alice", 1),
    ]
    for ask in asks:
        with pytest.raises(OAuthError) as raised:
            ask()
        assert raised.value.reason is Reason.STORE_UNAVAILABLE

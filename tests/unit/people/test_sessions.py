"""Login sessions: a new id each time, an idle end that use moves, an absolute one that nothing moves."""

import pytest

from signet.model.session import session_digest
from signet.model.user import User
from signet.people.sessions import EXTENDED_EVERY, Sessions
from tests.support.people_fakes import InMemorySessionStore

NOON = 1_000_000

ALICE, BOB = User("alice", "Alice", password_changed_at=5), User("bob", "Bob")

IDLE_LIFETIME, LIFETIME = 12 * 3_600, 7 * 86_400


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = float(NOON)

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Noon."""
    return Clock()


@pytest.fixture
def store() -> InMemorySessionStore:
    """No session."""
    return InMemorySessionStore()


@pytest.fixture
def sessions(store: InMemorySessionStore, clock: Clock) -> Sessions:
    """The rules."""
    return Sessions(store, clock, IDLE_LIFETIME, LIFETIME)


def test_a_session_says_who_and_since_when(sessions: Sessions) -> None:
    """And how (OpenID Connect Core section 2); its public id is not the cookie's."""
    session_id, session = sessions.begin(ALICE, "Browser/1.0")
    assert sessions.find(session_id) == session
    assert (session.sub, session.auth_time, session.created_at) == ("alice", NOON, NOON)
    assert (session.amr, session.user_agent) == (("pwd",), "Browser/1.0")
    assert session.password_changed_at == 5
    assert session.acr
    assert session.digest == session_digest(session_id)
    assert session_id not in repr(session)
    assert session.sid not in session_id


def test_every_login_has_an_id_of_its_own(sessions: Sessions) -> None:
    """256 random bits; the id of before is dead (OWASP ASVS 5.0 7.2.4)."""
    first, _ = sessions.begin(ALICE)
    second, _ = sessions.begin(ALICE, replacing=first)
    assert len({first, second, sessions.begin(ALICE)[0]}) == 3
    assert len(first) == 43
    assert sessions.find(first) is None
    assert sessions.find(second) is not None


def test_a_session_is_continued_by_its_own_user_alone(sessions: Sessions) -> None:
    """Under the public id that applications know; another user's has one of its own."""
    first, session = sessions.begin(ALICE)
    second, again = sessions.begin(ALICE, replacing=first, continuing=session)
    _, other = sessions.begin(BOB, replacing=second, continuing=again)
    assert (again.sid, again.digest != session.digest) == (session.sid, True)
    assert other.sid != session.sid
    assert sessions.find(first) is sessions.find(second) is None


@pytest.mark.parametrize("seconds", [-4, 0, 1, 60])
def test_a_login_that_continues_a_session_is_dated_after_the_one_before(
    sessions: Sessions, clock: Clock, seconds: int
) -> None:
    """By whichever clock: what is over after a logout is told by it (docs/decisions/0025)."""
    _, session = sessions.begin(ALICE)
    clock.now += seconds
    _, again = sessions.begin(ALICE, continuing=session)
    assert again.auth_time == max(session.auth_time + 1, NOON + seconds)
    assert sessions.begin(BOB, continuing=again)[1].auth_time == NOON + seconds


@pytest.mark.parametrize("chosen", ["", "x", "x" * 43, "x" * 10_000, "\ud800" * 43])
def test_an_id_that_was_not_given_out_is_none(sessions: Sessions, chosen: str) -> None:
    """Nor does it become one by a login (fixation), nor can it be ended."""
    session_id, _ = sessions.begin(ALICE, replacing=chosen)
    assert session_id != chosen
    assert sessions.find(chosen) is None
    sessions.end(chosen)
    assert sessions.find(session_id) is not None


def test_a_session_that_was_ended_is_gone(sessions: Sessions) -> None:
    """On the server; ending it twice is no error."""
    session_id, _ = sessions.begin(ALICE)
    sessions.end(session_id)
    sessions.end(session_id)
    assert sessions.find(session_id) is None


def test_an_idle_session_ends(sessions: Sessions, clock: Clock) -> None:
    """To the second."""
    session_id, _ = sessions.begin(ALICE)
    clock.now += IDLE_LIFETIME
    assert sessions.find(session_id) is None


def test_an_idle_lifetime_never_goes_beyond_the_whole(store: InMemorySessionStore, clock: Clock) -> None:
    """A deployment may be told an idle end that is later than the absolute one."""
    _, session = Sessions(store, clock, 7_200, 3_600).begin(ALICE)
    assert (session.expires_at, session.ends_at) == (NOON + 3_600, NOON + 3_600)


def test_use_moves_the_idle_end(sessions: Sessions, clock: Clock) -> None:
    """Hour by hour, up to the absolute end, which nothing moves."""
    session_id, session = sessions.begin(ALICE)
    while clock.now < session.ends_at - 3_600:
        clock.now += 3_600
        assert sessions.find(session_id) is not None
    clock.now = session.ends_at - 1
    assert sessions.find(session_id) is not None
    clock.now = session.ends_at
    assert sessions.find(session_id) is None
    assert session.ends_at == NOON + LIFETIME


def test_looking_is_seldom_a_write(sessions: Sessions, store: InMemorySessionStore, clock: Clock) -> None:
    """Once in five minutes."""
    session_id, _ = sessions.begin(ALICE)
    before = store.writes
    for _ in range(100):
        sessions.find(session_id)
        clock.now += 10
    assert store.writes - before == 1000 // EXTENDED_EVERY


def test_near_the_absolute_end_nothing_is_written(
    sessions: Sessions, store: InMemorySessionStore, clock: Clock
) -> None:
    """There is nothing left to extend."""
    session_id, session = sessions.begin(ALICE)
    store.extend(session, session.ends_at)
    before = store.writes
    clock.now = session.ends_at - 60
    assert sessions.find(session_id)
    assert store.writes == before


def test_what_a_browser_says_of_itself_is_kept_short_and_printable(sessions: Sessions) -> None:
    """It is shown to people."""
    _, session = sessions.begin(ALICE, "Mozilla\x1b[2J\r\n\u202e" + "x" * 5_000)
    assert session.user_agent.startswith("Mozilla[2J" + "x")
    assert len(session.user_agent) == 255

"""signet.cache: what is remembered, for how long, and what never is."""

from collections.abc import Callable

import pytest

from signet.cache import CachedClientStore, Remembered
from signet.errors import OAuthError, Reason, unavailable
from signet.model.client import Client, ClientSecret, digest
from tests.support.fakes import InMemoryClientRegistry


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def client(client_id: str) -> Client:
    """A registration."""
    return Client(client_id, "client_secret_basic", ("client_credentials",), (ClientSecret(digest("x"), 0),))


@pytest.fixture
def clock() -> Clock:
    """A clock that stands."""
    return Clock()


def counting() -> tuple[Callable[[], int], list[int]]:
    """A load that gives 1, 2, 3, ... and the list of what it gave."""
    loads: list[int] = []

    def load() -> int:
        loads.append(len(loads) + 1)
        return loads[-1]

    return load, loads


def test_a_value_is_loaded_once_in_its_lifetime(clock: Clock) -> None:
    """To the moment before it ends, and no longer."""
    load, loads = counting()
    remembered = Remembered(load, 60, clock)
    assert [remembered.get(), remembered.get()] == [1, 1]
    clock.now += 59.9
    assert remembered.get() == 1
    clock.now += 0.1
    assert remembered.get() == 2
    assert loads == [1, 2]


def test_what_was_loaded_together_ends_at_different_times(clock: Clock) -> None:
    """Within the share that was allowed, and never later: no second in which a thousand environments load."""
    load, loads = counting()
    many = [Remembered(load, 60, clock, spread=0.2) for _ in range(200)]
    loaded = {}
    for second in (0, *range(47, 61)):
        clock.now = 1_000.0 + second
        before = len(loads)
        for remembered in many:
            remembered.get()
        loaded[second] = len(loads) - before
    assert (loaded.pop(0), loaded[47]) == (200, 0)
    assert sum(loaded.values()) == 200
    assert max(loaded.values()) < 100


@pytest.mark.parametrize("jump", [-0.001, -1, -1e9, 60, 1e9])
def test_a_clock_that_jumps_makes_it_load_again(clock: Clock, jump: float) -> None:
    """Lambda thaws an environment at any time; an age that is negative is none."""
    load, _ = counting()
    remembered = Remembered(load, 60, clock)
    remembered.get()
    clock.now += jump
    assert remembered.get() == 2
    assert remembered.get() == 2


def test_a_load_that_fails_is_tried_at_each_call(clock: Clock) -> None:
    """Neither the failure nor what was there before stands in."""
    failing = [False]
    load, _ = counting()

    def unreliable() -> int:
        if failing[0]:
            raise unavailable(Reason.STORE_UNAVAILABLE, "test")
        return load()

    remembered = Remembered(unreliable, 60, clock)
    assert remembered.get() == 1
    clock.now += 60
    failing[0] = True
    for _ in range(2):
        with pytest.raises(Exception, match=r"temporarily_unavailable"):
            remembered.get()
    clock.now -= 60
    with pytest.raises(Exception, match=r"temporarily_unavailable"):
        remembered.get()
    failing[0] = False
    assert remembered.get() == 2


def test_what_is_missing_is_looked_for_again_once_in_ten_seconds(clock: Clock) -> None:
    """However often it is asked for; what comes is the value from then on, and lives as long as any."""
    load, loads = counting()
    remembered = Remembered(load, 60, clock)
    assert remembered.get() == 1
    assert [remembered.again() for _ in range(1_000)] == [2] * 1_000
    clock.now += 10
    assert [remembered.again(), remembered.again(), remembered.get()] == [3, 3, 3]
    clock.now += 59
    assert remembered.get() == 3
    clock.now += 1
    assert remembered.get() == 4
    assert loads == [1, 2, 3, 4]
    clock.now -= 1_000
    assert remembered.again() == 5


def test_what_cannot_be_looked_for_is_neither_there_nor_missing(clock: Clock) -> None:
    """A failed look is as rare as any, and until the next nobody is told that it is missing; the value lives on."""
    failing, tries = [False], []

    def unreliable() -> int:
        tries.append(1)
        if failing[0]:
            raise unavailable(Reason.KEYRING_UNAVAILABLE, "test")
        return len(tries)

    remembered = Remembered(unreliable, 60, clock)
    assert remembered.get() == 1
    failing[0] = True
    for _ in range(3):
        with pytest.raises(OAuthError) as raised:
            remembered.again()
        assert (raised.value.reason, raised.value.detail) == (Reason.KEYRING_UNAVAILABLE, "test")
        raised.value.decided["client_id"] = "one caller's"
        assert remembered.get() == 1
    assert len(tries) == 2
    assert raised.value is not remembered._failure
    failing[0] = False
    clock.now += 10
    assert remembered.again() == 3


def test_a_client_is_read_once_in_its_lifetime(clock: Clock) -> None:
    """A warm request costs no read."""
    store = InMemoryClientRegistry(client("a"))
    cached = CachedClientStore(store, 60, clock)
    for _ in range(3):
        assert cached.get("a") == client("a")
    clock.now += 59
    cached.get("a")
    assert store.reads == 1
    clock.now += 1
    cached.get("a")
    assert store.reads == 2


def test_absence_is_remembered_for_a_second(clock: Clock) -> None:
    """A flood of one unknown id costs a read a second; a new client works a second after it was refused."""
    store = InMemoryClientRegistry()
    cached = CachedClientStore(store, 60, clock)
    for fresh in (False, True, False, True):
        assert cached.get("a", fresh=fresh) is None
    assert store.reads == 1
    store.create(client("a"))
    assert cached.get("a") is None
    clock.now += 1
    assert cached.get("a") == client("a")


def test_a_fresh_read_is_a_second_old_at_most(clock: Clock) -> None:
    """And what it finds is what everybody gets from then on."""
    store = InMemoryClientRegistry(client("a"))
    cached = CachedClientStore(store, 60, clock)
    cached.get("a")
    assert cached.get("a", fresh=True) == client("a")
    assert store.reads == 1
    store.delete("a")
    clock.now += 1
    assert cached.get("a") == client("a")
    assert cached.get("a", fresh=True) is None
    assert cached.get("a") is None
    assert store.reads == 2


def test_a_fresh_read_begins_a_new_lifetime(clock: Clock) -> None:
    """It is as good as any other."""
    store = InMemoryClientRegistry(client("a"))
    cached = CachedClientStore(store, 60, clock)
    cached.get("a")
    clock.now += 50
    cached.get("a", fresh=True)
    clock.now += 59
    cached.get("a")
    assert store.reads == 2


@pytest.mark.parametrize("jump", [-1, -1e9])
def test_a_clock_that_jumps_back_makes_it_read_again(clock: Clock, jump: float) -> None:
    """Else a client that was deleted could live for as long as the jump was wide."""
    store = InMemoryClientRegistry(client("a"))
    cached = CachedClientStore(store, 60, clock)
    cached.get("a")
    cached.get("b")
    clock.now += jump
    cached.get("a")
    cached.get("b")
    assert store.reads == 4


def test_a_read_that_fails_is_not_remembered(clock: Clock) -> None:
    """The next request reads again."""
    failing = [True]

    class Unreliable(InMemoryClientRegistry):
        def get(self, client_id: str, *, fresh: bool = False) -> Client | None:
            if failing[0]:
                raise unavailable(Reason.STORE_UNAVAILABLE, "test")
            return super().get(client_id, fresh=fresh)

    cached = CachedClientStore(Unreliable(client("a")), 60, clock)
    with pytest.raises(Exception, match=r"temporarily_unavailable"):
        cached.get("a")
    failing[0] = False
    assert cached.get("a") == client("a")


def test_the_least_recently_used_client_goes_first(clock: Clock) -> None:
    """Memory is bounded, and a client in use stays."""
    store = InMemoryClientRegistry(*map(client, "abc"))
    cached = CachedClientStore(store, 60, clock, capacity=2)
    for client_id in ("a", "b", "a", "c"):
        cached.get(client_id)
    assert store.reads == 3
    cached.get("a")
    assert store.reads == 3
    cached.get("b")
    assert store.reads == 4


def test_unknown_ids_never_push_out_a_client(clock: Clock) -> None:
    """A stranger's guesses cost those who are known nothing; nor is their number kept."""
    store = InMemoryClientRegistry(client("a"))
    cached = CachedClientStore(store, 60, clock, capacity=2)
    cached.get("a")
    for number in range(100):
        cached.get(f"guess {number}")
    reads = store.reads
    cached.get("a")
    assert store.reads == reads
    assert len(cached._absent) == 2

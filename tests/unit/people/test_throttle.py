"""The delays after failures: by account and by address, counted before the work, and never against the owner."""

import pytest

from signet.aws.throttles import DynamoDbThrottleStore
from signet.model.session import Attempts
from signet.people.throttle import (
    ACCOUNT,
    ADDRESS,
    FORGOTTEN_AFTER,
    KNOWN_FOR,
    Allowed,
    Delays,
    RetryAfter,
    Throttle,
    network,
)
from tests.support.embedded_tables import Tables, at_once
from tests.support.people_fakes import InMemoryThrottleStore

HOME, AWAY = "192.0.2.1", "198.51.100.7"
NOON = 1_000_000


@pytest.fixture
def throttle() -> Throttle:
    """Nobody has failed."""
    return Throttle(InMemoryThrottleStore())


def sign_in(throttle: Throttle, username: str, address: str, now: int) -> None:
    """A right password."""
    allowed = throttle.reserve(username, address, now)
    assert isinstance(allowed, Allowed)
    throttle.succeeded(allowed, now)


def failures_until_slowed(throttle: Throttle, username: str, address: str, now: int) -> int:
    """How many wrong passwords are looked at in one second."""
    for number in range(100):
        if isinstance(throttle.reserve(username, address, now), RetryAfter):
            return number
    pytest.fail("never slowed")


def test_a_few_failures_are_free_then_each_delay_is_twice_the_last(throttle: Throttle) -> None:
    """Two seconds after the fifth, five minutes at most."""
    now, delays = NOON, []
    assert failures_until_slowed(throttle, "alice", HOME, now) == 5
    for _ in range(12):
        refused = throttle.reserve("alice", HOME, now)
        assert isinstance(refused, RetryAfter)
        delays.append(refused.seconds)
        now += refused.seconds
        assert isinstance(throttle.reserve("alice", HOME, now), Allowed)
    assert delays == [2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300, 300]


def test_an_attempt_that_is_too_early_is_not_counted(throttle: Throttle) -> None:
    """However often it is made, the end of the delay stays."""
    failures_until_slowed(throttle, "alice", HOME, NOON)
    for _ in range(50):
        assert throttle.reserve("alice", HOME, NOON + 1) == RetryAfter(1)
    assert isinstance(throttle.reserve("alice", HOME, NOON + 2), Allowed)


def test_an_account_is_slowed_from_every_address(throttle: Throttle) -> None:
    """A guess from each of a thousand machines is a thousand guesses at one account."""
    for number in range(5):
        throttle.reserve("alice", f"203.0.113.{number}", NOON)
    assert throttle.reserve("alice", "203.0.113.99", NOON) == RetryAfter(2)
    assert isinstance(throttle.reserve("bob", "203.0.113.98", NOON), Allowed)


def test_a_name_is_one_account_however_it_is_typed(throttle: Throttle) -> None:
    """As it is found."""
    for username in ("alice", "ALICE", " Alice", "alice ", "\uff21lice"):
        throttle.reserve(username, AWAY, NOON)
    assert throttle.reserve("alice", HOME, NOON) == RetryAfter(2)


def test_an_address_that_tries_many_accounts_is_slowed(throttle: Throttle) -> None:
    """One guess at each of them; up to a quarter of an hour."""
    for number in range(20):
        assert isinstance(throttle.reserve(f"user{number}", AWAY, NOON), Allowed)
    assert throttle.reserve("user99", AWAY, NOON) == RetryAfter(2)
    assert isinstance(throttle.reserve("user99", HOME, NOON), Allowed)
    assert ADDRESS.after(1_000_000) == 900


def test_failures_are_forgotten_an_hour_after_the_last(throttle: Throttle) -> None:
    """Not before, or waiting would pay; the hour begins where the delay ends."""
    assert failures_until_slowed(throttle, "alice", HOME, NOON) == 5
    later = NOON + 2 + FORGOTTEN_AFTER
    assert isinstance(throttle.reserve("alice", HOME, later - 1), Allowed)
    assert throttle.reserve("alice", HOME, later) == RetryAfter(3)
    assert failures_until_slowed(throttle, "alice", HOME, later + 3 + FORGOTTEN_AFTER) == 5


@pytest.mark.parametrize("delays", [ACCOUNT, ADDRESS])
def test_no_delay_is_as_long_as_the_memory(delays: Delays) -> None:
    """Or it would pay to wait until all is forgotten."""
    assert delays.longest < FORGOTTEN_AFTER


def test_an_owner_at_a_known_address_is_not_slowed_by_strangers(throttle: Throttle) -> None:
    """Neither by their guesses at the account nor by what else comes from that address."""
    sign_in(throttle, "alice", HOME, NOON)
    for number in range(200):
        throttle.reserve("alice", f"203.0.113.{number}", NOON + number)
        throttle.reserve(f"user{number}", HOME, NOON + number)
    assert isinstance(throttle.reserve("alice", "203.0.113.250", NOON + 200), RetryAfter)
    assert isinstance(throttle.reserve("bob", HOME, NOON + 200), RetryAfter)
    sign_in(throttle, "alice", HOME, NOON + 200)


def test_guesses_from_an_address_that_an_owner_uses_are_slowed_too(throttle: Throttle) -> None:
    """Known to one account is not known to another, and even the own account is not guessed at freely."""
    sign_in(throttle, "alice", HOME, NOON)
    assert failures_until_slowed(throttle, "alice", HOME, NOON) == 5
    assert failures_until_slowed(throttle, "bob", HOME, NOON) == 5
    sign_in(throttle, "alice", HOME, NOON + 2)
    assert failures_until_slowed(throttle, "alice", HOME, NOON + 2) == 5


def test_failures_at_a_known_address_are_forgotten_after_an_hour_as_well(throttle: Throttle) -> None:
    """Though the address stays known."""
    sign_in(throttle, "alice", HOME, NOON)
    assert failures_until_slowed(throttle, "alice", HOME, NOON) == 5
    assert failures_until_slowed(throttle, "alice", HOME, NOON + 2 + FORGOTTEN_AFTER) == 5


def test_an_address_is_known_for_ninety_days(throttle: Throttle) -> None:
    """From the last sign-in there."""
    sign_in(throttle, "alice", HOME, NOON)
    last = NOON + KNOWN_FOR - 1
    sign_in(throttle, "alice", HOME, last)

    def slowed(now: int) -> bool:
        failures_until_slowed(throttle, "alice", AWAY, now)
        return isinstance(throttle.reserve("alice", HOME, now), RetryAfter)

    assert not slowed(last + KNOWN_FOR - 1)
    assert slowed(last + KNOWN_FOR)


def test_failures_do_not_make_an_address_less_known(throttle: Throttle) -> None:
    """Nor more."""
    sign_in(throttle, "alice", HOME, NOON)
    failures_until_slowed(throttle, "alice", HOME, NOON + 10)
    failures_until_slowed(throttle, "alice", AWAY, NOON + 50)
    assert isinstance(throttle.reserve("alice", HOME, NOON + 50), Allowed)


def test_success_clears_the_account_where_its_owner_was_counted(throttle: Throttle) -> None:
    """Four wrong, one right: at the next new address the owner starts afresh."""
    for _ in range(4):
        throttle.reserve("alice", AWAY, NOON)
    sign_in(throttle, "alice", AWAY, NOON)
    assert failures_until_slowed(throttle, "alice", HOME, NOON) == 5


def test_success_at_a_known_address_does_not_wash_off_strangers_guesses(throttle: Throttle) -> None:
    """The owner's failures are not among them."""
    sign_in(throttle, "alice", HOME, NOON)
    failures_until_slowed(throttle, "alice", AWAY, NOON)
    sign_in(throttle, "alice", HOME, NOON)
    assert throttle.reserve("alice", AWAY, NOON) == RetryAfter(2)


def test_an_own_account_does_not_wash_off_guesses_at_others(throttle: Throttle) -> None:
    """Signing in as oneself between guesses takes back that sign-in alone."""
    guesses = 0
    for number in range(60):
        if isinstance(throttle.reserve(f"user{number}", AWAY, NOON), Allowed):
            guesses += 1
        own = throttle.reserve(f"mallory{number}", AWAY, NOON)
        if isinstance(own, Allowed):
            throttle.succeeded(own, NOON)
    assert guesses == 20


def test_success_is_not_counted_against_its_address(throttle: Throttle) -> None:
    """A whole office comes to work behind one address."""
    for number in range(100):
        sign_in(throttle, f"user{number}", AWAY, NOON)


def test_two_sign_ins_at_once_are_two_successes(throttle: Throttle) -> None:
    """In two tabs: the account is known there, with nothing counted."""
    for address in (AWAY, AWAY):
        attempts = [throttle.reserve("alice", address, NOON) for _ in range(4)]
        for allowed in attempts:
            assert isinstance(allowed, Allowed)
            throttle.succeeded(allowed, NOON)
    assert failures_until_slowed(throttle, "alice", AWAY, NOON) == 5


def test_an_attempt_that_one_counter_refuses_is_counted_by_neither() -> None:
    """Also where the other has counted it already."""

    class Contended(InMemoryThrottleStore):
        """Somebody else is always faster at the account."""

        def put(self, subject: str, attempts: Attempts, previous: Attempts, now: int) -> bool:
            return not subject.startswith("account:") and super().put(subject, attempts, previous, now)

    store = Contended()
    throttle = Throttle(store)
    for _ in range(50):
        assert throttle.reserve("alice", AWAY, NOON) == RetryAfter(1)
    assert store.get(f"address:{AWAY}", NOON).failures == 0


@pytest.mark.parametrize("store", ["memory", "dynamodb"])
def test_guesses_made_at_once_are_slowed(store: str, request: pytest.FixtureRequest) -> None:
    """Fifty execution environments at one moment: no more are looked at than one after the other."""
    if store == "memory":
        throttle = Throttle(InMemoryThrottleStore())
    else:
        tables: Tables = request.getfixturevalue("tables")
        throttle = Throttle(DynamoDbThrottleStore(tables.dynamodb, tables.state))
    outcomes = at_once(50, lambda number: throttle.reserve("alice", f"203.0.113.{number}", NOON))
    allowed = [outcome for outcome in outcomes if isinstance(outcome, Allowed)]
    assert 1 <= len(allowed) <= 5


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:0DB8:0001:0002::", "2001:db8:1:2::/64"),
        ("::1", "::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("nonsense", "nonsense"),
    ],
)
def test_a_subscriber_is_one_address(address: str, counted: str) -> None:
    """IPv6 hands out /64s, each of more addresses than anybody can try."""
    assert network(address) == counted

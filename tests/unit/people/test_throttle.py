"""The delays after failures: by account, address and device, counted before the work, and never against the owner."""

from collections.abc import Callable

import pytest

from signet.aws.throttles import DynamoDbThrottleStore
from signet.model.session import Attempts
from signet.people.throttle import (
    ACCOUNT,
    ADDRESS,
    CLIENTS,
    KNOWN_FOR,
    PEOPLE,
    Allowed,
    Delays,
    Limits,
    RetryAfter,
    Throttle,
    network,
)
from signet.ports import ThrottleStore
from tests.support.embedded_tables import Tables, at_once
from tests.support.people_fakes import InMemoryThrottleStore

HOME, AWAY = "192.0.2.1", "198.51.100.7"
OWN, OTHER = "o" * 43, "x" * 43
NOON = 1_000_000


@pytest.fixture
def throttle() -> Throttle:
    """Nobody has failed."""
    return Throttle(InMemoryThrottleStore())


@pytest.fixture(params=["memory", "dynamodb"])
def store(request: pytest.FixtureRequest) -> ThrottleStore:
    """Nothing counted, in memory and on DynamoDB."""
    if request.param == "memory":
        return InMemoryThrottleStore()
    tables: Tables = request.getfixturevalue("tables")
    return DynamoDbThrottleStore(tables.dynamodb, tables.state)


def attempt(throttle: Throttle, username: str, address: str, now: int, device: str = OTHER) -> Allowed:
    """One that is looked at."""
    allowed = throttle.reserve(username, address, device, now)
    assert isinstance(allowed, Allowed)
    return allowed


def sign_in(throttle: Throttle, username: str, address: str, now: int, device: str = OTHER) -> None:
    """A right password."""
    throttle.succeeded(attempt(throttle, username, address, now, device), now)


def failures_until_slowed(throttle: Throttle, username: str, address: str, now: int, device: str = OTHER) -> int:
    """How many wrong passwords are looked at in one second."""
    for number in range(100):
        if isinstance(throttle.reserve(username, address, device, now), RetryAfter):
            return number
    pytest.fail("never slowed")


def guesses(throttle: Throttle, seconds: int, target: Callable[[int], tuple[str, str, str]]) -> int:
    """How many wrong passwords are looked at, each tried as soon as it may be; `target` of their number."""
    now, number = NOON, 0
    while now < NOON + seconds:
        outcome = throttle.reserve(*target(number), now)
        if isinstance(outcome, RetryAfter):
            now += outcome.seconds
        else:
            number += 1
    return number


def test_a_few_failures_are_free_then_each_delay_is_twice_the_last(throttle: Throttle) -> None:
    """Two seconds after the fifth, about five minutes in the end."""
    now, delays = NOON, []
    assert failures_until_slowed(throttle, "alice", HOME, now) == 5
    for _ in range(100):
        refused = throttle.reserve("alice", HOME, OTHER, now)
        assert isinstance(refused, RetryAfter)
        delays.append(refused.seconds)
        now += refused.seconds
        attempt(throttle, "alice", HOME, now)
    assert delays[:8] == [2, 4, 8, 16, 32, 64, 128, 256]
    assert set(delays[8:]) == {256, 300}


def test_an_attempt_that_is_too_early_is_not_counted(throttle: Throttle) -> None:
    """However often it is made, the end of the delay stays."""
    failures_until_slowed(throttle, "alice", HOME, NOON)
    for _ in range(50):
        assert throttle.reserve("alice", HOME, OTHER, NOON + 1) == RetryAfter(1)
    attempt(throttle, "alice", HOME, NOON + 2)


def test_an_account_is_slowed_from_every_address(throttle: Throttle) -> None:
    """A guess from each of a thousand machines is a thousand guesses at one account."""
    for number in range(5):
        attempt(throttle, "alice", f"203.0.113.{number}", NOON)
    assert throttle.reserve("alice", "203.0.113.99", OTHER, NOON) == RetryAfter(2)
    attempt(throttle, "bob", "203.0.113.98", NOON)


def test_a_name_is_one_account_however_it_is_typed(throttle: Throttle) -> None:
    """As it is found."""
    for username in ("alice", "ALICE", " Alice", "alice ", "\uff21lice"):
        attempt(throttle, username, AWAY, NOON)
    assert throttle.reserve("alice", HOME, OTHER, NOON) == RetryAfter(2)


def test_an_address_that_tries_many_accounts_is_slowed(throttle: Throttle) -> None:
    """One guess at each of them; up to two minutes."""
    for number in range(50):
        attempt(throttle, f"user{number}", AWAY, NOON)
    assert throttle.reserve("user99", AWAY, OTHER, NOON) == RetryAfter(2)
    attempt(throttle, "user99", HOME, NOON)
    assert ADDRESS.after(1_000_000) == 120


# forgetting


def test_failures_are_forgotten_one_by_one(throttle: Throttle) -> None:
    """One in five minutes, so that many are free again, and no more."""
    assert failures_until_slowed(throttle, "alice", HOME, NOON) == 5
    assert failures_until_slowed(throttle, "alice", HOME, NOON + 299) == 1
    assert failures_until_slowed(throttle, "alice", HOME, NOON + 6 * 300 - 1) == 4
    assert failures_until_slowed(throttle, "alice", HOME, NOON + 86_400) == 5


@pytest.mark.parametrize("pause", [60, 299, 301, 600, 1_800, 7_200])
def test_no_timing_gains_guesses(throttle: Throttle, pause: int) -> None:
    """A day is worth one guess in five minutes, and the first few, whether one hurries or lets counts decay."""
    now, looked_at = NOON, 0
    while now < NOON + 86_400:
        looked_at += failures_until_slowed(throttle, "alice", HOME, now)
        now += pause
    assert looked_at <= 288 + 12


def test_many_accounts_from_one_address_are_bounded_too(throttle: Throttle) -> None:
    """One in two minutes, and the first few."""
    assert guesses(throttle, 86_400, lambda number: (f"user{number}", AWAY, OTHER)) <= 720 + 57


@pytest.mark.parametrize("minutes", [2, 5, 30, 59])
def test_a_name_mistyped_now_and_then_slows_nobody(throttle: Throttle, minutes: int) -> None:
    """The next newcomer of the office is let in at once, at any hour of a week."""
    for now in range(NOON, NOON + 7 * 86_400, minutes * 60):
        attempt(throttle, f"mistyped{now}", AWAY, now)
        sign_in(throttle, f"newcomer{now}", AWAY, now)


@pytest.mark.parametrize("delays", [ACCOUNT, ADDRESS])
def test_counts_are_never_below_none(delays: Delays) -> None:
    """Long after the last was forgotten."""
    assert delays.failures(Attempts(), NOON) == 0
    assert delays.failures(Attempts(NOON, 0, NOON), NOON + 10**9) == 0
    assert delays.failures(Attempts(NOON + 1, 0, NOON + 1), NOON) == 1
    assert delays.failures(Attempts(NOON + delays.longest + 1, 0, 0), NOON) == 2


# the owner's device


def test_the_owners_device_is_not_slowed_while_strangers_guess_from_everywhere(throttle: Throttle) -> None:
    """Neither by guesses at the account nor by what comes from the same address, wherever the device is."""
    sign_in(throttle, "alice", HOME, NOON, OWN)
    for number in range(300):
        throttle.reserve("alice", f"203.0.113.{number % 256}", OTHER, NOON + number)
        throttle.reserve("alice", HOME, f"{number:043}", NOON + number)
        throttle.reserve(f"user{number}", HOME, OTHER, NOON + number)
        sign_in(throttle, "alice", (HOME, AWAY)[number % 2], NOON + number, OWN)
    assert isinstance(throttle.reserve("alice", "2001:db8::1", OTHER, NOON + 300), RetryAfter)
    assert isinstance(throttle.reserve("bob", HOME, OTHER, NOON + 300), RetryAfter)


def test_a_device_is_slowed_by_its_own_counter(throttle: Throttle) -> None:
    """A stolen one, or one in a shared browser, gives five guesses and then the same delays from any address."""
    sign_in(throttle, "alice", HOME, NOON, OWN)
    assert failures_until_slowed(throttle, "alice", HOME, NOON, OWN) == 5
    assert throttle.reserve("alice", AWAY, OWN, NOON) == RetryAfter(2, known=True)
    assert guesses(throttle, 86_400, lambda number: ("alice", f"203.0.113.{number % 256}", OWN)) <= 288 + 12
    attempt(throttle, "alice", HOME, NOON)


@pytest.mark.parametrize("device", ["", OTHER, OWN, "made up", "\ud800"])
def test_a_device_of_another_account_or_a_made_up_one_gains_nothing(throttle: Throttle, device: str) -> None:
    """Slowed like any stranger, and no address is spared."""
    sign_in(throttle, "mallory", AWAY, NOON, OWN)
    assert failures_until_slowed(throttle, "alice", AWAY, NOON, device) == 5
    assert failures_until_slowed(throttle, "alice", HOME, NOON, f"{device}2") == 0
    for number in range(45):
        attempt(throttle, f"user{number}", AWAY, NOON, device)
    assert throttle.reserve("user99", AWAY, device, NOON) == RetryAfter(2)


def test_a_new_device_for_each_guess_gains_nothing(throttle: Throttle) -> None:
    """Only a right password makes one known."""
    assert guesses(throttle, 86_400, lambda number: ("alice", f"203.0.113.{number % 256}", f"{number:043}")) <= 288 + 12


def test_a_value_made_for_the_attempt_is_a_device_once_it_has_succeeded(store: ThrottleStore) -> None:
    """Slowed like any stranger's before; and called new where it is known, which nobody gains by."""
    throttle = Throttle(store)
    assert failures_until_slowed(throttle, "alice", AWAY, NOON) == 5
    assert throttle.reserve("alice", HOME, OWN, NOON, new_device=True) == RetryAfter(2)
    allowed = throttle.reserve("bob", HOME, OWN, NOON, new_device=True)
    assert isinstance(allowed, Allowed)
    assert not allowed.known
    throttle.succeeded(allowed, NOON)
    assert attempt(throttle, "bob", HOME, NOON, OWN).known
    assert not attempt(throttle, "alice", HOME, NOON + 2, OWN).known
    again = throttle.reserve("bob", HOME, OWN, NOON, new_device=True)
    assert isinstance(again, Allowed)
    assert not again.known
    throttle.succeeded(again, NOON)
    assert failures_until_slowed(throttle, "bob", HOME, NOON, OWN) == 5


def test_one_browser_may_be_known_to_many_accounts(throttle: Throttle) -> None:
    """A family's: each account has its own counter there."""
    for username in ("alice", "bob"):
        sign_in(throttle, username, HOME, NOON, OWN)
    assert failures_until_slowed(throttle, "alice", HOME, NOON, OWN) == 5
    sign_in(throttle, "bob", HOME, NOON, OWN)


def test_a_device_is_known_for_four_hundred_days(throttle: Throttle) -> None:
    """From the last sign-in there."""
    sign_in(throttle, "alice", HOME, NOON, OWN)
    last = NOON + KNOWN_FOR - 1
    sign_in(throttle, "alice", HOME, last, OWN)

    def slowed(now: int) -> bool:
        failures_until_slowed(throttle, "alice", AWAY, now)
        return isinstance(throttle.reserve("alice", HOME, OWN, now), RetryAfter)

    assert not slowed(last + KNOWN_FOR - 1)
    assert slowed(last + KNOWN_FOR)


def test_failures_do_not_make_a_device_less_known(throttle: Throttle) -> None:
    """Nor more; and they are forgotten there too."""
    sign_in(throttle, "alice", HOME, NOON, OWN)
    assert failures_until_slowed(throttle, "alice", HOME, NOON, OWN) == 5
    assert failures_until_slowed(throttle, "alice", HOME, NOON + 1_500, OWN) == 5
    failures_until_slowed(throttle, "alice", AWAY, NOON + 3_000)
    attempt(throttle, "alice", HOME, NOON + 3_000, OWN)


# success


def test_success_clears_the_account_where_its_owner_was_counted(throttle: Throttle) -> None:
    """Four wrong, one right: on the next new device the owner starts afresh."""
    for _ in range(4):
        attempt(throttle, "alice", AWAY, NOON)
    sign_in(throttle, "alice", AWAY, NOON, OWN)
    assert failures_until_slowed(throttle, "alice", HOME, NOON) == 5


def test_success_on_a_known_device_does_not_wash_off_strangers_guesses(throttle: Throttle) -> None:
    """The owner's failures are not among them."""
    sign_in(throttle, "alice", HOME, NOON, OWN)
    failures_until_slowed(throttle, "alice", AWAY, NOON)
    sign_in(throttle, "alice", HOME, NOON, OWN)
    assert throttle.reserve("alice", AWAY, OTHER, NOON) == RetryAfter(2)


def test_an_own_account_does_not_wash_off_guesses_at_others(throttle: Throttle) -> None:
    """Signing in as oneself between guesses takes back that sign-in alone."""
    looked_at = 0
    for number in range(80):
        looked_at += isinstance(throttle.reserve(f"user{number}", AWAY, OTHER, NOON), Allowed)
        own = throttle.reserve(f"mallory{number}", AWAY, OTHER, NOON)
        if isinstance(own, Allowed):
            throttle.succeeded(own, NOON)
    assert looked_at == 50


def test_success_is_not_counted_against_its_address(throttle: Throttle) -> None:
    """A whole office comes to work behind one address; nor does it prolong a delay that others have caused."""
    for number in range(100):
        sign_in(throttle, f"user{number}", AWAY, NOON)
    assert failures_until_slowed_by_many(throttle, NOON) == 50
    sign_in(throttle, "alice", AWAY, NOON + 2)
    sign_in(throttle, "bob", AWAY, NOON + 2)


def failures_until_slowed_by_many(throttle: Throttle, now: int) -> int:
    """How many accounts an address may try in one second."""
    for number in range(100):
        if isinstance(throttle.reserve(f"tried{number}", AWAY, OTHER, now), RetryAfter):
            return number
    pytest.fail("never slowed")


def test_two_sign_ins_at_once_are_two_successes(throttle: Throttle) -> None:
    """In two tabs: the account is known there, with nothing counted."""
    for _ in range(2):
        attempts = [attempt(throttle, "alice", AWAY, NOON, OWN) for _ in range(4)]
        for allowed in attempts:
            throttle.succeeded(allowed, NOON)
    assert failures_until_slowed(throttle, "alice", AWAY, NOON, OWN) == 5


# races


def test_forty_overlapping_sign_ins_from_one_address_all_succeed(store: ThrottleStore) -> None:
    """All counted before any is taken back, and each takes back its own: nothing is left, nothing is below none."""
    throttle = Throttle(store)
    outcomes = at_once(40, lambda number: throttle.reserve(f"newcomer{number}", AWAY, f"{number:043}", NOON))
    allowed = [outcome for outcome in outcomes if isinstance(outcome, Allowed)]
    assert len(allowed) == 40
    at_once(40, lambda number: throttle.succeeded(allowed[number], NOON))
    assert store.get(f"address:{AWAY}", NOON) == Attempts()
    assert failures_until_slowed_by_many(throttle, NOON) == 50


def test_what_overlaps_leaves_exactly_the_failures(store: ThrottleStore) -> None:
    """Right and wrong ones, finished in any order; nothing goes below none."""
    throttle = Throttle(store)

    def visit(number: int) -> None:
        allowed = attempt(throttle, f"user{number}", AWAY, NOON, f"{number:043}")
        if number % 4:
            throttle.succeeded(allowed, NOON)

    at_once(20, visit)
    assert ADDRESS.failures(store.get(f"address:{AWAY}", NOON), NOON) == 5
    assert failures_until_slowed_by_many(throttle, NOON) == 45


def test_the_delay_is_that_of_what_remains(throttle: Throttle) -> None:
    """Where others have counted in between as well."""
    allowed = [attempt(throttle, f"user{number}", AWAY, NOON) for number in range(50)]
    assert throttle.reserve("alice", AWAY, OTHER, NOON) == RetryAfter(2)
    allowed.append(attempt(throttle, "alice", AWAY, NOON + 2))
    assert throttle.reserve("bob", AWAY, OTHER, NOON + 2) == RetryAfter(4)
    throttle.succeeded(allowed[0], NOON + 2)
    assert throttle.reserve("bob", AWAY, OTHER, NOON + 2) == RetryAfter(2)
    throttle.succeeded(allowed[1], NOON + 2)
    attempt(throttle, "bob", AWAY, NOON + 2)


def test_what_is_forgotten_before_it_is_taken_back_is_not_taken_back_again() -> None:
    """A success that comes very late."""
    store = InMemoryThrottleStore()
    throttle = Throttle(store)
    late = attempt(throttle, "late", AWAY, NOON)
    attempt(throttle, "other", AWAY, NOON)
    throttle.succeeded(late, NOON + 1_000)
    assert store.get(f"address:{AWAY}", NOON + 1_000) == Attempts()
    assert store.get(f"address:{AWAY}", 0).forgotten_at > NOON
    assert failures_until_slowed_by_many(throttle, NOON + 1_000) == 50


def test_an_attempt_that_one_counter_refuses_is_counted_by_neither() -> None:
    """Also where the other has counted it already."""

    class Contended(InMemoryThrottleStore):
        """Somebody else is always faster at the account."""

        def put(self, subject: str, attempts: Attempts, previous: Attempts, now: int) -> bool:
            return not subject.startswith("account:") and super().put(subject, attempts, previous, now)

    store, pauses = Contended(), list[float]()
    throttle = Throttle(store, pauses.append)
    for _ in range(60):
        assert throttle.reserve("alice", AWAY, OTHER, NOON) == RetryAfter(1)
    assert store.get(f"address:{AWAY}", NOON) == Attempts()
    assert 0 < max(pauses) <= 0.05


def test_a_count_that_cannot_be_taken_back_stays() -> None:
    """Which errs on the slow side, and is forgotten like any other."""

    class Contended(InMemoryThrottleStore):
        """Somebody else is always faster, from some moment on."""

        busy = False

        def put(self, subject: str, attempts: Attempts, previous: Attempts, now: int) -> bool:
            return not self.busy and super().put(subject, attempts, previous, now)

    store = Contended()
    throttle = Throttle(store, lambda _: None)
    allowed = attempt(throttle, "alice", AWAY, NOON)
    store.busy = True
    throttle.succeeded(allowed, NOON)
    assert ADDRESS.failures(store.get(f"address:{AWAY}", NOON), NOON) == 1


def test_guesses_made_at_once_are_slowed(store: ThrottleStore) -> None:
    """Fifty execution environments at one moment: no more are looked at than one after the other."""
    throttle = Throttle(store)
    outcomes = at_once(50, lambda number: throttle.reserve("alice", f"203.0.113.{number}", OTHER, NOON))
    assert len([outcome for outcome in outcomes if isinstance(outcome, Allowed)]) == 5


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


# clients


def test_a_clients_limits_forgive_nothing_but_the_attempt_itself(store: ThrottleStore) -> None:
    """From a new address and from a known one; others' failures stay, and a name is as it is spelled."""
    throttle = Throttle(store, limits=CLIENTS)
    for _ in range(10):
        attempt(throttle, "partner", AWAY, NOON, AWAY)
    for number in range(15):
        throttle.succeeded(attempt(throttle, "partner", HOME, NOON + number, HOME), NOON + number)
    assert failures_until_slowed(throttle, "partner", OTHER, NOON + 15, OTHER) == 10
    assert failures_until_slowed(throttle, "Partner", OTHER, NOON + 15, OTHER) == 20
    for _ in range(40):
        attempt(throttle, "partner", HOME, NOON + 20, HOME)
    throttle.succeeded(attempt(throttle, "partner", HOME, NOON + 20, HOME), NOON + 20)
    assert failures_until_slowed(throttle, "partner", HOME, NOON + 20, HOME) == 10
    assert throttle.reserve("partner", HOME, HOME, NOON + 20) == RetryAfter(2, known=True)


def test_successes_at_once_take_back_each_its_own(store: ThrottleStore) -> None:
    """Whatever order they come in, the failures of others are left, and the address is known."""
    throttle = Throttle(store, limits=CLIENTS)
    throttle.succeeded(attempt(throttle, "partner", HOME, NOON, HOME), NOON)
    for _ in range(10):
        attempt(throttle, "partner", HOME, NOON, HOME)
    at_once(10, lambda _: throttle.succeeded(attempt(throttle, "partner", HOME, NOON, HOME), NOON))
    assert failures_until_slowed(throttle, "partner", HOME, NOON, HOME) == 40


def test_people_and_clients_do_not_count_for_each_other(throttle: Throttle) -> None:
    """Neither by name nor by address."""
    store = InMemoryThrottleStore()
    people, clients = Throttle(store), Throttle(store, limits=CLIENTS)
    assert failures_until_slowed(people, "partner", HOME, NOON) == 5
    assert failures_until_slowed(clients, "partner", HOME, NOON) == 20
    for number in range(45):
        attempt(people, f"user{number}", HOME, NOON)
    assert failures_until_slowed(clients, "another", HOME, NOON) == 20


@pytest.mark.parametrize("limits", [PEOPLE, CLIENTS])
def test_a_clock_that_is_behind_waits_for_nothing_that_is_free(limits: Limits) -> None:
    """Attempts that begin together are counted in another second, or by a clock that is five seconds ahead."""
    throttle = Throttle(InMemoryThrottleStore(), limits=limits)
    for seconds in (5, 1, 0, 2):
        assert isinstance(throttle.reserve("alice", HOME, OWN, NOON + seconds), Allowed)

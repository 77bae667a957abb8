"""Signing in: who gets in, and that everyone else is refused alike."""

from dataclasses import replace

import pytest
from argon2 import PasswordHasher

from signet.aws.throttles import DynamoDbThrottleStore
from signet.aws.users import DynamoDbUserRegistry
from signet.errors import OAuthError, Reason, unavailable
from signet.model.user import User
from signet.people import passwords
from signet.people.sign_in import Refusal, SignIn
from signet.people.throttle import Throttle
from tests.support.embedded_tables import Tables, at_once
from tests.support.people_fakes import InMemoryPeople, InMemoryThrottleStore, InMemoryUserRegistry

PASSWORD = "correct horse"
ALICE = User("1", "Alice", passwords.rehash(PASSWORD), password_changed_at=5)
HOME, AWAY = "192.0.2.1", "198.51.100.7"
OWN, OTHER = "o" * 43, "x" * 43


class Clock:
    """A clock that stands still until it is moved."""

    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def people() -> InMemoryPeople:
    """Alice, bob who is disabled, and carol who has no password."""
    return InMemoryPeople(
        ALICE, replace(ALICE, sub="2", username="bob", disabled=True), User("3", "carol"), User("4", "dave", "damaged")
    )


@pytest.fixture
def clock() -> Clock:
    """A clock."""
    return Clock()


@pytest.fixture
def sign_in(people: InMemoryPeople, clock: Clock) -> SignIn:
    """Signing in, nobody having failed yet."""
    return SignIn(InMemoryUserRegistry(people), Throttle(InMemoryThrottleStore()), clock)


@pytest.fixture
def verified(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was verified: a hash costs 19 MiB and some milliseconds each."""
    hashes: list[str] = []
    verify = passwords.verify

    def recording(password: str, encoded: str) -> bool:
        hashes.append(encoded)
        return verify(password, encoded)

    monkeypatch.setattr(passwords, "verify", recording)
    return hashes


def test_a_password_does_not_age(sign_in: SignIn, clock: Clock) -> None:
    """OWASP ASVS 5.0 section 6.2.10: nobody is made to change one that nobody else has."""
    clock.now += 20 * 365 * 86_400
    assert sign_in("alice", PASSWORD, HOME, OWN) == ALICE


def test_a_name_and_its_password_give_the_user(sign_in: SignIn) -> None:
    """In whatever case the name is typed."""
    assert sign_in("alice", PASSWORD, HOME, OWN) == ALICE
    assert sign_in("ALICE ", PASSWORD, HOME, OWN) == ALICE


@pytest.mark.parametrize(
    ("username", "password", "refusal"),
    [
        ("alice", "wrong horse", Refusal(Reason.PASSWORD_WRONG, sub="1")),
        ("alice", "", Refusal(Reason.PASSWORD_WRONG, sub="1")),
        ("alice", PASSWORD.upper(), Refusal(Reason.PASSWORD_WRONG, sub="1")),
        ("nobody", PASSWORD, Refusal(Reason.USER_UNKNOWN)),
        ("", PASSWORD, Refusal(Reason.USER_UNKNOWN)),
        ("bob", PASSWORD, Refusal(Reason.USER_DISABLED, sub="2")),
        ("bob", "wrong horse", Refusal(Reason.PASSWORD_WRONG, sub="2")),
        ("carol", "", Refusal(Reason.PASSWORD_WRONG, sub="3")),
        ("carol", PASSWORD, Refusal(Reason.PASSWORD_WRONG, sub="3")),
        ("dave", "damaged", Refusal(Reason.PASSWORD_WRONG, sub="4")),
    ],
)
def test_who_is_refused_is_refused_alike(
    sign_in: SignIn, verified: list[str], username: str, password: str, refusal: Refusal
) -> None:
    """One hash is computed for each, and each is slowed after as many attempts; the audit alone knows why."""
    for _ in range(5):
        assert sign_in(username, password, AWAY, OTHER) == refusal
    assert sign_in(username, password, AWAY, OTHER) == Refusal(Reason.THROTTLED, 2)
    assert len([encoded for encoded in verified if encoded != "" or refusal.sub in {"", "3"}]) == 5


def test_ten_megabytes_are_refused_before_any_work(sign_in: SignIn, verified: list[str]) -> None:
    """Alike for everyone, and without being counted: nobody has such a password."""
    for username in ("alice", "nobody", "bob", "x" * 10_000_000):
        for _ in range(30):
            assert sign_in(username, "x" * 10_000_000, AWAY, OTHER) == Refusal(Reason.PASSWORD_WRONG)
    assert sign_in("x" * 256, PASSWORD, AWAY, OTHER) == Refusal(Reason.PASSWORD_WRONG)
    assert verified == []
    assert sign_in("alice", PASSWORD, AWAY, OTHER) == ALICE


def test_an_attempt_that_is_too_early_costs_no_hash(sign_in: SignIn, verified: list[str]) -> None:
    """Not even with the right password: nobody learns whether it was."""
    for _ in range(5):
        sign_in("alice", "wrong horse", AWAY, OTHER)
    verified.clear()
    assert sign_in("alice", PASSWORD, AWAY, OTHER) == Refusal(Reason.THROTTLED, 2)
    assert verified == []


def test_guesses_at_once_cost_few_hashes(sign_in: SignIn, verified: list[str]) -> None:
    """They are counted before they are looked at."""
    outcomes = at_once(40, lambda number: sign_in("alice", f"guess {number}", f"203.0.113.{number}", OTHER))
    reasons = [outcome.reason for outcome in outcomes if isinstance(outcome, Refusal)]
    assert len(verified) <= 5
    assert set(reasons) <= {Reason.PASSWORD_WRONG, Reason.THROTTLED}


def test_the_owner_gets_in_while_strangers_guess(sign_in: SignIn, clock: Clock) -> None:
    """In a browser where they have signed in before, wherever it is now."""
    assert sign_in("alice", PASSWORD, HOME, OWN) == ALICE
    for number in range(100):
        clock.now += 1
        sign_in("alice", f"guess {number}", f"203.0.113.{number}", OTHER)
    refused = sign_in("alice", PASSWORD, AWAY, OTHER)
    assert isinstance(refused, Refusal)
    assert refused.reason is Reason.THROTTLED
    assert sign_in("alice", PASSWORD, AWAY, OWN) == ALICE


def test_overlapping_right_passwords_all_get_in(people: InMemoryPeople, sign_in: SignIn) -> None:
    """Forty newcomers of an office, behind one address, at one moment."""
    for number in range(40):
        people.users[f"n{number}"] = replace(ALICE, sub=f"n{number}", username=f"newcomer{number}")
    outcomes = at_once(40, lambda number: sign_in(f"newcomer{number}", PASSWORD, HOME, f"{number:043}"))
    assert {outcome.sub for outcome in outcomes if isinstance(outcome, User)} == {f"n{number}" for number in range(40)}


def test_an_old_hash_is_renewed_by_the_sign_in(sign_in: SignIn, people: InMemoryPeople) -> None:
    """When the password is there to hash; when it was chosen does not change."""
    old = PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1).hash(PASSWORD)
    people.users["1"] = replace(ALICE, password_hash=old)
    signed_in = sign_in("alice", PASSWORD, HOME, OWN)
    assert isinstance(signed_in, User)
    assert people.users["1"] == signed_in
    assert signed_in.password_hash != old
    assert signed_in.password_changed_at == 5
    assert not passwords.needs_rehash(signed_in.password_hash)
    assert sign_in("alice", PASSWORD, HOME, OWN) == signed_in


@pytest.mark.parametrize("fails", [False, True])
def test_a_renewal_that_fails_does_not_fail_the_sign_in(
    sign_in: SignIn, people: InMemoryPeople, monkeypatch: pytest.MonkeyPatch, *, fails: bool
) -> None:
    """The next one tries again."""
    old = replace(ALICE, password_hash=PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1).hash(PASSWORD))
    people.users["1"] = old

    def update(*_: object) -> bool:
        if fails:
            raise unavailable(Reason.STORE_UNAVAILABLE, "dynamodb:PutItem AccessDeniedException")
        return False

    monkeypatch.setattr(InMemoryUserRegistry, "update", update)
    assert sign_in("alice", PASSWORD, HOME, OWN) == old


def test_a_store_that_fails_is_no_refusal(sign_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """503, and the attempt stays counted."""

    def find(*_: object) -> User:
        raise unavailable(Reason.STORE_UNAVAILABLE, "dynamodb:GetItem")

    with monkeypatch.context() as broken:
        broken.setattr(InMemoryUserRegistry, "find", find)
        for _ in range(5):
            with pytest.raises(OAuthError):
                sign_in("alice", PASSWORD, AWAY, OTHER)
    assert sign_in("alice", PASSWORD, AWAY, OTHER) == Refusal(Reason.THROTTLED, 2)


def test_a_refusal_says_nothing_of_what_was_typed(sign_in: SignIn) -> None:
    """It goes into an audit line."""
    refusal = sign_in("alice", "hunter2 hunter2", AWAY, OTHER)
    assert "hunter2" not in repr(refusal)
    assert "alice" not in repr(refusal).lower()


def test_a_sign_in_is_five_calls_where_it_was_made_before(tables: Tables) -> None:
    """Count it, find the user, count it no more; eight calls on a new device, nine in another's browser."""
    users = DynamoDbUserRegistry(tables.dynamodb, tables.registry)
    users.create(ALICE)
    sign_in = SignIn(users, Throttle(DynamoDbThrottleStore(tables.dynamodb, tables.state)), Clock())
    calls: list[str] = []
    tables.dynamodb.meta.events.register("before-call.dynamodb", lambda model, **_: calls.append(model.name))
    made = []
    for device, new_device in ((OWN, True), (OWN, False), (OWN, False), (OTHER, False)):
        assert sign_in("alice", PASSWORD, HOME, device, new_device=new_device) == ALICE
        made.append(len(calls))
        calls.clear()
    assert made == [8, 5, 5, 9]

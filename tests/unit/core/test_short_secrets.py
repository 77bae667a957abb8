"""What an environment remembers of the short secrets that it has verified."""

import pytest

from signet.clientauth.short_secrets import ShortSecrets
from signet.errors import Reason
from signet.model.client import Client, ClientSecret
from signet.people import passwords
from signet.people.throttle import CLIENTS, Throttle
from tests.support.people_fakes import InMemoryThrottleStore

ADDRESS = "192.0.2.1"


class Now:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.at = 1_000_000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def verified(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every secret that was hashed; the right one of a hash is written in it."""
    shown: list[str] = []

    def verify(password: str, encoded: str) -> bool:
        shown.append(password)
        return encoded.endswith(f"${password}")

    monkeypatch.setattr(passwords, "verify", verify)
    return shown


def client(client_id: str = "partner", client_secret: str = "a-secret") -> Client:
    """One whose hash has its secret written in it, and a salt of its own."""
    secret = ClientSecret(argon2id=f"$argon2id${client_id}${client_secret}", created_at=1)
    return Client(client_id, "client_secret_basic", ("client_credentials",), (secret,))


def short_secrets(now: Now, capacity: int = 1000) -> ShortSecrets:
    """An environment that has verified none."""
    return ShortSecrets(Throttle(InMemoryThrottleStore(), limits=CLIENTS), now, capacity)


def test_a_verdict_lasts_for_a_minute_whichever_way_the_clock_jumps(verified: list[str]) -> None:
    """A frozen environment may thaw into an earlier time, and does not go on with what it knew then."""
    now = Now()
    short = short_secrets(now)
    for jump in (0.0, 59.0, -60.0, 61.0):
        now.at += jump
        assert short.verify(client(), "a-secret", ADDRESS) is None
        assert short.recall(client(), "a-secret")
    assert verified == ["a-secret"] * 3


def test_a_verdict_is_of_one_client_and_one_hash(verified: list[str]) -> None:
    """The same secret of another client, or another secret of the same, is verified by itself."""
    short = short_secrets(Now())
    assert short.verify(client(), "a-secret", ADDRESS) is None
    for other in (client("another"), client(client_secret="another-secret")):
        assert not short.recall(other, "a-secret")
    assert short.verify(client("another"), "a-secret", ADDRESS) is None
    assert short.verify(client(client_secret="another-secret"), "a-secret", ADDRESS) is Reason.CLIENT_SECRET_WRONG


def test_no_more_is_remembered_than_there_is_room_for(verified: list[str]) -> None:
    """The oldest goes first, right or wrong."""
    short = short_secrets(Now(), capacity=2)
    for number in range(3):
        assert short.verify(client(f"partner {number}"), "a-secret", ADDRESS) is None
    remembered = [short.recall(client(f"partner {number}"), "a-secret") for number in range(3)]
    assert remembered == [False, True, True]


def test_no_secret_and_no_key_is_kept_in_clear(verified: list[str]) -> None:
    """MACs under a key of its own: what one environment remembers says nothing in another."""
    one, other = short_secrets(Now()), short_secrets(Now())
    for short in (one, other):
        assert short.verify(client(), "a-secret", ADDRESS) is None
    assert one._verdicts.keys().isdisjoint(other._verdicts.keys())
    assert "a-secret" not in repr(one._verdicts)

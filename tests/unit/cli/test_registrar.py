"""Creating clients and replacing their secrets: each change is one conditional write."""

import re
import uuid
from dataclasses import replace
from threading import Barrier, Thread

import pytest

from signet.model.client import Client, digest
from signet_cli.mistake import Mistake
from signet_cli.registrar import create_client, rotate_secret
from signet_cli.registration import client_metadata
from tests.support.fakes import InMemoryClientRegistry

HOUR = 3_600


class FakeClock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> FakeClock:
    """A clock that tests move."""
    return FakeClock()


@pytest.fixture
def clients() -> InMemoryClientRegistry:
    """An empty registry."""
    return InMemoryClientRegistry()


def stored(clients: InMemoryClientRegistry, client_id: str) -> Client:
    """The client as it is stored now."""
    client = clients.get(client_id)
    assert client
    return client


def accepted(client: Client, now: float) -> set[str]:
    """Digests of the secrets that are accepted at that time."""
    return {s.digest for s in client.client_secrets if s.expires_at is None or now < s.expires_at}


def test_a_created_client_is_stored_with_the_digest_of_its_secret_alone(
    clients: InMemoryClientRegistry, clock: FakeClock
) -> None:
    """256 random bits, a random id, and the time of the clock."""
    client, secret = create_client(clients, client_metadata({}), clock)
    assert uuid.UUID(client.client_id).version == 4
    assert re.fullmatch(r"[\w-]{43}", secret)
    assert stored(clients, client.client_id) == client
    assert [s.digest for s in client.client_secrets] == [digest(secret)]
    assert (client.client_id_issued_at, client.client_secrets[0].created_at) == (1_000_000, 1_000_000)
    assert client.client_secrets[0].expires_at is None


def test_a_brought_id_and_secret_are_taken(clients: InMemoryClientRegistry, clock: FakeClock) -> None:
    """People bring clients that other systems already know."""
    metadata = client_metadata({"client_id": "dkconnect", "client_secret": "s" * 40})
    client, secret = create_client(clients, metadata, clock)
    assert (client.client_id, secret) == ("dkconnect", "s" * 40)
    assert accepted(client, clock()) == {digest("s" * 40)}


def test_a_taken_id_is_refused_and_its_client_is_unchanged(clients: InMemoryClientRegistry, clock: FakeClock) -> None:
    """Registration never overwrites."""
    first, _ = create_client(clients, client_metadata({"client_id": "a", "scope": "x"}), clock)
    with pytest.raises(Mistake, match="client_id: a is taken"):
        create_client(clients, client_metadata({"client_id": "a", "scope": "y"}), clock)
    assert stored(clients, "a") == first


def test_rotation_without_overlap_ends_the_present_secret(clients: InMemoryClientRegistry, clock: FakeClock) -> None:
    """At once, but for the caches of running environments."""
    client, _ = create_client(clients, client_metadata({}), clock)
    rotated, secret = rotate_secret(clients, client.client_id, 0, clock)
    assert accepted(stored(clients, client.client_id), clock()) == {digest(secret)}
    assert rotated == stored(clients, client.client_id)


def test_rotation_with_overlap_accepts_both_until_its_end(clients: InMemoryClientRegistry, clock: FakeClock) -> None:
    """The time that applications have to change over; not a second more."""
    client, old = create_client(clients, client_metadata({}), clock)
    clock.now += 10
    rotated, new = rotate_secret(clients, client.client_id, HOUR, clock)
    assert rotated.client_secrets[0].digest == digest(new)
    assert accepted(rotated, clock.now + HOUR - 1) == {digest(old), digest(new)}
    assert accepted(rotated, clock.now + HOUR) == {digest(new)}


def test_rotation_keeps_everything_else(clients: InMemoryClientRegistry, clock: FakeClock) -> None:
    """Only the secrets change."""
    client, _ = create_client(clients, client_metadata({"scope": "a b", "claims": {"x": 1}}), clock)
    rotated, _ = rotate_secret(clients, client.client_id, HOUR, clock)
    assert replace(rotated, client_secrets=client.client_secrets) == client


def test_rotation_drops_expired_secrets(clients: InMemoryClientRegistry, clock: FakeClock) -> None:
    """A record never holds more than two."""
    client, _ = create_client(clients, client_metadata({}), clock)
    for _ in range(4):
        rotated, _ = rotate_secret(clients, client.client_id, HOUR, clock)
        assert len(rotated.client_secrets) == 2
        clock.now += HOUR


def test_an_announced_overlap_is_not_cut_short_by_the_next_one(
    clients: InMemoryClientRegistry, clock: FakeClock
) -> None:
    """A third live secret would have to displace one that was promised."""
    client, old = create_client(clients, client_metadata({}), clock)
    _, new = rotate_secret(clients, client.client_id, HOUR, clock)
    clock.now += 600
    with pytest.raises(Mistake, match="already has two secrets"):
        rotate_secret(clients, client.client_id, HOUR, clock)
    assert accepted(stored(clients, client.client_id), clock()) == {digest(old), digest(new)}


def test_two_live_secrets_end_by_a_rotation_without_overlap(clients: InMemoryClientRegistry, clock: FakeClock) -> None:
    """A leaked secret ends at once, whatever was announced."""
    client, _ = create_client(clients, client_metadata({}), clock)
    rotate_secret(clients, client.client_id, HOUR, clock)
    rotated, secret = rotate_secret(clients, client.client_id, 0, clock)
    assert accepted(rotated, clock()) == {digest(secret)}
    assert len(rotated.client_secrets) == 1


def test_rotating_an_unknown_client_is_a_mistake(clients: InMemoryClientRegistry, clock: FakeClock) -> None:
    """And creates none."""
    with pytest.raises(Mistake, match="there is no client a"):
        rotate_secret(clients, "a", 0, clock)
    assert not list(clients.list())


class ReadTogether(InMemoryClientRegistry):
    """Everybody has read before anybody writes."""

    def __init__(self, client: Client, readers: int) -> None:
        super().__init__(client)
        self._barrier = Barrier(readers)
        self._waiting = readers

    def get(self, client_id: str, *, fresh: bool = False) -> Client | None:
        client = super().get(client_id, fresh=fresh)
        if self._waiting:
            self._barrier.wait(10)
            self._waiting = 0
        return client


@pytest.mark.parametrize("overlap", [0, HOUR])
def test_of_rotations_at_the_same_moment_one_wins_and_its_overlap_holds(
    clients: InMemoryClientRegistry, clock: FakeClock, overlap: int
) -> None:
    """Nobody is shown a secret that another rotation has already thrown away."""
    client, old = create_client(clients, client_metadata({}), clock)
    together = ReadTogether(client, readers=4)
    shown: list[str] = []
    lost: list[Mistake] = []

    def rotate() -> None:
        try:
            shown.append(rotate_secret(together, client.client_id, overlap, clock)[1])
        except Mistake as mistake:
            lost.append(mistake)

    threads = [Thread(target=rotate) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    [secret] = shown
    assert len(lost) == 3
    assert all("this rotation changed nothing" in str(mistake) for mistake in lost)
    expected = {digest(secret), digest(old)} if overlap else {digest(secret)}
    assert accepted(stored(together, client.client_id), clock()) == expected
    assert accepted(stored(together, client.client_id), clock() + overlap) == {digest(secret)}


class ChangedByOthers(InMemoryClientRegistry):
    """Something else of the client changes between each read and write, `times` times."""

    def __init__(self, client: Client, times: int) -> None:
        super().__init__(client)
        self.times = times

    def replace(self, client: Client, previous: Client) -> bool:
        if self.times:
            self.times -= 1
            super().replace(replace(previous, client_name=f"{self.times} to go"), previous)
        return super().replace(client, previous)


def test_a_race_lost_to_another_change_is_run_again(clients: InMemoryClientRegistry, clock: FakeClock) -> None:
    """Neither change is lost."""
    client, _ = create_client(clients, client_metadata({}), clock)
    changing = ChangedByOthers(client, times=3)
    _, secret = rotate_secret(changing, client.client_id, 0, clock)
    assert stored(changing, client.client_id).client_name == "0 to go"
    assert accepted(stored(changing, client.client_id), clock()) == {digest(secret)}


def test_a_race_lost_all_the_time_ends(clients: InMemoryClientRegistry, clock: FakeClock) -> None:
    """With the secrets as they were."""
    client, old = create_client(clients, client_metadata({}), clock)
    changing = ChangedByOthers(client, times=100)
    with pytest.raises(Mistake, match="nothing was changed"):
        rotate_secret(changing, client.client_id, 0, clock)
    assert accepted(stored(changing, client.client_id), clock()) == {digest(old)}

"""signet.keys.transition: rings of several algorithms, each of which moves by itself."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signet.keys.jwks import MOST_PUBLISHED, KeySetTooLarge, document, is_published, published_with
from signet.keys.keyring import Keyring
from signet.keys.transition import RotationPolicy, RotationPostponed, rotated
from signet.model.key import KEY_TYPES, KeySet, KeyState, RingKey
from tests.support.keys import supply

ALL = tuple(KEY_TYPES)

LEAD = RotationPolicy().lead + 1

RETIREMENT = RotationPolicy().retirement


class Secret:
    """A ring and the set that is published of it, rotated by the real rules; `now` in seconds."""

    def __init__(self, *algs: str) -> None:
        self.now = 1_000_000
        self.policy = RotationPolicy(algs=algs)
        self.ring, self.key_set = Keyring(), KeySet()
        self._supply = supply()

    def rotate(self, after: int = 0) -> None:
        self.now += after
        self.ring = rotated(self.ring, self.key_set, self.policy, self.now, self._key)
        self.key_set = published_with(self.key_set, self.ring, self.now)

    def states(self, alg: str) -> list[str]:
        """Where the keys of an algorithm stand, in the ring's order."""
        return [str(key.state) for key in self.ring.keys if key.alg == alg]

    def _key(self, alg: str) -> RingKey:
        return self._supply(alg, self.now)


def test_the_first_keys_of_every_algorithm_sign_at_once() -> None:
    """Nobody can have fetched a set that lacks them."""
    secret = Secret(*ALL)
    secret.rotate()
    assert [secret.states(alg) for alg in ALL] == [["active", "next"]] * 4
    assert secret.key_set.keys[0].alg == "RS256"
    assert set(secret.key_set.signing_algs) == set(ALL)


def test_an_algorithm_that_is_added_is_published_before_it_signs() -> None:
    """To a verifier with an old set its key is as unknown as any other."""
    secret = Secret("RS256")
    secret.rotate()
    secret.policy = RotationPolicy(algs=("RS256", "ES256"))
    secret.rotate(after=60)
    assert secret.states("ES256") == ["next"]
    assert secret.states("RS256") == ["active", "next"]
    assert secret.key_set.signing_algs == ("RS256",)
    secret.rotate(after=LEAD - 2)
    assert secret.states("ES256") == ["next"]
    secret.rotate(after=2)
    assert secret.states("ES256") == ["active", "next"]
    assert set(secret.key_set.signing_algs) == {"RS256", "ES256"}


def test_an_algorithm_that_is_removed_retires_like_any_key() -> None:
    """What it signed is verified until it has expired; its next key has signed nothing."""
    secret = Secret("RS256", "ES256")
    secret.rotate()
    secret.policy = RotationPolicy(algs=("RS256",))
    secret.rotate(after=1)
    assert secret.states("ES256") == ["retiring"]
    assert secret.states("RS256") == ["active", "next"]
    assert secret.key_set.signing_algs == ("RS256",)
    assert len(secret.key_set.keys) == 3
    secret.rotate(after=RETIREMENT)
    assert secret.states("ES256") == ["verify_only"]
    [withdrawn] = [key for key in secret.ring.keys if key.alg == "ES256"]
    assert withdrawn.jwk.keys() == {"kty", "crv", "x", "y"}


def test_an_algorithm_that_comes_back_is_published_anew() -> None:
    """Its retiring key signs no more."""
    secret = Secret("RS256", "ES256")
    secret.rotate()
    for algs in (("RS256",), ("RS256", "ES256")):
        secret.policy = RotationPolicy(algs=algs)
        secret.rotate(after=1)
    assert secret.states("ES256") == ["next", "retiring"]


def test_one_algorithm_does_not_wait_for_another() -> None:
    """What is ready moves; what is not stays as it is."""
    secret = Secret("RS256")
    secret.rotate()
    secret.policy = RotationPolicy(algs=("RS256", "EdDSA"))
    secret.rotate(after=LEAD - 10)
    secret.rotate(after=20)
    assert secret.states("RS256") == ["active", "next", "retiring"]
    assert secret.states("EdDSA") == ["next"]


def test_of_four_algorithms_those_that_signed_longest_turn_first() -> None:
    """Twelve keys would be more than a load balancer reads: the others wait for the next rotation."""
    secret = Secret(*ALL)
    secret.rotate()
    turns: Counter[str] = Counter()
    for _ in range(4):
        before = {alg: secret.ring.in_state(alg, KeyState.ACTIVE) for alg in ALL}
        secret.rotate(after=30 * 86_400)
        turned = [alg for alg in ALL if secret.ring.in_state(alg, KeyState.ACTIVE) != before[alg]]
        assert len(turned) == 2
        assert len(secret.key_set.keys) == MOST_PUBLISHED
        turns.update(turned)
    assert turns == dict.fromkeys(ALL, 2)


def test_a_rotation_that_would_publish_too_much_says_when_there_is_room() -> None:
    """And changes nothing."""
    secret = Secret("RS256", "PS256", "ES256")
    secret.rotate()
    secret.rotate(after=LEAD)
    secret.rotate(after=LEAD)
    before = secret.ring
    with pytest.raises(RotationPostponed, match=rf"more than 10 keys.* leaves it at {secret.now - LEAD + RETIREMENT}"):
        secret.rotate(after=LEAD)
    assert secret.ring == before


def test_a_ring_that_is_too_large_is_not_published() -> None:
    """Whoever put it there: load balancers would read none of it."""
    key = supply()
    secret = Secret("RS256")
    secret.rotate()
    ring = Keyring((*secret.ring.keys, *(key("ES256", 0) for _ in range(9))))
    with pytest.raises(KeySetTooLarge):
        published_with(secret.key_set, ring, secret.now)


def test_the_default_algorithm_never_waits_without_a_key() -> None:
    """Where an emergency has left none that signs, waiting for the lead would be an outage."""
    secret = Secret("RS256", "ES256")
    secret.rotate()
    for lost in ({KeyState.ACTIVE}, {KeyState.ACTIVE, KeyState.NEXT}):
        keys = (key for key in secret.ring.keys if not (key.alg == "RS256" and key.state in lost))
        secret.ring = Keyring(tuple(keys))
        secret.rotate(after=1)
        assert secret.states("RS256") == ["active", "next"]


@given(
    st.lists(
        st.tuples(
            st.integers(0, 40 * 86_400), st.sets(st.sampled_from(ALL[1:])).map(lambda more: ("RS256", *sorted(more)))
        ),
        min_size=1,
        max_size=12,
    )
)
def test_no_order_of_rotations_shows_a_verifier_a_key_too_late(steps: list[tuple[int, tuple[str, ...]]]) -> None:
    """Whatever is added, removed and rotated when: ten keys at most, each published for the lead before it signs."""
    secret = Secret("RS256")
    secret.rotate()
    seen_at: dict[str, int] = {key.kid: -LEAD for key in secret.key_set.keys}
    signed: set[str] = {key.kid for key in secret.ring.keys if key.state is KeyState.ACTIVE}
    for after, algs in steps:
        secret.policy = RotationPolicy(algs=algs)
        try:
            secret.rotate(after)
        except RotationPostponed:
            continue
        assert len(document(secret.key_set)["keys"]) <= MOST_PUBLISHED
        assert secret.ring.in_state("RS256", KeyState.ACTIVE)
        for key in secret.ring.keys:
            if key.state is KeyState.ACTIVE and key.kid not in signed:
                assert secret.now - seen_at[key.kid] > RotationPolicy().lead
                signed.add(key.kid)
            if is_published(key):
                seen_at.setdefault(key.kid, secret.now)

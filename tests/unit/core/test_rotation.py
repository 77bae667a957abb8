"""signet.keys.rotation: the rules of a rotation where the functions do not reach, on the ports' fakes."""

import pytest

from signet.keys.algorithms import ALGORITHMS
from signet.keys.jwks import published_with
from signet.keys.keyring import Keyring
from signet.keys.rotation import Rotation, RotationPolicy, RotationRefused, rotated
from signet.keys.thumbprint import public_jwk, thumbprint
from signet.model.key import KeySet, KeyState, PublishedKey, RingKey
from signet.settings import LONGEST_REFRESH_TOKEN_LIFETIME
from tests.support.fakes import InMemoryKeyringVersions, InMemoryKeySetStore, RecordingAudit

JWKS = [ALGORITHMS["RS256"].generate() for _ in range(4)]

POLICY = RotationPolicy(verifier_cache=7200)

NOW = 1_000_000


def key(number: int, state: KeyState = KeyState.NEXT, retire_at: int | None = None) -> RingKey:
    """A key of a ring."""
    jwk = JWKS[number]
    return RingKey(thumbprint(jwk), "RS256", state, created_at=0, jwk=jwk, retire_at=retire_at)


def published(*keys: RingKey, at: int) -> KeySet:
    """What is published since that time."""
    return KeySet(tuple(PublishedKey(one.kid, one.alg, at, public_jwk(one.jwk)) for one in keys), 1)


ACTIVE, NEXT = key(0, KeyState.ACTIVE), key(1)


def states(ring: Keyring) -> list[tuple[str, KeyState]]:
    """Each key and where it stands."""
    return [(one.kid, one.state) for one in ring.keys]


def test_a_key_signs_after_it_was_published_for_longer_than_every_cache() -> None:
    """To the second: the verifier's, and those on the way to it."""
    ring, early = Keyring((ACTIVE, NEXT)), published(ACTIVE, NEXT, at=NOW - POLICY.lead)
    assert POLICY.lead > POLICY.verifier_cache
    with pytest.raises(RotationRefused, match=r"in 1 s"):
        rotated(ring, early, POLICY, NOW, lambda _: key(2))
    turned = rotated(ring, early, POLICY, NOW + 1, lambda _: key(2))
    assert states(turned) == [
        (NEXT.kid, KeyState.ACTIVE),
        (key(2).kid, KeyState.NEXT),
        (ACTIVE.kid, KeyState.RETIRING),
    ]
    assert turned.keys[0].published_at == NOW - POLICY.lead
    assert turned.keys[0].activated_at == NOW + 1
    assert turned.keys[2].retire_at == NOW + 1 + POLICY.retirement


def test_a_ring_that_lost_its_next_key_gets_one_and_nothing_else_moves() -> None:
    """An operator may have taken it out."""
    turned = rotated(Keyring((ACTIVE,)), published(ACTIVE, at=0), POLICY, NOW, lambda _: key(2))
    assert states(turned) == [(ACTIVE.kid, KeyState.ACTIVE), (key(2).kid, KeyState.NEXT)]


@pytest.mark.parametrize(("retire_at", "stays"), [(NOW + 1, True), (NOW, False), (NOW - 1, False), (None, False)])
def test_a_retiring_key_stays_published_until_its_time(retire_at: int | None, stays: bool) -> None:  # noqa: FBT001
    """Not a second longer than the last access token it signed needs it; then it only verifies what comes back here."""
    retiring = key(2, KeyState.RETIRING, retire_at)
    ring = Keyring((ACTIVE, NEXT, retiring))
    turned = rotated(ring, published(ACTIVE, NEXT, retiring, at=0), POLICY, NOW, lambda _: key(3))
    assert dict(states(turned))[retiring.kid] is (KeyState.RETIRING if stays else KeyState.VERIFY_ONLY)
    shown = published_with(published(ACTIVE, NEXT, retiring, at=0), turned, NOW)
    assert (shown.get(retiring.kid) is not None) is stays
    assert shown.known(retiring.kid)


def test_a_withdrawn_key_keeps_its_public_half_alone_and_no_longer_than_a_refresh_token() -> None:
    """What cannot sign cannot be stolen; what nobody can present any more need not be known."""
    retiring = key(2, KeyState.RETIRING, NOW)
    turned = rotated(Keyring((ACTIVE, NEXT, retiring)), published(ACTIVE, NEXT, at=0), POLICY, NOW, lambda _: key(3))
    withdrawn = next(one for one in turned.keys if one.kid == retiring.kid)
    assert withdrawn.jwk == public_jwk(retiring.jwk)
    assert withdrawn.retire_at == NOW + LONGEST_REFRESH_TOKEN_LIFETIME
    for later, known in ((withdrawn.retire_at - 1, True), (withdrawn.retire_at, False)):
        again = rotated(turned, KeySet(), POLICY, later, lambda _: key(1))
        assert (retiring.kid in dict(states(again))) is known


class Rivals(InMemoryKeySetStore):
    """A store in which another publication always comes first."""

    def publish(self, key_set: KeySet) -> bool:
        super().publish(KeySet((), key_set.version))
        return super().publish(key_set)


def test_a_publication_that_always_comes_second_is_given_up() -> None:
    """After a few tries; Secrets Manager begins again."""
    versions, key_sets = InMemoryKeyringVersions(), Rivals()
    audit = RecordingAudit()
    rotation = Rotation(versions, key_sets, POLICY, lambda: NOW, audit)
    versions.stage("v")
    rotation.perform("createSecret", "v")
    with pytest.raises(RotationRefused, match="kept publishing"):
        rotation.perform("setSecret", "v")
    assert [line["event"] for line in audit.lines] == ["rotation_step", "rotation_failed"]


def test_a_secret_without_a_current_version_is_not_rotated() -> None:
    """Somebody has moved the stage away by hand: there is nothing that a rotation could go on from."""
    versions, key_sets = InMemoryKeyringVersions(), InMemoryKeySetStore()
    rotation = Rotation(versions, key_sets, POLICY, lambda: NOW, RecordingAudit())
    for step in ("createSecret", "setSecret", "testSecret"):
        rotation.perform(step, "v")
    versions._stages["first"] = frozenset()
    with pytest.raises(RotationRefused, match="no current version"):
        rotation.perform("finishSecret", "v")


def test_an_unknown_step_is_refused() -> None:
    """Before anything is asked of the secret."""
    rotation = Rotation(InMemoryKeyringVersions(), InMemoryKeySetStore(), POLICY, lambda: NOW, RecordingAudit())
    with pytest.raises(RotationRefused, match="an unknown step"):
        rotation.perform("deleteSecret", "v")


def test_an_empty_pending_version_publishes_nothing() -> None:
    """The order of the steps is kept even where it is called out of order."""
    versions, key_sets = InMemoryKeyringVersions(), InMemoryKeySetStore()
    rotation = Rotation(versions, key_sets, POLICY, lambda: NOW, RecordingAudit())
    versions.stage("v")
    for step in ("setSecret", "testSecret", "finishSecret"):
        with pytest.raises(RotationRefused, match="createSecret comes first"):
            rotation.perform(step, "v")
    assert key_sets.load() == KeySet()
    assert versions.stages()["first"] == frozenset({"AWSCURRENT"})

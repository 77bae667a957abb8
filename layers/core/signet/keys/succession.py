"""The ring after keys have been taken out of it, or with its next keys signing before their time."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from signet.keys.keyring import Keyring
from signet.keys.rotation import RotationPolicy
from signet.model.key import KeySet, KeyState, RingKey

Generate = Callable[[str], RingKey]
"""Makes a key of an algorithm, in the state next."""


@dataclass(frozen=True, slots=True)
class WithoutLead(RotationPolicy):
    """The policy of a rotation that does not wait until every verifier can know the next key."""

    @property
    def lead(self) -> int:
        """Less than none: a key that has been published this second may sign."""
        return -1


def without(ring: Keyring, kids: Collection[str], published: KeySet, now: int, generate: Generate) -> Keyring:
    """The ring without those keys. Whatever signed is followed at once by the next key, or by a new one.

    Each algorithm has a next key again afterwards.
    """
    kept = [key for key in ring.keys if key.kid not in kids]
    keys: list[RingKey] = []
    for alg in dict.fromkeys(key.alg for key in ring.keys if key.state in {KeyState.ACTIVE, KeyState.NEXT}):
        active = _first(kept, alg, KeyState.ACTIVE)
        coming = _first(kept, alg, KeyState.NEXT)
        if active is None and ring.in_state(alg, KeyState.ACTIVE):
            active, coming = _activated(coming or generate(alg), published, now), None
        keys += [*([active] if active else []), coming or generate(alg)]
    return Keyring((*keys, *(key for key in kept if key.state in {KeyState.RETIRING, KeyState.VERIFY_ONLY})))


def _activated(key: RingKey, published: KeySet, now: int) -> RingKey:
    found = published.get(key.kid)
    published_at = found.published_at if found else None
    return replace(key, state=KeyState.ACTIVE, published_at=published_at, activated_at=now)


def _first(keys: list[RingKey], alg: str, state: KeyState) -> RingKey | None:
    return next((key for key in keys if key.alg == alg and key.state is state), None)

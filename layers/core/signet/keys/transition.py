"""The rules of a rotation: the ring that comes after a ring."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from signet.keys.jwks import MOST_PUBLISHED, is_published
from signet.keys.keyring import Keyring
from signet.keys.thumbprint import public_jwk
from signet.model.key import DEFAULT_ALGORITHM, KeySet, KeyState, RingKey
from signet.settings import (
    KEY_SET_CACHE,
    KEY_SET_MAX_AGE,
    KEYRING_CACHE,
    LONGEST_REFRESH_TOKEN_LIFETIME,
    LONGEST_TOKEN_LIFETIME,
)

Generate = Callable[[str], RingKey]
"""Makes a key of an algorithm, in the state next."""


class RotationRefused(Exception):
    """The rotation must not go on; nothing has changed, and the service signs with what it had."""


class RotationPostponed(RotationRefused):
    """The next key has been published too briefly to sign, or there is no room for another."""


@dataclass(frozen=True, slots=True)
class RotationPolicy:
    """`verifier_cache`: seconds for which a verifier may go on using a key set it has fetched.

    A key signs only after it has been published for longer than that; it is withdrawn only after the longest token it
    signed has expired, plus the same again. `algs` are the algorithms that the ring holds, the default one among them.
    `kms`: new keys are made in KMS where it signs by their algorithm; each key stays where it was made.
    """

    verifier_cache: int = 7200
    algs: tuple[str, ...] = (DEFAULT_ALGORITHM,)
    kms: bool = False

    @property
    def lead(self) -> int:
        """Seconds a key is published before it signs: what is fetched then may be as old as the caches on the way."""
        return self.verifier_cache + KEY_SET_CACHE + KEY_SET_MAX_AGE

    @property
    def retirement(self) -> int:
        """Seconds a key stays published after its last signature."""
        return LONGEST_TOKEN_LIFETIME + KEYRING_CACHE + self.verifier_cache


def rotated(ring: Keyring, published: KeySet, policy: RotationPolicy, now: int, generate: Generate) -> Keyring:
    """The ring after one rotation: next -> active, active -> retiring, expired ones verify-only or gone, a new next.

    An empty ring gets both keys of each algorithm at once: nobody can have cached a set that lacks them. A next key
    that is missing, or that another rotation has taken out of the published set, is made good and nothing else of its
    algorithm moves; one that is added begins with such a key, one that is removed retires. An algorithm whose next key
    has not been published for long enough, or whose turn would show verifiers more than ten keys, waits for the next
    rotation; those that have signed longest go first. The default algorithm never waits for its first key.
    Raises RotationPostponed where all of them wait.
    """
    if not ring.keys:
        firsts = (
            (replace(generate(alg), state=KeyState.ACTIVE, activated_at=now), generate(alg)) for alg in policy.algs
        )
        return Keyring(tuple(key for pair in firsts for key in pair))
    rest = [kept for key in ring.keys if (kept := _kept(key, policy, now))]
    lines = {alg: _Line(alg, ring, published, policy, now) for alg in policy.algs}
    room = MOST_PUBLISHED - sum(map(is_published, rest)) - sum(len(line.present) for line in lines.values())
    moved: dict[str, tuple[RingKey, ...]] = {}
    waiting: list[str] = []
    for line in sorted(lines.values(), key=lambda line: line.since):
        if line.waits:
            waiting.append(line.waits)
        elif line.adds > room:
            waiting.append(f"the key set would hold more than {MOST_PUBLISHED} keys: {_room_at(rest)}")
        else:
            room -= line.adds
            moved[line.alg] = line.moved(generate)
    if not moved and not _removed(ring, policy):
        raise RotationPostponed(waiting[0])
    keys = [key for alg, line in lines.items() for key in moved.get(alg, line.present)]
    order = {KeyState.RETIRING: 1, KeyState.VERIFY_ONLY: 1}
    return Keyring(tuple(sorted([*keys, *rest], key=lambda key: order.get(key.state, 0))))


class _Line:
    """One algorithm's keys, and what a rotation makes of them."""

    def __init__(self, alg: str, ring: Keyring, published: KeySet, policy: RotationPolicy, now: int) -> None:
        self.alg = alg
        self._active, self._coming = ring.in_state(alg, KeyState.ACTIVE), ring.in_state(alg, KeyState.NEXT)
        self._published = published.get(self._coming.kid) if self._coming else None
        self._policy = policy
        self._now = now
        self._silent = alg == DEFAULT_ALGORITHM and self._active is None
        self.present = tuple(key for key in (self._active, self._coming) if key)
        self.since = (self._active.activated_at or 0) if self._active else 0

    @property
    def waits(self) -> str:
        """Why its next key cannot sign yet, empty where nothing is in the way."""
        if self._published is None or self._silent:
            return ""
        remaining = self._published.published_at + self._policy.lead - self._now
        return f"the next key has been published too briefly: try again in {remaining + 1} s" if remaining >= 0 else ""

    @property
    def adds(self) -> int:
        """How many more keys verifiers are shown afterwards."""
        if self._silent:
            return 1 if self._coming else 2
        return 1 if self._published or not self._coming else 0

    def moved(self, generate: Generate) -> tuple[RingKey, ...]:
        """Its keys after the rotation."""
        if self._silent:
            # nothing signs: whoever waited for the lead would wait without a service
            return self._activated(self._coming or generate(self.alg)), generate(self.alg)
        if self._coming is None:
            return (*self.present, generate(self.alg))
        if self._published is None:
            return self.present
        keys = self._activated(self._coming), generate(self.alg)
        return (*keys, _retiring(self._active, self._policy, self._now)) if self._active else keys

    def _activated(self, key: RingKey) -> RingKey:
        published_at = self._published.published_at if self._published else None
        return replace(key, state=KeyState.ACTIVE, published_at=published_at, activated_at=self._now)


def _retiring(key: RingKey, policy: RotationPolicy, now: int) -> RingKey:
    return replace(key, state=KeyState.RETIRING, retire_at=now + policy.retirement)


def _removed(ring: Keyring, policy: RotationPolicy) -> bool:
    """Whether the ring still signs, or is about to, by an algorithm that it is to hold no more."""
    return any(key.alg not in policy.algs for key in ring.keys if key.state in {KeyState.ACTIVE, KeyState.NEXT})


def _kept(key: RingKey, policy: RotationPolicy, now: int) -> RingKey | None:
    """What becomes of a key that no longer signs: withdrawn it loses its private half, and later it goes.

    One of an algorithm that has been removed signs no more either; its next key never has.
    """
    over = now >= (key.retire_at or 0)
    if key.state is KeyState.ACTIVE and key.alg not in policy.algs:
        return _retiring(key, policy, now)
    if key.state is KeyState.RETIRING and over:
        until = now + LONGEST_REFRESH_TOKEN_LIFETIME
        return replace(key, state=KeyState.VERIFY_ONLY, jwk=public_jwk(key.jwk), retire_at=until, kms_key_arn=None)
    return key if key.state in {KeyState.RETIRING, KeyState.VERIFY_ONLY} and not over else None


def _room_at(keys: Iterable[RingKey]) -> str:
    """When a key leaves the set."""
    ends = [key.retire_at for key in keys if key.state is KeyState.RETIRING and key.retire_at]
    return f"the first one leaves it at {min(ends)}" if ends else "hold fewer algorithms"

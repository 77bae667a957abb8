"""Changes of the ring that do not wait: a key that is withdrawn, a rotation before its time."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from signet.errors import OAuthError
from signet.keys.jwks import published_with
from signet.keys.keyring import Keyring
from signet.keys.rotation import RotationPolicy, RotationRefused, rotated
from signet.keys.succession import Generate, WithoutLead, without
from signet.model.key import KeySet, KeyState, RingKey, WithdrawnKey
from signet.ports import Audit, Clock, KeyringVersions, KeySetStore
from signet.settings import LONGEST_REFRESH_TOKEN_LIFETIME

_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Change:
    """What a command has done. `state` is what the withdrawn key was, None where it had gone from the ring already.

    `activated` are the keys that sign in place of others since.
    """

    version_id: str
    ring: Keyring
    key_set: KeySet
    changed: bool
    state: KeyState | None = None
    activated: tuple[RingKey, ...] = ()


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a change begins with: ring and version that are current, and what is published."""

    version_id: str
    ring: Keyring
    key_set: KeySet


class Emergency:
    """Makes each change as one new version of the secret: pending, published, promoted.

    The order is that of a rotation. Pending first: a rotation that is between two of its steps loses its stage, and
    refuses the next one. Then published: a withdrawn key is worthless to whoever stole it from here on, whatever fails
    afterwards, and a new key is never signed with before it can be fetched. Then promoted, over exactly the version
    that the change was made from; where a rotation came first the change begins again from what that left.
    """

    def __init__(
        self,
        versions: KeyringVersions,
        key_sets: KeySetStore,
        policy: RotationPolicy,
        clock: Clock,
        audit: Audit,
        *,
        generate: Callable[[str, int], RingKey],
    ) -> None:
        self._versions = versions
        self._key_sets = key_sets
        self._policy = policy
        self._clock = clock
        self._audit = audit
        self._generate = generate

    def withdraw(self, kid: str) -> Change:
        """Take a key out of ring and key set, for good; doing it twice changes nothing.

        Raises RotationRefused for a key that nobody knows, KeyringInvalid, and OAuthError where AWS fails: then the
        command is to be given again.
        """
        first = self._seen()
        state = next((key.state for key in first.ring.keys if key.kid == kid), None)
        if state is None and not (first.key_set.known(kid) or first.key_set.is_withdrawn(kid)):
            raise RotationRefused("there is no such key")

        def change(seen: _Seen, now: int, generate: Generate) -> tuple[Keyring, KeySet]:
            gone = {kid, *(key.kid for key in seen.key_set.withdrawn)}
            ring = without(seen.ring, gone, seen.key_set, now, generate)
            withdrawn = (*seen.key_set.withdrawn, *([] if seen.key_set.is_withdrawn(kid) else [WithdrawnKey(kid, now)]))
            return ring, replace(published_with(seen.key_set, ring, now), withdrawn=_recent(withdrawn, now))

        done = self._make(change, lambda seen: _is_without(seen, kid))
        if done.changed:
            active_kids = [*active_of(done.ring)]
            self._audit.record(
                "key_withdrawn", kid=kid, state=state, active_kids=active_kids, version_id=done.version_id
            )
        return replace(done, state=state)

    def rotate(self, active_kids: Sequence[str]) -> Change:
        """Let the next keys sign now, however briefly they have been published, where exactly those keys are active.

        Where others are it has been done already. Raises as `withdraw`, RotationRefused where no key could take over.
        """

        def change(seen: _Seen, now: int, generate: Generate) -> tuple[Keyring, KeySet]:
            policy = WithoutLead(self._policy.verifier_cache, self._policy.algs, self._policy.kms)
            ring = rotated(seen.ring, seen.key_set, policy, now, generate)
            return ring, published_with(seen.key_set, ring, now)

        done = self._make(change, lambda seen: active_of(seen.ring).keys() != set(active_kids))
        if done.changed:
            active_kids = [*active_of(done.ring)]
            self._audit.record("keys_rotated", active_kids=active_kids, version_id=done.version_id, forced=True)
        return done

    def _make(
        self, change: Callable[[_Seen, int, Generate], tuple[Keyring, KeySet]], is_made: Callable[[_Seen], bool]
    ) -> Change:
        """Make the change from what is there now, and again where something else came between."""
        first = seen = self._seen()
        for _ in range(_ATTEMPTS):
            if is_made(seen):
                break
            now = int(self._clock())
            ring, key_set = change(seen, now, lambda alg, now=now: self._generate(alg, now))  # type: ignore[misc]
            self._replace(seen, ring, key_set)
            seen = self._seen()
        if not is_made(seen):
            raise RotationRefused("rotations kept coming between: try again")
        before = active_of(first.ring)
        activated = tuple(key for kid, key in active_of(seen.ring).items() if kid not in before)
        return Change(seen.version_id, seen.ring, seen.key_set, changed=seen != first, activated=activated)

    def _replace(self, seen: _Seen, ring: Keyring, key_set: KeySet) -> None:
        """One attempt; what came of it is to be looked at, for an answer may be lost."""
        if ring == seen.ring:
            self._key_sets.publish(key_set)
            return
        version_id = str(uuid.uuid4())
        self._versions.put_pending(version_id, ring.to_document())
        if self._key_sets.publish(key_set):
            try:
                self._versions.promote(version_id, seen.version_id)
            except OAuthError:
                if seen.version_id in self._current():
                    raise
            else:
                return
        # what nobody finishes would block the next rotation, or be finished over what came between
        self._versions.abandon(version_id)

    def _seen(self) -> _Seen:
        """The version first and then its ring: with one that came in between, the change fails and begins again."""
        current = self._current()
        if not current:
            raise RotationRefused("the secret has no current version")
        return _Seen(current[0], Keyring.parse(self._versions.current()), self._key_sets.load())

    def _current(self) -> list[str]:
        return [version_id for version_id, stages in self._versions.stages().items() if "AWSCURRENT" in stages]


def active_of(ring: Keyring) -> dict[str, RingKey]:
    """The keys that sign, by kid."""
    return {key.kid: key for key in ring.keys if key.state is KeyState.ACTIVE}


def _is_without(seen: _Seen, kid: str) -> bool:
    in_ring = any(key.kid == kid for key in seen.ring.keys)
    return not in_ring and not seen.key_set.known(kid) and seen.key_set.is_withdrawn(kid)


def _recent(withdrawn: tuple[WithdrawnKey, ...], now: int) -> tuple[WithdrawnKey, ...]:
    """Those whose tokens may still be shown: of the others no ring is left that could bring them back."""
    return tuple(key for key in withdrawn if now < key.withdrawn_at + LONGEST_REFRESH_TOKEN_LIFETIME)

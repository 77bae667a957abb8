"""Rotation in the four steps of Secrets Manager, each of which may be repeated or fail without harm."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from signet import jwt
from signet.errors import OAuthError
from signet.jwt import JwtInvalid
from signet.keys.algorithms import ALGORITHMS, public_jwk, thumbprint
from signet.keys.jwks import published_with
from signet.keys.keyring import Keyring, KeyringInvalid, signer
from signet.model.key import KeySet, KeyState, RingKey
from signet.ports import Audit, Clock, KeyringVersions, KeySetStore
from signet.settings import (
    KEY_SET_CACHE,
    KEY_SET_MAX_AGE,
    KEYRING_CACHE,
    LONGEST_REFRESH_TOKEN_LIFETIME,
    LONGEST_TOKEN_LIFETIME,
)

_CURRENT, _PENDING = "AWSCURRENT", "AWSPENDING"

_PUBLISH_ATTEMPTS = 5


class RotationRefused(Exception):
    """The rotation must not go on; nothing has changed, and the service signs with what it had."""


class RotationPostponed(RotationRefused):
    """The next key has been published too briefly to sign."""


@dataclass(frozen=True, slots=True)
class RotationPolicy:
    """`verifier_cache`: seconds for which a verifier may go on using a key set it has fetched.

    A key signs only after it has been published for longer than that; it is withdrawn only after the longest token it
    signed has expired, plus the same again.
    """

    verifier_cache: int = 7200
    algs: tuple[str, ...] = ("RS256",)

    @property
    def lead(self) -> int:
        """Seconds a key is published before it signs: what is fetched then may be as old as the caches on the way."""
        return self.verifier_cache + KEY_SET_CACHE + KEY_SET_MAX_AGE

    @property
    def retirement(self) -> int:
        """Seconds a key stays published after its last signature."""
        return LONGEST_TOKEN_LIFETIME + KEYRING_CACHE + self.verifier_cache


def rotated(
    ring: Keyring, published: KeySet, policy: RotationPolicy, now: int, generate: Callable[[str], RingKey]
) -> Keyring:
    """The ring after one rotation: next -> active, active -> retiring, expired ones verify-only or gone, a new next.

    An empty ring gets both its keys at once: nobody can have cached a set that lacks them. A next key that is missing,
    or that another rotation has taken out of the published set, is made good and nothing else moves.
    Raises RotationPostponed where the next key has not been published for long enough.
    """
    keys: list[RingKey] = []
    for alg in policy.algs:
        active, coming = ring.in_state(alg, KeyState.ACTIVE), ring.in_state(alg, KeyState.NEXT)
        if active is None:
            keys += [replace(generate(alg), state=KeyState.ACTIVE, activated_at=now), generate(alg)]
        elif coming is None or (found := published.get(coming.kid)) is None:
            keys += [active, coming or generate(alg)]
        else:
            remaining = found.published_at + policy.lead - now
            if remaining >= 0:
                raise RotationPostponed(f"the next key has been published too briefly: try again in {remaining + 1} s")
            keys += [
                replace(coming, state=KeyState.ACTIVE, published_at=found.published_at, activated_at=now),
                generate(alg),
                replace(active, state=KeyState.RETIRING, retire_at=now + policy.retirement),
            ]
    keys += [kept for key in ring.keys if (kept := _kept(key, now))]
    return Keyring(tuple(keys))


def _kept(key: RingKey, now: int) -> RingKey | None:
    """What becomes of a key that no longer signs: withdrawn it loses its private half, and later it goes."""
    over = now >= (key.retire_at or 0)
    if key.state is KeyState.RETIRING and over:
        until = now + LONGEST_REFRESH_TOKEN_LIFETIME
        return replace(key, state=KeyState.VERIFY_ONLY, jwk=public_jwk(key.jwk), retire_at=until)
    return key if key.state in {KeyState.RETIRING, KeyState.VERIFY_ONLY} and not over else None


class Rotation:
    """The four steps. `version_id` is Secrets Manager's ClientRequestToken, the id of the pending version."""

    def __init__(
        self, versions: KeyringVersions, key_sets: KeySetStore, policy: RotationPolicy, clock: Clock, audit: Audit
    ) -> None:
        self._versions = versions
        self._key_sets = key_sets
        self._policy = policy
        self._clock = clock
        self._audit = audit
        self._steps = {
            "createSecret": self._create,
            "setSecret": self._set,
            "testSecret": self._test,
            "finishSecret": self._finish,
        }

    def perform(self, step: str, version_id: str) -> None:
        """Perform one step; on a version that is current already there is nothing to do.

        Raises RotationRefused, KeyringInvalid, JwtInvalid, and OAuthError where AWS fails.
        """
        if step not in self._steps:
            raise RotationRefused("an unknown step")
        try:
            self._perform(step, version_id)
        except (RotationRefused, KeyringInvalid, JwtInvalid) as error:
            self._audit.record("rotation_failed", step=step, version_id=version_id, detail=str(error))
            raise
        except OAuthError as error:
            self._audit.record(
                "rotation_failed", step=step, version_id=version_id, reason=str(error.reason), detail=error.detail
            )
            raise
        self._audit.record("rotation_step", step=step, version_id=version_id)

    def _perform(self, step: str, version_id: str) -> None:
        stages = self._versions.stages().get(version_id)
        if _CURRENT not in (stages or ()):
            # Secrets Manager stages an empty version first; where nothing has, createSecret stages it by filling it
            if _PENDING not in (stages or ()) and not (stages is None and step == "createSecret"):
                raise RotationRefused("the version is not staged for rotation")
            self._steps[step](version_id)

    def _create(self, version_id: str) -> None:
        if self._versions.pending(version_id) is not None:
            return
        now = int(self._clock())
        ring = Keyring.parse(self._versions.current())
        try:
            pending = rotated(ring, self._key_sets.load(), self._policy, now, lambda alg: _generate(alg, now))
        except RotationPostponed as too_early:
            # the same ring goes through the other steps: a failure would leave a pending version that blocks the next
            # deploy, and a change of the schedule asks for a rotation at any hour
            self._audit.record("rotation_postponed", version_id=version_id, detail=str(too_early))
            pending = ring
        self._versions.put_pending(version_id, pending.to_document())

    def _set(self, version_id: str) -> None:
        """Publish before anything is signed: a verifier can fetch each key before it meets it."""
        ring = self._pending(version_id)
        for _ in range(_PUBLISH_ATTEMPTS):
            key_set = self._key_sets.load()
            if self._key_sets.publish(published_with(key_set, ring, int(self._clock()))):
                return
        raise RotationRefused("other rotations kept publishing at the same time")

    def _test(self, version_id: str) -> None:
        """Sign with every key that signs or will, verify with what is published."""
        ring, key_set = self._pending(version_id), self._key_sets.load()
        for key in ring.keys:
            if key.state is KeyState.VERIFY_ONLY:
                continue
            published = key_set.get(key.kid)
            if published is None:
                raise RotationRefused("a key of the ring is not published")
            if key.state is not KeyState.RETIRING:
                token = jwt.sign({"kid": key.kid}, typ="probe", signer=signer(key))
                found = (published.alg, published.jwk)
                jwt.verify(token, typ="probe", key_of={key.kid: found}.get)

    def _finish(self, version_id: str) -> None:
        ring = self._pending(version_id)
        current = next((id_ for id_, stages in self._versions.stages().items() if _CURRENT in stages), None)
        if current is None:
            raise RotationRefused("the secret has no current version")
        before = _active_kids(Keyring.parse(self._versions.current()))
        self._versions.promote(version_id, current)
        if _active_kids(ring) != before:
            self._audit.record("keys_rotated", active_kids=_active_kids(ring), version_id=version_id)

    def _pending(self, version_id: str) -> Keyring:
        document = self._versions.pending(version_id)
        ring = Keyring.parse(document) if document is not None else Keyring()
        if not ring.keys:
            raise RotationRefused("the pending version is empty: createSecret comes first")
        return ring


def _active_kids(ring: Keyring) -> list[str]:
    return [key.kid for key in ring.keys if key.state is KeyState.ACTIVE]


def _generate(alg: str, now: int) -> RingKey:
    jwk = ALGORITHMS[alg].generate()
    return RingKey(thumbprint(jwk), alg, KeyState.NEXT, created_at=now, jwk=jwk)

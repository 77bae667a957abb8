"""The orders in which a rotation may publish and sign: as deployed, by force, and without a lead at all."""

from collections.abc import Callable
from dataclasses import replace

from bench.rotation_world import World
from signet.keys.algorithms import ALGORITHMS
from signet.keys.emergency import Emergency
from signet.keys.jwks import MOST_PUBLISHED, published_with
from signet.keys.keyring import Keyring
from signet.keys.rotation import Rotation, RotationPolicy
from signet.keys.thumbprint import thumbprint
from signet.model.key import KeyState, RingKey
from tests.support.fakes import RecordingAudit

Step = Callable[[str, str], None]
"""Performs a step of a rotation, given its name and the version id."""

Order = Callable[[World, RotationPolicy], Step]
"""Makes a world's rotation."""


def on_schedule(world: World, policy: RotationPolicy) -> Step:
    """The rotation as it is deployed."""
    return Rotation(world.versions, world.key_sets, policy, world.clock, RecordingAudit()).perform


def publish_and_sign_at_once(world: World, policy: RotationPolicy) -> Step:  # noqa: ARG001 - every order's signature
    """A rotation that has no next key: the new one is published and signs.

    Of the old ones as many stay as a set may hold: that they go too early is not its fault.
    """

    def perform(step: str, version_id: str) -> None:
        if step != "finishSecret" or "AWSCURRENT" in world.versions.stages().get(version_id, ()):
            return
        now = int(world.clock())
        new = replace(_next_key("RS256", now), state=KeyState.ACTIVE, activated_at=now)
        old = [replace(key, state=KeyState.RETIRING) for key in Keyring.parse(world.versions.current()).keys]
        ring = Keyring((new, *old[: MOST_PUBLISHED - 1]))
        [current] = [id_ for id_, stages in world.versions.stages().items() if "AWSCURRENT" in stages]
        world.versions.put_pending(version_id, ring.to_document())
        world.key_sets.publish(published_with(world.key_sets.load(), ring, now))
        world.versions.promote(version_id, current)

    return perform


def forced(world: World, policy: RotationPolicy) -> Step:
    """Every rotation but the first does not wait for the lead, as an operator's that is forced."""
    rotation = Rotation(world.versions, world.key_sets, policy, world.clock, RecordingAudit())
    emergency = Emergency(world.versions, world.key_sets, policy, world.clock, RecordingAudit(), generate=_next_key)
    first: list[str] = []
    done: set[str] = set()

    def perform(step: str, version_id: str) -> None:
        if version_id in (first or [version_id]):
            first[:] = [version_id]
            rotation.perform(step, version_id)
        elif step == "finishSecret" and version_id not in done:
            done.add(version_id)
            active = [key.kid for key in Keyring.parse(world.versions.current()).keys if key.state is KeyState.ACTIVE]
            emergency.rotate(active)

    return perform


def _next_key(alg: str, now: int) -> RingKey:
    jwk = ALGORITHMS[alg].generate()
    return RingKey(thumbprint(jwk), alg, KeyState.NEXT, created_at=now, jwk=jwk)

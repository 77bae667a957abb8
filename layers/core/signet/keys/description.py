"""What operators are told of the keys: never a private half."""

from dataclasses import asdict, dataclass
from typing import Any

from signet.keys.keyring import Keyring
from signet.keys.rotation import RotationPolicy
from signet.keys.thumbprint import public_jwk
from signet.model.key import KeySet, KeyState, PublishedKey, RingKey

DAY = 86_400

SCHEDULE_SLACK = 2 * DAY
"""Seconds after its day that a rotation may take place: a day's window, a postponement, an attempt that is repeated."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the keys stand at `now`; `rotation_days` are the days between two rotations."""

    ring: Keyring
    key_set: KeySet
    policy: RotationPolicy
    rotation_days: int
    now: int

    @property
    def active(self) -> list[RingKey]:
        """The keys that sign."""
        return [key for key in self.ring.keys if key.state is KeyState.ACTIVE]

    @property
    def age(self) -> int:
        """Seconds for which the oldest of them has been signing."""
        return max((self.now - (key.activated_at or key.created_at) for key in self.active), default=0)

    @property
    def overdue(self) -> bool:
        """Whether the schedule has let a rotation pass."""
        return self.age > self.rotation_days * DAY + SCHEDULE_SLACK

    @property
    def fault(self) -> str:
        """Why tokens that are signed now cannot be verified, empty where they can. It holds amid a rotation too."""
        if not self.active:
            return "no key signs: the key rotation has not run yet"
        for key in self.active:
            found = self.key_set.get(key.kid)
            if found is None or (found.alg, found.jwk) != (key.alg, public_jwk(key.jwk)):
                return f"the key {key.kid} signs and is not published"
        return ""

    def document(self) -> dict[str, Any]:
        """Everything, as JSON has it; times in epoch seconds, durations in seconds."""
        return {
            "now": self.now,
            "verifier_cache": self.policy.verifier_cache,
            "lead": self.policy.lead,
            "rotation_days": self.rotation_days,
            "overdue": self.overdue,
            "fault": self.fault,
            "keys": [self._key(key) for key in self.ring.keys],
            "key_set": {
                "version": self.key_set.version,
                "keys": [_published(key) for key in self.key_set.keys],
                "verify_only": [_published(key) for key in self.key_set.verify_only],
                "withdrawn": [asdict(key) for key in self.key_set.withdrawn],
            },
        }

    def _key(self, key: RingKey) -> dict[str, Any]:
        published = self.key_set.get(key.kid)
        members = {
            "kid": key.kid,
            "alg": key.alg,
            "state": str(key.state),
            "created_at": key.created_at,
            "published_at": published.published_at if published else key.published_at,
            "activated_at": key.activated_at,
            "due_at": self._due_at(key, published),
            "published": published is not None,
            "kms_key_arn": key.kms_key_arn,
            "jwk": public_jwk(key.jwk),
        }
        return {name: value for name, value in members.items() if value is not None}

    def _due_at(self, key: RingKey, published: PublishedKey | None) -> int | None:
        """From when on a rotation takes the key to its next state."""
        if key.state is KeyState.NEXT:
            return published.published_at + self.policy.lead + 1 if published else None
        if key.state is KeyState.ACTIVE:
            return (key.activated_at or key.created_at) + self.rotation_days * DAY
        return key.retire_at


def _published(key: PublishedKey) -> dict[str, Any]:
    return {"kid": key.kid, "alg": key.alg, "published_at": key.published_at, "jwk": dict(key.jwk)}

"""The commands of operators and of the schedule: what the rotation function does beside the steps of a rotation."""

from collections.abc import Callable, Mapping
from typing import Any

from signet import jwt
from signet.errors import OAuthError
from signet.keys.description import Standing
from signet.keys.emergency import Change, Emergency
from signet.keys.keyring import Keyring, KeyringInvalid, signer
from signet.keys.rotation import RotationPolicy, RotationRefused
from signet.model.key import KeyState, RingKey
from signet.ports import Audit, Clock, KeyringVersions, KeyService, KeySetStore

Command = Mapping[str, Any]


class KeyOperations:
    """Performs `{"command": ...}`. `rotation_days` are the days between two rotations of the schedule.

    Every answer is of public things: the ring's private halves stay in the function.
    """

    def __init__(
        self,
        versions: KeyringVersions,
        key_sets: KeySetStore,
        policy: RotationPolicy,
        clock: Clock,
        audit: Audit,
        *,
        rotation_days: int,
        generate: Callable[[str, int], RingKey],
        remote: KeyService | None = None,
    ) -> None:
        self._remote = remote
        self._versions = versions
        self._key_sets = key_sets
        self._policy = policy
        self._rotation_days = rotation_days
        self._clock = clock
        self._audit = audit
        self._emergency = Emergency(versions, key_sets, policy, clock, audit, generate=generate)
        self._commands: dict[str, Callable[[Command], dict[str, Any]]] = {
            "describe": self._describe,
            "probe": self._probe,
            "rotate": self._rotate,
            "withdraw": self._withdraw,
        }

    def perform(self, command: Command) -> dict[str, Any]:
        """The answer to a command, `{"refused": <why>}` where nothing was done. Raises OAuthError where AWS fails.

        The schedule's `check` alone raises where the keys are not well: nobody reads its answer, but an alarm does.
        """
        name = str(command.get("command"))
        if name == "check":
            return self._check()
        try:
            return self._commands.get(name, _unknown)(command)
        except (RotationRefused, KeyringInvalid) as error:
            self._audit.record("key_command_refused", detail=str(error))
            return {"refused": str(error)}

    def _describe(self, _: Command) -> dict[str, Any]:
        return self._standing().document()

    def _probe(self, _: Command) -> dict[str, Any]:
        """A signature of each key that signs or will, over nothing: no token of ours is of this `typ`.

        Of those in KMS, by which only the token function may sign, whether they are there, and can.
        """
        signing = [key for key in self._standing().ring.keys if key.state in {KeyState.ACTIVE, KeyState.NEXT}]
        here = [key for key in signing if key.kms_key_arn is None]
        return {
            "probes": {key.kid: jwt.sign({"kid": key.kid}, typ="probe", signer=signer(key)) for key in here},
            "in_kms": {key.kid: self._is_in_kms(key) for key in signing if key.kms_key_arn is not None},
        }

    def _is_in_kms(self, key: RingKey) -> bool:
        try:
            return self._remote is not None and self._remote.public_jwk(key.alg, key.kms_key_arn or "") == key.jwk
        except OAuthError:
            return False

    def _rotate(self, command: Command) -> dict[str, Any]:
        active = command.get("active")
        if not (isinstance(active, list) and all(isinstance(kid, str) for kid in active)):
            raise RotationRefused("which keys are active has to be said")
        return self._changed(self._emergency.rotate(active))

    def _withdraw(self, command: Command) -> dict[str, Any]:
        change = self._emergency.withdraw(str(command.get("kid")))
        return {**self._changed(change), "state": change.state}

    def _check(self) -> dict[str, Any]:
        standing = self._standing()
        self._audit.record("keys_checked", key_age=standing.age, overdue=int(standing.overdue), detail=standing.fault)
        if standing.fault:
            raise RotationRefused(standing.fault)
        return {}

    def _changed(self, change: Change) -> dict[str, Any]:
        """The keys that sign now in place of others, and from when on every verifier can know them."""
        activated = []
        for key in change.activated:
            published = change.key_set.get(key.kid)
            known_at = published.published_at + self._policy.lead if published else None
            activated.append({"kid": key.kid, "alg": key.alg, "published_at": key.published_at, "known_at": known_at})
        return {"changed": change.changed, "activated": activated, **self._standing().document()}

    def _standing(self) -> Standing:
        ring = Keyring.parse(self._versions.current())
        return Standing(ring, self._key_sets.load(), self._policy, self._rotation_days, int(self._clock()))


def _unknown(_: Command) -> dict[str, Any]:
    raise RotationRefused("an unknown command")

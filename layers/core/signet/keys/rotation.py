"""Rotation in the four steps of Secrets Manager, each of which may be repeated or fail without harm."""

from signet import jwt
from signet.errors import OAuthError
from signet.jwt import JwtInvalid
from signet.keys.jwks import KeySetTooLarge, published_with
from signet.keys.keyring import Keyring, KeyringInvalid, signer
from signet.keys.making import KeyMaker
from signet.keys.transition import RotationPolicy, RotationPostponed, RotationRefused, rotated
from signet.model.key import KeyState
from signet.ports import Audit, Clock, KeyringVersions, KeyService, KeySetStore

__all__ = ["Rotation", "RotationPolicy", "RotationPostponed", "RotationRefused", "rotated"]

_CURRENT, _PENDING = "AWSCURRENT", "AWSPENDING"

_PUBLISH_ATTEMPTS = 5

_YOUNG = 86_400
"""Seconds in which a key that no ring uses may belong to a rotation that is not over."""


class Rotation:
    """The four steps. `version_id` is Secrets Manager's ClientRequestToken, the id of the pending version.

    `remote` is where keys of the ring are that have no private half in it, None where there are none.
    """

    def __init__(
        self,
        versions: KeyringVersions,
        key_sets: KeySetStore,
        policy: RotationPolicy,
        clock: Clock,
        audit: Audit,
        *,
        remote: KeyService | None = None,
    ) -> None:
        self._versions = versions
        self._key_sets = key_sets
        self._policy = policy
        self._clock = clock
        self._audit = audit
        self._remote = remote
        self._maker = KeyMaker(remote if policy.kms else None)
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
            pending = rotated(ring, self._key_sets.load(), self._policy, now, self._maker.named(version_id, now))
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
            if any(key_set.is_withdrawn(key.kid) for key in ring.keys):
                self._versions.abandon(version_id)
                raise RotationRefused("the version holds a key that has been withdrawn since: rotate again")
            try:
                published = published_with(key_set, ring, int(self._clock()))
            except KeySetTooLarge as error:
                raise RotationRefused(str(error)) from None
            if self._key_sets.publish(published):
                return
        raise RotationRefused("other rotations kept publishing at the same time")

    def _test(self, version_id: str) -> None:
        """Sign with every key that signs or will, verify with what is published.

        Of a key elsewhere, which only the token function may sign by, the public half is asked for once more: so it is
        there, enabled, and the one that is published.
        """
        ring, key_set = self._pending(version_id), self._key_sets.load()
        for key in ring.keys:
            if key.state is KeyState.VERIFY_ONLY:
                continue
            published = key_set.get(key.kid)
            if published is None:
                raise RotationRefused("a key of the ring is not published")
            if key.state is KeyState.RETIRING:
                continue
            if key.kms_key_arn is not None:
                if self._remote is None or self._remote.public_jwk(key.alg, key.kms_key_arn) != published.jwk:
                    raise RotationRefused("a key in KMS is not the one that is published")
                continue
            token = jwt.sign({"kid": key.kid}, typ="probe", signer=signer(key))
            found = (published.alg, published.jwk)
            jwt.verify(token, typ="probe", key_of={key.kid: found}.get)

    def _finish(self, version_id: str) -> None:
        """Make it current over the version that was current while this one was pending: looked for in that order."""
        stages = self._versions.stages()
        current = next((id_ for id_, found in stages.items() if _CURRENT in found), None)
        if current is None:
            raise RotationRefused("the secret has no current version")
        ring = self._pending(version_id)
        before = _active_kids(Keyring.parse(self._versions.current()))
        if before and self._is_late(ring, before):
            self._versions.abandon(version_id)
            raise RotationRefused("the version has waited too long: rotate again")
        self._versions.promote(version_id, current)
        if _active_kids(ring) != before:
            self._audit.record("keys_rotated", active_kids=_active_kids(ring), version_id=version_id)
        self._discard(ring, version_id)

    def _discard(self, ring: Keyring, version_id: str) -> None:
        """End the keys elsewhere that this ring needs no more, and those that no ring ever came to use.

        The rotation is over: what fails here is found again by the next one. A rotation that was given up a moment ago
        may still be taken up, so young keys stay.
        """
        if self._remote is None:
            return
        used = {key.kms_key_arn for key in ring.keys if key.kms_key_arn is not None}
        try:
            discarded = self._remote.discard(used, int(self._clock()) - _YOUNG)
        except OAuthError as error:
            self._audit.record("keys_not_discarded", version_id=version_id, detail=error.detail)
        else:
            if discarded:
                self._audit.record("keys_discarded", kms_key_arns=discarded, version_id=version_id)

    def _is_late(self, ring: Keyring, before: list[str]) -> bool:
        """Whether a key that has signed until now could leave the set before the last token that it signed expires.

        When it may leave was reckoned at createSecret, with a verifier's cache to spare.
        """
        successors = [key for key in ring.keys if key.state is KeyState.ACTIVE and key.kid not in before]
        return any(self._clock() > (key.activated_at or 0) + self._policy.verifier_cache for key in successors)

    def _pending(self, version_id: str) -> Keyring:
        document = self._versions.pending(version_id)
        ring = Keyring.parse(document) if document is not None else Keyring()
        if not ring.keys:
            raise RotationRefused("the pending version is empty: createSecret comes first")
        return ring


def _active_kids(ring: Keyring) -> list[str]:
    return [key.kid for key in ring.keys if key.state is KeyState.ACTIVE]

"""Keys in KMS as their rotation makes and ends them."""

from collections.abc import Collection, Iterator
from typing import Any

from signet.aws.failures import answered, calling, code
from signet.aws.kms import ALGORITHMS
from signet.errors import Reason
from signet.keys.public import jwk_of_der
from signet.ports import Clock

_SPECS = {"RS256": "RSA_2048", "PS256": "RSA_2048", "ES256": "ECC_NIST_P256"}

_KEYRING, _CREATED_AT = "signet:keyring", "signet:created_at"
"""Tags of a key: the secret whose ring it is for, which the functions' roles are bound to, and when it was made."""

_PENDING_DAYS = 30
"""Days in which a deletion can be taken back; the key signs no more and costs nothing."""

_MOST_TAGS_READ = 500
"""Keys whose tags are read at one rotation, in an account that has many without an alias."""


class KmsKeyService:
    """ports.KeyService on KMS. `kms` is a client of AWS, `secret_arn` the keyring secret's."""

    algs = frozenset(ALGORITHMS)

    def __init__(self, kms: Any, secret_arn: str, clock: Clock) -> None:
        self._kms = kms
        self._secret_arn = secret_arn
        self._prefix = f"alias/signet/{secret_arn.rpartition(':')[2]}/"
        self._clock = clock

    def create(self, alg: str, name: str) -> tuple[str, dict[str, str]]:
        """As ports.KeyService.create: the key's alias holds its name, by which a step that is repeated finds it."""
        alias = self._prefix + name
        key_arn = self._named(alias) or self._created(alg, alias)
        return key_arn, self.public_jwk(alg, key_arn)

    def public_jwk(self, alg: str, key_arn: str) -> dict[str, str]:
        """As ports.KeyService.public_jwk."""
        with calling("kms:GetPublicKey", Reason.SIGNER_UNAVAILABLE):
            answer = self._kms.get_public_key(KeyId=key_arn)
            if ALGORITHMS[alg] not in answer["SigningAlgorithms"]:
                raise ValueError("a key of another algorithm")
            return jwk_of_der(answer["PublicKey"])

    def discard(self, used: Collection[str], before: int) -> list[str]:
        """As ports.KeyService.discard."""
        return [key_arn for key_arn in self._unused(used, before) if self._scheduled(key_arn)]

    def _named(self, alias: str) -> str | None:
        for found in self._aliases():
            if found["AliasName"] == alias:
                return f"{found['AliasArn'].partition(':alias/')[0]}:key/{found['TargetKeyId']}"
        return None

    def _created(self, alg: str, alias: str) -> str:
        tags = {_KEYRING: self._secret_arn, _CREATED_AT: str(int(self._clock()))}
        with calling("kms:CreateKey", Reason.SIGNER_UNAVAILABLE):
            created = self._kms.create_key(
                KeySpec=_SPECS[alg],
                KeyUsage="SIGN_VERIFY",
                Description=f"Signs Signet's tokens by {alg}; its rotation alone makes and deletes it",
                Tags=[{"TagKey": name, "TagValue": value} for name, value in tags.items()],
            )
            key_arn = str(created["KeyMetadata"]["Arn"])
        with calling("kms:CreateAlias", Reason.SIGNER_UNAVAILABLE):
            try:
                self._kms.create_alias(AliasName=alias, TargetKeyId=key_arn)
            except answered() as error:
                if code(error) != "AlreadyExistsException":
                    raise
                # the same step at the same time was first, or this call's own first try; what is left over is discarded
                return self._named(alias) or key_arn
        return key_arn

    def _unused(self, used: Collection[str], before: int) -> Iterator[str]:
        """Keys of this ring, found by their tag: also those that never came to an alias."""
        named = {found["TargetKeyId"]: found["AliasName"] for found in self._aliases() if "TargetKeyId" in found}
        read = 0
        for key_arn in self._keys():
            others = not named.get(key_arn.rpartition("/")[2], self._prefix).startswith(self._prefix)
            if others or key_arn in used or read == _MOST_TAGS_READ:
                continue
            read += 1
            tags = self._tags(key_arn)
            if tags.get(_KEYRING) == self._secret_arn and int(tags.get(_CREATED_AT, before)) < before:
                yield key_arn

    def _scheduled(self, key_arn: str) -> bool:
        """Whether the key's deletion has been scheduled by this call."""
        with calling("kms:ScheduleKeyDeletion", Reason.SIGNER_UNAVAILABLE):
            try:
                self._kms.schedule_key_deletion(KeyId=key_arn, PendingWindowInDays=_PENDING_DAYS)
            except answered() as error:
                if code(error) not in {"KMSInvalidStateException", "NotFoundException"}:
                    raise
                return False
        return True

    def _tags(self, key_arn: str) -> dict[str, str]:
        with calling("kms:ListResourceTags", Reason.SIGNER_UNAVAILABLE):
            try:
                answer = self._kms.list_resource_tags(KeyId=key_arn)
            except answered() as error:
                # AWS's own keys do not tell, nor those whose policy keeps the account's roles out
                if code(error) not in {"AccessDeniedException", "NotFoundException", "KMSInvalidStateException"}:
                    raise
                return {}
            return {tag["TagKey"]: tag["TagValue"] for tag in answer["Tags"]}

    def _aliases(self) -> Iterator[dict[str, Any]]:
        marker: dict[str, str] = {}
        while True:
            with calling("kms:ListAliases", Reason.SIGNER_UNAVAILABLE):
                page = self._kms.list_aliases(Limit=100, **marker)
            yield from page["Aliases"]
            if not page.get("Truncated"):
                return
            marker = {"Marker": page["NextMarker"]}

    def _keys(self) -> Iterator[str]:
        marker: dict[str, str] = {}
        while True:
            with calling("kms:ListKeys", Reason.SIGNER_UNAVAILABLE):
                page = self._kms.list_keys(Limit=1000, **marker)
            yield from (key["KeyArn"] for key in page["Keys"])
            if not page.get("Truncated"):
                return
            marker = {"Marker": page["NextMarker"]}

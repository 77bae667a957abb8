"""The keyring in Secrets Manager: one secret, whose versions carry stages."""

from typing import Any

from signet.aws.failures import answered, calling, code
from signet.errors import Reason


class KeyringSecret:
    """ports.KeyringSource and ports.KeyringVersions on a secret. `secretsmanager` is a botocore client."""

    def __init__(self, secretsmanager: Any, secret_id: str) -> None:
        self._secretsmanager = secretsmanager
        self._secret_id = secret_id

    def current(self) -> str:
        """As ports.KeyringSource.current."""
        with calling("secretsmanager:GetSecretValue", Reason.KEYRING_UNAVAILABLE):
            answer = self._secretsmanager.get_secret_value(SecretId=self._secret_id, VersionStage="AWSCURRENT")
        return str(answer.get("SecretString", ""))

    def stages(self) -> dict[str, frozenset[str]]:
        """As ports.KeyringVersions.stages."""
        with calling("secretsmanager:DescribeSecret", Reason.KEYRING_UNAVAILABLE):
            answer = self._secretsmanager.describe_secret(SecretId=self._secret_id)
        return {version_id: frozenset(stages) for version_id, stages in answer["VersionIdsToStages"].items()}

    def pending(self, version_id: str) -> str | None:
        """As ports.KeyringVersions.pending; a version that is staged and not filled yet is not found."""
        with calling("secretsmanager:GetSecretValue", Reason.KEYRING_UNAVAILABLE):
            try:
                answer = self._secretsmanager.get_secret_value(SecretId=self._secret_id, VersionId=version_id)
            except answered() as error:
                if code(error) != "ResourceNotFoundException":
                    raise
                return None
        document: str | None = answer.get("SecretString")
        return document if "AWSPENDING" in answer.get("VersionStages", ()) else None

    def put_pending(self, version_id: str, document: str) -> None:
        """As ports.KeyringVersions.put_pending."""
        with calling("secretsmanager:PutSecretValue", Reason.KEYRING_UNAVAILABLE):
            self._secretsmanager.put_secret_value(
                SecretId=self._secret_id,
                ClientRequestToken=version_id,
                SecretString=document,
                VersionStages=["AWSPENDING"],
            )

    def abandon(self, version_id: str) -> None:
        """As ports.KeyringVersions.abandon."""
        with calling("secretsmanager:UpdateSecretVersionStage", Reason.KEYRING_UNAVAILABLE):
            try:
                self._secretsmanager.update_secret_version_stage(
                    SecretId=self._secret_id, VersionStage="AWSPENDING", RemoveFromVersionId=version_id
                )
            except answered() as error:
                # the stage is at another version already
                if code(error) not in {"InvalidParameterException", "InvalidRequestException"}:
                    raise

    def promote(self, version_id: str, previous: str) -> None:
        """As ports.KeyringVersions.promote."""
        with calling("secretsmanager:UpdateSecretVersionStage", Reason.KEYRING_UNAVAILABLE):
            self._secretsmanager.update_secret_version_stage(
                SecretId=self._secret_id,
                VersionStage="AWSCURRENT",
                MoveToVersionId=version_id,
                RemoveFromVersionId=previous,
            )

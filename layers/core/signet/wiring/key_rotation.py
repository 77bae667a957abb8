"""The function `key_rotation`: Secrets Manager's four steps, and the operators' commands."""

from collections.abc import Mapping
from typing import Any

from signet.aws import environ, sdk
from signet.aws.audit import EmbeddedMetricAudit
from signet.aws.key_sets import DynamoDbKeySetStore
from signet.aws.keyring_secret import KeyringSecret
from signet.aws.proxy import Payload
from signet.keys.making import KeyMaker
from signet.keys.operations import KeyOperations
from signet.keys.rotation import Rotation, RotationPolicy
from signet.ports import KeyService
from signet.wiring import adapters
from signet.wiring.http_function import Handler


def handler() -> Handler:
    """The function's handler."""
    dynamodb, secretsmanager = sdk.sdk_clients("dynamodb", "secretsmanager")
    versions = KeyringSecret(secretsmanager, environ.keyring_secret())
    key_sets = DynamoDbKeySetStore(dynamodb, environ.registry_table())
    policy = RotationPolicy(environ.verifier_cache(), environ.signing_algorithms(), environ.makes_keys_in_kms())
    audit = EmbeddedMetricAudit()
    remote = _key_service()
    rotation = Rotation(versions, key_sets, policy, adapters.clock, audit, remote=remote)
    operations = KeyOperations(
        versions,
        key_sets,
        policy,
        adapters.clock,
        audit,
        rotation_days=environ.key_rotation_days(),
        generate=KeyMaker(remote if policy.kms else None),
        remote=remote,
    )

    def rotate(event: Mapping[str, Any], context: object) -> Payload | None:
        audit.invoked(context)
        if "command" in event:
            return operations.perform(event)
        rotation.perform(str(event.get("Step")), str(event.get("ClientRequestToken")))
        return None

    return rotate


def _key_service() -> KeyService | None:
    """KMS, where keys of the ring may be there."""
    if not environ.reaches_kms():
        return None
    from signet.aws.kms_keys import KmsKeyService

    return KmsKeyService(sdk.patient_client("kms"), environ.keyring_secret(), adapters.clock)

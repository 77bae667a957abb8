"""Where everything is kept: the tables and the secret of the keys."""

from collections.abc import Iterator
from typing import Any

from signet_cli.checks.finding import Finding, Patient, fail, ok, warn

_RECOVERY = "--point-in-time-recovery-specification PointInTimeRecoveryEnabled=true"

_LATE = 86_400
"""Seconds after its day by which Secrets Manager has started a rotation."""


def tables(patient: Patient) -> Iterator[Finding]:
    """Whether the tables are protected against loss, and the short-lived one empties itself."""
    dynamodb = patient.stack.sdk_client("dynamodb")
    for name, table, protected in (
        ("registry table", patient.stack.registry_table, True),
        ("state table", patient.stack.state_table, False),
    ):
        described = dynamodb.describe_table(TableName=table)["Table"]
        faults = list(_table_faults(dynamodb, described, protected=protected))
        yield from (fail(name, found, advice) for found, advice in faults)
        if not faults:
            yield ok(name, f"{table} is active, encrypted, and can be recovered")
    described = dynamodb.describe_time_to_live(TableName=patient.stack.state_table)["TimeToLiveDescription"]
    if described.get("TimeToLiveStatus") in {"ENABLED", "ENABLING"} and described.get("AttributeName") == "expires_at":
        yield ok("time to live", "what has expired leaves the state table")
    else:
        yield fail(
            "time to live",
            "nothing ever leaves the state table, it grows for good",
            "switch time to live on for expires_at, as the template has it",
        )


def _table_faults(dynamodb: Any, described: dict[str, Any], *, protected: bool) -> Iterator[tuple[str, str]]:
    """What is the matter with a table, and what to do."""
    name = described["TableName"]
    if described["TableStatus"] != "ACTIVE":
        yield f"{name} is {described['TableStatus']}", "wait, and look again"
    for index in described.get("GlobalSecondaryIndexes", ()):
        if index.get("IndexStatus", "ACTIVE") != "ACTIVE":
            yield f"its index {index['IndexName']} is {index['IndexStatus']}", "wait: lists are incomplete until then"
    if protected and not described.get("DeletionProtectionEnabled"):
        yield (
            f"{name} can be deleted by one call",
            f"aws dynamodb update-table --table-name {name} --deletion-protection-enabled",
        )
    if described.get("SSEDescription", {}).get("Status", "ENABLED") not in {"ENABLED", "UPDATING"}:
        yield f"{name} is not encrypted by a key of KMS", "deploy the template again"
    backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    recovery = backups.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus")
    if recovery != "ENABLED":
        yield (
            f"{name} cannot be taken back to a moment before an accident",
            f"aws dynamodb update-continuous-backups --table-name {name} {_RECOVERY}",
        )


def rotation(patient: Patient) -> Iterator[Finding]:
    """Whether the keys rotate; their private halves are never read."""
    secret = patient.stack.sdk_client("secretsmanager").describe_secret(SecretId=patient.stack.keyring_secret)
    days = secret.get("RotationRules", {}).get("AutomaticallyAfterDays")
    last = _last_rotated(patient, secret)
    if not secret.get("RotationEnabled") or not days:
        yield fail("rotation", "the keys do not rotate", "deploy the template again: KeyringRotation switches it on")
    elif last is None:
        yield fail(
            "rotation",
            "it has never run: there is no key to sign with",
            f"aws secretsmanager rotate-secret --secret-id {patient.stack.keyring_secret}, then the function's log",
        )
    else:
        age = int(patient.clock() - last)
        told = f"every {days} days, last {age // 86_400} days ago"
        if age > days * 86_400 + _LATE:
            yield fail("rotation", f"{told}: overdue", "look at the log of the key rotation function")
        else:
            yield ok("rotation", told)
    pending = [stages for stages in secret.get("VersionIdsToStages", {}).values() if "AWSPENDING" in stages]
    if any("AWSCURRENT" not in stages for stages in pending):
        yield warn(
            "rotation",
            "one has begun and not ended",
            "look again in some minutes; then at the log of the key rotation function, which goes on where it stopped",
        )


def _last_rotated(patient: Patient, secret: dict[str, Any]) -> float | None:
    """When the keys last rotated, in epoch seconds: as AWS has it, or as the last key was published."""
    if last := secret.get("LastRotatedDate"):
        return float(last.timestamp())
    return max((key.published_at for key in patient.stack.key_sets().load().keys), default=None)

"""What those who operate it see: the stack's own state, logs and alarms."""

from collections.abc import Iterator

from signet_cli.checks.finding import Finding, Patient, fail, ok, skipped, warn

_AT_ONCE = 100
"""Alarms that one call describes."""


def stack(patient: Patient) -> Iterator[Finding]:
    """Whether its last change has ended, and well."""
    status = str(patient.described["StackStatus"])
    if status.endswith("_IN_PROGRESS"):
        yield warn("stack", f"it is {status}", "wait until its change has ended, and look again")
    elif status.endswith("_FAILED") or status == "ROLLBACK_COMPLETE":
        yield fail("stack", f"it is {status}", "look at its events in CloudFormation, and deploy again")
    elif "ROLLBACK" in status:
        yield warn("stack", f"it is {status}", "its last change was taken back: look at its events, and deploy again")
    else:
        yield ok("stack", f"it is {status}")


def logs(patient: Patient) -> Iterator[Finding]:
    """Whether every log group ends what it keeps."""
    if patient.local:
        yield skipped("logs", "the functions' logs are on the terminal")
        return
    groups = patient.resources("AWS::Logs::LogGroup")
    client = patient.stack.sdk_client("logs")
    endless, missing = [], []
    for name in groups:
        found = client.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        days = [group.get("retentionInDays") for group in found if group["logGroupName"] == name]
        endless += [name] if days == [None] else []
        missing += [] if days else [name]
    if missing or not groups:
        yield fail("logs", f"{', '.join(missing) or 'every log group'} is gone", "deploy the template again")
    elif endless:
        yield warn("logs", f"{', '.join(endless)} keeps everything for good", "deploy with LogRetentionDays")
    else:
        yield ok("logs", f"{len(groups)} log groups, each with an end")


def alarms(patient: Patient) -> Iterator[Finding]:
    """Whether somebody is told when something is wrong, and whether something is."""
    if patient.local:
        yield skipped("alarms", "nobody is woken for this machine")
        return
    names = patient.resources("AWS::CloudWatch::Alarm")
    client = patient.stack.sdk_client("cloudwatch")
    found = [
        alarm
        for start in range(0, len(names), _AT_ONCE)
        for alarm in client.describe_alarms(AlarmNames=names[start : start + _AT_ONCE])["MetricAlarms"]
    ]
    ringing = [alarm["AlarmName"] for alarm in found if alarm["StateValue"] == "ALARM"]
    if len(found) < len(names) or not names:
        yield fail("alarms", f"of {len(names)} alarms {len(found)} are there", "deploy the template again")
    if ringing:
        yield warn("alarms", f"{', '.join(ringing)} is in alarm", "look at its metric, and at docs/operating.md")
    if found and not all(alarm["ActionsEnabled"] and alarm.get("AlarmActions") for alarm in found):
        yield warn("alarms", "nobody is told of them", "deploy with AlarmTopicArn, and switch their actions on")
    elif found and not ringing:
        yield ok("alarms", f"{len(found)} are there, none rings, and somebody is told")

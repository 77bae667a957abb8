"""`signet doctor`: whether a deployment stands as it should, and what to do where it does not."""

import time
from typing import TYPE_CHECKING, Annotated

import typer

from signet_cli.stack import Local, Location, Profile, Region, StackName

if TYPE_CHECKING:
    from signet_cli.checks.finding import Check, Finding, Patient

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else, on standard output.")]


def doctor(
    *,
    as_json: AsJson = False,
    local: Local = False,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Look at a deployment from outside and inside: DNS, certificate, metadata, keys, clocks, tables, rotation, alarms.

    Also whether a client has a short secret. Each line says how it stands, and what to do. Nothing is changed, and no
    private key and no secret is read.

    Example: signet doctor --stack signet --json

    Exit codes: 0 nothing fails (something may warn), 1 something fails or is not possible, 2 wrong usage.
    """
    from signet_cli.aws_failure import aws_failures_told
    from signet_cli.checks.finding import State
    from signet_cli.display import print_json, print_rows

    location = Location(local, stack, profile, region)
    with aws_failures_told(location):
        patient = _patient(location)
    findings = [finding for check in _checks() for finding in _looked_at(check, patient, location)]
    if as_json:
        print_json(
            [
                {"check": each.check, "state": str(each.state), "found": each.found, "advice": each.advice}
                for each in findings
            ]
        )
    else:
        print_rows(
            ("check", "state", "found", "what to do"),
            [(each.check, each.state, each.found, each.advice) for each in findings],
        )
    if any(finding.state is State.FAIL for finding in findings):
        raise typer.Exit(1)


def _checks() -> "tuple[Check, ...]":
    """Every check, in the order in which one thing depends on another."""
    from signet_cli.checks import address, clients, documents, operation, storage

    return (
        operation.stack,
        address.dns,
        address.certificate,
        address.clocks,
        documents.metadata,
        documents.key_set,
        storage.tables,
        storage.rotation,
        clients.short_secrets,
        operation.logs,
        operation.alarms,
    )


def _patient(location: Location) -> "Patient":
    """The deployment, with the time that AWS says it is."""
    from signet_cli.checks.finding import Patient
    from signet_cli.stack import sdk_clients, stack_of

    sdk_client = sdk_clients(location)
    answer = sdk_client("cloudformation").describe_stacks(StackName=location.stack_name)
    described = {**answer["Stacks"][0], "date": answer["ResponseMetadata"]["HTTPHeaders"].get("date", "")}
    return Patient(stack_of(described, location, sdk_client), described, location.local, time.time)


def _looked_at(check: "Check", patient: "Patient", location: Location) -> "list[Finding]":
    """What a check finds; one that cannot look is a finding as well, and the others go on."""
    from signet_cli.aws_failure import aws_failures_told
    from signet_cli.checks.finding import fail
    from signet_cli.mistake import Mistake

    name = check.__name__.replace("_", " ")
    try:
        with aws_failures_told(location):
            return list(check(patient))
    except Mistake as mistake:
        found, _, advice = str(mistake).partition(": ")
        return [fail(name, found, advice or "put that right, and look again")]

"""`signet keys`: what the signing keys wait for, and what an operator does with them."""

import time
from typing import Annotated, Any

import typer

from signet_cli.dashed import TakesId
from signet_cli.mistake import Mistake
from signet_cli.stack import DryRun, Local, Location, Profile, Region, Stack, StackName, opened

app = typer.Typer(no_args_is_help=True, help="List, rotate, withdraw and verify the signing keys.")

PATIENCE = 120
"""Seconds in which a rotation that Secrets Manager has started is waited for."""

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else, on standard output.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


@app.command(name="list")
def list_keys(
    *,
    as_json: AsJson = False,
    local: Local = False,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """List the keys: what state each is in, since when, and what it waits for.

    Example: signet keys list --stack signet
    """
    from signet_cli.display import print_json, print_rows
    from signet_cli.key_display import COLUMNS, rows, warnings

    with opened(Location(local, stack, profile, region)) as found:
        described = found.key_function({"command": "describe"})
    if as_json:
        print_json(described)
        return
    print_rows(COLUMNS, rows(described))
    for warning in warnings(described):
        typer.echo(f"warning: {warning}", err=True)


@app.command()
def rotate(
    *,
    force: Annotated[
        bool, typer.Option("--force", help="Do not wait until every verifier can know the next key.")
    ] = False,
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    local: Local = False,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Let the next keys sign, as the schedule does. Asked for too early, nothing is changed and the time is said.

    With --force they sign too early all the same; who fails then, and until when, is shown before it is asked. Where
    ring and key set differ, as after a table was restored, the ring is published anew at any time.

    Example: signet keys rotate --force --dry-run
    """
    from signet_cli.display import print_json
    from signet_cli.key_display import coming, differs, forced_warning, signing_lines, too_early
    from signet_cli.question import confirmed

    with opened(Location(local, stack, profile, region, dry_run)) as found:
        described = found.key_function({"command": "describe"})
        early = too_early(described)
        if early and not force and not differs(described):
            raise Mistake(f"nothing was changed: {early}")
        if early and force:
            typer.echo(forced_warning(described), err=True)
            if not (yes or dry_run or confirmed("Rotate now?")):
                raise Mistake("nothing was changed: answer y, or take --yes")
        changed = _not_rotated(described) if dry_run else _rotated(found, described, early=bool(early), force=force)
    if as_json:
        print_json(changed)
    else:
        for line in signing_lines(changed) if not dry_run else [f"{kid} would sign." for kid in coming(described)]:
            print(line)


@app.command(cls=TakesId)
def withdraw(
    kid: Annotated[
        str, typer.Argument(metavar="KID", show_default=False, help="The key, as `signet keys list` has it.")
    ],
    *,
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    local: Local = False,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Take a compromised key out of ring and key set now, for good. Every token that it signed ends.

    What that breaks is shown before it is asked, and afterwards for how long caches may still accept the key.

    Example: signet keys withdraw c3XmsuQO5l5j80A69kQ2bRP3-FFVInLxW675sFxHcIM --dry-run
    """
    from signet_cli.display import print_json, printable
    from signet_cli.key_display import consequences, signing_lines, still_accepted
    from signet_cli.question import confirmed

    with opened(Location(local, stack, profile, region, dry_run)) as found:
        described = found.key_function({"command": "describe"})
        for line in consequences(described, kid):
            typer.echo(line, err=True)
        if not (yes or dry_run or confirmed(f"Withdraw the key {printable(kid)}?")):
            raise Mistake("nothing was withdrawn: answer y, or take --yes")
        changed = found.key_function({"command": "withdraw", "kid": kid}) if not dry_run else _not_rotated(described)
    until = {} if dry_run else still_accepted(changed, kid)
    if as_json:
        print_json({"kid": kid, **changed, "still_accepted": until})
    elif dry_run:
        print(f"{printable(kid)} would be withdrawn.")
    else:
        print(f"{'Withdrawn' if changed['changed'] else 'Withdrawn before, nothing was changed'}: {printable(kid)}")
        for line in (*signing_lines(changed), *(f"{who}: {what}" for who, what in until.items())):
            print(line)


@app.command()
def verify(
    *,
    cache: Annotated[
        int, typer.Option(metavar="SECONDS", min=0, help="How long your slowest verifier keeps the key set.")
    ] = 7_200,
    as_json: AsJson = False,
    local: Local = False,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Fetch metadata and key set as a verifier does, hold them against the ring, and verify a signature of each key.

    Example: signet keys verify --cache 43200
    """
    from signet_cli.display import print_json, print_rows
    from signet_cli.key_checks import checked

    with opened(Location(local, stack, profile, region)) as found:
        checks = checked(found.issuer, found.key_function, cache)
    if as_json:
        print_json([{"check": check.name, "result": check.result, "detail": check.detail} for check in checks])
    else:
        print_rows(("check", "result", "detail"), [(check.name, check.result, check.detail) for check in checks])
    if failed := [check.name for check in checks if check.result == "fault"]:
        raise Mistake(f"the keys are not well: {', '.join(failed)}")


def _active(described: dict[str, Any]) -> list[str]:
    return [key["kid"] for key in described["keys"] if key["state"] == "active"]


def _not_rotated(described: dict[str, Any]) -> dict[str, Any]:
    return {"changed": False, "activated": [], **described}


def _rotated(stack: Stack, before: dict[str, Any], *, early: bool, force: bool) -> dict[str, Any]:
    """What has become of the ring: by the function itself, or once Secrets Manager has taken its four steps."""
    active = _active(before)
    due = [key.get("due_at") for key in before["keys"] if key["state"] == "next"]
    turns = not early and any(at is not None and at <= before["now"] for at in due)
    if early and force:
        return stack.key_function({"command": "rotate", "active": active})
    stack.sdk_client("secretsmanager").rotate_secret(SecretId=stack.keyring_secret)
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        described = stack.key_function({"command": "describe"})
        published = described["key_set"]["version"] > before["key_set"]["version"]
        if set(_active(described)) != set(active) if turns else published:
            activated = [key for key in described["keys"] if key["state"] == "active" and key["kid"] not in active]
            return {"changed": True, "activated": activated, **described}
        time.sleep(1)
    raise Mistake("the rotation has not finished: see the log of the rotation function, and `signet keys list`")

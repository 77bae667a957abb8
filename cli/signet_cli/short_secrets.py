"""`signet clients short-secrets`: who still has a secret that people of another system chose."""

import time
from typing import Annotated

import typer

from signet_cli.mistake import Mistake
from signet_cli.stack import DryRun, Local, Location, Profile, Region, StackName, opened

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else, on standard output.")]


def short_secrets(
    *,
    finish: Annotated[
        bool, typer.Option("--finish", help="With no short secret left, refusals are quick again.")
    ] = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    local: Local = False,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """List the clients that can authenticate by a short secret, since when and until when.

    While there may be some, each refused authentication of a client takes half a second, whoever it was about, so that
    nobody learns by the time who has one. `signet clients rotate-secret` gives a client a long one; --finish ends the
    wait once no short one is left.

    Example: signet clients short-secrets --finish

    Exit codes: 0 done, 1 not possible: some are left, 2 wrong usage.
    """
    from signet_cli.aws_failure import record_told
    from signet_cli.display import moment, print_json, print_rows
    from signet_cli.kept_secrets import living, with_short_secrets

    now = time.time()
    with opened(Location(local, stack, profile, region, dry_run)) as found:
        registry = found.registry()
        broken: list[str] = []
        left = with_short_secrets(registry.list(lambda error: broken.append(record_told(error))), now)
        if finish and (left or broken):
            raise Mistake(*broken, *([_left(len(left))] if left else []))
        if finish:
            registry.note_short_secrets(None)
    if as_json:
        secrets = {
            client.client_id: [
                {"created_at": secret.created_at, "expires_at": secret.expires_at or 0}
                for secret in living(client, now)
            ]
            for client in left
        }
        print_json({"clients": secrets, "finished": finish and not dry_run})
    elif left:
        print_rows(
            ("client_id", "client_name", "created", "expires"),
            [
                (client.client_id, client.client_name, moment(secret.created_at), _end(secret.expires_at))
                for client in left
                for secret in living(client, now)
            ],
        )
    else:
        print("No client has a short secret.")
    if broken:
        raise Mistake(*broken)


def _left(number: int) -> str:
    if number == 1:
        return "1 client has a short secret: `signet clients rotate-secret` gives it a long one"
    return f"{number} clients have a short secret: `signet clients rotate-secret` gives each a long one"


def _end(expires_at: int | None) -> str:
    from signet_cli.display import moment

    return "never" if expires_at is None else moment(expires_at)

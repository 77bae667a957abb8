"""`signet grants`: which applications act for whom, and an end to it."""

import time
from typing import TYPE_CHECKING, Annotated

import typer

from signet_cli.dashed import TakesId
from signet_cli.mistake import Mistake
from signet_cli.stack import Local, Location, Profile, Region, Stack, StackName, opened

if TYPE_CHECKING:
    from signet.aws.grants import DynamoDbGrantStore
    from signet.model.grant import Grant
    from signet_cli.held import HeldGrant

app = typer.Typer(no_args_is_help=True, help="List what users let applications do for them, and revoke it.")

ClientId = Annotated[
    str | None, typer.Option("--client", metavar="CLIENT_ID", show_default=False, help="Those of one client alone.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else, on standard output.")]

AFTERWARDS = (
    "No refresh token of it is accepted any more. Access tokens are refused at userinfo and introspection at once, and"
    " elsewhere when they expire."
)


@app.command(name="list")
def list_grants(
    user: Annotated[str, typer.Argument(metavar="USER", show_default=False, help="User name, or sub.")],
    *,
    client: ClientId = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Also what is revoked or over and not deleted yet.")
    ] = False,
    as_json: AsJson = False,
    local: Local = False,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """List the grants of a user: client, scope, since when, when last refreshed, until when.

    A grant is one sign-in at one application and all that came of it. One that began a moment ago may be missing.

    Example: signet grants list ada --client bookshop
    """
    from signet_cli.display import print_json, print_rows, printable
    from signet_cli.held import COLUMNS, held, living

    now = int(time.time())
    with opened(Location(local, stack, profile, region)) as found:
        every = held(found, _of_user(found, user, client, now), now)
    shown = every if everything else list(living(every))
    if as_json:
        print_json([each.members() for each in shown])
    elif shown:
        print_rows(COLUMNS, (each.row() for each in shown))
    else:
        typer.echo(f"Nothing that {printable(user)} has granted is alive.", err=True)


@app.command(cls=TakesId)
def revoke(
    grant_id: Annotated[
        str | None,
        typer.Argument(metavar="GRANT_ID", show_default=False, help="One grant."),
    ] = None,
    *,
    user: Annotated[
        str | None, typer.Option(metavar="USER", show_default=False, help="Every grant of a user, by name or sub.")
    ] = None,
    client: ClientId = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List what would be revoked, and revoke nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: AsJson = False,
    local: Local = False,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Revoke one grant, all of a user, or all that a user has given one client.

    The user's consent stays, so the application need not ask again: `signet users revoke` takes that back.

    Example: signet grants revoke --user ada --dry-run
    """
    from signet_cli.display import print_json, print_rows
    from signet_cli.held import COLUMNS, counted, held, living

    if (grant_id is None) == (user is None):
        raise typer.BadParameter("name one GRANT_ID, or a user by --user")
    if client and not user:
        raise typer.BadParameter("--client goes with --user")
    now = int(time.time())
    with opened(Location(local, stack, profile, region)) as found:
        grants = found.grants()
        named = [_named(grants, grant_id, now)] if grant_id else _of_user(found, user or "", client, now)
        concerned = list(living(held(found, named, now)))
        if concerned and not dry_run:
            _ask(concerned, yes=yes)
            for each in concerned:
                grants.revoke(each.grant.grant_id, int(time.time()))
    if as_json:
        print_json([{**each.members(), "state": each.state if dry_run else "revoked"} for each in concerned])
    elif not concerned:
        print("There is nothing to revoke.")
    elif dry_run:
        print_rows(COLUMNS, (each.row() for each in concerned))
        print(f"\n{counted(len(concerned), 'grant')} would be revoked; nothing was.")
    else:
        print(f"Revoked {counted(len(concerned), 'grant')}. {AFTERWARDS}")


def _named(grants: "DynamoDbGrantStore", grant_id: str, now: int) -> "Grant":
    grant = grants.get(grant_id, now)
    if grant is None:
        raise Mistake(f"there is no grant {grant_id}: `signet grants list` names those of a user")
    return grant


def _of_user(found: Stack, user: str, client_id: str | None, now: int) -> "list[Grant]":
    from signet_cli.held import subject

    sub, _ = subject(found.users(), found.grants(), user, now)
    return [grant for grant in found.grants().of_subject(sub, now) if client_id in (None, grant.client_id)]


def _ask(concerned: "list[HeldGrant]", *, yes: bool) -> None:
    """Raises Mistake unless it is wanted."""
    from signet_cli.display import printable
    from signet_cli.held import counted
    from signet_cli.question import confirmed

    clients = ", ".join(printable(client_id) for client_id in sorted({each.grant.client_id for each in concerned}))
    subs = ", ".join(printable(sub) for sub in sorted({each.grant.sub for each in concerned}))
    if not yes and not confirmed(f"Revoke {counted(len(concerned), 'grant')} of {subs} at {clients}?"):
        raise Mistake("nothing was revoked: answer y, or take --yes")

"""`signet users`: what operators do to the people who sign in."""

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from signet_cli.metadata_options import with_claims
from signet_cli.mistake import Mistake
from signet_cli.stack import DryRun, Local, Location, Profile, Region, StackName, opened

if TYPE_CHECKING:
    from signet.errors import OAuthError
    from signet.model.user import User

app = typer.Typer(no_args_is_help=True, help="Create, list, show, change, disable and delete users.")

Username = Annotated[str, typer.Argument(metavar="USER", show_default=False, help="User name, or sub.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else, on standard output.")]
FromStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input instead of asking for it.")
]
Claim = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME=TEXT", show_default=False, help="A claim, once for each: email=alice@example.com."),
]
ClaimsFile = Annotated[
    str | None, typer.Option("--claims", metavar="FILE|-", show_default=False, help="Claims as a JSON object.")
]


@app.command()
def create(
    username: Annotated[
        str, typer.Argument(metavar="USERNAME", show_default=False, help="What the user signs in with.")
    ],
    *,
    claim: Claim = None,
    claims: ClaimsFile = None,
    sub: Annotated[
        str | None, typer.Option(metavar="ID", help="A subject of your own instead of a random one; it never changes.")
    ] = None,
    password_stdin: FromStdin = False,
    as_json: AsJson = False,
    local: Local = False,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Create a user. The password is asked for, unseen and twice, or read from standard input.

    Claims are those of OpenID Connect Core section 5.1 and any others, from a file, from options, or from both:
    options override the file. Which scope opens which claim is the catalogue's: `signet scopes`.

    Example: signet users create ada --claim email=ada@example.com
    """
    from signet_cli.password_input import read_password
    from signet_cli.people import create_user

    given = _claims(claim, claims, password_stdin=password_stdin)
    password = read_password(from_stdin=password_stdin)
    with opened(Location(local, stack, profile, region)) as found:
        user = create_user(found.users(), username, password, given, time.time, sub=sub)
    _print_user(user, as_json=as_json)


@app.command(name="list")
def list_users(
    *,
    as_json: AsJson = False,
    local: Local = False,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """List every user; one who was created a moment ago may be missing.

    A record that cannot be used is told and left out; the exit code is 1 then.

    Example: signet users list --json
    """
    from signet_cli.aws_failure import record_told
    from signet_cli.display import moment, print_json, print_rows

    broken: list[OAuthError] = []
    with opened(Location(local, stack, profile, region)) as found:
        users = sorted(found.users().list(broken.append), key=lambda user: user.username.casefold())
    if as_json:
        print_json([_members(user) for user in users])
    elif users:
        print_rows(
            ("username", "sub", "name", "email", "disabled", "created_at"),
            [
                (
                    user.username,
                    user.sub,
                    str(user.claims.get("name", "")),
                    str(user.claims.get("email", "")),
                    "yes" if user.disabled else "no",
                    moment(user.created_at),
                )
                for user in users
            ],
        )
    elif not broken:
        typer.echo("There are no users yet: `signet users create` makes one.", err=True)
    if broken:
        raise Mistake(*map(record_told, broken))


@app.command()
def show(
    username: Username,
    *,
    as_json: AsJson = False,
    local: Local = False,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Show a user and their claims.

    Example: signet users show ada@example.com
    """
    from signet_cli import people

    with opened(Location(local, stack, profile, region)) as found:
        user = people.found(found.users(), username)
    _print_user(user, as_json=as_json)


@app.command()
def disable(
    username: Username,
    *,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    local: Local = False,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Keep a user from signing in, until they are enabled again.

    Their sessions count no more. A grant of theirs that an application tries to refresh meanwhile ends for good. Access
    tokens are refused at userinfo and introspection at once, and elsewhere when they expire.

    Example: signet users disable ada
    """
    from signet_cli import hanging
    from signet_cli.people import set_disabled

    with opened(Location(local, stack, profile, region, dry_run)) as found:
        user = set_disabled(found.users(), username, disabled=True)
        there = hanging.of_user(found, user.sub, int(time.time()))
    _print_user(user, as_json=as_json, **there.members())
    if not as_json:
        print(
            f"\n{there} are refused from now on, each grant at its next refresh; access tokens at userinfo and"
            " introspection at once, and elsewhere when they expire. `signet grants revoke` ends grants for good."
        )


@app.command()
def enable(
    username: Username,
    *,
    as_json: AsJson = False,
    local: Local = False,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Let a user sign in again.

    Example: signet users enable ada
    """
    from signet_cli.people import set_disabled

    with opened(Location(local, stack, profile, region)) as found:
        user = set_disabled(found.users(), username, disabled=False)
    _print_user(user, as_json=as_json)


@app.command(name="set-password")
def set_user_password(
    username: Username,
    *,
    password_stdin: FromStdin = False,
    revoke_grants: Annotated[
        bool, typer.Option("--revoke-grants", help="The old one was known to others: end what was granted with it.")
    ] = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    local: Local = False,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Give a user another password, asked for unseen and twice, or read from standard input.

    Sessions that were begun by the old one end. Grants go on, those that somebody else has given with it as well, but
    for --revoke-grants, which ends every one of the user.

    Example: pwgen -s 20 1 | signet users set-password ada --password-stdin
    """
    from signet_cli import hanging
    from signet_cli.password_input import read_password
    from signet_cli.people import set_password

    password = read_password(from_stdin=password_stdin)
    with opened(Location(local, stack, profile, region, dry_run)) as found:
        user = set_password(found.users(), username, password, time.time)
        there = hanging.of_user(found, user.sub, int(time.time()))
        if revoke_grants:
            hanging.end(found, there, time.time)
    _print_user(user, as_json=as_json, **there.members())
    if not as_json:
        ended = (
            f"{there} end" if revoke_grants else f"of {there} the sessions end, and --revoke-grants ends the grants too"
        )
        print(f"\nWith the old password {ended}.")


@app.command(name="set-claims")
def set_user_claims(
    username: Username,
    *,
    claim: Claim = None,
    claims: ClaimsFile = None,
    remove: Annotated[
        list[str] | None, typer.Option(metavar="NAME", show_default=False, help="Take out a claim, once for each.")
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Take out every claim that is not given.")] = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    local: Local = False,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Set claims of a user by name, from a file, from options, or from both; the others stay as they are.

    Example: signet users set-claims ada --claim locale=fr --remove nickname
    """
    from signet_cli.people import set_claims

    given = _claims(claim, claims)
    if not (given or remove or replace):
        raise typer.BadParameter("name what to change: --claim, --claims, --remove or --replace")
    with opened(Location(local, stack, profile, region, dry_run)) as found:
        user = set_claims(found.users(), username, given, remove or [], time.time, alone=replace)
    _print_user(user, as_json=as_json)


@app.command()
def delete(
    username: Username,
    *,
    dry_run: DryRun = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: AsJson = False,
    local: Local = False,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Delete a user, what they have allowed, their sessions and their grants. Their sub is best never given again.

    Example: signet users delete ada --dry-run
    """
    from signet_cli import hanging, people
    from signet_cli.display import print_json, printable
    from signet_cli.question import confirmed

    with opened(Location(local, stack, profile, region, dry_run)) as found:
        users = found.users()
        user = people.found(users, username)
        named = f"{printable(user.username)} ({printable(user.sub)})"
        there = hanging.of_user(found, user.sub, int(time.time()))
        if not (dry_run or yes) and not confirmed(f"Delete {named}? {there} end with it."):
            raise Mistake("nothing was deleted: answer y, or take --yes")
        if not dry_run:
            if not users.delete(user.sub):
                raise people.unknown(username)
            hanging.end(found, there, time.time)
    if as_json:
        print_json({"sub": user.sub, "username": user.username, "deleted": not dry_run, **there.members()})
    elif dry_run:
        print(f"{named} would be deleted, and {there} would end; nothing was deleted.")
    else:
        print(f"Deleted {printable(user.username)}; {there} ended.")
        print("Access tokens are refused at userinfo and introspection at once, and elsewhere when they expire.")


def _claims(options: list[str] | None, file: str | None, *, password_stdin: bool = False) -> dict[str, Any]:
    """The file's claims with those of the options over them."""
    from signet_cli.document import read_document
    from signet_cli.user_claims import typed

    if file == "-" and password_stdin:
        raise typer.BadParameter("standard input holds the claims or the password, not both")
    document = read_document(file, "claims") if file else {}
    return document | typed(with_claims({}, options) or {})


def _members(user: "User") -> dict[str, Any]:
    """A user without their password's hash; times in epoch seconds."""
    return {
        "sub": user.sub,
        "username": user.username,
        "disabled": user.disabled,
        "created_at": user.created_at,
        "password_changed_at": user.password_changed_at,
        "claims": dict(user.claims),
    }


def _print_user(user: "User", *, as_json: bool, **more: int) -> None:
    from signet_cli.display import print_json, print_members

    members = {**_members(user), **more}
    if as_json:
        print_json(members)
        return
    claims = members.pop("claims")
    print_members([*members.items(), *claims.items()])


@app.command()
def consents(
    username: Username,
    *,
    as_json: AsJson = False,
    local: Local = False,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """List what a user has allowed which clients, and since when.

    Example: signet users consents ada
    """
    from dataclasses import asdict

    from signet_cli import display, people

    with opened(Location(local, stack, profile, region)) as found:
        user = people.found(found.users(), username)
        allowed = list(found.consents().of_user(user.sub)[1])
    if as_json:
        display.print_json([asdict(consent) for consent in allowed])
    elif not allowed:
        print("nothing has been allowed to any client")
    else:
        rows = ((each.client_id, " ".join(each.scope), display.moment(each.granted_at)) for each in allowed)
        display.print_rows(("client_id", "scope", "granted_at"), rows)


@app.command()
def revoke(
    username: Username,
    client_id: Annotated[
        str, typer.Argument(metavar="CLIENT_ID", show_default=False, help="The client whose consent is taken back.")
    ],
    *,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    local: Local = False,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Take back what a user has allowed a client, and end the grants that came of it, as the account page does.

    The next time it asks, the user is asked. Access tokens are refused at userinfo and introspection at once, and
    elsewhere when they expire.

    Example: signet users revoke ada bookshop --dry-run
    """
    from signet.people.exits import Exits
    from signet_cli import people
    from signet_cli.display import print_json
    from signet_cli.held import counted

    with opened(Location(local, stack, profile, region, dry_run)) as found:
        user = people.found(found.users(), username)
        if not (found.consents().get(user.sub, client_id)[1] and found.consents().delete(user.sub, client_id)):
            raise Mistake(
                f"{user.username} has allowed nothing to a client {client_id}: `signet users consents` lists it"
            )
        ended = Exits(found.sessions(), found.grants(), time.time).withdraw(user.sub, client_id, found.consents())
    if as_json:
        print_json({"sub": user.sub, "client_id": client_id, "revoked": not dry_run, "grants": len(ended)})
    elif dry_run:
        print(f"It would be revoked, and {counted(len(ended), 'grant')} with it.")
    else:
        print(f"Revoked, and {counted(len(ended), 'grant')} with it.")

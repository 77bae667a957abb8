"""`signet users sessions` and `signet users sign-out`: where somebody is signed in, and an end to it."""

import time
from typing import TYPE_CHECKING, Annotated

import typer

from signet_cli.mistake import Mistake
from signet_cli.stack import Local, Location, Profile, Region, StackName, opened

if TYPE_CHECKING:
    from collections.abc import Iterable

    from signet.model.session import Session

Username = Annotated[str, typer.Argument(metavar="USER", show_default=False, help="User name, or sub.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else, on standard output.")]


def sessions(
    username: Username,
    *,
    as_json: AsJson = False,
    local: Local = False,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """List the browsers in which a user is signed in; one of a moment ago may be missing.

    Example: signet users sessions ada
    """
    from signet_cli import display, people

    with opened(Location(local, stack, profile, region)) as found:
        user = people.found(found.users(), username)
        open_sessions = _oldest_first(found.sessions().of_subject(user.sub, int(time.time())))
    if as_json:
        display.print_json([_members(session) for session in open_sessions])
    elif not open_sessions:
        typer.echo(f"{display.printable(user.username)} is signed in nowhere.", err=True)
    else:
        rows = (
            (each.sid, display.moment(each.auth_time), display.moment(_end(each)), each.user_agent)
            for each in open_sessions
        )
        display.print_rows(("sid", "signed in", "ends", "user_agent"), rows)


def sign_out(
    username: Username,
    sid: Annotated[
        str | None, typer.Argument(metavar="SID", show_default=False, help="One session; else every one of the user.")
    ] = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would end, and end nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: AsJson = False,
    local: Local = False,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Sign a user out, in one browser or in all, as they can themselves on their account page.

    Grants that were given in the session end with it, but for those with the scope offline_access.

    Example: signet users sign-out ada --dry-run
    """
    from signet.people.exits import Exits
    from signet_cli import people
    from signet_cli.display import print_json, printable
    from signet_cli.held import counted
    from signet_cli.question import confirmed

    with opened(Location(local, stack, profile, region)) as found:
        user = people.found(found.users(), username)
        store = found.sessions()
        all_of_them = _oldest_first(store.of_subject(user.sub, int(time.time())))
        concerned = [session for session in all_of_them if sid in (None, session.sid)]
        if sid and not concerned:
            raise Mistake(f"{user.username} has no session {sid}: `signet users sessions` names them")
        number, revoked = counted(len(concerned), "session"), 0
        if concerned and not (dry_run or yes) and not confirmed(f"End {number} of {printable(user.username)}?"):
            raise Mistake("nobody was signed out: answer y, or take --yes")
        exits = Exits(store, found.grants(), time.time)
        for session in () if dry_run else concerned:
            revoked += len(exits.sign_out(session))
    if as_json:
        print_json([_members(session) for session in concerned])
    elif dry_run:
        print(f"{number} of {printable(user.username)} would end; nothing did.")
    else:
        print(f"Ended {number}, and {counted(revoked, 'grant')} with them.")


def _oldest_first(found: "Iterable[Session]") -> "list[Session]":
    return sorted(found, key=lambda session: (session.auth_time, session.sid))


def _end(session: "Session") -> int:
    return min(session.expires_at, session.ends_at)


def _members(session: "Session") -> dict[str, object]:
    """For machines: nothing that opens the session; times in epoch seconds."""
    return {
        "sid": session.sid,
        "sub": session.sub,
        "auth_time": session.auth_time,
        "acr": session.acr,
        "amr": list(session.amr),
        "expires_at": _end(session),
        "user_agent": session.user_agent,
    }

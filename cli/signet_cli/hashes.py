"""`signet users hashes`: whose password is still hashed as another system did it."""

from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer

from signet_cli.mistake import Mistake
from signet_cli.stack import DryRun, Local, Location, Profile, Region, StackName, opened

if TYPE_CHECKING:
    from signet.model.user import User

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else, on standard output.")]


def hashes(
    *,
    finish: Annotated[
        bool, typer.Option("--finish", help="The import is over: with no such hash left, refusals are quick again.")
    ] = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    local: Local = False,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Count the users by how their password is hashed; each is made anew when they sign in.

    While there may be imported hashes, each refused sign-in takes a second, whoever it was about, so that nobody learns
    by the time who exists. --finish ends that once none is left; users who never come need a new password before.

    Example: signet users hashes --finish

    Exit codes: 0 done, 1 not possible: some are left, 2 wrong usage.
    """
    from signet_cli.display import print_json, print_rows

    with opened(Location(local, stack, profile, region, dry_run)) as found:
        users = found.users()
        counted = Counter(map(_scheme, users.list()))
        left = counted.total() - counted[_OURS] - counted[_NONE]
        if finish and left:
            raise Mistake(f"{left} imported hashes are left: have their owners sign in, or set them a new password")
        if finish:
            users.note_imported_hashes(None)
    if as_json:
        print_json({"hashes": dict(sorted(counted.items())), "imported": left, "finished": finish and not dry_run})
        return
    print_rows(("hash", "users"), [(scheme, str(count)) for scheme, count in sorted(counted.items())])
    print(f"\nOf {counted.total()} users {left} have not signed in since they were imported.")


_OURS, _NONE = "argon2id", "none"


def _scheme(user: "User") -> str:
    """How a user's password is hashed; `argon2id` for the parameters of today."""
    from signet.people import passwords
    from signet.people.imported_hashes import HashRefused, scheme_of

    if not user.password_hash:
        return _NONE
    if not passwords.needs_rehash(user.password_hash):
        return _OURS
    try:
        return f"{scheme_of(user.password_hash).name}, imported"
    except HashRefused:
        return "unreadable"

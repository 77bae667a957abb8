"""`signet users import` and `signet clients import`: many records from one file."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from signet_cli.mistake import Mistake
from signet_cli.rows import Format, RowsFile, rows_file
from signet_cli.stack import Local, Location, Profile, Region, Stack, StackName, opened

if TYPE_CHECKING:
    from signet_cli.importing import Pace, Take, Tally

PARTLY = 3
"""Exit code where some rows were not taken in."""

INTERRUPTED = 130
"""Exit code after Ctrl-C, as of every shell."""

File = Annotated[str, typer.Argument(metavar="FILE", show_default=False, help="A CSV, JSON or JSON Lines file.")]
GivenFormat = Annotated[
    Format | None, typer.Option("--format", show_default=False, help="How it is written; by default as its name ends.")
]
Rate = Annotated[float, typer.Option(min=0.1, max=1_000, metavar="N", help="Writes a second, at most.")]
Report = Annotated[
    bool, typer.Option("--report", help="Write the rows that were not taken in, and why, to FILE.report.csv.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check every row and write nothing.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else, on standard output.")]


def import_clients(
    file: File,
    *,
    format_: GivenFormat = None,
    rate: Rate = 50.0,
    report: Report = False,
    new_secrets: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            show_default=False,
            help="Make secrets for clients with none or a short one; put them there.",
        ),
    ] = None,
    keep_short_secrets: Annotated[
        bool, typer.Option("--keep-short-secrets", help="Keep secrets of 8 to 31 characters; guesses are slowed.")
    ] = False,
    short_secrets_until: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", show_default=False, help="The day (UTC) on which these end."
        ),
    ] = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    local: Local = False,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Register the clients of a file under the client_id and with the client_secret that they have.

    Columns and members are those of `signet clients create`; in a CSV lists are separated by spaces and claims are a
    JSON object. A client that is there already is left as it is, so the same file can be given again after an
    interruption; what differs from the file is told as a conflict. A secret of fewer than 32 characters is not kept:
    --new-secrets has another made, for the partner to change to ahead of the day. --keep-short-secrets keeps those of 8
    and more: each such client authenticates more slowly, and `signet clients short-secrets` says whose are left.

    Example: signet clients import partners.csv --dry-run --report

    Exit codes: 0 all are there, 1 not possible, 2 wrong usage, 3 some rows were not taken in, 130 interrupted.
    """
    from signet_cli.client_import import ClientImport
    from signet_cli.kept_secrets import KeptSecrets
    from signet_cli.new_secrets import secrets_file

    kept = KeptSecrets(_end(short_secrets_until)) if keep_short_secrets else None
    if short_secrets_until and not kept:
        raise typer.BadParameter("--short-secrets-until is for those that --keep-short-secrets keeps")
    source = rows_file(file, format_, "client_id")

    with secrets_file(new_secrets) if new_secrets and not dry_run else nullcontext(_unkept) as hand:

        def taking(found: Stack, pace: "Pace") -> "Take":
            from_cells, issue = source.format is Format.CSV, hand if new_secrets else None
            return ClientImport(found.registry(), found.users(), time.time, pace, from_cells, dry_run, issue, kept)

        _import(source, taking, Location(local, stack, profile, region), _Wanted(rate, report, dry_run, as_json))


def import_users(
    file: File,
    *,
    format_: GivenFormat = None,
    rate: Rate = 50.0,
    report: Report = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    local: Local = False,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Create the users of a file with the sub and the password that they have.

    Members: username, sub, password_hash, disabled, claims; in a CSV every other column is a claim. A password_hash is
    of argon2, bcrypt, scrypt or PBKDF2, as PHP, Django, Flask, Spring, LDAP or passlib spell it, and is made anew by
    the user's next sign-in. Who is there already is left as they are, so the same file can be given again.

    Example: signet users import people.jsonl --rate 100 --report

    Exit codes: 0 all are there, 1 not possible, 2 wrong usage, 3 some rows were not taken in, 130 interrupted.
    """
    from signet_cli.user_import import UserImport

    source = rows_file(file, format_, "username")

    def taking(found: Stack, pace: "Pace") -> "Take":
        return UserImport(
            found.users(), found.registry(), time.time, pace, from_cells=source.format is Format.CSV, dry_run=dry_run
        )

    _import(source, taking, Location(local, stack, profile, region), _Wanted(rate, report, dry_run, as_json))


def _end(day: datetime | None) -> int | None:
    """The first moment of that day in UTC, in epoch seconds."""
    if day is None:
        return None
    end = int(day.replace(tzinfo=UTC).timestamp())
    if end <= time.time():
        raise typer.BadParameter("--short-secrets-until must be a day to come: the secrets end as it begins, in UTC")
    return end


def _unkept(client_id: str, client_secret: str) -> None:
    """Keeps no secret: a dry run makes none that counts."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """How rows are to be taken in, as the options say it."""

    rate: float
    report: bool
    dry_run: bool
    as_json: bool


def _import(source: RowsFile, taking: Callable[[Stack, "Pace"], "Take"], location: Location, wanted: _Wanted) -> None:
    """Take every row in and tell what became of them, also where it ends early."""
    from signet_cli.importing import Pace, Tally, report_file, take_in

    total = source.count()
    path = source.path.with_name(f"{source.path.name}.report.csv") if wanted.report else None
    tally, ended = Tally(), 0
    with report_file(path) as write:
        try:
            with opened(location) as found, _progress(total) as advance:
                pace = Pace(wanted.rate)
                for so_far in take_in(source.rows(), taking(found, pace), pace, write, advance):
                    tally = so_far
            ended = 0 if tally.is_clean else PARTLY
        except KeyboardInterrupt:
            ended = INTERRUPTED
        except Mistake:
            if tally.last:
                _tell(tally, total, path, wanted)
            raise
    _tell(tally, total, path, wanted)
    if ended:
        raise typer.Exit(ended)


@contextmanager
def _progress(total: int) -> Iterator[Callable[[], None]]:
    """A bar on a terminal's standard error; nothing anywhere else."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    with Progress(BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=Console(stderr=True)) as progress:
        task = progress.add_task("", total=total)
        yield lambda: progress.advance(task)


def _tell(tally: "Tally", total: int, path: Path | None, wanted: _Wanted) -> None:
    from signet_cli.display import print_json, print_rows
    from signet_cli.importing import MOST_SHOWN

    if wanted.as_json:
        print_json({**tally.members(), "rows": total, "dry_run": wanted.dry_run, "report": str(path) if path else None})
        return
    if tally.faults:
        shown = tally.faults[:MOST_SHOWN]
        print_rows(
            ("row", "outcome", "field", "reason"),
            [(str(fault.row), fault.outcome, fault.field, fault.reason) for fault in shown],
        )
        more = len(tally.faults) - len(shown)
        print(f"and {more} more: --report has them all\n" if more else "")
    counts = ", ".join(f"{count} {outcome}" for outcome, count in tally.counts.items())
    print(f"{'Nothing was written. It would be' if wanted.dry_run else 'Rows'}: {counts}; of {total}.")
    if path and tally.faults:
        print(f"Why each was not taken in is in {path}.")
    if not tally.finished:
        print(f"It ended after row {tally.last}: the same command goes on from there.")

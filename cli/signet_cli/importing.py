"""Taking in many records: each by a write of its own, so that it can be interrupted anywhere and begun again."""

import csv
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from signet.errors import OAuthError
from signet_cli.mistake import Mistake
from signet_cli.rows import Row

_PAUSES = (1, 2, 4, 8)
"""Seconds between the tries of a row while the registry does not answer."""

MOST_SHOWN = 20
"""Faults that are shown of many; the report has them all."""


class Outcome(StrEnum):
    """What became of a row."""

    CREATED = "created"
    PRESENT = "present"
    CONFLICT = "conflict"
    REFUSED = "refused"


class Conflict(Mistake):
    """What is there already is not what the row says; nothing is changed."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a row was not taken in. `reason` repeats no secret, nor what may be one."""

    row: int
    outcome: Outcome
    field: str
    reason: str


@dataclass(slots=True)
class Tally:
    """How far it has come."""

    counts: dict[Outcome, int] = field(default_factory=lambda: dict.fromkeys(Outcome, 0))
    faults: list[Fault] = field(default_factory=list)
    last: int = 0
    finished: bool = False

    @property
    def is_clean(self) -> bool:
        """Whether every row is in the registry as it stands in the file."""
        return self.finished and not (self.counts[Outcome.REFUSED] or self.counts[Outcome.CONFLICT])

    def members(self) -> dict[str, Any]:
        """For machines."""
        return {
            **{str(outcome): count for outcome, count in self.counts.items()},
            "finished": self.finished,
            "last_row": self.last,
            "faults": [
                {"row": fault.row, "outcome": str(fault.outcome), "field": fault.field, "reason": fault.reason}
                for fault in self.faults
            ],
        }


class Pace:
    """So many writes a second and no more; `timer` and `pause` are in seconds."""

    def __init__(
        self, rate: float, timer: Callable[[], float] = time.monotonic, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self._interval = 1 / rate
        self._timer = timer
        self._pause = pause
        self._next = 0.0

    def wait(self) -> None:
        """Until the next write is due."""
        now = self._timer()
        if self._next > now:
            self._pause(self._next - now)
        self._next = max(self._next, now) + self._interval

    def tries(self) -> Iterator[None]:
        """One for each try at a row, with a pause before all but the first."""
        yield
        for seconds in _PAUSES:
            self._pause(seconds)
            yield


Take = Callable[[Row], Outcome]
"""Takes one row in. Raises Mistake for one that is refused, Conflict for one that differs from what is there."""

Report = Callable[[Fault], None]


def take_in(
    rows: Iterable[Row], take: Take, pace: Pace, report: Report, advance: Callable[[], None]
) -> Iterator[Tally]:
    """Each row in turn; the tally after each, and once more at the end.

    Raises OAuthError where the registry fails for longer than a while; all rows up to `last` are done then.
    """
    tally = Tally()
    for row in rows:
        outcome, faults = _taken(row, take, pace)
        for fault in faults:
            tally.faults.append(fault)
            report(fault)
        tally.counts[outcome] += 1
        tally.last = row.number
        advance()
        yield tally
    tally.finished = True
    yield tally


def _taken(row: Row, take: Take, pace: Pace) -> tuple[Outcome, list[Fault]]:
    if row.fault:
        return Outcome.REFUSED, [Fault(row.number, Outcome.REFUSED, "", row.fault)]
    try:
        return _tried(row, take, pace), []
    except Mistake as mistake:
        outcome = Outcome.CONFLICT if isinstance(mistake, Conflict) else Outcome.REFUSED
        return outcome, [Fault(row.number, outcome, *_split(fault)) for fault in mistake.faults]


def _tried(row: Row, take: Take, pace: Pace) -> Outcome:
    """The outcome of the first try that the registry answers; a row that went in unnoticed is found there."""
    failure: OAuthError | None = None
    for _ in pace.tries():
        try:
            return take(row)
        except OAuthError as error:
            failure = error
    raise failure or AssertionError("a row is tried once at least")


def _split(fault: str) -> tuple[str, str]:
    """A fault as member and message; of the whole row where it names none."""
    name, colon, message = fault.partition(": ")
    return (name, message) if colon and " " not in name else ("", fault)


def _inert(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula: members are named by whoever made the file."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


@contextmanager
def report_file(path: Path | None) -> Iterator[Report]:
    """Writes each fault as it comes, so that it is there whatever happens next. Raises Mistake."""
    if path is None:
        yield lambda _: None
        return
    try:
        stream = path.open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise Mistake(f"{path} cannot be written: {error.strerror}") from None
    with stream:
        writer = csv.writer(stream)
        writer.writerow(("row", "outcome", "field", "reason"))

        def write(fault: Fault) -> None:
            writer.writerow((fault.row, fault.outcome, _inert(fault.field), _inert(fault.reason)))
            stream.flush()

        yield write

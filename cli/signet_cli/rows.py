"""Many records in one file, as other systems export them: CSV, JSON, or JSON Lines; read row by row."""

import csv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, TextIO

from signet_cli.document import parse_document, parse_json
from signet_cli.mistake import Mistake

LARGEST_ARRAY = 64 * 1024 * 1024
"""Bytes of a JSON array, which is read as a whole; JSON Lines and CSV have no end."""

LONGEST_CELL = 65_536


class Format(StrEnum):
    """How a file is written."""

    CSV = "csv"
    JSON = "json"
    JSONL = "jsonl"


@dataclass(frozen=True, slots=True)
class Row:
    """A record of a file. `number` is what a spreadsheet or an editor counts; of a JSON array, its place from 1.

    `fault` says why it could not be read, which is all that can be said of such a row.
    """

    number: int
    members: Mapping[str, Any] = field(default_factory=dict, repr=False)
    fault: str = ""


@dataclass(frozen=True, slots=True)
class RowsFile:
    """A file of rows. Of a CSV the first row names the columns, and `required` is one that it must have."""

    path: Path
    format: Format
    required: str

    def rows(self) -> Iterator[Row]:
        """Each row in turn. Raises Mistake for a file that cannot be read, or is none of its format as a whole."""
        with _opened(self.path) as lines:
            yield from _READERS[self.format](lines, self.required)

    def count(self) -> int:
        """How many there are; raises what `rows` does, so that nothing is begun of a file that has no end."""
        return sum(1 for _ in self.rows())


def rows_file(name: str, given: Format | None, required: str) -> RowsFile:
    """The file of that name in the format that is given, or else that its name says. Raises Mistake."""
    path = Path(name)
    suffix = {"ndjson": "jsonl"}.get(path.suffix.lower().lstrip("."), path.suffix.lower().lstrip("."))
    if given is None and suffix not in set(Format):
        raise Mistake(f"{name}: its name says no format: take --format csv, json or jsonl")
    return RowsFile(path, given or Format(suffix), required)


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    """The file as UTF-8 text, with or without a byte order mark, its line breaks as they are. Raises Mistake."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            yield lines
    except UnicodeDecodeError:
        # outside the handler: the error holds what was read
        pass
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise Mistake(f"{path} cannot be read: {reason}") from None
    else:
        return
    raise Mistake(f"{path} is not UTF-8 text: save it as UTF-8 (of a spreadsheet: CSV UTF-8)")


def _csv(lines: TextIO, required: str) -> Iterator[Row]:
    """Rows of a CSV (RFC 4180), separated by commas, or by semicolons where the first row has more of them."""
    csv.field_size_limit(LONGEST_CELL)
    first = lines.readline()
    lines.seek(0)
    delimiter = ";" if first.count(";") > first.count(",") else ","
    reader = csv.reader(_without_nul(lines), delimiter=delimiter, strict=True)
    try:
        columns = _columns(next(reader, []), required)
        for number, cells in enumerate(reader, start=2):
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(columns):
                yield Row(number, fault=f"has {len(cells)} cells, the first row names {len(columns)} columns")
                continue
            yield Row(number, {column: cell for column, cell in zip(columns, cells, strict=True) if cell != ""})
    except csv.Error as error:
        raise Mistake(f"line {reader.line_num}: this is not CSV: {error}") from None


def _without_nul(lines: TextIO) -> Iterator[str]:
    for number, line in enumerate(lines, start=1):
        if "\x00" in line:
            raise Mistake(f"line {number} holds a NUL: this is no text, perhaps UTF-16: save it as UTF-8")
        yield line


def _columns(cells: list[str], required: str) -> list[str]:
    """The names of the first row. What is no header is not repeated: it may be somebody's row, with their secret."""
    columns = [cell.strip() for cell in cells]
    if required not in columns:
        raise Mistake(f"the first row has no column {required}: it must name the columns")
    if repeated := sorted({column for column in columns if columns.count(column) > 1}):
        raise Mistake(*(f"the column {column or 'without a name'} stands twice" for column in repeated))
    if "" in columns:
        raise Mistake(f"column {columns.index('') + 1} has no name in the first row")
    return columns


def _json(lines: TextIO, required: str) -> Iterator[Row]:  # noqa: ARG001 - every reader's signature
    """The objects of a JSON array."""
    text = lines.read(LARGEST_ARRAY + 1)
    if len(text) > LARGEST_ARRAY:
        raise Mistake("a JSON array of this size is read as a whole: write JSON Lines, an object on each line, instead")
    array = parse_json(text, "array")
    if not isinstance(array, list):
        raise Mistake("the file must hold a JSON array of objects, [{...}, {...}]")
    for number, members in enumerate(array, start=1):
        yield Row(number, members) if isinstance(members, dict) else Row(number, fault="must be a JSON object")


def _jsonl(lines: TextIO, required: str) -> Iterator[Row]:  # noqa: ARG001 - every reader's signature
    """An object on each line; empty lines are none."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield Row(number, parse_document(line, "a row"))
        except Mistake as mistake:
            yield Row(number, fault="; ".join(mistake.faults))


_READERS = {Format.CSV: _csv, Format.JSON: _json, Format.JSONL: _jsonl}

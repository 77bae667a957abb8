"""Cells of a CSV, all text, as the values that a JSON object would have."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from signet_cli.document import parse_document
from signet_cli.mistake import Mistake


def _boolean(cell: str) -> bool:
    words = {"true": True, "false": False}
    if cell.strip().lower() not in words:
        raise Mistake("must be true or false")
    return words[cell.strip().lower()]


def _number(cell: str) -> int:
    if not (cell.strip().isascii() and cell.strip().isdecimal() and len(cell) < 20):
        raise Mistake("must be a whole number")
    return int(cell)


def _list(cell: str) -> list[str]:
    """Values separated by blanks, or a JSON array where one of them holds a blank."""
    if not cell.lstrip().startswith("["):
        return cell.split()
    try:
        values = json.loads(cell)
    except (ValueError, RecursionError):
        raise Mistake("must be a JSON array, or values separated by spaces") from None
    return values if isinstance(values, list) else []


def _object(cell: str) -> dict[str, Any]:
    return parse_document(cell, "it")


KINDS: Mapping[type, Callable[[str], Any]] = {bool: _boolean, int: _number, list: _list, dict: _object}
"""How a cell becomes a value of each type; of every other type it stays the text that it is."""


def typed_cells(cells: Mapping[str, str], kinds: Mapping[str, type]) -> dict[str, Any]:
    """The cells of a row as values; `kinds` says of which type each column is. Raises Mistake with every fault."""
    values: dict[str, Any] = {}
    faults = []
    for column, cell in cells.items():
        read = KINDS.get(kinds.get(column, str))
        try:
            values[column] = read(cell) if read else cell
        except Mistake as mistake:
            faults += [f"{column}: {fault}" for fault in mistake.faults]
    if faults:
        raise Mistake(*faults)
    return values

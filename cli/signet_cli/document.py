"""Client metadata and claims as people write them down: a JSON file or standard input."""

import json
import sys
from pathlib import Path
from typing import Any, NoReturn

from signet_cli.mistake import Mistake

LONGEST_DOCUMENT = 65_536
"""Bytes of a metadata document that is still read."""


def read_document(source: str, kind: str = "client metadata") -> dict[str, Any]:
    """The JSON object in the file of that name, `-` for standard input.

    Raises Mistake for a file that cannot be read, is not UTF-8 or no JSON object, or names a member twice.
    """
    name = "standard input" if source == "-" else source
    try:
        if source == "-":
            content = sys.stdin.buffer.read(LONGEST_DOCUMENT + 1)
        else:
            with Path(source).open("rb") as file:
                content = file.read(LONGEST_DOCUMENT + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise Mistake(f"{name} cannot be read: {reason}") from error
    if len(content) > LONGEST_DOCUMENT:
        raise Mistake(f"{name} is larger than {LONGEST_DOCUMENT // 1024} KiB: {kind} must be one small JSON object")
    try:
        return parse_document(content.decode("utf-8-sig"), kind)
    except UnicodeDecodeError as error:
        raise Mistake(f"{name} is not UTF-8 text: save it as UTF-8") from error
    except Mistake as mistake:
        raise Mistake(*(f"{name}: {fault}" for fault in mistake.faults)) from mistake


def parse_document(text: str, kind: str = "client metadata") -> dict[str, Any]:
    """The JSON object that `text` is. Raises Mistake, also where an object at any depth names a member twice."""
    document = parse_json(text, kind)
    if not isinstance(document, dict):
        raise Mistake(f"{kind} must be a JSON object, for example {{}}")
    return document


def parse_json(text: str, kind: str) -> Any:
    """The value that `text` is in JSON. Raises Mistake as parse_document does."""
    try:
        return json.loads(text, object_pairs_hook=_each_once, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise Mistake(f"line {error.lineno}, column {error.colno}: this is not JSON: {error.msg}") from error
    except (RecursionError, ValueError) as error:  # ValueError: a number of more digits than Python reads
        raise Mistake(f"this is no {kind}: its JSON is too deep or holds too long a number") from error


def _each_once(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; a name that stands twice is refused, since only one of its values could be kept."""
    names = [name for name, _ in members]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise Mistake(*(f"{name}: stands twice in one object" for name in repeated))
    return dict(members)


def _no_number(constant: str) -> NoReturn:
    raise Mistake(f"{constant} is not a JSON value")

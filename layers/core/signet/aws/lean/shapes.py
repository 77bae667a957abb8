"""The shape of an answer, as far as callers take it for granted: botocore's parsers refuse the same."""

from collections.abc import Callable
from typing import Any


def checked(answer: object) -> dict[str, Any]:
    """The members of an answer without those that are null. Raises ValueError for one that is of another shape."""
    if not isinstance(answer, dict):
        raise ValueError("an answer is an object")  # noqa: TRY004 - input that is malformed, not a caller's mistake
    members: dict[str, Any] = {name: value for name, value in answer.items() if value is not None}
    for name, is_in_shape in _SHAPES.items():
        if name in members and not is_in_shape(members[name]):
            raise ValueError("an answer of another shape")
    return members


def _is_item(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(member, dict) and len(member) == 1 for member in value.values())


def _are_items(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_item, value))


def _are_items_by_table(value: object) -> bool:
    return isinstance(value, dict) and all(map(_are_items, value.values()))


def _is_map(value: object) -> bool:
    return isinstance(value, dict)


def _are_reasons(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(reason, dict) and _is_item(reason.get("Item") or {}) for reason in value
    )


_SHAPES: dict[str, Callable[[object], bool]] = {
    "Item": _is_item,
    "Attributes": _is_item,
    "LastEvaluatedKey": _is_item,
    "Items": _are_items,
    "Responses": _are_items_by_table,
    "UnprocessedKeys": _is_map,
    "VersionIdsToStages": _is_map,
    "CancellationReasons": _are_reasons,
}
"""The members that have parts, of answers and of errors."""

"""DynamoDB's attribute values, which only boto3 has a converter for, and boto3 is too heavy for a cold start."""

from collections.abc import Mapping
from types import UnionType
from typing import Any, get_args, get_origin

Attribute = dict[str, Any]
Item = dict[str, Attribute]


def item(values: Mapping[str, Any]) -> Item:
    """An item of strings, numbers, booleans, lists and maps; values that are None are left out."""
    return {name: attribute(value) for name, value in values.items() if value is not None}


def attribute(value: object) -> Attribute:
    """One attribute value. Raises TypeError for a type that no item of ours holds."""
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int | float):
        return {"N": repr(value)}
    if isinstance(value, list | tuple):
        return {"L": [attribute(member) for member in value]}
    if isinstance(value, Mapping):
        return {"M": item(value)}
    raise TypeError(f"no attribute holds a {type(value).__name__}")


def values(stored: Mapping[str, Attribute]) -> dict[str, Any]:
    """The values of an item."""
    return {name: value(member) for name, member in stored.items()}


def value(member: Attribute) -> Any:
    """The value of one attribute. Raises ValueError for a type that no item of ours holds."""
    [(kind, content)] = member.items()
    if kind in {"S", "BOOL"}:
        return content
    if kind == "N":
        return float(content) if set(content) & set(".eE") else int(content)
    if kind == "L":
        return [value(element) for element in content]
    if kind == "M":
        return values(content)
    raise ValueError(f"no attribute of ours is of type {kind}")


def fits(value: object, annotation: Any) -> bool:
    """Whether a stored value is of the type that a dataclass's field is annotated with; a bool is no int."""
    if isinstance(annotation, type):  # of most fields, and no alias is one
        return type(value) is annotation
    if isinstance(annotation, UnionType):
        return any(fits(value, member) for member in get_args(annotation))
    if get_origin(annotation) is tuple:
        return isinstance(value, tuple) and all(fits(member, get_args(annotation)[0]) for member in value)
    return get_origin(annotation) is Mapping and isinstance(value, Mapping)

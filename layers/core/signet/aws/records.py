"""Frozen values as items: each field is the attribute of its name, and one that has its default is absent."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache
from hashlib import sha256
from typing import Any, TypeVar, get_args, get_origin

from signet.aws.attributes import Item, fits, values
from signet.errors import OAuthError, Reason, unavailable

T = TypeVar("T")


def record(value: Any) -> dict[str, Any]:
    """What is stored of a dataclass's instance; those that it holds in tuples are maps."""
    members = ((field, getattr(value, field.name)) for field in fields(value) if field.name != "etag")
    return {field.name: _plain(member) for field, member in members if member != _default(field)}


def etag(value: Any) -> str:
    """SHA-256 of what is stored: marks a record, so that a change is conditional on the one that was read."""
    return sha256(json.dumps(record(value), sort_keys=True).encode()).hexdigest()


def restored(kind: type[T], stored: Item) -> T:
    """The value of an item; attributes that are no field are ignored. Raises OAuthError for one that is malformed."""
    try:
        return instance(kind, values(stored))
    except (TypeError, ValueError):
        raise malformed(stored) from None


def instance(kind: type[T], members: Mapping[str, Any]) -> T:
    """The dataclass's instance of these members. Raises TypeError where one is missing or of another type."""
    types = _types(kind)  # type: ignore[arg-type]
    known = {name: _typed(member, types[name]) for name, member in members.items() if name in types}
    if not all(fits(member, types[name]) for name, member in known.items()):
        raise TypeError("a field is of another type")
    return kind(**known)


@cache
def _types(kind: type[Any]) -> Mapping[str, Any]:
    """What each field of a dataclass is annotated with."""
    return {field.name: field.type for field in fields(kind)}


def usable(
    items: Iterable[Item], restore: Callable[[Item], T], unusable: Callable[[OAuthError], None] | None
) -> Iterator[T]:
    """The values of items; one that cannot be restored goes to `unusable` as its error, or is raised without it."""
    for stored in items:
        try:
            value = restore(stored)
        except OAuthError as error:
            if unusable is None:
                raise
            unusable(error)
        else:
            yield value


def malformed(stored: Item) -> OAuthError:
    """An item that cannot be used: an operator's to mend, so the log gets its key, of which none holds a secret."""
    return unavailable(Reason.RECORD_INVALID, f"the item {stored.get('pk', {}).get('S', '')} is malformed")


def _plain(member: Any) -> Any:
    """A member as item and JSON take it."""
    if isinstance(member, tuple):
        return [_plain(element) for element in member]
    return record(member) if is_dataclass(member) else member


def _typed(member: Any, annotation: Any) -> Any:
    """A member as the dataclass has it: lists are tuples, and maps in them are instances where it says so."""
    if not isinstance(member, list):
        return member
    kind = get_args(annotation)[0] if get_origin(annotation) is tuple else None
    if not (isinstance(kind, type) and is_dataclass(kind)):
        return tuple(member)
    if not all(isinstance(element, Mapping) for element in member):
        raise TypeError("an element is no map")
    return tuple(instance(kind, element) for element in member)


def _default(field: "Field[Any]") -> Any:
    if field.default_factory is not MISSING:
        return field.default_factory()
    return field.default

"""Frozen values as items: each field is the attribute of its name, and one that has its default is absent."""

import json
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from hashlib import sha256
from typing import Any, TypeVar

from signet.aws.attributes import Item, fits, values
from signet.errors import Reason, unavailable

T = TypeVar("T")


def record(value: Any) -> dict[str, Any]:
    """What is stored of a dataclass's instance."""
    members = ((field, getattr(value, field.name)) for field in fields(value) if field.name != "etag")
    return {field.name: member for field, member in members if member != _default(field)}


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
    types = {field.name: field.type for field in fields(kind)}  # type: ignore[arg-type]
    known = {name: tuple(v) if isinstance(v, list) else v for name, v in members.items() if name in types}
    if not all(fits(member, types[name]) for name, member in known.items()):
        raise TypeError("a field is of another type")
    return kind(**known)


def malformed(stored: Item) -> Exception:
    """An item that cannot be used: an operator's to mend, so the log gets its key, of which none holds a secret."""
    return unavailable(Reason.RECORD_INVALID, f"the item {stored.get('pk', {}).get('S', '')} is malformed")


def _default(field: "Field[Any]") -> Any:
    if field.default_factory is not MISSING:
        return field.default_factory()
    return field.default

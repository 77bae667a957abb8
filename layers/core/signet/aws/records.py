"""Frozen values as items: each field is the attribute of its name, and one that has its default is absent."""

import json
from dataclasses import MISSING, Field, fields
from hashlib import sha256
from typing import Any, TypeVar

from signet.aws.attributes import Item, values
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
    names = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    try:
        found = {name: member for name, member in values(stored).items() if name in names}
        return kind(**{name: tuple(member) if isinstance(member, list) else member for name, member in found.items()})
    except (TypeError, ValueError):
        raise malformed(stored) from None


def malformed(stored: Item) -> Exception:
    """An item that cannot be used: an operator's to mend, so the log gets its key, of which none holds a secret."""
    return unavailable(Reason.RECORD_INVALID, f"the item {stored.get('pk', {}).get('S', '')} is malformed")


def _default(field: "Field[Any]") -> Any:
    if field.default_factory is not MISSING:
        return field.default_factory()
    return field.default

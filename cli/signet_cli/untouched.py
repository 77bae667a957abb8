"""A stack whose stores are read and never written: what `--dry-run` works on."""

from collections.abc import Callable
from typing import Any

_WRITES = {
    "registry": ("create", "replace", "delete", "note_short_secrets"),
    "users": ("create", "update", "delete", "note_imported_hashes"),
    "consents": ("put", "delete"),
    "scopes": ("replace",),
    "sessions": ("create", "extend", "note_ended", "delete"),
    "grants": ("create", "redeem", "release", "turn", "turn_back", "revoke"),
    "token_status": ("blacklist",),
    "key_sets": ("publish",),
}
"""The writes of each store, by the stack's name for it."""


class UntouchedStack:
    """The stack, its stores' writes said to succeed and not made."""

    def __init__(self, stack: Any) -> None:
        self._stack = stack

    def __getattr__(self, name: str) -> Any:
        part = getattr(self._stack, name)
        return _reading(part, _WRITES[name]) if name in _WRITES else part


class _Untouched:
    def __init__(self, store: Any, writes: tuple[str, ...]) -> None:
        self._store = store
        self._writes = writes

    def __getattr__(self, name: str) -> Any:
        return _nothing if name in self._writes else getattr(self._store, name)


def _reading(store: Callable[[], Any], writes: tuple[str, ...]) -> Callable[[], Any]:
    return lambda: _Untouched(store(), writes)


def _nothing(*_: object, **__: object) -> bool:
    return True

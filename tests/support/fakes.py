"""In-memory ports; tests/contract holds each to the same suite as its adapter."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from threading import Lock
from typing import Any

from signet.errors import OAuthError, Reason, unavailable
from signet.model.client import Client
from signet.model.key import KeySet


class InMemoryClientRegistry:
    """ports.ClientRegistry in a dictionary; serialised, as DynamoDB serialises the writes of one item."""

    def __init__(self, *clients: Client) -> None:
        self._clients = {client.client_id: client for client in clients}
        self._lock = Lock()
        self.reads = 0
        self._short_secrets_at: int | None = None

    def get(self, client_id: str, *, fresh: bool = False) -> Client | None:
        self.reads += 1
        return self._clients.get(client_id)

    def create(self, client: Client) -> bool:
        with self._lock:
            return self._clients.setdefault(client.client_id, client) == client

    def replace(self, client: Client, previous: Client) -> bool:
        with self._lock:
            if self._clients.get(client.client_id) not in (previous, client):
                return False
            self._clients[client.client_id] = client
            return True

    def delete(self, client_id: str) -> bool:
        with self._lock:
            return self._clients.pop(client_id, None) is not None

    def list(self, unusable: Callable[[OAuthError], None] | None = None) -> Iterator[Client]:
        return iter(sorted(self._clients.values(), key=lambda client: client.client_id))

    def has_short_secrets(self) -> bool:
        return self._short_secrets_at is not None

    def note_short_secrets(self, imported_at: int | None) -> None:
        self._short_secrets_at = imported_at


class InMemoryKeySetStore:
    """ports.KeySetStore in a variable."""

    def __init__(self) -> None:
        self._key_set = KeySet()
        self._lock = Lock()

    def load(self) -> KeySet:
        return self._key_set

    def publish(self, key_set: KeySet) -> bool:
        with self._lock:
            if key_set != self._key_set and key_set.version != self._key_set.version + 1:
                return False
            self._key_set = replace(key_set)
            return True


class InMemoryKeyringVersions:
    """ports.KeyringVersions in two dictionaries; `stage` does what Secrets Manager's RotateSecret does first."""

    def __init__(self, document: str = '{"keys":[],"placeholder":"x"}') -> None:
        self._documents = {"first": document}
        self._stages = {"first": frozenset({"AWSCURRENT"})}

    def stage(self, version_id: str) -> None:
        self._stages = {id_: stages - {"AWSPENDING"} for id_, stages in self._stages.items()}
        self._stages[version_id] = self._stages.get(version_id, frozenset()) | {"AWSPENDING"}

    def current(self) -> str:
        [version_id] = [id_ for id_, stages in self._stages.items() if "AWSCURRENT" in stages]
        return self._documents[version_id]

    def stages(self) -> dict[str, frozenset[str]]:
        return {id_: stages for id_, stages in self._stages.items() if stages}

    def pending(self, version_id: str) -> str | None:
        if "AWSPENDING" not in self._stages.get(version_id, frozenset()):
            return None
        return self._documents.get(version_id)

    def put_pending(self, version_id: str, document: str) -> None:
        if self._documents.setdefault(version_id, document) != document:
            raise ValueError("a version's document never changes")
        self.stage(version_id)

    def abandon(self, version_id: str) -> None:
        self._stages[version_id] = self._stages.get(version_id, frozenset()) - {"AWSPENDING"}

    def promote(self, version_id: str, previous: str) -> None:
        if "AWSCURRENT" not in self._stages[previous]:
            raise unavailable(Reason.KEYRING_UNAVAILABLE, "the previous version is no longer current")
        self._stages[previous] = (self._stages[previous] - {"AWSCURRENT"}) | {"AWSPREVIOUS"}
        self._stages[version_id] |= {"AWSCURRENT"}


class RecordingAudit:
    """ports.Audit that remembers."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []

    def record(self, event: str, **fields: Any) -> None:
        self.lines.append(
            {"event": event, **{name: value for name, value in fields.items() if value not in (None, "")}}
        )

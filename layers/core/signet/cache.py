"""What an execution environment may remember between requests, and for how long."""

import os
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

from signet.errors import OAuthError, unavailable
from signet.model.client import Client
from signet.ports import ClientStore, Clock

T = TypeVar("T")


class Remembered(Generic[T]):
    """One loaded value, kept `lifetime` seconds. A load that fails is not kept, nor does an expired value stand in.

    `spread` is a share of the lifetime by which an end may come earlier, drawn at each load: so a thousand environments
    that started together, from one snapshot even, do not all load in one second ever after.
    """

    _AGAIN = 10.0
    """Seconds between two loads for what is missing in the value: strangers choose what they ask for."""

    def __init__(self, load: Callable[[], T], lifetime: float, clock: Clock, spread: float = 0.0) -> None:
        self._load = load
        self._lifetime = lifetime
        self._clock = clock
        self._spread = spread
        self._value: T | None = None
        self._loaded_at = 0.0
        self._kept = lifetime
        self._again_at = float("-inf")
        self._failure: OAuthError | None = None

    def get(self) -> T:
        """The value, loaded if need be. The clock may jump either way while an environment is frozen."""
        now = self._clock()
        if self._value is None or not 0 <= now - self._loaded_at < self._kept:
            self._value = None
            self._value = self._loaded(now)
        return self._value

    def again(self) -> T:
        """The value, loaded anew for somebody who misses something in it, unless that was done a moment ago.

        Raises as the load does, for that moment too: while it cannot be loaded nobody knows what is missing.
        """
        now = self._clock()
        if not 0 <= now - self._again_at < self._AGAIN:
            self._again_at, self._failure = now, None
            try:
                self._value = self._loaded(now)
            except OAuthError as error:
                self._failure = error
        if self._failure:
            raise unavailable(self._failure.reason, self._failure.detail or "")
        return self.get()

    def _loaded(self, now: float) -> T:
        value = self._load()
        self._loaded_at = now
        self._kept = self._lifetime * (1 - self._spread * os.urandom(1)[0] / 256)
        return value

    def forget(self) -> None:
        """Load anew when it is next asked for: what was loaded has turned out to be of no use."""
        self._value = None


class CachedClientStore:
    """Clients kept `lifetime` seconds each, `capacity` at most, the least recently used going first.

    A fresh read, and the absence of a client, are kept for one second only: long enough that a flood of wrong secrets
    costs one read a second, alike for known and unknown clients; a rotated secret is accepted within that second.
    """

    _FRESH = 1.0

    def __init__(self, store: ClientStore, lifetime: float, clock: Clock, capacity: int = 1000) -> None:
        self._store = store
        self._lifetime = lifetime
        self._clock = clock
        self._capacity = capacity
        self._known: OrderedDict[str, tuple[float, Client]] = OrderedDict()
        self._absent: OrderedDict[str, tuple[float, None]] = OrderedDict()

    def get(self, client_id: str, *, fresh: bool = False) -> Client | None:
        """As ClientStore.get; the value may be `lifetime` seconds old, with `fresh` one second."""
        now = self._clock()
        for entries, lifetime in ((self._known, self._FRESH if fresh else self._lifetime), (self._absent, self._FRESH)):
            entry = entries.get(client_id)
            if entry and 0 <= now - entry[0] < lifetime:
                entries.move_to_end(client_id)
                return entry[1]
        client = self._store.get(client_id)
        self._known.pop(client_id, None)
        self._absent.pop(client_id, None)
        if client:
            self._keep(self._known, client_id, (now, client))
        else:
            self._keep(self._absent, client_id, (now, None))
        return client

    def _keep(self, entries: "OrderedDict[str, tuple[float, T]]", client_id: str, entry: tuple[float, T]) -> None:
        entries[client_id] = entry
        if len(entries) > self._capacity:
            entries.popitem(last=False)

"""A simulated deployment and the verifiers of its tokens: the real ring, rotation and caches on a clock of its own."""

import heapq
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from signet.cache import Remembered
from signet.keys import algorithms
from signet.keys.jwks import published
from signet.keys.keyring import LoadedRing, loaded
from signet.model.key import KeySet
from signet.settings import KEY_SET_CACHE, KEY_SET_MAX_AGE, KEYRING_CACHE
from tests.support.fakes import InMemoryKeyringVersions

BEGINNING = 1_700_000_000.0


class SimulatedClock:
    """Now, as far as the events have come."""

    def __init__(self) -> None:
        self.now = BEGINNING

    def __call__(self) -> float:
        """As ports.Clock."""
        return self.now


class Agenda:
    """What happens when."""

    def __init__(self, clock: SimulatedClock) -> None:
        self._clock = clock
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()

    def at(self, moment: float, event: Callable[[], None]) -> None:
        """Have an event happen; never before now."""
        heapq.heappush(self._events, (max(moment, self._clock.now), next(self._numbers), event))

    def run(self) -> None:
        """Let everything happen, in its order."""
        while self._events:
            self._clock.now, _, event = heapq.heappop(self._events)
            event()


class SlowKeySetStore:
    """ports.KeySetStore whose writes take up to `slowness` seconds, in which readers find what was there before."""

    def __init__(self, clock: SimulatedClock, chance: random.Random, slowness: float) -> None:
        self._clock = clock
        self._chance = chance
        self._slowness = slowness
        self._written = KeySet()
        self._before = KeySet()
        self._visible_from = 0.0

    def load(self) -> KeySet:
        """As ports.KeySetStore.load."""
        return self._written if self._clock.now >= self._visible_from else self._before

    def publish(self, key_set: KeySet) -> bool:
        """As ports.KeySetStore.publish."""
        if key_set.version != self._written.version + 1:
            return False
        self._before, self._written = self.load(), key_set
        self._visible_from = self._clock.now + self._chance.uniform(0, self._slowness)
        return True


@dataclass
class Environment:
    """An execution environment of the token function, with the ring that it remembers."""

    world: "World"
    ring: Remembered[LoadedRing] = field(init=False)

    def __post_init__(self) -> None:
        self.end()

    def end(self) -> None:
        """Lambda ends it; the next request starts another."""
        self.ring = Remembered(
            lambda: self.world.loaded(self.world.versions.current()), KEYRING_CACHE, self.world.clock
        )

    def touch(self) -> None:
        """Serve some other request, for which it needs the ring."""
        self.ring.get()


class Verifier:
    """An API that keeps the key set `cache` seconds, and fetches it again for an unknown `kid` or never does."""

    def __init__(self, fetch: Callable[[], frozenset[str]], cache: float, clock: SimulatedClock, *, asks: bool) -> None:
        self.cache = cache
        self.asks = asks
        self._fetch = fetch
        self._clock = clock
        self._kids = Remembered(fetch, cache, clock)

    def touch(self) -> None:
        """Verify some other token, for which it needs the key set."""
        self._kids.get()

    def knows(self, kid: str) -> bool:
        """Whether it can verify what that key has signed."""
        if kid in self._kids.get():
            return True
        if not self.asks:
            return False
        self._kids = Remembered(self._fetch, self.cache, self._clock)
        return kid in self._kids.get()


class World:
    """Secret, published set, environments, HTTP caches and verifiers. All chance is of `chance`."""

    def __init__(
        self, chance: random.Random, *, environments: int, verifiers: int, verifier_cache: float, slowness: float
    ) -> None:
        self.chance = chance
        self.clock = SimulatedClock()
        self.agenda = Agenda(self.clock)
        self.versions = InMemoryKeyringVersions()
        self.key_sets = SlowKeySetStore(self.clock, chance, slowness)
        self._rings: dict[str, LoadedRing] = {}
        self.environments = [Environment(self) for _ in range(environments)]
        served = [
            Remembered(lambda: published(self.key_sets), KEY_SET_CACHE, self.clock) for _ in range(environments // 10)
        ]

        def fetch() -> frozenset[str]:
            return frozenset(key.kid for key in chance.choice(served).get().keys)

        caches = [Remembered(fetch, KEY_SET_MAX_AGE, self.clock).get for _ in range(20)]
        self.verifiers = [
            Verifier(
                chance.choice((fetch, chance.choice(caches))),
                # half of them keep it for as long as any may
                verifier_cache if chance.random() < 0.5 else chance.uniform(0, verifier_cache),
                self.clock,
                asks=chance.random() < 0.5,
            )
            for _ in range(verifiers)
        ]

    def loaded(self, document: str) -> LoadedRing:
        """The ring of a document, each read by the real code once."""
        if document not in self._rings:
            self._rings[document] = loaded(document)
        return self._rings[document]


@dataclass(frozen=True)
class NamedSigner:
    """A key that is nothing but its name: a simulation asks which key signs, not with what."""

    kid: str
    alg: str = "RS256"

    def sign(self, signing_input: bytes) -> bytes:  # noqa: ARG002 - ports.Signer's signature
        """Raises TypeError: a simulation that has a mere name sign is wrong."""
        raise TypeError("a key that is only a name cannot sign")


@contextmanager
def names_for_keys() -> Iterator[None]:
    """While open, RSA keys are made and loaded in no time: they have numbers that nobody could sign with."""
    numbers = count()
    row = algorithms.ALGORITHMS["RS256"]
    named: dict[str, Any] = {
        "generate": lambda: {"kty": "RSA", "n": f"{next(numbers)}", "e": "AQAB"},
        "signer": lambda kid, _: NamedSigner(kid),
    }
    algorithms.ALGORITHMS["RS256"] = replace(row, **named)
    try:
        yield
    finally:
        algorithms.ALGORITHMS["RS256"] = row

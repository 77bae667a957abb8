"""Months of rotations and of tokens that are issued, verified and refreshed meanwhile."""

import random
import uuid
from dataclasses import dataclass, field
from functools import partial

from bench.rotation_orders import Order, on_schedule
from bench.rotation_world import BEGINNING, Environment, Verifier, World, names_for_keys
from signet.keys.keyring import Keyring
from signet.keys.rotation import RotationPolicy, RotationRefused
from signet.model.key import KeyState
from signet.settings import KEYRING_CACHE, LONGEST_REFRESH_TOKEN_LIFETIME, LONGEST_TOKEN_LIFETIME

HOUR, DAY = 3_600, 86_400

STEPS = ("createSecret", "setSecret", "finishSecret")
"""Without testSecret, which signs: it refuses, and has no part in the order of things."""


@dataclass(frozen=True)
class Plan:
    """What is simulated; times in seconds.

    Rotations are `every` so often, or else as soon as may be, up to a month apart, and also too early. A write takes up
    to `slowest_write`, a step of a rotation waits for the one before for up to `slowest_step`.
    """

    seed: int = 1
    days: int = 500
    environments: int = 300
    verifiers: int = 3_000
    tokens: int = 20_000
    policy: RotationPolicy = field(default_factory=RotationPolicy)
    slowest_write: float = 30.0
    slowest_step: float = 6 * HOUR
    every: float | None = None

    @property
    def end(self) -> float:
        """When nothing new begins any more."""
        return BEGINNING + self.days * DAY


@dataclass(frozen=True, slots=True)
class Verification:
    """A good token that meets a verifier, `since_rotation` seconds after another key began to sign.

    `asks`: the verifier fetches the key set again for a `kid` that it does not know.
    """

    accepted: bool
    since_rotation: float
    asks: bool


@dataclass
class Outcome:
    """What came of it. `states`: the states of the ring's keys by `kid`, from each change on.

    `strays` are tokens signed by a key that was active at no time of the last five minutes.
    """

    verifications: list[Verification] = field(default_factory=list)
    refreshed: int = 0
    refused: int = 0
    strays: int = 0
    rotations: list[float] = field(default_factory=list)
    states: list[tuple[float, dict[str, KeyState]]] = field(default_factory=list)

    @property
    def rejected(self) -> int:
        """Good tokens that were not accepted."""
        return sum(not one.accepted for one in self.verifications)

    def note(self, now: float, ring: Keyring) -> None:
        """The ring has become this."""
        before, self.states = self.states, [*self.states, (now, {key.kid: key.state for key in ring.keys})]
        if not before or _active(before[-1][1]) != _active(self.states[-1][1]):
            self.rotations.append(now)

    def signed_lately(self, kid: str, now: float, caches: float) -> bool:
        """Whether that key was the active one at any time that a cache can be from."""
        for since, states in reversed(self.states):
            if kid in _active(states):
                return True
            if since <= now - caches:
                return False
        return False


def _active(states: dict[str, KeyState]) -> set[str]:
    return {kid for kid, state in states.items() if state is KeyState.ACTIVE}


class Simulation:
    """A plan that is lived through once."""

    def __init__(self, plan: Plan, order: Order) -> None:
        self._plan = plan
        self._chance = random.Random(plan.seed)  # noqa: S311 - chance that can be repeated; nothing here is secret
        self._world = World(
            self._chance,
            environments=plan.environments,
            verifiers=plan.verifiers,
            verifier_cache=plan.policy.verifier_cache,
            slowness=plan.slowest_write,
        )
        self._step = order(self._world, plan.policy)
        self._outcome = Outcome()

    def run(self) -> Outcome:
        """What came of it."""
        first = self._version_id()
        for step in STEPS:
            self._perform(step, first)
            self._world.clock.now += self._plan.slowest_write
        starts = self._rotations()
        for _ in range(self._plan.tokens):
            near = self._chance.choice(starts) + self._chance.uniform(-3 * HOUR, 5 * HOUR)
            self._token(self._chance.choice((near, self._chance.uniform(BEGINNING + HOUR, self._plan.end))))
        self._world.agenda.run()
        return self._outcome

    def _rotations(self) -> list[float]:
        """When they start; their steps are slow and repeated."""
        chance, moment, starts = self._chance, self._world.clock.now, []
        while moment < self._plan.end:
            soon = chance.choice((HOUR / 2, self._plan.policy.lead + 2, DAY, chance.uniform(0, 30 * DAY)))
            moment += self._plan.every or soon
            starts.append(moment)
            version_id = self._version_id()
            for step in STEPS:
                for _ in range(chance.choice((1, 1, 2))):
                    self._world.agenda.at(moment, partial(self._perform, step, version_id))
                    moment += self._plan.slowest_write
                moment += chance.choice((0, 0, chance.uniform(0, self._plan.slowest_step)))
        return starts

    def _perform(self, step: str, version_id: str) -> None:
        try:
            self._step(step, version_id)
        except RotationRefused:
            return  # to Secrets Manager a failure; a later rotation starts anew
        if step == "finishSecret":
            self._outcome.note(self._world.clock.now, Keyring.parse(self._world.versions.current()))

    def _token(self, issued_at: float) -> None:
        """A token of any lifetime that is verified until its end, or a refresh token that comes back until then."""
        chance, agenda = self._chance, self._world.agenda
        environment = chance.choice(self._world.environments)
        agenda.at(issued_at - chance.uniform(0, KEYRING_CACHE), environment.touch)
        if chance.random() < 0.1:
            agenda.at(issued_at - chance.uniform(0, KEYRING_CACHE), environment.end)
        refresh = chance.random() < 0.1
        longest = LONGEST_REFRESH_TOKEN_LIFETIME if refresh else LONGEST_TOKEN_LIFETIME
        lifetime = chance.choice((60, HOUR, longest, chance.uniform(60, longest)))
        kid: list[str] = []

        def issue() -> None:
            kid.append(environment.ring.get().signer().kid)
            lately = self._outcome.signed_lately(kid[0], self._world.clock.now, KEYRING_CACHE)
            self._outcome.strays += not lately

        agenda.at(issued_at, issue)
        for use in (issued_at + 0.1, issued_at + chance.uniform(0.1, lifetime), issued_at + lifetime - 0.1):
            if refresh:
                other = chance.choice(self._world.environments)
                agenda.at(use - chance.uniform(0, KEYRING_CACHE), other.touch)
                agenda.at(use, partial(self._refresh, other, kid))
            else:
                verifier = chance.choice(self._world.verifiers)
                # some other token made it fetch the set before this one came
                agenda.at(use - chance.uniform(0, verifier.cache), verifier.touch)
                agenda.at(use, partial(self._verify, verifier, kid))

    def _verify(self, verifier: Verifier, kid: list[str]) -> None:
        since = self._world.clock.now - self._outcome.rotations[-1]
        self._outcome.verifications.append(Verification(verifier.knows(*kid), since, verifier.asks))

    def _refresh(self, environment: Environment, kid: list[str]) -> None:
        self._outcome.refreshed += 1
        self._outcome.refused += kid[0] not in environment.ring.get().public

    def _version_id(self) -> str:
        return str(uuid.UUID(int=self._chance.getrandbits(128)))


def simulate(plan: Plan, order: Order = on_schedule) -> Outcome:
    """What comes of a plan, with the rotation as it is deployed or in another order."""
    with names_for_keys():
        return Simulation(plan, order).run()

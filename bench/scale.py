"""One region under 1 to a million tokens a second, on paper: what each quota sees of it, and which gives way first.

python -m bench.scale               the tables of docs/scale.md, where `make docs` puts them
python -m bench.scale simulate      a thousand environments that start at once, with the code as it is deployed
"""

import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import pytest

from bench import cost, quotas
from bench.cost import Work, table
from bench.prices import MILLION, MONTH
from bench.quotas import Quota
from signet.cache import Remembered
from signet.keys.algorithms import ALGORITHMS
from signet.keys.keyring import Keyring, LoadedRing, RememberedRing
from signet.keys.thumbprint import thumbprint
from signet.model.key import KeyState, RingKey
from signet.settings import CLIENT_CACHE, KEYRING_CACHE
from tests.support.deployment import Deployment, deployed

RATES = (1, 100, 10_000, 1_000_000)
"""Tokens a second."""

RAMP = 60
"""Seconds in which the crowd comes."""


@dataclass(frozen=True, slots=True)
class Demand:
    """What `rate` pieces of work a second ask of a quota."""

    quota: Quota
    of: Callable[[Work, float], float]


def environments(work: Work, rate: float) -> float:
    """That are busy at once: by the time each invocation takes, and never more than ten invocations a second each."""
    invocations = rate * work.invocations
    seconds = work.milliseconds(kms=False) / 1000 / work.invocations
    return max(invocations * seconds, invocations / 10)


DEMANDS = (
    Demand(quotas.ROUTE, lambda _, rate: rate),
    Demand(quotas.HTTP_API, lambda work, rate: rate * work.invocations),
    Demand(quotas.CONCURRENCY, environments),
    Demand(quotas.SCALING, lambda work, rate: environments(work, rate) * 10 / RAMP),
    Demand(quotas.SECRET_READS, lambda work, rate: environments(work, rate) * (1 / RAMP + 1 / KEYRING_CACHE)),
    Demand(quotas.READS, lambda work, rate: rate * work.reads),
    Demand(quotas.WRITES, lambda work, rate: rate * work.writes),
    Demand(quotas.HOT_READS, lambda work, rate: environments(work, rate) / CLIENT_CACHE),
    Demand(quotas.KMS_RSA, lambda work, rate: rate * work.signatures),
)
"""Every quota that lies on the way, and what is asked of it. KMS only counts where the keys are in it."""


def shares(work: Work, rate: float) -> dict[str, float]:
    """How much of each quota is used; 1 is all of it."""
    return {demand.quota.name: demand.of(work, rate) / demand.quota.most for demand in DEMANDS}


def machines() -> str:
    """The table for tokens of machines."""
    return _shares(cost.TOKEN)


def people() -> str:
    """The table for codes and their exchange."""
    return _shares(cost.CODE)


def _shares(work: Work) -> str:
    by_rate = {rate: shares(work, rate) for rate in RATES}
    rows = [
        [
            demand.quota.counted,
            f"{demand.quota.most:,.0f}",
            *(_percent(by_rate[rate][demand.quota.name]) for rate in RATES),
        ]
        for demand in DEMANDS
    ]
    bill = [f"{work.total(None) / MILLION * rate * MONTH * 3600:,.0f}" for rate in RATES]
    rows.append(["USD a month at this rate, signed locally", "", *bill])
    rows.append(["gives way first", "", *(_first(by_rate[rate]) for rate in RATES)])
    return table([f"{work.name}: share of the quota", "quota", *(f"{rate:,}/s" for rate in RATES)], rows)


def _percent(share: float) -> str:
    if not share:
        return ""
    return "< 0.1 %" if share < 0.001 else f"**{share:,.0%}**" if share > 1 else f"{share:.1%}"


def _first(used: dict[str, float]) -> str:
    """The quotas that are exceeded, the first on the way up before the others; keys are taken to be in the secret."""
    exceeded = {name: share for name, share in used.items() if share > 1 and "KMS" not in name}
    return ", then ".join(sorted(exceeded, key=exceeded.__getitem__, reverse=True)[:4]) or "nothing"


def switches() -> str:
    """What is done about each."""
    rows = [
        [demand.quota.counted, f"{demand.quota.most:,.0f}", demand.quota.lifted, demand.quota.page]
        for demand in DEMANDS
    ]
    return table([f"quota, {quotas.AS_OF}", "default", "what lifts it", "source"], rows)


@dataclass(frozen=True, slots=True)
class FirstSecond:
    """What a crowd of new environments asked of AWS: `calls` by operation, for so many `answers`."""

    calls: Counter[str]
    answers: int


def first_second(number: int, clients: int, requests: int) -> FirstSecond:
    """So many environments of the token function start, and each answers so many requests of clients by chance."""
    with pytest.MonkeyPatch.context() as patch, deployed(Deployment, patch) as deployment:
        deployment.give_keys()
        machines = [deployment.register(f"machine-{index}") for index in range(clients)]
        deployment.clock.stop()
        deployment.calls.clear()
        chance, answers = random.Random(1), 0  # noqa: S311 - the same crowd every time
        for _ in range(number):
            deployment.cold("token")
            for _ in range(requests):
                answers += deployment.issue(chance.choice(machines)).status == 200
        return FirstSecond(Counter(deployment.calls), answers)


def busiest_second(number: int, minutes: int, *, spread: bool) -> int:
    """The most reads of the secret in a second after the first minute, of environments that started together.

    Each answers ten requests a second. Without `spread` it is what the cache did before it had one.
    """
    now, reads = 0.0, Counter[int]()

    def load() -> LoadedRing:
        reads[int(now)] += 1
        return ring

    def clock() -> float:
        return now

    jwk = ALGORITHMS["RS256"].generate()
    ring = LoadedRing(Keyring((RingKey(thumbprint(jwk), "RS256", KeyState.ACTIVE, created_at=0, jwk=jwk),)))
    if spread:
        loads = [RememberedRing(load, KEYRING_CACHE, clock).load for _ in range(number)]
    else:
        loads = [Remembered(load, KEYRING_CACHE, clock).get for _ in range(number)]
    for tenth in range(minutes * 600):
        now = tenth / 10
        for get in loads:
            get()
    return max(count for second, count in reads.items() if second > 60)


def simulation() -> Iterator[str]:
    """What a thousand environments do when they start in the same second, and five minutes later."""
    number, clients, requests = 1_000, 20, 3
    found = first_second(number, clients, requests)
    yield f"{number:,} environments start in one second and answer {requests} requests each, of {clients} clients:"
    yield f"  {found.answers:,} tokens"
    yield from (f"  {count:,} {operation}" for operation, count in sorted(found.calls.items()))
    for spread in (False, True):
        most = busiest_second(number, 21, spread=spread)
        how = "at different times, as deployed" if spread else "all after the same time"
        yield f"Five minutes later and on, reading {how}: {most:,} reads of the secret in the busiest second"


TABLES: dict[str, Callable[[], str]] = {"scale of machines": machines, "scale of people": people, "quotas": switches}
"""By the name under which `make docs` finds their places."""


def main(arguments: Sequence[str]) -> None:
    """Print the tables, or the simulation."""
    for text in simulation() if "simulate" in arguments else (made() for made in TABLES.values()):
        print(text, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])

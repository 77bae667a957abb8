"""What slows down guessing: failures counted by account and by address, across all execution environments.

An attempt is counted as a failure *before* its password is hashed, so that guesses made in parallel slow each other
down; a success takes its count back. Accounts that do not exist are counted like those that do.

No stranger can lock an owner out: where an account has signed in before, it is slowed by what was tried *there* for
that account, and by nothing else.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from ipaddress import IPv6Address, IPv6Network, ip_address

from signet.model.session import Attempts
from signet.model.user import login_name
from signet.ports import ThrottleStore

FORGOTTEN_AFTER = 3_600
"""Seconds without a failure after which earlier ones are forgotten: longer than any delay, or waiting would pay."""

KNOWN_FOR = 90 * 86_400
"""Seconds that an address counts as the account's own after a sign-in there: people come back within a quarter."""

_FIRST_DELAY = 2
"""Seconds; shorter than it takes to type a password again."""

_TRIES = 4
"""Lost races after which an attempt is one of too many at once; no person makes as many."""


@dataclass(frozen=True, slots=True)
class Delays:
    """How a counter slows down: not for the first `free` failures, then twice as long each time, at most `longest`."""

    free: int
    longest: int

    def after(self, failures: int) -> int:
        """Seconds to wait after so many failures."""
        doublings = min(failures - self.free, 20)
        return 0 if doublings < 0 else min(self.longest, _FIRST_DELAY * 2**doublings)


ACCOUNT = Delays(free=5, longest=300)
"""At most some three hundred guesses a day at one account, from wherever they come; an owner waits five minutes."""

ADDRESS = Delays(free=20, longest=900)
"""An office or a mobile network is one address to us: more is free, and who tries many accounts waits longer."""


@dataclass(frozen=True, slots=True)
class RetryAfter:
    """Too early: seconds until the next attempt is looked at. This one was not counted."""

    seconds: int


@dataclass(frozen=True, slots=True)
class Counter:
    """A counter as it was read. `at_home` is that of an account at an address it has signed in from before."""

    subject: str
    delays: Delays
    attempts: Attempts
    at_home: bool = False

    def wait(self, now: int) -> int:
        """Seconds until an attempt is allowed, 0 or less for now."""
        return self.attempts.not_before - now

    def with_failure(self, now: int) -> Attempts:
        """What is counted with one failure more."""
        forgotten = now >= self.attempts.not_before + FORGOTTEN_AFTER
        failures = 1 if forgotten else self.attempts.failures + 1
        not_before = now + self.delays.after(failures)
        # failures do not prolong how long an address is known
        expires_at = self.attempts.expires_at if self.at_home else not_before + FORGOTTEN_AFTER
        return Attempts(failures, not_before, expires_at)


@dataclass(frozen=True, slots=True)
class Allowed:
    """An attempt that may be made, counted as a failure already: each counter as it was, and what it says now."""

    account: str
    known: str
    counted: tuple[tuple[Counter, Attempts], ...]

    @property
    def at_home(self) -> bool:
        """Whether the account has signed in from this address before."""
        return any(counter.at_home for counter, _ in self.counted)


class Throttle:
    """The policy over a store of counters."""

    def __init__(self, store: ThrottleStore) -> None:
        self._store = store

    def reserve(self, username: str, address: str, now: int) -> Allowed | RetryAfter:
        """Count an attempt at `username` from the IP address `address`, or say how long it has to wait."""
        account, place = f"account:{login_name(username)}", f"address:{network(address)}"
        known = self._read(f"{place} {account}", ACCOUNT, now)
        if known.attempts.expires_at:
            counters: tuple[Counter, ...] = (replace(known, at_home=True),)
        else:
            counters = (self._read(place, ADDRESS, now), self._read(account, ACCOUNT, now))
        wait = max(counter.wait(now) for counter in counters)
        if wait > 0:
            return RetryAfter(wait)
        counted: list[tuple[Counter, Attempts]] = []
        for counter in counters:
            count = self._count(counter, now)
            if isinstance(count, RetryAfter):
                self._take_back(counted, now)
                return count
            counted.append(count)
        return Allowed(account, known.subject, tuple(counted))

    def succeeded(self, allowed: Allowed, now: int) -> None:
        """The password was right: the account is known at this address from now on, with nothing counted.

        The account's counter is cleared where this attempt was counted on it, which is where its owner may have
        mistyped. The address only gets this attempt back: who owns an account cannot wash off guesses at others.
        """
        current = Attempts()
        if allowed.at_home:
            [(_, current)] = allowed.counted
        else:
            self._store.clear(allowed.account)
            self._take_back((entry for entry in allowed.counted if entry[0].subject != allowed.account), now)
        for _ in range(_TRIES):
            if self._store.put(allowed.known, Attempts(expires_at=now + KNOWN_FOR), current, now):
                return
            current = self._store.get(allowed.known, now)

    def _read(self, subject: str, delays: Delays, now: int) -> Counter:
        return Counter(subject, delays, self._store.get(subject, now))

    def _count(self, counter: Counter, now: int) -> tuple[Counter, Attempts] | RetryAfter:
        for _ in range(_TRIES):
            if counter.wait(now) > 0:
                return RetryAfter(counter.wait(now))
            attempts = counter.with_failure(now)
            if self._store.put(counter.subject, attempts, counter.attempts, now):
                return counter, attempts
            counter = replace(counter, attempts=self._store.get(counter.subject, now))
        return RetryAfter(1)

    def _take_back(self, counted: Iterable[tuple[Counter, Attempts]], now: int) -> None:
        """Uncount what was counted; where others have counted since, it stays, which errs on the slow side."""
        for counter, attempts in counted:
            self._store.put(counter.subject, replace(counter.attempts, expires_at=attempts.expires_at), attempts, now)


def network(address: str) -> str:
    """What counts as one address: an IPv4 address, or the /64 that one IPv6 subscriber chooses from at will."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        mapped = parsed.ipv4_mapped
        return str(mapped) if mapped else str(IPv6Network((int(parsed), 64), strict=False))
    return str(parsed)

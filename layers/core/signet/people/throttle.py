"""What slows down guessing: failures counted by account, address and device, across all execution environments.

An attempt is counted as a failure *before* its password is hashed, so that guesses made in parallel slow each other
down; a success takes its count back. Accounts that do not exist are counted like those that do.

No stranger can lock an owner out: in a browser where an account has signed in before, which its device cookie shows,
it is slowed by what was tried *there* for that account, and by nothing else. A client with a short secret is an account
as well, and the address that it has authenticated from its device (clientauth.short_secrets).
"""

import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from hashlib import sha256
from ipaddress import IPv6Address, IPv6Network, ip_address

from signet.model.session import Attempts
from signet.model.user import login_name
from signet.ports import ThrottleStore

KNOWN_FOR = 400 * 86_400
"""Seconds that a device is known after a sign-in there: as long as browsers keep a cookie (RFC 6265bis)."""

_FIRST_DELAY = 2
"""Seconds; shorter than it takes to type a password again."""

_TRIES = 40
"""Lost races after which an attempt is one of too many at once."""


@dataclass(frozen=True, slots=True)
class Delays:
    """How a counter slows down: not for the first `free` failures, then twice as long each time, at most `longest`.

    One failure is forgotten every `longest` seconds: after the first few, a day has room for 86,400 / `longest`
    guesses however they are timed, and whoever mistypes less often than that is never slowed.
    """

    free: int
    longest: int

    def after(self, failures: int) -> int:
        """Seconds to wait after so many failures."""
        doublings = min(failures - self.free, 20)
        return 0 if doublings < 0 else min(self.longest, _FIRST_DELAY * 2**doublings)

    def failures(self, attempts: Attempts, at: int) -> int:
        """How many of them are not forgotten at that time; never less than none."""
        return max(0, -((at - attempts.forgotten_at) // self.longest))


ACCOUNT = Delays(free=5, longest=300)
"""Some three hundred guesses a day at one account, from wherever they come; an owner waits five minutes at most."""

ADDRESS = Delays(free=50, longest=120)
"""An office or a mobile network is one address to us: its newcomers may all be on their way in at one moment."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How attempts of one kind are slowed, by account, by address and where they are known.

    `account` and `address` begin the names of their counters, so that other kinds do not count in them; `name` is what
    is one account. A device stays known for `known_for` seconds. `forgiving`: a success forgets what failed before it,
    which was its owner's own; else it takes back nothing but itself.
    """

    account: str
    address: str
    name: Callable[[str], str]
    by_account: Delays
    by_address: Delays
    by_device: Delays
    known_for: int
    forgiving: bool


PEOPLE = Limits("account", "address", login_name, ACCOUNT, ADDRESS, ACCOUNT, KNOWN_FOR, forgiving=True)

CLIENTS = Limits(
    account="client",
    address="client_address",
    name=str,
    # machines come all at once, and each counts until its secret is verified
    by_account=Delays(free=20, longest=300),
    by_address=ADDRESS,
    by_device=Delays(free=50, longest=300),
    # nobody owns an address for long, and others may be behind it: they must not wash off their guesses
    known_for=30 * 86_400,
    forgiving=False,
)


@dataclass(frozen=True, slots=True)
class RetryAfter:
    """Too early: seconds until the next attempt is looked at. This one was not counted.

    `known`: the account has succeeded on this device before.
    """

    seconds: int
    known: bool = False


@dataclass(frozen=True, slots=True)
class Counter:
    """A counter as it was read. `known` is that of an account on a device where it has signed in before."""

    subject: str
    delays: Delays
    attempts: Attempts
    known: bool = False

    def wait(self, now: int) -> int:
        """Seconds until an attempt is allowed, 0 or less for now.

        Where there is no delay it does not matter that another environment has counted at what is later by its clock.
        """
        counted_at = self.attempts.counted_at
        delay = self.delays.after(self.delays.failures(self.attempts, counted_at))
        return counted_at + delay - now if delay else 0

    def with_failure(self, now: int) -> Attempts:
        """What is counted with one failure more."""
        forgotten_at = max(self.attempts.forgotten_at, now) + self.delays.longest
        # failures do not prolong how long a device is known
        return Attempts(forgotten_at, now, self.attempts.expires_at if self.known else forgotten_at)

    def taken_back(self, current: Attempts, counted: Attempts) -> Attempts:
        """What is counted with one failure less than in `current`; `counted` is what it was with that failure."""
        forgotten_at = current.forgotten_at - self.delays.longest
        # where others have counted since, the delay goes on from the last of them
        counted_at = self.attempts.counted_at if current == counted else current.counted_at
        return Attempts(forgotten_at, counted_at, forgotten_at)


@dataclass(frozen=True, slots=True)
class Allowed:
    """An attempt that may be made, counted as a failure already: each counter as it was, and what it says now."""

    account: str
    device: str
    counted: tuple[tuple[Counter, Attempts], ...]

    @property
    def known(self) -> bool:
        """Whether the account has signed in on this device before."""
        return any(counter.known for counter, _ in self.counted)


class Throttle:
    """The policy over a store of counters. `pause` waits, for so many seconds, where others count at the same time."""

    def __init__(
        self, store: ThrottleStore, pause: Callable[[float], None] = time.sleep, limits: Limits = PEOPLE
    ) -> None:
        self._store = store
        self._pause = pause
        self._limits = limits

    def reserve(
        self, username: str, address: str, device: str, now: int, *, new_device: bool = False
    ) -> Allowed | RetryAfter:
        """Count an attempt at `username` from the IP address `address`, or say how long it has to wait.

        `device` is the browser's device cookie (OWASP Authentication Cheat Sheet, device cookies): where the account
        has signed in with it before, its own counter replaces the others; any other value is worth nothing. Of a
        `new_device`, which is none that was brought but a value made for this attempt, nothing can be counted yet.
        """
        limits = self._limits
        account, place = f"{limits.account}:{limits.name(username)}", f"{limits.address}:{network(address)}"
        own = f"device:{sha256(device.encode(errors='surrogatepass')).hexdigest()} {account}"
        # by itself: where the owner is known, counters that strangers keep busy are not even read
        there = Attempts() if new_device else self._store.get(own, now)
        if there.expires_at:
            counters: tuple[Counter, ...] = (Counter(own, limits.by_device, there, known=True),)
        else:
            attempts = self._store.get_all((place, account), now)
            counters = (
                Counter(place, limits.by_address, attempts[0]),
                Counter(account, limits.by_account, attempts[1]),
            )
        wait = max(counter.wait(now) for counter in counters)
        if wait > 0:
            return RetryAfter(wait, counters[0].known)
        counted: list[tuple[Counter, Attempts]] = []
        for counter in counters:
            count = self._count(counter, now)
            if isinstance(count, RetryAfter):
                self._take_back(counted, now)
                return count
            counted.append(count)
        return Allowed(account, own, tuple(counted))

    def succeeded(self, allowed: Allowed, now: int) -> None:
        """The password was right: the account is known on this device from now on, with nothing counted.

        The account's counter is cleared where this attempt was counted on it, which is where its owner may have
        mistyped. The address only gets this attempt back: who owns an account cannot wash off guesses at others. Where
        the limits do not forgive no counter gets back more than that.
        """
        current = Attempts()
        if allowed.known:
            [(_, current)] = allowed.counted
        else:
            forgiven = allowed.account if self._limits.forgiving else ""
            if forgiven:
                self._store.clear(forgiven)
            self._take_back((entry for entry in allowed.counted if entry[0].subject != forgiven), now)
        for lost in range(1, _TRIES + 1):
            if self._store.put(allowed.device, self._known(allowed, current, now), current, now):
                return
            current = self._read_again(allowed.device, lost, now)

    def _known(self, allowed: Allowed, current: Attempts, now: int) -> Attempts:
        """What is counted on a device, where `current` is, after a success there."""
        if self._limits.forgiving:
            current = Attempts()
        elif allowed.known:
            [(counter, counted)] = allowed.counted
            current = counter.taken_back(current, counted)
        return replace(current, expires_at=now + self._limits.known_for)

    def _read_again(self, subject: str, lost: int, now: int) -> Attempts:
        """What is counted after so many lost races, and after a while that keeps many from losing them together."""
        self._pause(secrets.randbelow(1 + min(lost, 10)) * 0.005)
        return self._store.get(subject, now)

    def _count(self, counter: Counter, now: int) -> tuple[Counter, Attempts] | RetryAfter:
        for lost in range(1, _TRIES + 1):
            if counter.wait(now) > 0:
                return RetryAfter(counter.wait(now), counter.known)
            attempts = counter.with_failure(now)
            if self._store.put(counter.subject, attempts, counter.attempts, now):
                return counter, attempts
            counter = replace(counter, attempts=self._read_again(counter.subject, lost, now))
        return RetryAfter(1, counter.known)

    def _take_back(self, entries: Iterable[tuple[Counter, Attempts]], now: int) -> None:
        """Uncount exactly what was counted, whatever others have counted or taken back since."""
        for counter, counted in entries:
            current = counted
            for lost in range(1, _TRIES + 1):
                if self._store.put(counter.subject, counter.taken_back(current, counted), current, now):
                    break
                current = self._read_again(counter.subject, lost, now)
                if current == Attempts():
                    break  # forgotten already


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

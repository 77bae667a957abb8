"""Checking a user name and a password: throttled, alike for everyone who is refused, in content and in time."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from signet.errors import OAuthError, Reason
from signet.model.user import User
from signet.people import passwords
from signet.people.throttle import RetryAfter, Throttle
from signet.ports import Clock, UserStore

LONGEST_USERNAME = 255
"""Characters of a user name that is looked for; nobody has a longer one."""

REFUSED_AFTER = 1.0
"""Seconds until a refusal where imported hashes are about: longer than the costliest of them takes to verify."""

_ENOUGH = 0.57
"""Share of a core on which that is so."""


def refused_after(cores: float) -> float:
    """The same on that share of a core: on less of one a second would tell whose hash was verified."""
    return REFUSED_AFTER * max(1.0, _ENOUGH / cores)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nobody is signed in. The person is told of `retry_after`, seconds, where it is not 0, else the one sentence.

    `reason` and `sub` are for the audit alone.
    """

    reason: Reason
    retry_after: int = 0
    sub: str = ""


@dataclass(frozen=True, slots=True)
class SignIn:
    """The way from a name and a password to a user. `timer` and `pause` are in seconds, as is `refused_after`."""

    users: UserStore
    throttle: Throttle
    clock: Clock
    timer: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep
    refused_after: float = REFUSED_AFTER

    def __call__(
        self, username: str, password: str, address: str, device: str, *, new_device: bool = False
    ) -> User | Refusal:
        """The user, or why not. `address` is the IP address that the request came from, `device` its device cookie.

        `new_device` where it brought none: the value was made for this attempt.

        A user who is unknown, disabled or without a password is refused after the same work as for a wrong one; where
        the work depends on which system a hash came from, after the same time.
        Raises OAuthError where a store fails; the attempt is counted all the same.
        """
        if passwords.is_too_long(password) or len(username) > LONGEST_USERNAME:
            return Refusal(Reason.PASSWORD_WRONG)  # nobody's, so there is nothing to guess and nothing to count
        now = int(self.clock())
        allowed = self.throttle.reserve(username, address, device, now, new_device=new_device)
        if isinstance(allowed, RetryAfter):
            return Refusal(Reason.THROTTLED, allowed.seconds)
        started = self.timer()
        # not in the read of the counters: an attempt that is slowed is free to repeat, and may not look for the name,
        # or its time would tell in the long run whose name there is
        user = self.users.find(username)
        verified = passwords.verify(password, user.password_hash if user else "")
        if user and verified and not user.disabled:
            self.throttle.succeeded(allowed, now)
            return self._with_fresh_hash(user, password)
        if self.users.has_imported_hashes():
            self.pause(max(0, started + self.refused_after - self.timer()))
        if user is None:
            return Refusal(Reason.USER_UNKNOWN)
        return Refusal(Reason.USER_DISABLED if verified else Reason.PASSWORD_WRONG, sub=user.sub)

    def _with_fresh_hash(self, user: User, password: str) -> User:
        """The user, their password hashed anew where scheme or parameters are not those of today."""
        if not passwords.needs_rehash(user.password_hash):
            return user
        rehashed = replace(user, password_hash=passwords.rehash(password))
        try:
            return rehashed if self.users.update(rehashed, user) else user
        except OAuthError:
            return user  # the next sign-in tries again: this one has succeeded

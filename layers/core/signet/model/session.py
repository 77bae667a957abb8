"""A browser's login session, and the failures before it."""

from dataclasses import dataclass, field
from hashlib import sha256

from signet.model.user import User


def session_digest(session_id: str) -> str:
    """SHA-256 of a session id in hexadecimal: the only form in which it is stored."""
    return sha256(session_id.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Session:
    """Who is logged in, and since when; times in epoch seconds.

    `digest` stands for the cookie, `sid` is the public id that tokens carry. `expires_at` is the idle end, moved ahead
    by use; `ends_at` the absolute one, never moved. `password_changed_at` is the user's of when the password was typed.
    """

    digest: str = field(repr=False)
    sid: str
    sub: str
    auth_time: int
    amr: tuple[str, ...]
    acr: str
    created_at: int
    expires_at: int
    ends_at: int
    user_agent: str = ""
    password_changed_at: int = 0

    def lives(self, now: int) -> bool:
        """Whether neither end has come; time to live may leave a session lying for days after."""
        return now < min(self.expires_at, self.ends_at)

    def counts_for(self, user: User | None) -> bool:
        """Whether it still signs its user in: not one who is gone or disabled, nor by a password of before.

        Times alone do not tell: a sign-in of the second of the change, or one that was under way, was by either.
        """
        return user is not None and not user.disabled and self.password_changed_at == user.password_changed_at


@dataclass(frozen=True, slots=True)
class Attempts:
    """Failed attempts at one subject (an account, an address, a device), which are forgotten one by one.

    When the last of them is forgotten, which says how many are left; when the last was counted; when the record ends.
    Epoch seconds.
    """

    forgotten_at: int = 0
    counted_at: int = 0
    expires_at: int = 0

"""Login sessions: a random id in the browser's cookie, its digest in the store, two ends."""

import secrets
from dataclasses import dataclass

from signet.authorize.request import ACR
from signet.model.session import Session, session_digest
from signet.model.user import User
from signet.ports import Clock, SessionStore

EXTENDED_EVERY = 300
"""Seconds between two writes of the idle end, so that looking at a session is seldom a write."""

_LONGEST_USER_AGENT = 255


@dataclass(frozen=True, slots=True)
class Sessions:
    """The rules of login sessions over a store of them. Lifetimes in seconds: unused, and whatever happens."""

    store: SessionStore
    clock: Clock
    idle_lifetime: int
    lifetime: int

    def begin(
        self, user: User, user_agent: str = "", *, replacing: str = "", continuing: Session | None = None
    ) -> tuple[str, Session]:
        """A new session of a user, as they were when their password was right, and its id for the cookie.

        Every login has an id of its own, 256 random bits; the session of the id `replacing` ends before. Where the same
        user has signed in again, `continuing` their session, its public `sid` stays: to applications it is the session
        that their tokens are of, and a logout still finds what came of it.
        """
        self.end(replacing)
        now = int(self.clock())
        # what ends this session ends what came of every login of it, by whichever clock that one was dated
        auth_time = max(now, continuing.auth_time + 1) if continuing and continuing.sub == user.sub else now
        session_id = secrets.token_urlsafe(32)
        session = Session(
            digest=session_digest(session_id),
            sid=continuing.sid if continuing and continuing.sub == user.sub else secrets.token_urlsafe(16),
            sub=user.sub,
            auth_time=auth_time,
            amr=("pwd",),
            acr=ACR,
            created_at=now,
            expires_at=now + min(self.idle_lifetime, self.lifetime),
            ends_at=now + self.lifetime,
            user_agent="".join(filter(str.isprintable, user_agent))[:_LONGEST_USER_AGENT],
            password_changed_at=user.password_changed_at,
        )
        self.store.create(session)
        return session_id, session

    def find(self, session_id: str) -> Session | None:
        """The session of a cookie's value, while it lives. Finding it is using it: its idle end moves ahead."""
        now = int(self.clock())
        session = living(self.store, session_id, now)
        if session is None:
            return None
        expires_at = min(now + self.idle_lifetime, session.ends_at)
        if expires_at - session.expires_at >= EXTENDED_EVERY:
            self.store.extend(session, expires_at)
        return session

    def end(self, session_id: str) -> None:
        """End the session of a cookie's value; there need not be one."""
        if _is_id(session_id):
            self.store.delete(session_digest(session_id))


def living(store: SessionStore, session_id: str, now: int) -> Session | None:
    """The session of a cookie's value, while it lives, left as it is."""
    return store.get(session_digest(session_id), now) if _is_id(session_id) else None


def _is_id(session_id: str) -> bool:
    return len(session_id) == 43 and session_id.isascii()

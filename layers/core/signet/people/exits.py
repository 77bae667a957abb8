"""The ways out: a session ends, an application loses what it was allowed."""

from collections.abc import Callable
from dataclasses import dataclass

from signet.model.grant import Grant
from signet.model.session import Session
from signet.ports import Clock, ConsentStore, HeldGrants, HeldSessions
from signet.settings import CLOCK_SKEW, LONGEST_REFRESH_TOKEN_LIFETIME


@dataclass(frozen=True, slots=True)
class Exits:
    """Ends sessions and grants. Each step may be repeated, and what fails half way is finished by the next try."""

    sessions: HeldSessions
    grants: HeldGrants
    clock: Clock

    def sign_out(self, session: Session) -> tuple[str, ...]:
        """End a session and the grants that end with it (Grant.ends_with); the grants' ids.

        A note of it goes first, by which a grant too young to be listed dies when its code or its refresh token is
        shown: it is kept for as long as any such token lives. The session goes last: while it is there the same request
        can be made again.
        """
        self.sessions.note_ended(session, int(self.clock()) + LONGEST_REFRESH_TOKEN_LIFETIME + CLOCK_SKEW)
        revoked = self._revoke(session.sub, lambda grant: grant.ends_with == session.sid)
        self.sessions.delete(session.digest)
        return revoked

    def withdraw(self, sub: str, client_id: str, consents: ConsentStore) -> tuple[str, ...]:
        """Take back what a user has allowed a client, and end the grants that came of it; the grants' ids.

        The consent goes first: without it nothing new begins, and a grant too young to be listed dies when its code or
        its refresh token is shown.
        """
        consents.delete(sub, client_id)
        return self._revoke(sub, lambda grant: grant.client_id == client_id)

    def _revoke(self, sub: str, concerned: Callable[[Grant], bool]) -> tuple[str, ...]:
        now = int(self.clock())
        alive = [grant for grant in self.grants.of_subject(sub, now) if grant.lives(now) and concerned(grant)]
        for grant in alive:
            self.grants.revoke(grant.grant_id, now)
        return tuple(grant.grant_id for grant in alive)

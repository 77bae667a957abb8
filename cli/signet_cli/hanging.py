"""How much hangs on a user or a client, and what ends when they do."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from signet.people.exits import Exits
from signet.ports import Clock
from signet_cli.held import counted, held, living

if TYPE_CHECKING:
    from signet.model.grant import Grant
    from signet.model.session import Session
    from signet_cli.stack import Stack


@dataclass(frozen=True, slots=True)
class Hanging:
    """The living grants and the open sessions of a user."""

    grants: "tuple[Grant, ...]"
    sessions: "tuple[Session, ...]"

    def __str__(self) -> str:
        return f"{counted(len(self.grants), 'grant')} and {counted(len(self.sessions), 'session')}"

    def members(self) -> dict[str, int]:
        """For machines."""
        return {"grants": len(self.grants), "sessions": len(self.sessions)}


def of_user(found: "Stack", sub: str, now: int) -> Hanging:
    """What hangs on a user; what began a moment ago may be missing."""
    grants = living(held(found, found.grants().of_subject(sub, now), now))
    return Hanging(tuple(each.grant for each in grants), tuple(found.sessions().of_subject(sub, now)))


def end(found: "Stack", hanging: Hanging, clock: Clock) -> None:
    """End the sessions and revoke the grants of a user who is gone: another of the same `sub` must not inherit them."""
    exits = Exits(found.sessions(), found.grants(), clock)
    for session in hanging.sessions:
        exits.sign_out(session)
    for grant in hanging.grants:
        found.grants().revoke(grant.grant_id, int(clock()))

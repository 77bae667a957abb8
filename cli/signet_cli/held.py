"""What hangs on a user or a client: grants and login sessions, and what becomes of them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from signet.errors import OAuthError, Reason
from signet.grants.user import refresh_end
from signet.model.client import Client
from signet.model.grant import Grant
from signet.ports import ClientStore, GrantListing, UserStore
from signet.settings import Settings
from signet_cli.display import moment
from signet_cli.people import unknown

if TYPE_CHECKING:
    from signet_cli.stack import Stack

COLUMNS = ("grant_id", "client_id", "scope", "state", "since", "last refreshed", "refreshable until")


@dataclass(frozen=True, slots=True)
class HeldGrant:
    """A grant beside its client, None where that is gone or cannot be read, at `now` in epoch seconds."""

    grant: Grant
    client: Client | None
    settings: Settings
    now: int

    @property
    def refreshable_until(self) -> int | None:
        """When its last refresh token ends, in epoch seconds; None where it has none."""
        redeemed_at = self.grant.redeemed_at
        if redeemed_at is None or self.client is None or "refresh_token" not in self.client.grant_types:
            return None
        return refresh_end(self.client, self.grant, self.grant.rotated_at or redeemed_at, self.settings)

    @property
    def state(self) -> str:
        """What may still come of it, in two words at most."""
        if self.grant.revoked_at is not None:
            return "revoked"
        if self.grant.redeemed_at is None:
            return "code issued" if self.now < self.grant.code_expires_at else "code expired"
        until = self.refreshable_until
        if until is not None and self.now >= until:
            return "ended"
        return "active" if self.client else "client gone"

    def members(self) -> dict[str, Any]:
        """For machines; times in epoch seconds, what has not happened is left out."""
        grant = self.grant
        candidates = {
            "grant_id": grant.grant_id,
            "client_id": grant.client_id,
            "sub": grant.sub,
            "scope": " ".join(grant.scope),
            "state": self.state,
            "sid": grant.sid,
            "auth_time": grant.auth_time,
            "created_at": grant.created_at,
            "redeemed_at": grant.redeemed_at,
            "rotated_at": grant.rotated_at,
            "revoked_at": grant.revoked_at,
            "refreshable_until": self.refreshable_until,
        }
        return {name: value for name, value in candidates.items() if value not in (None, "")}

    def row(self) -> tuple[str, ...]:
        """For people, by COLUMNS."""
        grant, until = self.grant, self.refreshable_until
        return (
            grant.grant_id,
            grant.client_id,
            " ".join(grant.scope),
            self.state,
            moment(grant.created_at),
            moment(grant.rotated_at) if grant.rotated_at else "never",
            moment(until) if until else "never",
        )


def held(found: "Stack", grants: Iterable[Grant], now: int) -> list[HeldGrant]:
    """Grants of a stack beside their clients, the oldest first."""
    ordered = sorted(grants, key=lambda grant: (grant.created_at, grant.grant_id))
    clients, settings = found.registry(), found.settings()
    known = {client_id: _client(clients, client_id) for client_id in {grant.client_id for grant in ordered}}
    return [HeldGrant(grant, known[grant.client_id], settings, now) for grant in ordered]


def living(grants: Iterable[HeldGrant]) -> Iterator[HeldGrant]:
    """Those of which something may still come."""
    return (each for each in grants if each.grant.lives(each.now) and each.state != "ended")


def living_of_client(found: "Stack", client_id: str, now: int) -> int:
    """How many living grants a client has; the whole table is read."""
    return sum(1 for _ in living(held(found, found.grants().of_client(client_id, now), now)))


def subject(users: UserStore, grants: GrantListing, name: str, now: int) -> tuple[str, str]:
    """The `sub` of a user by name or `sub`, and how they are called; also of one who is gone and left grants.

    Raises Mistake where there is neither.
    """
    user = users.find(name) or users.get(name)
    if user is not None:
        return user.sub, user.username
    if next(iter(grants.of_subject(name, now)), None) is None:
        raise unknown(name)
    return name, name


def counted(number: int, noun: str) -> str:
    """So many of them, in words that agree."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _client(clients: ClientStore, client_id: str) -> Client | None:
    """The client; its broken record must not hide the grants, which can still be revoked."""
    try:
        return clients.get(client_id)
    except OAuthError as error:
        if error.reason is not Reason.CLIENT_RECORD_INVALID:
            raise
        return None

"""What an account's owner has to know: which applications may use it, and where it is signed in."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from signet.model.client import Client
from signet.model.grant import Grant
from signet.model.session import Session
from signet.model.user import Consent, User


@dataclass(frozen=True, slots=True)
class Access:
    """An application with access, and since when, in epoch seconds; `client` is None where it has been deleted."""

    client_id: str
    client: Client | None
    scope: tuple[str, ...]
    since: int


@dataclass(frozen=True, slots=True)
class Account:
    """What hangs on a person's account, seen from the session `here`, which is the first of the sessions."""

    user: User
    here: Session
    accesses: tuple[Access, ...]
    sessions: tuple[Session, ...]


def accesses(
    consents: Iterable[Consent], grants: Iterable[Grant], client: Callable[[str], Client | None]
) -> Iterator[Access]:
    """Every application that has access by consent or by a grant that lives, in the order of client ids.

    An operator's own applications need no consent and still show by their grants, and so does one whose consent is gone
    and whose grants are not yet. What was allowed to an earlier client of the same id is nothing that this one has.
    """
    allowed = {consent.client_id: consent for consent in consents}
    granted: dict[str, list[Grant]] = {}
    for grant in grants:
        granted.setdefault(grant.client_id, []).append(grant)
    for client_id in sorted({*allowed, *granted}):
        known, own, consent = client(client_id), granted.get(client_id, []), allowed.get(client_id)
        if known:
            own = [grant for grant in own if grant.created_at >= known.client_id_issued_at]
            consent = consent if consent and consent.is_to(known) else None
        if consent or own:
            scopes = (*(consent.scope if consent else ()), *(name for grant in own for name in grant.scope))
            since = min([consent.granted_at] if consent else [grant.created_at for grant in own])
            yield Access(client_id, known, tuple(dict.fromkeys(scopes)), since)

"""What the protocol needs of the world, each port as small as its caller.

Unless said otherwise an operation that fails because AWS does raises OAuthError(temporarily_unavailable).
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, Protocol

from signet.errors import OAuthError, Reason
from signet.model.client import Client
from signet.model.grant import Grant, Redemption, Turn
from signet.model.key import KeySet
from signet.model.scope import ScopeCatalogue
from signet.model.session import Attempts, Session
from signet.model.standing import Standing
from signet.model.token_status import Status
from signet.model.user import Consent, User

Clock = Callable[[], float]
"""Now, in epoch seconds."""


class ClientStore(Protocol):
    """Where the token endpoint reads clients."""

    def get(self, client_id: str, *, fresh: bool = False) -> Client | None:
        """The client of that id or None; `fresh` asks past any cache. Raises for a record that cannot be used."""


class ClientRegistry(ClientStore, Protocol):
    """Where operators keep clients; each write is one conditional write."""

    def create(self, client: Client) -> bool:
        """Store a new client; False, and nothing is changed, where the id is taken."""

    def replace(self, client: Client, previous: Client) -> bool:
        """Store the client over `previous`; False, and nothing is changed, where it is no longer what is stored."""

    def delete(self, client_id: str) -> bool:
        """Remove the client; False where there was none."""

    def list(self, unusable: Callable[[OAuthError], None] | None = None) -> Iterable[Client]:
        """Every client, in the order of ids; may lag behind a write by a moment.

        A record that cannot be used is raised, or given to `unusable` and left out.
        """

    def has_short_secrets(self) -> bool:
        """Whether there may be clients with a secret that is too short to be kept as a digest."""

    def note_short_secrets(self, imported_at: int | None) -> None:
        """Note, before the first is stored, that such clients are about; None when the last of them is gone."""


class Signer(Protocol):
    """A key that signs; the private half may be anywhere."""

    @property
    def kid(self) -> str:
        """RFC 7638 thumbprint of the public half."""

    @property
    def alg(self) -> str:
        """JWS algorithm (RFC 7518 section 3.1)."""

    @property
    def remote(self) -> bool:
        """Whether a signature is a call, which may take its time and fail."""

    def sign(self, signing_input: bytes) -> bytes:
        """The JWS signature of these bytes."""


class KeyService(Protocol):
    """Where keys live whose private half nobody gets to see, as their rotation sees it."""

    @property
    def algs(self) -> Collection[str]:
        """The algorithms that it signs by."""

    def create(self, alg: str, name: str) -> tuple[str, dict[str, str]]:
        """ARN and public JWK of the key of that name, which is made where there is none."""

    def public_jwk(self, alg: str, key_arn: str) -> dict[str, str]:
        """The public half. Raises OAuthError also for a key that cannot sign by that algorithm, or no more."""

    def discard(self, used: Collection[str], before: int) -> list[str]:
        """End the keys of this ring that were made before that time and are not among the ARNs used; which these are.

        A key that does not come to be used, because a rotation failed or was given up, is found so as well.
        """


class KeyringSource(Protocol):
    """Where the token endpoint reads the ring that signs now."""

    def current(self) -> str:
        """The current keyring document. Raises also where the secret is missing."""


class KeyringVersions(KeyringSource, Protocol):
    """The keyring secret as its rotation sees it: versions that carry stages."""

    def stages(self) -> dict[str, frozenset[str]]:
        """Stages of each version id."""

    def pending(self, version_id: str) -> str | None:
        """The document of that pending version, None while it is empty."""

    def put_pending(self, version_id: str, document: str) -> None:
        """Fill the pending version; writing the same document again changes nothing."""

    def abandon(self, version_id: str) -> None:
        """Take the pending stage off a version; of one that is not pending nothing changes."""

    def promote(self, version_id: str, previous: str) -> None:
        """Move the current stage from version `previous` to `version_id` in one step. Raises where it is elsewhere."""


class KeySetStore(Protocol):
    """Where the public halves are published."""

    def load(self) -> KeySet:
        """What is published, as of now; an empty set of version 0 before the first publication."""

    def publish(self, key_set: KeySet) -> bool:
        """Store a set of version n over version n - 1; False, and nothing is changed, where another came first."""


class UserStore(Protocol):
    """Where the endpoints read people."""

    def get(self, sub: str) -> User | None:
        """The user of that `sub`, disabled or not."""

    def find(self, username: str) -> User | None:
        """The user of that login name, in whatever case it is typed."""

    def update(self, user: User, previous: User) -> bool:
        """Store the user over `previous`; False, and nothing is changed, where it is no longer what is stored.

        Neither `sub` nor login name may differ.
        """

    def has_imported_hashes(self) -> bool:
        """Whether there may be people whose password another system has hashed."""


class UserRegistry(UserStore, Protocol):
    """Where operators keep people."""

    def create(self, user: User) -> bool:
        """Store a new user; False, and nothing is changed, where `sub` (also by a client) or login name is taken."""

    def note_imported_hashes(self, imported_at: int | None) -> None:
        """Note, before the first is stored, that such hashes are about; None when the last of them is gone."""

    def delete(self, sub: str) -> bool:
        """Remove the user, their login name and their consents; False where there was none."""

    def list(self, unusable: Callable[[OAuthError], None] | None = None) -> Iterable[User]:
        """Every user; may lag behind a write by a moment. As to what cannot be used: as ClientRegistry.list."""


class ConsentStore(Protocol):
    """What people have allowed."""

    def get(self, sub: str, client_id: str) -> tuple[User | None, Consent | None]:
        """A user and their consent to a client as they are now, in one read."""

    def put(self, consent: Consent, previous: Consent | None) -> bool:
        """Store what is now allowed over `previous`, as `get` gave it; False, and no change, where another came first.

        A consent that was taken back meanwhile stays so.
        """

    def delete(self, sub: str, client_id: str) -> bool:
        """Take the consent back; False where there was none."""

    def of_user(self, sub: str) -> tuple[User | None, Iterable[Consent]]:
        """A user and everything that they have allowed as it is now, in one read, in the order of client ids."""


class StandingStore(Protocol):
    """What grants hang on."""

    def get(self, sub: str, client_id: str, sid: str) -> Standing:
        """User, consent and session as they are now, in one read, by which codes and refresh tokens are refused.

        `sid` is empty for a grant that does not end with its session.
        """


class ScopeStore(Protocol):
    """Where the scope catalogue is kept."""

    def load(self) -> ScopeCatalogue:
        """The catalogue, of version 0 before an operator has changed it."""

    def replace(self, catalogue: ScopeCatalogue) -> bool:
        """Store version n over version n - 1; False, and nothing is changed, where another came first."""


class SessionStore(Protocol):
    """Browsers' login sessions. What is past its end is not there, whether or not it has been deleted yet."""

    def get(self, digest: str, now: int) -> Session | None:
        """The session that is alive."""

    def create(self, session: Session) -> None:
        """Store a new session."""

    def extend(self, session: Session, expires_at: int) -> None:
        """Move the idle end ahead; a session that has been deleted meanwhile stays deleted."""

    def delete(self, digest: str) -> None:
        """End a session; ending it twice is no error."""


class SessionListing(Protocol):
    """A user's login sessions, for people to look at."""

    def of_subject(self, sub: str, now: int) -> Iterable[Session]:
        """The sessions that are alive, in no order; one that began a moment ago may be missing."""


class HeldSessions(SessionListing, Protocol):
    """A user's sessions, as their owner sees and ends them."""

    def note_ended(self, session: Session, expires_at: int) -> None:
        """Note, until then, that what came of the session's login is over, or of an earlier one of the same `sid`.

        A later login goes on. Noting it twice changes nothing, nor does an earlier login after a later one.
        """

    def delete(self, digest: str) -> None:
        """As SessionStore.delete."""


class ThrottleStore(Protocol):
    """Failed attempts, counted across all execution environments."""

    def get(self, subject: str, now: int) -> Attempts:
        """What is counted against a subject; nothing after its end."""

    def get_all(self, subjects: Sequence[str], now: int) -> list[Attempts]:
        """The same of several, in their order, in one read."""

    def put(self, subject: str, attempts: Attempts, previous: Attempts, now: int) -> bool:
        """Store the count over `previous`, as `get` gave it; False, and no change, where another came first."""

    def clear(self, subject: str) -> None:
        """Forget what is counted."""


class GrantStore(Protocol):
    """The grants: one item each, every decision one conditional write."""

    def create(self, grant: Grant) -> None:
        """Store a new grant."""

    def redeem(self, redemption: Redemption) -> tuple[Grant | None, Reason | None]:
        """Check and consume a code in one write, by the clauses of Redemption.refused_by.

        The grant as redeemed and None; or what is stored, unchanged, and why it was refused.
        """

    def release(self, redemption: Redemption) -> None:
        """Take this redemption back: nothing came of it, and the code is as good as before.

        Changes nothing where another request redeemed the code, or where the grant was revoked meanwhile.
        """

    def turn(self, turn: Turn) -> tuple[Grant | None, Reason | None]:
        """Move a grant to its next generation in one write, by the clauses of Turn.refused_by.

        The grant as it stands after this turn, also where it has been made a moment ago, and None; or what is stored,
        unchanged, and why it was refused.
        """

    def turn_back(self, turn: Turn) -> None:
        """Take this turn back: nothing came of it, and the token that it used is the last one again.

        A request that made the same turn again may have given its successor away, which stays good. Changes nothing
        where another request made the turn, or where the grant has moved on or was revoked meanwhile.
        """

    def revoke(self, grant_id: str, now: int) -> None:
        """Revoke a grant for good; revoking it twice, or one that is gone, changes nothing."""

    def get(self, grant_id: str, now: int) -> Grant | None:
        """The grant, revoked or not; None past its end."""


class GrantListing(Protocol):
    """A user's grants, for people to look at."""

    def of_subject(self, sub: str, now: int) -> Iterable[Grant]:
        """The grants before their end, revoked or not, in no order; one that began a moment ago may be missing."""


class HeldGrants(GrantListing, Protocol):
    """A user's grants, as their owner sees and ends them."""

    def revoke(self, grant_id: str, now: int) -> None:
        """As GrantStore.revoke."""


class SubjectListing(Protocol):
    """All that a user's account page lists."""

    def of_subject(self, sub: str, now: int) -> tuple[Sequence[Grant], Sequence[Session]]:
        """What GrantListing and SessionListing give, together."""


class ClientGrants(Protocol):
    """A client's grants, for operators to count."""

    def of_client(self, client_id: str, now: int) -> Iterable[Grant]:
        """The grants before their end, revoked or not, in no order; every grant there is has to be read for it."""


class TokenStatusStore(Protocol):
    """Which tokens no longer count, though their signature holds and they have not expired."""

    def blacklist(self, jti: str, expires_at: int) -> None:
        """Revoke one token until it would have expired; revoking it twice changes nothing."""

    def status(self, jti: str, grant_id: str | None, sub: str | None, now: int) -> Status:
        """What is on record of a token, in one read: itself, its grant and its user, where it has them.

        What is past its end is not there, whether or not it has been deleted yet.
        """


class Audit(Protocol):
    """One structured line per decision, and its metric."""

    def record(self, event: str, **fields: Any) -> None:
        """Write the line. `event` is a closed vocabulary; fields without a value are left out."""

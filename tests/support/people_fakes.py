"""In-memory ports of the interactive half; tests/contract holds each to the same suite as its adapter."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from threading import Lock

from signet.errors import OAuthError, Reason, unavailable
from signet.model.grant import Grant, Redemption, Turn
from signet.model.scope import ScopeCatalogue
from signet.model.session import Attempts, Session
from signet.model.standing import Standing
from signet.model.token_status import Status
from signet.model.user import Consent, User, login_name


class InMemoryPeople:
    """What is kept of people: users and consents, serialised as DynamoDB serialises the writes of one item."""

    def __init__(self, *users: User, is_client: Callable[[str], bool] = lambda _: False) -> None:
        self.lock = Lock()
        self.is_client = is_client
        self.users = {user.sub: user for user in users}
        self.consents: dict[tuple[str, str], Consent] = {}
        self.imported_at: int | None = None


class InMemoryUserRegistry:
    """ports.UserRegistry in a dictionary."""

    def __init__(self, people: InMemoryPeople | None = None) -> None:
        self._people = people or InMemoryPeople()

    def get(self, sub: str) -> User | None:
        return self._people.users.get(sub)

    def find(self, username: str) -> User | None:
        name = login_name(username)
        return next((user for user in self._people.users.values() if login_name(user.username) == name), None)

    def create(self, user: User) -> bool:
        with self._people.lock:
            if self._people.users.get(user.sub) == user:
                return True
            if user.sub in self._people.users or self.find(user.username) or self._people.is_client(user.sub):
                return False
            self._people.users[user.sub] = user
            return True

    def update(self, user: User, previous: User) -> bool:
        if (user.sub, login_name(user.username)) != (previous.sub, login_name(previous.username)):
            raise ValueError("neither sub nor login name of a user changes")
        with self._people.lock:
            if self._people.users.get(user.sub) not in (previous, user):
                return False
            self._people.users[user.sub] = user
            return True

    def has_imported_hashes(self) -> bool:
        return self._people.imported_at is not None

    def note_imported_hashes(self, imported_at: int | None) -> None:
        self._people.imported_at = imported_at

    def delete(self, sub: str) -> bool:
        with self._people.lock:
            for key in [key for key in self._people.consents if key[0] == sub]:
                del self._people.consents[key]
            return self._people.users.pop(sub, None) is not None

    def list(self, unusable: Callable[[OAuthError], None] | None = None) -> Iterator[User]:
        return iter(sorted(self._people.users.values(), key=lambda user: user.sub))


class InMemoryConsentStore:
    """ports.ConsentStore in a dictionary."""

    def __init__(self, people: InMemoryPeople | None = None) -> None:
        self._people = people or InMemoryPeople()

    def get(self, sub: str, client_id: str) -> tuple[User | None, Consent | None]:
        return self._people.users.get(sub), self._people.consents.get((sub, client_id))

    def put(self, consent: Consent, previous: Consent | None) -> bool:
        with self._people.lock:
            key = (consent.sub, consent.client_id)
            if self._people.consents.get(key) not in (previous, consent):
                return False
            self._people.consents[key] = consent
            return True

    def delete(self, sub: str, client_id: str) -> bool:
        with self._people.lock:
            return self._people.consents.pop((sub, client_id), None) is not None

    def of_user(self, sub: str) -> tuple[User | None, list[Consent]]:
        consents = [consent for (owner, _), consent in sorted(self._people.consents.items()) if owner == sub]
        return self._people.users.get(sub), consents


class InMemoryScopeStore:
    """ports.ScopeStore in a variable."""

    def __init__(self) -> None:
        self._catalogue = ScopeCatalogue()
        self._lock = Lock()

    def load(self) -> ScopeCatalogue:
        return self._catalogue

    def replace(self, catalogue: ScopeCatalogue) -> bool:
        with self._lock:
            if catalogue != self._catalogue and catalogue.version != self._catalogue.version + 1:
                return False
            self._catalogue = catalogue
            return True


class InMemorySessionStore:
    """ports.SessionStore in a dictionary."""

    def __init__(self) -> None:
        self._sessions: dict[str, Session] = {}
        self._lock = Lock()
        self.ended: dict[str, int] = {}
        self.writes = 0

    def get(self, digest: str, now: int) -> Session | None:
        session = self._sessions.get(digest)
        return session if session and session.lives(now) else None

    def create(self, session: Session) -> None:
        self.writes += 1
        self._sessions[session.digest] = session

    def extend(self, session: Session, expires_at: int) -> None:
        self.writes += 1
        with self._lock:
            stored = self._sessions.get(session.digest)
            if stored and stored.expires_at < expires_at:
                self._sessions[session.digest] = replace(stored, expires_at=expires_at)

    def delete(self, digest: str) -> None:
        self.writes += 1
        with self._lock:
            self._sessions.pop(digest, None)

    def note_ended(self, session: Session, expires_at: int) -> None:
        self.writes += 1
        with self._lock:
            self.ended[session.sid] = max(session.auth_time, self.ended.get(session.sid, 0))

    def of_subject(self, sub: str, now: int) -> Iterator[Session]:
        return iter([session for session in self._sessions.values() if session.sub == sub and session.lives(now)])


class InMemoryStandingStore:
    """ports.StandingStore over what is kept of people and of their sessions."""

    def __init__(self, people: InMemoryPeople, sessions: InMemorySessionStore) -> None:
        self._people = people
        self._sessions = sessions

    def get(self, sub: str, client_id: str, sid: str) -> Standing:
        consent = self._people.consents.get((sub, client_id))
        return Standing(self._people.users.get(sub), consent, self._sessions.ended.get(sid))


class InMemoryThrottleStore:
    """ports.ThrottleStore in a dictionary."""

    def __init__(self) -> None:
        self._attempts: dict[str, Attempts] = {}
        self._lock = Lock()

    def get(self, subject: str, now: int) -> Attempts:
        attempts = self._attempts.get(subject, Attempts())
        return attempts if now < attempts.expires_at else Attempts()

    def get_all(self, subjects: Sequence[str], now: int) -> list[Attempts]:
        return [self.get(subject, now) for subject in subjects]

    def put(self, subject: str, attempts: Attempts, previous: Attempts, now: int) -> bool:
        with self._lock:
            if self.get(subject, now) != previous:
                return False
            self._attempts[subject] = attempts
            return True

    def clear(self, subject: str) -> None:
        with self._lock:
            self._attempts.pop(subject, None)


class InMemoryGrantStore:
    """ports.GrantStore in a dictionary."""

    def __init__(self) -> None:
        self._grants: dict[str, Grant] = {}
        self._lock = Lock()

    def create(self, grant: Grant) -> None:
        with self._lock:
            if self._grants.setdefault(grant.grant_id, grant) != grant:
                raise unavailable(Reason.STORE_UNAVAILABLE, "the grant id is taken")

    def redeem(self, redemption: Redemption) -> tuple[Grant | None, Reason | None]:
        with self._lock:
            grant = self._grants.get(redemption.code.grant_id)
            reason = redemption.refused_by(grant)
            if reason is None and grant:
                grant = replace(
                    grant,
                    redeemed_at=redemption.now,
                    redeemed_by=redemption.request_id,
                    generation=0,
                    expires_at=redemption.expires_at,
                )
                self._grants[grant.grant_id] = grant
            return grant, reason

    def release(self, redemption: Redemption) -> None:
        with self._lock:
            grant = self._grants.get(redemption.code.grant_id)
            ours = grant is not None and (grant.redeemed_by, grant.generation) == (redemption.request_id, 0)
            if grant and ours and grant.revoked_at is None:
                self._grants[grant.grant_id] = replace(grant, redeemed_at=None, redeemed_by=None, generation=None)

    def turn(self, turn: Turn) -> tuple[Grant | None, Reason | None]:
        with self._lock:
            grant = self._grants.get(turn.grant_id)
            reason = turn.refused_by(grant)
            if reason is None and grant and not turn.repeats(grant):
                grant = replace(
                    grant,
                    generation=turn.generation + 1,
                    rotated_at=turn.now,
                    rotated_by=turn.request_id,
                    expires_at=turn.expires_at,
                )
                self._grants[grant.grant_id] = grant
            return grant, reason

    def turn_back(self, turn: Turn) -> None:
        with self._lock:
            grant = self._grants.get(turn.grant_id)
            turned = turn.generation + 1
            ours = grant is not None and (grant.rotated_by, grant.generation) == (turn.request_id, turned)
            if grant and ours and grant.revoked_at is None:
                back = replace(grant, generation=turn.generation, taken_back=turned, rotated_at=None, rotated_by=None)
                self._grants[grant.grant_id] = back

    def revoke(self, grant_id: str, now: int) -> None:
        with self._lock:
            grant = self._grants.get(grant_id)
            if grant and grant.revoked_at is None:
                self._grants[grant_id] = replace(grant, revoked_at=now)

    def get(self, grant_id: str, now: int) -> Grant | None:
        grant = self._grants.get(grant_id)
        return grant if grant and now < grant.expires_at else None

    def of_subject(self, sub: str, now: int) -> Iterator[Grant]:
        return iter([grant for grant in self._grants.values() if grant.sub == sub and now < grant.expires_at])

    def of_client(self, client_id: str, now: int) -> Iterator[Grant]:
        grants = self._grants.values()
        return iter([grant for grant in grants if grant.client_id == client_id and now < grant.expires_at])


class InMemorySubjectListing:
    """ports.SubjectListing over what is kept of grants and of sessions."""

    def __init__(self, grants: InMemoryGrantStore, sessions: InMemorySessionStore) -> None:
        self._grants = grants
        self._sessions = sessions

    def of_subject(self, sub: str, now: int) -> tuple[list[Grant], list[Session]]:
        return list(self._grants.of_subject(sub, now)), list(self._sessions.of_subject(sub, now))


class InMemoryTokenStatusStore:
    """ports.TokenStatusStore in a dictionary, beside the grants and the people that tokens are of."""

    def __init__(self, grants: InMemoryGrantStore, people: InMemoryPeople) -> None:
        self._grants = grants
        self._people = people
        self._blacklisted: dict[str, int] = {}

    def blacklist(self, jti: str, expires_at: int) -> None:
        self._blacklisted[jti] = expires_at

    def status(self, jti: str, grant_id: str | None, sub: str | None, now: int) -> Status:
        return Status(
            blacklisted=now < self._blacklisted.get(jti, now),
            grant=self._grants.get(grant_id, now) if grant_id else None,
            user=self._people.users.get(sub) if sub else None,
        )

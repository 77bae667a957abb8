"""The life of grants as a state machine: whatever happens in whatever order, the model says which tokens are alive."""

import uuid
from abc import abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache
from itertools import count
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
)

from signet.errors import OAuthError, Reason, unavailable
from signet.grants import authorization_code, refresh_token
from signet.grants.request import GrantRequest, GrantServices
from signet.keys.algorithms import ALGORITHMS
from signet.keys.jwks import published_with
from signet.keys.keyring import Keyring, loaded
from signet.keys.rotation import RotationPolicy, rotated
from signet.keys.thumbprint import thumbprint
from signet.model.client import Client, ClientSecret, digest
from signet.model.grant import Code, Grant, new_grant_id
from signet.model.key import KeySet, KeyState, RingKey
from signet.model.scope import ScopeCatalogue
from signet.model.session import Session
from signet.model.token import Authorization, TokenResponse
from signet.model.user import Consent, User
from signet.ports import ConsentStore, GrantStore, HeldSessions, StandingStore, UserRegistry
from signet.settings import CLOCK_SKEW, REFRESH_GRACE, Settings
from signet.tokens.inspect import RefreshTokenReader
from signet.tokens.issue import Issuer

SETTINGS = Settings("https://id.example.com/connect", "https://api.example.com")
REDIRECT_URI = "https://app.example.com/cb"
POLICY = RotationPolicy()
STEPS = (1, 4, 9, 10, 11, 61, 3_000, 4_000, 90_000)
IDLE, WHOLE = 100_000, 400_000
ROTATIONS = 6


class Ending(StrEnum):
    """What becomes of an answer once the grant has decided."""

    SENT = "sent"
    UNSIGNED = "unsigned"
    """The signer fails."""
    UNSIGNED_AND_STUCK = "unsigned and stuck"
    """The signer fails, and so does taking the use back; or the environment was cut off."""


ENDINGS = st.sampled_from([*[Ending.SENT] * 4, Ending.UNSIGNED, Ending.UNSIGNED_AND_STUCK])

UNSIGNED = unavailable(Reason.KEYRING_UNAVAILABLE, "kms:Sign")
"""The failure of a signer."""

Decide = Callable[[GrantRequest], AbstractContextManager[Authorization]]


@dataclass(frozen=True)
class Stores:
    """Where grants, users, consents and sessions are kept."""

    grants: GrantStore
    users: UserRegistry
    consents: ConsentStore
    sessions: HeldSessions
    standings: StandingStore


class Stuck:
    """A store of grants in which nothing can be taken back."""

    def __init__(self, grants: GrantStore) -> None:
        self._grants = grants

    def __getattr__(self, name: str) -> Any:
        if name in {"release", "turn_back"}:
            raise unavailable(Reason.STORE_UNAVAILABLE, "dynamodb:UpdateItem")
        return getattr(self._grants, name)


@dataclass
class Life:
    """The model of one grant: is it alive, how far is it, and since when."""

    client: Client
    user: str
    created_at: int
    code_ends: int
    generation: int | None = None
    turned_at: float = 0
    taken_back: int | None = None
    alive: bool = True

    def redeem(self, now: int, *, allowed: bool) -> bool:
        """Whether a code is accepted; the second time is the end of everything, and so is one that is not allowed."""
        self.alive = self.alive and self.generation is None
        if not self.alive or now >= self.code_ends:
            return False
        self.generation, self.alive = 0, allowed
        return allowed

    def refresh(self, generation: int, now: int, *, allowed: bool) -> bool:
        """Whether a refresh token that has not expired is accepted: the last, or within the grace the one before."""
        fresh = self.is_fresh(generation)
        repeated = generation + 1 == self.generation and now - self.turned_at <= REFRESH_GRACE
        self.alive = self.alive and allowed and (fresh or repeated)
        if self.alive and fresh:
            self.generation, self.turned_at = generation + 1, now
        return self.alive

    def is_fresh(self, generation: int) -> bool:
        """Whether a token is of the present generation, or of the next one, which was made and taken back."""
        return generation == self.generation or generation == self.taken_back == (self.generation or 0) + 1

    def take_back(self, generation: int | None) -> None:
        """The last use of what is of this generation (None: of the code) came to nothing."""
        if self.generation == 0 and generation is None:
            self.generation = None
        elif generation is not None and self.generation == generation + 1:
            self.generation, self.taken_back, self.turned_at = generation, generation + 1, float("-inf")


@dataclass(frozen=True)
class Shown:
    """What somebody holds: tokens of a generation of a grant, and when they end."""

    grant_id: str
    generation: int
    tokens: TokenResponse = field(repr=False)
    access_ends: int
    refresh_ends: int
    issued_at: int


class GrantLife(RuleBasedStateMachine):
    """Two clients, two users, a clock and a keyring; every rule asks the grant types and the model alike."""

    codes: Bundle[Code] = Bundle("codes")
    held: Bundle[Shown] = Bundle("held")

    @abstractmethod
    def opened(self) -> Stores:
        """The stores of a run."""

    def __init__(self) -> None:
        super().__init__()
        self.stores = self.opened()
        self.now = 1_000_000_000
        self.lives: dict[str, Life] = {}
        self.issued: list[Shown] = []
        self.successors: dict[tuple[object, ...], TokenResponse] = {}
        self.rotations, self.numbers = 0, count()
        self.ring, self.key_set = Keyring(), KeySet()
        self._rotate()
        self.services = GrantServices(
            settings=SETTINGS,
            clock=lambda: self.now,
            grants=self.stores.grants,
            standings=self.stores.standings,
            scopes=ScopeCatalogue,
            refresh_token=RefreshTokenReader(SETTINGS, lambda kid: self.loaded.public.get(kid)),  # noqa: PLW0108 - the ring of then
        )
        self.issuer = Issuer(SETTINGS, lambda alg: self.loaded.signer(alg), lambda: self.now)  # noqa: PLW0108 - the ring of then

    @initialize()
    def people_and_clients(self) -> None:
        """New ones for each run, since tables may be shared."""
        run = uuid.uuid4().hex
        self.clients = [_client(f"{run}-{number}") for number in range(2)]
        self.disabled = {f"sub-{run}-{number}": False for number in range(2)}
        self.consented: dict[tuple[str, str], int] = {}
        self.ended: dict[str, int] = {}
        for sub in self.disabled:
            assert self.stores.users.create(User(sub, sub))
            for client in self.clients:
                self._consent(sub, client)

    @rule(target=codes, client=st.integers(0, 1), user=st.integers(0, 1))
    def authorize(self, client: int, user: int) -> Code:
        """Somebody who may signs in and consents, and a code goes out."""
        code, sub = Code.new(new_grant_id()), list(self.disabled)[user]
        if self.disabled[sub]:
            self.disable_or_enable(user=user)
        self._consent(sub, self.clients[client])
        self.stores.grants.create(
            Grant(
                grant_id=code.grant_id,
                client_id=self.clients[client].client_id,
                sub=sub,
                redirect_uri=REDIRECT_URI,
                scope=("openid", "email"),
                auth_time=self.now - 5,
                sid=f"sid of {sub}",
                code_digest=code.digest(),
                code_expires_at=self.now + 60,
                expires_at=self.now + 600,
                created_at=self.now,
            )
        )
        self.lives[code.grant_id] = Life(self.clients[client], sub, self.now, self.now + 60)
        return code

    @rule(target=held, code=codes, stranger=st.sampled_from([False, False, False, True]), ending=ENDINGS)
    def redeem(self, code: Code, stranger: bool, ending: Ending) -> Shown | MultipleResults[Shown]:  # noqa: FBT001 - hypothesis calls by name
        """A code is shown, once or again, by its client or by another one."""
        life = self.lives[code.grant_id]
        client = self._other(life.client) if stranger else life.client
        expected = not stranger and life.redeem(self.now, allowed=self._allowed(life, life.created_at))
        if expected and ending is Ending.UNSIGNED:
            life.take_back(None)
        request = {"code": code.wire(), "redirect_uri": REDIRECT_URI}
        return self._outcome(code.grant_id, expected, client, request, authorization_code.authorize, ending=ending)

    @rule(target=held, client=st.integers(0, 1), user=st.integers(0, 1))
    def sign_in(self, client: int, user: int) -> Shown | MultipleResults[Shown]:
        """The usual way: a code, shown at once."""
        return self.redeem(code=self.authorize(client=client, user=user), stranger=False, ending=Ending.SENT)

    @precondition(lambda self: self.issued)
    @rule(target=held, back=st.integers(0, 2), seconds=st.sampled_from((0, 0, *STEPS)), ending=ENDINGS)
    def refresh_soon(self, back: int, seconds: int, ending: Ending) -> Shown | MultipleResults[Shown]:
        """What was issued of late is used, a little later."""
        self.now += seconds
        return self.refresh(shown=self.issued[-1 - back % len(self.issued)], stranger=False, scope="", ending=ending)

    @precondition(lambda self: self.issued)
    @rule(target=held, back=st.integers(0, 2))
    def refresh_twice_at_once(self, back: int) -> Shown | MultipleResults[Shown]:
        """Two tabs: the second gets its answer before the signer fails the first, which takes its own use back."""
        shown = self.issued[-1 - back % len(self.issued)]
        life = self.lives[shown.grant_id]
        turns, second = life.is_fresh(shown.generation), None
        request = GrantRequest(life.client, {"refresh_token": shown.tokens.refresh_token or ""}, self.services)
        with suppress(OAuthError), refresh_token.authorize(request):
            second = self.refresh(shown=shown, stranger=False, scope="", ending=Ending.SENT)
            raise UNSIGNED
        if second is None:  # the first was refused, and so is the second
            return self.refresh(shown=shown, stranger=False, scope="", ending=Ending.SENT)
        if turns:
            life.take_back(shown.generation)
        return second

    @rule(
        target=held,
        shown=held,
        stranger=st.sampled_from([False, False, False, True]),
        scope=st.sampled_from(["", "", "openid", "openid email"]),
        ending=ENDINGS,
    )
    def refresh(self, shown: Shown, stranger: bool, scope: str, ending: Ending) -> Shown | MultipleResults[Shown]:  # noqa: FBT001
        """A refresh token is used: the last one, one of before, one that has expired, one of another client."""
        life = self.lives[shown.grant_id]
        client = self._other(life.client) if stranger else life.client
        readable = not stranger and self.now < shown.refresh_ends
        allowed = self._allowed(life, shown.issued_at)
        turns = life.is_fresh(shown.generation)
        expected = readable and life.refresh(shown.generation, self.now, allowed=allowed)
        if expected and turns and ending is Ending.UNSIGNED:
            life.take_back(shown.generation)
        request = {"refresh_token": shown.tokens.refresh_token or "", **({"scope": scope} if scope else {})}
        return self._outcome(shown.grant_id, expected, client, request, refresh_token.authorize, ending=ending)

    @precondition(lambda self: self.issued)
    @rule(back=st.integers(0, 2))
    def revoke_soon(self, back: int) -> None:
        """What was issued of late, whatever its generation."""
        grant_id = self.issued[-1 - back % len(self.issued)].grant_id
        self.stores.grants.revoke(grant_id, self.now)
        self.lives[grant_id].alive = False

    @rule(code=codes)
    def revoke(self, code: Code) -> None:
        """A logout, an operator, a revocation request."""
        self.stores.grants.revoke(code.grant_id, self.now)
        self.lives[code.grant_id].alive = False

    @rule(user=st.integers(0, 1))
    def disable_or_enable(self, user: int) -> None:
        """What an operator does to a user."""
        sub = list(self.disabled)[user]
        stored = self.stores.users.get(sub)
        assert stored
        self.disabled[sub] = not stored.disabled
        assert self.stores.users.update(replace(stored, disabled=not stored.disabled), stored)

    @rule(client=st.integers(0, 1), user=st.integers(0, 1))
    def take_consent_back(self, client: int, user: int) -> None:
        """What a user does on their account page."""
        sub, client_id = list(self.disabled)[user], self.clients[client].client_id
        self.stores.consents.delete(sub, client_id)
        self.consented.pop((sub, client_id), None)

    @rule(user=st.integers(0, 1), login=st.sampled_from((0, 5, 60)))
    def sign_out(self, user: int, login: int) -> None:
        """What a logout leaves of grants that it has not found: of a login up to then, nothing more."""
        sub, auth_time = list(self.disabled)[user], self.now - login
        session = Session("digest", f"sid of {sub}", sub, auth_time, ("pwd",), "acr", auth_time, self.now, self.now)
        self.stores.sessions.note_ended(session, self.now + WHOLE)
        self.ended[sub] = max(auth_time, self.ended.get(sub, 0))

    @rule(seconds=st.sampled_from(STEPS))
    def wait(self, seconds: int) -> None:
        """Time goes by."""
        self.now += seconds

    @precondition(lambda self: self.rotations < ROTATIONS)
    @rule(withdrawing=st.booleans())
    def rotate_keys(self, withdrawing: bool) -> None:  # noqa: FBT001
        """As soon as the next key may sign; or when the last one that did is withdrawn as well."""
        self.now += POLICY.retirement if withdrawing else POLICY.lead + 1
        self._rotate()

    @invariant()
    def the_access_tokens_that_must_be_alive_are(self) -> None:
        """By the rules of userinfo: not expired, the grant not revoked, the user enabled."""
        for shown in self.issued:
            life = self.lives[shown.grant_id]
            if self.now < shown.access_ends:
                grant = self.stores.grants.get(shown.grant_id, self.now)
                assert grant, "a grant's record went before its tokens"
                assert (grant.revoked_at is None) is life.alive
                assert grant.generation == life.generation

    def teardown(self) -> None:
        """In the end every last refresh token works or does not, as the model says."""
        for grant_id, life in self.lives.items():
            last = [
                shown for shown in self.issued if shown.grant_id == grant_id and shown.generation == life.generation
            ]
            if last:
                self.refresh(shown=last[-1], stranger=False, scope="", ending=Ending.SENT)

    def _outcome(
        self,
        grant_id: str,
        expected: bool,  # noqa: FBT001
        client: Client,
        parameters: dict[str, str],
        decide: Decide,
        *,
        ending: Ending,
    ) -> Shown | MultipleResults[Shown]:
        """What came of a request, held to the model; tokens that come are the same for the same generation."""
        stuck = ending is Ending.UNSIGNED_AND_STUCK
        services = replace(self.services, grants=Stuck(self.stores.grants)) if stuck else self.services
        refusal: OAuthError | None = None
        try:
            with decide(GrantRequest(client, parameters, services)) as authorization:
                tokens = self._signed(authorization, ending)
        except OAuthError as error:
            refusal = error
        if refusal is UNSIGNED:
            assert expected, "nearly answered, and the model refuses it"
            return multiple()
        if refusal:
            assert not expected, f"refused as {refusal.reason}, and the model accepts it"
            assert refusal.reason in EXPECTED_REASONS, refusal.detail
            return multiple()
        assert expected, "accepted, and the model refuses it"
        assert authorization.grant
        assert authorization.grant.grant_id == grant_id
        continuation = authorization.continuation
        assert continuation
        generation = authorization.grant.generation or 0
        key = (grant_id, generation, continuation.issued_at, *authorization.scope, self.loaded.signer().kid)
        assert self.successors.setdefault(key, tokens).refresh_token == tokens.refresh_token
        assert self.successors[key].access_token == tokens.access_token
        shown = Shown(
            grant_id, generation, tokens, self.now + tokens.expires_in, continuation.expires_at, continuation.issued_at
        )
        self.issued.append(shown)
        return shown

    def _signed(self, authorization: Authorization, ending: Ending) -> TokenResponse:
        if ending is Ending.SENT:
            return self.issuer.issue(authorization)
        raise UNSIGNED

    def _consent(self, sub: str, client: Client) -> None:
        granted_at = self.consented.setdefault((sub, client.client_id), self.now)
        _, previous = self.stores.consents.get(sub, client.client_id)
        consent = Consent(sub, client.client_id, ("openid", "email"), granted_at, self.now)
        assert self.stores.consents.put(consent, previous)

    def _allowed(self, life: Life, issued_at: int) -> bool:
        """A consent covers what was issued under it, not what was issued under one that was taken back before it.

        And a session covers what came of its logins since one was ended.
        """
        granted_at = self.consented.get((life.user, life.client.client_id))
        agreed = granted_at is not None and granted_at <= issued_at + CLOCK_SKEW
        signed_in = life.created_at - 5 > self.ended.get(life.user, 0)
        return agreed and signed_in and not self.disabled[life.user]

    def _other(self, client: Client) -> Client:
        return next(other for other in self.clients if other is not client)

    def _rotate(self) -> None:
        self.ring = rotated(
            self.ring, self.key_set, POLICY, self.now, lambda alg: _key(next(self.numbers), alg, self.now)
        )
        self.key_set = published_with(self.key_set, self.ring, self.now)
        self.loaded = loaded(self.ring.to_document())
        self.rotations += 1


EXPECTED_REASONS = {
    Reason.CODE_UNKNOWN,
    Reason.CODE_OF_ANOTHER_CLIENT,
    Reason.CODE_REPLAYED,
    Reason.CODE_EXPIRED,
    Reason.GRANT_REVOKED,
    Reason.USER_DISABLED,
    Reason.CONSENT_REVOKED,
    Reason.SESSION_ENDED,
    Reason.REFRESH_TOKEN_REPLAYED,
    Reason.TOKEN_OF_ANOTHER_CLIENT,
    Reason.TOKEN_EXPIRED,
}
"""Why a well-formed request may be refused here; no token is unreadable because its key went."""


def _client(client_id: str) -> Client:
    return Client(
        client_id,
        "client_secret_basic",
        ("authorization_code", "refresh_token"),
        (ClientSecret(digest("secret"), 0),),
        scope=("openid", "email"),
        redirect_uris=(REDIRECT_URI,),
        require_pkce=False,
        refresh_token_lifetime=WHOLE,
        refresh_token_idle_lifetime=IDLE,
    )


@cache
def _jwk(number: int) -> dict[str, str]:
    """The n-th private key of the test run: they take long to make."""
    return dict(ALGORITHMS["RS256"].generate())


def _key(number: int, alg: str, now: int) -> RingKey:
    return RingKey(thumbprint(_jwk(number)), alg, KeyState.NEXT, created_at=now, jwk=_jwk(number))

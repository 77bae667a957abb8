"""One grant: from the authorization code to the last token that comes of it."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from signet.errors import Reason


def new_grant_id() -> str:
    """An id of 128 random bits. It stands in tokens; it proves nothing."""
    return secrets.token_urlsafe(16)


@dataclass(frozen=True, slots=True)
class Code:
    """An authorization code: the grant's id and a secret of 256 random bits, so that one read finds and proves it."""

    grant_id: str
    secret: str = field(repr=False)

    @staticmethod
    def new(grant_id: str) -> "Code":
        """A code nobody has seen."""
        return Code(grant_id, secrets.token_urlsafe(32))

    @staticmethod
    def parse(code: str) -> "Code | None":
        """The code of its wire form, None for anything else."""
        grant_id, dot, secret = code.partition(".")
        if not dot or len(code) > 128 or not (_is_base64url(grant_id, 22) and _is_base64url(secret, 43)):
            return None
        return Code(grant_id, secret)

    def wire(self) -> str:
        """The code as it stands in the redirect."""
        return f"{self.grant_id}.{self.secret}"

    def digest(self) -> str:
        """SHA-256 of the secret in hexadecimal: the only form in which it is stored."""
        return sha256(self.secret.encode()).hexdigest()


def _is_base64url(text: str, length: int) -> bool:
    return len(text) == length and text.isascii() and text.replace("-", "a").replace("_", "a").isalnum()


@dataclass(frozen=True, slots=True)
class Grant:
    """The record of a grant; times in epoch seconds, None until it happens.

    `code_expires_at` bounds the code, `expires_at` the record (TTL). `audience` is what was asked by `resource`, empty
    for the client's own. `claims` is the `claims` parameter's request. `redeemed_by` and `rotated_by` mark the request
    that redeemed it and the one that began the present generation: a write whose answer was lost is recognised, and
    only the request that made it may take it back. `taken_back` is the last generation that was.
    """

    grant_id: str
    client_id: str
    sub: str
    redirect_uri: str
    scope: tuple[str, ...]
    auth_time: int
    code_digest: str = field(repr=False)
    code_expires_at: int
    expires_at: int
    created_at: int
    acr: str = ""
    amr: tuple[str, ...] = ()
    sid: str = ""
    nonce: str = ""
    code_challenge: str = ""
    audience: tuple[str, ...] = ()
    claims: Mapping[str, Any] = field(default_factory=dict)
    redeemed_at: int | None = None
    redeemed_by: str | None = None
    generation: int | None = None
    rotated_at: int | None = None
    rotated_by: str | None = None
    taken_back: int | None = None
    revoked_at: int | None = None

    @property
    def ends_with(self) -> str:
        """The `sid` of the login session that it ends with, empty where it outlives its session.

        Refresh tokens without `offline_access` go with the session, those with it stay (OpenID Connect Back-Channel
        Logout 1.0 section 2.7).
        """
        return "" if "offline_access" in self.scope else self.sid

    def lives(self, now: int) -> bool:
        """Whether anything may still come of it, or of the tokens that came of it."""
        open_ = self.redeemed_at is not None or now < self.code_expires_at
        return open_ and self.revoked_at is None and now < self.expires_at


@dataclass(frozen=True, slots=True)
class Redemption:
    """What a client presents with a code. `code_challenge` is that of its verifier, empty where it sent none.

    `redirect_uri` is empty where the request had none; `request_id` is new for each request, and the same when the
    SDK repeats its write. `expires_at` is the record's new end.
    """

    code: Code
    client_id: str
    redirect_uri: str
    code_challenge: str
    request_id: str
    now: int
    expires_at: int

    def refused_by(self, grant: Grant | None) -> Reason | None:
        """Why this grant does not accept it, None where it does: the same clauses as the stores' condition.

        A code shown twice by its own client comes back as CODE_REPLAYED, whatever else is wrong with the request.
        """
        if grant is None or grant.code_digest != self.code.digest():
            return Reason.CODE_UNKNOWN
        redeemed = grant.redeemed_at is not None and grant.redeemed_by != self.request_id
        clauses = (
            (grant.client_id != self.client_id, Reason.CODE_OF_ANOTHER_CLIENT),
            (redeemed, Reason.CODE_REPLAYED),
            (grant.revoked_at is not None, Reason.GRANT_REVOKED),
            (self.now >= grant.code_expires_at, Reason.CODE_EXPIRED),
            (grant.redirect_uri != self.redirect_uri, Reason.REDIRECT_URI_DIFFERS),
            (grant.code_challenge != self.code_challenge, Reason.CODE_VERIFIER_WRONG),
        )
        return next((reason for refused, reason in clauses if refused), None)


@dataclass(frozen=True, slots=True)
class Turn:
    """One use of a refresh token: the grant moves from `generation` to the next. `expires_at` is the record's new end.

    `request_id` is new for each request; `grace` is for how many seconds afterwards the same turn may be made again.
    """

    grant_id: str
    client_id: str
    generation: int
    request_id: str
    now: int
    expires_at: int
    grace: int

    def repeats(self, grant: Grant) -> bool:
        """Whether this turn was made a moment ago: by the SDK's retry, another tab, a client that missed the answer."""
        turned = grant.generation == self.generation + 1 and grant.rotated_at is not None
        return turned and self.now - (grant.rotated_at or 0) <= self.grace

    def _continues(self, grant: Grant) -> bool:
        """Whether the token is of the present generation, or of one that was taken back though somebody has it."""
        taken_back = grant.taken_back == self.generation and grant.generation == self.generation - 1
        return grant.generation == self.generation or taken_back

    def refused_by(self, grant: Grant | None) -> Reason | None:
        """Why this grant does not move, None where it does or has just done so: the clauses of the condition."""
        if grant is None or self.now >= grant.expires_at:
            return Reason.GRANT_UNKNOWN
        clauses = (
            (grant.client_id != self.client_id, Reason.TOKEN_OF_ANOTHER_CLIENT),
            (grant.revoked_at is not None, Reason.GRANT_REVOKED),
            (not self._continues(grant) and not self.repeats(grant), Reason.REFRESH_TOKEN_REPLAYED),
        )
        return next((reason for refused, reason in clauses if refused), None)

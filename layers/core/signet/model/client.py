"""A registered client (RFC 7591 section 2) and its secrets."""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from signet.model import redirect_uri
from signet.model.key import KEY_TYPES
from signet.parameters import SCOPE_TOKEN
from signet.settings import LONGEST_REFRESH_TOKEN_LIFETIME, LONGEST_TOKEN_LIFETIME

RESERVED_CLAIMS = frozenset(
    {"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "client_id", "scope", "cnf", "act", "may_act", "typ"}
    | {"auth_time", "acr", "amr", "azp", "nonce", "at_hash", "c_hash", "s_hash", "sid", "grant_id", "generation"}
    | {"ati", "events", "token_introspection", "active", "token_type", "username"}
)
"""Claims the service itself gives a meaning; a client's own claims never replace one."""

CLIENT_ID = re.compile(r"[\x20-\x7E]{1,255}")
"""RFC 6749 appendix A.1, bounded."""

SECRET_METHODS = frozenset({"client_secret_basic", "client_secret_post"})
"""Methods by which a client shows a secret (RFC 7591 section 2)."""


class ClientInvalid(ValueError):
    """A registration that cannot work. Each of `faults` is a metadata name and what is wrong; the text is the first."""

    def __init__(self, *faults: tuple[str, str]) -> None:
        super().__init__(": ".join(faults[0]))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class ClientSecret:
    """A secret as it is stored; times in epoch seconds.

    `digest` is its SHA-256: 256 random bits need no slow hash. One that somebody chose, and that came with an import,
    is kept as an encoded hash in `argon2id` instead, and verified by clientauth.short_secrets. It has one of both.
    """

    digest: str = field(default="", repr=False)
    created_at: int = 0
    expires_at: int | None = None
    argon2id: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if bool(self.digest) == bool(self.argon2id):
            raise ClientInvalid(("client_secrets", "each has either a digest or an argon2id hash"))

    @property
    def is_short(self) -> bool:
        """Whether it is too short to be kept as a digest."""
        return bool(self.argon2id)

    def lives(self, now: float) -> bool:
        """Whether it has not expired."""
        return self.expires_at is None or now < self.expires_at

    def matches(self, client_secret: str, now: float) -> bool:
        """Whether this is the secret, by its digest in constant time, and it has not expired. A short one never is."""
        same = hmac.compare_digest(self.digest, digest(client_secret))
        return same and self.lives(now)


def digest(client_secret: str) -> str:
    """SHA-256 of the secret in hexadecimal: the form in which it is stored where it is long and random."""
    return sha256(client_secret.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Client:
    """A client's registration. Lifetimes are in seconds; `scope` is the registered set in its order.

    `audience`: what its access tokens may be for, all of them when the request names no `resource`.
    `claims`: static claims of its access tokens.
    `scope_format`: how its access tokens spell `scope`, `string` (RFC 9068) or `list`.
    `id_token_signed_response_alg` (OpenID Connect Registration section 2), `access_token_signed_response_alg`: by what
    algorithm its tokens are signed; a resource's own choice comes before that of an access token.
    `require_pkce` can be switched off for a confidential client that cannot send a challenge. `first_party`: its users
    are not asked for consent. `rotate_refresh_tokens` can be switched off for a confidential client.
    `etag` is the mark of the stored record it was read from, empty where there is none.
    Raises ClientInvalid for a combination that cannot work.
    """

    client_id: str
    token_endpoint_auth_method: str
    grant_types: tuple[str, ...]
    client_secrets: tuple[ClientSecret, ...] = field(default=(), repr=False)
    client_name: str = ""
    scope: tuple[str, ...] = ()
    audience: tuple[str, ...] = ()
    access_token_lifetime: int | None = None
    claims: Mapping[str, Any] = field(default_factory=dict)
    scope_format: str = "string"
    id_token_signed_response_alg: str | None = None
    access_token_signed_response_alg: str | None = None
    client_uri: str | None = None
    logo_uri: str | None = None
    policy_uri: str | None = None
    tos_uri: str | None = None
    contacts: tuple[str, ...] = ()
    client_id_issued_at: int = 0
    redirect_uris: tuple[str, ...] = ()
    post_logout_redirect_uris: tuple[str, ...] = ()
    require_pkce: bool = True
    first_party: bool = False
    rotate_refresh_tokens: bool = True
    refresh_token_lifetime: int | None = None
    refresh_token_idle_lifetime: int | None = None
    etag: str = field(default="", compare=False, repr=False)

    @property
    def is_public(self) -> bool:
        """Whether it cannot keep a secret (RFC 6749 section 2.1)."""
        return self.token_endpoint_auth_method not in SECRET_METHODS

    def __post_init__(self) -> None:
        if faults := _faults(self):
            raise ClientInvalid(*faults)


def _faults(client: Client) -> list[tuple[str, str]]:
    """Every rule that the registration breaks, with the metadata name it belongs to, in a list with its index."""
    public = client.is_public
    lifetime = client.access_token_lifetime
    rules = [
        ("client_id", "must be 1 to 255 printable ASCII characters", not CLIENT_ID.fullmatch(client.client_id)),
        ("grant_types", "must name at least one grant type", not client.grant_types),
        (
            "token_endpoint_auth_method",
            "must be client_secret_basic, client_secret_post or none",
            client.token_endpoint_auth_method not in {*SECRET_METHODS, "none"},
        ),
        (
            "grant_types",
            "client_credentials is for clients that keep a secret",
            public and "client_credentials" in client.grant_types,
        ),
        ("client_secrets", "a public client has none", public and bool(client.client_secrets)),
        ("require_pkce", "a public client must send a challenge", public and not client.require_pkce),
        (
            "redirect_uris",
            "the authorization_code grant needs at least one",
            "authorization_code" in client.grant_types and not client.redirect_uris,
        ),
        *_redirect_uri_rules("redirect_uris", client.redirect_uris),
        *_redirect_uri_rules("post_logout_redirect_uris", client.post_logout_redirect_uris),
        (
            "client_secrets",
            "a client that authenticates by a secret needs one",
            not public and not client.client_secrets,
        ),
        ("scope", "holds a character RFC 6749 section 3.3 forbids", not all(map(SCOPE_TOKEN.fullmatch, client.scope))),
        ("scope", "names a scope twice", len(set(client.scope)) != len(client.scope)),
        ("audience", "must not hold an empty value", not all(client.audience)),
        ("scope_format", "must be string or list", client.scope_format not in {"string", "list"}),
        *[
            (name, f"must be {' or '.join(KEY_TYPES)}", getattr(client, name) not in {None, *KEY_TYPES})
            for name in ("id_token_signed_response_alg", "access_token_signed_response_alg")
        ],
        ("claims", "must not replace a claim of the service", not RESERVED_CLAIMS.isdisjoint(client.claims)),
        *[
            (name, f"must be 1 to {LONGEST_REFRESH_TOKEN_LIFETIME} seconds", True)
            for name in ("refresh_token_lifetime", "refresh_token_idle_lifetime")
            if not 1
            <= (1 if getattr(client, name) is None else getattr(client, name))
            <= LONGEST_REFRESH_TOKEN_LIFETIME
        ],
        (
            "grant_types",
            "refresh_token continues the authorization_code grant and needs it",
            "refresh_token" in client.grant_types and "authorization_code" not in client.grant_types,
        ),
        (
            "rotate_refresh_tokens",
            "a public client's refresh tokens must rotate",
            public and not client.rotate_refresh_tokens,
        ),
        ("claims", "must not be null or empty", any(claim in (None, "", [], {}) for claim in client.claims.values())),
        (
            "access_token_lifetime",
            f"must be 1 to {LONGEST_TOKEN_LIFETIME} seconds",
            lifetime is not None and not 1 <= lifetime <= LONGEST_TOKEN_LIFETIME,
        ),
    ]
    return [(name, message) for name, message, broken in rules if broken]


def _redirect_uri_rules(name: str, redirect_uris: tuple[str, ...]) -> list[tuple[str, str, bool]]:
    faults = map(redirect_uri.fault, redirect_uris)
    return [(f"{name}[{index}]", fault or "", fault is not None) for index, fault in enumerate(faults)]

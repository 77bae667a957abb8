"""A person who can sign in."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from signet.model.client import Client


@dataclass(frozen=True, slots=True)
class User:
    """A user's record. `sub` never changes and is never a client's id; times in epoch seconds.

    `password_hash` is an encoded argon2id hash, empty where no password has been set. `claims` are OpenID Connect's
    standard claims (Core section 5.1) and free attributes, as they go into tokens and userinfo. `etag` is the mark of
    the stored record it was read from, empty where there is none.
    """

    sub: str
    username: str
    password_hash: str = field(default="", repr=False)
    claims: Mapping[str, Any] = field(default_factory=dict, repr=False)
    disabled: bool = False
    created_at: int = 0
    password_changed_at: int = 0
    etag: str = field(default="", compare=False, repr=False)


def login_name(username: str) -> str:
    """The form of a user name that must be unique and by which a person is found: case and width do not matter."""
    return unicodedata.normalize("NFKC", username.strip()).casefold()


@dataclass(frozen=True, slots=True)
class Consent:
    """What a user has allowed a client, until they take it back; times in epoch seconds."""

    sub: str
    client_id: str
    scope: tuple[str, ...]
    granted_at: int
    updated_at: int

    def is_to(self, client: Client) -> bool:
        """Whether it was given to this client, and not to an earlier one of the same id, which was somebody else."""
        return self.client_id == client.client_id and self.updated_at >= client.client_id_issued_at


def user_claims(user: User) -> dict[str, Any]:
    """What is held of a user, under the names of OpenID Connect Core section 5.1."""
    return {"preferred_username": user.username, **user.claims}

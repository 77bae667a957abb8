"""Signing keys: the ring that signs and the set that is published."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class KeyState(StrEnum):
    """Where a key stands: published ahead, signing, or published until the last token it signed has expired."""

    NEXT = "next"
    ACTIVE = "active"
    RETIRING = "retiring"


@dataclass(frozen=True, slots=True)
class RingKey:
    """A key of the ring; times in epoch seconds, None until it happens. `kid` is the RFC 7638 thumbprint.

    `jwk` is the private JWK (RFC 7517). It never leaves the keyring.
    """

    kid: str
    alg: str
    state: KeyState
    created_at: int
    jwk: Mapping[str, str] = field(repr=False)
    published_at: int | None = None
    activated_at: int | None = None
    retire_at: int | None = None


@dataclass(frozen=True, slots=True)
class PublishedKey:
    """The public half as verifiers fetch it, and since when they can."""

    kid: str
    alg: str
    published_at: int
    jwk: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class KeySet:
    """Everything that is published. `version` grows by one at each publication; 0 means never published."""

    keys: tuple[PublishedKey, ...] = ()
    version: int = 0

    def get(self, kid: str) -> PublishedKey | None:
        """The published key of that id."""
        return next((key for key in self.keys if key.kid == kid), None)

"""Signing keys: the ring that signs and the set that is published."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

DEFAULT_ALGORITHM = "RS256"
"""What signs unless somebody chose: API Gateway's JWT authorizer and load balancers verify nothing else."""

KEY_TYPES: Mapping[str, Mapping[str, str]] = {
    "RS256": {"kty": "RSA"},
    "PS256": {"kty": "RSA"},
    "ES256": {"kty": "EC", "crv": "P-256"},
    "EdDSA": {"kty": "OKP", "crv": "Ed25519"},
}
"""Every algorithm that signs here, and the members that a JWK of it always has (RFC 7518 section 6, RFC 8037)."""


def is_of(alg: str, jwk: Mapping[str, str]) -> bool:
    """Whether the JWK is a key of that algorithm, curve included: one of another would be another algorithm."""
    members = KEY_TYPES.get(alg)
    return members is not None and all(jwk.get(name) == value for name, value in members.items())


class KeyState(StrEnum):
    """Where a key stands.

    Published ahead, signing, published until the last token it signed has expired, and at last kept without its private
    half for refresh tokens, which come back to nobody but us.
    """

    NEXT = "next"
    ACTIVE = "active"
    RETIRING = "retiring"
    VERIFY_ONLY = "verify_only"


@dataclass(frozen=True, slots=True)
class RingKey:
    """A key of the ring; times in epoch seconds, None until it happens. `kid` is the RFC 7638 thumbprint.

    `jwk` is the private JWK (RFC 7517), which never leaves the keyring; the public one where the private half is in
    KMS, under `kms_key_arn`.
    """

    kid: str
    alg: str
    state: KeyState
    created_at: int
    jwk: Mapping[str, str] = field(repr=False)
    published_at: int | None = None
    activated_at: int | None = None
    retire_at: int | None = None
    kms_key_arn: str | None = None


@dataclass(frozen=True, slots=True)
class PublishedKey:
    """The public half as verifiers fetch it, and since when they can."""

    kid: str
    alg: str
    published_at: int
    jwk: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class WithdrawnKey:
    """A key that was taken out in an emergency, remembered so that no ring from before brings it back."""

    kid: str
    withdrawn_at: int


@dataclass(frozen=True, slots=True)
class KeySet:
    """Everything that is published. `version` grows by one at each publication; 0 means never published.

    `verify_only` are withdrawn keys that refresh tokens were signed by: known to our own endpoints alone.
    `signing_algs` are the algorithms that sign now; of others a key may be published ahead, or still.
    """

    keys: tuple[PublishedKey, ...] = ()
    version: int = 0
    verify_only: tuple[PublishedKey, ...] = ()
    signing_algs: tuple[str, ...] = ()
    withdrawn: tuple[WithdrawnKey, ...] = ()

    def get(self, kid: str) -> PublishedKey | None:
        """The published key of that id."""
        return next((key for key in self.keys if key.kid == kid), None)

    def is_withdrawn(self, kid: str) -> bool:
        """Whether the key of that id was taken out in an emergency."""
        return any(key.kid == kid for key in self.withdrawn)

    def known(self, kid: str) -> PublishedKey | None:
        """The key of that id, published or only for verifying what comes back to us."""
        return self.get(kid) or next((key for key in self.verify_only if key.kid == kid), None)

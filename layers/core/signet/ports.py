"""What the protocol needs of the world, each port as small as its caller.

Unless said otherwise an operation that fails because AWS does raises OAuthError(temporarily_unavailable).
"""

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from signet.model.client import Client
from signet.model.key import KeySet

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

    def list(self) -> Iterable[Client]:
        """Every client, in the order of ids; may lag behind a write by a moment."""


class Signer(Protocol):
    """A key that signs; the private half may be anywhere."""

    @property
    def kid(self) -> str:
        """RFC 7638 thumbprint of the public half."""

    @property
    def alg(self) -> str:
        """JWS algorithm (RFC 7518 section 3.1)."""

    def sign(self, signing_input: bytes) -> bytes:
        """The JWS signature of these bytes."""


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

    def promote(self, version_id: str, previous: str) -> None:
        """Move the current stage from version `previous` to `version_id` in one step."""


class KeySetStore(Protocol):
    """Where the public halves are published."""

    def load(self) -> KeySet:
        """What is published, as of now; an empty set of version 0 before the first publication."""

    def publish(self, key_set: KeySet) -> bool:
        """Store a set of version n over version n - 1; False, and nothing is changed, where another came first."""


class Audit(Protocol):
    """One structured line per decision, and its metric."""

    def record(self, event: str, **fields: Any) -> None:
        """Write the line. `event` is a closed vocabulary; fields without a value are left out."""

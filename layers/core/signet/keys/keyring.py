"""The keyring: which key signs now, which will, which did."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from signet.errors import Reason, unavailable
from signet.keys.algorithms import ALGORITHMS, public_jwk, thumbprint
from signet.model.key import KeyState, RingKey
from signet.ports import Signer


class KeyringInvalid(ValueError):
    """The document is no keyring; the message names the rule that it breaks and repeats nothing of it."""


@dataclass(frozen=True, slots=True)
class Keyring:
    """Keys of one or more algorithms; of each at most one is active. Empty until the first rotation."""

    keys: tuple[RingKey, ...] = ()

    def __post_init__(self) -> None:
        if len({key.kid for key in self.keys}) != len(self.keys):
            raise KeyringInvalid("a kid stands twice")
        active = [key.alg for key in self.keys if key.state is KeyState.ACTIVE]
        if len(set(active)) != len(active):
            raise KeyringInvalid("an algorithm has two active keys")
        if self.keys and set(active) != {key.alg for key in self.keys}:
            raise KeyringInvalid("an algorithm has no active key")

    def in_state(self, alg: str, state: KeyState) -> RingKey | None:
        """The first key of that algorithm in that state."""
        return next((key for key in self.keys if key.alg == alg and key.state is state), None)

    def to_document(self) -> str:
        """The JSON that is kept in the secret."""
        keys = [{name: value for name, value in asdict(key).items() if value is not None} for key in self.keys]
        return json.dumps({"keys": keys}, separators=(",", ":"))

    @staticmethod
    def parse(document: str) -> "Keyring":
        """The ring of a secret's document; the template's placeholder is an empty one. Raises KeyringInvalid."""
        try:
            members = json.loads(document)["keys"]
            keys = tuple(_ring_key(member) for member in members)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            if isinstance(error, KeyringInvalid):
                raise
            # without its cause, whose text may quote the secret
            raise KeyringInvalid("not the JSON of a keyring") from None
        return Keyring(keys)


def _ring_key(member: Mapping[str, Any]) -> RingKey:
    key = RingKey(**{**member, "state": KeyState(member["state"])})
    if key.alg not in ALGORITHMS:
        raise KeyringInvalid("an unknown algorithm")
    if thumbprint(key.jwk) != key.kid:
        raise KeyringInvalid("a kid is not its key's thumbprint")
    return key


def signer(key: RingKey) -> Signer:
    """The signer of a key of the ring. Raises KeyringInvalid where its private half cannot sign."""
    try:
        return ALGORITHMS[key.alg].signer(key.kid, key.jwk)
    except (KeyError, TypeError, ValueError):
        raise KeyringInvalid("a private key lacks a member or has a malformed one") from None


@dataclass(frozen=True, slots=True)
class LoadedRing:
    """A ring at work: the signer of its active key, and by `kid` the algorithm and public JWK of each of its keys.

    The next key is among them: another execution environment may have read the ring in which it signs already.
    """

    signer: Signer
    public: Mapping[str, tuple[str, Mapping[str, str]]]


def loaded(document: str, alg: str = "RS256") -> LoadedRing:
    """The ring of a secret's document. Raises OAuthError(temporarily_unavailable) where it is empty or corrupt."""
    try:
        ring = Keyring.parse(document)
        key = ring.in_state(alg, KeyState.ACTIVE)
        if key is None:
            raise unavailable(Reason.KEYRING_EMPTY, "the key rotation has not run yet")
        return LoadedRing(signer(key), {key.kid: (key.alg, public_jwk(key.jwk)) for key in ring.keys})
    except KeyringInvalid as error:
        raise unavailable(Reason.KEYRING_INVALID, str(error)) from None

"""The keyring: which key signs now, which will, which did."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from signet.cache import Remembered
from signet.errors import OAuthError, Reason, unavailable
from signet.keys.algorithms import ALGORITHMS
from signet.keys.thumbprint import public_jwk, thumbprint
from signet.model.key import DEFAULT_ALGORITHM, KeyState, RingKey, is_of
from signet.ports import Clock, Signer


class KeyringInvalid(ValueError):
    """The document is no keyring; the message names the rule that it breaks and repeats nothing of it."""


@dataclass(frozen=True, slots=True)
class Keyring:
    """Keys of one or more algorithms; of each at most one is active. Empty until the first rotation.

    An algorithm without an active one is being added, its first key published ahead, or has been removed.
    """

    keys: tuple[RingKey, ...] = ()

    def __post_init__(self) -> None:
        if len({key.kid for key in self.keys}) != len(self.keys):
            raise KeyringInvalid("a kid stands twice")
        active = [key.alg for key in self.keys if key.state is KeyState.ACTIVE]
        if len(set(active)) != len(active):
            raise KeyringInvalid("an algorithm has two active keys")
        if self.keys and not active:
            raise KeyringInvalid("the ring has no active key")

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
        except (AttributeError, ValueError, KeyError, TypeError, RecursionError) as error:
            if isinstance(error, KeyringInvalid):
                raise
            # without its cause, whose text may quote the secret
            raise KeyringInvalid("not the JSON of a keyring") from None
        return Keyring(keys)


def _ring_key(member: Mapping[str, Any]) -> RingKey:
    key = RingKey(**{**member, "state": KeyState(member["state"])})
    if key.alg not in ALGORITHMS:
        raise KeyringInvalid("an unknown algorithm")
    if not is_of(key.alg, key.jwk):
        raise KeyringInvalid("a key of another type than its algorithm")
    if thumbprint(key.jwk) != key.kid:
        raise KeyringInvalid("a kid is not its key's thumbprint")
    if key.kms_key_arn is not None and (not isinstance(key.kms_key_arn, str) or key.jwk != public_jwk(key.jwk)):
        raise KeyringInvalid("a key in KMS that has more than its public half here")
    return key


Remote = Callable[[RingKey], Signer]
"""The signer of a key whose private half is elsewhere."""


def signer(key: RingKey, remote: Remote | None = None) -> Signer:
    """The signer of a key of the ring. Raises KeyringInvalid where its private half cannot sign."""
    if key.kms_key_arn is not None:
        if remote is None:
            raise KeyringInvalid("a key in KMS, which is not reached from here")
        return remote(key)
    try:
        return ALGORITHMS[key.alg].signer(key.kid, key.jwk)
    except (KeyError, TypeError, ValueError):
        raise KeyringInvalid("a private key lacks a member or has a malformed one") from None


class LoadedRing:
    """A ring at work: the signers of its active keys, and by `kid` the algorithm and public JWK of each of its keys.

    The next key is among them: another execution environment may have read the ring in which it signs already.
    """

    def __init__(self, ring: Keyring, remote: Remote | None = None) -> None:
        self._remote = remote
        self.public: Mapping[str, tuple[str, Mapping[str, str]]] = {
            key.kid: (key.alg, public_jwk(key.jwk)) for key in ring.keys
        }
        self._active = {key.alg: key for key in ring.keys if key.state is KeyState.ACTIVE}
        self._signers: dict[str, Signer] = {}
        if DEFAULT_ALGORITHM not in self._active:
            raise unavailable(Reason.KEYRING_EMPTY, f"no {DEFAULT_ALGORITHM} key signs: a rotation has to make one")

    @property
    def has_choice(self) -> bool:
        """Whether more than the default algorithm signs."""
        return len(self._active) > 1

    @property
    def here(self) -> tuple[str, ...]:
        """The algorithms whose key is held in memory."""
        return tuple(alg for alg, key in self._active.items() if key.kms_key_arn is None)

    def signer(self, alg: str = DEFAULT_ALGORITHM) -> Signer:
        """The signer of that algorithm; of the default one while no key of it signs yet, or does any more.

        A private key is parsed when it is first asked for. Raises OAuthError(temporarily_unavailable) where it is no
        key that can sign.
        """
        key = self._active.get(alg) or self._active[DEFAULT_ALGORITHM]
        if key.kid not in self._signers:
            try:
                self._signers[key.kid] = signer(key, self._remote)
            except KeyringInvalid as error:
                raise unavailable(Reason.KEYRING_INVALID, str(error)) from None
        return self._signers[key.kid]


_SPREAD = 0.2
"""Share of its lifetime by which an environment may read the ring earlier than another that started with it."""


class RememberedRing:
    """The ring that signs now, read anew after `lifetime` seconds, and at the next request when its key cannot sign."""

    def __init__(self, load: Callable[[], LoadedRing], lifetime: float, clock: Clock) -> None:
        self._ring = Remembered(load, lifetime, clock, _SPREAD)
        self.load = self._ring.get
        self.forget = self._ring.forget

    def signer(self, alg: str) -> Signer:
        """As LoadedRing.signer."""
        ring = self._ring.get()
        try:
            return ring.signer(alg)
        except OAuthError:
            self.forget()
            raise

    def warm(self) -> None:
        """Have each key that is here sign once, over nothing: its first signature takes many times as long as others.

        One that is elsewhere gains nothing by it, and each of its signatures is a call that is paid for.
        """
        for alg in self._ring.get().here:
            self.signer(alg).sign(b"")

    @property
    def has_choice(self) -> bool:
        """As LoadedRing.has_choice."""
        return self._ring.get().has_choice

    def public(self, kid: str) -> tuple[str, Mapping[str, str]] | None:
        """Algorithm and public JWK of a key of the ring, or None."""
        # a key that this ring has not may be in one that another environment has read since
        return self._ring.get().public.get(kid) or self._ring.again().public.get(kid)


def loaded(document: str, remote: Remote | None = None) -> LoadedRing:
    """The ring of a secret's document. Raises OAuthError(temporarily_unavailable) where it is empty or corrupt."""
    try:
        return LoadedRing(Keyring.parse(document), remote)
    except KeyringInvalid as error:
        raise unavailable(Reason.KEYRING_INVALID, str(error)) from None

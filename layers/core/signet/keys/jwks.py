"""The key set as verifiers fetch it (RFC 7517 section 5)."""

from typing import Any

from signet.errors import Reason, unavailable
from signet.keys.algorithms import public_jwk
from signet.keys.keyring import Keyring
from signet.model.key import KeySet, KeyState, PublishedKey, RingKey
from signet.ports import KeySetStore

_ORDER = {KeyState.ACTIVE: 0, KeyState.NEXT: 1, KeyState.RETIRING: 2}


def published_with(key_set: KeySet, ring: Keyring, now: int) -> KeySet:
    """The set that publishes this ring: its public halves, each since when it was first published.

    The active key comes first, for verifiers that look no further.
    """

    def public(key: RingKey) -> PublishedKey:
        return key_set.known(key.kid) or PublishedKey(key.kid, key.alg, now, public_jwk(key.jwk))

    shown = sorted((key for key in ring.keys if key.state in _ORDER), key=lambda key: _ORDER[key.state])
    return KeySet(
        keys=tuple(map(public, shown)),
        version=key_set.version + 1,
        verify_only=tuple(public(key) for key in ring.keys if key.state is KeyState.VERIFY_ONLY),
    )


def published(key_sets: KeySetStore) -> KeySet:
    """What is published. Raises OAuthError(temporarily_unavailable) while nothing is, so that nobody remembers it."""
    key_set = key_sets.load()
    if not key_set.keys:
        raise unavailable(Reason.KEY_SET_UNPUBLISHED, "the key rotation has not run yet")
    return key_set


def document(key_set: KeySet) -> dict[str, Any]:
    """The JWK Set: public members, `kid`, `use` and `alg` alone."""
    return {
        "keys": [{**public_jwk(key.jwk), "kid": key.kid, "use": "sig", "alg": key.alg} for key in key_set.keys],
    }

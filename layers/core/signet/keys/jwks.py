"""The key set as verifiers fetch it (RFC 7517 section 5)."""

from typing import Any

from signet.errors import Reason, unavailable
from signet.keys.algorithms import public_jwk
from signet.keys.keyring import Keyring
from signet.model.key import KeySet, KeyState, PublishedKey
from signet.ports import KeySetStore

_ORDER = {KeyState.ACTIVE: 0, KeyState.NEXT: 1, KeyState.RETIRING: 2}


def published_with(key_set: KeySet, ring: Keyring, now: int) -> KeySet:
    """The set that publishes this ring: its public halves, each since when it was first published.

    The active key comes first, for verifiers that look no further.
    """
    keys = tuple(
        key_set.get(key.kid) or PublishedKey(key.kid, key.alg, now, public_jwk(key.jwk))
        for key in sorted(ring.keys, key=lambda key: _ORDER[key.state])
    )
    return KeySet(keys, key_set.version + 1)


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

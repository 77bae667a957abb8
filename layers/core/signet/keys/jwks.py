"""The key set as verifiers fetch it (RFC 7517 section 5)."""

import json
from typing import TYPE_CHECKING, Any

from signet import jwt
from signet.errors import Reason, unavailable
from signet.keys.thumbprint import public_jwk, thumbprint
from signet.model.key import DEFAULT_ALGORITHM, KeySet, KeyState, PublishedKey, RingKey, is_of
from signet.ports import KeySetStore

if TYPE_CHECKING:
    from signet.keys.keyring import Keyring

MOST_KEYS = 100
"""Keys of a fetched set that are still looked at; we publish three or so for each algorithm."""


class KeySetInvalid(ValueError):
    """What was fetched is no key set; the message names the rule that it breaks and repeats nothing of it."""


_ORDER = {KeyState.ACTIVE: 0, KeyState.NEXT: 1, KeyState.RETIRING: 2}

MOST_PUBLISHED = 10
"""Keys that an Application Load Balancer reads of a set."""

LARGEST_KEY_SET = 150_000
"""Bytes of a set that it reads."""


class KeySetTooLarge(ValueError):
    """More than a load balancer reads."""


def is_published(key: RingKey) -> bool:
    """Whether verifiers are shown the key."""
    return key.state in _ORDER


def published_with(key_set: KeySet, ring: "Keyring", now: int) -> KeySet:
    """The set that publishes this ring: its public halves, each since when it was first published.

    The active key of the default algorithm comes first, for verifiers that look no further. Raises KeySetTooLarge.
    """

    def public(key: RingKey) -> PublishedKey:
        return key_set.known(key.kid) or PublishedKey(key.kid, key.alg, now, public_jwk(key.jwk))

    shown = sorted(filter(is_published, ring.keys), key=lambda key: (_ORDER[key.state], key.alg != DEFAULT_ALGORITHM))
    new = KeySet(
        keys=tuple(map(public, shown)),
        version=key_set.version + 1,
        verify_only=tuple(public(key) for key in ring.keys if key.state is KeyState.VERIFY_ONLY),
        signing_algs=tuple(key.alg for key in shown if key.state is KeyState.ACTIVE),
        withdrawn=key_set.withdrawn,
    )
    if len(new.keys) > MOST_PUBLISHED or len(json.dumps(document(new))) > LARGEST_KEY_SET:
        raise KeySetTooLarge(f"the key set would hold more than {MOST_PUBLISHED} keys or {LARGEST_KEY_SET} bytes")
    return new


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


def read(text: bytes) -> KeySet:
    """The usable keys of a JWK Set that was fetched, `published_at` unknown (0). Raises KeySetInvalid for none.

    Keys of a kind that this release does not know are passed over (RFC 7517 section 5).
    """
    try:
        members = json.loads(text)
    except (ValueError, RecursionError):
        raise KeySetInvalid("no JSON") from None
    listed = members.get("keys") if isinstance(members, dict) else None
    if not isinstance(listed, list) or len(listed) > MOST_KEYS:
        raise KeySetInvalid("no JWK Set")
    keys = tuple(key for key in map(_usable, listed) if key)
    if not keys:
        raise KeySetInvalid("no usable key")
    return KeySet(keys)


def _usable(jwk: Any) -> PublishedKey | None:
    """A key as we publish it, named by its own thumbprint; its algorithm is ours to know and its own to have."""
    try:
        public = public_jwk(jwk)
        kid, alg = thumbprint(jwk), jwk["alg"]
        named = (jwk["kid"], jwk["use"]) == (kid, "sig") and is_of(alg, public)
    except (KeyError, TypeError, AttributeError):
        return None
    return PublishedKey(kid, alg, 0, public) if named and jwt.is_key(alg, public) else None

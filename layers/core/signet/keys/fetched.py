"""What a verifier in another stack remembers of the key set that it has fetched."""

from collections.abc import Callable, Mapping

from signet.errors import OAuthError
from signet.model.key import KeySet
from signet.ports import Clock
from signet.settings import FETCHED_KEY_SET_LIFETIME, KEY_SET_MAX_AGE

PAUSE = 30
"""Seconds between two fetches, however many tokens of unknown keys arrive."""

PAUSE_AFTER_FAILURE = 5
"""Seconds until a fetch that failed is tried again."""


class FetchedKeySet:
    """The keys of an issuer, fetched when they are needed and at most once in PAUSE seconds.

    A set is used for KEY_SET_MAX_AGE seconds. After that, and for a `kid` that it lacks, it is fetched again; where
    that fails it stays in use, up to FETCHED_KEY_SET_LIFETIME seconds after it came. What is no set replaces none.
    """

    def __init__(self, fetch: Callable[[], KeySet], clock: Clock) -> None:
        self._fetch = fetch
        self._clock = clock
        self._key_set = KeySet()
        self._fetched_at = float("-inf")
        self._tried_at = float("-inf")
        self._failure: OAuthError | None = None

    def load(self) -> None:
        """Fetch the set ahead of the first token. Raises OAuthError(temporarily_unavailable)."""
        self._refresh(self._clock())
        if self._failure:
            raise self._failure

    def key_of(self, kid: str) -> tuple[str, Mapping[str, str]] | None:
        """Algorithm and public JWK of a `kid`; None where the issuer is known not to publish it.

        Raises OAuthError(temporarily_unavailable) where that cannot be known.
        """
        now = self._clock()
        key = self._key_set.get(kid) if self._younger(KEY_SET_MAX_AGE, now) else None
        if key is None:
            if not self._paused(now):
                self._refresh(now)
            key = self._key_set.get(kid) if self._younger(FETCHED_KEY_SET_LIFETIME, now) else None
        if key is None and self._failure:
            raise self._failure
        return (key.alg, key.jwk) if key else None

    def _refresh(self, now: float) -> None:
        self._tried_at = now
        try:
            self._key_set = self._fetch()
            self._fetched_at = now
            self._failure = None
        except OAuthError as failure:
            self._failure = failure

    def _paused(self, now: float) -> bool:
        """The clock may jump either way while the environment is frozen."""
        return 0 <= now - self._tried_at < (PAUSE_AFTER_FAILURE if self._failure else PAUSE)

    def _younger(self, seconds: float, now: float) -> bool:
        return 0 <= now - self._fetched_at < seconds

"""Client secrets that people of another system chose: verified by a slow hash, and guesses at them are slowed.

A SHA-256 of so few characters in a stolen table is undone in no time, and over the wire they can be guessed. So they
are kept as argon2id, and every one that this environment has not verified a moment ago is counted first, across all
environments (people.throttle): by client, by address, and apart from both where the client has authenticated before.
No stranger locks a partner out of an address that it uses.
"""

import hmac
import os
from collections import OrderedDict
from collections.abc import Iterable

from signet.errors import ErrorCode, OAuthError, Reason
from signet.model.client import Client
from signet.people import passwords
from signet.people.throttle import RetryAfter, Throttle, network
from signet.ports import Clock
from signet.settings import CLIENT_CACHE

SHORTEST = 8
"""Characters a secret must have to be brought along."""

LONGEST = 31
"""Characters a secret may have to count as a short one; longer ones are kept as a digest."""


class ShortSecrets:
    """Verifies short secrets, and remembers the verdict for as long as a client is remembered, `capacity` at most.

    What is remembered is a MAC under a key of this process over the stored hash and what was compared with it: a
    record that has changed since has another hash. A wrong secret that comes again is no second guess, and not counted.
    """

    def __init__(self, throttle: Throttle, clock: Clock, capacity: int = 1000) -> None:
        self._throttle = throttle
        self._clock = clock
        self._capacity = capacity
        self._key = os.urandom(32)
        self._verdicts: OrderedDict[bytes, tuple[float, bool]] = OrderedDict()

    def recall(self, client: Client, client_secret: str) -> bool:
        """Whether this environment has found it to be the client's a moment ago."""
        now = self._clock()
        return any(self._verdict(encoded, client_secret, now) for encoded in _living(client, now))

    def verify(self, client: Client, client_secret: str, address: str) -> Reason | None:
        """None where it is the client's, else why it is refused. `address` is the IP address of the request.

        Raises OAuthError where the client has to wait and has authenticated from this address before, so that nobody
        else is told; and where a store fails, after which nothing counts as verified.
        """
        now = self._clock()
        if not SHORTEST <= len(client_secret) <= LONGEST:
            return Reason.CLIENT_SECRET_WRONG  # no such secret is short, so there is nothing to guess
        verdicts = {encoded: self._verdict(encoded, client_secret, now) for encoded in _living(client, now)}
        if True in verdicts.values():
            return None
        unseen = [encoded for encoded, verdict in verdicts.items() if verdict is None]
        if not unseen:
            return Reason.CLIENT_SECRET_WRONG
        allowed = self._throttle.reserve(client.client_id, address, network(address), int(now))
        if isinstance(allowed, RetryAfter):
            if allowed.known:
                raise _too_many(client, allowed.seconds)
            return Reason.THROTTLED
        verified = {encoded: passwords.verify(client_secret, encoded) for encoded in unseen}
        if True in verified.values():
            self._throttle.succeeded(allowed, int(now))
        for encoded, right in verified.items():
            self._keep(self._mark(encoded, client_secret), (now, right))
        return None if True in verified.values() else Reason.CLIENT_SECRET_WRONG

    def _verdict(self, encoded: str, client_secret: str, now: float) -> bool | None:
        """What was found of a hash and a secret, None where that is too long ago. Clocks may jump either way."""
        found_at, right = self._verdicts.get(self._mark(encoded, client_secret), (float("-inf"), False))
        return right if 0 <= now - found_at < CLIENT_CACHE else None

    def _mark(self, encoded: str, client_secret: str) -> bytes:
        return hmac.digest(self._key, f"{encoded}\0{client_secret}".encode(), "sha256")

    def _keep(self, mark: bytes, verdict: tuple[float, bool]) -> None:
        self._verdicts[mark] = verdict
        self._verdicts.move_to_end(mark)
        if len(self._verdicts) > self._capacity:
            self._verdicts.popitem(last=False)


def _living(client: Client, now: float) -> Iterable[str]:
    """The hashes of the client's short secrets that have not expired; their salts make each one its client's own."""
    return (secret.argon2id for secret in client.client_secrets if secret.is_short and secret.lives(now))


def _too_many(client: Client, seconds: int) -> OAuthError:
    """429 (RFC 6585 section 4): RFC 6749 has no code for it, and the right secret must not be called wrong."""
    error = OAuthError(
        ErrorCode.TEMPORARILY_UNAVAILABLE,
        Reason.THROTTLED,
        "Too many wrong secrets came from this address, try again later.",
        status=429,
        headers={"Retry-After": str(seconds)},
    )
    error.decided["client_id"] = client.client_id
    return error

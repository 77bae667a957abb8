"""When a call is tried again, as the SDKs' standard mode has it.

https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
"""

import random
import time
from dataclasses import dataclass
from threading import Lock

MOST_ATTEMPTS = 3
"""Attempts of one call, the first included."""

_TRANSIENT_STATUS = frozenset({500, 502, 503, 504})

_TRANSIENT = frozenset({"RequestTimeout", "RequestTimeoutException", "PriorRequestNotComplete"})

_THROTTLED = frozenset(
    {
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestThrottledException",
        "TooManyRequestsException",
        "ProvisionedThroughputExceededException",
        "TransactionInProgressException",
        "RequestLimitExceeded",
        "BandwidthLimitExceeded",
        "LimitExceededException",
        "RequestThrottled",
        "SlowDown",
        "PriorRequestNotComplete",
        "EC2ThrottledException",
    }
)

_RETRYABLE_BY_MODEL = frozenset({"ReplicatedWriteConflictException"})

_LONGEST_PAUSE = 20.0

_LONGEST_ADDITION = 5.0
"""Seconds that a service may ask for beyond what would be waited anyway."""


@dataclass(frozen=True, slots=True)
class Retry:
    """That a failure may pass by itself; `after` are the seconds that the service asks for."""

    throttled: bool = False
    after: float = 0.0


def of_answer(status: int, code: str, retry_after: str | None) -> Retry | None:
    """How an error of that status and name is tried again; None where it would be the same. `retry_after` is in ms."""
    throttled = code in _THROTTLED or (status == 429 and code not in _RETRYABLE_BY_MODEL)
    if not (throttled or status in _TRANSIENT_STATUS or code in _TRANSIENT or code in _RETRYABLE_BY_MODEL):
        return None
    asked = retry_after or ""
    return Retry(throttled, int(asked) / 1000 if asked.isascii() and asked.isdecimal() else 0.0)


def pause(attempt: int, retry: Retry, base: float) -> None:
    """Wait before the attempt after that one, which is counted from 1: exponential, with full jitter.

    `base` are the seconds to begin with where nothing is throttled.
    """
    longest = min((1.0 if retry.throttled else base) * 2 ** (attempt - 1), _LONGEST_PAUSE)
    seconds = random.random() * longest  # noqa: S311 - nobody gains by guessing it
    time.sleep(max(seconds, min(retry.after, seconds + _LONGEST_ADDITION)))


class Quota:
    """What may be tried again in all: a service that is down is not asked three times for everything.

    A retry takes 14 of 500, where it was throttled 5; a success gives back what its last retry took, or 1.
    """

    CAPACITY = 500

    def __init__(self) -> None:
        self._left = self.CAPACITY
        self._lock = Lock()

    def take(self, retry: Retry) -> int:
        """What one more retry takes, 0 where there is not enough left."""
        amount = 5 if retry.throttled else 14
        with self._lock:
            if amount > self._left:
                return 0
            self._left -= amount
            return amount

    def succeeded(self, taken: int) -> None:
        """Give back after a success; `taken` by the last retry of the call."""
        with self._lock:
            self._left = min(self._left + (taken or 1), self.CAPACITY)

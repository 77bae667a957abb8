"""What is tried again, how often and how late: as botocore's standard mode has it."""

from types import SimpleNamespace

import botocore.session
import pytest
from botocore.retries import standard
from botocore.retries.quota import RetryQuota

from signet.aws.lean import retries
from signet.aws.lean.client import SERVICES
from signet.aws.lean.retries import Quota, Retry

CODES = sorted(
    {
        *standard.ThrottledRetryableChecker._THROTTLED_ERROR_CODES,
        *standard.TransientRetryableChecker._TRANSIENT_ERROR_CODES,
        "AccessDeniedException",
        "ConditionalCheckFailedException",
        "ResourceNotFoundException",
        "ValidationException",
        "InternalServerError",
        "TransactionCanceledException",
    }
)


def context(status: int, code: str, attempt: int = 1, headers: dict[str, str] | None = None) -> standard.RetryContext:
    """The same answer as botocore looks at it."""
    return standard.RetryContext(
        attempt_number=attempt,
        operation_model=SimpleNamespace(
            service_model=SimpleNamespace(service_name="kms"), name="Sign", error_shapes=[]
        ),
        http_response=SimpleNamespace(status_code=status, headers=headers or {}),
        parsed_response={"Error": {"Code": code}},
    )


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("status", [400, 403, 404, 429, 500, 501, 502, 503, 504])
def test_the_same_errors_are_tried_again(status: int, code: str) -> None:
    """And the same of them count as throttled."""
    expected = standard.StandardRetryConditions(3).is_retryable(context(status, code))
    throttled = standard.ThrottlingErrorDetector(None).is_throttling_error_from_context(context(status, code))
    found = retries.of_answer(status, code, None)
    assert (found is not None) == expected
    assert bool(found and found.throttled) == throttled


@pytest.mark.parametrize("service", SERVICES)
def test_what_a_model_calls_retryable_is_tried_again(service: str) -> None:
    """Whatever its status."""
    model = botocore.session.Session().get_service_model(service)
    for shape in (model.shape_for(name) for name in model.shape_names):
        if retryable := shape.metadata.get("retryable"):
            found = retries.of_answer(400, shape.name, None)
            assert found
            assert found.throttled == bool(retryable.get("throttling"))


@pytest.mark.parametrize("asked", [None, "0", "700", "60000", "soon", "-1"])
@pytest.mark.parametrize("code", ["ThrottlingException", "InternalServerError"])
@pytest.mark.parametrize("attempt", [1, 2, 9])
@pytest.mark.parametrize("service", ["dynamodb", "kms"])
def test_a_pause_is_as_long_as_botocores(
    monkeypatch: pytest.MonkeyPatch, service: str, attempt: int, code: str, asked: str | None
) -> None:
    """Exponential, with the same share of chance, and as long as the service asks for, within bounds."""
    slept: list[float] = []
    monkeypatch.setattr(retries, "time", SimpleNamespace(sleep=slept.append))
    monkeypatch.setattr(retries, "random", SimpleNamespace(random=lambda: 0.75))
    retry = retries.of_answer(500, code, asked)
    assert retry
    retries.pause(attempt, retry, 0.025 if service == "dynamodb" else 0.05)
    backoff = standard.ExponentialBackoff(
        random=lambda: 0.75, service_name=service, throttling_detector=standard.ThrottlingErrorDetector(None)
    )
    headers = {} if asked is None else {"x-amz-retry-after": asked}
    assert slept == [pytest.approx(backoff.delay_amount(context(500, code, attempt, headers)))]


def test_the_quota_is_botocores() -> None:
    """A service that is down costs a bounded number of retries, and a success gives back what its last one took."""
    assert RetryQuota.INITIAL_CAPACITY == Quota.CAPACITY
    quota = Quota()
    cost = standard.RetryQuotaChecker._RETRY_COST
    taken = [quota.take(Retry()) for _ in range(100)]
    assert taken == [cost] * (Quota.CAPACITY // cost) + [0] * (100 - Quota.CAPACITY // cost)
    assert quota.take(Retry(throttled=True)) == standard.RetryQuotaChecker._THROTTLING_RETRY_COST
    quota.succeeded(cost)
    assert quota.take(Retry()) == cost
    assert quota.take(Retry()) == 0
    for _ in range(cost):
        quota.succeeded(0)
    assert quota.take(Retry()) == cost

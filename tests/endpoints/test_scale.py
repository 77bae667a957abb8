"""What docs/scale.md says of a crowd of new environments, in small."""

import pytest

from bench import cost, quotas, scale
from signet.settings import CLIENT_CACHE, KEYRING_CACHE


def test_an_environment_reads_the_secret_once_however_much_it_answers() -> None:
    """In the INIT phase; and each client once. No environment waits for another's read, and none reads for another."""
    found = scale.first_second(4, clients=3, requests=6)
    assert found.answers == 24
    assert found.calls["secretsmanager:GetSecretValue"] == 4
    assert found.calls["dynamodb:GetItem"] <= 4 * 3
    assert found.calls.keys() == {"secretsmanager:GetSecretValue", "dynamodb:GetItem"}


def test_environments_that_started_together_do_not_read_together_ever_after() -> None:
    """All alike they would: each five minutes a second in which every one of them reads."""
    assert scale.busiest_second(100, 11, spread=False) == 100
    assert scale.busiest_second(100, 11, spread=True) < 50


def test_the_model_grows_with_the_rate_and_never_beyond_ten_invocations_an_environment() -> None:
    """Lambda counts a tenth of the invocations a second as concurrency, however short they are."""
    assert scale.environments(cost.TOKEN, 10_000) == 1_000
    assert scale.environments(cost.SIGN_IN, 1_000) >= 400
    small, large = (scale.shares(cost.CODE, rate) for rate in (1, 1_000))
    assert large == pytest.approx({name: 1_000 * share for name, share in small.items()})


def test_the_model_uses_the_lifetimes_of_the_code() -> None:
    """A longer cache is fewer reads."""
    hot = next(demand for demand in scale.DEMANDS if demand.quota is quotas.HOT_READS)
    assert hot.of(cost.TOKEN, 10_000) == 1_000 / CLIENT_CACHE
    secrets = next(demand for demand in scale.DEMANDS if demand.quota is quotas.SECRET_READS)
    assert secrets.of(cost.TOKEN, 10_000) == 1_000 * (1 / scale.RAMP + 1 / KEYRING_CACHE)

"""Secrets that another system's partners chose: they work wherever a client authenticates (decision 0018)."""

import json
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from signet.clientauth import authenticate
from signet.model.client import ClientSecret, digest
from signet.people import passwords
from tests.support.deployment import Deployment, Machine
from tests.support.gateway_events import Event, token_event
from tests.support.short_secrets import GRANT, SHORT, asked_from, register_short, stored_short
from tests.support.token_requests import introspect, revoke

GET, GET_TWO, PUT = "dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:PutItem"

HOME, AWAY = "203.0.113.7", "198.51.100.1"


@pytest.fixture(autouse=True)
def refusals_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refusals take no longer than their work, but where a test says so."""
    monkeypatch.setattr(authenticate, "REFUSED_AFTER", 0.0)


@pytest.fixture
def verified(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What has been hashed."""
    hashed: list[str] = []
    verify = passwords.verify

    def verifying(password: str, encoded: str) -> bool:
        hashed.append(password)
        return verify(password, encoded)

    monkeypatch.setattr(passwords, "verify", verifying)
    return hashed


def by_header(client_secret: str) -> Event:
    """client_secret_basic."""
    return token_event(GRANT, basic=("dkconnect", client_secret))


def in_a_form(client_secret: str) -> Event:
    """client_secret_post."""
    return token_event({**GRANT, "client_id": "dkconnect", "client_secret": client_secret})


def in_json(client_secret: str) -> Event:
    """client_secret_post, as the seeds' partners send it too."""
    body = json.dumps({**GRANT, "client_id": "dkconnect", "client_secret": client_secret})
    return token_event(body.encode(), headers={"content-type": "application/json"})


@pytest.mark.parametrize(
    ("method", "request_with", "status"),
    [
        ("client_secret_basic", by_header, 401),
        ("client_secret_post", in_a_form, 400),
        ("client_secret_post", in_json, 400),
    ],
)
def test_a_short_secret_authenticates_by_every_method(
    deployment: Deployment, method: str, request_with: Callable[[str], Event], status: int
) -> None:
    """RFC 6749 section 2.3.1: the right one before and after wrong ones, of every length."""
    register_short(deployment, token_endpoint_auth_method=method)
    assert deployment.token(request_with(SHORT)).status == 200
    for wrong in ("wrong", "another-secret", SHORT[:-1], SHORT.upper(), f"{SHORT} ", "x" * 40, "x" * 5_000):
        assert deployment.token(request_with(wrong)).error(status) == "invalid_client"
    assert deployment.token(request_with(SHORT)).status == 200


def test_a_short_secret_authenticates_wherever_a_client_does(deployment: Deployment) -> None:
    """Tokens, introspection (RFC 7662 section 2.1) and revocation (RFC 7009 section 2.1); a wrong one nowhere."""
    machine = register_short(deployment)
    stranger = replace(machine, client_secret="another-secret")
    access_token = deployment.issue(machine).json()["access_token"]
    assert introspect(deployment, stranger, access_token).error(401) == "invalid_client"
    assert introspect(deployment, machine, access_token).json()["active"] is True
    assert revoke(deployment, stranger, access_token).error(401) == "invalid_client"
    assert revoke(deployment, machine, access_token).status == 200
    assert introspect(deployment, machine, access_token).json()["active"] is False


def test_a_warm_environment_asks_nobody_and_hashes_nothing(deployment: Deployment, verified: list[str]) -> None:
    """For as long as it goes on with the client that it has read; then it verifies anew."""
    machine = register_short(deployment)
    assert deployment.issue(machine).status == 200
    deployment.calls.clear()
    for _ in range(5):
        deployment.clock.advance(10)
        assert deployment.issue(machine).status == 200
    assert (deployment.calls, verified) == ([], [SHORT])
    deployment.clock.advance(11)
    assert deployment.issue(machine).status == 200
    assert verified == [SHORT] * 2


def test_what_a_verification_costs(deployment: Deployment) -> None:
    """The address's own counter is read; at a new one two more at once, counted on and taken back."""
    machine = register_short(deployment)
    for counting in ([GET, GET_TWO] + [PUT] * 5, [GET, PUT, PUT]):
        deployment.cold("token")
        deployment.calls.clear()
        assert deployment.issue(machine).status == 200
        assert deployment.calls == [GET, *counting]


def test_clients_with_a_digest_pay_nothing(deployment: Deployment, verified: list[str]) -> None:
    """Right or wrong, they are neither counted nor hashed slowly, though short secrets are about."""
    register_short(deployment)
    machine = deployment.register("machine")
    deployment.cold("token")
    for _ in range(60):
        assert asked_from(deployment, HOME, "machine", "another-secret").error(401) == "invalid_client"
        assert asked_from(deployment, HOME, "nobody", "another-secret").error(401) == "invalid_client"
    assert deployment.issue(machine).status == 200
    assert (verified, deployment.state("throttle")) == ([], [])
    deployment.calls.clear()
    assert deployment.issue(machine).status == 200
    assert deployment.calls == []


def test_what_cannot_be_a_short_secret_is_neither_hashed_nor_counted(
    deployment: Deployment, verified: list[str]
) -> None:
    """Nobody guesses by it, and a megabyte is not hashed."""
    register_short(deployment)
    for wrong in ("x" * 7, "x" * 32, "x" * 50_000):
        assert asked_from(deployment, HOME, "dkconnect", wrong).error(401) == "invalid_client"
    assert deployment.token(token_event({**GRANT, "client_id": "dkconnect"})).error() == "invalid_client"
    assert (verified, deployment.state("throttle")) == ([], [])


def test_a_short_secret_stops_at_its_end(deployment: Deployment) -> None:
    """RFC 7591 section 3.2.1 client_secret_expires_at, also where it has just been verified."""
    machine = register_short(deployment, client_secrets=(stored_short(expires_at=int(deployment.clock()) + 20),))
    assert deployment.issue(machine).status == 200
    deployment.clock.advance(21)
    assert deployment.issue(machine).error(401) == "invalid_client"


def rotate(deployment: Deployment, machine: Machine, *secrets: ClientSecret) -> None:
    """What `signet clients rotate-secret` stores."""
    stored = deployment.registry.get(machine.client_id)
    assert stored
    assert deployment.registry.replace(replace(stored, client_secrets=secrets), stored)


def test_a_rotated_short_secret_is_refused_within_a_minute(deployment: Deployment) -> None:
    """The new one works within a second, and is as quick as any; what was remembered of the old one does not count."""
    machine = register_short(deployment)
    assert deployment.issue(machine).status == 200
    rotate(deployment, machine, ClientSecret(digest("new secret"), 2))
    deployment.clock.advance(1)
    assert asked_from(deployment, AWAY, "dkconnect", "new secret").status == 200
    assert deployment.issue(machine).error(401) == "invalid_client"


def test_another_short_secret_in_the_record_is_another(deployment: Deployment) -> None:
    """What was verified is remembered of that hash alone."""
    machine = register_short(deployment)
    assert deployment.issue(machine).status == 200
    rotate(deployment, machine, stored_short("another-secret"))
    deployment.clock.advance(60)
    assert deployment.issue(machine).error(401) == "invalid_client"
    assert asked_from(deployment, HOME, "dkconnect", "another-secret").status == 200


def test_both_secrets_work_while_a_rotation_overlaps(deployment: Deployment) -> None:
    """A long one beside the short one, which has an end."""
    end = int(deployment.clock()) + 3_600
    machine = register_short(
        deployment, client_secrets=(ClientSecret(digest("new secret"), 2), stored_short(expires_at=end))
    )
    for client_secret in (SHORT, "new secret"):
        assert asked_from(deployment, HOME, machine.client_id, client_secret).status == 200


def test_the_right_secret_by_the_wrong_method_is_refused(deployment: Deployment) -> None:
    """RFC 7591 section 2: who has proved to be the client is told which it is registered for."""
    register_short(deployment)
    answer = deployment.token(in_a_form(SHORT))
    assert answer.error() == "invalid_client"
    assert "client_secret_basic" in answer.json()["error_description"]


@pytest.mark.parametrize("client_id", ["dkconnect", "machine", "nobody"])
def test_every_refusal_waits_while_short_secrets_are_about(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, client_id: str
) -> None:
    """So that nobody learns by the time whose secret is short; the right one waits for nothing."""
    monkeypatch.setattr(authenticate, "REFUSED_AFTER", 0.4)
    register_short(deployment)
    deployment.register("machine")
    started = time.monotonic()
    assert asked_from(deployment, HOME, client_id, "another-secret").error(401) == "invalid_client"
    assert time.monotonic() - started >= 0.4


@pytest.mark.parametrize(("megabytes", "least"), [(1_769, 0.2), (512, 0.2), (256, 0.38)])
def test_a_slower_function_waits_longer(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, megabytes: int, least: float
) -> None:
    """CPU comes with memory, and where a verification takes longer its end must not show."""
    monkeypatch.setattr(authenticate, "REFUSED_AFTER", 0.2)
    register_short(deployment)
    deployment.cold("token", AWS_LAMBDA_FUNCTION_MEMORY_SIZE=str(megabytes))
    started = time.monotonic()
    assert asked_from(deployment, HOME, "nobody", "another-secret").error(401) == "invalid_client"
    assert time.monotonic() - started >= least

"""What an execution environment remembers between requests, and what it must not."""

import time
from dataclasses import replace

import pytest

from signet.model.client import ClientSecret, digest
from tests.support.deployment import Deployment, Machine
from tests.support.faults import internal
from tests.support.gateway_events import token_event

GRANT = {"grant_type": "client_credentials"}


def with_secret(deployment: Deployment, machine: Machine, client_secret: str) -> int:
    """The status of a request with that secret."""
    return deployment.token(token_event(GRANT, basic=(machine.client_id, client_secret))).status


def rotate_secret(deployment: Deployment, machine: Machine, client_secret: str) -> None:
    """What `signet clients rotate-secret` does: the new secret replaces the old one."""
    secrets = (ClientSecret(digest(client_secret), created_at=int(deployment.clock())),)
    stored = deployment.registry.get(machine.client_id)
    assert stored
    assert deployment.registry.replace(replace(stored, client_secrets=secrets), stored)


def test_a_warm_request_makes_no_call_to_aws(deployment: Deployment) -> None:
    """Keys and client are in memory: a token costs a signature."""
    machine = deployment.register()
    deployment.cold("token")
    assert deployment.issue(machine).status == 200
    deployment.calls.clear()
    for _ in range(5):
        assert deployment.issue(machine).status == 200
    assert deployment.calls == []


def test_a_cold_request_makes_two_calls_to_aws(deployment: Deployment) -> None:
    """The ring when the environment starts, the client at its first request."""
    machine = deployment.register()
    deployment.calls.clear()
    deployment.cold("token")
    assert deployment.calls == ["secretsmanager:GetSecretValue"]
    deployment.issue(machine)
    assert deployment.calls[1:] == ["dynamodb:GetItem"]


def test_a_warm_document_makes_no_call_to_aws(deployment: Deployment) -> None:
    """The key set is read when the environment starts and once a minute."""
    deployment.cold("jwks")
    assert deployment.calls == ["dynamodb:GetItem"]
    for path in ("/connect/oauth/jwks", "/connect/.well-known/openid-configuration"):
        assert deployment.get(path).status == 200
    assert deployment.calls == ["dynamodb:GetItem"]


def test_a_new_secret_works_in_an_environment_that_knows_the_old_one(deployment: Deployment) -> None:
    """A secret that does not match is looked for once more in the registry before it is refused."""
    machine = deployment.register()
    assert deployment.issue(machine).status == 200
    rotate_secret(deployment, machine, "new secret")
    deployment.clock.advance(1)
    assert with_secret(deployment, machine, "new secret") == 200


def test_an_old_secret_is_refused_as_soon_as_the_new_one_was_seen(deployment: Deployment) -> None:
    """And within a minute where it was not."""
    machine = deployment.register()
    assert deployment.issue(machine).status == 200
    rotate_secret(deployment, machine, "new secret")
    deployment.clock.advance(1)
    assert with_secret(deployment, machine, "new secret") == 200
    assert deployment.issue(machine).status == 401


def test_a_removed_secret_is_refused_within_a_minute(deployment: Deployment) -> None:
    """The time for which an environment may go on with a client that it has read."""
    machine = deployment.register()
    assert deployment.issue(machine).status == 200
    rotate_secret(deployment, machine, "new secret")
    deployment.clock.advance(60)
    assert deployment.issue(machine).status == 401


def test_a_deleted_client_is_refused_within_a_minute(deployment: Deployment) -> None:
    """Its tokens live on until they expire; it gets no new ones."""
    machine = deployment.register()
    assert deployment.issue(machine).status == 200
    assert deployment.registry.delete(machine.client_id)
    deployment.clock.advance(60)
    assert deployment.issue(machine).status == 401


def test_a_new_client_works_in_an_environment_that_had_refused_it(deployment: Deployment) -> None:
    """That a client is absent is remembered for a second only."""
    assert deployment.token(token_event(GRANT, basic=("machine", "secret"))).status == 401
    machine = deployment.register("machine", "secret")
    deployment.clock.advance(1)
    assert deployment.issue(machine).status == 200


def test_a_changed_registration_holds_within_a_minute(deployment: Deployment) -> None:
    """A scope that was taken away is granted no more."""
    machine = deployment.register()
    assert deployment.issue(machine, scope="write").status == 200
    stored = deployment.registry.get(machine.client_id)
    assert stored
    assert deployment.registry.replace(replace(stored, scope=("read",)), stored)
    deployment.clock.advance(60)
    assert deployment.issue(machine, scope="write").error() == "invalid_scope"


def test_a_clock_that_jumped_back_does_not_prolong_what_is_remembered(deployment: Deployment) -> None:
    """An environment that was frozen may thaw into an earlier time: then it reads anew."""
    machine = deployment.register()
    assert deployment.issue(machine).status == 200
    deployment.registry.delete(machine.client_id)
    deployment.clock.advance(-3600)
    assert deployment.issue(machine).status == 401


def test_a_known_client_gets_tokens_while_the_registry_is_away(deployment: Deployment) -> None:
    """Nothing is asked of AWS that is not needed; whoever is not known yet has to wait."""
    known, unknown = deployment.register("known"), deployment.register("unknown")
    assert deployment.issue(known).status == 200
    with deployment.failing("dynamodb", internal):
        assert deployment.issue(known).status == 200
        assert deployment.issue(unknown).error(503) == "temporarily_unavailable"
    assert deployment.issue(unknown).status == 200


def test_an_expired_ring_is_not_used_while_the_secret_is_away(deployment: Deployment) -> None:
    """Five minutes after it was read the ring has to be read again: a withdrawn key must not go on signing."""
    machine = deployment.register()
    assert deployment.issue(machine).status == 200
    with deployment.failing("secretsmanager", internal):
        assert deployment.issue(machine).status == 200
        deployment.clock.advance(300)
        assert deployment.issue(machine).error(503) == "temporarily_unavailable"
    assert deployment.issue(machine).status == 200


@pytest.mark.parametrize("known", [True, False])
def test_a_flood_of_wrong_secrets_costs_one_read_a_second(deployment: Deployment, known: bool) -> None:  # noqa: FBT001
    """The registry's capacity is not a stranger's to spend, whether or not the client exists.

    One read more in a minute tells whether short secrets are about, for which refusals would wait (decision 0018).
    """
    machine = deployment.register()
    client_id = machine.client_id if known else "nobody"
    deployment.clock.stop()
    deployment.cold("token")
    deployment.calls.clear()
    for second in range(3):
        for _ in range(7):
            deployment.token(token_event(GRANT, basic=(client_id, "wrong")))
        assert len(deployment.calls) == second + 2
        deployment.clock.advance(1)


def test_a_warm_request_takes_the_time_of_a_few_signatures(deployment: Deployment) -> None:
    """No load of keys, no read of clients: measured against signatures made in the same run, not in seconds."""
    from signet.keys.keyring import loaded

    machine = deployment.register()
    event = token_event(GRANT, basic=machine.basic)
    signer = loaded(deployment.keyring()).signer()
    deployment.token(event)

    def cpu(times: int, work: object) -> float:
        best = float("inf")
        for _ in range(3):
            started = time.process_time()
            for _ in range(times):
                work()  # type: ignore[operator]
            best = min(best, time.process_time() - started)
        return best

    signature = cpu(20, lambda: signer.sign(b"x" * 600))
    request = cpu(20, lambda: deployment.token(event))
    assert request < 10 * signature

"""Row 21: an unknown client and a wrong secret are alike in body, status and work: nobody learns which ids exist."""

import hmac
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from signet.model import client as model
from signet.model.client import ClientSecret, digest
from tests.support.deployment import Deployment
from tests.support.gateway_events import Answer, token_event

GRANT = {"grant_type": "client_credentials"}

Work = dict[str, int]
"""What a refusal cost: calls of AWS, secrets hashed, digests compared."""


@pytest.fixture
def measured(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], tuple[Answer, Work]]:
    """A request with a wrong secret: its answer and its work."""
    work = {"calls": 0, "hashes": 0, "comparisons": 0}

    def hashing(client_secret: str) -> str:
        work["hashes"] += 1
        return digest(client_secret)

    def comparing(one: str, other: str) -> bool:
        work["comparisons"] += 1
        return hmac.compare_digest(one, other)

    deployment.clock.stop()
    monkeypatch.setattr(model, "digest", hashing)
    monkeypatch.setattr(model, "hmac", SimpleNamespace(compare_digest=comparing))

    def request(client_id: str) -> tuple[Answer, Work]:
        deployment.calls.clear()
        work.update(hashes=0, comparisons=0)
        answer = deployment.token(token_event(GRANT, basic=(client_id, "a wrong secret")))
        return answer, {**work, "calls": len(deployment.calls)}

    return request


def test_the_work_of_a_refusal_does_not_tell_whether_the_client_exists(
    deployment: Deployment, measured: Callable[[str], tuple[Answer, Work]]
) -> None:
    """In a cold environment, in one that has just refused, a second later, and when all it knew has expired."""
    deployment.register("known")
    cold = []
    for client_id in ("known", "unknown"):
        deployment.cold("token")
        cold.append(measured(client_id))
    assert cold[0] == cold[1]
    deployment.cold("token")
    for pause in (0, 0, 1.5, 0, 30, 61, 200):
        deployment.clock.advance(pause)
        measured("another")  # whoever comes first finds out whether short secrets are about
        answer, work = measured("known")
        assert measured("unknown") == (answer, work), pause
        assert work["comparisons"] >= 1


def test_the_work_does_not_tell_whether_the_client_is_in_use(
    deployment: Deployment, measured: Callable[[str], tuple[Answer, Work]]
) -> None:
    """An environment that has served the client remembers it for longer, and looks again all the same."""
    machine = deployment.register("known")
    for pause in (0, 5, 70):
        deployment.clock.advance(pause)
        assert deployment.issue(machine).status == 200
        deployment.clock.advance(2)
        measured("another")
        answer, work = measured("known")
        assert measured("unknown") == (answer, work), pause


def test_a_wrong_secret_is_compared_with_every_secret(
    deployment: Deployment, measured: Callable[[str], tuple[Answer, Work]]
) -> None:
    """Where it stands among several, and whether it has expired, takes no less work."""
    secrets = tuple(
        ClientSecret(digest(f"secret {number}"), 0, expires_at) for number, expires_at in enumerate((None, 1))
    )
    deployment.register("two", client_secrets=secrets)
    deployment.cold("token")
    answer, work = measured("two")
    assert answer.error(401) == "invalid_client"
    assert work["comparisons"] == 2 * len(secrets)


def test_digests_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """By hmac.compare_digest and nothing else."""
    compared: list[tuple[str, str]] = []

    def comparing(one: str, other: str) -> bool:
        compared.append((one, other))
        return True

    monkeypatch.setattr(model, "hmac", SimpleNamespace(compare_digest=comparing))
    secret = ClientSecret("not the digest of anything", 0)
    assert secret.matches("anything", now=1)
    assert compared == [("not the digest of anything", digest("anything"))]


def test_an_id_that_cannot_be_registered_is_refused_alike(deployment: Deployment) -> None:
    """Too long, or with characters that RFC 6749 appendix A.1 does not allow: the answer is that of any unknown id."""
    expected = deployment.token(token_event(GRANT, basic=("unknown", "x")))
    for client_id in ("", "x" * 256, "\u00e9", "a\tb", "a\r\nb", "\x7f"):
        assert deployment.token(token_event(GRANT, basic=(client_id, "x"))) == expected

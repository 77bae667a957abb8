"""Row 17, and rings that differ: a key that an environment does not know is looked for, and not for ever."""

import json
from base64 import urlsafe_b64encode
from typing import Any

import pytest

from signet.keys import algorithms
from signet.keys.algorithms import thumbprint
from signet.keys.keyring import Keyring
from signet.model.key import KeyState, RingKey
from signet.model.user import User
from tests.support import faults
from tests.support.deployment import Deployment, Handler
from tests.support.sign_in import Application, Service

READ = "secretsmanager:GetSecretValue"


@pytest.fixture
def app(service: Service) -> Application:
    """A client with refresh tokens."""
    return service.application(grant_types=("authorization_code", "refresh_token"))


@pytest.fixture
def warm(deployment: Deployment) -> Handler:
    """An environment that has read the ring of before."""
    return deployment.cold("token")


def withdraw(deployment: Deployment) -> None:
    """A ring of new keys alone in the place of the old one, as after an emergency."""
    now = int(deployment.clock())
    keys = []
    for state in (KeyState.ACTIVE, KeyState.NEXT):
        jwk = algorithms.ALGORITHMS["RS256"].generate()
        keys.append(RingKey(thumbprint(jwk), "RS256", state, now, jwk, now, now))
    deployment.put_keyring(Keyring(tuple(keys)).to_document())


def of_unknown_key(token: str, number: int) -> str:
    """The token under a `kid` that nobody has."""
    header = {"alg": "RS256", "typ": "rt+jwt", "kid": f"unknown-{number}"}
    encoded = urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()
    return f"{encoded}.{token.partition('.')[2]}"


def tokens_of_another_environment(service: Service, app: Application, user: User, warm: Handler) -> dict[str, Any]:
    """Signed by a key that only a cold environment knows; back in the warm one."""
    withdraw(service.deployment)
    service.deployment.cold("token")
    tokens = service.tokens(app, user)
    service.deployment.thaw("token", warm)
    return tokens


def test_a_refresh_token_of_a_newer_ring_is_accepted_by_an_environment_with_the_old_one(
    service: Service, app: Application, ada: User, warm: Handler
) -> None:
    """The ring is read once more, and signs from then on: nobody has to sign in again."""
    tokens = tokens_of_another_environment(service, app, ada, warm)
    service.deployment.calls.clear()
    second = service.refresh(app, tokens["refresh_token"])
    assert second.status == 200
    assert service.deployment.calls.count(READ) == 1
    assert service.refresh(app, second.json()["refresh_token"]).status == 200
    assert service.deployment.calls.count(READ) == 1


def test_a_thousand_unknown_keys_cost_one_read(service: Service, app: Application, ada: User, warm: Handler) -> None:
    """In ten seconds; and what is known is answered all the while."""
    token = service.tokens(app, ada)["refresh_token"]
    service.deployment.thaw("token", warm)
    service.clock.stop()
    service.deployment.calls.clear()
    for number in range(1_000):
        assert service.refresh(app, of_unknown_key(token, number)).error() == "invalid_grant"
    assert service.deployment.calls == [READ]
    assert service.deployment.lines("request_refused")[-1]["reason"] == "token_invalid"
    service.clock.advance(10)
    assert service.refresh(app, of_unknown_key(token, 0)).error() == "invalid_grant"
    assert service.deployment.calls == [READ] * 2
    assert service.refresh(app, token).status == 200


def test_an_unknown_key_is_not_called_one_while_the_ring_cannot_be_read(
    service: Service, app: Application, ada: User, warm: Handler
) -> None:
    """503: on invalid_grant the client would throw its token away. Tried once in ten seconds."""
    service.clock.stop()
    tokens = tokens_of_another_environment(service, app, ada, warm)
    service.deployment.calls.clear()
    with service.deployment.failing("secretsmanager", faults.denied):
        for _ in range(3):
            assert service.refresh(app, tokens["refresh_token"]).error(503) == "temporarily_unavailable"
    assert service.deployment.calls.count(READ) == 1
    service.clock.advance(10)
    assert service.refresh(app, tokens["refresh_token"]).status == 200

"""Rows 12, 17 and 18: a key that an environment does not know yet is looked for, and not for ever."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import pytest

from signet.keys import algorithms
from signet.keys.keyring import Keyring
from signet.keys.thumbprint import thumbprint
from signet.model.key import KeyState, RingKey
from signet.model.user import User
from tests.support import faults
from tests.support.deployment import Deployment, Handler
from tests.support.sign_in import Application, Service
from tests.support.token_requests import INACTIVE, introspect, revoke

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
    header = {**json.loads(urlsafe_b64decode(token.partition(".")[0] + "==")), "kid": f"unknown-{number}"}
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


PUBLISHED = "dynamodb:GetItem"


@pytest.fixture
def newest(service: Service, app: Application, ada: User) -> dict[str, Any]:
    """Tokens of a key that an emergency has made, both keys having been stolen: those who verify are warm from before.

    The clock stands still.
    """
    deployment = service.deployment
    service.clock.stop()
    tokens = service.tokens(app, ada)
    assert introspect(deployment, app, tokens["access_token"]).json()["active"] is True
    assert service.userinfo(tokens["access_token"]).status == 200
    assert revoke(deployment, app, tokens["refresh_token"]).status == 200
    for key in deployment.invoke("key_rotation", {"command": "describe"})["keys"]:
        assert deployment.invoke("key_rotation", {"command": "withdraw", "kid": key["kid"]})["changed"] is True
    deployment.cold("token")
    return service.tokens(app, ada)


@pytest.mark.parametrize("name", ["access_token", "refresh_token"])
def test_a_revocation_by_an_environment_with_the_old_key_set_happens(
    app: Application, deployment: Deployment, newest: dict[str, Any], name: str
) -> None:
    """Never a 200 from a revocation that did not (RFC 7009 section 2.2, fosite CVE-2020-15223)."""
    assert revoke(deployment, app, newest[name]).status == 200
    assert deployment.lines("token_revoked")[-1]["token_type"] == name
    deployment.cold("introspection")
    assert introspect(deployment, app, newest[name]).body == INACTIVE


def test_a_token_of_a_new_key_counts_where_the_old_key_set_is_remembered(
    service: Service, app: Application, deployment: Deployment, newest: dict[str, Any]
) -> None:
    """At introspection and userinfo, at once."""
    assert introspect(deployment, app, newest["access_token"]).json()["active"] is True
    assert service.userinfo(newest["access_token"]).status == 200


def test_a_revocation_waits_for_a_key_set_that_cannot_be_read(
    app: Application, deployment: Deployment, newest: dict[str, Any]
) -> None:
    """503, and the client asks again."""
    with deployment.failing(PUBLISHED, faults.denied):
        assert revoke(deployment, app, newest["access_token"]).error(503) == "temporarily_unavailable"
    deployment.clock.advance(10)
    assert revoke(deployment, app, newest["access_token"]).status == 200
    assert introspect(deployment, app, newest["access_token"]).body == INACTIVE


def test_a_thousand_unknown_keys_cost_one_read_of_the_key_set(
    service: Service, deployment: Deployment, newest: dict[str, Any]
) -> None:
    """In ten seconds, whichever `kid` strangers think of."""
    deployment.calls.clear()
    for number in range(1_000):
        assert service.userinfo(of_unknown_key(newest["access_token"], number)).status == 401
    assert deployment.calls == [PUBLISHED]
    deployment.clock.advance(10)
    assert service.userinfo(of_unknown_key(newest["access_token"], 0)).status == 401
    assert deployment.calls == [PUBLISHED] * 2

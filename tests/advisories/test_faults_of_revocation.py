"""Row 12, after the first token: no 200 from a revocation that did not happen, no verdict on what nobody looked up."""

import json
from functools import partial
from typing import Any

import pytest

from signet.model.user import User
from tests.support import faults
from tests.support.deployment import Deployment
from tests.support.failures import failure
from tests.support.faults import EVERY_FAULT
from tests.support.sign_in import Application, Service
from tests.support.token_requests import INACTIVE, introspect, revoke

KINDS = ("access_token", "refresh_token")


@pytest.fixture
def app(service: Service) -> Application:
    """A client that gets refresh tokens."""
    return service.application(grant_types=("authorization_code", "refresh_token"))


@pytest.fixture
def tokens(service: Service, app: Application, ada: User) -> dict[str, Any]:
    """An access token and a refresh token."""
    return service.tokens(app, ada)


@pytest.mark.parametrize("kind", KINDS)
def test_a_revocation_survives_every_fault(
    app: Application, tokens: dict[str, Any], deployment: Deployment, kind: str
) -> None:
    """503 in a cold and in a warm environment, the token lives on, and a retry revokes it (fosite CVE-2020-15223)."""
    for fault in EVERY_FAULT:
        for cold in (True, False):
            revoke(deployment, app, "x")
            with deployment.failing("dynamodb", fault):
                if cold:
                    deployment.cold("revocation")
                assert failure(deployment, revoke(deployment, app, tokens[kind]))
            assert introspect(deployment, app, tokens[kind]).json()["active"] is True
    assert revoke(deployment, app, tokens[kind]).status == 200
    assert introspect(deployment, app, tokens[kind]).body == INACTIVE


@pytest.mark.parametrize("kind", KINDS)
def test_an_introspection_survives_every_fault(
    app: Application, tokens: dict[str, Any], deployment: Deployment, kind: str
) -> None:
    """Neither active nor inactive while nobody knows; a resource server keeps its caller waiting."""
    for fault in EVERY_FAULT:
        for cold in (True, False):
            introspect(deployment, app, "x")
            with deployment.failing("dynamodb", fault):
                if cold:
                    deployment.cold("introspection")
                assert failure(deployment, introspect(deployment, app, tokens[kind]))
            assert introspect(deployment, app, tokens[kind]).json()["active"] is True


@pytest.mark.parametrize(
    "garbage",
    [
        "text",
        1,
        None,
        [],
        {},
        {"Responses": 1},
        {"Responses": []},
        {"Responses": {"other": []}},
        {"Item": {}},
        "<html>",
    ],
)
def test_garbage_about_a_token_makes_it_neither_active_nor_inactive(
    service: Service, app: Application, tokens: dict[str, Any], deployment: Deployment, garbage: object
) -> None:
    """A revoked token whose item was not read must not come back to life."""
    revoke(deployment, app, tokens["access_token"])
    introspect(deployment, app, tokens["access_token"])
    with deployment.failing("dynamodb", partial(faults.answered, json.dumps(garbage))):
        assert failure(deployment, introspect(deployment, app, tokens["access_token"]))
        assert failure(deployment, service.userinfo(tokens["access_token"]))
    assert introspect(deployment, app, tokens["access_token"]).body == INACTIVE


@pytest.mark.parametrize(("kind", "call"), [("access_token", "PutItem"), ("refresh_token", "UpdateItem")])
def test_a_write_that_answers_late_or_twice_has_happened_once(
    app: Application, tokens: dict[str, Any], deployment: Deployment, kind: str, call: str
) -> None:
    """The SDK repeats a write whose answer was lost; where every answer is lost, 503, and what was written holds."""
    deployment.lose_answer(f"dynamodb:{call}")
    assert revoke(deployment, app, tokens[kind]).status == 200
    written = deployment.state("revoked#" if kind == "access_token" else "grant#")
    deployment.lose_answer(f"dynamodb:{call}", times=3)
    assert failure(deployment, revoke(deployment, app, tokens[kind]))
    assert deployment.state("revoked#" if kind == "access_token" else "grant#") == written
    assert introspect(deployment, app, tokens[kind]).body == INACTIVE

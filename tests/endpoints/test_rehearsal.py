"""The token request that an environment rehearses before the first one comes: it warms the path and leaves nothing."""

import json
from types import SimpleNamespace

import pytest

from signet import jwt
from signet.aws.proxy import Payload
from signet.wiring import rehearsal, token
from tests.support.deployment import Deployment
from tests.support.gateway_events import token_event

SECRET = "a secret that is drawn here"
GRANT = {"grant_type": "client_credentials"}


@pytest.fixture
def rehearsed(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> list[Payload]:
    """What was answered to rehearsals, with a secret that is known, in an environment that has just started."""
    rehearse = rehearsal.rehearse
    answers: list[Payload] = []
    monkeypatch.setattr(rehearsal, "secrets", SimpleNamespace(token_urlsafe=lambda _: SECRET))
    monkeypatch.setattr(token, "rehearse", lambda endpoint: answers.append(rehearse(endpoint)))
    deployment.cold("token")
    return answers


def test_a_rehearsal_goes_all_the_way(rehearsed: list[Payload]) -> None:
    """One that is refused would warm little, and nobody would notice."""
    assert [answer["statusCode"] for answer in rehearsed] == [200]


def test_what_a_rehearsal_gives_is_no_token(rehearsed: list[Payload]) -> None:
    """No key has signed it: whoever found it in a dump of memory could do nothing with it."""
    access_token = json.loads(rehearsed[0]["body"])["access_token"]
    assert access_token.endswith(".")
    with pytest.raises(jwt.JwtInvalid):
        jwt.verify(access_token, typ="at+jwt", key_of=lambda _: None)


def test_a_rehearsal_is_neither_logged_nor_counted(deployment: Deployment, rehearsed: list[Payload]) -> None:
    """Nobody was given a token."""
    assert rehearsed
    assert deployment.output() == ""


def test_a_rehearsal_asks_aws_for_nothing(deployment: Deployment) -> None:
    """The ring is read for the requests that come."""
    deployment.calls.clear()
    deployment.cold("token")
    assert deployment.calls == ["secretsmanager:GetSecretValue"]


def test_nobody_is_the_client_of_a_rehearsal(deployment: Deployment, rehearsed: list[Payload]) -> None:
    """What is served does not know it, even with the secret that it had."""
    assert rehearsed
    refused = deployment.token(token_event(GRANT, basic=("rehearsal", SECRET)))
    assert refused.error(401) == "invalid_client"


def test_an_environment_whose_rehearsal_fails_serves(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is for speed alone."""
    machine = deployment.register()
    monkeypatch.setattr(token, "rehearse", lambda _: 1 / 0)
    deployment.cold("token")
    assert deployment.issue(machine).status == 200

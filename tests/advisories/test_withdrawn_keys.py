"""Row 18: a compromised key can be withdrawn at once, and nothing that happens at the same time brings it back."""

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import cycle
from typing import Any

import pytest

from signet.errors import OAuthError
from signet.keys.algorithms import ALGORITHMS
from signet.keys.emergency import Change, Emergency
from signet.keys.keyring import Keyring
from signet.keys.making import KeyMaker
from signet.keys.rotation import Rotation, RotationPolicy, RotationRefused
from signet.model.key import KeyState
from signet.model.user import User
from tests.support import faults
from tests.support.access_tokens import verified
from tests.support.deployment import STEPS, Deployment
from tests.support.fakes import InMemoryKeyringVersions, InMemoryKeySetStore, RecordingAudit
from tests.support.sign_in import Service
from tests.support.token_requests import INACTIVE, introspect, refresh, revoke

LEAD = 7_560
"""Seconds of the longest verifier cache and of the caches on the way to it."""

NOW = 1_700_000_000


def command(deployment: Deployment, name: str, **parameters: Any) -> dict[str, Any]:
    """What the rotation function answers an operator."""
    answer: dict[str, Any] = deployment.invoke("key_rotation", {"command": name, **parameters})
    return answer


def ring(deployment: Deployment) -> dict[str, str]:
    """State of each key of the current ring, by kid."""
    return {key["kid"]: key["state"] for key in json.loads(deployment.keyring())["keys"]}


def kid(deployment: Deployment, state: str) -> str:
    """The one key in that state."""
    [found] = [kid for kid, one in ring(deployment).items() if one == state]
    return found


def known(deployment: Deployment) -> set[str]:
    """Every key that our endpoints would verify anything by."""
    [item] = [item for item in deployment.items() if item["pk"]["S"] == "jwks"]
    return {key["M"]["kid"]["S"] for name in ("keys", "verify_only") for key in item[name]["L"]}


def test_a_withdrawn_key_is_worth_nothing_to_whoever_stole_it(
    service: Service, ada: User, deployment: Deployment
) -> None:
    """Its tokens are inactive at introspection, refused at userinfo and refresh, and verified by no published key."""
    app = service.application(grant_types=("authorization_code", "refresh_token"))
    tokens = service.tokens(app, ada, scope="openid")
    deployment.clock.advance(LEAD + 60)
    stolen = kid(deployment, "active")
    answer = command(deployment, "withdraw", kid=stolen)
    assert (answer["changed"], answer["state"]) == (True, "active")
    assert stolen not in ring(deployment)
    assert stolen not in known(deployment)
    for function in ("token", "introspection", "userinfo", "revocation"):
        deployment.cold(function)
    assert introspect(deployment, app, tokens["access_token"]).body == INACTIVE
    assert introspect(deployment, app, tokens["refresh_token"]).body == INACTIVE
    assert service.userinfo(tokens["access_token"]).status == 401
    assert refresh(deployment, app, tokens["refresh_token"]).error() == "invalid_grant"
    assert revoke(deployment, app, tokens["refresh_token"]).status == 200  # RFC 7009 section 2.2: of no token either
    with pytest.raises(ValueError, match="not enough values"):
        verified(tokens["access_token"], deployment.key_set(), now=deployment.clock())


def test_the_next_key_signs_at_once_and_is_followed(deployment: Deployment) -> None:
    """It has been published already, so most verifiers know it; from when on all do is in the answer."""
    coming, machine = kid(deployment, "next"), deployment.register()
    published_at = next(key["published_at"] for key in command(deployment, "describe")["keys"] if key["kid"] == coming)
    answer = command(deployment, "withdraw", kid=kid(deployment, "active"))
    [activated] = answer["activated"]
    assert (activated["kid"], activated["known_at"]) == (coming, published_at + LEAD)
    assert kid(deployment, "active") == coming
    assert [key["kid"] for key in deployment.key_set()] == [coming, kid(deployment, "next")]
    deployment.cold("token")
    token = deployment.issue(machine).json()["access_token"]
    assert verified(token, deployment.key_set(), now=deployment.clock()).header["kid"] == coming


def test_warm_environments_forget_the_key_within_their_cache_times(
    service: Service, ada: User, deployment: Deployment
) -> None:
    """Introspection and userinfo in a minute, refresh and signing in five: what the answer to the operator says."""
    app = service.application(grant_types=("authorization_code", "refresh_token"))
    tokens = service.tokens(app, ada, scope="openid")
    stolen = kid(deployment, "active")
    assert introspect(deployment, app, tokens["access_token"]).json()["active"] is True
    command(deployment, "withdraw", kid=stolen)
    deployment.clock.advance(61)
    assert introspect(deployment, app, tokens["access_token"]).body == INACTIVE
    deployment.clock.advance(240)
    assert refresh(deployment, app, tokens["refresh_token"]).error() == "invalid_grant"


@pytest.mark.parametrize("state", ["next", "retiring", "verify_only"])
def test_a_key_that_does_not_sign_goes_and_the_active_one_stays(deployment: Deployment, state: str) -> None:
    """A next key is followed by another, a retiring or verify-only one by nothing."""
    for wait in (2 * LEAD, 2 * 86_400, 2 * 86_400):
        deployment.clock.advance(wait)
        deployment.rotate()
    active = kid(deployment, "active")
    gone = next(kid for kid, one in ring(deployment).items() if one == state)
    answer = command(deployment, "withdraw", kid=gone)
    assert (answer["state"], answer["activated"]) == (state, [])
    assert kid(deployment, "active") == active
    assert kid(deployment, "next")
    assert gone not in {*ring(deployment), *known(deployment)}


def test_without_a_next_key_a_new_one_signs(deployment: Deployment) -> None:
    """No verifier can know it yet: the answer says from when on they can."""
    document = json.loads(deployment.keyring())
    document["keys"] = [key for key in document["keys"] if key["state"] == "active"]
    deployment.put_keyring(json.dumps(document))
    answer = command(deployment, "withdraw", kid=kid(deployment, "active"))
    [activated] = answer["activated"]
    assert abs(activated["known_at"] - deployment.clock() - LEAD) < 60
    assert [key["kid"] for key in deployment.key_set()] == [activated["kid"], kid(deployment, "next")]


def test_withdrawing_twice_changes_nothing(deployment: Deployment) -> None:
    """An operator who got no answer asks again."""
    stolen = kid(deployment, "active")
    command(deployment, "withdraw", kid=stolen)
    before = deployment.keyring(), deployment.items()
    answer = command(deployment, "withdraw", kid=stolen)
    assert (answer["changed"], answer["activated"]) == (False, [])
    assert (deployment.keyring(), deployment.items()) == before
    [line] = deployment.lines("key_withdrawn")
    assert (line["kid"], line["state"]) == (stolen, "active")


def test_a_key_that_nobody_knows_is_not_withdrawn(deployment: Deployment) -> None:
    """A kid with a slip in it is told, not silently taken for done."""
    before = deployment.keyring(), deployment.items()
    assert command(deployment, "withdraw", kid="nobody's") == {"refused": "there is no such key"}
    assert (deployment.keyring(), deployment.items()) == before


@pytest.mark.parametrize("steps", range(1, 4))
def test_a_rotation_between_two_steps_does_not_bring_the_key_back(deployment: Deployment, steps: int) -> None:
    """Its pending ring holds the key as retiring: no later step of it succeeds, and the next rotation does."""
    stolen = kid(deployment, "active")
    deployment.clock.advance(2 * LEAD)
    version_id = str(uuid.uuid4())
    for step in STEPS[:steps]:
        deployment.step(step, version_id)
    command(deployment, "withdraw", kid=stolen)
    after = deployment.keyring()
    for step in STEPS[steps:]:
        with pytest.raises((RotationRefused, OAuthError)):
            deployment.step(step, version_id)
    assert deployment.keyring() == after
    assert stolen not in known(deployment)
    deployment.clock.advance(2 * LEAD)
    deployment.rotate()
    assert stolen not in {*ring(deployment), *known(deployment)}


def test_a_ring_that_was_made_before_and_is_staged_after_never_becomes_current(deployment: Deployment) -> None:
    """A createSecret had read the ring of before. It is refused, and taken off the stage so that it blocks nothing."""
    stolen, old = kid(deployment, "active"), deployment.keyring()
    command(deployment, "withdraw", kid=stolen)
    version_id = str(uuid.uuid4())
    deployment.secretsmanager.put_secret_value(
        SecretId=deployment.secret_id, ClientRequestToken=version_id, SecretString=old, VersionStages=["AWSPENDING"]
    )
    for step in STEPS[1:]:
        with pytest.raises(RotationRefused):
            deployment.step(step, version_id)
    assert stolen not in {*ring(deployment), *known(deployment)}
    deployment.clock.advance(2 * LEAD)
    deployment.rotate()


@pytest.mark.parametrize(
    "operation",
    [
        "secretsmanager:PutSecretValue",
        "secretsmanager:UpdateSecretVersionStage",
        "dynamodb:PutItem",
        "dynamodb:GetItem",
        "secretsmanager:GetSecretValue",
        "secretsmanager:DescribeSecret",
    ],
)
def test_a_withdrawal_that_failed_is_completed_by_the_next(deployment: Deployment, operation: str) -> None:
    """Whatever failed: the operator is told, and giving the command again is all there is to do."""
    stolen = kid(deployment, "active")
    with deployment.failing(operation, faults.throttled), pytest.raises(OAuthError):
        command(deployment, "withdraw", kid=stolen)
    command(deployment, "withdraw", kid=stolen)
    assert stolen not in {*ring(deployment), *known(deployment)}
    deployment.clock.advance(2 * LEAD)
    deployment.rotate()


def test_where_the_ring_cannot_be_changed_the_key_is_published_no_more(deployment: Deployment) -> None:
    """The set comes first: what was stolen is worthless from the first write on."""
    stolen = kid(deployment, "active")
    with deployment.failing("secretsmanager:UpdateSecretVersionStage", faults.throttled), pytest.raises(OAuthError):
        command(deployment, "withdraw", kid=stolen)
    assert stolen not in known(deployment)


@pytest.mark.parametrize("operation", ["secretsmanager:UpdateSecretVersionStage", "dynamodb:PutItem"])
def test_a_lost_answer_is_no_second_withdrawal(deployment: Deployment, operation: str) -> None:
    """What was written is recognised."""
    stolen = kid(deployment, "active")
    deployment.lose_answer(operation)
    assert command(deployment, "withdraw", kid=stolen)["changed"] is True
    assert stolen not in {*ring(deployment), *known(deployment)}
    assert len(ring(deployment)) == 2


class Interrupted(InMemoryKeyringVersions):
    """A secret to which something happens before a call of that number."""

    def __init__(self, event: Callable[[], None], number: int) -> None:
        super().__init__()
        self._event = event
        self._number = number
        self.counting = False

    def __getattribute__(self, name: str) -> Any:
        if name in {"stages", "current", "pending", "put_pending", "promote"} and self.counting:
            self._number -= 1
            if self._number == 0:
                self.counting = False
                self._event()
        return super().__getattribute__(name)


@pytest.fixture(scope="module")
def supply() -> Iterator[dict[str, str]]:
    """Keys that are made once: that takes longer than all the rest."""
    return cycle([ALGORITHMS["RS256"].generate() for _ in range(12)])


@pytest.mark.parametrize("number", range(1, 14))
@pytest.mark.parametrize("first", ["rotation", "withdrawal"])
def test_a_rotation_and_a_withdrawal_at_the_same_time(
    first: str, number: int, supply: Iterator[dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Either of them, whole, between any two calls of the other: the key is gone and what signs is published."""
    row: Any = replace(ALGORITHMS["RS256"], generate=lambda: next(supply))
    monkeypatch.setitem(ALGORITHMS, "RS256", row)
    clock = [NOW]
    stolen: list[str] = []
    key_sets, audit = InMemoryKeySetStore(), RecordingAudit()

    def rotate() -> None:
        version_id = str(uuid.uuid4())
        try:
            for step in STEPS:
                rotation.perform(step, version_id)
        except (RotationRefused, OAuthError):
            return  # to Secrets Manager a failure, which it tries again

    def withdraw() -> None:
        done: Change = emergency.withdraw(stolen[0])
        assert done.ring == Keyring.parse(versions.current())

    versions = Interrupted(withdraw if first == "rotation" else rotate, number)
    rotation = Rotation(versions, key_sets, RotationPolicy(), lambda: clock[0], audit)
    emergency = Emergency(versions, key_sets, RotationPolicy(), lambda: clock[0], audit, generate=KeyMaker())
    rotate()
    stolen += [key.kid for key in Keyring.parse(versions.current()).keys if key.state is KeyState.ACTIVE]
    clock[0] += 2 * LEAD
    versions.counting = True
    (rotate if first == "rotation" else withdraw)()
    if versions.counting:  # there are not so many calls
        versions.counting = False
        withdraw()
    after = Keyring.parse(versions.current())
    assert stolen[0] not in {key.kid for key in after.keys}
    assert key_sets.load().known(stolen[0]) is None
    active = [key.kid for key in after.keys if key.state is KeyState.ACTIVE]
    assert len(active) == 1
    assert key_sets.load().get(active[0])
    clock[0] += 2 * LEAD
    rotate()
    turned = {key.kid: key.state for key in Keyring.parse(versions.current()).keys}
    assert turned[active[0]] is KeyState.RETIRING
    assert stolen[0] not in turned

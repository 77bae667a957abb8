"""Rotation of the signing keys by the four steps of Secrets Manager, each repeatable, none harmful when it fails."""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from signet.errors import OAuthError
from signet.keys import algorithms
from signet.keys.keyring import KeyringInvalid
from signet.keys.rotation import RotationRefused
from signet.keys.thumbprint import thumbprint
from tests.support.access_tokens import AccessToken, verified
from tests.support.deployment import RS256, STEPS, Deployment
from tests.support.faults import SECRET_WORD, throttled
from tests.support.gateway_events import stored

FAILURES = (RotationRefused, KeyringInvalid, OAuthError)
"""What a step may raise; Lambda logs it, and Secrets Manager calls again."""

LEAD = 7200
"""Seconds of the longest verifier cache: the template's default."""


def ring(deployment: Deployment) -> list[dict[str, Any]]:
    """The keys of the current keyring."""
    keys: list[dict[str, Any]] = json.loads(deployment.keyring())["keys"]
    return keys


def kid(deployment: Deployment, state: str) -> str:
    """The kid of the one key in that state."""
    [key] = [key for key in ring(deployment) if key["state"] == state]
    return str(key["kid"])


def signing_kid(deployment: Deployment) -> str:
    """The kid of a token that a cold environment issues now."""
    deployment.cold("token")
    machine = deployment.registry.get("probe")
    answer = deployment.issue(deployment.register("probe") if machine is None else deployment.machine("probe"))
    return str(read(deployment, answer.json()["access_token"]).header["kid"])


def read(deployment: Deployment, token: str) -> AccessToken:
    """The token, verified at the deployment's time by what it publishes."""
    return verified(token, deployment.key_set(), now=deployment.clock())


def state(deployment: Deployment) -> tuple[str, object]:
    """Everything that a rotation could change: the current keyring and the published set."""
    return deployment.keyring(), [item for item in deployment.items() if item["pk"]["S"] == "jwks"]


@contextmanager
def refused() -> Iterator[None]:
    """The step fails, as Secrets Manager sees it."""
    with pytest.raises(FAILURES):
        yield


def test_the_stored_events_make_the_first_keys(placeholder: Deployment) -> None:
    """A fresh stack: the placeholder becomes a ring of an active and a next key, both published."""
    placeholder.invoke("key_rotation", stored("key-rotation-create-secret"))
    placeholder.invoke("key_rotation", stored("key-rotation-set-secret"))
    placeholder.invoke("key_rotation", stored("key-rotation-test-secret"))
    placeholder.invoke("key_rotation", stored("key-rotation-finish-secret"))
    assert [key["state"] for key in ring(placeholder)] == ["active", "next"]
    assert {key["kid"] for key in placeholder.key_set()} == {key["kid"] for key in ring(placeholder)}


def test_a_version_that_secrets_manager_staged_empty_is_filled(placeholder: Deployment) -> None:
    """RotateSecret attaches AWSPENDING to a version without a value before it calls the function."""
    version_id = str(uuid.uuid4())
    placeholder.stage_empty(version_id)
    for step in STEPS:
        placeholder.step(step, version_id)
    assert len(placeholder.key_set()) == 2


def test_private_keys_are_rsa_of_2048_bits_with_their_thumbprint(
    placeholder: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RFC 7518 section 3.3 asks for 2048 bits or more. These are made as in production."""
    monkeypatch.setitem(algorithms.ALGORITHMS, "RS256", RS256)
    placeholder.rotate()
    for key in ring(placeholder):
        assert key["kid"] == thumbprint(key["jwk"])
        assert key["jwk"].keys() == {"kty", "n", "e", "d", "p", "q", "dp", "dq", "qi"}
        assert len(key["jwk"]["n"]) == 342
    assert signing_kid(placeholder) == kid(placeholder, "active")


def test_a_rotation_before_the_lead_changes_nothing(deployment: Deployment) -> None:
    """A next key signs only after it has been published for longer than the longest verifier cache.

    The four steps end well all the same: a pending version left behind would block the next deploy.
    """
    before, published = ring(deployment), deployment.key_set()
    for wait in (0, LEAD - 30):
        deployment.clock.advance(wait)
        deployment.rotate()
        assert (ring(deployment), deployment.key_set()) == (before, published)
    first, second = deployment.lines("rotation_postponed")
    assert "too briefly" in first["detail"]
    assert "too briefly" in second["detail"]
    assert deployment.lines("keys_rotated") == []


def test_after_the_lead_the_next_key_signs(deployment: Deployment) -> None:
    """The next key becomes active, the active one retiring, and there is a new next one."""
    active, coming = kid(deployment, "active"), kid(deployment, "next")
    deployment.clock.advance(2 * LEAD)
    deployment.rotate()
    assert kid(deployment, "active") == coming == signing_kid(deployment)
    assert kid(deployment, "retiring") == active
    assert kid(deployment, "next") not in {active, coming}
    assert [key["kid"] for key in deployment.key_set()] == [coming, kid(deployment, "next"), active]


def test_tokens_signed_before_a_rotation_verify_after_it(deployment: Deployment) -> None:
    """A retiring key stays published until the longest token it signed has expired."""
    machine = deployment.register(access_token_lifetime=86_400)
    deployment.clock.advance(-3 * LEAD)
    token = deployment.issue(machine).json()["access_token"]
    deployment.clock.advance(3 * LEAD + 2 * LEAD)
    deployment.rotate()
    assert read(deployment, token)
    deployment.clock.advance(2 * LEAD)
    deployment.rotate()
    assert read(deployment, token)


def test_a_retiring_key_is_withdrawn_after_its_last_token(deployment: Deployment) -> None:
    """One day, the longest lifetime, and the verifier cache after its last signature it leaves the set.

    The ring keeps its public half, for refresh tokens that it signed.
    """
    first = kid(deployment, "active")
    deployment.clock.advance(2 * LEAD)
    deployment.rotate()
    deployment.clock.advance(86_400 + LEAD - 60)
    deployment.rotate()
    assert first in {key["kid"] for key in deployment.key_set()}
    deployment.clock.advance(2 * LEAD)
    deployment.rotate()
    assert first not in {key["kid"] for key in deployment.key_set()}
    [withdrawn] = [key for key in ring(deployment) if key["kid"] == first]
    assert withdrawn["state"] == "verify_only"
    assert withdrawn["jwk"].keys() == {"kty", "n", "e"}


def test_the_set_never_shrinks_to_less_than_two_keys(deployment: Deployment) -> None:
    """However often and late keys are rotated there is one that signs and one that will."""
    for days in (1, 30, 1, 400, 2):
        deployment.clock.advance(days * 86_400)
        deployment.rotate()
        states = [key["state"] for key in ring(deployment)]
        assert states[:2] == ["active", "next"]
        assert signing_kid(deployment) == kid(deployment, "active")


@pytest.mark.parametrize("repeated", STEPS)
def test_a_repeated_step_changes_nothing(deployment: Deployment, repeated: str) -> None:
    """Secrets Manager may call a step again: because an answer was lost, or a later step failed."""
    deployment.clock.advance(2 * LEAD)
    version_id = str(uuid.uuid4())
    for step in STEPS:
        deployment.step(step, version_id)
        if step == repeated:
            once = (deployment.version(version_id), [key["kid"] for key in deployment.key_set()])
            deployment.step(step, version_id)
            assert (deployment.version(version_id), [key["kid"] for key in deployment.key_set()]) == once
    assert signing_kid(deployment) == kid(deployment, "active")


def test_a_whole_rotation_may_be_repeated(deployment: Deployment) -> None:
    """For a version that is current already there is nothing to do, not even too early."""
    deployment.clock.advance(2 * LEAD)
    version_id = deployment.rotate()
    before = state(deployment)
    for step in STEPS:
        deployment.step(step, version_id)
    assert state(deployment) == before


@pytest.mark.parametrize("failed", STEPS)
@pytest.mark.parametrize("service", ["secretsmanager", "dynamodb"])
def test_a_rotation_that_failed_starts_over(deployment: Deployment, failed: str, service: str) -> None:
    """From any step, whichever service failed: meanwhile the old key signs, afterwards the rotation completes."""
    active, coming = kid(deployment, "active"), kid(deployment, "next")
    deployment.clock.advance(2 * LEAD)
    version_id = str(uuid.uuid4())
    for step in STEPS[: STEPS.index(failed)]:
        deployment.step(step, version_id)
    touched = len(deployment.calls)
    with deployment.failing(service, throttled):
        try:
            deployment.step(failed, version_id)
        except OAuthError:
            assert deployment.calls[touched:]
            assert signing_kid_unharmed(deployment, service, active)
    for step in STEPS:
        deployment.step(step, version_id)
    assert kid(deployment, "active") == coming == signing_kid(deployment)


def signing_kid_unharmed(deployment: Deployment, service: str, active: str) -> bool:
    """Whether tokens verify once the failing service answers again, signed by the key that signed before."""
    fault = deployment.faults.pop(service)
    unharmed = signing_kid(deployment) == active
    deployment.faults[service] = fault
    return unharmed


@pytest.mark.parametrize("failed", STEPS)
def test_a_rotation_that_was_given_up_does_not_hinder_the_next(deployment: Deployment, failed: str) -> None:
    """A version left behind at any step: another rotation goes from what is current."""
    coming = kid(deployment, "next")
    deployment.clock.advance(2 * LEAD)
    abandoned = str(uuid.uuid4())
    for step in STEPS[: STEPS.index(failed)]:
        deployment.step(step, abandoned)
    deployment.rotate()
    assert kid(deployment, "active") in {coming, ring(deployment)[0]["kid"]}
    assert {key["kid"] for key in ring(deployment)} == {key["kid"] for key in deployment.key_set()}
    assert signing_kid(deployment) == kid(deployment, "active")


def test_a_later_version_takes_over_from_an_earlier_one(deployment: Deployment) -> None:
    """Of two rotations at the same time one completes, the other is refused, and what signs is published."""
    deployment.clock.advance(2 * LEAD)
    first, second = str(uuid.uuid4()), str(uuid.uuid4())
    deployment.step("createSecret", first)
    deployment.step("createSecret", second)
    for step in STEPS[1:]:
        with refused():
            deployment.step(step, first)
        deployment.step(step, second)
    assert {key["kid"] for key in ring(deployment)} == {key["kid"] for key in deployment.key_set()}
    assert signing_kid(deployment) == kid(deployment, "active")


def test_a_next_key_that_another_rotation_took_out_is_published_again(deployment: Deployment) -> None:
    """Then nothing else moves: the key starts its time anew."""
    active, coming = kid(deployment, "active"), kid(deployment, "next")
    deployment.clock.advance(2 * LEAD)
    deployment.unpublish(coming)
    deployment.rotate()
    assert (kid(deployment, "active"), kid(deployment, "next")) == (active, coming)
    assert [key["kid"] for key in deployment.key_set()] == [active, coming]
    deployment.rotate()
    assert kid(deployment, "active") == active
    deployment.clock.advance(2 * LEAD)
    deployment.rotate()
    assert kid(deployment, "active") == coming


def test_a_step_before_its_turn_is_refused(deployment: Deployment) -> None:
    """Nothing is published, tested or made current of a version that has no keyring."""
    before = state(deployment)
    for staged in (False, True):
        version_id = str(uuid.uuid4())
        if staged:
            deployment.stage_empty(version_id)
        for step in STEPS[1:]:
            with refused():
                deployment.step(step, version_id)
    assert state(deployment) == before


def test_a_ring_that_is_not_published_never_becomes_current(deployment: Deployment) -> None:
    """The step testSecret verifies with what verifiers would fetch."""
    deployment.clock.advance(2 * LEAD)
    version_id = str(uuid.uuid4())
    deployment.step("createSecret", version_id)
    with pytest.raises(RotationRefused, match="not published"):
        deployment.step("testSecret", version_id)


@pytest.mark.parametrize(
    "event", [{}, {"Step": "createSecret"}, {"Step": "dropSecret", "ClientRequestToken": "x" * 32}]
)
def test_an_event_that_is_no_rotation_is_refused(deployment: Deployment, event: dict[str, str]) -> None:
    """Nothing changes."""
    before = state(deployment)
    with refused():
        deployment.invoke("key_rotation", event)
    assert state(deployment) == before


@pytest.mark.parametrize("document", ["", "x", "[]", "{}", '{"keys": [{}]}', '{"keys": [1]}'])
def test_a_corrupt_keyring_is_never_rotated_away(deployment: Deployment, document: str) -> None:
    """An operator can still mend it: the rotation refuses, and the published set stays."""
    published = deployment.key_set()
    deployment.put_keyring(document or " ")
    before = state(deployment)
    with refused():
        deployment.rotate()
    assert state(deployment) == before
    assert deployment.key_set() == published


def test_an_emptied_keyring_gets_new_keys(deployment: Deployment) -> None:
    """As on the first day: both keys are published before one signs."""
    deployment.put_keyring('{"keys": []}')
    deployment.rotate()
    assert {key["kid"] for key in ring(deployment)} == {key["kid"] for key in deployment.key_set()}
    assert signing_kid(deployment) == kid(deployment, "active")


def test_warm_environments_follow_a_rotation_within_five_minutes(deployment: Deployment) -> None:
    """A warm environment goes on with the old key for that long; both are published."""
    machine = deployment.register()
    deployment.clock.advance(2 * LEAD)
    before = deployment.issue(machine).json()["access_token"]
    active = read(deployment, before).header["kid"]
    deployment.rotate()
    during = deployment.issue(machine).json()["access_token"]
    assert read(deployment, during).header["kid"] == active
    deployment.clock.advance(301)
    after = deployment.issue(machine).json()["access_token"]
    assert read(deployment, after).header["kid"] == kid(deployment, "active") != active


def test_the_lead_is_a_setting(deployment: Deployment) -> None:
    """For deployments whose verifiers keep keys for longer or shorter."""
    deployment.cold("key_rotation", SIGNET_VERIFIER_CACHE="300")
    deployment.clock.advance(1_200)
    deployment.rotate()
    deployment.cold("key_rotation", SIGNET_VERIFIER_CACHE="43200")
    deployment.clock.advance(4 * LEAD)
    active = kid(deployment, "active")
    deployment.rotate()
    assert kid(deployment, "active") == active


def test_each_step_and_the_new_key_are_in_the_audit(placeholder: Deployment) -> None:
    """By ids alone: which version, which key."""
    version_id = placeholder.rotate()
    steps = placeholder.lines("rotation_step")
    assert [(line["step"], line["version_id"]) for line in steps] == [(step, version_id) for step in STEPS]
    [line] = placeholder.lines("keys_rotated")
    assert line["active_kids"] == [kid(placeholder, "active")]
    assert line["version_id"] == version_id


def test_a_step_that_fails_says_why_in_one_line(deployment: Deployment) -> None:
    """The operator who is alarmed finds the step, the version and the reason; AWS's words stay out."""
    version_id = str(uuid.uuid4())
    with refused():
        deployment.step("setSecret", version_id)
    with refused(), deployment.failing("secretsmanager", throttled):
        deployment.step("createSecret", version_id)
    early, throttling = deployment.lines("rotation_failed")
    assert early["level"] == throttling["level"] == "ERROR"
    assert (early["step"], early["version_id"]) == ("setSecret", version_id)
    assert "not staged" in early["detail"]
    assert throttling["reason"] == "keyring_unavailable"
    assert throttling["detail"] == "secretsmanager:DescribeSecret ThrottlingException fault"
    assert SECRET_WORD not in deployment.output()


def test_a_first_rotation_leaves_what_other_tests_begin_with(placeholder: Deployment, deployment: Deployment) -> None:
    """Their shortcut is no other state than the four steps lead to."""
    assert placeholder is deployment
    shortcut = shape(deployment)
    deployment.put_keyring('{"keys": []}')
    deployment.dynamodb.delete_item(TableName=deployment.table, Key={"pk": {"S": "jwks"}, "sk": {"S": "jwks"}})
    deployment.rotate()
    assert shape(deployment) == shortcut


def shape(deployment: Deployment) -> object:
    """Ring and set without what is random in them."""
    keys = [{name: value for name, value in key.items() if name not in {"kid", "jwk"}} for key in ring(deployment)]
    now = deployment.clock()
    times = [
        {name: abs(now - value) < 60 if name.endswith("_at") else value for name, value in key.items()} for key in keys
    ]
    [stored] = [item for item in deployment.items() if item["pk"]["S"] == "jwks"]
    published = [key["M"]["kid"]["S"] for key in stored["keys"]["L"]]
    return times, published == [key["kid"] for key in ring(deployment)], stored["version"]

"""The commands of operators and of the schedule, by which the rotation function is invoked directly."""

import json
from typing import Any

import pytest

from signet import jwt
from signet.errors import OAuthError
from signet.jwt import JwtInvalid
from signet.keys.rotation import RotationRefused
from tests.support import faults
from tests.support.access_tokens import verified
from tests.support.deployment import Deployment

DAY = 86_400

LEAD = 7_560

PRIVATE = ("d", "p", "q", "dp", "dq", "qi")


def command(deployment: Deployment, name: object, **parameters: Any) -> dict[str, Any]:
    """What the function answers."""
    answer: dict[str, Any] = deployment.invoke("key_rotation", {"command": name, **parameters})
    return answer


def by_state(deployment: Deployment) -> dict[str, dict[str, Any]]:
    """The described keys; of each state one."""
    return {key["state"]: key for key in command(deployment, "describe")["keys"]}


def test_every_key_is_described_with_what_it_waits_for(deployment: Deployment) -> None:
    """From when on a rotation takes it to its next state: published for long enough, a month on, its tokens expired."""
    deployment.clock.stop()
    start = int(deployment.clock())
    for wait in (LEAD + 1, 2 * DAY, 2 * DAY):
        deployment.clock.advance(wait)
        deployment.rotate()
    now = int(deployment.clock())
    keys = by_state(deployment)
    assert keys["next"]["due_at"] == now + LEAD + 1
    assert (keys["active"]["activated_at"], keys["active"]["due_at"]) == (now, now + 30 * DAY)
    assert keys["retiring"]["due_at"] == now + DAY + 300 + 7_200
    assert keys["verify_only"]["due_at"] >= now + 362 * DAY
    assert [keys[state]["published"] for state in ("next", "active", "retiring", "verify_only")] == [True] * 3 + [False]
    assert keys["next"]["created_at"] - start == LEAD + 1 + 4 * DAY


def test_no_private_half_leaves_the_function(deployment: Deployment) -> None:
    """By no command, in no answer."""
    private = [key["jwk"][member] for key in json.loads(deployment.keyring())["keys"] for member in PRIVATE]
    active = by_state(deployment)["active"]["kid"]
    answers = [command(deployment, "describe"), command(deployment, "probe"), command(deployment, "check")]
    answers += [command(deployment, "rotate", active=[active]), command(deployment, "withdraw", kid=active)]
    answers += [command(deployment, "describe")]
    private += [key["jwk"][member] for key in json.loads(deployment.keyring())["keys"] for member in PRIVATE]
    text = json.dumps(answers)
    assert not [value for value in private if value in text]
    assert not [value for value in private if value in deployment.output()]


def test_probes_verify_by_the_served_key_set_and_are_no_tokens(deployment: Deployment) -> None:
    """One of each key that signs or will; of a type that no endpoint reads."""
    served = {key["kid"]: (key["alg"], key) for key in deployment.key_set()}
    probes = command(deployment, "probe")["probes"]
    assert probes.keys() == served.keys()
    for kid, probe in probes.items():
        assert jwt.verify(probe, typ="probe", key_of=served.get) == {"kid": kid}
        for typ in ("at+jwt", "rt+jwt", "JWT"):
            with pytest.raises(JwtInvalid):
                jwt.verify(probe, typ=typ, key_of=served.get)


def test_a_forced_rotation_does_not_wait_for_the_lead(deployment: Deployment) -> None:
    """The next key signs now; from when on every verifier can know it is in the answer, and it has been published."""
    machine, before = deployment.register(), by_state(deployment)
    answer = command(deployment, "rotate", active=[before["active"]["kid"]])
    [activated] = answer["activated"]
    assert activated["kid"] == before["next"]["kid"]
    assert activated["known_at"] == before["next"]["published_at"] + LEAD
    deployment.cold("token")
    token = deployment.issue(machine).json()["access_token"]
    assert verified(token, deployment.key_set(), now=deployment.clock()).header["kid"] == before["next"]["kid"]
    assert by_state(deployment)["retiring"]["kid"] == before["active"]["kid"]
    [line] = deployment.lines("keys_rotated")
    assert (line["active_kids"], line["forced"]) == ([before["next"]["kid"]], True)


def test_a_forced_rotation_that_is_asked_for_twice_is_one(deployment: Deployment) -> None:
    """Whoever got no answer names the keys that were active then: they are no longer."""
    active = by_state(deployment)["active"]["kid"]
    deployment.lose_answer("secretsmanager:UpdateSecretVersionStage")
    assert command(deployment, "rotate", active=[active])["changed"] is True
    before = deployment.keyring()
    assert command(deployment, "rotate", active=[active])["changed"] is False
    assert deployment.keyring() == before


def test_a_next_key_that_is_not_published_is_published_before_it_signs(deployment: Deployment) -> None:
    """Even then: nobody signs with what nobody can fetch."""
    before = by_state(deployment)
    deployment.unpublish(before["next"]["kid"])
    command(deployment, "rotate", active=[before["active"]["kid"]])
    assert by_state(deployment)["active"]["kid"] == before["next"]["kid"]
    assert before["next"]["kid"] in {key["kid"] for key in deployment.key_set()}


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("", {}),
        (None, {}),
        ("dropSecret", {}),
        ("rotate", {}),
        ("rotate", {"active": "x"}),
        ("rotate", {"active": [{}]}),
        ("withdraw", {}),
        ("withdraw", {"kid": [{}]}),
    ],
)
def test_a_command_that_is_none_is_refused(deployment: Deployment, name: object, parameters: dict[str, Any]) -> None:
    """With a reason for the operator; nothing changes, and no alarm is raised over a slip."""
    before = deployment.keyring(), deployment.items()
    assert command(deployment, name, **parameters).keys() == {"refused"}
    assert (deployment.keyring(), deployment.items()) == before


def test_a_corrupt_keyring_is_told(deployment: Deployment) -> None:
    """By the rule that it breaks, with nothing of it."""
    deployment.put_keyring('{"keys": ["hush"]}')
    for name in ("describe", "probe"):
        assert command(deployment, name) == {"refused": "not the JSON of a keyring"}
    assert command(deployment, "withdraw", kid="x") == {"refused": "not the JSON of a keyring"}
    assert "hush" not in deployment.output()


@pytest.mark.parametrize(("days", "overdue"), [(0, 0), (31.9, 0), (32.1, 1)])
def test_the_check_measures_the_age_of_the_active_key(deployment: Deployment, days: float, overdue: int) -> None:
    """A rotation is overdue two days after its day: within them it may be a day's window or a repeated attempt."""
    deployment.clock.advance(days * DAY)
    assert command(deployment, "check") == {}
    measured = {name: value for line in deployment.metrics() for name, value in line.items() if isinstance(value, list)}
    assert measured["RotationOverdue"] == [overdue]
    assert abs(measured["KeyAge"][0] - days * DAY) < 60
    [alarmed] = [line for line in deployment.metrics() if "RotationOverdue" in line]
    assert alarmed["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["service"]]
    assert alarmed["service"] == "signet"


def test_a_check_fails_where_what_signs_cannot_be_verified(deployment: Deployment) -> None:
    """Lambda counts the error, and the alarm of failed rotations sees it."""
    deployment.unpublish(by_state(deployment)["active"]["kid"])
    with pytest.raises(RotationRefused, match="not published"):
        command(deployment, "check")
    assert "not published" in command(deployment, "describe")["fault"]


def test_a_check_holds_at_every_step_of_a_rotation(deployment: Deployment) -> None:
    """What is published between two steps is not what the ring will be, and no fault."""
    deployment.clock.advance(2 * LEAD)
    for step in ("createSecret", "setSecret", "testSecret", "finishSecret"):
        deployment.step(step, "00000000-0000-4000-8000-000000000007")
        assert command(deployment, "check") == {}


def test_a_check_before_the_first_rotation_fails(placeholder: Deployment) -> None:
    """Nothing signs yet."""
    with pytest.raises(RotationRefused, match="not run yet"):
        command(placeholder, "check")


@pytest.mark.parametrize("name", ["describe", "probe", "check", "rotate", "withdraw"])
def test_a_command_that_meets_a_failing_aws_fails(deployment: Deployment, name: str) -> None:
    """The operator is told that nothing is known, not that nothing was done."""
    with deployment.failing("secretsmanager", faults.throttled), pytest.raises(OAuthError):
        command(deployment, name, kid="x", active=["x"])

"""Row 18: no verifier ever meets a key it cannot have, and a key that is withdrawn signs no more."""

import json
import uuid

import pytest

from signet.jwt import JwtInvalid
from signet.keys.rotation import RotationRefused
from signet.settings import KEY_SET_MAX_AGE
from tests.support.access_tokens import verified
from tests.support.deployment import Deployment

VERIFIER_CACHE = 7200
"""Seconds for which API Gateway's JWT authorizer goes on with a key set."""


def fetched(deployment: Deployment) -> list[dict[str, str]]:
    """The key set, as the warm environment serves it."""
    keys: list[dict[str, str]] = deployment.get("/connect/oauth/jwks").json()["keys"]
    return keys


@pytest.mark.parametrize("way", [0, KEY_SET_MAX_AGE])
def test_a_verifier_with_a_two_hour_cache_never_meets_an_unknown_key(deployment: Deployment, way: int) -> None:
    """It fetches a set that an environment, and for `way` seconds a cache, had kept from before a publication."""
    machine = deployment.register()
    deployment.clock.advance(2 * VERIFIER_CACHE)
    deployment.cold("jwks")
    old = fetched(deployment)
    deployment.rotate()
    deployment.clock.advance(58)
    assert fetched(deployment) == old
    deployment.clock.advance(way + VERIFIER_CACHE - 2)
    deployment.rotate()
    deployment.cold("token")
    token = deployment.issue(machine).json()["access_token"]
    assert verified(token, old, now=deployment.clock())


def test_verifiers_that_fetch_at_any_time_know_every_key_at_any_time(deployment: Deployment) -> None:
    """In steps of ten minutes: a rotation is tried at each, and at each a verifier fetches a set for two hours."""
    machine = deployment.register(access_token_lifetime=86_400)
    verifiers: list[tuple[float, list[dict[str, str]]]] = []
    signed: set[str] = set()
    for _ in range(24):
        now = deployment.clock()
        verifiers = [(at, keys) for at, keys in verifiers if now - at < VERIFIER_CACHE]
        deployment.rotate()
        deployment.cold("token")
        token = deployment.issue(machine).json()["access_token"]
        for _, keys in verifiers:
            signed.add(verified(token, keys, now=deployment.clock()).header["kid"])
        verifiers.append((now, fetched(deployment)))
        deployment.clock.advance(600)
    assert len(signed) >= 2


def test_two_cold_environments_never_disagree(deployment: Deployment) -> None:
    """What either of them signs is in the set that the other one publishes."""
    machine = deployment.register()
    deployment.clock.advance(2 * VERIFIER_CACHE)
    before = deployment.issue(machine).json()["access_token"]
    deployment.rotate()
    deployment.cold("token")
    after = deployment.issue(machine).json()["access_token"]
    kids = {verified(token, deployment.key_set(), now=deployment.clock()).header["kid"] for token in (before, after)}
    assert len(kids) == 2


def test_cold_environments_agree_at_every_step(deployment: Deployment) -> None:
    """AWSCURRENT is one version of the secret and moves in one step: all sign by the old one, then all by the new."""
    machine = deployment.register()
    deployment.clock.advance(2 * VERIFIER_CACHE)

    def signing() -> str:
        deployment.cold("token")
        token = deployment.issue(machine).json()["access_token"]
        return str(verified(token, deployment.key_set(), now=deployment.clock()).header["kid"])

    version_id, before = str(uuid.uuid4()), signing()
    for step in ("createSecret", "setSecret", "testSecret"):
        deployment.step(step, version_id)
        assert {signing(), signing()} == {before}
    deployment.step("finishSecret", version_id)
    after = signing()
    assert after != before
    assert signing() == after


def test_a_set_that_cannot_be_verified_is_never_signed_with(deployment: Deployment) -> None:
    """A pending ring with a damaged private key fails its test step: what signs stays what it was."""
    before = deployment.keyring()
    deployment.clock.advance(2 * VERIFIER_CACHE)
    version_id = str(uuid.uuid4())
    deployment.step("createSecret", version_id)
    deployment.step("setSecret", version_id)
    ring = json.loads(deployment.version(version_id))
    other = next(key for key in ring["keys"] if key["state"] == "retiring")
    for member in ("d", "p", "q", "dp", "dq", "qi"):
        ring["keys"][0]["jwk"][member] = other["jwk"][member]
    deployment.put_version(version_id, json.dumps(ring))
    with pytest.raises(Exception, match=r"private key"):
        deployment.step("testSecret", version_id)
    assert deployment.keyring() == before


def test_a_key_whose_signatures_do_not_verify_never_becomes_current(deployment: Deployment) -> None:
    """It can sign, and what it signs is not what is published: testSecret verifies as a verifier would."""
    before = deployment.keyring()
    deployment.clock.advance(2 * VERIFIER_CACHE)
    version_id = str(uuid.uuid4())
    deployment.step("createSecret", version_id)
    deployment.step("setSecret", version_id)
    ring = json.loads(deployment.version(version_id))
    ring["keys"][0]["jwk"] |= {"d": "Aw", "dp": "Aw", "dq": "Aw"}
    deployment.put_version(version_id, json.dumps(ring))
    with pytest.raises(JwtInvalid):
        deployment.step("testSecret", version_id)
    [line] = deployment.lines("rotation_failed")
    assert (line["step"], line["detail"]) == ("testSecret", "the signature does not hold")
    assert deployment.keyring() == before


def test_the_published_time_is_when_it_was_published(placeholder: Deployment) -> None:
    """A rotation that stood still between createSecret and setSecret does not shorten the lead."""
    deployment = placeholder
    version_id = str(uuid.uuid4())
    deployment.step("createSecret", version_id)
    deployment.clock.advance(2 * VERIFIER_CACHE)
    for step in ("setSecret", "testSecret", "finishSecret"):
        deployment.step(step, version_id)
    coming = [key["kid"] for key in json.loads(deployment.keyring())["keys"] if key["state"] == "next"]
    deployment.rotate()
    assert [key["kid"] for key in json.loads(deployment.keyring())["keys"] if key["state"] == "next"] == coming
    [line] = deployment.lines("rotation_postponed")
    assert "too briefly" in line["detail"]


def test_a_rotation_that_waited_too_long_does_not_finish(deployment: Deployment) -> None:
    """Its retiring key went on signing: it would leave the set before the last token that it signed has expired."""
    machine = deployment.register(access_token_lifetime=86_400)
    deployment.clock.advance(2 * VERIFIER_CACHE)
    before, version_id = deployment.keyring(), str(uuid.uuid4())
    for step in ("createSecret", "setSecret", "testSecret"):
        deployment.step(step, version_id)
    deployment.clock.advance(5 * VERIFIER_CACHE)
    deployment.cold("token")
    token = deployment.issue(machine).json()["access_token"]
    for _ in range(2):
        with pytest.raises(RotationRefused):
            deployment.step("finishSecret", version_id)
    assert deployment.keyring() == before
    deployment.rotate()  # no version is left pending: a later rotation is not held up
    deployment.clock.advance(86_400 - 60)
    deployment.rotate()
    assert verified(token, deployment.key_set(), now=deployment.clock())

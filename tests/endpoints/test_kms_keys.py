"""Keys whose private half never leaves KMS: made by the rotation, signed by through the token function alone."""

import json
import threading
import uuid
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from signet.errors import OAuthError
from signet.keys.rotation import RotationRefused
from tests.support import faults
from tests.support.access_tokens import verified
from tests.support.deployment import STEPS, Deployment, Machine
from tests.support.sign_in import Service

LEAD = 7200 + 60 + 300
DAY = 86_400
RETIREMENT = DAY + 300 + 7200

TAG = "signet:keyring"


@pytest.fixture
def kms(placeholder: Deployment) -> Deployment:
    """A stack that makes its keys in KMS, rotated once."""
    placeholder.set_parameters(SigningBackend="kms", SigningAlgorithms="RS256,PS256,ES256,EdDSA")
    placeholder.rotate()
    placeholder.forget_output()
    placeholder.calls.clear()
    return placeholder


@pytest.fixture
def people(kms: Deployment) -> Service:
    """The same stack, in which people sign in."""
    return Service(kms)


def ring(deployment: Deployment) -> list[dict[str, Any]]:
    """The keys of the current keyring."""
    keys: list[dict[str, Any]] = json.loads(deployment.keyring())["keys"]
    return keys


def key(deployment: Deployment, alg: str = "RS256", state: str = "active") -> dict[str, Any]:
    """The one key of that algorithm in that state."""
    [found] = [one for one in ring(deployment) if (one["alg"], one["state"]) == (alg, state)]
    return found


def token(deployment: Deployment, machine: Machine) -> str:
    """What a cold environment issues."""
    deployment.cold("token")
    answer = deployment.issue(machine)
    assert answer.status == 200, answer
    return str(answer.json()["access_token"])


def keys_in_kms(deployment: Deployment) -> dict[str, dict[str, Any]]:
    """Metadata of every key there, by ARN."""
    listed = deployment.kms.list_keys()["Keys"]
    found = [deployment.kms.describe_key(KeyId=one["KeyId"])["KeyMetadata"] for one in listed]
    return {metadata["Arn"]: metadata for metadata in found}


def enabled(deployment: Deployment) -> set[str]:
    """ARNs of the keys that can sign."""
    return {arn for arn, metadata in keys_in_kms(deployment).items() if metadata["Enabled"]}


def arns(deployment: Deployment) -> set[str]:
    """ARNs that the ring names."""
    return {one["kms_key_arn"] for one in ring(deployment) if "kms_key_arn" in one}


@pytest.mark.parametrize("alg", ["RS256", "PS256", "ES256", "EdDSA"])
def test_tokens_are_signed_in_kms(kms: Deployment, alg: str) -> None:
    """And verified by what is published like any other; KMS does not sign by EdDSA, whose keys stay in the secret."""
    signed = token(kms, kms.register(access_token_signed_response_alg=alg))
    assert verified(signed, kms.key_set()).header["alg"] == alg
    assert kms.calls.count("kms:Sign") == (0 if alg == "EdDSA" else 1)


def test_the_ring_holds_public_halves_alone(kms: Deployment) -> None:
    """Whoever reads the secret signs nothing."""
    for one in ring(kms):
        private = {"d", "p", "q", "dp", "dq", "qi"} & one["jwk"].keys()
        assert bool(private) is (one["alg"] == "EdDSA") is ("kms_key_arn" not in one)


def test_keys_are_made_for_signatures_and_bound_to_their_ring(kms: Deployment) -> None:
    """By spec and usage, by the tag that the roles are bound to, and by an alias that people can read."""
    specs = {"RS256": "RSA_2048", "PS256": "RSA_2048", "ES256": "ECC_NIST_P256"}
    aliases = {alias["TargetKeyId"]: alias["AliasName"] for alias in kms.kms.list_aliases()["Aliases"]}
    found = keys_in_kms(kms)
    for one in ring(kms):
        if "kms_key_arn" not in one:
            continue
        metadata = found[one["kms_key_arn"]]
        assert (metadata["KeySpec"], metadata["KeyUsage"]) == (specs[one["alg"]], "SIGN_VERIFY")
        tags = kms.kms.list_resource_tags(KeyId=metadata["KeyId"])["Tags"]
        assert {"TagKey": TAG, "TagValue": kms.secret_id} in tags
        assert aliases[metadata["KeyId"]].startswith(f"alias/signet/{kms.secret_id.rpartition(':')[2]}/")
        assert one["alg"] in aliases[metadata["KeyId"]]


def test_a_client_credentials_token_is_one_call(kms: Deployment) -> None:
    """Of KMS, in a warm environment."""
    machine = kms.register()
    token(kms, machine)
    kms.calls.clear()
    assert kms.issue(machine).status == 200
    assert kms.calls == ["kms:Sign"]


def test_access_and_refresh_token_are_signed_at_once(
    people: Service, kms: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ID token waits for the access token, whose hash it holds. No thread outlives the request."""
    from signet.aws.kms import KmsSigner

    both = threading.Barrier(2, timeout=30)
    sign, signing = KmsSigner.sign, []

    def together(self: KmsSigner, signing_input: bytes) -> bytes:
        typ = jwt.get_unverified_header(signing_input.decode() + ".c2ln")["typ"]
        signing.append(typ)
        if typ != "JWT":
            both.wait()
        return sign(self, signing_input)

    app = people.application("web", grant_types=("authorization_code", "refresh_token"))
    code = people.code(app, people.user())
    kms.cold("token")
    monkeypatch.setattr(KmsSigner, "sign", together)
    threads = threading.active_count()
    assert people.redeem(app, code).status == 200
    assert sorted(signing[:2]) == ["at+jwt", "rt+jwt"]
    assert signing[2:] == ["JWT"]
    assert threading.active_count() == threads


@pytest.mark.parametrize("alg", ["RS256", "PS256", "ES256"])
@pytest.mark.parametrize("size", [100, 5_000])
def test_a_long_token_is_signed_by_its_digest(kms: Deployment, alg: str, size: int) -> None:
    """KMS hashes 4096 bytes itself; the signature is the same either way."""
    machine = kms.register(access_token_signed_response_alg=alg, claims={"x": "y" * size})
    signed = token(kms, machine)
    assert (len(signed.rpartition(".")[0]) > 4096) is (size > 4096)
    assert verified(signed, kms.key_set()).claims["x"] == "y" * size


@pytest.mark.parametrize(
    "fault", [faults.throttled, faults.internal, faults.slow_to_answer, faults.denied, faults.page]
)
def test_kms_that_fails_is_a_failure_of_the_service(kms: Deployment, fault: Any) -> None:
    """503, tried again where that helps; the next request works."""
    machine = kms.register()
    kms.cold("token")
    with kms.failing("kms:Sign", fault):
        answer = kms.issue(machine)
    assert answer.error(503) == "temporarily_unavailable"
    assert answer.headers["retry-after"]
    [line] = kms.lines("request_failed")
    assert line["reason"] == "signer_unavailable"
    assert line["detail"].startswith("kms:Sign ")
    assert faults.SECRET_WORD not in kms.output()
    assert kms.issue(machine).status == 200


def test_nothing_is_signed_before_it_is_asked_for(placeholder: Deployment) -> None:
    """Also where there is one key alone: a cold start costs no signature, and the first request no second reading."""
    placeholder.set_parameters(SigningBackend="kms")
    placeholder.rotate()
    machine = placeholder.register()
    placeholder.calls.clear()
    placeholder.cold("token")
    assert placeholder.issue(machine).status == 200
    assert placeholder.calls.count("kms:Sign") == placeholder.calls.count("secretsmanager:GetSecretValue") == 1


def test_a_throttled_signature_is_tried_again(kms: Deployment) -> None:
    """Within the request."""
    machine = kms.register()
    kms.cold("token")
    for number in range(2):
        kms.failing_nth("kms:Sign", faults.throttled, number)
    assert kms.issue(machine).status == 200
    assert kms.calls.count("kms:Sign") == 3


def test_a_code_survives_a_signature_that_failed(people: Service, kms: Deployment) -> None:
    """Each of the three: the client tries again and gets its tokens."""
    app = people.application("web", grant_types=("authorization_code", "refresh_token"))
    user = people.user()
    for number in range(3):
        code = people.code(app, user)
        kms.failing_nth("kms:Sign", faults.denied, number)
        assert people.redeem(app, code).error(503) == "temporarily_unavailable"
        assert people.redeem(app, code).status == 200


def test_a_refresh_token_survives_an_outage_of_kms(people: Service, kms: Deployment) -> None:
    """However often it is tried meanwhile, and longer than the grace window: nobody has to sign in again."""
    app = people.application("web", grant_types=("authorization_code", "refresh_token"))
    refresh_token = people.tokens(app, people.user())["refresh_token"]
    with kms.failing("kms:Sign", faults.throttled):
        for _ in range(3):
            assert people.refresh(app, refresh_token).error(503) == "temporarily_unavailable"
            kms.clock.advance(600)
    assert people.refresh(app, refresh_token).status == 200
    kms.clock.advance(11)
    assert people.refresh(app, refresh_token).error() == "invalid_grant"


def test_a_key_that_was_disabled_is_looked_for_in_a_new_ring(kms: Deployment) -> None:
    """A warm environment that meets a key which is no more reads the ring anew at the next request."""
    machine = kms.register()
    withdrawn = key(kms)
    kms.clock.advance(LEAD + 1)
    token(kms, machine)
    kms.rotate()
    kms.kms.schedule_key_deletion(KeyId=withdrawn["kms_key_arn"])
    assert kms.issue(machine).error(503) == "temporarily_unavailable"
    answer = kms.issue(machine)
    assert jwt.get_unverified_header(answer.json()["access_token"])["kid"] == key(kms)["kid"] != withdrawn["kid"]


@pytest.mark.parametrize(("before", "after"), [("secretsmanager", "kms"), ("kms", "secretsmanager-from-kms")])
def test_moving_from_one_backend_to_the_other_is_a_rotation_like_any_other(
    placeholder: Deployment, before: str, after: str
) -> None:
    """No verifier fails: one that has kept a key set for two hours knows whatever signs; both rotations are usual."""
    placeholder.set_parameters(SigningBackend=before)
    placeholder.rotate()
    machine = placeholder.register(access_token_lifetime=DAY)
    first = token(placeholder, machine)
    placeholder.set_parameters(SigningBackend=after)
    signers = []
    for _ in range(3):
        published = placeholder.key_set()
        placeholder.clock.advance(LEAD + 1)
        placeholder.rotate()
        signed = token(placeholder, machine)
        assert verified(signed, published, now=placeholder.clock())
        assert verified(first, placeholder.key_set(), now=placeholder.clock())
        signers.append("kms_key_arn" in key(placeholder))
    assert signers == [after != "kms", after == "kms", after == "kms"]


def test_keys_in_kms_end_once_nobody_needs_them(kms: Deployment) -> None:
    """Not while a token that they signed may be verified; the public half stays in the ring for refresh tokens."""
    first = key(kms)
    kms.clock.advance(LEAD + 1)
    kms.rotate()
    kms.rotate()
    assert first["kms_key_arn"] in arns(kms) & enabled(kms)
    kms.clock.advance(RETIREMENT + 1)
    kms.rotate()
    [withdrawn] = [one for one in ring(kms) if one["kid"] == first["kid"]]
    assert withdrawn["state"] == "verify_only"
    assert "kms_key_arn" not in withdrawn
    assert keys_in_kms(kms)[first["kms_key_arn"]]["KeyState"] == "PendingDeletion"
    assert enabled(kms) == arns(kms)
    assert first["kms_key_arn"] in [arn for line in kms.lines("keys_discarded") for arn in line["kms_key_arns"]]


def test_a_refresh_token_outlives_the_key_that_signed_it(people: Service, kms: Deployment) -> None:
    """In KMS as in the secret."""
    app = people.application("web", grant_types=("authorization_code", "refresh_token"))
    refresh_token = people.tokens(app, people.user())["refresh_token"]
    kid = jwt.get_unverified_header(refresh_token)["kid"]
    for _ in range(3):
        kms.clock.advance(RETIREMENT + 1)
        kms.rotate()
    assert kid not in {one["kid"] for one in kms.key_set()}
    kms.cold("token")
    assert people.refresh(app, refresh_token).status == 200


@pytest.mark.parametrize("repeated", STEPS)
def test_a_repeated_step_makes_no_other_keys(kms: Deployment, repeated: str) -> None:
    """Secrets Manager calls again, and KMS takes no token by which it would know a repeated call."""
    kms.clock.advance(LEAD + 1)
    version_id = str(uuid.uuid4())
    for step in STEPS:
        kms.step(step, version_id)
        if step == repeated:
            once = kms.version(version_id), enabled(kms)
            kms.step(step, version_id)
            assert (kms.version(version_id), enabled(kms)) == once
    assert arns(kms) == enabled(kms)


@pytest.mark.parametrize(
    ("operation", "number"),
    [
        *[
            (f"kms:{name}", number)
            for name in ("ListAliases", "CreateKey", "CreateAlias", "GetPublicKey")
            for number in (0, 1)
        ],
        ("secretsmanager:PutSecretValue", 0),
    ],
)
def test_a_step_that_failed_in_the_middle_goes_on_with_the_keys_it_had_made(
    kms: Deployment, operation: str, number: int
) -> None:
    """The service signs with what it had; the same version finds its keys again by their names."""
    machine, before = kms.register(), key(kms)
    kms.clock.advance(LEAD + 1)
    version_id = str(uuid.uuid4())
    kms.failing_nth(operation, faults.denied, number)
    with pytest.raises(OAuthError):
        kms.step("createSecret", version_id)
    assert verified(token(kms, machine), kms.key_set(), now=kms.clock()).header["kid"] == before["kid"]
    for step in STEPS:
        kms.step(step, version_id)
    left_over = enabled(kms) - arns(kms)
    assert len(left_over) == (operation == "kms:CreateAlias")
    assert verified(token(kms, machine), kms.key_set(), now=kms.clock()).header["kid"] != before["kid"]


@pytest.mark.parametrize("operation", ["kms:CreateKey", "kms:CreateAlias"])
def test_a_key_whose_answer_was_lost_is_found_or_ended_later(kms: Deployment, operation: str) -> None:
    """The SDK's second call makes another key or meets the alias of the first."""
    kms.clock.advance(LEAD + 1)
    kms.lose_answer(operation)
    kms.rotate()
    assert verified(token(kms, kms.register()), kms.key_set(), now=kms.clock())
    left_over = enabled(kms) - arns(kms)
    assert len(left_over) == (operation == "kms:CreateKey")
    kms.clock.advance(DAY + LEAD)
    kms.rotate()
    assert not left_over & enabled(kms)


@pytest.mark.parametrize("given_up_after", [1, 2, 3])
def test_keys_of_a_rotation_that_was_given_up_are_ended_by_a_later_one(kms: Deployment, given_up_after: int) -> None:
    """Found by their tag, once they are too old to belong to one that is not over."""
    kms.clock.advance(LEAD + 1)
    abandoned = str(uuid.uuid4())
    for step in STEPS[:given_up_after]:
        kms.step(step, abandoned)
    left_over = enabled(kms) - arns(kms)
    assert left_over
    kms.rotate()
    assert left_over <= enabled(kms)
    kms.clock.advance(DAY + 1)
    kms.rotate()
    assert not (left_over - arns(kms)) & enabled(kms)
    assert arns(kms) <= enabled(kms)


def test_keys_of_others_are_left_alone(kms: Deployment) -> None:
    """Of another ring, of nobody, with and without an alias."""
    tags = [{"TagKey": TAG, "TagValue": f"{kms.secret_id}x"}, {"TagKey": "signet:created_at", "TagValue": "0"}]
    others = {
        kms.kms.create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY", Tags=some)["KeyMetadata"]["Arn"]
        for some in (tags, tags[1:], [])
    }
    for number, arn in enumerate(sorted(others)[:2]):
        kms.kms.create_alias(AliasName=f"alias/other-{number}", TargetKeyId=arn.rpartition("/")[2])
    kms.clock.advance(40 * DAY)
    kms.rotate()
    kms.clock.advance(40 * DAY)
    kms.rotate()
    assert others <= enabled(kms)
    assert enabled(kms) == arns(kms) | others


def test_an_end_that_failed_does_not_fail_the_rotation(kms: Deployment) -> None:
    """The ring is current by then; the next rotation ends the key."""
    first = key(kms)
    for _ in range(2):
        kms.clock.advance(RETIREMENT + 1)
        with kms.failing("kms:ScheduleKeyDeletion", faults.denied):
            kms.rotate()
    assert first["kms_key_arn"] in enabled(kms)
    assert kms.lines("keys_not_discarded")[-1]["detail"].startswith("kms:ScheduleKeyDeletion AccessDenied")
    kms.rotate()
    assert first["kms_key_arn"] not in enabled(kms)


def test_a_key_that_is_not_what_is_published_never_signs(kms: Deployment) -> None:
    """The step testSecret asks KMS once more: another key under the ARN, or one that can sign no more, is refused."""
    before = kms.keyring()
    kms.clock.advance(LEAD + 1)
    version_id = str(uuid.uuid4())
    kms.step("createSecret", version_id)
    kms.step("setSecret", version_id)
    pending = kms.version(version_id)
    document = json.loads(pending)
    [coming] = [one for one in document["keys"] if (one["alg"], one["state"]) == ("RS256", "next")]
    [active] = [one for one in document["keys"] if (one["alg"], one["state"]) == ("RS256", "active")]
    own = coming["kms_key_arn"]
    coming["kms_key_arn"] = active["kms_key_arn"]
    kms.put_version(version_id, json.dumps(document))
    with pytest.raises(RotationRefused, match="not the one that is published"):
        kms.step("testSecret", version_id)
    kms.put_version(version_id, pending)
    kms.kms.schedule_key_deletion(KeyId=own)
    with pytest.raises(OAuthError):
        kms.step("testSecret", version_id)
    assert kms.keyring() == before


def command(deployment: Deployment, name: str, **parameters: Any) -> dict[str, Any]:
    """What the rotation function answers to an operator."""
    answer: dict[str, Any] = deployment.invoke("key_rotation", {"command": name, **parameters})
    assert "refused" not in answer
    return answer


def test_operators_are_told_whether_the_keys_are_there(kms: Deployment) -> None:
    """The rotation cannot sign by them; it asks for their public halves. Those in the secret sign as ever."""
    probed = command(kms, "probe")
    assert set(probed["in_kms"].values()) == {True}
    assert len(probed["in_kms"]) == 6
    assert len(probed["probes"]) == 2
    described = {one["kid"]: one.get("kms_key_arn") for one in command(kms, "describe")["keys"]}
    assert {arn for arn in described.values() if arn} == arns(kms)
    lost = key(kms, "ES256", "next")
    kms.kms.schedule_key_deletion(KeyId=lost["kms_key_arn"])
    assert [kid for kid, there in command(kms, "probe")["in_kms"].items() if not there] == [lost["kid"]]


def test_emergencies_make_their_keys_in_kms_too(kms: Deployment) -> None:
    """A key that is withdrawn is followed by one of the same backend, and ended by a later rotation."""
    machine, withdrawn = kms.register(), key(kms)
    command(kms, "withdraw", kid=withdrawn["kid"])
    assert jwt.get_unverified_header(token(kms, machine))["kid"] == key(kms)["kid"] != withdrawn["kid"]
    assert key(kms)["kms_key_arn"] in enabled(kms)
    active = [one["kid"] for one in ring(kms) if one["state"] == "active"]
    command(kms, "rotate", active=active)
    assert len({one["kid"] for one in ring(kms) if one["state"] == "active"} - set(active)) == 2
    assert verified(token(kms, machine), kms.key_set())
    assert arns(kms) <= enabled(kms)
    kms.clock.advance(DAY + 1)
    kms.rotate()
    assert withdrawn["kms_key_arn"] not in enabled(kms)


def test_a_private_half_beside_an_arn_is_refused(kms: Deployment) -> None:
    """It would be a key that is in two places."""
    document = json.loads(kms.keyring())
    document["keys"][0]["jwk"]["d"] = "AQAB"
    kms.put_keyring(json.dumps(document))
    kms.cold("token")
    assert kms.issue(kms.register()).error(503) == "temporarily_unavailable"
    assert kms.lines("request_failed")[-1]["detail"] == "a key in KMS that has more than its public half here"


def test_a_deployment_without_kms_never_calls_it(deployment: Deployment) -> None:
    """Neither the rotation nor the token function."""
    deployment.clock.advance(LEAD + 1)
    deployment.rotate()
    token(deployment, deployment.register())
    assert not [call for call in deployment.calls if call.startswith("kms")]


def test_many_perform_one_step_at_once(kms: Deployment) -> None:
    """Two calls of createSecret that both find no alias: one key gets it, both go on with that one."""
    from signet.aws.kms_keys import KmsKeyService

    one, other = (KmsKeyService(kms.kms, kms.secret_id, kms.clock) for _ in range(2))
    first_created = one._created("ES256", f"{one._prefix}name")
    second_created = other._created("ES256", f"{one._prefix}name")
    assert first_created == second_created
    assert one.create("ES256", "name") == other.create("ES256", "name")


def test_the_public_half_of_another_kind_of_key_is_refused() -> None:
    """What KMS gave would be published under an algorithm that it is not of."""
    from cryptography.hazmat.primitives import serialization

    from signet.keys.public import jwk_of_der

    for foreign in (ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65537, 1024)):  # noqa: S505
        der = foreign.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        with pytest.raises(ValueError, match="P-256"):
            jwk_of_der(der)

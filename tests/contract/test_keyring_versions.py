"""ports.KeyringVersions: what every secret keeps to whose versions carry stages, and a rotation on the real ones."""

import json
import time
import uuid
from typing import Any

import pytest

from signet.aws.key_sets import DynamoDbKeySetStore
from signet.aws.keyring_secret import KeyringSecret
from signet.aws.kms_keys import KmsKeyService
from signet.aws.sdk import patient_client
from signet.errors import OAuthError
from signet.keys.keyring import Keyring, loaded
from signet.keys.rotation import Rotation, RotationPolicy, RotationRefused
from signet.model.key import KeyState
from signet_cli.local import embedded
from tests.contract.conftest import Secret
from tests.support.embedded_tables import Tables, Unreliable, at_once
from tests.support.fakes import InMemoryKeyringVersions, RecordingAudit

Versions = InMemoryKeyringVersions | KeyringSecret

REFUSALS = (OAuthError, ValueError)

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")


def new_version() -> str:
    """A ClientRequestToken."""
    return str(uuid.uuid4())


def current_version(versions: Versions) -> str:
    """The id of the current version."""
    [version_id] = [id_ for id_, stages in versions.stages().items() if "AWSCURRENT" in stages]
    return version_id


def stage_empty(versions: Versions, version_id: str) -> None:
    """What Secrets Manager's RotateSecret does first."""
    if isinstance(versions, InMemoryKeyringVersions):
        versions.stage(version_id)
        return
    versions._secretsmanager.rotate_secret(
        SecretId=versions._secret_id,
        ClientRequestToken=version_id,
        RotationLambdaARN=f"arn:aws:lambda:{embedded.REGION}:{embedded.ACCOUNT_ID}:function:rotation",
    )


def test_the_first_version_is_current(versions: Versions) -> None:
    """As CloudFormation leaves it."""
    assert versions.current() == "first document"
    [stages] = versions.stages().values()
    assert stages == frozenset({"AWSCURRENT"})


def test_a_version_that_is_not_there_is_not_pending(versions: Versions) -> None:
    """Nor is one that is staged and has no value yet."""
    version_id = new_version()
    assert versions.pending(version_id) is None
    stage_empty(versions, version_id)
    assert versions.pending(version_id) is None
    assert "AWSPENDING" in versions.stages()[version_id]


@pytest.mark.parametrize("staged", [False, True])
def test_a_pending_version_is_filled(versions: Versions, staged: bool) -> None:  # noqa: FBT001
    """The current one stays what it is."""
    version_id = new_version()
    if staged:
        stage_empty(versions, version_id)
    versions.put_pending(version_id, "second document")
    assert versions.pending(version_id) == "second document"
    assert versions.stages()[version_id] == frozenset({"AWSPENDING"})
    assert versions.current() == "first document"


def test_the_same_document_again_changes_nothing(versions: Versions) -> None:
    """A repeated createSecret."""
    version_id = new_version()
    versions.put_pending(version_id, "second document")
    before = versions.stages()
    versions.put_pending(version_id, "second document")
    assert (versions.stages(), versions.pending(version_id)) == (before, "second document")


def test_a_version_never_gets_another_document() -> None:
    """What was tested is what becomes current: of the fake alone, as moto lets a pending version be overwritten."""
    versions, version_id = InMemoryKeyringVersions(), new_version()
    versions.put_pending(version_id, "second document")
    with pytest.raises(REFUSALS):
        versions.put_pending(version_id, "another document")
    assert versions.pending(version_id) == "second document"


def test_a_later_version_takes_the_stage(versions: Versions) -> None:
    """One version is pending at a time."""
    first, second = new_version(), new_version()
    versions.put_pending(first, "second document")
    versions.put_pending(second, "third document")
    assert versions.pending(first) is None
    assert versions.pending(second) == "third document"
    assert "AWSPENDING" not in versions.stages().get(first, ())


def test_a_version_that_is_abandoned_is_not_pending(versions: Versions) -> None:
    """It holds up no later one; what is current stays so. Abandoning it again, or another one, changes nothing."""
    first, second = new_version(), new_version()
    versions.put_pending(first, "second document")
    versions.abandon(first)
    assert versions.pending(first) is None
    assert "AWSPENDING" not in versions.stages().get(first, ())
    versions.abandon(first)
    versions.put_pending(second, "third document")
    versions.abandon(first)
    assert versions.pending(second) == "third document"
    assert versions.current() == "first document"


def test_a_promoted_version_is_current(versions: Versions) -> None:
    """And the one before it is the previous one."""
    version_id, previous = new_version(), current_version(versions)
    versions.put_pending(version_id, "second document")
    versions.promote(version_id, previous)
    assert versions.current() == "second document"
    assert "AWSCURRENT" in versions.stages()[version_id]
    assert versions.stages()[previous] == frozenset({"AWSPREVIOUS"})


def test_only_over_the_current_version_is_one_promoted(versions: Versions) -> None:
    """Whoever promotes has seen what they replace."""
    first, second, original = new_version(), new_version(), current_version(versions)
    versions.put_pending(first, "second document")
    versions.promote(first, original)
    versions.put_pending(second, "third document")
    with pytest.raises(REFUSALS):
        versions.promote(second, original)
    assert versions.current() == "second document"


def test_many_promote_and_one_succeeds(versions: Versions) -> None:
    """One version is current, whatever happens at once."""
    version_id, previous = new_version(), current_version(versions)
    versions.put_pending(version_id, "second document")

    def promote(_: int) -> bool:
        try:
            versions.promote(version_id, previous)
        except REFUSALS:
            return False
        return True

    assert at_once(10, promote).count(True) == 1
    assert versions.current() == "second document"
    assert current_version(versions) == version_id


WRITES = {"secretsmanager": ["PutSecretValue", "UpdateSecretVersionStage"], "dynamodb": ["PutItem"]}


@pytest.mark.parametrize("operation", [operation for operations in WRITES.values() for operation in operations])
def test_a_rotation_survives_the_loss_of_an_answer(secret: Secret, tables: Tables, operation: str) -> None:
    """The write was made: the step succeeds, or fails and succeeds when Secrets Manager calls it again."""
    for service in (secret, tables):
        sdk = secret.secretsmanager if service is secret else tables.dynamodb
        lose_first_answer(sdk, operation, service.connection)
    put_current(secret, '{"keys":[]}')
    key_sets = DynamoDbKeySetStore(tables.dynamodb, tables.registry)
    rotation = Rotation(secret.versions, key_sets, RotationPolicy(), time.time, RecordingAudit())
    version_id = new_version()
    for step in STEPS:
        try:
            rotation.perform(step, version_id)
        except OAuthError:
            rotation.perform(step, version_id)
    assert current_version(secret.versions) == version_id
    assert loaded(secret.versions.current()).signer().kid == key_sets.load().keys[0].kid
    assert key_sets.load().version == 1


def test_rotations_at_the_same_time_leave_one_ring_that_is_published(secret: Secret, tables: Tables) -> None:
    """However many rotate one ring at once, none does harm: what signs afterwards can be verified."""
    key_sets = DynamoDbKeySetStore(tables.dynamodb, tables.registry)
    now = time.time()

    def rotate(clock: float) -> None:
        rotation = Rotation(secret.versions, key_sets, RotationPolicy(), lambda: clock, RecordingAudit())
        version_id = new_version()
        for step in STEPS:
            rotation.perform(step, version_id)

    def rotate_next_day(_: int) -> None:
        try:
            rotate(now + 86_400)
        except (OAuthError, RotationRefused):
            return  # to Secrets Manager a failure, which it tries again

    put_current(secret, '{"keys":[]}')
    rotate(now)
    at_once(4, rotate_next_day)
    signer = loaded(secret.versions.current()).signer()
    assert key_sets.load().get(signer.kid)


def put_current(secret: Secret, document: str) -> None:
    """Another current version, past every rule."""
    secret.secretsmanager.put_secret_value(SecretId=secret.arn, SecretString=document)


def lose_first_answer(sdk: Any, operation: str, connection: Unreliable) -> None:
    """Let the first such call be performed and its answer be lost."""
    calls: list[str] = []

    def lose(event_name: str, **_: object) -> None:
        calls.append(event_name)
        connection.losing = int(len(calls) == 1)

    service = sdk.meta.service_model.service_id.hyphenize()
    sdk.meta.events.register(f"before-send.{service}.{operation}", lose)


def test_many_make_the_key_of_one_name_in_kms_and_get_the_same(secret: Secret) -> None:
    """A step that is called several times at once: whose alias came first, theirs is everybody's key."""
    kms = patient_client("kms")
    services = [KmsKeyService(kms, secret.arn, time.time) for _ in range(6)]
    made = at_once(6, lambda number: services[number].create("ES256", "version-ES256-1"))
    assert len({key_arn for key_arn, _ in made}) == 1
    assert {json.dumps(jwk) for _, jwk in made} == {json.dumps(services[0].public_jwk("ES256", made[0][0]))}
    assert made[0][0] not in services[0].discard({made[0][0]}, int(time.time()) + 1)
    assert services[0].discard((), int(time.time()) + 1) == [made[0][0]]


def test_rotations_at_the_same_time_leave_one_ring_whose_keys_are_in_kms(secret: Secret, tables: Tables) -> None:
    """What signs afterwards is published and there; what the others have made is ended by a later rotation."""
    key_sets, kms = DynamoDbKeySetStore(tables.dynamodb, tables.registry), patient_client("kms")
    policy, now = RotationPolicy(algs=("RS256", "ES256"), kms=True), time.time()

    def rotate(clock: float) -> None:
        service = KmsKeyService(kms, secret.arn, lambda: clock)
        rotation = Rotation(secret.versions, key_sets, policy, lambda: clock, RecordingAudit(), remote=service)
        version_id = new_version()
        for step in STEPS:
            rotation.perform(step, version_id)

    def rotate_next_day(_: int) -> None:
        try:
            rotate(now + 86_400)
        except (OAuthError, RotationRefused):
            return  # to Secrets Manager a failure, which it tries again

    put_current(secret, '{"keys":[]}')
    rotate(now)
    at_once(3, rotate_next_day)
    rotate(now + 3 * 86_400)
    ring, key_set = Keyring.parse(secret.versions.current()), key_sets.load()
    service = KmsKeyService(kms, secret.arn, lambda: now + 9 * 86_400)
    for key in ring.keys:
        if key.state in {KeyState.ACTIVE, KeyState.NEXT}:
            assert key_set.get(key.kid)
            assert service.public_jwk(key.alg, key.kms_key_arn or "") == key.jwk
    used = [key.kms_key_arn for key in ring.keys if key.kms_key_arn]
    assert service.discard(used, int(now + 2 * 86_400)) == []

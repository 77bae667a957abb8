"""Row 12: whatever fails, the answer is 503 or right; the operator reads why in one line, the caller reads nothing."""

import json
import re
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from signet.aws.key_sets import DynamoDbKeySetStore
from signet.aws.keyring_secret import KeyringSecret
from signet.errors import OAuthError, Reason
from tests.support import faults
from tests.support.access_tokens import verified
from tests.support.deployment import Deployment
from tests.support.failures import failure
from tests.support.faults import EVERY_FAULT, SECRET_WORD
from tests.support.gateway_events import Answer, event, token_event

if TYPE_CHECKING:
    from collections.abc import Callable

GRANT = {"grant_type": "client_credentials"}


@pytest.fixture(params=["lean", "botocore"], autouse=True)
def aws_client(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both clients of AWS, in every function."""
    client: str = request.param
    monkeypatch.setattr(Deployment, "aws_client", client)
    return client


OPERATION = re.compile(r"(dynamodb|secretsmanager):[A-Za-z]+ [A-Za-z0-9]+( fault)?")
"""All that a line may say of AWS: what was called and the name of what came of it."""


def failed(deployment: Deployment, answer: Answer, reason: Reason) -> str:
    """Check that an answer is a failure in order, told once, and give the detail that the operator is told."""
    line = failure(deployment, answer)
    assert (line["level"], line["reason"], line["status"]) == ("ERROR", reason, 503)
    assert len(deployment.lines()) == 1
    [metric] = deployment.metrics()
    assert metric["reason"] == reason
    return str(line["detail"])


def test_a_token_request_survives_every_fault_of_the_registry(deployment: Deployment) -> None:
    """The client could not be read: 503, and the same environment answers as soon as it can be."""
    for number, fault in enumerate(EVERY_FAULT):
        machine = deployment.register(f"machine {number}")
        with deployment.failing("dynamodb", fault):
            deployment.forget_output()
            detail = failed(deployment, deployment.issue(machine), Reason.STORE_UNAVAILABLE)
            assert OPERATION.fullmatch(detail), detail
        assert deployment.issue(machine).status == 200


def test_a_token_request_survives_every_fault_of_the_secret(deployment: Deployment) -> None:
    """No key can sign: 503 also in an environment that started while the secret was away."""
    machine = deployment.register()
    for fault in EVERY_FAULT:
        with deployment.failing("secretsmanager", fault):
            deployment.cold("token")
            deployment.forget_output()
            detail = failed(deployment, deployment.issue(machine), Reason.KEYRING_UNAVAILABLE)
            assert OPERATION.fullmatch(detail), detail
        assert deployment.issue(machine).status == 200


@pytest.mark.parametrize("path", ["/connect/oauth/jwks", "/connect/.well-known/openid-configuration"])
def test_a_document_survives_every_fault_of_the_registry(deployment: Deployment, path: str) -> None:
    """Never an empty or an old set: 503, which no cache keeps."""
    for fault in EVERY_FAULT:
        with deployment.failing("dynamodb", fault):
            deployment.cold("jwks")
            deployment.forget_output()
            detail = failed(deployment, deployment.get(path), Reason.STORE_UNAVAILABLE)
            assert OPERATION.fullmatch(detail), detail
        assert deployment.get(path).status == 200


def test_one_failure_is_tried_again_before_anybody_hears_of_it(deployment: Deployment) -> None:
    """The SDK repeats what is safe to repeat; three times at most, since a caller waits."""
    machine = deployment.register()
    with deployment.failing("dynamodb", faults.internal):
        deployment.cold("token")
        deployment.calls.clear()
        assert deployment.issue(machine).status == 503
        assert deployment.calls == ["dynamodb:GetItem"] * 3
    deployment.failing_once("dynamodb", faults.internal)
    assert deployment.issue(machine).status == 200


def test_no_write_is_taken_for_made_or_refused_that_failed(deployment: Deployment) -> None:
    """Operators and rotations get an error too: neither True nor False is what happened."""
    client = deployment.register().client
    key_sets = DynamoDbKeySetStore(deployment.dynamodb, deployment.table)
    versions = KeyringSecret(deployment.secretsmanager, deployment.secret_id)
    calls: list[Callable[[], object]] = [
        lambda: deployment.registry.create(client),
        lambda: deployment.registry.replace(client, client),
        lambda: deployment.registry.delete(client.client_id),
        lambda: list(deployment.registry.list()),
        lambda: key_sets.publish(key_sets_before),
        versions.stages,
        lambda: versions.pending("x" * 32),
        lambda: versions.put_pending("x" * 32, "{}"),
        lambda: versions.promote("x" * 32, "y" * 32),
    ]
    key_sets_before = key_sets.load()
    for fault in (faults.throttled, faults.slow_to_answer, faults.denied):
        for call in calls:
            with (
                deployment.failing("dynamodb", fault),
                deployment.failing("secretsmanager", fault),
                pytest.raises(OAuthError) as failure,
            ):
                call()
            assert failure.value.status == 503
            assert OPERATION.fullmatch(failure.value.detail or "")
    assert deployment.registry.get(client.client_id) == client


def test_a_wrong_secret_is_not_called_wrong_while_nobody_can_know(deployment: Deployment) -> None:
    """It may be a new one: without the registry the answer is 503, not 401."""
    machine = deployment.register()
    assert deployment.issue(machine).status == 200
    deployment.clock.advance(2)
    with deployment.failing("dynamodb", faults.throttled):
        answer = deployment.token(token_event(GRANT, basic=(machine.client_id, "new secret")))
        assert answer.error(503) == "temporarily_unavailable"


def test_a_missing_table_is_a_failure_of_the_service(deployment: Deployment) -> None:
    """And no client is unknown because of it."""
    machine = deployment.register()
    deployment.cold("token", SIGNET_REGISTRY_TABLE="another-table")
    failed(deployment, deployment.issue(machine), Reason.STORE_UNAVAILABLE)
    deployment.forget_output()
    deployment.cold("jwks", SIGNET_REGISTRY_TABLE="another-table")
    failed(deployment, deployment.get("/connect/oauth/jwks"), Reason.STORE_UNAVAILABLE)


def test_a_missing_secret_is_a_failure_of_the_service(deployment: Deployment) -> None:
    """Deleted, marked for deletion, or never there."""
    machine = deployment.register()
    deployment.secretsmanager.delete_secret(SecretId=deployment.secret_id)
    deployment.cold("token")
    failed(deployment, deployment.issue(machine), Reason.KEYRING_UNAVAILABLE)
    deployment.secretsmanager.restore_secret(SecretId=deployment.secret_id)
    assert deployment.issue(machine).status == 200


GARBAGE: list[Any] = ["text", 1, None, [], {"Item": 1}, {"Item": "x"}, {"Item": []}, {"Item": {"pk": 1}}, {"Item": {}}]
GARBAGE += [{"Item": {"pk": {"S": 1}}}, {"Item": {"pk": {"B": "eA=="}}}, {"SecretString": 1}, {"SecretString": []}]


@pytest.mark.parametrize("function", ["token", "jwks"])
@pytest.mark.parametrize("service", ["dynamodb", "secretsmanager"])
def test_garbage_from_aws_grants_nothing_and_is_forgotten(deployment: Deployment, function: str, service: str) -> None:
    """An answer of 200 with anything in it but what was asked for: no token, no key set, no word of it, no crash."""
    machine = deployment.register()

    def answer() -> Answer:
        return deployment.issue(machine) if function == "token" else deployment.get("/connect/oauth/jwks")

    for garbage in [*map(json.dumps, GARBAGE), f"<html>{SECRET_WORD}", ""]:
        deployment.cold(function)
        deployment.forget_output()
        deployment.clock.advance(400)
        with deployment.failing(service, partial(faults.answered, garbage)):
            found = answer()
        touched = not (function == "jwks" and service == "secretsmanager")
        assert found.status in ((401, 503) if touched else (200,)), garbage
        assert SECRET_WORD not in deployment.output() + found.body
        deployment.clock.advance(2)
        assert answer().status == 200, garbage


def test_a_corrupt_keyring_is_a_failure_of_the_service(deployment: Deployment) -> None:
    """Whatever is in the secret: nothing of it in answer or log, and the next request works once it is mended."""
    machine = deployment.register()
    good = deployment.keyring()
    for damage in damaged_keyrings(good):
        deployment.put_keyring(damage)
        deployment.cold("token")
        deployment.forget_output()
        answer = deployment.issue(machine)
        if answer.status == 200:
            # RSA can do without d, or without the factors' remainders: then the signature is a good one
            assert verified(answer.json()["access_token"], deployment.key_set())
            continue
        detail = failed(deployment, answer, Reason.KEYRING_INVALID)
        assert detail.isascii()
        assert not any(word in deployment.output() for word in re.findall(r"[\w-]{20,}", damage))
        deployment.put_keyring(good)
        assert deployment.issue(machine).status == 200


def damaged_keyrings(good: str) -> list[str]:
    """Documents that are no keyring, each in another way."""
    ring = json.loads(good)

    def without(*path: str) -> str:
        copy = json.loads(good)
        key = copy["keys"][0]
        del (key["jwk"] if path[:-1] else key)[path[-1]]
        return json.dumps(copy)

    def having(value: object, *path: str) -> str:
        copy = json.loads(good)
        key = copy["keys"][0]
        (key["jwk"] if path[:-1] else key)[path[-1]] = value
        return json.dumps(copy)

    documents = [
        " ",
        "{",
        "[]",
        "{}",
        "1",
        '"x"',
        "null",
        '{"keys": 1}',
        '{"keys": [1]}',
        '{"keys": [{}]}',
        "[" * 9_000,
    ]
    documents += [json.dumps({"keys": ring["keys"] * 2}), json.dumps({"keys": ring["keys"][1:]}), good[:-9]]
    documents += [without(name) for name in ("kid", "alg", "state", "created_at", "jwk")]
    values: dict[str, list[Any]] = {
        "kid": ["", "x", 1, None, ring["keys"][1]["kid"]],
        "alg": ["", "none", "HS256", "ES256", 1, [], None],
        "state": ["", "ACTIVE", 1, None, []],
        "jwk": ["", 1, None, [], {}, {"kty": "oct", "k": "x"}, {"kty": []}],
        "unknown": ["x"],
    }
    documents += [having(value, name) for name, several in values.items() for value in several]
    for member in ("kty", "n", "e", "d", "p", "q", "dp", "dq", "qi"):
        documents.append(without("jwk", member))
        odd: list[Any] = ["", "Aw", "!", "\u00e9", 1, None, [], {}]
        documents += [having(value, "jwk", member) for value in odd]
    return documents


def test_a_corrupt_client_record_is_a_failure_of_the_service(deployment: Deployment) -> None:
    """An operator's to mend, so the line names client and field; the others are served."""
    other = deployment.register("other")
    machine = deployment.register()
    [good] = [item for item in deployment.items() if item["pk"]["S"] == "client#machine"]
    damages: list[tuple[str, Any]] = [
        ("scope", {"S": "read"}),
        ("scope", {"L": [{"N": "1"}]}),
        ("scope", {"L": [{"S": "a b"}]}),
        ("scope", {"M": {}}),
        ("audience", {"S": "https://a.example"}),
        ("audience", {"L": [{"N": "1"}]}),
        ("grant_types", {"S": "client_credentials"}),
        ("grant_types", {"L": []}),
        ("grant_types", None),
        ("client_secrets", {"S": "x"}),
        ("client_secrets", {"L": [{"S": "x"}]}),
        ("client_secrets", {"L": [{"M": {}}]}),
        ("client_secrets", {"L": [{"M": {"digest": {"N": "1"}, "created_at": {"N": "1"}}}]}),
        ("client_secrets", {"L": []}),
        ("client_secrets", None),
        ("token_endpoint_auth_method", {"S": "private_key_jwt"}),
        ("token_endpoint_auth_method", {"N": "1"}),
        ("token_endpoint_auth_method", None),
        ("access_token_lifetime", {"S": "900"}),
        ("access_token_lifetime", {"N": "0"}),
        ("access_token_lifetime", {"N": "-1"}),
        ("access_token_lifetime", {"N": "900.5"}),
        ("access_token_lifetime", {"N": "100000000"}),
        ("claims", {"S": "x"}),
        ("claims", {"L": []}),
        ("claims", {"M": {"iss": {"S": "https://evil.example"}}}),
        ("claims", {"M": {"x": {"B": b"x"}}}),
        ("scope_format", {"S": "set"}),
        ("scope_format", {"N": "1"}),
        ("id_token_signed_response_alg", {"S": "none"}),
        ("access_token_signed_response_alg", {"L": []}),
        ("client_id", None),
        ("client_id", {"N": "1"}),
        ("client_id", {"S": "other"}),
    ]
    for name, value in damages:
        record = {key: member for key, member in good.items() if key != name} | ({name: value} if value else {})
        deployment.dynamodb.put_item(TableName=deployment.table, Item=record)
        deployment.cold("token")
        deployment.forget_output()
        detail = failed(deployment, deployment.issue(machine), Reason.CLIENT_RECORD_INVALID)
        assert detail.startswith("client#machine "), detail
        assert deployment.issue(other).status == 200
        deployment.dynamodb.put_item(TableName=deployment.table, Item=good)
        assert deployment.issue(machine).status == 200, (name, value)


def test_a_corrupt_key_set_is_a_failure_of_the_service(deployment: Deployment) -> None:
    """Verifiers keep what they have rather than get a set that is none."""
    [good] = [item for item in deployment.items() if item["pk"]["S"] == "jwks"]
    key = good["keys"]["L"][0]["M"]
    damages: list[dict[str, Any]] = [
        {"keys": {"S": "x"}},
        {"keys": {"L": [{"S": "x"}]}},
        {"keys": {"L": [{"M": {}}]}},
        {"keys": {"L": [{"M": {**key, "jwk": {"S": "x"}}}]}},
        {"keys": {"L": [{"M": {**key, "jwk": {"M": {"kty": {"S": "RSA"}}}}}]}},
        {"keys": {"L": [{"M": {**key, "jwk": {"M": {"kty": {"S": "oct"}, "k": {"S": "x"}}}}}]}},
        {"keys": {"L": [{"M": {**key, "kid": {"S": "x"}}}]}},
        {"keys": {"L": [{"M": {**key, "published_at": {"S": "x"}}}]}},
        {"keys": {"L": [{"M": {**key, "unknown": {"S": "x"}}}]}},
    ]
    for damage in damages:
        deployment.dynamodb.put_item(TableName=deployment.table, Item={**good, **damage})
        deployment.cold("jwks")
        for path in ("/connect/oauth/jwks", "/connect/.well-known/openid-configuration"):
            deployment.forget_output()
            failed(deployment, deployment.get(path), Reason.KEY_SET_INVALID)
        deployment.dynamodb.put_item(TableName=deployment.table, Item=good)
        assert deployment.get("/connect/oauth/jwks").status == 200, damage


SETTINGS: list[tuple[str, dict[str, str | None]]] = [
    ("token", {"SIGNET_ISSUER": value})
    for value in (
        None,
        "",
        "id.example.com",
        "http://id.example.com/connect",
        "https://id.example.com",
        "https://id.example.com/connect/",
        "https://id.example.com/connect?a=b",
        "https://id.example.com/connect#a",
        "https://user@id.example.com/connect",
        "https:///connect",
        "https://[::1/connect",
        "https://id.example.com:port/connect",
        "javascript:alert(1)//connect",
    )
]
SETTINGS += [
    ("token", {"SIGNET_ACCESS_TOKEN_LIFETIME": value})
    for value in ("0", "-1", "1.5", "x", "86401", "\u0969", "1e3", " 9")
]
SETTINGS += [("token", {name: None}) for name in ("SIGNET_REGISTRY_TABLE", "SIGNET_KEYRING_SECRET")]
SETTINGS += [("jwks", {name: None}) for name in ("SIGNET_REGISTRY_TABLE", "SIGNET_ISSUER")]


def test_impossible_settings_are_a_failure_of_the_service(deployment: Deployment) -> None:
    """Each request says so until they are mended; then the same environment answers."""
    machine = deployment.register()
    for function, variables in SETTINGS:
        deployment.cold(function)
        good = deployment.variables(function)
        deployment.forget_output()
        deployment.cold(function, **variables)
        requested = deployment.issue if function == "token" else None
        answer = requested(machine) if requested else deployment.get("/connect/oauth/jwks")
        detail = failed(deployment, answer, Reason.SETTINGS_INVALID)
        [name] = variables
        assert name in detail or name.removeprefix("SIGNET_").lower() in detail
        deployment.set_variables(**good)
        again = requested(machine) if requested else deployment.get("/connect/oauth/jwks")
        assert again.status == 200, variables


def test_a_defect_of_ours_is_500_without_a_word_of_it(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    """The boundary's last resort: where it happened is in the log, what was said there is not."""
    machine = deployment.register()

    def defective(*_: object, **__: object) -> None:
        raise RuntimeError(f"{machine.client_secret} {SECRET_WORD}")

    with monkeypatch.context() as patched:
        patched.setattr("signet.tokens.issue.jwt.sign", defective)
        answer = deployment.issue(machine)
    assert answer.error(500) == "server_error"
    [line] = deployment.lines()
    assert (line["event"], line["reason"], line["level"]) == ("request_failed", "unexpected", "ERROR")
    assert line["detail"].startswith("RuntimeError at test_faults.py:")
    assert machine.client_secret not in deployment.output()
    assert SECRET_WORD not in deployment.output() + answer.body
    assert deployment.issue(machine).status == 200


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"requestContext": None},
        {"requestContext": {}},
        {"requestContext": {"http": {}}},
        {"headers": None},
        {"routeKey": None, "rawPath": None},
        {"body": None, "isBase64Encoded": True},
        {"rawQueryString": None},
        {"rawQueryString": "\udcff=\ud800"},
        {
            "headers": {"content-type": "application/x-www-form-urlencoded; boundary=\ud800"},
            "body": "--\ud800",
            "isBase64Encoded": False,
        },
        {"headers": {"authorization": "Basic \ud800", "content-type": "application/json"}},
        {"cookies": ["a=b"]},
    ],
)
def test_an_odd_event_gets_an_answer(deployment: Deployment, odd: dict[str, Any]) -> None:
    """What API Gateway would never send, a hand that tests the function might."""
    request = {**token_event(GRANT), **odd} if odd else {}
    assert 400 <= deployment.token(request).status < 500
    document = {**event("GET", "/connect/oauth/jwks"), **odd} if odd else {}
    assert deployment.jwks(document).status in {200, 404, 405}

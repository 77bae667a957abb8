"""The lean client's calls: encoded, tried again, decoded, refused."""

import json
import zlib
from types import SimpleNamespace
from typing import Any

import botocore.session
import pytest

from signet.aws.failures import AwsError, AwsUnreachable
from signet.aws.lean import retries
from signet.aws.lean.client import SERVICES, LeanClient
from signet.aws.lean.signature import Credentials
from signet.aws.lean.transport import Answer

Scripted = Answer | AwsUnreachable


class Script:
    """A transport that answers what it is told to, and keeps what it was sent."""

    def __init__(self, *answers: Scripted) -> None:
        self.answers = list(answers)
        self.sent: list[tuple[str, dict[str, str], Any]] = []

    def connect(self) -> None:
        """Nothing is there to connect to."""

    def send(self, operation: str, headers: dict[str, str], body: bytes) -> Answer:
        self.sent.append((operation, headers, json.loads(body)))
        answer = self.answers.pop(0)
        if isinstance(answer, AwsUnreachable):
            raise answer
        return answer


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was waited, which no test does."""
    slept: list[float] = []
    monkeypatch.setattr(retries, "time", SimpleNamespace(sleep=slept.append))
    return slept


def answer(status: int = 200, body: object = None, **headers: str) -> Answer:
    """An answer of the service."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    content = body if isinstance(body, bytes) else json.dumps({} if body is None else body).encode()
    return Answer(status, lambda name: names.get(name.lower()), content)


def refused(code: str, status: int = 400, **headers: str) -> Answer:
    """An error as the JSON protocol has it."""
    return answer(status, {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "m"}, **headers)


def client(script: Script, service: str = "dynamodb") -> LeanClient:
    """A client of that service."""
    credentials = Credentials("AKIDEXAMPLE", "secret", "session-token")
    return LeanClient(SERVICES[service], "eu-west-1", "aws.example", lambda: credentials, script)


@pytest.mark.parametrize("service", SERVICES)
def test_targets_are_those_of_botocores_models(service: str) -> None:
    """Prefix and protocol version of each service, and the name of each operation."""
    model = botocore.session.Session().get_service_model(service)
    row = SERVICES[service]
    assert (row.target, row.version) == (model.metadata["targetPrefix"], model.metadata["jsonVersion"])
    assert row.service_id == model.service_id
    exceptions = set()
    for operation in model.operation_names:
        script = Script(answer())
        getattr(client(script, service), botocore.xform_name(operation))()
        [(sent, headers, _)] = script.sent
        if sent != operation:
            exceptions.add(operation)
            continue
        assert headers["x-amz-target"] == f"{row.target}.{operation}"
        assert headers["content-type"] == f"application/x-amz-json-{row.version}"
        assert headers["host"] == "aws.example"
        assert headers["x-amz-security-token"] == "session-token"
    # names with capitals in a row, which no adapter calls
    assert exceptions <= {"ExportTableToPointInTime", "ListKeyRotations"}


def test_an_answer_is_its_members() -> None:
    """With how often it was tried again, as callers read it from botocore; what is null is absent."""
    found = client(Script(answer(body={"Item": {"pk": {"S": "x"}}, "Attributes": None}))).get_item(TableName="t")
    assert found == {"Item": {"pk": {"S": "x"}}, "ResponseMetadata": {"RetryAttempts": 0}}


def test_binary_members_travel_as_base64() -> None:
    """KMS signs octets and answers octets."""
    script = Script(answer(body={"Signature": "AAH/", "KeyId": "k"}))
    found = client(script, "kms").sign(Message=b"\x00\x01\xff")
    assert found["Signature"] == b"\x00\x01\xff"
    assert script.sent[0][2] == {"Message": "AAH/"}
    with pytest.raises(TypeError):
        client(Script(answer())).get_item(Key=object())


def test_an_error_is_raised_with_all_that_came_with_it() -> None:
    """A failed condition brings the item that it failed on."""
    item = {"pk": {"S": "x"}}
    body = {"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException", "Message": "m", "Item": item}
    with pytest.raises(AwsError) as raised:
        client(Script(answer(400, body))).put_item()
    assert raised.value.response["Error"] == {"Code": "ConditionalCheckFailedException", "Message": "m"}
    assert raised.value.response["Item"] == item
    assert "x" not in str(raised.value).replace("Exception", "").replace("exception", "")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"__type": "Name:http://internal.amazon.com/"}, 400, "Name"),
        ({"__type": "a\nb"}, 400, "400"),
        ({"__type": 1}, 400, "400"),
        (b"<html>", 413, "413"),
        (b"[" * 100_000, 400, "400"),
        ([], 403, "403"),
        ({"__type": "ConditionalCheckFailedException", "Item": {"pk": "x"}}, 400, "400"),
    ],
)
def test_the_name_of_an_error_is_a_name(body: object, status: int, code: str) -> None:
    """It goes into logs: whatever else comes is named by the status."""
    with pytest.raises(AwsError) as raised:
        client(Script(answer(status, body))).get_item()
    assert raised.value.response["Error"]["Code"] == code


@pytest.mark.parametrize(
    "failure",
    [
        refused("InternalServerError", 500),
        refused("ThrottlingException"),
        AwsUnreachable("ReadTimeoutError"),
        answer(200, {}, x_amz_crc32="1"),
    ],
)
def test_what_may_pass_is_tried_three_times(pauses: list[float], failure: Scripted) -> None:
    """With pauses in between; each attempt is signed anew."""
    script = Script(failure, failure, answer())
    assert client(script).get_item()["ResponseMetadata"] == {"RetryAttempts": 2}
    assert len(pauses) == 2
    script = Script(failure, failure, failure, answer())
    with pytest.raises((AwsError, AwsUnreachable)):
        client(script).get_item()
    assert len(script.sent) == 3


@pytest.mark.parametrize("code", ["AccessDeniedException", "ValidationException", "ConditionalCheckFailedException"])
def test_what_stays_as_it_is_is_not(code: str) -> None:
    """A refusal is an answer."""
    script = Script(refused(code))
    with pytest.raises(AwsError):
        client(script).get_item()
    assert len(script.sent) == 1


def test_a_service_that_is_down_is_no_longer_asked_thrice() -> None:
    """The quota is the client's, over all its calls; successes fill it again."""
    script = Script(*[refused("InternalServerError", 500)] * 200)
    calling = client(script)
    attempts = []
    for _ in range(40):
        before = len(script.sent)
        with pytest.raises(AwsError):
            calling.get_item()
        attempts.append(len(script.sent) - before)
    assert attempts[0] == 3
    assert attempts[-1] == 1
    script.answers = [*[answer()] * 14, *[refused("InternalServerError", 500)] * 3]
    for _ in range(14):
        calling.get_item()
    with pytest.raises(AwsError):
        calling.get_item()
    assert len(script.answers) == 1


def test_a_clock_that_is_wrong_is_set_by_awss(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of before a freeze perhaps: signed again by the time that AWS's answer has, and so from then on."""
    now = 1_800_000_000.0
    monkeypatch.setattr("signet.aws.lean.client.time", SimpleNamespace(time=lambda: now))
    script = Script(refused("InvalidSignatureException", date="Fri, 15 Jan 2027 09:00:00 GMT"), answer(), answer())
    calling = client(script)
    calling.get_item()
    calling.get_item()
    assert [headers["x-amz-date"] for _, headers, _ in script.sent] == [
        "20270115T080000Z",
        "20270115T090000Z",
        "20270115T090000Z",
    ]


@pytest.mark.parametrize("date", ["Fri, 15 Jan 2027 08:01:00 GMT", "no date", None])
def test_a_signature_that_is_wrong_for_another_reason_stays_refused(
    monkeypatch: pytest.MonkeyPatch, date: str | None
) -> None:
    """A clock that is right is no excuse."""
    monkeypatch.setattr("signet.aws.lean.client.time", SimpleNamespace(time=lambda: 1_800_000_000.0))
    code = "InvalidSignatureException"
    script = Script(refused(code, date=date) if date else refused(code), answer())
    with pytest.raises(AwsError):
        client(script).get_item()
    assert len(script.sent) == 1


def test_dynamodbs_checksum_is_compared() -> None:
    """Bytes that changed on the way are no answer."""
    body = b'{"Count": 1}'
    assert client(Script(answer(200, body, x_amz_crc32=str(zlib.crc32(body))))).query()["Count"] == 1
    with pytest.raises(AwsUnreachable, match="ChecksumError"):
        client(Script(*[answer(200, body, x_amz_crc32="0")] * 3)).query()


@pytest.mark.parametrize(
    "body",
    [
        b"x",
        b"[]",
        b"null",
        {"Item": 1},
        {"Item": {"pk": 1}},
        {"Item": {"pk": {}}},
        {"Items": {}},
        {"Items": [1]},
        {"Responses": {"t": [1]}},
        {"VersionIdsToStages": []},
        {"UnprocessedKeys": 1},
        {"CancellationReasons": [1]},
    ],
)
def test_an_answer_of_another_shape_is_none(body: object) -> None:
    """What callers take for granted is looked at once, here."""
    with pytest.raises(ValueError, match=r"."):
        client(Script(answer(200, body))).get_item()


def test_nothing_of_the_credentials_is_in_a_failure() -> None:
    """Neither in its text nor in the client's own."""
    calling = client(Script(refused("AccessDeniedException")))
    with pytest.raises(AwsError) as raised:
        calling.get_item()
    for text in (repr(raised.value), repr(calling), str(raised.value)):
        assert "secret" not in text
        assert "session-token" not in text

"""One service as its callers know it from botocore: `client.get_item(TableName=...)`, the answer a dictionary."""

import json
import time
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

from signet.aws.failures import AwsError, AwsUnreachable
from signet.aws.lean import retries
from signet.aws.lean.shapes import checked
from signet.aws.lean.signature import Credentials, signed
from signet.aws.lean.transport import Answer

_SKEWED = frozenset({"RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture", "InvalidSignatureException"})

_TOLERATED = 240.0
"""Seconds by which a clock may differ from AWS's before it is to blame for a signature that is refused."""


@dataclass(frozen=True, slots=True)
class Service:
    """A service of AWS's JSON protocol: the prefix of its targets, the protocol's version, its binary members.

    `pause` are the seconds of the first pause before a call is tried again, at most.
    """

    name: str
    service_id: str
    target: str
    version: str
    binary: frozenset[str] = frozenset()
    pause: float = 0.05


SERVICES = {
    service.name: service
    for service in (
        Service("dynamodb", "DynamoDB", "DynamoDB_20120810", "1.0", pause=0.025),
        Service("secretsmanager", "Secrets Manager", "secretsmanager", "1.1", frozenset({"SecretBinary"})),
        Service(
            "kms", "KMS", "TrentService", "1.1", frozenset({"Signature", "PublicKey", "Plaintext", "CiphertextBlob"})
        ),
    )
}
"""The services that are known here."""


class Transport(Protocol):
    """What carries requests."""

    def connect(self) -> None:
        """Have a connection ready. Raises AwsUnreachable."""

    def send(self, operation: str, headers: dict[str, str], body: bytes) -> Answer:
        """The answer to a signed POST. Raises AwsUnreachable."""


class LeanClient:
    """A client of one service. Attribute values of type `B` are base64 here, and times are numbers."""

    def __init__(
        self, service: Service, region: str, host: str, credentials: Callable[[], Credentials], transport: Transport
    ) -> None:
        self._service = service
        self._region = region
        self._host = host
        self._credentials = credentials
        self._transport = transport
        self._quota = retries.Quota()
        self._skew = 0.0

    def __getattr__(self, name: str) -> Callable[..., dict[str, Any]]:
        if name.startswith("_"):
            raise AttributeError(name)
        operation = "".join(map(str.capitalize, name.split("_")))

        def call(**parameters: Any) -> dict[str, Any]:
            return self._call(operation, parameters)

        setattr(self, name, call)
        return call

    def connect(self) -> None:
        """Have a connection ready for the next call. Raises AwsUnreachable."""
        self._transport.connect()

    def _call(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """The answer to an operation. Raises AwsError, AwsUnreachable, and ValueError for an answer that is none."""
        body = json.dumps(parameters, default=_base64).encode()
        attempt, taken = 1, 0
        while True:
            headers, now = self._signed(operation, body)
            failure: AwsError | AwsUnreachable
            retry: retries.Retry | None
            try:
                answer = self._transport.send(operation, headers, body)
                _check_sum(answer)
            except AwsUnreachable as error:
                failure, retry = error, retries.Retry()
            else:
                if answer.status < 300:
                    members = self._members(answer)
                    self._quota.succeeded(taken)
                    return {**members, "ResponseMetadata": {"RetryAttempts": attempt - 1}}
                failure, retry = self._failure(answer, now)
            taken = self._quota.take(retry) if retry and attempt < retries.MOST_ATTEMPTS else 0
            if not retry or not taken:
                raise failure
            retries.pause(attempt, retry, self._service.pause)
            attempt += 1

    def _signed(self, operation: str, body: bytes) -> tuple[dict[str, str], float]:
        """The headers of a request, and when it was signed. Raises AwsUnreachable where there are no credentials."""
        headers = {
            "content-type": f"application/x-amz-json-{self._service.version}",
            "host": self._host,
            "x-amz-target": f"{self._service.target}.{operation}",
        }
        now = time.time() + self._skew
        credentials = self._credentials()
        headers = signed(headers, body, credentials, region=self._region, service=self._service.name, now=now)
        return {**headers, "user-agent": "signet", "accept-encoding": "identity"}, now

    def _members(self, answer: Answer) -> dict[str, Any]:
        members = checked(json.loads(answer.body or b"{}"))
        for name in self._service.binary & members.keys():
            members[name] = b64decode(members[name])
        return members

    def _failure(self, answer: Answer, now: float) -> tuple[AwsError, retries.Retry | None]:
        """The error that was answered, and how to try again if that may help."""
        try:
            members = checked(json.loads(answer.body))
        except (ValueError, RecursionError):
            members = {}
        kind = members.get("__type")
        code = kind.rpartition("#")[2].partition(":")[0] if isinstance(kind, str) else ""
        code = code if code.isascii() and code.isalnum() else str(answer.status)
        message = members.get("message", members.get("Message", ""))
        retry = retries.of_answer(answer.status, code, answer.header("x-amz-retry-after"))
        if retry is None and code in _SKEWED and self._corrected(answer, now):
            retry = retries.Retry()
        error = {"Code": code, "Message": message}
        metadata = {"HTTPStatusCode": answer.status, "RequestId": answer.header("x-amzn-requestid") or ""}
        return AwsError({**members, "Error": error, "ResponseMetadata": metadata}), retry

    def _corrected(self, answer: Answer, now: float) -> bool:
        """Go by AWS's clock where ours, of before a freeze perhaps, is the reason for a refusal."""
        try:
            theirs = parsedate_to_datetime(answer.header("date") or "").timestamp()
        except (TypeError, ValueError):
            return False
        if abs(theirs - now) <= _TOLERATED:
            return False
        self._skew += theirs - now
        return True


def _check_sum(answer: Answer) -> None:
    """Compare DynamoDB's checksum. Raises AwsUnreachable: what came is not what was sent."""
    checksum = answer.header("x-amz-crc32")
    if checksum is not None and checksum != str(zlib.crc32(answer.body)):
        raise AwsUnreachable("ChecksumError")


def _base64(value: object) -> str:
    """Binary members travel as base64."""
    if isinstance(value, bytes | bytearray):
        return b64encode(value).decode()
    raise TypeError(f"no member is a {type(value).__name__}")

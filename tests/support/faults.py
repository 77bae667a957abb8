"""What can meet a call to AWS in place of its answer: for tests.support.deployment.Deployment.failing."""

import json
from collections.abc import Iterator

from botocore.awsrequest import AWSResponse
from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)

SECRET_WORD = "word-that-only-aws-said"
"""Stands in every answer of AWS that is no answer: nothing of it may come out."""


class _Raw:
    """The part of urllib3's response that botocore reads."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: object) -> Iterator[bytes]:
        yield self._body


def _answer(status: int, body: bytes, content_type: str = "application/x-amz-json-1.0") -> AWSResponse:
    headers = {"content-type": content_type, "x-amzn-requestid": "fault"}
    return AWSResponse("https://aws.example", status, headers, _Raw(body))


def _error(status: int, code: str) -> AWSResponse:
    return _answer(status, json.dumps({"__type": f"com.amazonaws#{code}", "message": SECRET_WORD}).encode())


def throttled() -> AWSResponse:
    """More requests than the table or the account takes."""
    return _error(400, "ThrottlingException")


def over_capacity() -> AWSResponse:
    """DynamoDB's own name for it."""
    return _error(400, "ProvisionedThroughputExceededException")


def denied() -> AWSResponse:
    """A role without the permission."""
    return _error(400, "AccessDeniedException")


def missing() -> AWSResponse:
    """A table or secret that is not there."""
    return _error(400, "ResourceNotFoundException")


def internal() -> AWSResponse:
    """AWS's own fault."""
    return _error(500, "InternalServerError")


def page() -> AWSResponse:
    """What a proxy in between says."""
    return _answer(502, f"<html>{SECRET_WORD}</html>".encode(), "text/html")


def answered(body: str) -> AWSResponse:
    """A success with this body."""
    return _answer(200, body.encode())


def refused() -> AWSResponse:
    """Nobody listens."""
    raise EndpointConnectionError(endpoint_url="https://aws.example", error=SECRET_WORD)


def slow_to_connect() -> AWSResponse:
    """Nobody answers the connection."""
    raise ConnectTimeoutError(endpoint_url="https://aws.example", error=SECRET_WORD)


def slow_to_answer() -> AWSResponse:
    """The connection stands and nothing comes."""
    raise ReadTimeoutError(endpoint_url="https://aws.example", error=SECRET_WORD)


def hung_up() -> AWSResponse:
    """The connection of before the environment was frozen."""
    raise ConnectionClosedError(endpoint_url="https://aws.example", error=SECRET_WORD)


def without_credentials() -> AWSResponse:
    """An environment without a role."""
    raise NoCredentialsError


EVERY_FAULT = (
    throttled,
    over_capacity,
    denied,
    missing,
    internal,
    page,
    refused,
    slow_to_connect,
    slow_to_answer,
    hung_up,
    without_credentials,
)
"""All but an answer with anything in it, which is `answered`."""

"""What becomes of a call to AWS that fails."""

import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

from signet.errors import Reason, unavailable

_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{1,64}")

_NO_ANSWER = (AttributeError, LookupError, TypeError, ValueError)
"""What an answer raises that is none of the service."""


class AwsError(Exception):
    """AWS answered with an error; `response` is as botocore's ClientError has it. The text names nothing of it."""

    def __init__(self, response: Mapping[str, Any]) -> None:
        super().__init__("AWS answered with an error")
        self.response = response


class AwsUnreachable(Exception):
    """AWS was not asked, or did not answer. `name` is botocore's of the same failure."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def answered() -> tuple[type[AwsError], ...]:
    """The exceptions of an error that AWS answered with, for `except`.

    Botocore's, which has the same `response`, is among them where it is in use; nothing imports it to ask.
    """
    botocore = sys.modules.get("botocore.exceptions")
    # a ClientError has of an AwsError what is used of one: `response`
    return cast("tuple[type[AwsError], ...]", (AwsError, *([botocore.ClientError] if botocore else [])))


@contextmanager
def calling(operation: str, reason: Reason) -> Iterator[None]:
    """Turn a failure of AWS into temporarily_unavailable; the log gets the operation, AWS's code and request id."""
    try:
        yield
    except answered() as error:
        raise unavailable(reason, f"{operation} {code(error)}{_request_id(error)}") from None
    except AwsUnreachable as error:
        raise unavailable(reason, f"{operation} {error.name}") from None
    except _no_answer() as error:
        raise unavailable(reason, f"{operation} {type(error).__name__}") from None


def code(error: AwsError) -> str:
    """AWS's name of the error, for example ResourceNotFoundException."""
    return str(error.response.get("Error", {}).get("Code", "Unknown"))


def _request_id(error: AwsError) -> str:
    """What AWS's support asks for, where the answer has one."""
    request_id = str(error.response.get("ResponseMetadata", {}).get("RequestId", ""))
    return f" {request_id}" if _REQUEST_ID.fullmatch(request_id) else ""


def _no_answer() -> tuple[type[Exception], ...]:
    """What is raised where AWS was not reached, or what answered was none of the service; botocore's where in use."""
    exceptions, parsers = (sys.modules.get(f"botocore.{name}") for name in ("exceptions", "parsers"))
    botocore = [exceptions.BotoCoreError] if exceptions else []
    return (*botocore, *([parsers.ResponseParserError] if parsers else []), *_NO_ANSWER)

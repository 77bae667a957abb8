"""What becomes of a call to AWS that fails."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from signet.errors import Reason, unavailable

_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{1,64}")

_NO_ANSWER = (ResponseParserError, AttributeError, LookupError, TypeError, ValueError)
"""What botocore's parsers raise over an answer that is none of the service."""


@contextmanager
def calling(operation: str, reason: Reason) -> Iterator[None]:
    """Turn a failure of AWS into temporarily_unavailable; the log gets the operation, AWS's code and request id."""
    try:
        yield
    except ClientError as error:
        raise unavailable(reason, f"{operation} {code(error)}{_request_id(error)}") from None
    except (BotoCoreError, *_NO_ANSWER) as error:
        raise unavailable(reason, f"{operation} {type(error).__name__}") from None


def code(error: ClientError) -> str:
    """AWS's name of the error, for example ResourceNotFoundException."""
    return str(error.response.get("Error", {}).get("Code", "Unknown"))


def _request_id(error: ClientError) -> str:
    """What AWS's support asks for, where the answer has one."""
    request_id = str(error.response.get("ResponseMetadata", {}).get("RequestId", ""))
    return f" {request_id}" if _REQUEST_ID.fullmatch(request_id) else ""

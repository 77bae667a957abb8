"""What becomes of a call to AWS that fails."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from signet.errors import Reason, unavailable

_NO_ANSWER = (ResponseParserError, AttributeError, LookupError, TypeError, ValueError)
"""What botocore's parsers raise over an answer that is none of the service."""


@contextmanager
def calling(operation: str, reason: Reason) -> Iterator[None]:
    """Turn a failure of AWS into temporarily_unavailable; the log gets the operation and AWS's error code alone."""
    try:
        yield
    except ClientError as error:
        raise unavailable(reason, f"{operation} {code(error)}") from None
    except (BotoCoreError, *_NO_ANSWER) as error:
        raise unavailable(reason, f"{operation} {type(error).__name__}") from None


def code(error: ClientError) -> str:
    """AWS's name of the error, for example ResourceNotFoundException."""
    return str(error.response.get("Error", {}).get("Code", "Unknown"))

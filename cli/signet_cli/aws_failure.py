"""What an operator is told when AWS does not do as asked."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    CredentialRetrievalError,
    HTTPClientError,
    InvalidRegionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    ReadTimeoutError,
    SSOError,
    TokenRetrievalError,
)
from botocore.exceptions import ConnectionError as NoConnectionError

from signet.errors import OAuthError, Reason
from signet_cli.mistake import Mistake
from signet_cli.stack import Location

_SIGN_IN = "sign in again (`aws sso login`, `aws configure`) or name another --profile"

_CREDENTIALS_REFUSED = {
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
_ACCESS_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}

_ANSWER_LOST = (ReadTimeoutError, ConnectionClosedError)

_ADVICE: tuple[tuple[tuple[type[BotoCoreError], ...], str], ...] = (
    ((ProfileNotFound,), "{error}: `aws configure list-profiles` names those there are"),
    ((NoRegionError, InvalidRegionError), "{error} Name the region of the stack by --region or AWS_DEFAULT_REGION"),
    (
        (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError),
        f"there are no AWS credentials to use ({{error}}): {_SIGN_IN}, or take --local",
    ),
    ((SSOError, TokenRetrievalError), f"the AWS sign-in has ended ({{error}}): {_SIGN_IN}"),
    (_ANSWER_LOST, "AWS did not answer ({error}): a change may have been made, look before trying again"),
    (
        (NoConnectionError, HTTPClientError),
        "AWS cannot be reached ({error}): check the network, the proxy settings and --region",
    ),
    ((BotoCoreError,), "AWS cannot be used: {error}"),
)
"""What is said of each kind of failure on the way to AWS; the first row that fits."""


@contextmanager
def aws_failures_told(location: Location) -> Iterator[None]:
    """Turns failures of AWS, met directly or behind the registry, into a Mistake that names what to do next."""
    try:
        yield
    except OAuthError as error:
        raise Mistake(_refused(error, location)) from error
    except (BotoCoreError, ClientError) as error:
        raise Mistake(_failed(error, location)) from error


def record_told(error: OAuthError) -> str:
    """A record that cannot be used."""
    if error.reason is Reason.CLIENT_RECORD_INVALID:
        return f"the stored client cannot be used ({error.detail}): take it out by `signet clients delete --yes`"
    return f"what is stored cannot be used ({error.detail}): restore the item from a backup"


def _refused(error: OAuthError, location: Location) -> str:
    """A failure that the registry met; what AWS itself said stands behind it."""
    behind = error.__cause__ or error.__context__
    if isinstance(behind, BotoCoreError | ClientError):
        return _failed(behind, location)
    if error.reason in {Reason.CLIENT_RECORD_INVALID, Reason.RECORD_INVALID}:
        return record_told(error)
    return f"the registry does not answer ({error.detail or error.reason}): try again"


def _failed(error: BotoCoreError | ClientError, location: Location) -> str:
    if isinstance(error, ClientError):
        return _answered(error, location)
    if location.local and isinstance(error, NoConnectionError):
        return f"the embedded AWS is not there ({error}): start it by `signet serve`, or name its port by AWS_PORT"
    return next(advice for kinds, advice in _ADVICE if isinstance(error, kinds)).format(error=error)


def _answered(error: ClientError, location: Location) -> str:
    """AWS answered with an error."""
    code = error.response.get("Error", {}).get("Code", "")
    message = error.response.get("Error", {}).get("Message", "")
    operation = error.operation_name
    if operation == "DescribeStacks" and code == "ValidationError":
        place = "the embedded AWS" if location.local else "this account and region"
        return f"{place} has no stack {location.stack_name} ({message}): check --stack, --region and --profile"
    if code in _CREDENTIALS_REFUSED:
        return f"AWS does not accept the credentials ({code}): {_SIGN_IN}"
    if code in _ACCESS_DENIED:
        return f"AWS does not allow {operation}: {message or code}: take a --profile that may, or have it allowed"
    if code == "ResourceNotFoundException":
        return f"the registry table is gone ({code} from {operation}): deploy the stack again"
    return f"AWS answered {code} to {operation}: {message or 'try again'}"

"""A client that shows its secret: client_secret_basic and client_secret_post (RFC 6749 section 2.3.1)."""

from binascii import a2b_base64
from urllib.parse import unquote_plus

from signet.clientauth.credentials import Credentials
from signet.errors import OAuthError, Reason, invalid_request
from signet.http import HttpRequest
from signet.parameters import Parameters


def basic(request: HttpRequest, parameters: Parameters) -> Credentials | None:
    """Credentials of an `Authorization: Basic` header; both halves are form-encoded."""
    scheme, _, encoded = request.header("authorization").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, colon, client_secret = a2b_base64(encoded.strip(), strict_mode=True).decode().partition(":")
        credentials = Credentials(_form_decoded(client_id), _form_decoded(client_secret))
    except ValueError as error:  # binascii.Error and UnicodeDecodeError are such
        raise _malformed() from error
    if not colon or "\x00" in credentials.client_id + credentials.client_secret:
        raise _malformed()
    if parameters.get("client_id", credentials.client_id) != credentials.client_id:
        raise invalid_request(Reason.AUTHENTICATION_REPEATED, "The client_id differs from the Authorization header's.")
    return credentials


def post(request: HttpRequest, parameters: Parameters) -> Credentials | None:  # noqa: ARG001 - every method's signature
    """Credentials in the body."""
    if "client_secret" not in parameters:
        return None
    if "client_id" not in parameters:
        raise invalid_request(Reason.PARAMETER_MISSING, "The client_id parameter is missing.")
    return Credentials(parameters["client_id"], parameters["client_secret"])


def _form_decoded(half: str) -> str:
    return unquote_plus(half, errors="strict")


def _malformed() -> OAuthError:
    return invalid_request(Reason.AUTHENTICATION_MALFORMED, "The Authorization header is malformed.")

"""What can go wrong, in two voices: the code the client may know and the reason the operator needs."""

from collections.abc import Mapping
from enum import StrEnum


class ErrorCode(StrEnum):
    """Values of the `error` member.

    RFC 6749 sections 4.1.2.1 and 5.2, RFC 6750 section 3.1, RFC 8707 section 2, OpenID Connect Core section 3.1.2.6.
    """

    INVALID_REQUEST = "invalid_request"
    INVALID_CLIENT = "invalid_client"
    INVALID_GRANT = "invalid_grant"
    INVALID_SCOPE = "invalid_scope"
    INVALID_TARGET = "invalid_target"
    UNAUTHORIZED_CLIENT = "unauthorized_client"
    UNSUPPORTED_GRANT_TYPE = "unsupported_grant_type"
    ACCESS_DENIED = "access_denied"
    UNSUPPORTED_RESPONSE_TYPE = "unsupported_response_type"
    LOGIN_REQUIRED = "login_required"
    CONSENT_REQUIRED = "consent_required"
    INTERACTION_REQUIRED = "interaction_required"
    REQUEST_NOT_SUPPORTED = "request_not_supported"
    REQUEST_URI_NOT_SUPPORTED = "request_uri_not_supported"
    REGISTRATION_NOT_SUPPORTED = "registration_not_supported"
    UNMET_AUTHENTICATION_REQUIREMENTS = "unmet_authentication_requirements"
    INVALID_TOKEN = "invalid_token"  # noqa: S105 - RFC 6750's name of the error
    INSUFFICIENT_SCOPE = "insufficient_scope"
    SERVER_ERROR = "server_error"
    TEMPORARILY_UNAVAILABLE = "temporarily_unavailable"


class Reason(StrEnum):
    """Why a request was refused: the closed vocabulary of audit lines and metrics, never shown to a client."""

    METHOD_NOT_ALLOWED = "method_not_allowed"
    MALFORMED_EVENT = "malformed_event"
    BODY_TOO_LARGE = "body_too_large"
    MEDIA_TYPE_UNKNOWN = "media_type_unknown"
    BODY_MALFORMED = "body_malformed"
    PARAMETER_REPEATED = "parameter_repeated"
    PARAMETER_IN_QUERY = "parameter_in_query"
    PARAMETER_MALFORMED = "parameter_malformed"
    PARAMETER_MISSING = "parameter_missing"
    GRANT_TYPE_UNKNOWN = "grant_type_unknown"
    GRANT_TYPE_NOT_REGISTERED = "grant_type_not_registered"
    AUTHENTICATION_MISSING = "authentication_missing"
    AUTHENTICATION_MALFORMED = "authentication_malformed"
    AUTHENTICATION_REPEATED = "authentication_repeated"
    AUTHENTICATION_METHOD_NOT_REGISTERED = "authentication_method_not_registered"
    CLIENT_PUBLIC = "client_public"
    CLIENT_UNKNOWN = "client_unknown"
    CLIENT_SECRET_WRONG = "client_secret_wrong"  # noqa: S105 - a reason, not a secret
    SCOPE_MALFORMED = "scope_malformed"
    SCOPE_NOT_REGISTERED = "scope_not_registered"
    SCOPE_OF_ANOTHER_RESOURCE = "scope_of_another_resource"
    RESOURCE_NOT_REGISTERED = "resource_not_registered"
    REDIRECT_URI_NOT_REGISTERED = "redirect_uri_not_registered"
    RESPONSE_TYPE_UNKNOWN = "response_type_unknown"
    PARAMETER_UNSUPPORTED = "parameter_unsupported"
    CODE_CHALLENGE_MISSING = "code_challenge_missing"
    CODE_CHALLENGE_METHOD_UNKNOWN = "code_challenge_method_unknown"
    ACR_NOT_OFFERED = "acr_not_offered"
    NOT_LOGGED_IN = "not_logged_in"
    NOT_CONSENTED = "not_consented"
    CONSENT_DENIED = "consent_denied"
    COOKIES_MISSING = "cookies_missing"
    FORM_EXPIRED = "form_expired"
    PASSWORD_WRONG = "password_wrong"  # noqa: S105 - a reason
    USER_UNKNOWN = "user_unknown"
    THROTTLED = "throttled"
    TOKEN_MISSING = "token_missing"  # noqa: S105 - a reason
    TOKEN_INVALID = "token_invalid"  # noqa: S105 - a reason
    TOKEN_EXPIRED = "token_expired"  # noqa: S105 - a reason
    TOKEN_REVOKED = "token_revoked"  # noqa: S105 - a reason
    SCOPE_INSUFFICIENT = "scope_insufficient"
    ROUTE_UNKNOWN = "route_unknown"
    CODE_MALFORMED = "code_malformed"
    CODE_UNKNOWN = "code_unknown"
    CODE_OF_ANOTHER_CLIENT = "code_of_another_client"
    CODE_REPLAYED = "code_replayed"
    CODE_EXPIRED = "code_expired"
    CODE_VERIFIER_WRONG = "code_verifier_wrong"
    REDIRECT_URI_DIFFERS = "redirect_uri_differs"
    GRANT_UNKNOWN = "grant_unknown"
    REFRESH_TOKEN_REPLAYED = "refresh_token_replayed"  # noqa: S105 - a reason
    TOKEN_OF_ANOTHER_CLIENT = "token_of_another_client"  # noqa: S105 - a reason
    TOKEN_OF_ANOTHER_AUDIENCE = "token_of_another_audience"  # noqa: S105 - a reason
    CONSENT_REVOKED = "consent_revoked"
    SESSION_ENDED = "session_ended"
    GRANT_REVOKED = "grant_revoked"
    USER_DISABLED = "user_disabled"
    STORE_UNAVAILABLE = "store_unavailable"
    CLIENT_RECORD_INVALID = "client_record_invalid"
    RECORD_INVALID = "record_invalid"
    KEYRING_UNAVAILABLE = "keyring_unavailable"
    KEYRING_EMPTY = "keyring_empty"
    KEYRING_INVALID = "keyring_invalid"
    SIGNER_UNAVAILABLE = "signer_unavailable"
    KEY_SET_UNPUBLISHED = "key_set_unpublished"
    KEY_SET_INVALID = "key_set_invalid"
    KEY_SET_UNAVAILABLE = "key_set_unavailable"
    SETTINGS_INVALID = "settings_invalid"
    UNEXPECTED = "unexpected"


_STATUS = {ErrorCode.SERVER_ERROR: 500, ErrorCode.TEMPORARILY_UNAVAILABLE: 503}


class OAuthError(Exception):
    """A refused request.

    `description` is our own text, in the characters RFC 6749 section 5.2 allows, and never repeats input.
    `status` is the HTTP status, 400 where RFC 6749 names no other. `headers` go into the answer.
    `detail` is for the log alone: names of operations and error codes, never a value that was received. `decided` is
    what was certain by then (client_id, grant_type ...), for the same audit line.
    """

    def __init__(
        self,
        code: ErrorCode,
        reason: Reason,
        description: str,
        *,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
        detail: str | None = None,
    ) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.reason = reason
        self.description = description
        self.status = status or _STATUS.get(code, 400)
        self.headers = dict(headers or {})
        self.detail = detail
        self.decided: dict[str, str] = {}


def unavailable(reason: Reason, detail: str) -> OAuthError:
    """Something the service stands on has failed: 503; `detail` is for the log."""
    return OAuthError(
        ErrorCode.TEMPORARILY_UNAVAILABLE,
        reason,
        "The service cannot answer at the moment, try again.",
        headers={"Retry-After": "2"},
        detail=detail,
    )


def invalid_request(reason: Reason, description: str, *, status: int = 400) -> OAuthError:
    """The request is malformed (RFC 6749 section 5.2)."""
    return OAuthError(ErrorCode.INVALID_REQUEST, reason, description, status=status)

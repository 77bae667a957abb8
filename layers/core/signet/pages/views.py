"""What the pages show, already decided: no page asks a store or a protocol anything."""

from dataclasses import dataclass, field
from enum import StrEnum


class LoginError(StrEnum):
    """Why a sign-in did not succeed, as far as the person may know."""

    INCOMPLETE = "incomplete"
    WRONG_CREDENTIALS = "wrong_credentials"
    TOO_MANY_ATTEMPTS = "too_many_attempts"
    FORM_EXPIRED = "form_expired"


class PageError(StrEnum):
    """Why there is nothing but an error page to show."""

    UNKNOWN_CLIENT = "unknown_client"
    REDIRECT_URI_NOT_REGISTERED = "redirect_uri_not_registered"
    MALFORMED_REQUEST = "malformed_request"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    FORM_EXPIRED = "form_expired"
    COOKIES_NEEDED = "cookies_needed"
    TEMPORARILY_UNAVAILABLE = "temporarily_unavailable"
    UNEXPECTED = "unexpected"


@dataclass(frozen=True, slots=True)
class ClientView:
    """A client as people see it; the URIs are those of RFC 7591 section 2.

    `name` is its `client_name`, or its `client_id` where it has none.
    """

    name: str
    logo_uri: str | None = None
    policy_uri: str | None = None
    tos_uri: str | None = None
    client_uri: str | None = None


@dataclass(frozen=True, slots=True)
class ScopeView:
    """A scope that is asked for. `sentence`, in the page's language, is empty where nobody has described it.

    `new` says that the person has not allowed it to this client yet.
    """

    name: str
    sentence: str
    new: bool


@dataclass(frozen=True, slots=True)
class Form:
    """Where a page's form posts to, and the token that shows it to be ours."""

    action: str
    csrf: str = field(repr=False)


class AccountNotice(StrEnum):
    """What the account page has to say of the last button that was pressed."""

    APPLICATION_REMOVED = "application_removed"
    SESSION_ENDED = "session_ended"
    OTHER_SESSIONS_ENDED = "other_sessions_ended"
    CONFIRMED = "confirmed"
    NOTHING_DONE = "nothing_done"


@dataclass(frozen=True, slots=True)
class ApplicationView:
    """An application with access to the account; `since` in epoch seconds, `offline` as for the consent page."""

    client_id: str
    client: ClientView
    since: int
    scopes: tuple[ScopeView, ...]
    offline: bool
    form: Form


@dataclass(frozen=True, slots=True)
class SessionView:
    """A browser in which the person is signed in, since then, in epoch seconds; without a form it is this one."""

    sid: str
    user_agent: str
    since: int
    form: Form | None

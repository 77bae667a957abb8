"""What an authorization request still needs before it can be granted."""

from enum import StrEnum

from signet.authorize.visit import Visit
from signet.errors import ErrorCode, OAuthError, Reason
from signet.model.authorization import AuthorizationRequest
from signet.model.user import Consent


class Need(StrEnum):
    """The next step towards a code."""

    LOGIN = "login"
    ACCOUNT = "account"
    CONSENT = "consent"
    NOTHING = "nothing"


_MISSING = {
    Need.LOGIN: (ErrorCode.LOGIN_REQUIRED, Reason.NOT_LOGGED_IN, "The user is not logged in as the request demands."),
    Need.ACCOUNT: (ErrorCode.INTERACTION_REQUIRED, Reason.NOT_LOGGED_IN, "The user has to choose an account."),
    Need.CONSENT: (ErrorCode.CONSENT_REQUIRED, Reason.NOT_CONSENTED, "The user has not consented to what is asked."),
}


def need(visit: Visit, now: int) -> Need:
    """The first step that is missing, in the order in which a person meets them.

    With `prompt=none` nothing may be shown: raises OAuthError with the error OpenID Connect Core section 3.1.2.6 names.
    """
    found = _need(visit, now)
    if found is not Need.NOTHING and "none" in visit.request.prompt:
        raise OAuthError(*_MISSING[found])
    return found


def _need(visit: Visit, now: int) -> Need:
    request, session, user = visit.request, visit.session, visit.user
    if session is None or user is None or visit.is_over or not session.counts_for(user):
        return Need.LOGIN
    if "select_account" in request.prompt:
        return Need.ACCOUNT
    # 0 asks always, as prompt=login does, and not only once a second has passed (OpenID Connect Core section 3.1.2.1)
    too_old = request.max_age == 0 or (request.max_age is not None and now - session.auth_time > request.max_age)
    if too_old or "login" in request.prompt or request.required_sub not in {"", user.sub}:
        return Need.LOGIN
    return Need.CONSENT if _consent_missing(request, visit.consent) else Need.NOTHING


def _consent_missing(request: AuthorizationRequest, consent: Consent | None) -> bool:
    """Whether the user has to be asked.

    Anyone can pose as a public client, so what was once allowed to it is not reused silently (RFC 9700 section 4.14,
    OpenID Connect Core section 3.1.2.4) unless an operator has registered it as first-party.
    """
    if "consent" in request.prompt:
        return True
    if request.client.first_party:
        return False
    if request.client.is_public or consent is None or not consent.is_to(request.client):
        return True
    return not set(request.scope) <= set(consent.scope)

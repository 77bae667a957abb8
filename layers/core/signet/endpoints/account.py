"""The account page: which applications have access, where one is signed in, and an end to either."""

from collections.abc import Iterable
from dataclasses import dataclass

from signet.authorize import forms
from signet.endpoints.account_pages import AccountPages, proved
from signet.endpoints.browser import address, see_other
from signet.endpoints.login import Login
from signet.errors import Reason, invalid_request
from signet.http import HttpRequest, HttpResponse
from signet.model.access import Account, accesses
from signet.model.session import Session
from signet.model.user import Consent, User
from signet.pages.views import AccountNotice, LoginError
from signet.parameters import Parameters, body_parameters, query_parameters
from signet.people.exits import Exits
from signet.people.sessions import Sessions
from signet.ports import Audit, ClientStore, Clock, ConsentStore, SubjectListing

FRESH = 600
"""Seconds since the password was typed in which sessions elsewhere can be ended (OWASP ASVS 5.0 section 7.5.2)."""

_TARGETS = {"application": "client_id", "session": "sid", "other_sessions": "", "login": ""}
"""The forms, and the field of each that says what it is about."""


@dataclass(frozen=True, slots=True)
class AccountEndpoint:
    """Shows whoever is signed in what has access to their account, and takes it back; others sign in here first.

    Everything is looked for among what is the person's own, so no id that is posted can name anything of another's.
    """

    clients: ClientStore
    consents: ConsentStore
    listing: SubjectListing
    sessions: Sessions
    login: Login
    exits: Exits
    pages: AccountPages
    clock: Clock
    audit: Audit

    def __call__(self, http: HttpRequest) -> HttpResponse:
        """A page, or a 303 back to it. Raises OAuthError, which can only be shown."""
        fields = body_parameters(http) if http.method == "POST" else {}
        if http.method == "POST" and not http.cookies:
            raise invalid_request(Reason.COOKIES_MISSING, "The browser sends no cookies.")
        session = self.sessions.find(http.cookies.get(forms.SESSION, ""))
        user, consents = self.consents.of_user(session.sub) if session else (None, ())
        if session is None or user is None or not session.counts_for(user):
            return self._login(http, fields)
        if query_parameters(http).get("prompt") == "login" and not self._is_fresh(session):
            return self._login(http, fields, user, session)
        action = _action(http)
        if http.method == "POST":
            return self._posted(http, action, fields, user, session)
        return self._shown(http, action, user, session, consents)

    def _login(
        self, http: HttpRequest, fields: Parameters, user: User | None = None, session: Session | None = None
    ) -> HttpResponse:
        """The sign-in form and what comes of it; `user` and `session` are whose password is to be shown again."""
        action = _action(http, again=session is not None)
        if http.method != "POST":
            return self.pages.login(http, action, user.username if user else "")
        if not _proved(http, fields, action) or fields["form"] != "login":
            notice = forms.Notice(LoginError.FORM_EXPIRED, fields.get("username", ""))
            return see_other(action, forms.notice_cookie(notice))
        signed = self.login(http, fields, present=session)
        if isinstance(signed, forms.Notice):
            return see_other(action, forms.notice_cookie(signed))
        said = (forms.notice_cookie(forms.Notice(AccountNotice.CONFIRMED)),) if session else ()
        return see_other(_action(http), *signed.cookies, *said)

    def _is_fresh(self, session: Session) -> bool:
        return int(self.clock()) - session.auth_time <= FRESH

    def _shown(
        self, http: HttpRequest, action: str, user: User, session: Session, consents: Iterable[Consent]
    ) -> HttpResponse:
        now = int(self.clock())
        grants, found = self.listing.of_subject(user.sub, now)
        allowed = accesses(consents, [grant for grant in grants if grant.lives(now)], self.clients.get)
        account = Account(user, session, tuple(allowed), (session, *_others(found, user, session)))
        return self.pages.account(http, action, account)

    def _posted(self, http: HttpRequest, action: str, fields: Parameters, user: User, session: Session) -> HttpResponse:
        if fields.get("form") == "login":
            return see_other(action)  # signed in meanwhile, in another tab
        if not _proved(http, fields, action):
            self._record("form_refused", http, sub=user.sub, reason=str(Reason.FORM_EXPIRED))
            return _said(action, AccountNotice.NOTHING_DONE)
        if fields["form"] == "application":
            client_id = fields.get("client_id", "")
            revoked = self.exits.withdraw(user.sub, client_id, self.consents)
            self._record("consent_revoked", http, sub=user.sub, client_id=client_id, grant_ids=list(revoked) or None)
            return _said(action, AccountNotice.APPLICATION_REMOVED)
        if not self._is_fresh(session):
            return see_other(_action(http, again=True))
        _, found = self.listing.of_subject(user.sub, int(self.clock()))
        others = _others(found, user, session)
        if fields["form"] == "session":
            others = [other for other in others if other.sid == fields.get("sid")]
        for ended in others:
            revoked = self.exits.sign_out(ended)
            self._record("logout", http, sub=user.sub, sid=ended.sid, by=session.sid, grant_ids=list(revoked) or None)
        one = fields["form"] == "session"
        return _said(action, AccountNotice.SESSION_ENDED if one else AccountNotice.OTHER_SESSIONS_ENDED)

    def _record(self, event: str, http: HttpRequest, **fields: object) -> None:
        self.audit.record(event, request_id=http.request_id, source_ip=http.source_ip, **fields)


def _others(found: Iterable[Session], user: User, here: Session) -> list[Session]:
    """The user's sessions elsewhere, the newest first."""
    others = [session for session in found if session.counts_for(user) and session.digest != here.digest]
    return sorted(others, key=lambda session: -session.auth_time)


def _action(http: HttpRequest, *, again: bool = False) -> str:
    """Where the forms of this page post to: here, in the language that was asked for, to show the password `again`."""
    spoken = {name: value for name, value in query_parameters(http).items() if name == "ui_locales"}
    return address(http.path, {**spoken, **({"prompt": "login"} if again else {})})


def _proved(http: HttpRequest, fields: Parameters, action: str) -> bool:
    """Whether the form is ours, for this browser and session, and about what it says."""
    form = fields.get("form", "")
    if form not in _TARGETS:
        return False
    asked = action if form == "login" else proved(action, fields.get(_TARGETS[form], ""))
    return forms.is_ours(http, fields, asked)


def _said(action: str, notice: AccountNotice) -> HttpResponse:
    return see_other(action, forms.notice_cookie(forms.Notice(notice)))

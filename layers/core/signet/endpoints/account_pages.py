"""What a person is shown of their account: applications and sessions put into views, in their language."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from signet.authorize import forms
from signet.endpoints.browser import client_view, error_page, locale, sentence
from signet.endpoints.table import ENDPOINTS
from signet.errors import OAuthError
from signet.http import HttpRequest, HttpResponse
from signet.model.access import Access, Account
from signet.model.scope import ScopeCatalogue
from signet.model.session import Session
from signet.pages.pages import Pages
from signet.pages.views import (
    AccountNotice,
    ApplicationView,
    ClientView,
    Form,
    LoginError,
    ScopeView,
    SessionView,
)

_OUT = ENDPOINTS["end_session"].paths[0]


@dataclass(frozen=True, slots=True)
class AccountPages:
    """The pages of the account endpoint; `scopes` gives the catalogue that puts scopes into words."""

    pages: Pages
    scopes: Callable[[], ScopeCatalogue]

    def login(self, http: HttpRequest, action: str, signed_in_as: str = "") -> HttpResponse:
        """The sign-in form, with whatever notice the last try left; `signed_in_as` is who has to do it again."""
        key, new_key = forms.form_key(http)
        notice, notice_gone = forms.read_notice(http)
        error = LoginError(notice.message) if notice and notice.message in set(LoginError) else None
        page = self.pages.login(
            locale(http),
            Form(action, forms.csrf_token(key, "login", http.cookies.get(forms.SESSION, ""), action)),
            username=(notice.username if notice else "") or signed_in_as,
            error=error,
            retry_after=notice.retry_after if notice else None,
            signed_in_as=signed_in_as or None,
        )
        return replace(page, cookies=(*new_key, *notice_gone))

    def account(self, http: HttpRequest, action: str, account: Account) -> HttpResponse:
        """The account, with whatever notice the last button left."""
        key, new_key = forms.form_key(http)
        notice, notice_gone = forms.read_notice(http)
        session_id, language = http.cookies.get(forms.SESSION, ""), locale(http)

        def form(name: str, target: str = "") -> Form:
            return Form(action, forms.csrf_token(key, name, session_id, proved(action, target)))

        page = self.pages.account(
            language,
            account.user.username,
            applications=sorted(
                (self._application(access, language, form) for access in account.accesses),
                key=lambda application: application.client.name.casefold(),
            ),
            sessions=[_session(session, account.here, form) for session in account.sessions],
            sign_out=Form(_OUT, forms.csrf_token(key, forms.END_SESSION, session_id, _OUT)),
            others=form("other_sessions") if len(account.sessions) > 1 else None,
            notice=AccountNotice(notice.message) if notice and notice.message in set(AccountNotice) else None,
        )
        return replace(page, cookies=(*new_key, *notice_gone))

    def error(self, error: OAuthError, http: HttpRequest) -> HttpResponse:
        """The page of a refusal."""
        return error_page(self.pages, error, http)

    def _application(self, access: Access, language: str, form: Callable[[str, str], Form]) -> ApplicationView:
        catalogue = self.scopes()
        return ApplicationView(
            access.client_id,
            client_view(access.client) if access.client else ClientView(access.client_id),
            access.since,
            tuple(
                ScopeView(name, sentence(catalogue.get(name), language), new=False)
                for name in access.scope
                if name != "offline_access"
            ),
            offline="offline_access" in access.scope,
            form=form("application", access.client_id),
        )


def proved(action: str, target: str) -> str:
    """What a form's proof is bound to beside the session: where it posts to, and what it ends."""
    return f"{action}\n{target}"


def _session(session: Session, here: Session, form: Callable[[str, str], Form]) -> SessionView:
    this = session.digest == here.digest
    return SessionView(
        session.sid, session.user_agent, session.auth_time, None if this else form("session", session.sid)
    )

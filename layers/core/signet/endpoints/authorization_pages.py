"""What a person is shown on the way to a code: the request put into views, in their language."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from signet.authorize import forms
from signet.authorize.decide import Need
from signet.authorize.visit import Visit
from signet.endpoints.browser import client_view, error_page, locale, sentence
from signet.errors import OAuthError
from signet.http import HttpRequest, HttpResponse
from signet.model.authorization import AuthorizationRequest, AuthorizationResponse
from signet.model.scope import ScopeCatalogue
from signet.model.user import Consent
from signet.pages.destination import form_action, redirect_host
from signet.pages.pages import Pages
from signet.pages.views import Form, LoginError, ScopeView


@dataclass(frozen=True, slots=True)
class AuthorizationPages:
    """The pages of the authorization endpoint; `scopes` gives the catalogue that puts scopes into words."""

    pages: Pages
    scopes: Callable[[], ScopeCatalogue]

    def show(self, found: Need, visit: Visit) -> HttpResponse:
        """The form of the next step, with whatever notice the last one left."""
        http, request, action = visit.http, visit.request, visit.action
        key, new_key = forms.form_key(http)
        notice, notice_gone = forms.read_notice(http)
        form = Form(action, forms.csrf_token(key, str(found), http.cookies.get(forms.SESSION, ""), visit.asked))
        language, client = locale(http), client_view(request.client)
        host, sources = redirect_host(request.target.redirect_uri), form_action(request.target.redirect_uri)
        username = visit.user.username if visit.user else ""
        if found is Need.LOGIN:
            page = self.pages.login(
                language,
                form,
                client,
                host,
                username=(notice.username if notice else "") or request.login_hint or username,
                error=_login_error(notice),
                retry_after=notice.retry_after if notice else None,
                signed_in_as=username or None,
                form_action=sources,
            )
        elif found is Need.ACCOUNT:
            page = self.pages.choose_account(language, form, client, host, username=username, form_action=sources)
        else:
            page = self.pages.consent(
                language,
                form,
                client,
                host,
                username=username,
                scopes=self._scopes(request, visit.consent, language),
                offline="offline_access" in request.scope,
                form_action=sources,
            )
        return replace(page, cookies=(*page.cookies, *new_key, *notice_gone))

    def form_post(self, response: AuthorizationResponse, http: HttpRequest) -> HttpResponse:
        """The answer as a form that posts itself to the client."""
        return self.pages.form_post(response.target.redirect_uri, response.parameters, locale(http))

    def error(self, error: OAuthError, http: HttpRequest) -> HttpResponse:
        """The page of a refusal that nobody but the person in front may be told."""
        return error_page(self.pages, error, http)

    def asset(self, http: HttpRequest) -> HttpResponse:
        """The style sheet, the script or the icon."""
        found = self.pages.assets.asset(http.path, http.query, http.header("if-none-match"))
        return found or HttpResponse(404, {"Cache-Control": "no-store"})

    def _scopes(self, request: AuthorizationRequest, consent: Consent | None, language: str) -> list[ScopeView]:
        catalogue = self.scopes()
        allowed = consent.scope if consent else ()
        return [
            ScopeView(name, sentence(catalogue.get(name), language), new=name not in allowed)
            for name in request.scope
            if name != "offline_access"
        ]


def _login_error(notice: forms.Notice | None) -> LoginError | None:
    """The notice's message where it is one of the login page's; the cookie may say anything."""
    return LoginError(notice.message) if notice and notice.message in set(LoginError) else None

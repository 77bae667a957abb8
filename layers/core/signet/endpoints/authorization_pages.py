"""What a person is shown on the way to a code: the request put into views, in their language."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from signet.authorize import forms
from signet.authorize.decide import Need
from signet.authorize.visit import Visit
from signet.errors import OAuthError, Reason
from signet.http import HttpRequest, HttpResponse
from signet.model.authorization import AuthorizationRequest, AuthorizationResponse
from signet.model.client import Client
from signet.model.scope import Scope, ScopeCatalogue
from signet.model.user import Consent
from signet.pages.destination import form_action, redirect_host
from signet.pages.locales import choose_locale
from signet.pages.pages import Pages
from signet.pages.views import ClientView, Form, LoginError, PageError, ScopeView
from signet.parameters import query_parameters

_ERRORS = {
    Reason.CLIENT_UNKNOWN: PageError.UNKNOWN_CLIENT,
    Reason.REDIRECT_URI_NOT_REGISTERED: PageError.REDIRECT_URI_NOT_REGISTERED,
    Reason.METHOD_NOT_ALLOWED: PageError.METHOD_NOT_ALLOWED,
    Reason.COOKIES_MISSING: PageError.COOKIES_NEEDED,
    Reason.UNEXPECTED: PageError.UNEXPECTED,
}
"""Reasons that have a message of their own; of the rest one is told whether it was the request or the service."""


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
        locale, client = _locale(http), _client(request.client)
        host, sources = redirect_host(request.target.redirect_uri), form_action(request.target.redirect_uri)
        username = visit.user.username if visit.user else ""
        if found is Need.LOGIN:
            page = self.pages.login(
                locale,
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
            page = self.pages.choose_account(locale, form, client, host, username=username, form_action=sources)
        else:
            page = self.pages.consent(
                locale,
                form,
                client,
                host,
                username=username,
                scopes=self._scopes(request, visit.consent, locale),
                offline="offline_access" in request.scope,
                form_action=sources,
            )
        return replace(page, cookies=(*page.cookies, *new_key, *notice_gone))

    def form_post(self, response: AuthorizationResponse, http: HttpRequest) -> HttpResponse:
        """The answer as a form that posts itself to the client."""
        return self.pages.form_post(response.target.redirect_uri, response.parameters, _locale(http))

    def error(self, error: OAuthError, http: HttpRequest) -> HttpResponse:
        """The page of a refusal that nobody but the person in front may be told."""
        ours = PageError.TEMPORARILY_UNAVAILABLE if error.status >= 500 else PageError.MALFORMED_REQUEST
        page = self.pages.error(_locale(http), _ERRORS.get(error.reason, ours), http.request_id, error.status)
        return replace(page, headers={**page.headers, **error.headers})

    def asset(self, http: HttpRequest) -> HttpResponse:
        """The style sheet, the script or the icon."""
        found = self.pages.assets.asset(http.path, http.query, http.header("if-none-match"))
        return found or HttpResponse(404, {"Cache-Control": "no-store"})

    def _scopes(self, request: AuthorizationRequest, consent: Consent | None, locale: str) -> list[ScopeView]:
        catalogue = self.scopes()
        allowed = consent.scope if consent else ()
        return [
            ScopeView(name, _sentence(catalogue.get(name), locale), new=name not in allowed)
            for name in request.scope
            if name != "offline_access"
        ]


def _sentence(scope: Scope, locale: str) -> str:
    return scope.description.get(locale) or scope.description.get("en", "")


def _login_error(notice: forms.Notice | None) -> LoginError | None:
    """The notice's message where it is one of the login page's; the cookie may say anything."""
    return LoginError(notice.message) if notice and notice.message in set(LoginError) else None


def _client(client: Client) -> ClientView:
    name = client.client_name or client.client_id
    return ClientView(name, client.logo_uri, client.policy_uri, client.tos_uri, client.client_uri)


def _locale(http: HttpRequest) -> str:
    """`ui_locales` of the request, then the browser's languages; a request that cannot be read still has a page."""
    try:
        ui_locales = query_parameters(http).get("ui_locales", "")
    except OAuthError:
        ui_locales = ""
    return choose_locale(ui_locales, http.header("accept-language"))

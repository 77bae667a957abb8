"""What the endpoints that people look at have in common: addresses, redirects, languages, and the page of an error."""

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlencode

from signet.errors import OAuthError, Reason, invalid_request
from signet.http import HttpRequest, HttpResponse
from signet.model.client import Client
from signet.model.scope import Scope
from signet.pages.locales import choose_locale
from signet.pages.pages import Pages
from signet.pages.views import ClientView, PageError
from signet.parameters import Parameters, query_parameters

_LONGEST_LOCATION = 8_000
"""Characters of an address that every hop still takes; API Gateway bounds all headers of an answer to 10 KB."""

_ERRORS = {
    Reason.CLIENT_UNKNOWN: PageError.UNKNOWN_CLIENT,
    Reason.REDIRECT_URI_NOT_REGISTERED: PageError.REDIRECT_URI_NOT_REGISTERED,
    Reason.METHOD_NOT_ALLOWED: PageError.METHOD_NOT_ALLOWED,
    Reason.COOKIES_MISSING: PageError.COOKIES_NEEDED,
    Reason.UNEXPECTED: PageError.UNEXPECTED,
}
"""Reasons that have a message of their own; of the rest one is told whether it was the request or the service."""


def address(path: str, parameters: Mapping[str, str]) -> str:
    """A path on this server with its parameters, in one spelling."""
    return f"{path}?{urlencode(parameters)}" if parameters else path


def see_other(location: str, *cookies: str) -> HttpResponse:
    """303: the browser follows by GET and sends no form along (RFC 9700 section 4.12)."""
    return HttpResponse(
        303, {"Location": location, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}, "", cookies
    )


def by_get(http: HttpRequest, parameters: Parameters) -> HttpResponse:
    """A client's request by POST, which brings none of our cookies along: the same by GET, where it fits."""
    location = address(http.path, parameters)
    if len(location) > _LONGEST_LOCATION:
        raise invalid_request(Reason.BODY_TOO_LARGE, "The request is too long.")
    return see_other(location)


def locale(http: HttpRequest) -> str:
    """`ui_locales` of the request, then the browser's languages; a request that cannot be read still has a page."""
    try:
        ui_locales = query_parameters(http).get("ui_locales", "")
    except OAuthError:
        ui_locales = ""
    return choose_locale(ui_locales, http.header("accept-language"))


def client_view(client: Client) -> ClientView:
    """A client as people see it."""
    name = client.client_name or client.client_id
    return ClientView(name, client.logo_uri, client.policy_uri, client.tos_uri, client.client_uri)


def sentence(scope: Scope, language: str) -> str:
    """What a scope allows, in words; empty where nobody has described it."""
    return scope.description.get(language) or scope.description.get("en", "")


def error_page(pages: Pages, error: OAuthError, http: HttpRequest) -> HttpResponse:
    """The page of a refusal that nobody but the person in front may be told."""
    ours = PageError.TEMPORARILY_UNAVAILABLE if error.status >= 500 else PageError.MALFORMED_REQUEST
    page = pages.error(locale(http), _ERRORS.get(error.reason, ours), http.request_id, error.status)
    return replace(page, headers={**page.headers, **error.headers})

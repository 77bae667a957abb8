"""The pages: sign in, choose an account, consent, account, sign out, signed out, error, and form_post's way back."""

from collections.abc import Iterable, Mapping

from markupsafe import Markup

from signet.http import HttpResponse
from signet.pages.assets import Assets
from signet.pages.dates import date, moment
from signet.pages.destination import form_action as destination_sources
from signet.pages.destination import redirect_host as destination_host
from signet.pages.destination import web
from signet.pages.headers import page_headers
from signet.pages.rendering import environment
from signet.pages.theme import Theme
from signet.pages.user_agent import browser
from signet.pages.views import (
    AccountNotice,
    ApplicationView,
    ClientView,
    Form,
    LoginError,
    PageError,
    ScopeView,
    SessionView,
)
from signet.pages.wording import Wording, wording

_AT_FAULT = {PageError.UNKNOWN_CLIENT: "client_id", PageError.REDIRECT_URI_NOT_REGISTERED: "redirect_uri"}
"""The parameter that an application's developer has to look at."""


class Pages:
    """Every page in a theme. `locale` is one of locales.LOCALES.

    A page with a form takes in `form_action` what `destination.form_action` says of the redirect URI, since its form
    may end there.
    """

    def __init__(self, theme: Theme) -> None:
        self.assets = Assets(theme)
        self._templates = environment()
        self._templates.globals.update(theme=theme, asset=self.assets.href, isolated=isolated, code=code, web=web)
        self._templates.globals.update(date=date, moment=moment, browser=browser)
        for template in ("base.html", "parts.html", "login.html"):  # where Lambda gives most CPU, at INIT
            self._templates.get_template(template)

    def login(
        self,
        locale: str,
        form: Form,
        client: ClientView | None = None,
        redirect_host: str = "",
        *,
        username: str = "",
        error: LoginError | None = None,
        retry_after: int | None = None,
        signed_in_as: str | None = None,
        form_action: tuple[str, ...] = (),
    ) -> HttpResponse:
        """The sign-in form: fields `form=login`, `csrf`, `username`, `password`.

        Without a client it is the account page that they sign in to.
        `username` fills the field. `signed_in_as`: whose session asks for the password again. `retry_after`, in
        seconds, goes with TOO_MANY_ATTEMPTS. Status 200, 400 with an error, 429 with that one (RFC 6585 section 4).
        """
        throttled = error is LoginError.TOO_MANY_ATTEMPTS
        response = self._form_page(
            "login.html",
            locale,
            form_action,
            status=429 if throttled else 400 if error else 200,
            form=form,
            client=client,
            redirect_host=redirect_host,
            username=username,
            error=error,
            wait=_wait(wording(locale), retry_after or 0),
            signed_in_as=signed_in_as,
        )
        if not throttled:
            return response
        return HttpResponse(response.status, {**response.headers, "Retry-After": str(retry_after or 0)}, response.body)

    def choose_account(
        self,
        locale: str,
        form: Form,
        client: ClientView,
        redirect_host: str,
        *,
        username: str,
        form_action: tuple[str, ...] = (),
    ) -> HttpResponse:
        """Which account it shall be (`prompt=select_account`): `form=account`, `csrf`, `account=current|other`."""
        return self._form_page(
            "choose_account.html",
            locale,
            form_action,
            form=form,
            client=client,
            redirect_host=redirect_host,
            username=username,
        )

    def consent(
        self,
        locale: str,
        form: Form,
        client: ClientView,
        redirect_host: str,
        *,
        username: str,
        scopes: Iterable[ScopeView],
        offline: bool,
        form_action: tuple[str, ...] = (),
    ) -> HttpResponse:
        """What the client asks for: `form=consent`, `csrf`, `decision=allow|deny|other_account`.

        `offline` says in its own words what `offline_access` would; leave that out of `scopes`.
        """
        asked = tuple(scopes)
        new = [scope for scope in asked if scope.new]
        return self._form_page(
            "consent.html",
            locale,
            form_action,
            form=form,
            client=client,
            redirect_host=redirect_host,
            username=username,
            scopes=new or asked,
            known=[scope for scope in asked if not scope.new] if new else [],
            offline=offline,
        )

    def error(self, locale: str, error: PageError, request_id: str, status: int = 400) -> HttpResponse:
        """What went wrong, in words; `request_id` is what an operator finds the log line by, or empty."""
        return self._page(
            "error.html",
            locale,
            page_headers(locale),
            status,
            error=error,
            parameter=_AT_FAULT.get(error, ""),
            request_id=request_id,
        )

    def account(
        self,
        locale: str,
        username: str,
        *,
        applications: Iterable[ApplicationView],
        sessions: Iterable[SessionView],
        sign_out: Form,
        others: Form | None = None,
        notice: AccountNotice | None = None,
    ) -> HttpResponse:
        """What has access to the account, and an end to it.

        Forms, each with `csrf`: `application` with `client_id`, `session` with `sid`, `other_sessions`; and the one of
        the page `sign_out`.
        """
        return self._page(
            "account.html",
            locale,
            page_headers(locale, form_action=("'self'",)),
            username=username,
            applications=tuple(applications),
            sessions=tuple(sessions),
            sign_out=sign_out,
            others=others,
            notice=notice,
        )

    def sign_out(
        self,
        locale: str,
        form: Form,
        client: ClientView | None = None,
        redirect_host: str = "",
        *,
        username: str = "",
        form_action: tuple[str, ...] = (),
    ) -> HttpResponse:
        """Whether to sign out: `form=end_session`, `csrf`, `decision=sign_out|stay`."""
        return self._form_page(
            "sign_out.html",
            locale,
            form_action,
            form=form,
            client=client,
            redirect_host=redirect_host,
            username=username,
        )

    def signed_out(self, locale: str, client: ClientView | None = None, return_to: str | None = None) -> HttpResponse:
        """That the session has ended, with a link where the client has a page of its own for that."""
        return self._page("signed_out.html", locale, page_headers(locale), client=client, return_to=web(return_to))

    def form_post(self, redirect_uri: str, parameters: Mapping[str, str], locale: str) -> HttpResponse:
        """The authorization response as a form (OAuth 2.0 Form Post Response Mode section 2).

        A script of ours sends it, or the person does. Raises ValueError for a redirect URI no client may have.
        """
        headers = page_headers(locale, form_action=("https:", *destination_sources(redirect_uri)), script=True)
        return self._page(
            "form_post.html",
            locale,
            headers,
            redirect_uri=redirect_uri,
            redirect_host=destination_host(redirect_uri),
            parameters=parameters,
        )

    def _form_page(
        self, template: str, locale: str, form_action: tuple[str, ...], status: int = 200, **values: object
    ) -> HttpResponse:
        """A page whose form posts to us and then, by our redirect, to the client."""
        headers = page_headers(locale, form_action=("'self'", "https:", *form_action))
        return self._page(template, locale, headers, status, **values)

    def _page(
        self, template: str, locale: str, headers: Mapping[str, str], status: int = 200, **values: object
    ) -> HttpResponse:
        body = self._templates.get_template(template).render(t=wording(locale), **values)
        return HttpResponse(status, headers, body)


def isolated(text: str) -> Markup:
    """Someone else's words among ours: their direction and their control characters end where they end."""
    return Markup("<bdi>{}</bdi>").format(text)


def code(text: str) -> Markup:
    """A word that is for machines."""
    return Markup('<code dir="ltr">{}</code>').format(text)


def _wait(text: Wording, seconds: int) -> Markup:
    """How long to wait: never less than it is, and never one of something, which every language says differently."""
    if seconds <= 90:
        return text("login.wait.seconds", count=max(-(-seconds // 5) * 5, 5))
    return text("login.wait.minutes", count=-(-seconds // 60))

"""The end session endpoint (OpenID Connect RP-Initiated Logout 1.0).

Like an authorization request a logout request lives in the URL: each step validates it again.
"""

from dataclasses import dataclass, replace

from signet.authorize import forms
from signet.endpoints.browser import address, by_get, client_view, error_page, locale, see_other
from signet.endpoints.table import ENDPOINTS
from signet.errors import OAuthError, Reason, invalid_request
from signet.http import HttpRequest, HttpResponse
from signet.model.client import CLIENT_ID, Client
from signet.model.logout import LogoutRequest, PostLogoutTarget
from signet.model.session import Session
from signet.model.user import User
from signet.pages.destination import form_action, redirect_host
from signet.pages.pages import Pages
from signet.pages.views import Form
from signet.parameters import Parameters, body_parameters, is_text, query_parameters
from signet.people.exits import Exits
from signet.people.sessions import living
from signet.ports import Audit, ClientStore, Clock, SessionStore, UserStore
from signet.tokens.inspect import Inspector


@dataclass(frozen=True, slots=True)
class EndSessionEndpoint:
    """Signs a person out: at once where the client shows an ID token of this session, else once they have said so."""

    clients: ClientStore
    users: UserStore
    sessions: SessionStore
    exits: Exits
    inspector: Inspector
    pages: Pages
    clock: Clock
    audit: Audit

    def __call__(self, http: HttpRequest) -> HttpResponse:
        """A page or a 303. Raises OAuthError, which can only be shown."""
        fields = body_parameters(http) if http.method == "POST" else {}
        if http.method == "POST" and "form" not in fields:
            return by_get(http, fields)
        if fields and not http.cookies:
            raise invalid_request(Reason.COOKIES_MISSING, "The browser sends no cookies.")
        parameters = query_parameters(http)
        request = self._request(parameters, http)
        session = living(self.sessions, http.cookies.get(forms.SESSION, ""), int(self.clock()))
        if session is None:
            return self._left(request, http)
        if http.method == "POST":
            return self._posted(request, session, parameters, fields, http)
        user = self.users.get(session.sub)
        if request.speaks_for(session, user):
            self._sign_out(request, session, http)
            return self._left(request, http)
        return self._asked(request, user, parameters, http)

    def error(self, error: OAuthError, http: HttpRequest) -> HttpResponse:
        """The page of a refusal."""
        return error_page(self.pages, error, http)

    def _request(self, parameters: Parameters, http: HttpRequest) -> LogoutRequest:
        """What of the request can be relied on; the rest counts as not sent (section 4), and is put on record."""
        state = parameters.get("state", "")
        if not is_text(state):
            raise invalid_request(Reason.PARAMETER_MALFORMED, "The state parameter is too long or malformed.")
        hint = self._hint(parameters, http)
        client = None if hint is None else self._client(str(hint["aud"]) if hint else parameters.get("client_id", ""))
        wanted = parameters.get("post_logout_redirect_uri", "")
        allowed = client is not None and wanted in client.post_logout_redirect_uris
        if wanted and not allowed:
            self._refused(Reason.REDIRECT_URI_NOT_REGISTERED, client, http)
        return LogoutRequest(
            client=client,
            target=PostLogoutTarget(wanted, state) if allowed else None,
            sub=str(hint["sub"]) if hint and client else "",
            sid=str(hint.get("sid", "")) if hint and client else "",
            logout_hint=parameters.get("logout_hint", "")[:256],
            astray=bool(wanted) and not allowed,
        )

    def _hint(self, parameters: Parameters, http: HttpRequest) -> dict[str, object] | None:
        """The claims of the `id_token_hint`, empty where none was sent, None where one was that cannot be relied on.

        It may have expired, and be signed by a key that is published no more.
        """
        if "id_token_hint" not in parameters:
            return {}
        try:
            return self.inspector.id_token(parameters["id_token_hint"], parameters.get("client_id"))
        except OAuthError as error:
            if error.status >= 500:
                raise
            self._refused(error.reason, None, http)
            return None

    def _client(self, client_id: str) -> Client | None:
        return self.clients.get(client_id) if CLIENT_ID.fullmatch(client_id) else None

    def _asked(
        self, request: LogoutRequest, user: User | None, parameters: Parameters, http: HttpRequest
    ) -> HttpResponse:
        """The page that asks whether to sign out."""
        key, new_key = forms.form_key(http)
        action = address(http.path, parameters)
        proof = forms.csrf_token(key, forms.END_SESSION, http.cookies.get(forms.SESSION, ""), action)
        target = request.target.post_logout_redirect_uri if request.target else ""
        page = self.pages.sign_out(
            locale(http),
            Form(action, proof),
            client_view(request.client) if request.client else None,
            redirect_host(target) if target else "",
            username=user.username if user else "",
            form_action=form_action(target) if target else (),
        )
        return replace(page, cookies=new_key)

    def _posted(
        self, request: LogoutRequest, session: Session, parameters: Parameters, fields: Parameters, http: HttpRequest
    ) -> HttpResponse:
        action = address(http.path, parameters)
        if fields["form"] != forms.END_SESSION or not forms.is_ours(http, fields, action):
            self._record("form_refused", request, http, reason=str(Reason.FORM_EXPIRED))
            return see_other(action)
        if fields.get("decision") != "sign_out":
            return see_other(ENDPOINTS["account"].paths[0])
        self._sign_out(request, session, http)
        if request.target:
            return self._left(request, http)
        kept = {"client_id": request.client.client_id} if request.client else {}
        spoken = {name: value for name, value in parameters.items() if name == "ui_locales"}
        return see_other(address(http.path, {**kept, **spoken}), forms.no_session())

    def _sign_out(self, request: LogoutRequest, session: Session, http: HttpRequest) -> None:
        revoked = self.exits.sign_out(session)
        self._record("logout", request, http, sub=session.sub, sid=session.sid, grant_ids=list(revoked) or None)

    def _left(self, request: LogoutRequest, http: HttpRequest) -> HttpResponse:
        """Nobody is signed in here any more: on to where the client wants them, or the page that says so."""
        cookies = (forms.no_session(),) if forms.SESSION in http.cookies else ()
        if request.target:
            return see_other(request.target.location(), *cookies)
        client = client_view(request.client) if request.client else None
        page = self.pages.signed_out(locale(http), client, client.client_uri if client else None)
        return replace(page, cookies=cookies)

    def _refused(self, reason: Reason, client: Client | None, http: HttpRequest) -> None:
        """Put on record what the request had that is not relied on."""
        self._record("logout_parameter_refused", LogoutRequest(client), http, reason=str(reason))

    def _record(self, event: str, request: LogoutRequest, http: HttpRequest, **fields: object) -> None:
        self.audit.record(
            event,
            client_id=request.client.client_id if request.client else None,
            request_id=http.request_id,
            source_ip=http.source_ip,
            **fields,
        )

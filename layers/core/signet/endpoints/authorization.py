"""The authorization endpoint (RFC 6749 section 3.1, OpenID Connect Core section 3.1.2).

The request lives in the URL. Every step validates it again, and the session only says who is logged in: there is no
interaction record that a second tab, the back button or a late form could lose.
"""

from dataclasses import dataclass, replace

from signet.authorize import forms
from signet.authorize.decide import Need, need
from signet.authorize.request import authorization_request, redirect_target
from signet.authorize.visit import Visit
from signet.endpoints.authorization_pages import AuthorizationPages
from signet.endpoints.browser import address, by_get, see_other
from signet.endpoints.login import Login
from signet.errors import ErrorCode, OAuthError, Reason, invalid_request
from signet.http import HttpRequest, HttpResponse
from signet.model.authorization import AuthorizationRequest, AuthorizationResponse, RedirectTarget
from signet.model.client import Client
from signet.model.grant import Code, Grant, new_grant_id
from signet.model.session import Session
from signet.model.user import Consent, User
from signet.pages.views import LoginError
from signet.parameters import Parameters, body_parameters, query_parameters
from signet.people.sessions import Sessions
from signet.ports import Audit, ClientStore, Clock, ConsentStore, GrantStore, StandingStore
from signet.settings import Settings
from signet.tokens.inspect import Inspector

CODE_LIFETIME = 60
"""Seconds in which a code must be redeemed (RFC 6749 section 4.1.2 allows ten minutes)."""

_RECORD_LIFETIME = 600
"""Seconds that the record of a code nobody redeems is kept, so that a late use is told from an unknown one."""


@dataclass(frozen=True, slots=True)
class AuthorizationEndpoint:
    """Answers authorization requests with a page, or with a redirect back to the client."""

    settings: Settings
    clients: ClientStore
    sessions: Sessions
    login: Login
    consents: ConsentStore
    standings: StandingStore
    grants: GrantStore
    inspector: Inspector
    pages: AuthorizationPages
    clock: Clock
    audit: Audit

    def __call__(self, http: HttpRequest) -> HttpResponse:
        """A page or a 303. Raises OAuthError only where nobody but the person in front may be told."""
        fields = body_parameters(http) if http.method == "POST" else {}
        if http.method == "POST" and "form" not in fields:
            return by_get(http, fields)
        if fields and not http.cookies:
            raise invalid_request(Reason.COOKIES_MISSING, "The browser sends no cookies.")
        parameters = query_parameters(http)
        client, target = redirect_target(parameters, self.clients, self.settings.issuer)
        try:
            request = authorization_request(
                parameters, client, target, self._sub_of_hint, self.settings.default_audience
            )
            self._check_resources(request)
            visit = self._visit(http, request, address(http.path, parameters))
            if http.method == "POST":
                return self._posted(visit, parameters, fields)
            return self._shown(visit)
        except OAuthError as error:
            if error.status >= 500 and parameters.get("prompt") != "none":
                raise
            return self._refused(error, client, target, http)

    def _check_resources(self, request: AuthorizationRequest) -> None:
        """A scope that belongs to one resource is not asked for at another."""
        audience = request.audience or request.client.audience or (self.settings.default_audience,)
        catalogue = self.pages.scopes()
        if any(catalogue.get(name).resource not in {None, *audience} for name in request.scope):
            raise OAuthError(
                ErrorCode.INVALID_TARGET, Reason.SCOPE_OF_ANOTHER_RESOURCE, "A scope belongs to another resource."
            )

    def _visit(self, http: HttpRequest, request: AuthorizationRequest, action: str) -> Visit:
        session = self.sessions.find(http.cookies.get(forms.SESSION, ""))
        if session is None:
            return Visit(http, request, action)
        standing = self.standings.get(session.sub, request.client.client_id, session.sid)
        over = standing.is_over(session.auth_time)
        return Visit(http, request, action, session, standing.user, standing.consent, over)

    def _shown(self, visit: Visit) -> HttpResponse:
        """The page of the next need, or the grant where there is none."""
        found = need(visit, int(self.clock()))
        if found is Need.NOTHING and visit.session and visit.user:
            return self._granted(visit, visit.session, visit.user)
        return self.pages.show(found, visit)

    def _posted(self, visit: Visit, parameters: Parameters, fields: Parameters) -> HttpResponse:
        if not forms.is_ours(visit.http, fields, visit.asked):
            self._record("form_refused", visit, reason=str(Reason.FORM_EXPIRED))
            return self._again(visit, forms.Notice(LoginError.FORM_EXPIRED, fields.get("username", "")))
        if fields["form"] == "login":
            return self._login(visit, parameters, fields)
        if fields["form"] == "account":
            return self._account(visit, parameters, fields)
        if fields["form"] == "consent":
            return self._consent(visit, parameters, fields)
        raise invalid_request(Reason.PARAMETER_MALFORMED, "The form is unknown.")

    def _login(self, visit: Visit, parameters: Parameters, fields: Parameters) -> HttpResponse:
        """Check name and password, and go on as whoever has signed in."""
        present = visit.session if visit.session and visit.session.counts_for(visit.user) else None
        signed = self.login(visit.http, fields, visit.request.client.client_id, present=present)
        if isinstance(signed, forms.Notice):
            return self._again(visit, signed)
        if visit.request.required_sub not in {"", signed.user.sub}:
            # somebody else: an error is due, not the same page for ever (OpenID Connect Core section 3.1.2.1)
            error = OAuthError(ErrorCode.LOGIN_REQUIRED, Reason.NOT_LOGGED_IN, "Another user has logged in.")
            refused = self._refused(error, visit.request.client, visit.request.target, visit.http)
            return replace(refused, cookies=signed.cookies)
        # the login has just met these demands; left in the URL they would ask for it again and again
        return see_other(_without(visit.http, parameters, {"login", "select_account"}, {"max_age"}), *signed.cookies)

    def _again(self, visit: Visit, notice: forms.Notice) -> HttpResponse:
        """The same step once more, with a word about the last try."""
        return see_other(visit.action, forms.notice_cookie(notice))

    def _account(self, visit: Visit, parameters: Parameters, fields: Parameters) -> HttpResponse:
        """Go on with the account that is logged in, or log in with another."""
        if fields.get("account") == "other":
            return see_other(_without(visit.http, parameters, {"select_account"}, set(), {"login"}))
        return see_other(_without(visit.http, parameters, {"select_account"}, set()))

    def _consent(self, visit: Visit, parameters: Parameters, fields: Parameters) -> HttpResponse:
        """What was shown is what is granted: the proof binds the form to this URL and this session."""
        now = int(self.clock())
        found = need(visit, now)
        if found not in {Need.CONSENT, Need.NOTHING} or visit.session is None or visit.user is None:
            return see_other(visit.action)
        client_id = visit.request.client.client_id
        if fields.get("decision") == "other_account":
            return see_other(_without(visit.http, parameters, set(), set(), {"login"}))
        if fields.get("decision") != "allow":
            self._record("consent_denied", visit, sub=visit.user.sub)
            denied = OAuthError(ErrorCode.ACCESS_DENIED, Reason.CONSENT_DENIED, "The user denied the request.")
            return self._refused(denied, visit.request.client, visit.request.target, visit.http)
        before = visit.consent if visit.consent and visit.consent.is_to(visit.request.client) else None
        scope = tuple(dict.fromkeys((*(before.scope if before else ()), *visit.request.scope)))
        granted_at = before.granted_at if before else now
        consent = Consent(visit.user.sub, client_id, scope, granted_at=granted_at, updated_at=now)
        if not self.consents.put(consent, visit.consent):
            return see_other(visit.action)  # changed in another window, or taken back, a moment ago: as it is now
        self._record("consent_granted", visit, sub=visit.user.sub, scope=" ".join(visit.request.scope))
        return self._granted(visit, visit.session, visit.user)

    def _granted(self, visit: Visit, session: Session, user: User) -> HttpResponse:
        request, now = visit.request, int(self.clock())
        code = Code.new(new_grant_id())
        grant = Grant(
            grant_id=code.grant_id,
            client_id=request.client.client_id,
            sub=user.sub,
            redirect_uri=request.target.redirect_uri,
            scope=request.scope,
            auth_time=session.auth_time,
            acr=session.acr,
            amr=session.amr,
            sid=session.sid,
            nonce=request.nonce,
            code_challenge=request.code_challenge,
            audience=request.audience,
            claims={"id_token": list(request.id_token_claims)} if request.id_token_claims else {},
            code_digest=code.digest(),
            code_expires_at=now + CODE_LIFETIME,
            expires_at=now + _RECORD_LIFETIME,
            created_at=now,
        )
        self.grants.create(grant)
        self._record("code_issued", visit, sub=user.sub, grant_id=grant.grant_id, scope=" ".join(grant.scope))
        return self._answer(request.target.with_code(code.wire()), visit.http)

    def _refused(self, error: OAuthError, client: Client, target: RedirectTarget, http: HttpRequest) -> HttpResponse:
        self.audit.record(
            "request_refused",
            endpoint="authorization",
            client_id=client.client_id,
            error=str(error.code),
            reason=str(error.reason),
            detail=error.detail,
            request_id=http.request_id,
            source_ip=http.source_ip,
        )
        return self._answer(target.with_error(error.code, error.description), http)

    def _answer(self, response: AuthorizationResponse, http: HttpRequest) -> HttpResponse:
        """By redirect, or by a form that posts itself (OAuth 2.0 Form Post Response Mode)."""
        if response.target.response_mode == "form_post":
            return self.pages.form_post(response, http)
        return see_other(response.location())

    def _sub_of_hint(self, id_token_hint: str, client: Client) -> str:
        try:
            return str(self.inspector.id_token(id_token_hint, client.client_id)["sub"])
        except OAuthError as error:
            if error.status >= 500:
                raise
            raise invalid_request(
                Reason.TOKEN_INVALID, "The id_token_hint is not an ID token of this client."
            ) from None

    def _record(self, event: str, visit: Visit, **fields: str | None) -> None:
        self.audit.record(
            event,
            client_id=visit.request.client.client_id,
            request_id=visit.http.request_id,
            source_ip=visit.http.source_ip,
            **fields,
        )


def _without(
    http: HttpRequest,
    parameters: Parameters,
    prompts: set[str],
    names: set[str],
    instead: frozenset[str] | set[str] = frozenset(),
) -> str:
    """The same request with those values of `prompt`, and those parameters, taken out."""
    rest = {name: value for name, value in parameters.items() if name not in {*names, "prompt"}}
    prompt = " ".join(sorted((set(parameters.get("prompt", "").split()) - prompts) | instead))
    return address(http.path, {**rest, **({"prompt": prompt} if prompt else {})})

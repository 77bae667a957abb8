"""The sign-in form as it comes back, wherever it was shown."""

from dataclasses import dataclass

from signet.authorize import forms
from signet.http import HttpRequest
from signet.model.session import Session
from signet.model.user import User
from signet.pages.views import LoginError
from signet.parameters import Parameters
from signet.people.sessions import Sessions
from signet.people.sign_in import Refusal, SignIn
from signet.ports import Audit


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who has just signed in, and the cookies that say so."""

    user: User
    session: Session
    cookies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Login:
    """Checks name and password, throttled, and begins a session."""

    sessions: Sessions
    sign_in: SignIn
    audit: Audit

    def __call__(
        self, http: HttpRequest, fields: Parameters, client_id: str = "", *, present: Session | None = None
    ) -> SignedIn | forms.Notice:
        """A new session, its id new at every login and the one before ended; or what the form has to say.

        `present` is the session that signs somebody in until now. The form must have been proved to be ours. Raises
        OAuthError where a store fails.
        """
        username = fields.get("username", "")
        if not username or "password" not in fields:
            return forms.Notice(LoginError.INCOMPLETE, username)
        device, device_cookie = forms.device(http)
        signed = self.sign_in(username, fields["password"], http.source_ip, device, new_device=bool(device_cookie))
        if isinstance(signed, Refusal):
            self._record("login_refused", http, client_id, reason=str(signed.reason), sub=signed.sub)
            message = LoginError.TOO_MANY_ATTEMPTS if signed.retry_after else LoginError.WRONG_CREDENTIALS
            return forms.Notice(message, username, signed.retry_after)
        session_id, session = self.sessions.begin(
            signed,
            http.header("user-agent"),
            replacing=http.cookies.get(forms.SESSION, ""),
            continuing=present,
        )
        self._record("login", http, client_id, sub=signed.sub, sid=session.sid)
        return SignedIn(signed, session, (forms.set_cookie(forms.SESSION, session_id), *device_cookie))

    def _record(self, event: str, http: HttpRequest, client_id: str, **fields: str) -> None:
        self.audit.record(event, client_id=client_id, request_id=http.request_id, source_ip=http.source_ip, **fields)

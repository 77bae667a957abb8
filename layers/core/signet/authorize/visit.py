"""One authorization request on its way through the endpoint."""

from dataclasses import dataclass

from signet.http import HttpRequest
from signet.model.authorization import AuthorizationRequest
from signet.model.session import Session
from signet.model.user import Consent, User


@dataclass(frozen=True, slots=True)
class Visit:
    """What is asked, over which HTTP request, by whom, and what they have allowed before.

    `action` is the URL of the request on this server, in one spelling: where its forms post to. `is_over` says that the
    session was ended and is still there, since what ends it failed half way.
    """

    http: HttpRequest
    request: AuthorizationRequest
    action: str
    session: Session | None = None
    user: User | None = None
    consent: Consent | None = None
    is_over: bool = False

    @property
    def asked(self) -> str:
        """What its forms answer: the URL, and what it means by now. A registration may change while a page is read."""
        return "\n".join((self.action, " ".join(self.request.scope), " ".join(self.request.audience)))

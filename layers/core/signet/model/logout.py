"""A logout request, once it has been checked (OpenID Connect RP-Initiated Logout 1.0 section 2)."""

from dataclasses import dataclass, field
from urllib.parse import urlencode

from signet.model.client import Client
from signet.model.session import Session
from signet.model.user import User, login_name


@dataclass(frozen=True, slots=True)
class PostLogoutTarget:
    """Where the browser may go afterwards: made only for a URI that is registered for a known client."""

    post_logout_redirect_uri: str
    state: str = field(default="", repr=False)

    def location(self) -> str:
        """The URI, with `state` as it came added to whatever query it is registered with."""
        if not self.state:
            return self.post_logout_redirect_uri
        separator = "&" if "?" in self.post_logout_redirect_uri else "?"
        return self.post_logout_redirect_uri + separator + urlencode({"state": self.state})


@dataclass(frozen=True, slots=True)
class LogoutRequest:
    """What is asked, and who proves to ask. `sub` and `sid` are those of a valid `id_token_hint`, else empty.

    `astray` says that the browser was to go where it may not.
    """

    client: Client | None = None
    target: PostLogoutTarget | None = None
    sub: str = ""
    sid: str = ""
    logout_hint: str = ""
    astray: bool = False

    def speaks_for(self, session: Session, user: User | None) -> bool:
        """Whether the client has shown that this very session signed the person in to it, so that nobody need be asked.

        An ID token is the client's own; without one any site could sign people out by a link.
        """
        hinted = {session.sid, session.sub, *([user.username] if user else ())}
        meant = not self.logout_hint or login_name(self.logout_hint) in set(map(login_name, hinted))
        return (self.sub, self.sid) == (session.sub, session.sid) and meant and not self.astray

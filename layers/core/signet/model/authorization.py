"""An authorization request, once it has been checked (RFC 6749 section 4.1.1, OpenID Connect Core section 3.1.2.1)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from signet.model.client import Client


@dataclass(frozen=True, slots=True)
class RedirectTarget:
    """Where answers may go: made only for a known client and a redirect URI that is registered for it.

    An error of a request that has none can be shown, and in no other way be answered.
    """

    redirect_uri: str
    issuer: str
    state: str = field(default="", repr=False)
    response_mode: str = "query"

    def with_code(self, code: str) -> "AuthorizationResponse":
        """The answer that grants."""
        return self._response({"code": code})

    def with_error(self, error: str, error_description: str) -> "AuthorizationResponse":
        """The answer that refuses (RFC 6749 section 4.1.2.1)."""
        return self._response({"error": error, "error_description": error_description})

    def _response(self, parameters: dict[str, str]) -> "AuthorizationResponse":
        """`state` as it came, and `iss` always (RFC 9207)."""
        state = {"state": self.state} if self.state else {}
        return AuthorizationResponse(self, {**parameters, **state, "iss": self.issuer})


@dataclass(frozen=True, slots=True)
class AuthorizationResponse:
    """Parameters on their way back to the client."""

    target: RedirectTarget
    parameters: Mapping[str, str] = field(repr=False)

    def location(self) -> str:
        """The redirect URI with the parameters added to whatever query it is registered with."""
        separator = "&" if "?" in self.target.redirect_uri else "?"
        return self.target.redirect_uri + separator + urlencode(self.parameters)


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A request whose every parameter has been checked. `max_age` in seconds, None where it was not sent.

    `id_token_claims` are the claims that the `claims` parameter wants in the ID token; `required_sub` the only subject
    that may answer, empty where anyone may.
    """

    client: Client
    target: RedirectTarget
    scope: tuple[str, ...]
    nonce: str = ""
    code_challenge: str = ""
    prompt: frozenset[str] = frozenset()
    max_age: int | None = None
    login_hint: str = ""
    audience: tuple[str, ...] = ()
    id_token_claims: tuple[str, ...] = ()
    required_sub: str = ""

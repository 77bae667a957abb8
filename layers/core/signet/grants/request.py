"""What every grant type is given to decide on."""

from collections.abc import Callable
from dataclasses import dataclass

from signet.errors import ErrorCode, OAuthError, Reason
from signet.model.client import Client
from signet.model.refresh_token import RefreshToken
from signet.model.scope import ScopeCatalogue
from signet.parameters import Parameters, parse_scope
from signet.ports import Clock, GrantStore, StandingStore
from signet.settings import Settings


@dataclass(frozen=True, slots=True)
class GrantServices:
    """What grant types stand on.

    `scopes` gives the scope catalogue; `refresh_token` reads one that is valid at a time, or raises OAuthError.
    """

    settings: Settings
    clock: Clock
    grants: GrantStore
    standings: StandingStore
    scopes: Callable[[], ScopeCatalogue]
    refresh_token: Callable[[str, float], RefreshToken]


@dataclass(frozen=True, slots=True)
class GrantRequest:
    """An authenticated client's request, with the parameters of its grant type and no others."""

    client: Client
    parameters: Parameters
    services: GrantServices

    @property
    def settings(self) -> Settings:
        """The deployment's settings."""
        return self.services.settings

    def scope(self, allowed: tuple[str, ...]) -> tuple[str, ...]:
        """The requested scope within `allowed`, all of it when none is requested (RFC 6749 section 3.3)."""
        if "scope" not in self.parameters:
            return allowed
        scope = parse_scope(self.parameters["scope"])
        if not set(scope) <= set(allowed):
            raise OAuthError(
                ErrorCode.INVALID_SCOPE,
                Reason.SCOPE_NOT_REGISTERED,
                "The scope exceeds what the client is registered for, or what was granted before.",
            )
        return scope

    def audience(self, bound: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Where the token may be used: the requested `resource` (RFC 8707 section 2) or all that is allowed.

        Allowed is what a grant is bound to, else what is registered.
        """
        allowed = bound or self.client.audience or (self.settings.default_audience,)
        if "resource" not in self.parameters:
            return allowed
        if self.parameters["resource"] not in allowed:
            raise OAuthError(
                ErrorCode.INVALID_TARGET, Reason.RESOURCE_NOT_REGISTERED, "The resource is not one this client may use."
            )
        return (self.parameters["resource"],)

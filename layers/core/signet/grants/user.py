"""What a grant gives of its user, as the user is now."""

from collections.abc import Mapping
from typing import Any

from signet.errors import Reason
from signet.model.client import Client
from signet.model.grant import Grant
from signet.model.scope import ScopeCatalogue
from signet.model.standing import Standing
from signet.model.token import Authorization, Continuation
from signet.model.user import Consent, User, user_claims
from signet.settings import CLOCK_SKEW, LONGEST_TOKEN_LIFETIME, Settings

_PROTOCOL_CLAIMS = frozenset({"acr", "amr", "auth_time", "sub", "sid", "nonce"})


def authorization(
    client: Client,
    grant: Grant,
    user: User,
    catalogue: ScopeCatalogue,
    settings: Settings,
    *,
    scope: tuple[str, ...],
    audience: tuple[str, ...],
    issued_at: int | None,
) -> Authorization:
    """The verdict on a grant that has just been redeemed or moved on, with a refresh token where one is due.

    `issued_at`, in epoch seconds, dates the tokens of this generation: asked again they are the same. None where there
    is no new generation, and so no new refresh token.
    """
    held = user_claims(user)
    continuation = None
    if issued_at is not None and "refresh_token" in client.grant_types:
        continuation = Continuation(issued_at, refresh_end(client, grant, issued_at, settings))
    return Authorization(
        client=client,
        sub=user.sub,
        scope=scope,
        audience=audience,
        claims=catalogue.token_claims(scope, held),
        grant=grant,
        id_token_claims=_id_token_claims(grant, held, catalogue, scope) if "openid" in scope else None,
        continuation=continuation,
    )


def granted_by(
    client: Client, standing: Standing, *, scope: tuple[str, ...], since: int, auth_time: int
) -> User | Reason:
    """The user, while what the client was granted at `since`, of a login at `auth_time`, stands; or why it does not."""
    if standing.user is None or standing.user.disabled:
        return Reason.USER_DISABLED
    if not _is_agreed(client, standing.consent, scope=scope, since=since):
        return Reason.CONSENT_REVOKED
    # both times are the session's own, so no two clocks are compared
    if standing.is_over(auth_time):
        return Reason.SESSION_ENDED
    return standing.user


def _is_agreed(client: Client, consent: Consent | None, *, scope: tuple[str, ...], since: int) -> bool:
    """Whether the user still allows the client what it was granted at `since`, in epoch seconds.

    A consent that has become narrower than `scope`, or was taken back and given anew since, does not cover it: what
    was taken back stays so. An operator's own client needs none.
    """
    if client.first_party:
        return True
    if consent is None or not consent.is_to(client):
        return False
    return consent.granted_at <= since + CLOCK_SKEW and set(scope) <= set(consent.scope)


def record_lifetime(client: Client, settings: Settings) -> int:
    """Seconds that a grant's record outlives its last use: longer than any token, so that a revocation is seen."""
    idle = client.refresh_token_idle_lifetime or settings.refresh_token_idle_lifetime
    lifetime = client.refresh_token_lifetime or settings.refresh_token_lifetime
    refreshed = (idle if client.rotate_refresh_tokens else lifetime) if "refresh_token" in client.grant_types else 0
    return max(refreshed, LONGEST_TOKEN_LIFETIME) + LONGEST_TOKEN_LIFETIME


def refresh_end(client: Client, grant: Grant, issued_at: int, settings: Settings) -> int:
    """When a refresh token issued then expires: unused for too long, or with its grant (RFC 9700 section 4.14.2)."""
    idle = client.refresh_token_idle_lifetime or settings.refresh_token_idle_lifetime
    end = grant.created_at + (client.refresh_token_lifetime or settings.refresh_token_lifetime)
    # where tokens do not rotate nobody writes down when one was last used
    return min(issued_at + idle, end) if client.rotate_refresh_tokens else end


def _id_token_claims(
    grant: Grant, held: Mapping[str, Any], catalogue: ScopeCatalogue, scope: tuple[str, ...]
) -> dict[str, Any]:
    """Those claims of the granted scopes that the `claims` parameter wanted in the ID token (Core section 5.5)."""
    opened = catalogue.claims(scope, held)
    wanted = grant.claims.get("id_token", ())
    return {name: value for name, value in opened.items() if name in wanted and name not in _PROTOCOL_CLAIMS}

"""A refresh token (RFC 6749 section 6): a family is a counter, and each use moves it on by one conditional write."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from signet.errors import ErrorCode, OAuthError, Reason, invalid_request
from signet.grants.consumption import undone_by_failure
from signet.grants.request import GrantRequest
from signet.grants.user import authorization, granted_by, record_lifetime
from signet.model.grant import Grant, Turn
from signet.model.refresh_token import RefreshToken
from signet.model.token import Authorization
from signet.settings import CLOCK_SKEW, REFRESH_GRACE


@contextmanager
def authorize(request: GrantRequest) -> Iterator[Authorization]:
    """Move the grant on by one generation, and give what was consented to with the user's claims as they are now.

    The same token again within the grace window gets the same successor: a lost answer, a second tab. Later it is
    replay, and the grant is revoked (RFC 9700 section 4.14.2). A user who is disabled, has taken their consent back or
    was signed out ends the grant too. Everything else is refused before anything is written, and a failure from which
    no answer came leaves the token as it was. Raises OAuthError(invalid_grant).
    """
    if "refresh_token" not in request.parameters:
        raise invalid_request(Reason.PARAMETER_MISSING, "The refresh_token parameter is missing.")
    services, client = request.services, request.client
    now = int(services.clock())
    token = services.refresh_token(request.parameters["refresh_token"], now)
    if token.client_id != client.client_id or token.iat + CLOCK_SKEW < client.client_id_issued_at:
        # the second: issued to an earlier client of the same id, which was deleted and may have been somebody else
        raise _invalid_grant(Reason.TOKEN_OF_ANOTHER_CLIENT, token)
    scope, audience = request.scope(token.scope), request.audience(token.resource)
    catalogue = services.scopes()
    standing = services.standings.get(token.sub, client.client_id, token.sid)
    found = granted_by(client, standing, scope=token.scope, since=token.iat, auth_time=token.auth_time)
    if isinstance(found, Reason):
        raise _ended(request, token, now, found)
    with _moved(request, token, now) if client.rotate_refresh_tokens else _unmoved(request, token, now) as grant:
        issued_at = grant.rotated_at if client.rotate_refresh_tokens else None
        yield authorization(
            client, grant, found, catalogue, services.settings, scope=scope, audience=audience, issued_at=issued_at
        )


@contextmanager
def _moved(request: GrantRequest, token: RefreshToken, now: int) -> Iterator[Grant]:
    """The grant, moved on for as long as nothing fails."""
    grants = request.services.grants
    turn = Turn(
        grant_id=token.grant_id,
        client_id=token.client_id,
        generation=token.generation,
        request_id=secrets.token_urlsafe(16),
        now=now,
        expires_at=now + record_lifetime(request.client, request.services.settings),
        grace=REFRESH_GRACE,
    )
    with undone_by_failure(lambda: grants.turn_back(turn)):
        grant, refused = grants.turn(turn)
        if grant is not None and refused is None:
            yield grant
            return
    if refused is Reason.REFRESH_TOKEN_REPLAYED:
        raise _ended(request, token, now, refused)
    raise _invalid_grant(refused or Reason.GRANT_UNKNOWN, token)


@contextmanager
def _unmoved(request: GrantRequest, token: RefreshToken, now: int) -> Iterator[Grant]:
    """The grant of a client whose refresh tokens do not rotate: its token stays valid, so there is nothing to write."""
    grant = request.services.grants.get(token.grant_id, now)
    if grant is None:
        raise _invalid_grant(Reason.GRANT_UNKNOWN, token)
    if grant.revoked_at is not None or grant.generation != token.generation:
        raise _invalid_grant(Reason.GRANT_REVOKED, token)
    # of the authentication alone (OpenID Connect Core section 12.2), which no generation here tells to be over
    yield replace(grant, nonce="")


def _ended(request: GrantRequest, token: RefreshToken, now: int, reason: Reason) -> OAuthError:
    """Revoke the grant; the refusal that follows."""
    request.services.grants.revoke(token.grant_id, now)
    return _invalid_grant(reason, token)


def _invalid_grant(reason: Reason, token: RefreshToken) -> OAuthError:
    error = OAuthError(
        ErrorCode.INVALID_GRANT, reason, "The refresh token is invalid, expired, revoked, or was issued to another."
    )
    error.decided.update(grant_id=token.grant_id, sub=token.sub)
    return error

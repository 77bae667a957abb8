"""A user's consent, shown as a code (RFC 6749 section 4.1)."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from signet import pkce
from signet.errors import ErrorCode, OAuthError, Reason, invalid_request
from signet.grants.consumption import undone_by_failure
from signet.grants.request import GrantRequest
from signet.grants.user import authorization, granted_by, record_lifetime
from signet.model.grant import Code, Grant, Redemption
from signet.model.token import Authorization

_ENDS = frozenset({Reason.CODE_REPLAYED, Reason.USER_DISABLED, Reason.CONSENT_REVOKED, Reason.SESSION_ENDED})
"""What ends the grant, and not the request alone."""


@contextmanager
def authorize(request: GrantRequest) -> Iterator[Authorization]:
    """Consume the code and give what was consented to, with the user's claims as they are now.

    A code that is shown twice revokes its grant (section 4.1.2, RFC 9700 section 4.5), and so does one whose user is
    disabled, has taken their consent back or was signed out: whoever did that may not have found the grant, as it was
    too young to be listed. A wrong verifier, client or redirect URI is refused and leaves the code as it was; so does a
    failure from which no answer came. Raises OAuthError(invalid_grant).
    """
    services = request.services
    redemption = _redemption(request)
    request.audience()  # a resource beyond the registration is refused, and a catalogue loaded, before the code is used
    catalogue = services.scopes()
    with undone_by_failure(lambda: services.grants.release(redemption)):
        grant, refused = services.grants.redeem(redemption)
        if grant is not None and refused is None:
            audience = request.audience(grant.audience)
            standing = services.standings.get(grant.sub, grant.client_id, grant.ends_with)
            found = granted_by(
                request.client, standing, scope=grant.scope, since=grant.created_at, auth_time=grant.auth_time
            )
            if isinstance(found, Reason):
                refused = found
            else:
                yield authorization(
                    request.client,
                    grant,
                    found,
                    catalogue,
                    services.settings,
                    scope=grant.scope,
                    audience=audience,
                    issued_at=grant.redeemed_at,
                )
                return
    if refused in _ENDS:  # the redemption is not taken back: what was refused stays used
        services.grants.revoke(redemption.code.grant_id, redemption.now)
    raise _invalid_grant(refused or Reason.CODE_UNKNOWN, grant)


def _redemption(request: GrantRequest) -> Redemption:
    parameters = request.parameters
    if "code" not in parameters:
        raise invalid_request(Reason.PARAMETER_MISSING, "The code parameter is missing.")
    if "redirect_uri" not in parameters:
        raise invalid_request(Reason.PARAMETER_MISSING, "The redirect_uri parameter is missing.")
    code = Code.parse(parameters["code"])
    if code is None:
        raise _invalid_grant(Reason.CODE_MALFORMED, None)
    code_verifier = parameters.get("code_verifier", "")
    if code_verifier and not pkce.is_verifier(code_verifier):
        raise _invalid_grant(Reason.CODE_VERIFIER_WRONG, None)
    now = int(request.services.clock())
    return Redemption(
        code=code,
        client_id=request.client.client_id,
        redirect_uri=parameters["redirect_uri"],
        code_challenge=pkce.challenge_of(code_verifier) if code_verifier else "",
        request_id=secrets.token_urlsafe(16),
        now=now,
        # the record outlives every token that comes of it, so that a revocation is still seen
        expires_at=now + record_lifetime(request.client, request.services.settings),
    )


def _invalid_grant(reason: Reason, grant: Grant | None) -> OAuthError:
    error = OAuthError(
        ErrorCode.INVALID_GRANT, reason, "The authorization code is invalid, expired, used, or was issued for another."
    )
    if grant is not None:
        error.decided.update(grant_id=grant.grant_id, sub=grant.sub)
    return error

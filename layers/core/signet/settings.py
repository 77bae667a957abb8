"""What a deployment decides: issuer, lifetimes, policy."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

LONGEST_TOKEN_LIFETIME = 86_400
"""Seconds no signed access token may outlive: a retired key stays published this long after its last signature."""

LONGEST_REFRESH_TOKEN_LIFETIME = 365 * 86_400
"""Seconds no refresh token may outlive: a withdrawn key is kept this long to verify those that it signed."""

REFRESH_GRACE = 10
"""Seconds in which a refresh token that was used gets the same successor again: a lost answer, a second tab."""

CLOCK_SKEW = 5
"""Seconds by which the clocks of two execution environments may differ."""

CLIENT_CACHE = 60
"""Seconds an execution environment may go on using a client it has read."""

KEYRING_CACHE = 300
"""Seconds an execution environment may go on signing with the keyring it has read."""

KEY_SET_CACHE = 60
"""Seconds an execution environment may go on serving the key set it has read."""

KEY_SET_MAX_AGE = 300
"""Seconds a client may cache the key set and the metadata (`Cache-Control: max-age`)."""

FETCHED_KEY_SET_LIFETIME = 7_200
"""Seconds that a key set fetched over the network may be gone on with while it cannot be fetched again.

What API Gateway's own authorizer keeps one for, and what a key is published ahead for: see the parameter VerifierCache.
"""

LONGEST_SESSION_LIFETIME = 30 * 86_400
"""Seconds no login session may outlive (NIST SP 800-63B section 4.1.3: thirty days at its lowest level)."""

_LONGEST = {
    "access_token_lifetime": LONGEST_TOKEN_LIFETIME,
    "refresh_token_lifetime": LONGEST_REFRESH_TOKEN_LIFETIME,
    "refresh_token_idle_lifetime": LONGEST_REFRESH_TOKEN_LIFETIME,
    "session_lifetime": LONGEST_SESSION_LIFETIME,
    "session_idle_lifetime": LONGEST_SESSION_LIFETIME,
}

_AUTHORITY = re.compile(r"[A-Za-z0-9.:\[\]-]+")


class SettingsInvalid(ValueError):
    """A setting is missing or impossible; the message names it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of the endpoints. `issuer` is `https://<host>/connect`; lifetimes are in seconds.

    Those of tokens hold unless a client is registered with its own. `refresh_token_lifetime` runs from the code,
    whatever is refreshed, `refresh_token_idle_lifetime` from the last use; a session's two likewise.
    """

    issuer: str
    default_audience: str
    access_token_lifetime: int = 3600
    refresh_token_lifetime: int = 90 * 86_400
    refresh_token_idle_lifetime: int = 30 * 86_400
    session_lifetime: int = 7 * 86_400
    session_idle_lifetime: int = 12 * 3600

    def __post_init__(self) -> None:
        check_issuer(self.issuer)
        for name, longest in _LONGEST.items():
            if not 1 <= getattr(self, name) <= longest:
                raise SettingsInvalid(f"{name} must be 1 to {longest} seconds")

    @property
    def origin(self) -> str:
        """Scheme and host of the issuer, before the routes of every endpoint."""
        parts = urlsplit(self.issuer)
        return f"{parts.scheme}://{parts.netloc}"


def check_issuer(issuer: str) -> None:
    """RFC 8414 section 2: an https URL without query or fragment; plain http is for this machine alone."""
    try:
        parts = urlsplit(issuer)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise SettingsInvalid("issuer must be an https URL with a valid host and port") from None
    local = parts.scheme == "http" and host in {"localhost", "127.0.0.1", "::1"}
    if not (parts.scheme == "https" or local) or not host:
        raise SettingsInvalid("issuer must be an https URL")
    # compared as a whole: urlsplit forgives line breaks, spaces and an empty query
    if issuer != f"{parts.scheme}://{parts.netloc}/connect" or not _AUTHORITY.fullmatch(parts.netloc):
        raise SettingsInvalid("issuer must be https://<host>/connect, without query, fragment or user")

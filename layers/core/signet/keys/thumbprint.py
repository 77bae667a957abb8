"""The public half of a key and its name, for functions that show keys and use none: no cryptography is imported."""

import json
from collections.abc import Mapping
from hashlib import sha256

from signet import base64url

_PUBLIC_MEMBERS = {"RSA": ("e", "kty", "n"), "EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x")}
"""Members of a public JWK that RFC 7638 section 3.2 and RFC 8037 section 2 hash: also the only ones ever published."""


def thumbprint(jwk: Mapping[str, str]) -> str:
    """The RFC 7638 thumbprint of a JWK, public or private, with SHA-256."""
    canonical = json.dumps(public_jwk(jwk), separators=(",", ":"), sort_keys=True)
    return base64url.encoded(sha256(canonical.encode()).digest()).decode()


def public_jwk(jwk: Mapping[str, str]) -> dict[str, str]:
    """The public half: the members RFC 7638 names and nothing else. Raises KeyError for a key of no known type."""
    return {member: jwk[member] for member in _PUBLIC_MEMBERS[jwk["kty"]]}

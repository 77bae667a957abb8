"""Proof Key for Code Exchange (RFC 7636), with S256 and nothing else."""

import re
from hashlib import sha256

from signet import base64url

METHOD = "S256"
"""The only code_challenge_method: `plain` protects nothing once the request is seen (RFC 9700 section 2.1.1)."""

_VERIFIER = re.compile(r"[A-Za-z0-9\-._~]{43,128}")
_CHALLENGE = re.compile(r"[A-Za-z0-9\-_]{43}")


def is_verifier(code_verifier: str) -> bool:
    """Whether this is a code_verifier of section 4.1."""
    return _VERIFIER.fullmatch(code_verifier) is not None


def is_challenge(code_challenge: str) -> bool:
    """Whether this is what S256 makes of a verifier: a SHA-256 in base64url (section 4.2)."""
    return _CHALLENGE.fullmatch(code_challenge) is not None


def challenge_of(code_verifier: str) -> str:
    """The S256 code_challenge of a verifier (section 4.2)."""
    return base64url.encoded(sha256(code_verifier.encode()).digest()).decode()

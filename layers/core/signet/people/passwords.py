"""Passwords: how they are stored, verified exactly as received, and which ones nobody may choose."""

import string
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from signet.model.user import login_name
from signet.people import imported_hashes
from signet.people.imported_hashes import HashRefused

SHORTEST = 8
"""Characters a password must have (NIST SP 800-63B section 5.1.1.2)."""

LONGEST = 128
"""Characters a password may have. Longer ones are refused before they are hashed, so that nobody pays for them."""

_FEWEST_DIFFERENT = 3
"""Characters that must differ in a password: eight noughts are as common as any word."""

_SERVICE = "signet"

_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1, hash_len=32, salt_len=16)
"""argon2id with the parameters of OWASP's Password Storage Cheat Sheet: 19 MiB, two passes, one lane."""

_NOBODYS = "$argon2id$v=19$m=19456,t=2,p=1$UQvbaP6k2K/kzmoizD6t3g$wifet6tuUz91jXJ3VGtLFJckpfvOxcx0nTVHbdf1R0A"
"""The hash of 32 random bytes that were thrown away: verifying against it costs what a user's own hash costs."""

_DECORATION = string.digits + string.punctuation + string.whitespace


class PasswordRefused(ValueError):
    """A password that nobody may choose; the message says why and never repeats it."""


def hash_password(password: str, username: str) -> str:
    """The encoded argon2id hash to store for a password that `username` has chosen. Raises PasswordRefused."""
    check(password, username)
    return _HASHER.hash(_octets(password))


def check(password: str, username: str) -> None:
    """Whether the password may be chosen. Raises PasswordRefused where it is too short, too long or too common."""
    if len(password) < SHORTEST:
        raise PasswordRefused(f"a password must have at least {SHORTEST} characters")
    if is_too_long(password):
        raise PasswordRefused(f"a password must not have more than {LONGEST} characters")
    if password.casefold() in _common() or len(set(password.casefold())) < _FEWEST_DIFFERENT:
        raise PasswordRefused("this password is one of the most common ones, and the first that are tried")
    name, chosen = login_name(username), login_name(password)
    if {chosen, chosen.strip(_DECORATION)} & ({name, name.partition("@")[0], _SERVICE} - {""}):
        raise PasswordRefused("a password must not be the user's or the service's name, with or without digits")


def is_too_long(password: str) -> bool:
    """Whether nobody can have this password, so that it need not be hashed to be refused."""
    return len(password) > LONGEST


def verify(password: str, encoded: str) -> bool:
    """Whether this is the password of an encoded hash; every byte of its UTF-8 counts, but see imported_hashes.

    Where there is no hash, or one that cannot be read or would cost too much, the answer is no after the same work.
    Raises ValueError for a password that is too long, which is to be refused before, and VerificationError where the
    machine fails.
    """
    if is_too_long(password):
        raise ValueError("a password of this length is refused before it is hashed")
    try:
        if encoded and imported_hashes.scheme_of(encoded).handler:
            return imported_hashes.verify(_octets(password), encoded)
        return _HASHER.verify(encoded or _NOBODYS, _octets(password)) and bool(encoded)
    except VerifyMismatchError:
        return False
    except (HashRefused, InvalidHashError, VerificationError):
        if not encoded:
            raise
        return verify(password, "")


def needs_rehash(encoded: str) -> bool:
    """Whether the hash was made by another scheme, or with other parameters, than are used now."""
    return not encoded.startswith("$argon2id$") or _HASHER.check_needs_rehash(encoded)


def rehash(password: str) -> str:
    """A new hash of a password that was verified a moment ago; it was allowed when it was chosen."""
    return _HASHER.hash(_octets(password))


def _octets(password: str) -> bytes:
    """The password as it was received: no normalisation, no truncation."""
    return password.encode(errors="surrogatepass")


@cache
def _common() -> frozenset[str]:
    lines = Path(__file__).with_name("common_passwords.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))

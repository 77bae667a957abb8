"""Password hashes as other systems spell them, brought to the one spelling that is stored and verified."""

import re
from base64 import b64decode, b64encode
from binascii import Error, unhexlify
from collections.abc import Callable

from signet.people.imported_hashes import HashRefused, scheme_of

_SCRYPT_BYTES = 32
"""Of scrypt's output. Where more was stored, the first are the same (RFC 7914 section 6: its end is PBKDF2)."""

_LABEL = re.compile(r"\{(?:CRYPT|BCRYPT|ARGON2|ARGON2ID|SCRYPT|PBKDF2)\}(?=\$)", re.IGNORECASE)
"""What LDAP and Spring Security put before it."""


def canonical(spelled: str) -> str:
    """The encoded hash in the one spelling of its scheme. Raises HashRefused for what is not accepted."""
    encoded = _LABEL.sub("", spelled.strip(), count=1)
    for spelling, respelled in _SPELLINGS:
        if found := spelling.fullmatch(encoded):
            try:
                encoded = respelled(found)
            except (Error, ValueError):
                raise HashRefused("the hash is damaged") from None
            break
    scheme_of(encoded)
    return encoded


def _pbkdf2(digest: str, rounds: str, salt: bytes, checksum: bytes) -> str:
    suffix = "" if digest == "sha1" else f"-{digest}"
    return f"$pbkdf2{suffix}${int(rounds)}${_base64(salt, b'./')}${_base64(checksum, b'./')}"


def _scrypt(work_factor: str, block_size: str, parallelism: str, salt: bytes, checksum: bytes) -> str:
    n = int(work_factor)
    if n < 2 or n & (n - 1):
        raise ValueError("N is no power of two")
    numbers = f"ln={n.bit_length() - 1},r={int(block_size)},p={int(parallelism)}"
    return f"$scrypt${numbers}${_base64(salt, b'+/')}${_base64(checksum[:_SCRYPT_BYTES], b'+/')}"


def _base64(octets: bytes, altchars: bytes) -> str:
    return b64encode(octets, altchars).decode().rstrip("=")


_Respelled = Callable[["re.Match[str]"], str]

_SPELLINGS: tuple[tuple["re.Pattern[str]", _Respelled], ...] = (
    # as Django spells them
    (re.compile(r"argon2(\$argon2.*)"), lambda found: found[1]),
    (re.compile(r"bcrypt\$(\$2[aby]\$.*)"), lambda found: found[1]),
    (
        re.compile(r"pbkdf2_(sha1|sha256)\$([0-9]{1,12})\$([!-~]{1,128})\$([A-Za-z0-9+/=]{20,128})"),
        lambda found: _pbkdf2(found[1], found[2], found[3].encode(), b64decode(found[4], validate=True)),
    ),
    (
        re.compile(r"scrypt\$([0-9]{1,12})\$([!-~]{1,128}?)\$([0-9]{1,4})\$([0-9]{1,4})\$([A-Za-z0-9+/=]{86,90})"),
        lambda found: _scrypt(found[1], found[3], found[4], found[2].encode(), b64decode(found[5], validate=True)),
    ),
    # and as Werkzeug does, which Flask's applications use
    (
        re.compile(r"pbkdf2:(sha1|sha256|sha512):([0-9]{1,12})\$([A-Za-z0-9]{1,128})\$([0-9a-f]{40,128})"),
        lambda found: _pbkdf2(found[1], found[2], found[3].encode(), unhexlify(found[4])),
    ),
    (
        re.compile(r"scrypt:([0-9]{1,12}):([0-9]{1,4}):([0-9]{1,4})\$([A-Za-z0-9]{1,128})\$([0-9a-f]{128})"),
        lambda found: _scrypt(found[1], found[2], found[3], found[4].encode(), unhexlify(found[5])),
    ),
)

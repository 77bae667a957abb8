"""Hashes that other systems have made of people's passwords: which are accepted, and how they are verified.

What a hash costs to verify, its record says: one of the wrong numbers takes all of a machine. So nothing is looked at
that is not spelled as below, or outside these limits, at import as at sign-in.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

LONGEST_HASH = 512
"""Characters of an encoded hash."""

_BCRYPT_BYTES = 72
"""Bytes of a password that bcrypt looks at."""

Numbers = Mapping[str, int]


class HashRefused(ValueError):
    """A hash that is not accepted; the message says why and repeats nothing of it but its numbers."""


@dataclass(frozen=True, slots=True)
class Scheme:
    """A way of hashing. `spelling` names its numbers; `fault` says what is wrong with them, if anything.

    `handler` is what libpass calls it. `argon2` is empty there: argon2-cffi verifies it.
    """

    name: str
    spelling: re.Pattern[str]
    fault: Callable[[Numbers], str | None]
    handler: str = ""


def _within(name: str, least: int, most: int) -> Callable[[Numbers], str | None]:
    """A number with its limits."""

    def fault(numbers: Numbers) -> str | None:
        if numbers[name] < least:
            return f"{name} {numbers[name]} is too weak, {least} is the least"
        return f"{name} {numbers[name]} costs too much, {most} is the most" if numbers[name] > most else None

    return fault


def _argon2_fault(numbers: Numbers) -> str | None:
    memory, work = numbers["m"], numbers["m"] * numbers["t"]
    if work < 1_024:
        return f"m={memory},t={numbers['t']} is too weak, m x t must be 1024 KiB or more"
    if memory > 131_072 or work > 262_144 or not 1 <= numbers["p"] <= 16:
        return f"m={memory},t={numbers['t']},p={numbers['p']} costs too much: 128 MiB, m x t 256 MiB, p 16 at most"
    return None


def _scrypt_fault(numbers: Numbers) -> str | None:
    ln, r, p = numbers["ln"], numbers["r"], numbers["p"]
    if ln > 20 or r > 64 or p > 64 or r * p << ln > 1 << 20 or 128 * r << ln > 1 << 27:
        return f"ln={ln},r={r},p={p} costs too much: N x r x p must be 2^20 or less"
    return f"ln={ln},r={r},p={p} is too weak: N x r must be 2^15 or more" if r * p == 0 or r << ln < 1 << 15 else None


_B64 = r"[A-Za-z0-9./+]"
_BCRYPT = r"[./A-Za-z0-9]"

_COST = _within("cost", 8, 13)

SCHEMES = (
    Scheme(
        "argon2",
        re.compile(
            rf"\$argon2(?:id|i|d)\$(?:v=(?:16|19)\$)?m=(?P<m>[0-9]{{1,9}}),t=(?P<t>[0-9]{{1,9}}),p=(?P<p>[0-9]{{1,4}})"
            rf"\${_B64}{{11,86}}\${_B64}{{22,86}}"
        ),
        _argon2_fault,
    ),
    # 2x is bcrypt as PHP had it wrong before 2011; 2 is older still
    Scheme("bcrypt", re.compile(rf"\$2[aby]\$(?P<cost>[0-9][0-9])\${_BCRYPT}{{53}}"), _COST, "bcrypt"),
    Scheme(
        "bcrypt_sha256",
        re.compile(rf"\$bcrypt-sha256\$(?:v=2,t=2b,r=|2[ab],)(?P<cost>[0-9]{{1,2}})\${_BCRYPT}{{22}}\${_BCRYPT}{{31}}"),
        _COST,
        "bcrypt_sha256",
    ),
    Scheme(
        "django_bcrypt_sha256",
        re.compile(rf"bcrypt_sha256\$\$2[ab]\$(?P<cost>[0-9][0-9])\${_BCRYPT}{{53}}"),
        _COST,
        "django_bcrypt_sha256",
    ),
    Scheme(
        "scrypt",
        re.compile(
            rf"\$scrypt\$ln=(?P<ln>[0-9]{{1,2}}),r=(?P<r>[0-9]{{1,3}}),p=(?P<p>[0-9]{{1,3}})\${_B64}{{11,86}}\${_B64}{{43}}"
        ),
        _scrypt_fault,
        "scrypt",
    ),
    *(
        Scheme(
            f"pbkdf2_{name}",
            re.compile(rf"\$pbkdf2{suffix}\$(?P<rounds>[1-9][0-9]{{0,11}})\${_B64}{{8,128}}\${_B64}{{{length}}}"),
            _within("rounds", 10_000, most),
            f"pbkdf2_{name}",
        )
        for name, suffix, length, most in (
            ("sha1", "", 27, 1_500_000),
            ("sha256", "-sha256", 43, 1_500_000),
            ("sha512", "-sha512", 86, 750_000),
        )
    ),
)
"""Each costs half a second of a core at most, where argon2id as it is used here costs thirty milliseconds.

The least of each is what its users' libraries took by default a decade ago.
"""


def scheme_of(encoded: str) -> Scheme:
    """The scheme of an encoded hash that is within the limits. Raises HashRefused."""
    for scheme in SCHEMES if len(encoded) <= LONGEST_HASH else ():
        if spelled := scheme.spelling.fullmatch(encoded):
            numbers = {name: int(value) for name, value in spelled.groupdict().items()}
            if fault := scheme.fault(numbers):
                raise HashRefused(f"{scheme.name}: {fault}")
            return scheme
    raise HashRefused(
        "is not an encoded hash of argon2, bcrypt, scrypt or PBKDF2; plain MD5 and SHA digests are found in no time"
        " and not accepted: such a user needs a new password"
    )


def verify(password: bytes, encoded: str) -> bool:
    """Whether this is the password of a hash that libpass verifies. Raises HashRefused.

    Of a password the old system's bcrypt has looked at 72 bytes, so no more can be asked for; what is hashed anew is
    the whole. One that holds a NUL is nobody's: bcrypt stops there, and HMAC, which is under PBKDF2 and scrypt, fills
    up with NULs, so that those at the end do not count.
    """
    from passlib import hash as handlers

    scheme = scheme_of(encoded)
    if b"\x00" in password:
        return False
    seen = password[:_BCRYPT_BYTES] if scheme.name == "bcrypt" else password
    try:
        return bool(getattr(handlers, scheme.handler).verify(seen, encoded))
    except (TypeError, ValueError):  # base64 that is none, a salt whose last bits are not nought
        raise HashRefused(f"{scheme.name}: the hash is damaged") from None

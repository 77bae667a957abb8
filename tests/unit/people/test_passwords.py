"""Passwords: stored as argon2id, verified as received, refused where they are the first to be guessed."""

import subprocess
import sys
import time
from typing import Any

import pytest
from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from signet.people import passwords
from signet.people.passwords import PasswordRefused, check, hash_password, needs_rehash, rehash, verify

GOOD = "correct horse battery staple"


def test_a_password_is_stored_as_argon2id_with_owasps_parameters() -> None:
    """19 MiB, two passes, one lane; a salt of its own each time."""
    encoded = hash_password(GOOD, "alice")
    assert encoded.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert encoded != hash_password(GOOD, "alice")
    assert verify(GOOD, encoded)
    assert not verify(GOOD + " ", encoded)


@pytest.mark.parametrize(
    ("password", "other"),
    [
        ("a" * 72 + "x", "a" * 72 + "y"),  # bcrypt looks at 72 bytes (Okta 2024)
        ("secretab\x00x", "secretab\x00y"),
        ("secretab", "secretab\x00"),
        ("Å secret here", "A\u030a secret here"),  # one letter, two encodings: nothing is normalised
        ("Secret here", "secret here"),
        (" secret here", "secret here"),
        ("secret here\n", "secret here"),
        ("\ufb01rst secret", "first secret"),
        ("secret \ud800\ud800", "secret \ud800\ud801"),
    ],
)
def test_every_byte_counts(password: str, other: str) -> None:
    """Verified exactly as received."""
    encoded = rehash(password)
    assert verify(password, encoded)
    assert not verify(other, encoded)


@pytest.mark.parametrize("password", ["", "short12", "x" * 129, "ü" * 129, "x" * 10_000_000])
def test_a_password_has_eight_to_128_characters(password: str) -> None:
    """And the message does not repeat it."""
    with pytest.raises(PasswordRefused, match="a password must") as raised:
        hash_password(password, "alice")
    assert not password or password not in str(raised.value)


@pytest.mark.parametrize("password", ["ü" * 8 + "x y", "x7 " * 42 + "ab", "🙂🐢🌊🏔️🦉🍄🧭🪁"])
def test_any_characters_make_a_password(password: str) -> None:
    """Spaces, letters of any script and pictures; characters are counted, not bytes."""
    assert verify(password, hash_password(password, "alice"))


def test_a_password_that_is_too_long_is_refused_before_it_is_hashed() -> None:
    """Ten megabytes cost nobody anything, also at login."""
    assert passwords.is_too_long("x" * 129)
    assert not passwords.is_too_long("x" * 128)
    with pytest.raises(ValueError, match="refused before"):
        verify("x" * 10_000_000, rehash(GOOD))


@pytest.mark.parametrize(
    "password",
    ["password", "PassWord", "12345678", "qwerty123", "iloveyou", "jennifer", "motdepasse", "00000000", "ababABAB"],
)
def test_common_passwords_are_refused(password: str) -> None:
    """In whatever case (NIST SP 800-63B section 5.1.1.2)."""
    with pytest.raises(PasswordRefused):
        check(password, "alice")


@pytest.mark.parametrize(
    ("password", "username"),
    [
        ("Alice.Martin", "alice.martin"),
        ("alice.martin1984!", "Alice.Martin"),
        ("alice.martin", "alice.martin@example.com"),
        ("alice.martin@example.com", "alice.martin@example.com"),
        ("Signet2024!", "alice"),
        ("signetsignet", "signet" * 2),
    ],
)
def test_names_are_refused(password: str, username: str) -> None:
    """The user's and the service's, with or without digits around."""
    with pytest.raises(PasswordRefused):
        check(password, username)


def test_a_name_within_a_password_is_no_fault() -> None:
    """Only one that is all there is."""
    check("alice likes turtles", "alice")
    check("31415926535897", "")


def test_the_list_of_common_passwords_names_its_origin_and_licence() -> None:
    """Ten thousand, each long enough to be refused by it alone."""
    common = passwords._common()
    assert len(common) == 10_000
    assert all(len(password) >= passwords.SHORTEST and password == password.casefold() for password in common)


def test_the_list_is_read_only_when_a_password_is_chosen() -> None:
    """Signing in does not pay for it."""
    script = (
        "from signet.people import passwords; passwords.verify('x' * 9, '');"
        "raise SystemExit(passwords._common.cache_info().currsize)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False, timeout=60).returncode == 0


def test_no_hash_takes_the_work_of_one() -> None:
    """A user who is unknown, has no password or a damaged one cannot be told by the time it takes."""
    encoded = rehash(GOOD)

    def seconds(stored: str) -> float:
        started = time.process_time()
        assert not verify("another password", stored)
        return time.process_time() - started

    measured = {stored: min(seconds(stored) for _ in range(7)) for stored in (encoded, "", "$argon2id$broken", "x")}
    assert max(measured.values()) < 1.5 * min(measured.values())


def test_the_dummy_hash_has_the_parameters_of_today() -> None:
    """Or its cost would differ."""
    assert not needs_rehash(passwords._NOBODYS)


@pytest.mark.parametrize("changed", [{"time_cost": 3}, {"memory_cost": 12_288}, {"parallelism": 2}])
def test_a_hash_of_other_parameters_is_renewed(changed: dict[str, int]) -> None:
    """And still verifies."""
    parameters: dict[str, Any] = {"time_cost": 2, "memory_cost": 19_456, "parallelism": 1, **changed}
    encoded = PasswordHasher(**parameters).hash(GOOD)
    assert verify(GOOD, encoded)
    assert needs_rehash(encoded)
    assert not needs_rehash(rehash(GOOD))


def test_a_failure_of_the_machine_is_not_a_wrong_password(monkeypatch: pytest.MonkeyPatch) -> None:
    """Out of memory is our fault, not the user's."""

    class Exhausted:
        def verify(self, *_: object) -> bool:
            raise VerificationError("Memory allocation error")

    monkeypatch.setattr(passwords, "_HASHER", Exhausted())
    with pytest.raises(VerificationError):
        verify(GOOD, "x")

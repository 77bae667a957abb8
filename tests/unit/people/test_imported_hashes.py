"""Hashes that other systems made: verified as they did, upgraded, and never at any price."""

import subprocess
import sys
from base64 import b64encode
from dataclasses import replace
from hashlib import pbkdf2_hmac, scrypt
from typing import Any

import bcrypt
import pytest
from argon2 import PasswordHasher, Type
from passlib import hash as handlers
from werkzeug.security import generate_password_hash

from signet.model.user import User
from signet.people import passwords
from signet.people.imported_hashes import SCHEMES, HashRefused, scheme_of
from signet.people.sign_in import REFUSED_AFTER, Refusal, SignIn
from signet.people.throttle import Throttle
from signet_cli.hash_spellings import canonical
from tests.support.people_fakes import InMemoryPeople, InMemoryThrottleStore, InMemoryUserRegistry

PASSWORD = "correct horse"
SECRET = PASSWORD.encode()
SALT = "Zx81qvPq0aTn4mBw"


def django_pbkdf2(digest: str, rounds: int) -> str:
    """As django.contrib.auth.hashers spells it."""
    checksum = b64encode(pbkdf2_hmac(digest, SECRET, SALT.encode(), rounds)).decode()
    return f"pbkdf2_{digest}${rounds}${SALT}${checksum}"


def django_scrypt() -> str:
    """With Django's parameters, 64 bytes long."""
    checksum = scrypt(SECRET, salt=SALT.encode(), n=2**14, r=8, p=5, maxmem=2**26, dklen=64)
    return f"scrypt$16384${SALT}$8$5${b64encode(checksum).decode()}"


def argon2(kind: Type = Type.ID, **parameters: int) -> str:
    """As argon2-cffi, PHP and every other binding of the reference implementation spell it."""
    costs: dict[str, Any] = {"time_cost": 2, "memory_cost": 1024, "parallelism": 2, **parameters}
    return PasswordHasher(**costs, type=kind).hash(SECRET)


def spelled() -> dict[str, str]:
    """The same password as each system keeps it."""
    hashed = bcrypt.hashpw(SECRET, bcrypt.gensalt(8)).decode()
    return {
        "argon2i (PHP)": argon2(Type.I),
        "argon2d": argon2(Type.D),
        "argon2id (RFC 9106)": argon2(memory_cost=65_536, time_cost=3, parallelism=4),
        "argon2 (Django)": f"argon2{argon2(memory_cost=102_400, parallelism=8)}",
        "bcrypt 2b": hashed,
        "bcrypt 2a": hashed.replace("$2b$", "$2a$"),
        "bcrypt 2y (PHP)": hashed.replace("$2b$", "$2y$"),
        "bcrypt (Django)": f"bcrypt${hashed}",
        "bcrypt (Spring Security)": f"{{bcrypt}}{hashed}",
        "bcrypt (LDAP)": f"{{CRYPT}}{hashed}",
        "bcrypt_sha256 (Django)": handlers.django_bcrypt_sha256.using(rounds=8).hash(PASSWORD),
        "bcrypt_sha256 (passlib)": handlers.bcrypt_sha256.using(rounds=8).hash(PASSWORD),
        "scrypt (passlib)": handlers.scrypt.using(rounds=14).hash(PASSWORD),
        "scrypt (Werkzeug)": generate_password_hash(PASSWORD, "scrypt"),
        "scrypt (Django)": django_scrypt(),
        "pbkdf2_sha1 (Django)": django_pbkdf2("sha1", 10_000),
        "pbkdf2_sha256 (Django)": django_pbkdf2("sha256", 10_000),
        "pbkdf2_sha1 (passlib)": handlers.pbkdf2_sha1.using(rounds=10_000).hash(PASSWORD),
        "pbkdf2_sha256 (passlib)": handlers.pbkdf2_sha256.using(rounds=10_000).hash(PASSWORD),
        "pbkdf2_sha512 (passlib)": handlers.pbkdf2_sha512.using(rounds=10_000).hash(PASSWORD),
        "pbkdf2 (Werkzeug)": generate_password_hash(PASSWORD, "pbkdf2:sha256:10000"),
        "pbkdf2 sha512 (Werkzeug)": generate_password_hash(PASSWORD, "pbkdf2:sha512:10000"),
    }


SPELLED = spelled()


@pytest.mark.parametrize("system", SPELLED)
def test_the_password_of_every_system_is_verified(system: str) -> None:
    """It, and no other; the old spelling is brought to one that is known at sign-in."""
    encoded = canonical(SPELLED[system])
    assert passwords.verify(PASSWORD, encoded)
    assert not passwords.verify("wrong horse", encoded)
    assert not passwords.verify("", encoded)
    assert canonical(encoded) == encoded


def test_a_published_vector_of_bcrypt_verifies() -> None:
    """From the tests of jBCrypt: not made here."""
    encoded = canonical("$2a$08$Ro0CUfOqk6cXEKf3dyaM7OhSCvnwM9s4wIX9JeLapehKK5YdLxKcm")
    assert passwords.verify("abc", encoded)
    assert not passwords.verify("abd", encoded)


def test_a_published_vector_of_scrypt_verifies() -> None:
    """RFC 7914 section 12: "pleaseletmein", "SodiumChloride", N 16384, r 8, p 1; 64 bytes, as Werkzeug keeps them."""
    checksum = (
        "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
        "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887"
    )
    encoded = canonical(f"scrypt:16384:8:1$SodiumChloride${checksum}")
    assert passwords.verify("pleaseletmein", encoded)
    assert not passwords.verify("pleaseletmein ", encoded)


@pytest.mark.parametrize("system", SPELLED)
def test_the_first_sign_in_hashes_anew(system: str) -> None:
    """With argon2id and the parameters of today; a session that is open stays so."""
    user = User("1", "alice", canonical(SPELLED[system]), created_at=5, password_changed_at=5)
    users = InMemoryUserRegistry(InMemoryPeople(user))
    signed_in = SignIn(users, Throttle(InMemoryThrottleStore()), lambda: 1_000.0)("alice", PASSWORD, "192.0.2.1", "")
    assert isinstance(signed_in, User)
    assert users.get("1") == signed_in == replace(user, password_hash=signed_in.password_hash)
    assert signed_in.password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert passwords.verify(PASSWORD, signed_in.password_hash)


def test_bcrypt_is_asked_for_what_it_has_seen_once() -> None:
    """72 bytes at the first sign-in, as the old system; every byte from then on."""
    long = "ü" * 36 + " and what bcrypt never saw"
    user = User("1", "alice", bcrypt.hashpw(long.encode()[:72], bcrypt.gensalt(8)).decode())
    users = InMemoryUserRegistry(InMemoryPeople(user))
    assert passwords.verify("ü" * 36 + " and something else", user.password_hash)
    assert not passwords.verify("ü" * 35 + "u and what bcrypt never saw", user.password_hash)
    sign_in = SignIn(users, Throttle(InMemoryThrottleStore()), lambda: 1_000.0)
    assert isinstance(sign_in("alice", long, "192.0.2.1", ""), User)
    assert sign_in("alice", "ü" * 36 + " and something else", "192.0.2.1", "") != users.get("1")
    assert sign_in("alice", long, "192.0.2.1", "") == users.get("1")


@pytest.mark.parametrize("system", SPELLED)
def test_no_password_ends_at_a_nul(system: str) -> None:
    """Nor does it go on there unseen: bcrypt stops at it, and HMAC fills up with it."""
    assert not passwords.verify(f"{PASSWORD}\x00", canonical(SPELLED[system]))
    assert not passwords.verify(f"{PASSWORD}\x00x", canonical(SPELLED[system]))


COSTLY = {
    "bcrypt 31": "$2b$31$" + "a" * 53,
    "bcrypt 14": "$2b$14$" + "a" * 53,
    "bcrypt_sha256 31": "bcrypt_sha256$$2b$31$" + "a" * 53,
    "bcrypt_sha256 of passlib": f"$bcrypt-sha256$v=2,t=2b,r=31${'a' * 22}${'a' * 31}",
    "scrypt 2^30": f"$scrypt$ln=30,r=8,p=1${'a' * 22}${'a' * 43}",
    "scrypt wide": f"$scrypt$ln=14,r=999,p=1${'a' * 22}${'a' * 43}",
    "scrypt parallel": f"$scrypt$ln=16,r=8,p=16${'a' * 22}${'a' * 43}",
    "scrypt (Werkzeug)": f"scrypt:1073741824:8:1$abcdefgh${'ab' * 64}",
    "pbkdf2 a billion": f"$pbkdf2-sha256$1000000000${'a' * 22}${'a' * 43}",
    "pbkdf2 (Django)": f"pbkdf2_sha256$999999999999$abcdefgh${'a' * 43}=",
    "argon2 4 GiB": "$argon2id$v=19$m=4194304,t=1,p=1$YWFhYWFhYWFhYWE$" + "a" * 43,
    "argon2 long": "$argon2id$v=19$m=19456,t=9999,p=1$YWFhYWFhYWFhYWE$" + "a" * 43,
    "argon2 many lanes": "$argon2id$v=19$m=19456,t=2,p=999$YWFhYWFhYWFhYWE$" + "a" * 43,
}


@pytest.mark.parametrize("record", COSTLY)
def test_a_hash_that_would_take_the_machine_is_refused(record: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """At import, and by a sign-in that finds it in the table all the same, after the work of any other."""
    with pytest.raises(HashRefused, match="costs too much"):
        canonical(COSTLY[record])
    stored = COSTLY[record]
    computed = []
    verify = PasswordHasher.verify

    def recording(self: PasswordHasher, encoded: str, password: bytes) -> bool:
        computed.append(encoded)
        return bool(verify(self, encoded, password))

    monkeypatch.setattr(PasswordHasher, "verify", recording)
    assert not passwords.verify(PASSWORD, stored)
    assert computed == [passwords._NOBODYS]


@pytest.mark.parametrize(
    "encoded",
    [
        "",
        "5f4dcc3b5aa765d61d8327deb882cf99",
        "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8",
        "md5$salt$5f4dcc3b5aa765d61d8327deb882cf99",
        "{SSHA}0c0blFTXXNuAMHECS4uxrj3ZieMoWImr",
        "{MD5}X03MO1qnZdYdgyfeuILPmQ==",
        "$1$salt$qJH7.N4xYta3aEG/dfqo/0",
        "$5$rounds=5000$saltstring$" + "a" * 43,
        "$2x$10$" + "a" * 53,
        "plain text",
        "$2b$10$short",
        "$2b$\uff11\uff10$" + "a" * 53,
        "$2b$10$" + "a" * 600,
        "$argon2id$v=19$m=65536,t=3,p=4$",
        "!",
    ],
)
def test_what_is_no_slow_hash_is_refused(encoded: str) -> None:
    """With what to do, and nothing of it repeated."""
    with pytest.raises(HashRefused, match="not accepted") as raised:
        canonical(encoded)
    assert not encoded or encoded not in str(raised.value)
    assert not passwords.verify(PASSWORD, encoded)


@pytest.mark.parametrize(
    "encoded",
    [
        "$2b$04$" + "a" * 53,
        f"$pbkdf2-sha256$1000${'a' * 22}${'a' * 43}",
        f"pbkdf2:sha256:1$abcdefgh${'ab' * 32}",
        f"$scrypt$ln=10,r=8,p=1${'a' * 22}${'a' * 43}",
        "$argon2id$v=19$m=8,t=1,p=1$YWFhYWFhYWFhYWE$" + "a" * 43,
    ],
)
def test_what_is_found_quickly_is_refused(encoded: str) -> None:
    """Below what was the default a decade ago."""
    with pytest.raises(HashRefused, match="too weak"):
        canonical(encoded)


def test_a_damaged_hash_is_a_wrong_password() -> None:
    """Not a failure of the service."""
    for system in SPELLED:
        encoded = canonical(SPELLED[system])
        other = "a" if encoded[-10] != "a" else "b"  # the last characters hold bits that mean nothing
        assert not passwords.verify(PASSWORD, encoded[:-10] + other + encoded[-9:])
        assert not passwords.verify(PASSWORD, encoded[:-3])


def test_every_scheme_is_one_that_is_imported_here() -> None:
    """Whoever adds one adds its system above."""
    assert {scheme_of(canonical(encoded)).name for encoded in SPELLED.values()} == {scheme.name for scheme in SCHEMES}


def test_a_sign_in_with_our_own_hash_does_not_load_the_others() -> None:
    """The cold start pays for none of it."""
    script = (
        "import sys; from signet.people import passwords, sign_in\n"
        "passwords.verify('x' * 9, passwords.rehash('x' * 9))\n"
        "sys.exit(bool({'passlib', 'passlib.hash', 'bcrypt'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False, timeout=60).returncode == 0


@pytest.mark.parametrize("username", ["alice", "bob", "carol", "nobody"])
def test_where_there_are_imported_hashes_every_refusal_takes_the_same_time(username: str) -> None:
    """Whichever system a hash came from, or where there is none: nobody learns who exists and has signed in since."""
    people = InMemoryPeople(
        User("1", "alice", canonical(SPELLED["bcrypt 2b"])),
        User("2", "bob", passwords.rehash(PASSWORD)),
        User("3", "carol", passwords.rehash("wrong horse"), disabled=True),
    )
    users = InMemoryUserRegistry(people)
    passed = [100.0]
    pauses: list[float] = []

    def timer() -> float:
        passed[0] += 0.25
        return passed[0]

    sign_in = SignIn(users, Throttle(InMemoryThrottleStore()), lambda: 1_000.0, timer, pauses.append)
    assert isinstance(sign_in(username, "wrong horse", "192.0.2.1", ""), Refusal)
    assert pauses == []
    users.note_imported_hashes(1_000)
    assert isinstance(sign_in(username, "wrong horse", "192.0.2.1", ""), Refusal)
    assert pauses == [REFUSED_AFTER - 0.25]
    users.note_imported_hashes(None)
    sign_in(username, "wrong horse", "192.0.2.1", "")
    assert len(pauses) == 1

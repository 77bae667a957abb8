"""Imported hashes in the built layer, whose packages have lost their tests, stubs and most of their metadata."""

import json
import os
import subprocess

import bcrypt
import pytest
from passlib import hash as handlers

from tests.support.built import LAYERS, python313

pytestmark = pytest.mark.built

PASSWORD = "correct horse"

SCRIPT = """
import json, sys
from signet.people import passwords
password, *encoded = json.load(sys.stdin)
print(json.dumps([[passwords.verify(password, each), passwords.verify(password + "x", each)] for each in encoded]))
"""


def test_the_built_layer_verifies_every_scheme() -> None:
    """On the Python that Lambda runs, with nothing but the layers, and not a warning."""
    encoded = [
        bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(8)).decode(),
        handlers.bcrypt_sha256.using(rounds=8).hash(PASSWORD),
        handlers.django_bcrypt_sha256.using(rounds=8).hash(PASSWORD),
        handlers.scrypt.using(rounds=14).hash(PASSWORD),
        handlers.pbkdf2_sha1.using(rounds=10_000).hash(PASSWORD),
        handlers.pbkdf2_sha256.using(rounds=10_000).hash(PASSWORD),
        handlers.pbkdf2_sha512.using(rounds=10_000).hash(PASSWORD),
        handlers.argon2.using(rounds=2, memory_cost=1_024, parallelism=2).hash(PASSWORD),
    ]
    done = subprocess.run(
        [python313(), "-S", "-W", "error", "-c", SCRIPT],
        input=json.dumps([PASSWORD, *encoded]),
        env={"PYTHONPATH": os.pathsep.join(map(str, LAYERS))},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [[True, False]] * len(encoded)

"""What the compatibility tests share: the seeds as files, curl, and a verifier that is not the one Signet uses."""

import base64
import json
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from joserfc.jwt import JWTClaimsRegistry

from tests.support.served import ServedSignet

SEEDS = Path(__file__).parent / "seeds"


def seed(name: str) -> str:
    """Return the text of a vendor's page."""
    return (SEEDS / name).read_text(encoding="utf-8")


def curl_command(page: str) -> str:
    """Return the page's one `curl` command with its continuation lines, as printed."""
    [command] = re.findall(r"^curl (?:.*\\\n)*.*", page, re.MULTILINE)
    return str(command)


def json_documents(page: str) -> list[dict[str, Any]]:
    """Return the page's JSON objects in their order."""
    return [json.loads(document) for document in re.findall(r"\{\s*\"[^{}]*\}", page)]


def payload(token: str) -> dict[str, Any]:
    """Return a JWT's claims without verifying anything."""
    part = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return claims


@dataclass(frozen=True)
class CurlAnswer:
    """Status, header fields by lower-case name, and the JSON body."""

    status: int
    headers: dict[str, str]
    body: dict[str, Any]


@pytest.fixture
def run_as_printed(tmp_path: Path) -> Callable[[str], CurlAnswer]:
    """Run a command line by a shell and the real curl.

    What is needed to see the answer is in curl's configuration file, so the command stays as the page prints it.
    """
    headers = tmp_path / "headers"
    (tmp_path / ".curlrc").write_text(f'silent\nshow-error\nmax-time = 60\ndump-header = "{headers}"\n')

    def run(command: str) -> CurlAnswer:
        done = subprocess.run(
            ["sh", "-c", command],
            env={"PATH": "/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin", "CURL_HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        head = headers.read_text().strip().split("\n\n")[-1].splitlines()  # the last one: 100 Continue comes before
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
        return CurlAnswer(int(head[0].split()[1]), fields, json.loads(done.stdout))

    return run


@pytest.fixture
def verify(served: ServedSignet) -> Callable[..., dict[str, Any]]:
    """Verify an access token as a resource server does that was told the issuer and its own audience, nothing else."""

    def verified(token: str, audience: str = served.issuer) -> dict[str, Any]:
        metadata = httpx.get(f"{served.issuer}/.well-known/openid-configuration").raise_for_status().json()
        assert metadata["issuer"] == served.issuer
        keys = KeySet.import_key_set(httpx.get(metadata["jwks_uri"]).raise_for_status().json())
        decoded = jwt.decode(token, keys, algorithms=["RS256"])
        assert decoded.header["typ"] == "at+jwt"
        JWTClaimsRegistry(
            iss={"essential": True, "value": served.issuer},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
            iat={"essential": True},
        ).validate(decoded.claims)
        return decoded.claims

    return verified

"""The page's openid-client, run by Node as it stands there; the issuer is replaced, and plain http allowed for it."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.compatibility.consumers.conftest import ISSUER, SECTIONS, Register, credentials
from tests.support.served import ServedSignet
from tests.support.served_sign_in import answer_to, create_person

HEADING = "Node: openid-client"
REDIRECT_URI = "https://bookshop.example.com/callback"
LIBRARIES = Path(__file__).parent / "node_modules"
_MISSING = (
    "Node or the libraries of tests/compatibility/consumers/package.json are missing: `make browser` installs them"
)

PRELUDE = """
import { createInterface } from 'node:readline/promises'
const { clientId, clientSecret, redirectUri } = JSON.parse(process.env.CLIENT)
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const redirected = async url => { console.log(url.href); return new URL((await lines.next()).value) }
"""
PLAIN_HTTP = "client.ClientSecretBasic(clientSecret), { execute: [client.allowInsecureRequests] })"


@pytest.fixture(scope="module")
def node() -> str:
    """Node, with the libraries beside."""
    path = shutil.which("node")
    if path is None or not LIBRARIES.is_dir():
        if os.environ.get("CI"):
            pytest.fail(_MISSING)
        pytest.skip(_MISSING)
    return path


def start(node: str, folder: Path, served: ServedSignet, script: str, client: tuple[str, str]) -> subprocess.Popen[str]:
    """Node with one of the page's scripts, which prints what `result` is at its end."""
    [(printed, allowed)] = [("client.ClientSecretBasic(clientSecret))", PLAIN_HTTP)]
    assert script.count(printed) == script.count(ISSUER) == 1
    (folder / "node_modules").symlink_to(LIBRARIES)
    module = folder / "page.mjs"
    module.write_text(PRELUDE + script.replace(printed, allowed).replace(ISSUER, served.issuer) + RESULT, "utf-8")
    members = {"clientId": client[0], "clientSecret": client[1], "redirectUri": REDIRECT_URI}
    return subprocess.Popen(
        [node, str(module)],
        env={"PATH": os.environ["PATH"], "CLIENT": json.dumps(members)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


RESULT = """
const result = {
  tokens, claims: tokens.claims?.(), person: typeof person === 'undefined' ? null : person,
  refreshed: typeof refreshed === 'undefined' ? null : refreshed,
}
console.log(JSON.stringify(result))
process.exit(0)
"""


def result(process: subprocess.Popen[str], answer: str = "") -> dict[str, Any]:
    """What the script came to."""
    output, errors = process.communicate(answer, timeout=60)
    assert process.returncode == 0, errors
    members: dict[str, Any] = json.loads(output)
    return members


def test_a_person_signs_in(node: str, served: ServedSignet, register: Register, tmp_path: Path) -> None:
    """Discovery, PKCE, the ID token with its nonce, `iss` of the answer (RFC 9207), userinfo and a refresh."""
    [client] = register("Python: Authlib")
    process = start(node, tmp_path, served, SECTIONS[HEADING].block("js"), credentials(client))
    username = create_person(served, "--claim", "name=Ada Lovelace")
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    assert re.search(r"[?&]code_challenge_method=S256(&|$)", url), process.communicate(timeout=60)
    answer = answer_to(served, username, url, REDIRECT_URI)
    came = result(process, f"{REDIRECT_URI}?{urlencode(answer)}\n")
    assert came["person"] == {**came["person"], "sub": came["claims"]["sub"], "name": "Ada Lovelace"}
    assert came["claims"]["nonce"]
    assert came["refreshed"]["refresh_token"] != came["tokens"]["refresh_token"]


def test_a_machine_gets_a_token(node: str, served: ServedSignet, register: Register, tmp_path: Path) -> None:
    """The client of the first section, by client credentials."""
    [client] = register("API Gateway HTTP API, the JWT authorizer")
    came = result(start(node, tmp_path, served, SECTIONS[HEADING].block("js", 1), credentials(client)))
    assert came["tokens"]["scope"] == "orders:read"
    assert came["tokens"]["token_type"] == "bearer"

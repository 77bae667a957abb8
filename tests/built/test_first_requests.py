"""What each built function has imported by its first answer: a cold start pays for every module of it."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from bench.first_requests import FIRST_REQUESTS, asked_first
from bench.warm_process import environment
from tests.support.built import BUILT, ROOT, python313
from tests.support.stack import Stack, event

pytestmark = pytest.mark.built

SERVE_ONE = """
import json, sys
import app
answer = app.handler(json.loads(sys.argv[1]), None)
packages = {name.partition(".")[0].partition("_templates_")[0] for name in sys.modules}
found = packages - set(sys.stdlib_module_names)
print(json.dumps([answer.get("statusCode"), sorted(found)]), file=sys.stderr)
"""

OURS = {"__main__", "app", "signet"}
EVERY = {*OURS, "orjson"}
KEYS = {"cryptography", "_cffi_backend", "_openssl"}
PAGES = {"jinja2", "markupsafe", "_jinja2_module"}  # the last for the templates, as the build has compiled them
PASSWORDS = {"argon2", "_argon2_cffi_bindings", "_cffi_backend"}

THIRD_PARTY = {
    "TokenFunction": KEYS,
    "JwksFunction": set(),
    "IntrospectionFunction": KEYS,
    "RevocationFunction": KEYS,
    "UserinfoFunction": KEYS,
    "AuthorizationFunction": PAGES | PASSWORDS,
    "EndSessionFunction": PAGES | KEYS,
    "AccountFunction": PAGES | PASSWORDS,
}
"""What is neither ours nor Python's."""


Deployed = tuple[Stack, dict[str, dict[str, Any]]]


@pytest.fixture(scope="module")
def deployed() -> Iterator[Deployed]:
    """What is built, with keys, clients and a user, and what each function is asked."""
    with asked_first() as found:
        yield found


def served(function: str, request: object, variables: Mapping[str, str]) -> Any:
    """Status and packages of a process of the runtime's Python that has answered once."""
    folder = ROOT / "functions" / function if function == "bearer_authorizer" else BUILT / function
    run = subprocess.run(
        [python313(), "-c", SERVE_ONE, json.dumps(request)],
        env=environment(variables, folder),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=True,
        timeout=120,
    )
    return json.loads(run.stderr.splitlines()[-1])


def test_each_function_that_serves_requests_is_looked_at(deployed: Deployed) -> None:
    """A new one has to say what it imports."""
    assert set(THIRD_PARTY) == set(FIRST_REQUESTS) == set(deployed[1])
    built = {path.name for path in BUILT.iterdir() if path.name.endswith("Function")}
    assert built - {"KeyRotationFunction"} == set(THIRD_PARTY)


@pytest.mark.parametrize("function", THIRD_PARTY)
def test_a_first_answer_imports_these_packages_and_no_others(deployed: Deployed, function: str) -> None:
    """Each costs its milliseconds in front of somebody who waits."""
    stack, requests = deployed
    found = served(function, requests[function], stack.variables(function))
    assert found == [200, sorted(EVERY | THIRD_PARTY[function])]


def test_an_authorizer_imports_what_fetches_keys_and_no_client_of_aws() -> None:
    """It starts in other people's accounts, where nobody has a token yet."""
    variables = {"SIGNET_ISSUER": "http://127.0.0.1:9/connect", "SIGNET_AUDIENCE": "https://api.example.com"}
    found = served("bearer_authorizer", event("GET", "/orders"), variables)
    assert found == [None, sorted(EVERY)]

"""Who imports what, where import-linter cannot see it: in folders that are no packages, and at run time."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from signet_cli.local import embedded
from tests.support.transformed import ROOT

APPS = sorted((ROOT / "functions").glob("*/app.py"))

WEIGHTY = (
    "boto3",
    "pydantic",
    "aws_lambda_powertools",
    "botocore",
    "urllib3",
    "jwt",
    "argon2",  # for clients with a short secret, and for people
    "signet.people",
    "signet_cli",
)
"""What would double a cold start (bench/imports.py prints by how much)."""

INITIALISE = """
import json, sys
sys.path[:0] = json.loads(sys.argv[1])
import app
print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""

SERVE_ONE = """
import json, sys
sys.path[:0] = json.loads(sys.argv[1])
import app
answer = app.handler(json.loads(sys.argv[2]), None)
print(json.dumps([answer["statusCode"], sorted(sys.modules)]), file=sys.stderr)
"""


def imported(path: Path) -> set[str]:
    """Every module that a file imports, wherever in it the import stands."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


def test_aws_is_spoken_to_from_one_package_and_the_command_line() -> None:
    """Everything else works on values and ports, so that it runs and is tested without AWS."""
    sdks = {"boto3", "botocore"}
    speaking = {
        path.relative_to(ROOT).as_posix()
        for folder in ("layers", "functions", "cli")
        for path in (ROOT / folder).rglob("*.py")
        if sdks & {module.partition(".")[0] for module in imported(path)}
    }
    assert [path for path in speaking if not path.startswith(("layers/core/signet/aws/", "cli/"))] == []
    assert [path for path in speaking if path.startswith("layers/")] != []


def test_botocore_is_imported_by_who_asks_for_it() -> None:
    """At the top of a module it would be imported by every function, whichever client that uses."""
    folder = ROOT / "layers" / "core" / "signet"
    importing = {path for path in folder.rglob("*.py") if any(name.startswith("botocore") for name in imported(path))}
    assert importing == {folder / "aws" / "sdk.py"}
    tree = ast.parse((folder / "aws" / "sdk.py").read_text(encoding="utf-8"))
    at_the_top = [ast.unparse(node) for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    assert [statement for statement in at_the_top if "botocore" in statement] == []


@pytest.mark.parametrize("app", APPS, ids=lambda app: app.parent.name)
def test_a_function_says_which_it_is_and_nothing_else(app: Path) -> None:
    """Wiring is in the library, where it is typed and tested."""
    assert imported(app) == {"signet.wiring"}
    source = app.read_text(encoding="utf-8")
    assert f'handler = handler_for("{app.parent.name}")' in source
    assert len(source.splitlines()) <= 12


def test_the_token_path_imports_nothing_weighty() -> None:
    """From import to answer the token function stays clear of what a cold start cannot afford."""
    event = {
        "version": "2.0",
        "routeKey": "ANY /connect/oauth/token",
        "rawPath": "/connect/oauth/token",
        "headers": {"content-type": "application/x-www-form-urlencoded", "authorization": "Basic YTpi"},
        "requestContext": {"http": {"method": "POST"}},
        "body": "grant_type=client_credentials",
        "isBase64Encoded": False,
    }
    path = [str(ROOT / "functions" / "token"), str(ROOT / "layers" / "core")]
    served = subprocess.run(
        [sys.executable, "-c", SERVE_ONE, json.dumps(path), json.dumps(event)],
        # nobody listens: every call to AWS fails at once, and nothing leaves this machine
        env={
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
            "AWS_DEFAULT_REGION": embedded.REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            "SIGNET_ISSUER": "https://id.example.com/connect",
            "SIGNET_REGISTRY_TABLE": "registry",
            "SIGNET_KEYRING_SECRET": "keyring",
            "POWERTOOLS_SERVICE_NAME": "signet",
            "POWERTOOLS_METRICS_NAMESPACE": "Signet",
        },
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    status, modules = json.loads(served.stderr.splitlines()[-1])
    assert status == 503
    assert {"http.client", "cryptography", "signet.endpoints.token"} <= set(modules)
    assert [name for name in modules if name.startswith(WEIGHTY)] == []


def test_an_authorizer_without_tables_does_not_import_the_sdk() -> None:
    """Most of what its cold start would cost in other people's accounts, for nothing."""
    path = [str(ROOT / "functions" / "bearer_authorizer"), str(ROOT / "layers" / "core")]
    decided = subprocess.run(
        [sys.executable, "-c", INITIALISE, json.dumps(path)],
        env={
            "SIGNET_ISSUER": "http://127.0.0.1:9/connect",  # nobody is there: the keys are the first request's to miss
            "SIGNET_AUDIENCE": "https://api.example.com",
            "POWERTOOLS_SERVICE_NAME": "signet",
            "POWERTOOLS_METRICS_NAMESPACE": "Signet",
        },
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    modules = json.loads(decided.stderr.splitlines()[-1])
    assert "signet.endpoints.bearer_authorizer" in modules
    assert [name for name in modules if name.partition(".")[0] in {"botocore", "boto3", "pydantic", "jinja2"}] == []

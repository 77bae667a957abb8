"""The command as a whole: what it loads, how it reports, what it refuses."""

import subprocess
import sys
from types import ModuleType

import pytest

from tests.unit.cli.conftest import CommandLine


def test_help_and_version_answer(signet: CommandLine) -> None:
    """Without any AWS."""
    assert "clients" in signet("--help").stdout
    assert signet("--version").stdout.startswith("signet ")
    for command in ("create", "list", "show", "update", "delete", "rotate-secret"):
        answer = signet("clients", command, "--help")
        assert answer.exit_code == 0
        assert all(option in answer.stdout for option in ("--json", "--local", "--stack", "--profile", "--region"))


def test_the_command_loads_nothing_before_it_is_needed() -> None:
    """Help comes at once."""
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, signet_cli.main; print(*sys.modules)"],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    ).stdout.split()
    assert not {"pydantic", "botocore", "boto3", "moto", "rich.table", "yaml"} & set(loaded)


@pytest.mark.parametrize(
    "arguments",
    [
        ["clients", "show"],
        ["clients", "nonsense"],
        ["clients", "create", "--client-secret", "x"],
        ["clients", "create", "--claim", "novalue"],
        ["clients", "create", "--claim", "=x"],
        ["clients", "create", "--claim", "a=1", "--claim", "a=2"],
        ["clients", "create", "--access-token-lifetime", "soon"],
        ["clients", "create", "--public", "--auth-method", "client_secret_basic"],
        ["clients", "update"],
        ["clients", "update", "a"],
        ["clients", "update", "a", "--client-id", "b"],
        ["clients", "update", "a", "--redirect-uri", "https://a.example/", "--add-redirect-uri", "https://b.example/"],
        ["clients", "rotate-secret", "a", "--overlap", "-1"],
        ["clients", "rotate-secret", "a", "--overlap", "91d"],
        ["clients", "rotate-secret", "a", "--overlap", "1w"],
        ["clients", "list", "--local", "--profile", "production"],
        ["clients", "list", "--local", "--stack", "production"],
        ["clients", "list", "--local", "--region", "eu-west-1"],
    ],
)
def test_wrong_usage_is_told_on_stderr_with_exit_code_2(signet: CommandLine, arguments: list[str]) -> None:
    """A secret is no option: every process of the machine could read it."""
    answer = signet(*arguments)
    assert (answer.exit_code, answer.stdout) == (2, "")
    assert "Error" in answer.stderr


def test_serve_is_the_local_server(signet: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is loaded by its own command alone."""
    served = []
    module = ModuleType("signet_cli.serve")
    module.__dict__["serve"] = lambda: served.append(True)
    monkeypatch.setitem(sys.modules, "signet_cli.serve", module)
    assert signet("serve").exit_code == 0
    assert served == [True]

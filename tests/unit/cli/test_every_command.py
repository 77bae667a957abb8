"""The whole tree of commands: each one teaches, answers machines, and takes no secret as an argument."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from signet_cli.main import app
from tests.unit.cli.conftest import CommandLine

QUIET = {"serve"}
"""Commands that print for nobody's program."""

DESTROYING = {
    "clients delete",
    "clients rotate-secret",
    "clients short-secrets",
    "clients update",
    "clients import",
    "grants revoke",
    "keys rotate",
    "keys withdraw",
    "resources delete",
    "resources set",
    "scopes delete",
    "scopes set",
    "tokens revoke",
    "users delete",
    "users disable",
    "users hashes",
    "users import",
    "users revoke",
    "users set-claims",
    "users set-password",
    "users sign-out",
}
"""Commands that take away or replace what is there, or write much at once."""

SECRETS = ("secret", "password", "token", "jwt", "private")


def commands(group: TyperGroup, path: str = "") -> Iterator[tuple[str, TyperCommand]]:
    """Every command with its name behind `signet`."""
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from commands(command, f"{path}{name} ")
        elif isinstance(command, TyperCommand):
            yield f"{path}{name}", command


ROOT = typer.main.get_command(app)
assert isinstance(ROOT, TyperGroup)
EVERY = dict(commands(ROOT))


def option(name: str, option: str) -> Any:
    """The parameter of a command that has that option."""
    return next((each for each in EVERY[name].params if option in each.opts), None)


@pytest.mark.parametrize("name", EVERY)
def test_help_has_an_example_that_the_command_takes(signet: CommandLine, name: str) -> None:
    """Its own, with options that exist."""
    command = EVERY[name]
    example = (command.help or "").partition("Example: ")[2].partition("\n\n")[0]
    assert f"signet {name}" in example
    words = example.partition(f"signet {name}")[2].split()
    known = {opt for parameter in command.params for opt in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= known
    answer = signet(*name.split(), "--help")
    assert answer.exit_code == 0
    assert "Example:" in answer.stdout
    assert all(parameter.help for parameter in command.params if isinstance(parameter, TyperOption))


@pytest.mark.parametrize("name", EVERY)
def test_help_fits_a_narrow_terminal(signet: CommandLine, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each option with its whole name, to be copied."""
    monkeypatch.setenv("COLUMNS", "80")
    shown = signet(*name.split(), "--help").stdout
    options = {opt for parameter in EVERY[name].params for opt in (*parameter.opts, *parameter.secondary_opts)}
    assert {opt for opt in options if opt.startswith("-")} <= set(re.split(r"[\s,]+", shown))
    assert all(len(line) <= 80 for line in shown.splitlines())


@pytest.mark.parametrize("name", EVERY)
def test_arguments_are_named_as_every_other(name: str) -> None:
    """In capitals; the brackets of the usage line say which may be left out."""
    for parameter in EVERY[name].params:
        if not isinstance(parameter, TyperOption):
            assert re.fullmatch(r"[A-Z_]+(\|-)?", parameter.metavar or ""), parameter.name


@pytest.mark.parametrize("name", sorted(EVERY.keys() - QUIET))
def test_whatever_prints_prints_json_for_machines(name: str) -> None:
    """And finds its stack as every other command does."""
    assert option(name, "--json")
    assert all(option(name, place) for place in ("--local", "--stack", "--profile", "--region"))


@pytest.mark.parametrize("name", sorted(DESTROYING))
def test_what_destroys_can_be_tried_first(name: str) -> None:
    """By `--dry-run`."""
    assert option(name, "--dry-run")


@pytest.mark.parametrize("name", EVERY)
def test_no_secret_is_an_argument(name: str) -> None:
    """Histories and process lists keep those: a secret is typed, piped, in a file or in the environment."""
    for parameter in EVERY[name].params:
        last = {
            each.lstrip("-").replace("_", "-").rpartition("-")[2] for each in (parameter.name, *parameter.opts) if each
        }
        is_flag = isinstance(parameter, TyperOption) and parameter.is_flag
        is_file = "FILE" in (parameter.metavar or "")
        assert is_flag or is_file or last.isdisjoint(SECRETS), parameter.name


def test_exit_codes_are_told(signet: CommandLine) -> None:
    """Where everybody begins."""
    told = " ".join(signet("--help").stdout.split())
    assert "Exit codes: 0 done; 1 not possible as asked" in told


def test_the_shell_completes_commands() -> None:
    """After `signet --install-completion`, or `--show-completion` for one's own configuration."""
    script = Path(sys.executable).with_name("signet")
    environment = {
        **os.environ,
        "_SIGNET_COMPLETE": "complete_bash",
        "COMP_WORDS": "signet tokens in",
        "COMP_CWORD": "2",
    }
    completed = subprocess.run([script], env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert completed.stdout.split() == ["inspect", "introspect"]

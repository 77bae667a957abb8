"""`signet stack`: what a deployment has given itself, for people and for scripts."""

import pytest

from tests.unit.cli.conftest import ISSUER, CommandLine, deploy


@pytest.fixture(autouse=True)
def stack(aws: None) -> str:
    """A deployed stack; its registry table."""
    return deploy("signet")


def test_outputs_are_shown_and_given_to_scripts(signet: CommandLine, stack: str) -> None:
    """All of them, or the bare value of one."""
    answer = signet("stack", "outputs", "--json")
    assert (answer.exit_code, answer.json["Issuer"], answer.json["RegistryTable"]) == (0, ISSUER, stack)
    assert ISSUER in signet("stack", "outputs").stdout
    assert signet("stack", "outputs", "Issuer").stdout == f"{ISSUER}\n"
    assert signet("stack", "outputs", "Issuer", "--json").json == {"Issuer": ISSUER}
    answer = signet("stack", "outputs", "issuer")
    assert (answer.exit_code, "KeyringSecret" in answer.stderr) == (1, True)


def test_the_stacks_state_is_shown(signet: CommandLine) -> None:
    """As CloudFormation has it."""
    answer = signet("stack", "show", "--json")
    assert (answer.json["stack"], answer.json["status"]) == ("signet", "CREATE_COMPLETE")
    assert answer.json["created_at"] > 0
    assert "CREATE_COMPLETE" in signet("stack", "show").stdout


@pytest.mark.parametrize("command", [["stack", "outputs"], ["stack", "show"], ["doctor"], ["tokens", "inspect"]])
def test_a_stack_that_is_not_there_is_told(signet: CommandLine, command: list[str]) -> None:
    """In one line, by every command."""
    answer = signet(*command, "--stack", "production", typed="a.b.c")
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert "has no stack production" in answer.stderr

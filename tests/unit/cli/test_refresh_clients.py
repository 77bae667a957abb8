"""Registering clients whose people stay signed in: the grant type refresh_token, rotation and lifetimes."""

import json

import pytest

from tests.support.fakes import InMemoryClientRegistry
from tests.unit.cli.conftest import CommandLine

CALLBACK = "https://app.example.com/callback"
GRANTS = ("--grant-type", "authorization_code", "--grant-type", "refresh_token")
WEB = ("clients", "create", "--client-id", "web", "--redirect-uri", CALLBACK, *GRANTS)


def test_a_client_with_refresh_tokens_rotates_them_unless_it_says_otherwise(
    signet: CommandLine, registry: InMemoryClientRegistry
) -> None:
    """The lifetimes are the service's until they are given."""
    made = signet(*WEB, "--json").json
    assert (made["grant_types"], made["rotate_refresh_tokens"]) == (["authorization_code", "refresh_token"], True)
    assert not {"refresh_token_lifetime", "refresh_token_idle_lifetime"} & made.keys()
    stored = registry.get("web")
    assert stored
    assert (stored.rotate_refresh_tokens, stored.refresh_token_lifetime) == (True, None)


def test_options_decide_rotation_and_lifetimes(signet: CommandLine, registry: InMemoryClientRegistry) -> None:
    """In the units of every other time, up to a year."""
    lifetimes = ("--refresh-token-lifetime", "365d", "--refresh-token-idle-lifetime", "12h")
    made = signet(*WEB, "--json", "--no-rotate-refresh-tokens", *lifetimes).json
    assert made["rotate_refresh_tokens"] is False
    assert (made["refresh_token_lifetime"], made["refresh_token_idle_lifetime"]) == (31_536_000, 43_200)
    shown = [line.split() for line in signet("clients", "show", "web").stdout.splitlines()]
    assert ["rotate_refresh_tokens", "no"] in shown
    assert ["refresh_token_lifetime", "31536000"] in shown
    changed = signet("clients", "update", "web", "--rotate-refresh-tokens", "--refresh-token-lifetime", "7d").stdout
    assert "Changed: rotate_refresh_tokens, refresh_token_lifetime." in changed
    taken_back = json.dumps({"refresh_token_lifetime": None, "refresh_token_idle_lifetime": None})
    signet("clients", "update", "web", "-", typed=taken_back)
    stored = registry.get("web")
    assert stored
    assert (stored.rotate_refresh_tokens, stored.refresh_token_lifetime, stored.refresh_token_idle_lifetime) == (
        True,
        None,
        None,
    )


def test_what_is_shown_can_be_given_back(signet: CommandLine, registry: InMemoryClientRegistry) -> None:
    """Edited or not."""
    signet(*WEB, "--refresh-token-idle-lifetime", "1h")
    shown = signet("clients", "show", "web", "--json").stdout
    assert "Nothing had to be changed" in signet("clients", "update", "web", "-", typed=shown).stdout


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        (
            ("--grant-type", "refresh_token"),
            "grant_types: refresh_token continues the authorization_code grant and needs it",
        ),
        (
            (*GRANTS, "--redirect-uri", CALLBACK, "--public", "--no-rotate-refresh-tokens"),
            "rotate_refresh_tokens: a public client's refresh tokens must rotate",
        ),
        (
            (*GRANTS, "--redirect-uri", CALLBACK, "--refresh-token-lifetime", "0"),
            "refresh_token_lifetime: must be 1 to 31536000 seconds",
        ),
    ],
)
def test_what_cannot_work_is_refused(
    signet: CommandLine, registry: InMemoryClientRegistry, options: tuple[str, ...], fault: str
) -> None:
    """With the member and the rule; nothing is stored."""
    answer = signet("clients", "create", *options)
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert f"error: {fault}\n" in answer.stderr
    assert not list(registry.list())


def test_a_lifetime_over_a_year_is_told_to_be_too_long(signet: CommandLine, registry: InMemoryClientRegistry) -> None:
    """Keys are kept for as long as a refresh token may live."""
    answer = signet(*WEB, "--refresh-token-lifetime", "366d")
    assert answer.exit_code == 2
    assert "at most 365d" in " ".join(answer.stderr.replace("\u2502", " ").split())


def test_every_member_that_differs_is_shown_for_machines_too(
    signet: CommandLine, registry: InMemoryClientRegistry
) -> None:
    """Of a client without refresh tokens only what is not the default."""
    assert "rotate_refresh_tokens" not in signet("clients", "create", "--json").json
    typed = json.dumps({"rotate_refresh_tokens": False})
    assert signet("clients", "create", "-", "--json", typed=typed).json["rotate_refresh_tokens"] is False

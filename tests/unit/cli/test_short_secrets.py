"""`signet clients import --keep-short-secrets`, who still has one, and how the last of them goes (decision 0018)."""

import csv
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from signet.clientauth.short_secrets import LONGEST
from signet.model.client import Client
from signet.people import passwords
from signet_cli.checks.clients import short_secrets
from signet_cli.checks.finding import Finding, State
from signet_cli.metadata_rules import SHORTEST_SECRET
from signet_cli.stack import Location
from tests.support.fakes import InMemoryClientRegistry
from tests.support.people_fakes import InMemoryPeople, InMemoryUserRegistry
from tests.unit.cli.conftest import CommandLine
from tests.unit.cli.test_doctor import patient
from tests.unit.cli.test_import import PARTNERS, Stack, counts, told, written

SHORT = "dkconnect-secret"
PARTNER: dict[str, Any] = {"client_id": "dkconnect", "client_secret": SHORT, "scope": "orders:read"}
KEEP = "--keep-short-secrets"

Import = Callable[..., Any]


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> InMemoryClientRegistry:
    """The registry that commands reach."""
    clients = InMemoryClientRegistry()
    stack = Stack(clients, InMemoryUserRegistry(InMemoryPeople(is_client=lambda sub: clients.get(sub) is not None)))

    def find(location: Location) -> Stack:
        return stack

    monkeypatch.setattr("signet_cli.stack.find_stack", find)
    return clients


@pytest.fixture
def take(signet: CommandLine, registry: InMemoryClientRegistry, tmp_path: Path) -> Import:
    """Imports rows with these options; what is told for machines."""

    def take(rows: list[dict[str, Any]], *options: str, form: str = "jsonl") -> Any:
        return signet("clients", "import", written(tmp_path, rows, form), "--json", *options)

    return take


def stored(registry: InMemoryClientRegistry, client_id: str = "dkconnect") -> Client:
    """What has become of a row."""
    client = registry.get(client_id)
    assert client
    return client


@pytest.mark.parametrize("form", ["csv", "json", "jsonl"])
def test_a_short_secret_is_kept_where_it_is_asked_for(
    registry: InMemoryClientRegistry, take: Import, form: str
) -> None:
    """As an argon2id hash; others in the same file as ever. Again, nothing is done, though every salt is another."""
    answer = take([PARTNER, *PARTNERS], KEEP, form=form)
    assert (answer.exit_code, told(answer)) == (0, counts(created=4))
    [secret] = stored(registry).client_secrets
    assert (secret.is_short, secret.digest, secret.expires_at) == (True, "", None)
    assert passwords.verify(SHORT, secret.argon2id)
    assert not passwords.needs_rehash(secret.argon2id)
    assert not any(secret.is_short for row in PARTNERS for secret in stored(registry, row["client_id"]).client_secrets)
    before = list(registry.list())
    answer = take([PARTNER, *PARTNERS], KEEP, form=form)
    assert (answer.exit_code, told(answer)) == (0, counts(present=4))
    assert list(registry.list()) == before
    assert SHORT not in answer.everything


def test_without_the_option_a_short_secret_is_refused_as_ever(registry: InMemoryClientRegistry, take: Import) -> None:
    """Nobody weakens a deployment by a file alone."""
    answer = take([PARTNER])
    assert (answer.exit_code, told(answer)) == (3, counts(refused=1))
    assert answer.json["faults"][0]["field"] == "client_secret"
    assert (list(registry.list()), registry.has_short_secrets()) == ([], False)


def test_another_short_secret_is_a_conflict(registry: InMemoryClientRegistry, take: Import) -> None:
    """It is verified, not compared; what is there stays."""
    take([PARTNER], KEEP)
    before = list(registry.list())
    for client_secret in ("another-secret", SHORT.upper(), SHORT * 2):
        answer = take([{**PARTNER, "client_secret": client_secret}], KEEP)
        assert (answer.exit_code, told(answer)) == (3, counts(conflict=1))
        assert [fault["field"] for fault in answer.json["faults"]] == ["client_secret"]
    assert list(registry.list()) == before


def test_a_secret_that_was_rotated_since_is_a_conflict_once_it_has_ended(
    signet: CommandLine, registry: InMemoryClientRegistry, take: Import
) -> None:
    """During the overlap the file is still right."""
    take([PARTNER], KEEP)
    assert signet("clients", "rotate-secret", "dkconnect", "--overlap", "7d").exit_code == 0
    assert [secret.is_short for secret in stored(registry).client_secrets] == [False, True]
    assert told(take([PARTNER], KEEP)) == counts(present=1)
    assert signet("clients", "rotate-secret", "dkconnect", "--overlap", "0").exit_code == 0
    assert [secret.is_short for secret in stored(registry).client_secrets] == [False]
    assert told(take([PARTNER], KEEP)) == counts(conflict=1)


@pytest.mark.parametrize(
    "client_secret",
    [
        "x",
        "hunter2",
        "password1",
        "12345678",
        "aaaaaaaaaa",
        "dkconnect",
        "DKconnect!1",
        "gr\u00fc\u00dfe!!",
        "a\tb-c\td-e",
    ],
)
def test_what_is_guessed_soon_is_not_kept(registry: InMemoryClientRegistry, take: Import, client_secret: str) -> None:
    """Of fewer than eight characters, a common password, the client's own name, or no secret of RFC 6749 at all."""
    answer = take([{**PARTNER, "client_secret": client_secret}], KEEP, "--report")
    assert (answer.exit_code, told(answer)) == (3, counts(refused=1))
    assert answer.json["faults"][0]["field"] == "client_secret"
    assert answer.json["faults"][0]["reason"].count(client_secret) == 0 or client_secret == "x"
    assert (list(registry.list()), registry.has_short_secrets()) == ([], False)


def test_a_public_client_keeps_none(registry: InMemoryClientRegistry, take: Import) -> None:
    """It has no secret at all."""
    row = {**PARTNER, "token_endpoint_auth_method": "none", "redirect_uris": ["https://a.example/cb"]}
    answer = take([row], KEEP)
    assert told(answer) == counts(refused=1)
    assert not list(registry.list())


def test_new_secrets_are_made_for_what_is_too_short_to_keep(
    registry: InMemoryClientRegistry, take: Import, tmp_path: Path
) -> None:
    """Both options together: eight characters and more are kept, the others and none get a new one."""
    rows = [PARTNER, {"client_id": "tiny", "client_secret": "hunter2"}, {"client_id": "none"}]
    answer = take(rows, KEEP, "--new-secrets", str(tmp_path / "new.csv"))
    assert told(answer) == counts(created=3)
    with (tmp_path / "new.csv").open(newline="") as stream:
        assert [line["client_id"] for line in csv.DictReader(stream)] == ["tiny", "none"]
    assert [stored(registry, name).client_secrets[0].is_short for name in ("dkconnect", "tiny", "none")] == [
        True,
        False,
        False,
    ]


def test_short_secrets_are_noted_before_the_first_is_stored(
    registry: InMemoryClientRegistry, take: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that no refusal ever tells them apart; without any nothing is noted."""
    assert told(take(PARTNERS, KEEP)) == counts(created=3)
    assert not registry.has_short_secrets()
    create = InMemoryClientRegistry.create

    def creating(self: InMemoryClientRegistry, client: Client) -> bool:
        assert self.has_short_secrets()
        return create(self, client)

    monkeypatch.setattr(InMemoryClientRegistry, "create", creating)
    assert told(take([PARTNER], KEEP)) == counts(created=1)


def test_a_dry_run_tells_the_same_and_writes_nothing(registry: InMemoryClientRegistry, take: Import) -> None:
    """Not even the note."""
    rows = [PARTNER, {"client_id": "tiny", "client_secret": "hunter2"}]
    dry = take(rows, KEEP, "--dry-run")
    assert (list(registry.list()), registry.has_short_secrets()) == ([], False)
    assert dry.json == {**take(rows, KEEP).json, "dry_run": True}
    assert told(take(rows, KEEP, "--dry-run")) == counts(present=1, refused=1)


def test_short_secrets_may_have_an_end(registry: InMemoryClientRegistry, take: Import) -> None:
    """The first moment of that day in UTC; a day that has begun, or one without short secrets to keep, is a mistake."""
    take([PARTNER], KEEP, "--short-secrets-until", "2999-12-31")
    [secret] = stored(registry).client_secrets
    assert secret.expires_at == int(datetime(2999, 12, 31, tzinfo=UTC).timestamp())
    assert told(take([PARTNER], KEEP)) == counts(present=1)
    for options in ((KEEP, "--short-secrets-until", "2001-01-01"), ("--short-secrets-until", "2999-12-31")):
        assert take([PARTNER], *options).exit_code == 2


def test_who_has_a_short_secret_is_seen(signet: CommandLine, registry: InMemoryClientRegistry, take: Import) -> None:
    """In the list, in the client's own lines, and in a list of their own; never the hash."""
    take([PARTNER, *PARTNERS], KEEP)
    listed = signet("clients", "list", "--json")
    assert {row["client_id"] for row in listed.json if row.get("short_secret")} == {"dkconnect"}
    assert signet("clients", "list").stdout.count("short secret") == 1
    shown = signet("clients", "show", "dkconnect", "--json")
    assert shown.json["client_secrets"][0]["short"] is True
    assert "short, created" in signet("clients", "show", "dkconnect").stdout
    assert "short" not in signet("clients", "show", "alpha").stdout
    answer = signet("clients", "short-secrets", "--json")
    assert (list(answer.json["clients"]), answer.json["finished"]) == (["dkconnect"], False)
    assert "dkconnect" in signet("clients", "short-secrets").stdout
    everything = listed.everything + shown.everything + answer.everything
    assert "argon2" not in everything


def test_a_shown_client_can_be_given_back(signet: CommandLine, registry: InMemoryClientRegistry, take: Import) -> None:
    """What was shown of a short secret is no change, and an update leaves it."""
    take([PARTNER], KEEP)
    assert signet("clients", "update", "dkconnect", "--name", "DK").exit_code == 0
    client = stored(registry)
    assert (client.client_name, client.client_secrets[0].is_short) == ("DK", True)


def findings(registry: InMemoryClientRegistry) -> list[Finding]:
    """What a doctor finds."""
    return list(short_secrets(patient(registry=registry)))


def test_the_note_goes_with_the_last_short_secret(
    signet: CommandLine, registry: InMemoryClientRegistry, take: Import
) -> None:
    """When an operator says so, and not before; the doctor tells how it stands."""
    take([PARTNER], KEEP)
    [finding] = findings(registry)
    assert (finding.state, "dkconnect" in finding.found) == (State.WARN, True)
    answer = signet("clients", "short-secrets", "--finish")
    assert (answer.exit_code, registry.has_short_secrets()) == (1, True)
    assert signet("clients", "rotate-secret", "dkconnect").exit_code == 0
    [finding] = findings(registry)
    assert (finding.state, "--finish" in finding.advice) == (State.WARN, True)
    assert signet("clients", "short-secrets").stdout == "No client has a short secret.\n"
    assert signet("clients", "short-secrets", "--finish", "--dry-run", "--json").json["finished"] is False
    assert registry.has_short_secrets()
    assert signet("clients", "short-secrets", "--finish", "--json").json == {"clients": {}, "finished": True}
    assert not registry.has_short_secrets()
    assert [finding.state for finding in findings(registry)] == [State.OK]


def test_what_is_short_ends_where_what_is_long_begins() -> None:
    """No length is both, and none is neither."""
    assert LONGEST + 1 == SHORTEST_SECRET

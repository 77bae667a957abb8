"""`--dry-run`: everything is looked at and told, and nothing is written."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from signet.model.client import Client, ClientSecret, digest
from signet.model.scope import Scope, ScopeCatalogue
from signet.model.user import Consent, User
from signet.settings import Settings
from signet_cli.stack import Location, Stack
from signet_cli.untouched import UntouchedStack
from tests.support.fakes import InMemoryClientRegistry
from tests.support.people_fakes import (
    InMemoryConsentStore,
    InMemoryGrantStore,
    InMemoryPeople,
    InMemoryScopeStore,
    InMemorySessionStore,
    InMemoryUserRegistry,
)
from tests.unit.cli.conftest import ISSUER, CommandLine

READS = {"get", "find", "list", "load", "of_subject", "of_user", "of_client", "status"} | {
    "has_imported_hashes",
    "has_short_secrets",
}

CLIENT = Client("app", "client_secret_basic", ("client_credentials",), (ClientSecret(digest("s" * 32), 1),))
ADA = User("1", "ada", claims={"email": "ada@example.com"})


@dataclass(frozen=True)
class Everything:
    clients: InMemoryClientRegistry
    people: InMemoryPeople
    catalogue: InMemoryScopeStore
    given: InMemoryGrantStore = field(default_factory=InMemoryGrantStore)
    open: InMemorySessionStore = field(default_factory=InMemorySessionStore)

    def grants(self) -> InMemoryGrantStore:
        return self.given

    def sessions(self) -> InMemorySessionStore:
        return self.open

    def settings(self) -> Settings:
        return Settings(ISSUER, ISSUER)

    def registry(self) -> InMemoryClientRegistry:
        return self.clients

    def users(self) -> InMemoryUserRegistry:
        return InMemoryUserRegistry(self.people)

    def consents(self) -> InMemoryConsentStore:
        return InMemoryConsentStore(self.people)

    def scopes(self) -> InMemoryScopeStore:
        return self.catalogue

    def kept(self) -> tuple[Any, ...]:
        """All that there is."""
        return list(self.clients.list()), dict(self.people.users), dict(self.people.consents), self.catalogue.load()


@pytest.fixture
def everything(monkeypatch: pytest.MonkeyPatch) -> Everything:
    """A client, a user who has allowed it something, and a scope."""
    stack = Everything(InMemoryClientRegistry(CLIENT), InMemoryPeople(ADA), InMemoryScopeStore())
    stack.consents().put(Consent("1", "app", ("read",), 1, 1), None)
    stack.catalogue.replace(ScopeCatalogue({"read": Scope("read")}, 1, {"api": "ES256"}))

    def find_stack(location: Location) -> Everything:
        return stack

    monkeypatch.setattr("signet_cli.stack.find_stack", find_stack)
    return stack


COMMANDS = [
    (["clients", "delete", "app"], ["clients", "delete", "nobody"]),
    (["clients", "update", "app", "--name", "Another"], ["clients", "update", "app", "--redirect-uri", "nonsense"]),
    (["clients", "rotate-secret", "app"], ["clients", "rotate-secret", "nobody"]),
    (["users", "delete", "ada"], ["users", "delete", "nobody"]),
    (["users", "disable", "ada"], ["users", "disable", "nobody"]),
    (["users", "set-claims", "ada", "--claim", "locale=fr"], ["users", "set-claims", "ada", "--claim", "sub=x"]),
    (["users", "set-password", "ada", "--password-stdin"], ["users", "set-password", "nobody", "--password-stdin"]),
    (["users", "revoke", "ada", "app"], ["users", "revoke", "ada", "other"]),
    (["scopes", "set", "write", "--claim", "email"], ["scopes", "set", "bad scope"]),
    (["scopes", "delete", "read"], ["scopes", "delete", "other"]),
    (["resources", "set", "api", "--access-token-alg", "PS256"], ["resources", "delete", "other"]),
    (["resources", "delete", "api"], ["resources", "delete", "other"]),
]


@pytest.mark.parametrize("form", [[], ["--json"]])
@pytest.mark.parametrize(("possible", "impossible"), COMMANDS)
def test_a_dry_run_changes_nothing_and_says_so(
    signet: CommandLine, everything: Everything, possible: list[str], impossible: list[str], form: list[str]
) -> None:
    """Nor does it ask; what is not possible fails as it would; without it the same command does it."""
    before = everything.kept()
    answer = signet(*possible, "--dry-run", *form, typed="correct horse\n")
    assert answer.exit_code == 0, answer.stderr
    assert "nothing was changed" in answer.stderr
    assert '"deleted": true' not in answer.stdout
    assert '"revoked": true' not in answer.stdout
    assert 'client_secret": "' not in answer.stdout
    assert everything.kept() == before
    assert signet(*impossible, "--dry-run", *form, typed="correct horse\n").exit_code == 1
    yes = ["--yes"] if possible[1] == "delete" and possible[0] != "resources" else []
    answer = signet(*possible, *yes, *form, typed="correct horse\n")
    assert (answer.exit_code, "nothing was changed" in answer.stderr) == (0, False)
    assert everything.kept() != before


@pytest.mark.parametrize(
    "name", ["registry", "users", "consents", "scopes", "sessions", "grants", "token_status", "key_sets"]
)
def test_whatever_is_no_read_of_a_store_is_not_made(name: str) -> None:
    """Also by a command that nobody has written yet: the stores as they are in an account."""
    stack = Stack("registry", "state", "secret", ISSUER, sdk_client=lambda _: None)
    store, untouched = getattr(stack, name)(), getattr(UntouchedStack(stack), name)()
    methods = {method for method in dir(store) if not method.startswith("_")}
    for method in methods - READS:
        assert getattr(untouched, method)(object()) is True
    for method in methods & READS:
        assert getattr(untouched, method).__func__ is getattr(store, method).__func__

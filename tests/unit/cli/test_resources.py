"""`signet resources`: the algorithm by which access tokens for a resource are signed."""

import pytest

from signet.model.scope import Scope, ScopeCatalogue
from tests.support.people_fakes import InMemoryScopeStore
from tests.unit.cli.conftest import CommandLine
from tests.unit.cli.test_scopes import StackOfScopes

API = "https://api.example.com"


@pytest.fixture
def scopes(monkeypatch: pytest.MonkeyPatch) -> InMemoryScopeStore:
    """A catalogue that has a scope."""
    store = InMemoryScopeStore()
    assert store.replace(ScopeCatalogue({"a": Scope("a")}, 1))
    monkeypatch.setattr("signet_cli.stack.find_stack", lambda _: StackOfScopes(store))
    return store


def test_a_resource_chooses_and_takes_it_back(signet: CommandLine, scopes: InMemoryScopeStore) -> None:
    """Beside the scopes, which stay as they are."""
    answer = signet("resources", "set", API, "--access-token-alg", "ES256", "--json")
    row = {"resource": API, "access_token_signed_response_alg": "ES256"}
    assert (answer.exit_code, answer.json) == (0, [row])
    assert scopes.load() == ScopeCatalogue({"a": Scope("a")}, 2, {API: "ES256"})
    assert signet("scopes", "set", "b", "--claim", "c").exit_code == 0
    assert signet("scopes", "delete", "a", "--yes").exit_code == 0
    assert signet("resources", "list", "--json").json == [row]
    assert API in signet("resources", "list").stdout
    assert signet("resources", "delete", API, "--json").json == {"resource": API, "deleted": True}
    assert scopes.load().resources == {}


@pytest.mark.parametrize("alg", ["none", "HS256", "es256", ""])
def test_an_algorithm_that_never_signs_here_is_refused(
    signet: CommandLine, scopes: InMemoryScopeStore, alg: str
) -> None:
    """With those that do."""
    answer = signet("resources", "set", API, "--access-token-alg", alg)
    assert answer.exit_code == 2
    assert "RS256 or PS256 or ES256 or EdDSA" in " ".join(answer.stderr.replace("│", " ").split())
    assert scopes.load().resources == {}


@pytest.mark.parametrize("resource", ["", "a\nb", "x" * 256])
def test_what_no_client_can_be_registered_for_is_refused(
    signet: CommandLine, scopes: InMemoryScopeStore, resource: str
) -> None:
    """A choice that could never count."""
    assert signet("resources", "set", resource, "--access-token-alg", "ES256").exit_code == 2
    assert scopes.load().resources == {}


def test_a_resource_that_has_not_chosen_cannot_take_it_back(signet: CommandLine, scopes: InMemoryScopeStore) -> None:
    """And nothing is changed."""
    answer = signet("resources", "delete", API)
    assert (answer.exit_code, answer.stderr) == (
        1,
        f"error: {API} has not chosen: `signet resources list` names those that have\n",
    )
    assert scopes.load().version == 1

"""`signet scopes`: the catalogue that operators edit."""

from dataclasses import dataclass
from typing import Any

import pytest

from signet.model.scope import STANDARD, Scope, ScopeCatalogue
from signet_cli.stack import Location
from tests.support.people_fakes import InMemoryScopeStore
from tests.unit.cli.conftest import CommandLine, deploy

HOSTILE = "\x1b]0;owned\x07[bold red]x[/] \u202egnp.exe\r\n"


@dataclass(frozen=True)
class StackOfScopes:
    store: InMemoryScopeStore

    def scopes(self) -> InMemoryScopeStore:
        return self.store


@pytest.fixture
def scopes(monkeypatch: pytest.MonkeyPatch) -> InMemoryScopeStore:
    """The catalogue that commands reach, whichever stack they are asked for."""
    store = InMemoryScopeStore()

    def find_stack(location: Location) -> StackOfScopes:
        return StackOfScopes(store)

    monkeypatch.setattr("signet_cli.stack.find_stack", find_stack)
    return store


STOCK = [
    "stock",
    "--description",
    "en=See the stock",
    "--description",
    "fr=Voir le stock",
    "--claim",
    "store",
    "--token-claim",
    "personid",
    "--token-claim",
    "location",
    "--resource",
    "https://api.example.com",
]


def test_set_adds_a_scope(signet: CommandLine, scopes: InMemoryScopeStore) -> None:
    """With its sentences, its claims and its audience."""
    answer = signet("scopes", "set", *STOCK, "--json")
    assert (answer.exit_code, answer.stderr) == (0, "")
    assert answer.json == {
        "name": "stock",
        "description": {"en": "See the stock", "fr": "Voir le stock"},
        "claims": ["store"],
        "token_claims": ["personid", "location"],
        "resource": "https://api.example.com",
    }
    stock = Scope(
        "stock",
        {"en": "See the stock", "fr": "Voir le stock"},
        ("store",),
        ("personid", "location"),
        "https://api.example.com",
    )
    assert scopes.load() == ScopeCatalogue({"stock": stock}, 1)


def test_set_changes_what_is_named(signet: CommandLine, scopes: InMemoryScopeStore) -> None:
    """A description language by language, a list of claims as a whole; with --replace nothing stays."""
    signet("scopes", "set", *STOCK)
    changed = signet("scopes", "set", "stock", "--description", "fr=Le stock", "--claim", "a", "--claim", "b", "--json")
    assert changed.json["description"] == {"en": "See the stock", "fr": "Le stock"}
    assert changed.json["claims"] == ["a", "b"]
    assert changed.json["token_claims"] == ["personid", "location"]
    assert signet("scopes", "set", "stock", "--replace", "--json").json == {"name": "stock"}
    assert scopes.load() == ScopeCatalogue({"stock": Scope("stock")}, 3)


def test_a_standard_scope_can_be_changed_and_is_itself_again_once_deleted(
    signet: CommandLine, scopes: InMemoryScopeStore
) -> None:
    """What is not named stays as OpenID Connect has it."""
    answer = signet("scopes", "set", "email", "--description", "en=Write to you", "--token-claim", "email", "--json")
    assert answer.json["description"] == {**STANDARD["email"].description, "en": "Write to you"}
    assert answer.json["claims"] == ["email", "email_verified"]
    assert "standard scope again" in signet("scopes", "delete", "email", "--yes").stdout
    assert scopes.load().get("email") == STANDARD["email"]
    answer = signet("scopes", "delete", "email", "--yes")
    assert (answer.exit_code, answer.stderr) == (1, "error: email is a standard scope and as it was\n")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["a b"], "name: must be"),
        (['a"b'], "name: must be"),
        (["é"], "name: must be"),
        (["x" * 256], "name: must be"),
        (["a", "--description", "en="], "description.en: must not be empty"),
        (["a", "--description", "english language=x"], "must be a language tag"),
        (["a", "--description", "en=x\x07y"], "control characters"),
        (["a", "--description", "en=" + "x" * 256], "longer than 255"),
        (["a", "--claim", "sub"], "sub is set by the service itself"),
        (["a", "--token-claim", "aud"], "aud is set by the service itself"),
        (["a", "--claim", "x", "--claim", "x"], "names x twice"),
        (["a", *(f"--claim=c{number}" for number in range(51))], "more than 50"),
        (["a", "--resource", "x\ny"], "resource: must not hold"),
    ],
)
def test_impossible_scopes_are_told(
    signet: CommandLine, scopes: InMemoryScopeStore, arguments: list[str], told: str
) -> None:
    """And nothing is stored."""
    answer = signet("scopes", "set", *arguments)
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert told in answer.stderr
    assert scopes.load() == ScopeCatalogue()


@pytest.mark.parametrize("descriptions", [["en"], ["=x"], ["en=x", "en=y"]])
def test_descriptions_are_a_language_and_a_sentence(
    signet: CommandLine, scopes: InMemoryScopeStore, descriptions: list[str]
) -> None:
    """Each language once."""
    assert signet("scopes", "set", "a", *(f"--description={text}" for text in descriptions)).exit_code == 2


def test_list_shows_standard_scopes_and_own_ones(signet: CommandLine, scopes: InMemoryScopeStore) -> None:
    """For people and for machines."""
    signet("scopes", "set", *STOCK)
    listed: list[dict[str, Any]] = signet("scopes", "list", "--json").json
    assert [scope["name"] for scope in listed] == [*STANDARD, "stock"]
    text = signet("scopes", "list").stdout
    assert "See the stock" in text
    assert "personid location" in text
    assert "offline_access" in text


def test_show_shows_one(signet: CommandLine, scopes: InMemoryScopeStore) -> None:
    """Standard or own; another is told."""
    signet("scopes", "set", *STOCK)
    assert "Voir le stock" in signet("scopes", "show", "stock").stdout
    assert signet("scopes", "show", "email", "--json").json["claims"] == ["email", "email_verified"]
    for command in ("show", "delete"):
        answer = signet("scopes", command, "x")
        assert (answer.exit_code, answer.stdout) == (1, "")
        assert "there is no scope x in the catalogue" in answer.stderr


def test_delete_asks_and_can_be_declined(signet: CommandLine, scopes: InMemoryScopeStore) -> None:
    """Nothing but a yes deletes."""
    signet("scopes", "set", *STOCK)
    answer = signet("scopes", "delete", "stock", typed="n\n")
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert "Delete the scope stock?" in answer.stderr
    assert signet("scopes", "delete", "stock", "--yes", "--json").json == {"name": "stock", "deleted": True}
    assert scopes.load() == ScopeCatalogue(version=2)


def test_changes_at_the_same_moment_are_all_made(
    signet: CommandLine, scopes: InMemoryScopeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each over what the other left; and not for ever."""
    replace = scopes.replace
    others = iter(range(1))

    def busy(catalogue: ScopeCatalogue) -> bool:
        for number in others:
            replace(ScopeCatalogue({f"other{number}": Scope(f"other{number}")}, catalogue.version))
        return replace(catalogue)

    monkeypatch.setattr(scopes, "replace", busy)
    assert signet("scopes", "set", "stock").exit_code == 0
    assert set(scopes.load().scopes) == {"other0", "stock"}
    monkeypatch.setattr(scopes, "replace", lambda _: False)
    assert "try again" in signet("scopes", "set", "stock").stderr


def test_a_catalogue_has_its_limit(signet: CommandLine, scopes: InMemoryScopeStore) -> None:
    """One item holds it."""
    many = {f"scope{n}": Scope(f"scope{n}", {"en": "x" * 250}) for n in range(1_000)}
    scopes.replace(ScopeCatalogue(many, 1))
    assert "larger than 256 KiB" in signet("scopes", "set", "one-more").stderr


@pytest.mark.parametrize("command", [["list"], ["show", "a"], ["delete", "a"]])
def test_hostile_text_does_not_reach_the_terminal_raw(
    signet: CommandLine, scopes: InMemoryScopeStore, command: list[str]
) -> None:
    """A record may be older than the rules."""
    scopes.replace(ScopeCatalogue({"a": Scope("a", {"en": HOSTILE}, (HOSTILE,), (), HOSTILE)}, 1))
    answer = signet("scopes", *command, typed="y\n")
    assert answer.exit_code == 0
    assert not {"\x1b", "\x07", "\r", "\u202e"} & set(answer.everything)


def test_scopes_are_in_the_deployed_stack(signet: CommandLine, aws: None) -> None:
    """By the stack's outputs, as everything else."""
    deploy("signet")
    assert signet("scopes", "set", *STOCK).exit_code == 0
    assert signet("scopes", "show", "stock", "--json").json["token_claims"] == ["personid", "location"]
    assert signet("scopes", "delete", "stock", "--yes").exit_code == 0

"""ports.ScopeStore, in memory and on DynamoDB."""

from typing import Any

import pytest

from signet.aws.scopes import DynamoDbScopeStore
from signet.errors import OAuthError, Reason
from signet.model.scope import Scope, ScopeCatalogue
from signet.ports import ScopeStore
from tests.support.embedded_tables import Tables, at_once
from tests.support.people_fakes import InMemoryScopeStore

STOCK = Scope(
    "stock", {"en": "See the stock", "fr": "Voir le stock"}, ("store",), ("personid", "location"), "https://api"
)


@pytest.fixture(params=["memory", "dynamodb"])
def scopes(request: pytest.FixtureRequest) -> ScopeStore:
    """An untouched catalogue."""
    if request.param == "memory":
        return InMemoryScopeStore()
    tables: Tables = request.getfixturevalue("tables")
    return DynamoDbScopeStore(tables.dynamodb, tables.registry)


def catalogue(version: int, *scopes: Scope) -> ScopeCatalogue:
    """A catalogue of these scopes."""
    resources = {"https://a.example": "ES256", "orders of \U0001f4e6": "EdDSA"} if scopes else {}
    return ScopeCatalogue({scope.name: scope for scope in scopes}, version, resources)


def test_an_untouched_catalogue_is_of_version_0(scopes: ScopeStore) -> None:
    """And holds the standard scopes alone."""
    assert scopes.load() == ScopeCatalogue()
    assert scopes.load().get("email").claims == ("email", "email_verified")


def test_a_catalogue_comes_back_as_stored(scopes: ScopeStore) -> None:
    """Whole, in the order of the operator."""
    first = catalogue(1, STOCK, Scope("a"), Scope("email", {"en": "Write to you"}))
    assert scopes.replace(first)
    assert scopes.load() == first
    assert list(scopes.load().scopes) == ["stock", "a", "email"]
    assert scopes.replace(catalogue(2))
    assert scopes.load() == ScopeCatalogue(version=2)


@pytest.mark.parametrize("version", [0, 1, 3, 7])
def test_a_version_that_is_not_the_next_changes_nothing(scopes: ScopeStore, version: int) -> None:
    """Nobody's change is lost to another's."""
    assert scopes.replace(catalogue(1, STOCK))
    assert not scopes.replace(catalogue(version, Scope("other")))
    assert scopes.load() == catalogue(1, STOCK)


def test_the_first_version_is_1(scopes: ScopeStore) -> None:
    """What was made from a version that is not stored is refused."""
    assert not scopes.replace(catalogue(2, STOCK))
    assert scopes.load() == ScopeCatalogue()


def test_of_many_changes_of_one_version_one_is_made(scopes: ScopeStore) -> None:
    """Ten operators."""
    made = at_once(10, lambda number: scopes.replace(catalogue(1, Scope(f"scope{number}"))))
    assert made.count(True) == 1
    assert list(scopes.load().scopes) == [f"scope{made.index(True)}"]


# what only the adapter can show


def test_a_change_whose_answer_was_lost_is_a_success(tables: Tables) -> None:
    """The SDK repeats it, and it meets itself."""
    store = DynamoDbScopeStore(tables.dynamodb, tables.registry)
    for version in (1, 2):
        tables.connection.losing = 1
        assert store.replace(catalogue(version, STOCK))
    assert store.load() == catalogue(2, STOCK)


def test_a_malformed_catalogue_is_unavailable(tables: Tables) -> None:
    """Not empty, which would change what applications get."""
    store = DynamoDbScopeStore(tables.dynamodb, tables.registry)
    malformed: list[dict[str, Any]] = [
        {"S": "x"},
        {"L": [{"S": "x"}]},
        {"L": [{"M": {}}]},
        {"L": [{"M": {"unknown": {"S": "x"}}}]},
        {"L": [{"M": {"name": {"S": "x"}, "claims": {"S": "email"}}}]},
    ]
    for scopes in malformed:
        tables.dynamodb.put_item(
            TableName=tables.registry,
            Item={"pk": {"S": "scopes"}, "sk": {"S": "scopes"}, "version": {"N": "1"}, "scopes": scopes},
        )
        with pytest.raises(OAuthError) as raised:
            store.load()
        assert raised.value.reason is Reason.RECORD_INVALID


def test_a_table_that_is_missing_is_unavailable(tables: Tables) -> None:
    """Reading and writing."""
    store = DynamoDbScopeStore(tables.dynamodb, "missing")
    for ask in (store.load, lambda: store.replace(catalogue(1))):
        with pytest.raises(OAuthError) as raised:
            ask()
        assert raised.value.reason is Reason.STORE_UNAVAILABLE

"""ports.ClientRegistry: what every registry of clients keeps to."""

from dataclasses import MISSING, fields, replace
from typing import Any

import pytest

from signet.aws.attributes import item
from signet.aws.clients import DynamoDbClientRegistry
from signet.errors import OAuthError, Reason
from signet.model.client import Client, ClientSecret, digest
from signet.ports import ClientRegistry
from tests.support.embedded_tables import Tables, at_once

MANY = 20


def client(client_id: str = "machine", **metadata: Any) -> Client:
    """A registration as it is before it is stored."""
    return Client(
        **{
            "client_id": client_id,
            "token_endpoint_auth_method": "client_secret_basic",
            "grant_types": ("client_credentials",),
            "client_secrets": (ClientSecret(digest(client_id), created_at=1),),
            **metadata,
        }
    )


def rivals() -> list[Client]:
    """Registrations of one id that differ, as those of two operators do: each has a secret of its own."""
    return [client(client_secrets=(ClientSecret(digest(f"secret {n}"), created_at=n),)) for n in range(MANY)]


FULL = client(
    client_secrets=(
        ClientSecret(digest("a"), 1, 2),
        ClientSecret(digest("b"), 3),
        ClientSecret(created_at=4, expires_at=5, argon2id="$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2g"),
    ),
    grant_types=("client_credentials", "authorization_code", "refresh_token"),
    client_name="Entrep\u00f4t \U0001f4e6 <b>",
    scope=("read", "write"),
    audience=("https://a.example", "https://b.example"),
    access_token_lifetime=899,
    claims={"data_center": "EU", "n": 1, "x": 1.5, "yes": True, "list": ["a", 1, {"b": []}], "map": {"a": {"b": "c"}}},
    scope_format="list",
    id_token_signed_response_alg="ES256",
    access_token_signed_response_alg="EdDSA",
    client_uri="https://a.example/",
    logo_uri="https://a.example/logo",
    policy_uri="https://a.example/policy",
    tos_uri="https://a.example/terms",
    contacts=("ops@a.example",),
    client_id_issued_at=1_700_000_000,
    redirect_uris=("https://a.example/back",),
    post_logout_redirect_uris=("https://a.example/bye",),
    require_pkce=False,
    first_party=True,
    rotate_refresh_tokens=False,
    refresh_token_lifetime=86_400,
    refresh_token_idle_lifetime=3_600,
)


def test_an_unknown_client_is_none(registry: ClientRegistry) -> None:
    """Absence is an answer, not an error; an id is looked up as it is spelled."""
    assert registry.create(client("machine"))
    assert [registry.get(id_) for id_ in ("nobody", "Machine", "machine ", "machin")] == [None] * 4


def test_a_created_client_is_found(registry: ClientRegistry) -> None:
    """At once, and past any cache."""
    assert registry.create(client())
    assert registry.get("machine") == client()
    assert registry.get("machine", fresh=True) == client()


def test_every_field_comes_back_as_it_went(registry: ClientRegistry) -> None:
    """With its type: 1 is no 1.0, a tuple is no list, nothing is lost."""
    untouched = [
        field.name
        for field in fields(Client)
        if field.compare and field.default is not MISSING and getattr(FULL, field.name) == field.default
    ]
    assert untouched == [], "give this test a value that is not the default"
    assert registry.create(FULL)
    found = registry.get("machine")
    assert found == FULL
    assert repr(found) == repr(FULL)


@pytest.mark.parametrize("client_id", ["a", "a#b", "client#x", "50% off/?&=", "~" * 255, " lead", "jwks"])
def test_any_client_id_of_the_rfc_is_one_of_its_own(registry: ClientRegistry, client_id: str) -> None:
    """RFC 6749 appendix A.1: no id leads to the record of another, nor to what else is in the table."""
    others = [client(client_id[:-1] + "!"), client("z" + client_id[1:])]
    for registered in (client(client_id), *others):
        assert registry.create(registered)
    assert registry.get(client_id) == client(client_id)
    assert registry.delete(client_id)
    assert [registry.get(other.client_id) for other in others] == others


def test_a_taken_id_is_refused_and_unchanged(registry: ClientRegistry) -> None:
    """Nobody takes over another's registration by creating it anew."""
    assert registry.create(client())
    assert registry.create(client(client_name="other")) is False
    assert registry.get("machine") == client()


def test_the_same_registration_twice_is_a_success(registry: ClientRegistry) -> None:
    """A caller whose answer was lost cannot be told from one that asks again."""
    assert registry.create(client())
    assert registry.create(client())


def test_a_client_is_replaced_by_who_has_read_it(registry: ClientRegistry) -> None:
    """What was read is the condition: nobody overwrites what they have not seen."""
    assert registry.create(FULL)
    read = registry.get("machine")
    assert read
    changed = replace(read, client_name="new name")
    assert registry.replace(changed, read)
    assert registry.get("machine") == changed
    again = registry.get("machine")
    assert again
    assert registry.replace(replace(again, scope=("read",)), again)


def test_a_client_that_has_changed_is_not_replaced(registry: ClientRegistry) -> None:
    """The second of two operators has to look again."""
    assert registry.create(client())
    read = registry.get("machine")
    assert read
    assert registry.replace(replace(read, client_name="first"), read)
    assert registry.replace(replace(read, client_name="second"), read) is False
    found = registry.get("machine")
    assert found
    assert found.client_name == "first"


def test_a_client_that_is_gone_is_not_replaced(registry: ClientRegistry) -> None:
    """A deleted client does not come back by an update that was under way."""
    assert registry.create(client())
    assert registry.delete("machine")
    assert registry.replace(client(client_name="new"), client()) is False
    assert registry.get("machine") is None


def test_a_deleted_client_is_gone(registry: ClientRegistry) -> None:
    """And its id is free."""
    assert registry.create(client())
    assert registry.delete("machine")
    assert registry.get("machine") is None
    assert registry.delete("machine") is False
    assert registry.create(client(client_name="another"))


def test_the_list_is_in_the_order_of_ids(registry: ClientRegistry) -> None:
    """Every client, and nothing but clients."""
    assert list(registry.list()) == []
    clients = [client(id_) for id_ in ("b", "B", "a", "a b", "10", "9")]
    for one in clients:
        assert registry.create(one)
    assert list(registry.list()) == sorted(clients, key=lambda one: one.client_id)


def test_a_listed_client_can_be_replaced(registry: ClientRegistry) -> None:
    """What comes from the list is as good as what was read alone."""
    assert registry.create(FULL)
    [listed] = registry.list()
    assert registry.replace(replace(listed, client_name="new"), listed)


def test_short_secrets_are_noted_and_forgotten(registry: ClientRegistry) -> None:
    """Any number of times; no client is found by the note, nor is it anybody's."""
    assert not registry.has_short_secrets()
    for imported_at in (10, 20):
        registry.note_short_secrets(imported_at)
        assert registry.has_short_secrets()
    assert list(registry.list()) == []
    assert registry.create(client("short_secrets"))
    assert registry.delete("short_secrets")
    assert registry.has_short_secrets()
    for _ in range(2):
        registry.note_short_secrets(None)
        assert not registry.has_short_secrets()


def test_many_create_the_same_id_and_one_succeeds(registry: ClientRegistry) -> None:
    """One conditional write decides, and the winner's registration is what is stored."""
    candidates = rivals()
    won = at_once(MANY, lambda number: registry.create(candidates[number]))
    assert won.count(True) == 1
    assert registry.get("machine") == candidates[won.index(True)]


def test_many_replace_the_same_version_and_one_succeeds(registry: ClientRegistry) -> None:
    """Nobody's change is overwritten unseen."""
    assert registry.create(client())
    read = registry.get("machine")
    assert read
    candidates = [replace(one, etag=read.etag) for one in rivals()]
    won = at_once(MANY, lambda number: registry.replace(candidates[number], read))
    assert won.count(True) == 1
    assert registry.get("machine") == candidates[won.index(True)]


def test_many_delete_and_one_succeeds(registry: ClientRegistry) -> None:
    """The others are told that there was none."""
    assert registry.create(client())
    assert at_once(MANY, lambda _: registry.delete("machine")).count(True) == 1


@pytest.mark.parametrize("lost", [1, 2])
def test_a_creation_whose_answer_was_lost_is_one_success(tables: Tables, lost: int) -> None:
    """The SDK writes again, and DynamoDB or the record itself knows the write for the same."""
    registry = DynamoDbClientRegistry(tables.dynamodb, tables.registry)
    tables.connection.losing = lost
    assert registry.create(FULL) is True
    assert tables.connection.losing == 0
    assert registry.get("machine") == FULL


@pytest.mark.parametrize("lost", [1, 2])
def test_a_replacement_whose_answer_was_lost_is_one_success(tables: Tables, lost: int) -> None:
    """The SDK writes again, the condition fails on what is our own write, and that is recognised."""
    registry = DynamoDbClientRegistry(tables.dynamodb, tables.registry)
    assert registry.create(client())
    read = registry.get("machine")
    assert read
    tables.connection.losing = lost
    assert registry.replace(FULL, read) is True
    assert tables.connection.losing == 0
    assert registry.get("machine") == FULL


def test_a_refusal_whose_answer_was_lost_is_a_refusal(tables: Tables) -> None:
    """Only one's own write is recognised, not another's."""
    registry = DynamoDbClientRegistry(tables.dynamodb, tables.registry)
    assert registry.create(client())
    tables.connection.losing = 1
    assert registry.create(client(client_name="other")) is False
    tables.connection.losing = 1
    assert registry.replace(client(client_name="other"), client(client_name="never stored")) is False
    assert registry.get("machine") == client()


def test_a_deletion_whose_answer_was_lost_is_a_success(tables: Tables) -> None:
    """The operator is not told that there was no such client."""
    registry = DynamoDbClientRegistry(tables.dynamodb, tables.registry)
    assert registry.create(client())
    tables.connection.losing = 1
    assert registry.delete("machine") is True
    assert registry.get("machine") is None


def test_a_client_is_read_as_it_was_last_written(tables: Tables) -> None:
    """By a consistent read, which moto cannot be told from another: an eventual one could miss a rotated secret."""
    asked: list[dict[str, Any]] = []
    tables.dynamodb.meta.events.register(
        "provide-client-params.dynamodb.GetItem", lambda params, **_: asked.append(params)
    )
    DynamoDbClientRegistry(tables.dynamodb, tables.registry).get("machine")
    assert [params["ConsistentRead"] for params in asked] == [True]


def test_a_list_of_several_pages_is_whole(tables: Tables) -> None:
    """DynamoDB answers a query with a megabyte at most."""
    registry = DynamoDbClientRegistry(tables.dynamodb, tables.registry)
    clients = [client(f"machine {n}", claims={"large": "x" * 300_000}) for n in range(5)]
    for one in clients:
        assert registry.create(one)
    sent: list[str] = []
    tables.dynamodb.meta.events.register("before-send.dynamodb", lambda event_name, **_: sent.append(event_name))
    assert list(registry.list()) == clients
    assert len(sent) > 1


def test_a_short_secret_is_in_the_table_as_a_hash_and_nothing_else(tables: Tables) -> None:
    """No digest stands beside it: that would be undone in no time."""
    registry = DynamoDbClientRegistry(tables.dynamodb, tables.registry)
    secret = ClientSecret(created_at=4, argon2id="$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2g")
    assert registry.create(client(client_secrets=(secret,)))
    [stored] = tables.items(tables.registry)
    assert [set(each["M"]) for each in stored["client_secrets"]["L"]] == [{"argon2id", "created_at"}]


@pytest.mark.parametrize("members", [{}, {"digest": "d", "argon2id": "$argon2id$"}, {"argon2id": 1}])
def test_a_secret_that_is_neither_or_both_is_no_record(tables: Tables, members: dict[str, Any]) -> None:
    """An operator's to mend; meanwhile nobody authenticates by it."""
    registry = DynamoDbClientRegistry(tables.dynamodb, tables.registry)
    assert registry.create(client())
    [stored] = tables.items(tables.registry)
    secret = {"M": item({"created_at": 1, **members})}
    tables.dynamodb.put_item(TableName=tables.registry, Item={**stored, "client_secrets": {"L": [secret]}})
    with pytest.raises(OAuthError) as refused:
        registry.get("machine")
    assert refused.value.reason is Reason.CLIENT_RECORD_INVALID

"""ports.KeySetStore: what every place keeps to in which keys are published."""

from dataclasses import replace
from typing import Any

import pytest

from signet.aws.key_sets import DynamoDbKeySetStore
from signet.keys.thumbprint import thumbprint
from signet.model.key import KeySet, PublishedKey, WithdrawnKey
from signet.ports import KeySetStore
from tests.support.embedded_tables import Tables, at_once


def key_set(version: int, name: str = "a") -> KeySet:
    """A set of two keys; another for another name."""
    jwks = [{"kty": "RSA", "n": f"{name}{number}", "e": "AQAB"} for number in range(2)]
    return KeySet(tuple(PublishedKey(thumbprint(jwk), "RS256", 1_700_000_000, jwk) for jwk in jwks), version)


def test_before_the_first_publication_the_set_is_empty(key_sets: KeySetStore) -> None:
    """Version 0: there is nothing that could be overwritten."""
    assert key_sets.load() == KeySet((), 0)


def test_a_published_set_is_loaded_as_it_was(key_sets: KeySetStore) -> None:
    """In its order, at once."""
    assert key_sets.publish(key_set(1))
    assert key_sets.load() == key_set(1)
    assert key_sets.publish(key_set(2, "b"))
    assert key_sets.load() == key_set(2, "b")


def test_keys_that_only_verify_are_kept_apart(key_sets: KeySetStore) -> None:
    """Withdrawn, and known to our own endpoints while a refresh token may come back that they signed."""
    withdrawn = replace(key_set(1, "b"), verify_only=key_set(1, "a").keys, signing_algs=("RS256", "ES256"))
    assert key_sets.publish(withdrawn)
    assert key_sets.load() == withdrawn
    [kid, _] = [key.kid for key in withdrawn.verify_only]
    assert key_sets.load().known(kid) == withdrawn.verify_only[0]
    assert key_sets.load().get(kid) is None


@pytest.mark.parametrize("version", [1, 2, 4, 5])
def test_only_the_next_version_is_published(key_sets: KeySetStore, version: int) -> None:
    """Over version 2 nothing but 3: whoever publishes has seen what they replace."""
    key_sets.publish(key_set(1))
    key_sets.publish(key_set(2))
    assert key_sets.publish(key_set(version, "b")) is False
    assert key_sets.load() == key_set(2)


def test_only_version_1_is_the_first(key_sets: KeySetStore) -> None:
    """A set that claims to replace one that is not there is refused."""
    assert key_sets.publish(key_set(2)) is False
    assert key_sets.load() == KeySet()


def test_the_same_publication_twice_is_a_success(key_sets: KeySetStore) -> None:
    """A caller whose answer was lost cannot be told from one that asks again."""
    for version in (1, 2):
        assert key_sets.publish(key_set(version))
        assert key_sets.publish(key_set(version))


@pytest.mark.parametrize("version", [1, 2])
def test_many_publish_the_same_version_and_one_succeeds(key_sets: KeySetStore, version: int) -> None:
    """The others load again."""
    if version == 2:
        key_sets.publish(key_set(1))
    sets = [key_set(version, f"{number}-") for number in range(20)]
    won = at_once(20, lambda number: key_sets.publish(sets[number]))
    assert won.count(True) == 1
    assert key_sets.load() == sets[won.index(True)]


@pytest.mark.parametrize("lost", [1, 2])
@pytest.mark.parametrize("version", [1, 2])
def test_a_publication_whose_answer_was_lost_is_one_success(tables: Tables, version: int, lost: int) -> None:
    """The SDK writes again, the condition fails on what is our own write, and that is recognised."""
    key_sets = DynamoDbKeySetStore(tables.dynamodb, tables.registry)
    if version == 2:
        assert key_sets.publish(key_set(1))
    tables.connection.losing = lost
    assert key_sets.publish(key_set(version, "b")) is True
    assert tables.connection.losing == 0
    assert key_sets.load() == key_set(version, "b")
    tables.connection.losing = 1
    assert key_sets.publish(key_set(version, "another's")) is False


def test_a_key_set_is_read_as_it_was_last_published(tables: Tables) -> None:
    """By a consistent read, which moto cannot be told from another: a rotation goes on from what it finds."""
    asked: list[dict[str, Any]] = []
    tables.dynamodb.meta.events.register(
        "provide-client-params.dynamodb.GetItem", lambda params, **_: asked.append(params)
    )
    DynamoDbKeySetStore(tables.dynamodb, tables.registry).load()
    assert [params["ConsistentRead"] for params in asked] == [True]


def test_withdrawn_keys_are_remembered(key_sets: KeySetStore) -> None:
    """By their ids alone, through every later publication."""
    withdrawn = replace(key_set(1), withdrawn=(WithdrawnKey("compromised", 1_700_000_000),))
    assert key_sets.publish(withdrawn)
    assert key_sets.load() == withdrawn
    assert key_sets.load().is_withdrawn("compromised")
    assert not key_sets.load().is_withdrawn(key_set(1).keys[0].kid)

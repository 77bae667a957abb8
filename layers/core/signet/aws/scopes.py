"""The scope catalogue in the registry table: item `scopes` / `scopes`."""

from typing import Any

from signet.aws.attributes import Item, attribute, item, values
from signet.aws.failures import answered, calling, code
from signet.aws.records import instance, malformed, record
from signet.errors import Reason
from signet.model.key import KEY_TYPES
from signet.model.scope import Scope, ScopeCatalogue

_KEY: Item = {"pk": {"S": "scopes"}, "sk": {"S": "scopes"}}


class DynamoDbScopeStore:
    """ports.ScopeStore on a table. `dynamodb` is a botocore client."""

    def __init__(self, dynamodb: Any, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def load(self) -> ScopeCatalogue:
        """As ports.ScopeStore.load, by one consistent read."""
        with calling("dynamodb:GetItem", Reason.STORE_UNAVAILABLE):
            answer = self._dynamodb.get_item(TableName=self._table, Key=_KEY, ConsistentRead=True)
        return _catalogue(answer["Item"]) if "Item" in answer else ScopeCatalogue()

    def replace(self, catalogue: ScopeCatalogue) -> bool:
        """As ports.ScopeStore.replace."""
        scopes = [record(scope) for scope in catalogue.scopes.values()]
        kept = {"scopes": scopes, "version": catalogue.version, "resources": dict(catalogue.resources)}
        stored = {**_KEY, **item(kept)}
        with calling("dynamodb:PutItem", Reason.STORE_UNAVAILABLE):
            try:
                self._dynamodb.put_item(
                    TableName=self._table,
                    Item=stored,
                    # never changed yet, or exactly the version this catalogue was made from
                    ConditionExpression="attribute_not_exists(pk) AND :first = :version OR version = :previous",
                    ExpressionAttributeValues={
                        ":first": attribute(1),
                        ":version": attribute(catalogue.version),
                        ":previous": attribute(catalogue.version - 1),
                    },
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except answered() as error:
                if code(error) != "ConditionalCheckFailedException":
                    raise
                # our own write, whose answer was lost, is a success
                return bool(error.response.get("Item") == stored)
        return True


def _catalogue(stored: Item) -> ScopeCatalogue:
    try:
        kept = values(stored)
        scopes = [instance(Scope, members) for members in kept["scopes"]]
        resources = {resource: _algorithm(alg) for resource, alg in kept.get("resources", {}).items()}
        return ScopeCatalogue({scope.name: scope for scope in scopes}, kept["version"], resources)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise malformed(stored) from None


def _algorithm(alg: str) -> str:
    if alg not in KEY_TYPES:
        raise ValueError("an algorithm that never signs here")
    return alg

"""What IAM would say to a call: the requests it makes of it, and whether a role's statements allow them."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from signet_cli.local import embedded

LEADING_KEYS = "dynamodb:LeadingKeys"
"""The condition key that holds the partition keys of a request."""

Statement = Mapping[str, Any]

_ITEM_ACTIONS = {"GetItem": "Key", "PutItem": "Item", "UpdateItem": "Key", "DeleteItem": "Key"}
"""Actions on one item, and the parameter that holds its partition key."""

_TRANSACTED = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}
"""A transaction is no action of its own: each of its operations is authorized as what it does."""

_QUERIED = re.compile(r"(\w+) = (:\w+)(?: AND .+)?")

_KMS = f"arn:aws:kms:{embedded.REGION}:{embedded.ACCOUNT_ID}"

_CONDITIONS = {"ForAllValues:StringLike", "ForAllValues:StringEquals"}


@dataclass(frozen=True, slots=True)
class AwsRequest:
    """What is authorized: an action on a resource, by ARN, with its partition keys where it has any.

    `context` are the values of condition keys beside them.
    """

    action: str
    resource: str
    leading_keys: frozenset[str] = frozenset()
    context: frozenset[tuple[str, str]] = frozenset()

    def __str__(self) -> str:
        kinds = {re.sub("#.*", "#…", key) for key in self.leading_keys}
        return " ".join((self.action, self.resource.rpartition(":")[2], *sorted(kinds)))


@dataclass(frozen=True, slots=True)
class Right:
    """The least that can be taken from a statement: an action on a resource, for one value of its condition."""

    action: str
    resource: str
    keys: str | None

    def __str__(self) -> str:
        return " ".join((self.action, self.resource.rpartition(":")[2], self.keys or ""))


def requests(
    operation: str,
    parameters: Mapping[str, Any],
    table_arn: Callable[[str], str],
    key_context: Callable[[str], Mapping[str, str]] = lambda _: {},
) -> list[AwsRequest]:
    """What a call is authorized as; `operation` is for example `dynamodb:GetItem`, `table_arn` knows the tables.

    `key_context` knows by its ARN what condition keys say of a key in KMS.

    Raises AssertionError for an operation that no function has called so far: its rule is to be written here first.
    """
    service, _, name = operation.partition(":")
    if service == "secretsmanager":
        return [AwsRequest(operation, parameters["SecretId"])]
    if service == "kms":
        return _of_kms(operation, parameters, key_context)
    if service != "dynamodb":
        raise AssertionError(f"nobody has told what IAM asks for {operation}")
    if name == "BatchGetItem":
        return [
            AwsRequest(operation, table_arn(table), frozenset(map(_partition_key, wanted["Keys"])))
            for table, wanted in parameters["RequestItems"].items()
        ]
    if name == "TransactWriteItems":
        return [
            _of_item(_TRANSACTED[kind], transacted, table_arn)
            for member in parameters["TransactItems"]
            for kind, transacted in member.items()
        ]
    if name == "Query":
        return [_of_query(parameters, table_arn)]
    return [_of_item(name, parameters, table_arn)]


def _of_kms(
    operation: str, parameters: Mapping[str, Any], key_context: Callable[[str], Mapping[str, str]]
) -> list[AwsRequest]:
    """As the Service Authorization Reference of KMS has it: tags of a new key and an alias are actions of their own."""
    name = operation.partition(":")[2]
    if name in {"ListAliases", "ListKeys"}:
        return [AwsRequest(operation, "*")]
    if name == "CreateKey":
        tags = {(f"aws:RequestTag/{tag['TagKey']}", tag["TagValue"]) for tag in parameters["Tags"]}
        keys = {("aws:TagKeys", tag["TagKey"]) for tag in parameters["Tags"]}
        kind = {("kms:KeySpec", parameters["KeySpec"]), ("kms:KeyUsage", parameters["KeyUsage"])}
        return [
            AwsRequest(operation, "*", context=frozenset(tags | keys | kind)),
            AwsRequest("kms:TagResource", f"{_KMS}:key/new", context=frozenset(tags | keys)),
        ]
    if name not in {"CreateAlias", "Sign", "GetPublicKey", "ListResourceTags", "ScheduleKeyDeletion"}:
        raise AssertionError(f"nobody has told what IAM asks for {operation}")
    key_arn = parameters["TargetKeyId"] if name == "CreateAlias" else parameters["KeyId"]
    context = frozenset(key_context(key_arn).items())
    if name == "CreateAlias":
        return [
            AwsRequest(operation, f"{_KMS}:{parameters['AliasName']}"),
            AwsRequest(operation, key_arn, context=context),
        ]
    return [AwsRequest(operation, key_arn, context=context)]


def _of_item(name: str, parameters: Mapping[str, Any], table_arn: Callable[[str], str]) -> AwsRequest:
    if name not in {*_ITEM_ACTIONS, "ConditionCheckItem"}:
        raise AssertionError(f"nobody has told what IAM asks for dynamodb:{name}")
    key = _partition_key(parameters[_ITEM_ACTIONS.get(name, "Key")])
    return AwsRequest(f"dynamodb:{name}", table_arn(parameters["TableName"]), frozenset({key}))


def _of_query(parameters: Mapping[str, Any], table_arn: Callable[[str], str]) -> AwsRequest:
    """An index is a resource of its own, and its partition key is the one that counts."""
    found = _QUERIED.fullmatch(parameters["KeyConditionExpression"])
    if not found:
        raise AssertionError(f"no partition key in {parameters['KeyConditionExpression']}")
    key = parameters["ExpressionAttributeValues"][found[2]]["S"]
    index = f"/index/{parameters['IndexName']}" if "IndexName" in parameters else ""
    return AwsRequest("dynamodb:Query", table_arn(parameters["TableName"]) + index, frozenset({key}))


def _partition_key(attributes: Mapping[str, Mapping[str, str]]) -> str:
    return attributes["pk"]["S"]


def granted(statements: Sequence[Statement], request: AwsRequest) -> bool:
    """Whether one statement allows all of the request: what two of them allow in part adds up to nothing."""
    return any(_allows(statement, request) for statement in statements)


def _allows(statement: Statement, request: AwsRequest) -> bool:
    known = {"Sid", "Effect", "Action", "Resource", "Condition"}
    if statement.keys() - known or statement["Effect"] != "Allow":
        raise AssertionError(f"nobody has told what IAM makes of {statement}")
    return (
        any(_like(request.action.lower(), action.lower()) for action in several(statement["Action"]))
        and any(_like(request.resource, resource) for resource in several(statement["Resource"]))
        and _condition_holds(statement, request.leading_keys)
        and _context_holds(statement, request.context)
    )


def _condition_holds(statement: Statement, leading_keys: frozenset[str]) -> bool:
    """For all values: so also where there is none, as in a Scan, which only the list of actions keeps out."""
    return all(any(like(key, value) for value in values) for like, values in _tests(statement) for key in leading_keys)


def _context_holds(statement: Statement, context: frozenset[tuple[str, str]]) -> bool:
    """The conditions on anything but partition keys: a value that is not there equals none."""
    for operator, tested in statement.get("Condition", {}).items():
        for key, wanted in tested.items():
            if key == LEADING_KEYS:
                continue
            if operator not in {"StringEquals", "ForAllValues:StringEquals"}:
                raise AssertionError(f"nobody has told what IAM makes of {operator} {tested}")
            values = {value for name, value in context if name == key}
            if not values <= set(several(wanted)) or not (values or operator.startswith("ForAllValues")):
                return False
    return True


def _tests(statement: Statement) -> Iterator[tuple[Callable[[str, str], bool], list[str]]]:
    """How a statement's condition compares, and with what."""
    for operator, tested in statement.get("Condition", {}).items():
        if LEADING_KEYS not in tested:
            continue
        if operator not in _CONDITIONS or tested.keys() != {LEADING_KEYS}:
            raise AssertionError(f"nobody has told what IAM makes of {operator} {tested}")
        yield _like if operator.endswith("StringLike") else str.__eq__, several(tested[LEADING_KEYS])


def _like(text: str, pattern: str) -> bool:
    """IAM's StringLike: `*` is any characters, `?` is one, case counts."""
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, text, re.DOTALL) is not None


def several(value: Any) -> list[Any]:
    """IAM's "one or several" as a list."""
    return list(value) if isinstance(value, list | tuple) else [value]


def rights(statement: Statement) -> list[Right]:
    """Everything a statement grants, piece by piece."""
    values: list[str | None] = [value for _, tested in _tests(statement) for value in tested]
    return [
        Right(action, resource, keys)
        for action in several(statement["Action"])
        for resource in several(statement["Resource"])
        for keys in values or [None]
    ]


def without(statements: Sequence[Statement], right: Right) -> list[Statement]:
    """The statements with that one right taken out of each."""
    return [rest for statement in statements for rest in _rest(statement, right)]


def _rest(statement: Statement, right: Right) -> Iterator[Statement]:
    if right not in rights(statement):
        yield statement
        return
    actions, resources = several(statement["Action"]), several(statement["Resource"])
    yield {**statement, "Action": [action for action in actions if action != right.action]}
    yield {**statement, "Action": right.action, "Resource": [name for name in resources if name != right.resource]}
    if right.keys is not None:
        [(operator, tested)] = statement["Condition"].items()
        others = [value for value in several(tested[LEADING_KEYS]) if value != right.keys]
        yield {
            **statement,
            "Action": right.action,
            "Resource": right.resource,
            "Condition": {operator: {LEADING_KEYS: others}},
        }

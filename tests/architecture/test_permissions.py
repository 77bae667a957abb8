"""The judge that every call is put to judges as IAM does."""

from typing import Any

import pytest

from tests.support.permissions import AwsRequest, Right, granted, requests, rights, without

TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/people"


def statement(actions: str | list[str], *leading_keys: str, operator: str = "StringLike") -> dict[str, Any]:
    """A statement on the table, for these partition keys or for all."""
    condition = {"Condition": {f"ForAllValues:{operator}": {"dynamodb:LeadingKeys": list(leading_keys)}}}
    return {"Effect": "Allow", "Action": actions, "Resource": TABLE, **(condition if leading_keys else {})}


def request(*leading_keys: str, action: str = "dynamodb:GetItem", resource: str = TABLE) -> AwsRequest:
    """A request with these partition keys."""
    return AwsRequest(action, resource, frozenset(leading_keys))


def attributes(pk: str) -> dict[str, Any]:
    """The key of an item."""
    return {"pk": {"S": pk}, "sk": {"S": "any"}}


def arn(table: str) -> str:
    """The ARN of a table of that name."""
    return f"arn:{table}"


@pytest.mark.parametrize(
    ("asked", "allowed"),
    [
        (request("user#1"), True),
        (request("user#"), True),
        (request("user#1", "user#2"), True),
        (request("user#1", "client#1"), False),
        (request("User#1"), False),
        (request("xuser#1"), False),
        (request("user#1", action="dynamodb:PutItem"), False),
        (request("user#1", resource=f"{TABLE}/index/names"), False),
        (request("user#1", resource=TABLE.replace("people", "other")), False),
        (request(), True),  # the trap of ForAllValues
    ],
)
def test_a_statement_allows_what_it_names(asked: AwsRequest, *, allowed: bool) -> None:
    """Action, resource, and every partition key of the request."""
    assert granted([statement("dynamodb:GetItem", "user#*")], asked) is allowed


def test_two_statements_do_not_add_up() -> None:
    """A batch over two kinds of items needs one statement that allows both."""
    apart = [statement("dynamodb:GetItem", "user#*"), statement("dynamodb:GetItem", "client#*")]
    assert not granted(apart, request("user#1", "client#1"))
    assert granted([statement("dynamodb:GetItem", "user#*", "client#*")], request("user#1", "client#1"))


def test_string_equals_knows_no_wildcard() -> None:
    """As it is written, and nothing else."""
    statements = [statement("dynamodb:GetItem", "jwks", "user#*", operator="StringEquals")]
    assert granted(statements, request("jwks"))
    assert not granted(statements, request("user#1"))


@pytest.mark.parametrize("change", [{"Effect": "Deny"}, {"NotAction": "x"}, {"Condition": {"Bool": {"x": "true"}}}])
def test_what_is_not_understood_is_not_judged(change: dict[str, Any]) -> None:
    """A wrong judgement would be worse than none."""
    with pytest.raises(AssertionError, match="nobody has told"):
        granted([{**statement("dynamodb:GetItem"), **change}], request("user#1"))


@pytest.mark.parametrize(
    ("operation", "parameters", "asked"),
    [
        ("GetItem", {"TableName": "t", "Key": attributes("a")}, [("GetItem", "arn:t", {"a"})]),
        ("PutItem", {"TableName": "t", "Item": attributes("a")}, [("PutItem", "arn:t", {"a"})]),
        (
            "BatchGetItem",
            {"RequestItems": {"t": {"Keys": [attributes("a"), attributes("b")]}, "u": {"Keys": [attributes("c")]}}},
            [("BatchGetItem", "arn:t", {"a", "b"}), ("BatchGetItem", "arn:u", {"c"})],
        ),
        (
            "TransactWriteItems",
            {
                "TransactItems": [
                    {"Put": {"TableName": "t", "Item": attributes("a")}},
                    {"ConditionCheck": {"TableName": "t", "Key": attributes("b")}},
                    {"Delete": {"TableName": "u", "Key": attributes("c")}},
                ]
            },
            [("PutItem", "arn:t", {"a"}), ("ConditionCheckItem", "arn:t", {"b"}), ("DeleteItem", "arn:u", {"c"})],
        ),
        (
            "Query",
            {
                "TableName": "t",
                "IndexName": "i",
                "KeyConditionExpression": "sub = :sub AND begins_with(pk, :kind)",
                "ExpressionAttributeValues": {":sub": {"S": "a"}, ":kind": {"S": "grant#"}},
            },
            [("Query", "arn:t/index/i", {"a"})],
        ),
    ],
)
def test_a_call_is_authorized_as_what_it_does(
    operation: str, parameters: dict[str, Any], asked: list[tuple[str, str, set[str]]]
) -> None:
    """DynamoDB's Service Authorization Reference: a transaction is the sum of its operations, an index a resource."""
    expected = [AwsRequest(f"dynamodb:{action}", resource, frozenset(keys)) for action, resource, keys in asked]
    assert requests(f"dynamodb:{operation}", parameters, arn) == expected


@pytest.mark.parametrize("operation", ["dynamodb:Scan", "dynamodb:BatchWriteItem", "kms:Decrypt", "sns:Publish"])
def test_an_unknown_call_is_an_error(operation: str) -> None:
    """Not silently granted, nor passed over."""
    with pytest.raises(AssertionError, match="nobody has told"):
        requests(operation, {"TableName": "t"}, arn)


def test_a_right_can_be_taken_out() -> None:
    """That one, from every statement that gives it, and no other."""
    statements = [statement(["dynamodb:GetItem", "dynamodb:PutItem"], "user#*", "jwks"), statement("dynamodb:Query")]
    assert len([right for one in statements for right in rights(one)]) == 5
    rest = without(statements, Right("dynamodb:GetItem", TABLE, "user#*"))
    assert not granted(rest, request("user#1"))
    assert granted(rest, request("jwks"))
    assert granted(rest, request("user#1", action="dynamodb:PutItem"))
    assert granted(without(statements, Right("dynamodb:Query", TABLE, "user#*")), request(action="dynamodb:Query"))
    assert not granted(without(statements, Right("dynamodb:Query", TABLE, None)), request(action="dynamodb:Query"))

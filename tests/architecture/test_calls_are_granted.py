"""What the functions ask of AWS, and what the template grants them: neither less nor more.

Every flow runs through the deployed handlers, and each call is put to the function's role as IAM would judge it: a
right that is missing would first show in an account of somebody else's.
"""

import ast
from typing import Any

import pytest

from signet_cli.local import embedded
from signet_cli.local.template import Template
from tests.support.permissions import AwsRequest, Statement, granted, rights, without
from tests.support.recorded import ADAPTERS, Recording
from tests.support.transformed import given, of_type

BY_OPERATORS = {
    "clients.DynamoDbClientRegistry.delete",
    "clients.DynamoDbClientRegistry.note_short_secrets",
    "clients.DynamoDbClientRegistry.replace",
    "queries.scanned",
    "scopes.DynamoDbScopeStore.replace",
    "transactions.refusals",
    "users.DynamoDbUserRegistry.delete",
    "users.DynamoDbUserRegistry.note_imported_hashes",
}
"""What calls AWS with the rights of whoever types a command, and for no function."""


SECRET = f"arn:aws:secretsmanager:{embedded.REGION}:{embedded.ACCOUNT_ID}:secret:keyring-AbCdEf"


def refused(statements: list[Statement], asked: set[AwsRequest]) -> set[str]:
    """Those requests that the statements do not grant, each kind of them once."""
    return {str(request) for request in asked if not granted(statements, request)}


def superfluous(statements: list[Statement], asked: set[AwsRequest]) -> set[str]:
    """Those rights without which nothing more is refused; Lambda itself writes the logs, on no call of ours."""
    found = [right for statement in statements for right in rights(statement) if not right.action.startswith("logs:")]
    missing = refused(statements, asked)
    return {str(right) for right in found if refused(without(statements, right), asked) == missing}


def test_every_function_is_recorded(recording: Recording) -> None:
    """A function without a flow would pass everything below."""
    assert recording.requests.keys() == recording.variables.keys() == recording.statements.keys()


def test_every_call_is_granted(recording: Recording, recording_with_kms: Recording) -> None:
    """Action, resource, partition keys and tags, as the function's role has them."""
    for one in (recording, recording_with_kms):
        missing = {name: refused(one.statements[name], asked) for name, asked in one.requests.items()}
        assert not {name: calls for name, calls in missing.items() if calls}


def test_every_right_is_needed(recording: Recording, recording_with_kms: Recording) -> None:
    """Without it some call would be refused; so no right stays behind when the call that it was for has gone."""
    unused = {name: superfluous(recording.statements[name], asked) for name, asked in recording.requests.items()}
    assert not {name: found for name, found in unused.items() if found}
    for name, asked in recording_with_kms.requests.items():
        found = superfluous(recording_with_kms.statements[name], asked)
        assert not {right for right in found if right.startswith("kms:")}, name


def test_keys_in_kms_are_granted_where_they_may_be(template: Template, resources: dict[str, Any]) -> None:
    """None where there are none; on the way back what signs by those that are left, ends them, and makes no others."""
    granted_here = {
        backend: {
            logical_id: {
                right.action
                for statement in statements_of(given(template, SigningBackend=backend), resources, function)
                for right in rights(statement)
                if right.action.startswith("kms:")
            }
            for logical_id, function in of_type(resources, "AWS::Lambda::Function").items()
        }
        for backend in ("secretsmanager", "kms", "secretsmanager-from-kms")
    }
    ends = {"kms:GetPublicKey", "kms:ListAliases", "kms:ListKeys", "kms:ListResourceTags", "kms:ScheduleKeyDeletion"}
    makes = {"kms:CreateAlias", "kms:CreateKey", "kms:TagResource"}
    assert not any(granted_here["secretsmanager"].values())
    for backend, rotation in (("kms", ends | makes), ("secretsmanager-from-kms", ends)):
        granted = {name: actions for name, actions in granted_here[backend].items() if actions}
        assert granted == {"TokenFunction": {"kms:Sign"}, "KeyRotationFunction": rotation}


@pytest.mark.parametrize("tags", [{}, {"signet:keyring": "arn:of:another"}, {"signet:created_at": "0"}])
def test_a_key_of_others_is_out_of_reach(recording_with_kms: Recording, tags: dict[str, str]) -> None:
    """Whatever else the account signs by: without this ring's tag no function signs by it or deletes it."""
    key = f"arn:aws:kms:{embedded.REGION}:{embedded.ACCOUNT_ID}:key/another"
    context = frozenset((f"aws:ResourceTag/{name}", value) for name, value in tags.items())
    for statements in recording_with_kms.statements.values():
        for action in ("Sign", "GetPublicKey", "ScheduleKeyDeletion", "CreateAlias"):
            assert not granted(statements, AwsRequest(f"kms:{action}", key, context=context))


def test_a_key_that_encrypts_is_out_of_reach_whatever_its_tags(recording_with_kms: Recording) -> None:
    """The rotation may tag any key of the account: one that data hangs on is not deleted by it all the same."""
    [own] = {
        value
        for asked in recording_with_kms.requests.values()
        for request in asked
        for name, value in request.context
        if name == "aws:ResourceTag/signet:keyring"
    }
    key = f"arn:aws:kms:{embedded.REGION}:{embedded.ACCOUNT_ID}:key/another"
    tagged = ("aws:ResourceTag/signet:keyring", own)
    for spec, usage, reached in (("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", False), ("RSA_2048", "SIGN_VERIFY", True)):
        context = frozenset({tagged, ("kms:KeySpec", spec), ("kms:KeyUsage", usage)})
        request = AwsRequest("kms:ScheduleKeyDeletion", key, context=context)
        assert any(granted(statements, request) for statements in recording_with_kms.statements.values()) is reached


def test_every_adapter_is_reached(recording: Recording, recording_with_kms: Recording) -> None:
    """Whatever speaks to AWS has been met in a flow, or belongs to the operators: nothing is granted by hearsay."""
    assert calling_aws() - recording.adapters - recording_with_kms.adapters == BY_OPERATORS


def statements_of(template: Template, resources: dict[str, Any], function: dict[str, Any]) -> list[Statement]:
    """What a function's role is granted in a deployment of the template."""
    policies = resources[function["Role"]["Fn::GetAtt"][0]]["Properties"]["Policies"]
    resolve = template.with_id("KeyringSecret", SECRET)._intrinsics().resolve
    return [statement for policy in policies for statement in resolve(policy["PolicyDocument"]["Statement"])]


def test_every_function_is_told_what_it_reads(recording: Recording, resources: dict[str, Any]) -> None:
    """A variable that is missing is a default for ever, one that is not read a setting without effect."""
    for logical_id, function in of_type(resources, "AWS::Lambda::Function").items():
        told, read = set(function["Environment"]["Variables"]), recording.variables[logical_id]
        ours = {name for name in told | read if name.startswith("SIGNET_")}
        assert (ours - told, told - read) == (set(), set()), logical_id


def calling_aws() -> set[str]:
    """The functions of signet.aws that call a client of AWS's, as `<module>.<qualified name>`."""
    found = set()
    for path in ADAPTERS.glob("*.py"):
        module = ast.parse(path.read_text(encoding="utf-8"))
        for outer in module.body:
            for function in outer.body if isinstance(outer, ast.ClassDef) else [outer]:
                if isinstance(function, ast.FunctionDef) and any(map(_is_call_of_aws, ast.walk(function))):
                    owner = f"{outer.name}." if isinstance(outer, ast.ClassDef) else ""
                    found.add(f"{path.stem}.{owner}{function.name}")
    return found


def _is_call_of_aws(node: ast.AST) -> bool:
    """Whether it is `dynamodb.operation(...)`, or the same of an object's `_dynamodb`, `_kms` or `_secretsmanager`."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return False
    owner = node.func.value
    name = owner.attr if isinstance(owner, ast.Attribute) else owner.id if isinstance(owner, ast.Name) else ""
    return name.lstrip("_") in {"dynamodb", "kms", "secretsmanager"}

"""Who may do what: the blast radius of each function, spelled out."""

import json
from typing import Any

import pytest

from tests.support.transformed import of_type

LOGS = {"logs:CreateLogStream", "logs:PutLogEvents"}

KMS_KEYS = "arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:key/*"
OWN_KEYS = 'StringEquals {"aws:ResourceTag/signet:keyring": {"Ref": "KeyringSecret"}}'
"""Keys of this ring: their ARNs are not known beforehand, the tag that they are made with is."""

WITHOUT_RESOURCE = {"kms:CreateKey", "kms:ListAliases", "kms:ListKeys"}
"""Actions for which AWS knows no resource."""

RIGHTS = {
    "TokenFunction": {
        ("TokenLogs.Arn", ""): LOGS,
        ("KeyringSecret", ""): {"secretsmanager:GetSecretValue"},
        (KMS_KEYS, OWN_KEYS): {"kms:Sign"},
        (
            "RegistryTable.Arn",
            'ForAllValues:StringLike {"dynamodb:LeadingKeys": ["client#*", "scopes", "short_secrets"]}',
        ): {"dynamodb:GetItem"},
        # a code and a refresh token are good while their user, the consent and the session are
        ("RegistryTable.Arn", 'ForAllValues:StringLike {"dynamodb:LeadingKeys": ["user#*"]}'): {
            "dynamodb:BatchGetItem"
        },
        ("StateTable.Arn", 'ForAllValues:StringLike {"dynamodb:LeadingKeys": ["ended#*"]}'): {"dynamodb:BatchGetItem"},
        ("StateTable.Arn", 'ForAllValues:StringLike {"dynamodb:LeadingKeys": ["grant#*"]}'): {
            "dynamodb:GetItem",
            "dynamodb:UpdateItem",
        },
        # guesses at short client secrets
        ("StateTable.Arn", 'ForAllValues:StringLike {"dynamodb:LeadingKeys": ["throttle#*"]}'): {
            "dynamodb:BatchGetItem",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
        },
    },
    "AuthorizationFunction": {
        ("AuthorizationLogs.Arn", ""): LOGS,
        (
            "RegistryTable.Arn",
            (
                'ForAllValues:StringLike {"dynamodb:LeadingKeys": '
                '["client#*", "login#*", "user#*", "imported_hashes", "jwks", "scopes"]}'
            ),
        ): {"dynamodb:GetItem"},
        # consents, and a password's hash made anew at sign-in
        ("RegistryTable.Arn", 'ForAllValues:StringLike {"dynamodb:LeadingKeys": ["user#*"]}'): {
            "dynamodb:BatchGetItem",
            "dynamodb:PutItem",
        },
        ("StateTable.Arn", 'ForAllValues:StringLike {"dynamodb:LeadingKeys": ["session#*", "throttle#*"]}'): {
            "dynamodb:DeleteItem",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
        },
        # whether a session was ended; an account's failures and an address's at once
        ("StateTable.Arn", 'ForAllValues:StringLike {"dynamodb:LeadingKeys": ["ended#*", "throttle#*"]}'): {
            "dynamodb:BatchGetItem"
        },
        ("StateTable.Arn", 'ForAllValues:StringLike {"dynamodb:LeadingKeys": ["session#*"]}'): {"dynamodb:UpdateItem"},
        ("StateTable.Arn", 'ForAllValues:StringLike {"dynamodb:LeadingKeys": ["grant#*"]}'): {"dynamodb:PutItem"},
    },
    "UserinfoFunction": {
        ("UserinfoLogs.Arn", ""): LOGS,
        ("RegistryTable.Arn", 'ForAllValues:StringEquals {"dynamodb:LeadingKeys": ["jwks", "scopes"]}'): {
            "dynamodb:GetItem"
        },
        ("RegistryTable.Arn", 'ForAllValues:StringLike {"dynamodb:LeadingKeys": ["user#*"]}'): {
            "dynamodb:BatchGetItem"
        },
        ("StateTable.Arn", 'ForAllValues:StringLike {"dynamodb:LeadingKeys": ["grant#*", "revoked#*"]}'): {
            "dynamodb:BatchGetItem"
        },
    },
    "RevocationFunction": {
        ("RevocationLogs.Arn", ""): LOGS,
        (
            "RegistryTable.Arn",
            'ForAllValues:StringLike {"dynamodb:LeadingKeys": ["client#*", "jwks", "short_secrets"]}',
        ): {"dynamodb:GetItem"},
        ("StateTable.Arn", 'ForAllValues:StringLike {"dynamodb:LeadingKeys": ["grant#*"]}'): {"dynamodb:UpdateItem"},
        ("StateTable.Arn", 'ForAllValues:StringLike {"dynamodb:LeadingKeys": ["revoked#*"]}'): {"dynamodb:PutItem"},
        # guesses at short client secrets
        ("StateTable.Arn", 'ForAllValues:StringLike {"dynamodb:LeadingKeys": ["throttle#*"]}'): {
            "dynamodb:BatchGetItem",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
        },
    },
    "IntrospectionFunction": {
        ("IntrospectionLogs.Arn", ""): LOGS,
        (
            "RegistryTable.Arn",
            'ForAllValues:StringLike {"dynamodb:LeadingKeys": ["client#*", "jwks", "short_secrets"]}',
        ): {"dynamodb:GetItem"},
        ("RegistryTable.Arn", 'ForAllValues:StringLike {"dynamodb:LeadingKeys": ["user#*"]}'): {
            "dynamodb:BatchGetItem"
        },
        ("StateTable.Arn", 'ForAllValues:StringLike {"dynamodb:LeadingKeys": ["grant#*", "revoked#*"]}'): {
            "dynamodb:BatchGetItem"
        },
        # guesses at short client secrets
        ("StateTable.Arn", 'ForAllValues:StringLike {"dynamodb:LeadingKeys": ["throttle#*"]}'): {
            "dynamodb:BatchGetItem",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
        },
    },
    "EndSessionFunction": {
        ("EndSessionLogs.Arn", ""): LOGS,
        ("RegistryTable.Arn", 'ForAllValues:StringLike {"dynamodb:LeadingKeys": ["client#*", "user#*", "jwks"]}'): {
            "dynamodb:GetItem"
        },
        # whose grants they are, and those of the session that ends
        ("${StateTable.Arn}/index/subjects", ""): {"dynamodb:Query"},
        ("StateTable.Arn", 'ForAllValues:StringLike {"dynamodb:LeadingKeys": ["grant#*"]}'): {
            "dynamodb:BatchGetItem",
            "dynamodb:UpdateItem",
        },
        ("StateTable.Arn", 'ForAllValues:StringLike {"dynamodb:LeadingKeys": ["session#*"]}'): {
            "dynamodb:DeleteItem",
            "dynamodb:GetItem",
        },
        # that it has ended
        ("StateTable.Arn", 'ForAllValues:StringLike {"dynamodb:LeadingKeys": ["ended#*"]}'): {"dynamodb:PutItem"},
    },
    "AccountFunction": {
        ("AccountLogs.Arn", ""): LOGS,
        (
            "RegistryTable.Arn",
            (
                'ForAllValues:StringLike {"dynamodb:LeadingKeys": '
                '["client#*", "login#*", "user#*", "imported_hashes", "scopes"]}'
            ),
        ): {"dynamodb:GetItem"},
        # consents, seen and taken back, and a password's hash made anew at sign-in
        ("RegistryTable.Arn", 'ForAllValues:StringLike {"dynamodb:LeadingKeys": ["user#*"]}'): {
            "dynamodb:DeleteItem",
            "dynamodb:PutItem",
            "dynamodb:Query",
        },
        ("${StateTable.Arn}/index/subjects", ""): {"dynamodb:Query"},
        ("StateTable.Arn", 'ForAllValues:StringLike {"dynamodb:LeadingKeys": ["grant#*", "session#*"]}'): {
            "dynamodb:BatchGetItem",
            "dynamodb:UpdateItem",
        },
        # that a session has ended
        ("StateTable.Arn", 'ForAllValues:StringLike {"dynamodb:LeadingKeys": ["ended#*"]}'): {"dynamodb:PutItem"},
        ("StateTable.Arn", 'ForAllValues:StringLike {"dynamodb:LeadingKeys": ["session#*", "throttle#*"]}'): {
            "dynamodb:DeleteItem",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
        },
        # an account's failures and an address's at once
        ("StateTable.Arn", 'ForAllValues:StringLike {"dynamodb:LeadingKeys": ["throttle#*"]}'): {
            "dynamodb:BatchGetItem"
        },
    },
    "JwksFunction": {
        ("JwksLogs.Arn", ""): LOGS,
        ("RegistryTable.Arn", 'ForAllValues:StringEquals {"dynamodb:LeadingKeys": ["jwks"]}'): {"dynamodb:GetItem"},
    },
    "KeyRotationFunction": {
        ("KeyRotationLogs.Arn", ""): LOGS,
        (
            "*",
            (
                'StringEquals {"aws:RequestTag/signet:keyring": {"Ref": "KeyringSecret"}, '
                '"kms:KeySpec": ["RSA_2048", "ECC_NIST_P256"], "kms:KeyUsage": "SIGN_VERIFY"}'
            ),
        ): {"kms:CreateKey"},
        (
            KMS_KEYS,
            (
                'StringEquals {"aws:RequestTag/signet:keyring": {"Ref": "KeyringSecret"}}, '
                'ForAllValues:StringEquals {"aws:TagKeys": ["signet:keyring", "signet:created_at"]}'
            ),
        ): {"kms:TagResource"},
        ("arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:alias/signet/${Keyring}/*", ""): {
            "kms:CreateAlias"
        },
        (KMS_KEYS, OWN_KEYS): {"kms:CreateAlias"},
        # the tag is one that the function may put on any key: none but a signing key is in reach by it
        (
            KMS_KEYS,
            OWN_KEYS.removesuffix("}")
            + ', "kms:KeySpec": ["RSA_2048", "ECC_NIST_P256"], "kms:KeyUsage": "SIGN_VERIFY"}',
        ): {"kms:GetPublicKey", "kms:ScheduleKeyDeletion"},
        # of keys that a failed rotation left behind nothing is known but a tag
        (KMS_KEYS, ""): {"kms:ListResourceTags"},
        ("*", ""): {"kms:ListAliases", "kms:ListKeys"},
        ("KeyringSecret", ""): {
            "secretsmanager:DescribeSecret",
            "secretsmanager:GetSecretValue",
            "secretsmanager:PutSecretValue",
            "secretsmanager:UpdateSecretVersionStage",
        },
        ("RegistryTable.Arn", 'ForAllValues:StringEquals {"dynamodb:LeadingKeys": ["jwks"]}'): {
            "dynamodb:GetItem",
            "dynamodb:PutItem",
        },
    },
}
"""Every right of every function: (resource, condition) -> actions. A new right is a line here that a reviewer reads."""

KEY_READERS = {"TokenFunction", "KeyRotationFunction"}


@pytest.fixture(scope="session")
def roles(resources: dict[str, Any]) -> dict[str, Any]:
    """The properties of each function's role, by the function's logical id."""
    found = {
        logical_id: function["Role"]["Fn::GetAtt"][0]
        for logical_id, function in of_type(resources, "AWS::Lambda::Function").items()
    }
    assert len(set(found.values())) == len(found), "two functions share a role"
    return {logical_id: resources[role]["Properties"] for logical_id, role in found.items()}


def statements(role: dict[str, Any]) -> list[dict[str, Any]]:
    """Every statement of a role's policies, those of a condition included."""
    found = [statement for policy in role["Policies"] for statement in policy["PolicyDocument"]["Statement"]]
    return [statement["Fn::If"][1] if "Fn::If" in statement else statement for statement in found]


def as_list(value: Any) -> list[Any]:
    """IAM's "one or several" as a list."""
    return value if isinstance(value, list) else [value]


def resource_of(statement: dict[str, Any]) -> str:
    """The one resource of a statement, as the template refers to it."""
    [reference] = as_list(statement["Resource"])
    if reference == "*":
        assert set(as_list(statement["Action"])) <= WITHOUT_RESOURCE
        return "*"
    assert isinstance(reference, dict), f"a resource that is spelled out: {reference}"
    substituted = as_list(reference.get("Fn::Sub"))[0]
    return reference.get("Ref") or substituted or ".".join(reference["Fn::GetAtt"])


def condition_of(statement: dict[str, Any]) -> str:
    """The condition of a statement in one line, empty where there is none."""
    return ", ".join(f"{operator} {json.dumps(keys)}" for operator, keys in statement.get("Condition", {}).items())


def test_each_function_has_exactly_its_rights(roles: dict[str, Any]) -> None:
    """Least privilege, by enumeration: no right appears, moves or widens unseen."""
    granted: dict[str, dict[tuple[str, str], set[str]]] = {}
    for function, role in roles.items():
        for statement in statements(role):
            assert statement["Effect"] == "Allow"
            key = (resource_of(statement), condition_of(statement))
            granted.setdefault(function, {}).setdefault(key, set()).update(as_list(statement["Action"]))
    assert granted == RIGHTS


def test_nothing_is_granted_beside_the_roles(resources: dict[str, Any], roles: dict[str, Any]) -> None:
    """No managed policy (AWS's for Lambda may write every log group), and no resource that grants by itself."""
    assert not [name for name, role in roles.items() if role.keys() - {"AssumeRolePolicyDocument", "Policies"}]
    granting = {"AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::SecretsManager::ResourcePolicy"}
    assert not [name for name, resource in resources.items() if resource["Type"] in granting]
    assert not [name for name, table in of_type(resources, "AWS::DynamoDB::Table").items() if "ResourcePolicy" in table]


def test_only_lambda_takes_on_a_functions_role(roles: dict[str, Any]) -> None:
    """No user and no other service can become the token function."""
    for role in roles.values():
        [statement] = role["AssumeRolePolicyDocument"]["Statement"]
        assert (statement["Action"], statement["Principal"]) == ("sts:AssumeRole", {"Service": "lambda.amazonaws.com"})


def test_only_token_and_key_rotation_reach_the_private_ring(roles: dict[str, Any]) -> None:
    """The private keys' readers, whatever the table of rights above says."""
    written = {function: json.dumps(role) for function, role in roles.items()}
    readers = {function for function, text in written.items() if "KeyringSecret" in text or "kms:" in text}
    assert readers == KEY_READERS


def test_no_action_or_resource_is_a_wildcard(roles: dict[str, Any]) -> None:
    """A star in a statement grants what is yet to be invented. Keys in KMS are told by their tag, or only looked at."""
    for role in roles.values():
        for statement in statements(role):
            actions, resource = set(as_list(statement["Action"])), resource_of(statement)
            assert not [action for action in actions if "*" in action]
            told_by_tag = "signet:keyring" in condition_of(statement)
            if resource == KMS_KEYS and (told_by_tag or actions == {"kms:ListResourceTags"}):
                continue
            assert actions <= WITHOUT_RESOURCE or "*" not in resource.replace(":alias/signet/${Keyring}/*", "")


def test_only_the_token_function_signs(roles: dict[str, Any]) -> None:
    """By a key in KMS: the rotation makes keys and ends them, and never signs by one."""
    signing = {
        function
        for function, role in roles.items()
        for statement in statements(role)
        if "kms:Sign" in as_list(statement["Action"])
    }
    assert signing == {"TokenFunction"}

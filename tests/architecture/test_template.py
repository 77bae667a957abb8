"""What template.yaml promises beyond its routes and rights."""

import ast
import json
from graphlib import CycleError
from pathlib import Path
from typing import Any

import pytest
from aws_lambda_powertools.shared import constants as powertools

from signet_cli.local.application import functions
from signet_cli.local.template import Template
from tests.support.guarded_api import example
from tests.support.transformed import ORIGIN, ROOT, creation_order, given, of_type, references

DOMAIN = {
    "DomainName": "id.example.com",
    "CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-4000-8000-000000000000",
}


def test_cloudformation_finds_an_order_to_create_the_resources(resources: dict[str, Any]) -> None:
    """The issuer names the API and the API's routes name the functions: a first deploy needs no second step."""
    assert len(creation_order(resources)) == len(resources)


def test_a_circle_would_be_found() -> None:
    """The check above sees the circle that an API with its routes inside makes, in each way of referring."""
    function = {"Properties": {"Environment": {"Fn::Sub": "https://${Api.Id}.example.com/${AWS::Region}"}}}
    api = {"DependsOn": "Permission", "Properties": {}}
    permission = {"Properties": {"FunctionName": {"Fn::GetAtt": ["Function", "Arn"]}}}
    with pytest.raises(CycleError):
        creation_order({"Function": function, "Api": api, "Permission": permission})


def test_a_domain_is_the_issuer_and_turns_the_default_address_off(template: Template) -> None:
    """Two addresses would be two issuers for one set of keys."""
    with_domain = given(template, **DOMAIN)
    for logical_id in ("TokenFunction", "JwksFunction"):
        assert functions(template)[logical_id].environment["SIGNET_ISSUER"] == f"{ORIGIN}/connect"
        assert functions(with_domain)[logical_id].environment["SIGNET_ISSUER"] == "https://id.example.com/connect"
    assert template.outputs()["Issuer"] == f"{ORIGIN}/connect"
    assert with_domain.outputs()["Issuer"] == "https://id.example.com/connect"
    assert template.resources("AWS::ApiGatewayV2::Api")["HttpApi"]["DisableExecuteApiEndpoint"] is False
    assert with_domain.resources("AWS::ApiGatewayV2::Api")["HttpApi"]["DisableExecuteApiEndpoint"] is True
    assert template.resources("AWS::ApiGatewayV2::ApiMapping") == {}
    assert with_domain.resources("AWS::ApiGatewayV2::ApiMapping") != {}


def test_what_clients_and_users_registered_outlives_the_stack(resources: dict[str, Any]) -> None:
    """The registry and the keys cannot be recreated: no deploy and no `delete-stack` takes them away.

    A secret of a stack that never came to be holds a placeholder, is billed all the same, and goes.
    """
    kept = {"RegistryTable": "Retain", "KeyringSecret": "RetainExceptOnCreate"}
    assert {name: resources[name]["DeletionPolicy"] for name in kept} == kept
    assert {resources[name]["UpdateReplacePolicy"] for name in kept} == {"Retain"}
    assert resources["RegistryTable"]["Properties"]["DeletionProtectionEnabled"] is True


def test_every_table_is_on_demand_encrypted_and_recoverable(resources: dict[str, Any]) -> None:
    """Nothing is paid while idle, and a mistake can be taken back for 35 days."""
    for table in of_type(resources, "AWS::DynamoDB::Table").values():
        assert table["BillingMode"] == "PAY_PER_REQUEST"
        assert table["SSESpecification"] == {"SSEEnabled": True}
        assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert resources["StateTable"]["Properties"]["TimeToLiveSpecification"] == {
        "AttributeName": "expires_at",
        "Enabled": True,
    }


def test_logs_outlive_the_stack(resources: dict[str, Any]) -> None:
    """What happened is asked after somebody has taken the service down; groups of a stack that never came to be go."""
    groups = {name for name, resource in resources.items() if resource["Type"] == "AWS::Logs::LogGroup"}
    assert {resources[name]["DeletionPolicy"] for name in groups} == {"RetainExceptOnCreate"}
    assert {resources[name]["UpdateReplacePolicy"] for name in groups} == {"Retain"}


def test_two_stacks_of_an_account_do_not_collide(resources: dict[str, Any]) -> None:
    """Whatever has a name of its own has it from the stack, from a resource of it, or from CloudFormation."""
    named = {
        (logical_id, name): value
        for logical_id, resource in resources.items()
        for name, value in resource.get("Properties", {}).items()
        if name == "Name" or (name in OWN_NAMES and name.removesuffix("Name") in resource["Type"])
    }
    del named["TokenAlias", "Name"]  # of its function
    for where, value in named.items():
        assert set(references(value)) & {"AWS::StackName", "HttpApi", "DomainName"}, where
    variables = of_type(resources, "AWS::Lambda::Function")["TokenFunction"]["Environment"]["Variables"]
    assert variables["POWERTOOLS_SERVICE_NAME"] == {"Ref": "AWS::StackName"}


OWN_NAMES = {
    *("TableName", "FunctionName", "RoleName", "LayerName", "LogGroupName", "AlarmName", "DashboardName", "TopicName"),
    *("DomainName", "RuleName", "QueueName", "BucketName"),
}
"""Properties that name a resource, where the type is called like the property."""


def test_logs_end_and_the_functions_write_to_them(resources: dict[str, Any]) -> None:
    """A log group that Lambda creates by itself is kept for ever."""
    groups = of_type(resources, "AWS::Logs::LogGroup")
    assert {json.dumps(group["RetentionInDays"]) for group in groups.values()} == {'{"Ref": "LogRetentionDays"}'}
    deployed = of_type(resources, "AWS::Lambda::Function").values()
    written = [function["LoggingConfig"]["LogGroup"]["Ref"] for function in deployed]
    assert len(set(written)) == len(written)
    assert set(written) < groups.keys()


def test_a_rotation_that_does_not_take_place_raises_an_alarm(resources: dict[str, Any]) -> None:
    """A check says so by a metric; without a check there is no metric, and that is an alarm as well."""
    [target] = resources["KeyCheck"]["Properties"]["Targets"]
    assert target["Arn"] == {"Fn::GetAtt": ["KeyRotationFunction", "Arn"]}
    assert json.loads(target["Input"]) == {"command": "check"}
    alarm = resources["KeyRotationOverdueAlarm"]["Properties"]
    assert (alarm["MetricName"], alarm["Statistic"], alarm["Threshold"]) == ("RotationOverdue", "Maximum", 1)
    assert (alarm["ComparisonOperator"], alarm["TreatMissingData"]) == ("GreaterThanOrEqualToThreshold", "breaching")
    assert "AlarmActions" in alarm
    hours = int(resources["KeyCheck"]["Properties"]["ScheduleExpression"].removeprefix("rate(").removesuffix(" hours)"))
    assert 2 * hours * 3_600 <= alarm["Period"] * alarm["EvaluationPeriods"] <= 7 * 86_400


def test_no_secret_stands_in_the_template_or_in_an_environment(resources: dict[str, Any]) -> None:
    """Environments are shown in consoles and kept in deployments; the secret is named there, never resolved."""
    assert "{{resolve:" not in json.dumps(resources)
    assert "SecretString" not in resources["KeyringSecret"]["Properties"]
    for function in of_type(resources, "AWS::Lambda::Function").values():
        variables = function["Environment"]["Variables"]
        naming = [name for name, value in variables.items() if "KeyringSecret" in references(value)]
        assert naming in ([], ["SIGNET_KEYRING_SECRET"])
        assert variables.get("SIGNET_KEYRING_SECRET", {"Ref": "KeyringSecret"}) == {"Ref": "KeyringSecret"}


def test_nobody_is_there_before_an_operator_makes_them(resources: dict[str, Any]) -> None:
    """No default account or client: nothing that is deployed fills a table, and no function makes one unasked."""
    for table in of_type(resources, "AWS::DynamoDB::Table").values():
        assert "ImportSourceSpecification" not in table
    kinds = {resource["Type"] for resource in resources.values()}
    assert not [kind for kind in kinds if kind.startswith(("Custom::", "AWS::CloudFormation::CustomResource"))]
    schedules = of_type(resources, "AWS::Events::Rule")
    assert schedules.keys() == {"KeyCheck"}


def test_the_environment_is_what_the_code_reads(template: Template) -> None:
    """A variable that nobody reads is a setting without effect; one that nobody sets is a default for ever."""
    optional = {name: "x" for name, parameter in template.document["Parameters"].items() if parameter["Default"] == ""}
    deployed = functions(given(template, **optional)).values()
    elsewhere = functions(example(RegistryTable="x", StateTable="x")).values()
    set_here = {name for function in (*deployed, *elsewhere) for name in function.environment}
    read = {name for path in (ROOT / "layers" / "core").rglob("*.py") for name in strings(path, "SIGNET_")}
    assert {name for name in set_here if name.startswith("SIGNET_")} == read
    known = {value for name, value in vars(powertools).items() if name.endswith("_ENV")}
    assert {name for name in set_here if not name.startswith("SIGNET_")} <= known


def strings(path: Path, prefix: str) -> set[str]:
    """The string literals of a module that begin with `prefix`."""
    return {
        node.value
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith(prefix)
    }

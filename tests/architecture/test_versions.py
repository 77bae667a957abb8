"""Where the token function starts warm, what answers is a published version: never one of yesterday's settings."""

import re
from typing import Any

from signet_cli.local.template import Template
from tests.support.transformed import given, of_type, references

CONDITION = "HasTokenVersion"

LAYER_VERSION = 8
"""Digits that the number of a layer's version will not exceed."""


def description(resources: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The description of the version: its text and what stands in it that is no parameter."""
    text, local = resources["TokenVersion"]["Properties"]["Description"]["Fn::Sub"]
    return text, local


def test_versions_are_off_unless_asked_for(template: Template, resources: dict[str, Any]) -> None:
    """SnapStart and provisioned concurrency are paid for every month."""
    conditions = {"TokenVersion": CONDITION, "TokenAlias": CONDITION}
    assert {name: resources[name]["Condition"] for name in conditions} == conditions
    for values, asked_for in (
        ({}, False),
        ({"TokenSnapStart": "On"}, True),
        ({"TokenProvisionedConcurrency": 1}, True),
    ):
        assert given(template, **values)._intrinsics().holds(CONDITION) is asked_for


def test_whatever_makes_another_function_makes_another_version(template: Template, resources: dict[str, Any]) -> None:
    """A version keeps its settings for ever, and CloudFormation makes a new one only for a new description.

    Every parameter that the function refers to, by itself or through a condition, stands in the description.
    """
    function = of_type(resources, "AWS::Lambda::Function")["TokenFunction"]
    document = template.document
    parameters = set(references(function)) & document["Parameters"].keys()
    for condition in conditions(function):
        parameters |= set(references(document["Conditions"][condition])) & document["Parameters"].keys()
    text, local = description(resources)
    # the certificate comes and goes with the domain
    assert parameters - {"CertificateArn"} <= set(re.findall(r"\$\{(\w+)\}", text))
    layers = {reference for layer in function["Layers"] for reference in references(layer)}
    assert set(references(local)) == layers
    for name in layers:
        assert re.fullmatch(r"(Core|Dependencies)Layer[0-9a-f]{10}", name), "other content is no other resource"


def test_the_description_fits_whatever_the_parameters_are(template: Template, resources: dict[str, Any]) -> None:
    """Lambda takes 256 characters: one more would be a deploy that fails."""
    text, local = description(resources)
    longest = dict.fromkeys(local, LAYER_VERSION)
    for name in set(re.findall(r"\$\{(\w+)\}", text)) - local.keys():
        parameter = template.document["Parameters"][name]
        values = parameter.get("AllowedValues") or ["x" * parameter.get("MaxLength", 0), parameter.get("MaxValue", "")]
        longest[name] = max(len(str(value)) for value in values)
    assert len(re.sub(r"\$\{(\w+)\}", "", text)) + sum(longest.values()) <= 256


def test_the_version_is_what_answers(template: Template) -> None:
    """The route leads to the alias, and the API may invoke nothing else."""
    deployed = given(template, TokenSnapStart="On")
    integration = deployed.resources("AWS::ApiGatewayV2::Integration")["TokenIntegration"]
    permission = deployed.resources("AWS::Lambda::Permission")["TokenPermission"]
    assert integration["IntegrationUri"] == permission["FunctionName"] == deployed.name("TokenAlias")
    function = deployed.resources("AWS::Serverless::Function")["TokenFunction"]
    assert function["SnapStart"] == {"ApplyOn": "PublishedVersions"}
    assert "SnapStart" not in template.resources("AWS::Serverless::Function")["TokenFunction"]


def conditions(value: Any) -> set[str]:
    """The conditions that a value depends on."""
    if isinstance(value, list):
        return {name for member in value for name in conditions(member)}
    if not isinstance(value, dict):
        return set()
    own = {value["Fn::If"][0]} if "Fn::If" in value else set()
    return own.union(*(conditions(member) for member in value.values()))

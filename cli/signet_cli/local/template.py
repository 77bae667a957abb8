"""template.yaml as this machine sees it: resources by type, their values resolved, each with an id of its own."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from samtranslator.model.exceptions import ExceptionWithMessage
from samtranslator.plugins.globals.globals import Globals
from samtranslator.yaml_helper import yaml_parse

from signet_cli.local.embedded import ACCOUNT_ID, REGION, STACK_NAME
from signet_cli.local.intrinsics import NO_VALUE, Intrinsics, TemplateError

_API_ID = "local"
_API_ENDPOINT = f"https://{_API_ID}.execute-api.{REGION}.amazonaws.com"
_ARNS = {
    "AWS::DynamoDB::Table": "arn:aws:dynamodb:{region}:{account}:table/{name}",
    "AWS::IAM::Role": "arn:aws:iam::{account}:role/{name}",
    "AWS::Serverless::Function": "arn:aws:lambda:{region}:{account}:function:{name}",
}


@dataclass(frozen=True)
class Template:
    """A SAM template with parameters at their defaults.

    `directory` is what its relative paths start from; `origin` is the address the API answers at, and stands
    wherever the template computes the one API Gateway would assign. `ids` holds what creating a resource gave it.
    """

    directory: Path
    document: Mapping[str, Any]
    origin: str
    ids: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path, origin: str) -> "Template":
        """Read the template at `path`; TemplateError when it is missing, is no YAML or has no resources."""
        try:
            document = yaml_parse(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise TemplateError(f"{path}: {error.strerror}") from error
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise TemplateError(f"{path}: {_one_line(error)}") from error
        resources = document.get("Resources") if isinstance(document, dict) else None
        if not isinstance(resources, dict) or not resources:
            raise TemplateError(f"{path}: no Resources")
        defaults = _globals(path, document)
        for logical_id, resource in resources.items():
            if not isinstance(resource, dict) or str(resource.get("Type")).count("::") < 2:
                raise TemplateError(f"{path}: resource {logical_id} has no Type")
            merged = defaults.merge(resource["Type"], resource.get("Properties") or {}, logical_id)
            resources[logical_id] = {**resource, "Properties": merged}
        return cls(path.parent.resolve(), document, origin.rstrip("/"))

    def with_parameters(self, values: Mapping[str, str]) -> "Template":
        """Return the template deployed with these parameters. TemplateError for one that it does not take."""
        parameters = dict(self.document.get("Parameters") or {})
        for name, value in values.items():
            declared = parameters.get(name, {})
            allowed = [str(one) for one in declared.get("AllowedValues", [value])]
            if not declared or value not in allowed or not re.fullmatch(declared.get("AllowedPattern", ".*"), value):
                explained = declared.get("ConstraintDescription") or " or ".join(allowed)
                raise TemplateError(f"template: parameter {name} must be {explained}, it is {value!r}")
            parameters[name] = {**declared, "Default": value}
        return Template(self.directory, {**self.document, "Parameters": parameters}, self.origin, self.ids)

    def with_id(self, logical_id: str, physical_id: str) -> "Template":
        """Return the template in which `Ref` of the resource is what creating it gave."""
        return Template(self.directory, self.document, self.origin, {**self.ids, logical_id: physical_id})

    def resources(self, resource_type: str) -> dict[str, dict[str, Any]]:
        """Return the resolved properties of every resource of the type whose condition holds, by logical id."""
        intrinsics = self._intrinsics()
        return {
            logical_id: self._resolve(intrinsics, logical_id, resource["Properties"])
            for logical_id, resource in self.document["Resources"].items()
            if resource["Type"] == resource_type and self._exists(intrinsics, logical_id, resource)
        }

    def outputs(self) -> dict[str, str]:
        """Return the stack's outputs whose condition holds."""
        intrinsics = self._intrinsics()
        return {
            name: str(self._resolve(intrinsics, f"output {name}", output["Value"]))
            for name, output in (self.document.get("Outputs") or {}).items()
            if self._exists(intrinsics, f"output {name}", output)
        }

    def name(self, logical_id: str) -> str:
        """Return what `Ref` of the resource gives."""
        return str(self._intrinsics().names[logical_id])

    def attribute(self, logical_id: str, attribute: str) -> str:
        """Return what `Fn::GetAtt` of the resource gives."""
        return self._intrinsics().attributes[logical_id, attribute]

    def _exists(self, intrinsics: Intrinsics, name: str, declared: Mapping[str, Any]) -> bool:
        try:
            return "Condition" not in declared or intrinsics.holds(declared["Condition"])
        except TemplateError as error:
            raise TemplateError(f"template: {name}: {error}") from error

    def _resolve(self, intrinsics: Intrinsics, name: str, value: Any) -> Any:
        try:
            return self._at_origin(intrinsics.resolve(value))
        except TemplateError as error:
            raise TemplateError(f"template: {name}: {error}") from error

    def _at_origin(self, value: Any) -> Any:
        if isinstance(value, str):
            return value.replace(_API_ENDPOINT, self.origin)
        if isinstance(value, list):
            return [self._at_origin(item) for item in value]
        if isinstance(value, dict):
            return {name: self._at_origin(member) for name, member in value.items()}
        return value

    def _intrinsics(self) -> Intrinsics:
        names: dict[str, Any] = {
            "AWS::AccountId": ACCOUNT_ID,
            "AWS::NoValue": NO_VALUE,
            "AWS::Partition": "aws",
            "AWS::Region": REGION,
            "AWS::StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT_ID}:stack/{STACK_NAME}/local",
            "AWS::StackName": STACK_NAME,
            "AWS::URLSuffix": "amazonaws.com",
        }
        for name, parameter in (self.document.get("Parameters") or {}).items():
            if "Default" not in parameter:
                raise TemplateError(f"template: parameter {name} has no default")
            names[name] = parameter["Default"]
        attributes: dict[tuple[str, str], str] = {}
        for logical_id, resource in self.document["Resources"].items():
            name = self.ids.get(logical_id, f"{STACK_NAME}-{logical_id}")
            arn = _ARNS.get(resource["Type"], "arn:aws:local:{region}:{account}:{name}")
            attributes[logical_id, "Arn"] = arn.format(region=REGION, account=ACCOUNT_ID, name=name)
            if resource["Type"] == "AWS::ApiGatewayV2::Api":
                name = _API_ID
                attributes[logical_id, "ApiEndpoint"] = _API_ENDPOINT
            names[logical_id] = name
        return Intrinsics(names, attributes, self.document.get("Conditions") or {})


def _globals(path: Path, document: dict[str, Any]) -> Globals:
    try:
        return Globals(document)
    except ExceptionWithMessage as error:
        raise TemplateError(f"{path}: Globals: {error.message}") from error


def _one_line(error: yaml.YAMLError | UnicodeDecodeError) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        return f"line {error.problem_mark.line + 1}: {error.problem}"
    return " ".join(str(error).split())

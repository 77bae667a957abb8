"""What of the template runs and is reached here: functions, routes and the schedule that rotates the keyring."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from signet_cli.local.intrinsics import TemplateError, as_text
from signet_cli.local.template import Template


@dataclass(frozen=True)
class Function:
    """A Lambda function: `timeout` in seconds, `memory` in MB, `code` the folder that holds its handler's module."""

    name: str
    arn: str
    code: Path
    handler: str
    timeout: float
    memory: int
    environment: Mapping[str, str]


@dataclass(frozen=True)
class Route:
    """A route key of the HTTP API ("ANY /connect/oauth/token" or "$default") and the function behind it."""

    key: str
    function: str

    @property
    def method(self) -> str:
        """The method the route answers, ANY for every one."""
        return self.key.partition(" ")[0] if " " in self.key else "ANY"

    @property
    def path(self) -> str:
        """The path template, with `{name}` for one segment and `{name+}` for the rest; empty for `$default`."""
        return self.key.partition(" ")[2]

    def match(self, method: str, path: str) -> dict[str, str] | None:
        """Return the path parameters if the route answers `method` at `path`, else None."""
        if self.method not in {"ANY", method}:
            return None
        if self.key == "$default":
            return {}
        pattern = "".join(
            f"(?P<{name}>{'.+' if greedy else '[^/]+'})" if name else re.escape(literal)
            for literal, name, greedy in re.findall(r"([^{}]+)|\{(\w+)(\+?)\}", self.path)
        )
        found = re.fullmatch(pattern, path)
        return found.groupdict() if found else None

    @property
    def _rank(self) -> tuple[bool, bool, bool, bool]:
        return self.key == "$default", "+}" in self.path, "{" in self.path, self.method == "ANY"


@dataclass(frozen=True)
class RotationSchedule:
    """AWS::SecretsManager::RotationSchedule: which function rotates which secret, and the rules of the schedule."""

    secret: str
    function_arn: str
    rules: Mapping[str, Any]


def functions(template: Template) -> dict[str, Function]:
    """Return the template's functions by logical id, each with the environment it would have on Lambda."""
    return {
        logical_id: _function(template, logical_id, properties)
        for logical_id, properties in template.resources("AWS::Serverless::Function").items()
    }


def routes(template: Template) -> list[Route]:
    """Return the routes of the HTTP API, the most specific first, as API Gateway chooses among them."""
    integrations = {
        f"integrations/{template.name(logical_id)}": (logical_id, properties)
        for logical_id, properties in template.resources("AWS::ApiGatewayV2::Integration").items()
    }
    by_arn = {function.arn: logical_id for logical_id, function in functions(template).items()}
    found = []
    for logical_id, properties in template.resources("AWS::ApiGatewayV2::Route").items():
        if properties.get("Target") not in integrations:
            raise TemplateError(f"template: {logical_id}: Target is no integration of the template")
        integration, integration_properties = integrations[properties["Target"]]
        if integration_properties.get("PayloadFormatVersion") != "2.0":
            raise TemplateError(f"template: {integration}: PayloadFormatVersion is not 2.0")
        uri = str(integration_properties.get("IntegrationUri"))
        targets = [name for arn, name in by_arn.items() if arn in uri.split("/")]
        if len(targets) != 1:
            raise TemplateError(f"template: {integration}: IntegrationUri is no function of the template")
        found.append(Route(str(properties.get("RouteKey")), targets[0]))
    return sorted(found, key=lambda route: route._rank)  # noqa: SLF001 - the order of this list is its only use


def rotation_schedules(template: Template) -> list[RotationSchedule]:
    """Return the rotations that start when the stack is created."""
    return [
        RotationSchedule(properties["SecretId"], properties["RotationLambdaARN"], properties.get("RotationRules", {}))
        for properties in template.resources("AWS::SecretsManager::RotationSchedule").values()
        if properties.get("RotateImmediatelyOnUpdate", True)
    ]


def _function(template: Template, logical_id: str, properties: dict[str, Any]) -> Function:
    variables = properties.get("Environment", {}).get("Variables", {})
    code = template.directory / str(properties.get("CodeUri", "."))
    if not code.is_dir():
        raise TemplateError(f"template: {logical_id}: CodeUri {code} is no folder")
    return Function(
        name=template.name(logical_id),
        arn=template.attribute(logical_id, "Arn"),
        code=code,
        handler=str(properties.get("Handler", "app.handler")),
        timeout=float(properties.get("Timeout", 3)),
        memory=int(properties.get("MemorySize", 128)),
        environment={name: as_text(value) for name, value in variables.items()},
    )

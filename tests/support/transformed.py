"""template.yaml as CloudFormation gets it: transformed by SAM, with the references between its resources."""

import copy
import re
from collections.abc import Iterator, Mapping
from graphlib import TopologicalSorter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

from signet_cli.local.template import Template

ROOT = Path(__file__).resolve().parents[2]
ORIGIN = "https://api.example.com"
"""Where the API of the resolved template answers."""

_PLACEHOLDER = re.compile(r"\$\{([^!}][^.}]*)(?:\.[^}]*)?\}")


def transformed(template: Path) -> dict[str, Any]:
    """The template after SAM's transform. Wants AWS_DEFAULT_REGION to be set."""
    document = yaml_parse(template.read_text(encoding="utf-8"))
    for resource in document["Resources"].values():
        for location in {"CodeUri", "ContentUri"} & resource["Properties"].keys():
            resource["Properties"][location] = "s3://bucket/key"  # as `sam package` leaves it
    # the loader would ask IAM for AWS's managed policies, none of which the template names
    result: dict[str, Any] = transform(document, {}, SimpleNamespace(load=dict))
    return result


def given(template: Template, **parameters: str | int) -> Template:
    """The template deployed with these parameters."""
    document = copy.deepcopy(dict(template.document))
    for name, value in parameters.items():
        document["Parameters"][name]["Default"] = value
    for name in ("DomainTarget", "DomainTargetZone"):  # what only AWS can give
        document["Outputs"].pop(name, None)
    return Template(template.directory, document, ORIGIN)


def references(value: Any) -> Iterator[str]:
    """Every name that Ref, Fn::GetAtt and Fn::Sub in a value refer to."""
    if isinstance(value, list):
        for member in value:
            yield from references(member)
    elif isinstance(value, dict):
        for name, member in value.items():
            if name == "Ref":
                yield member
            elif name == "Fn::GetAtt":
                yield member.split(".")[0] if isinstance(member, str) else member[0]
            elif name == "Fn::Sub":
                text, local = (member, {}) if isinstance(member, str) else member
                yield from (found for found in _PLACEHOLDER.findall(text) if found not in local)
                yield from references(local)
            else:
                yield from references(member)


def creation_order(resources: Mapping[str, Any]) -> list[str]:
    """An order in which CloudFormation can create the resources. Raises graphlib.CycleError where there is none."""
    graph = {}
    for logical_id, resource in resources.items():
        depends_on = resource.get("DependsOn", [])
        names = {depends_on} if isinstance(depends_on, str) else set(depends_on)
        graph[logical_id] = names.union(references(resource.get("Properties", {}))) & resources.keys()
    return list(TopologicalSorter(graph).static_order())


def of_type(resources: dict[str, Any], resource_type: str) -> dict[str, Any]:
    """The properties of the resources of a type; there must be some."""
    found = {
        logical_id: resource["Properties"]
        for logical_id, resource in resources.items()
        if resource["Type"] == resource_type
    }
    assert found, resource_type
    return found

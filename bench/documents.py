"""Puts into the documents what commands print: figures and lists that nobody should have to keep by hand.

A place begins with `<!-- make docs: <name> -->` and ends with `<!-- end -->`. A test compares.
"""

import os
import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from bench import cost, scale
from bench.cost import table
from signet_cli.local.template import Template
from tests.support.transformed import ORIGIN, ROOT, transformed

DOCUMENTS = tuple(sorted((ROOT / "docs").glob("*.md")))

PURPOSES = {
    "AWS::ApiGatewayV2::Api": "the HTTP API",
    "AWS::ApiGatewayV2::ApiMapping": "leads from the domain to the API",
    "AWS::ApiGatewayV2::DomainName": "the domain",
    "AWS::ApiGatewayV2::Integration": "from the API to the functions",
    "AWS::ApiGatewayV2::Route": "a path each",
    "AWS::ApiGatewayV2::Stage": "throttling and access log",
    "AWS::CloudWatch::Alarm": "what somebody is woken for",
    "AWS::CloudWatch::Dashboard": "the stack at a glance",
    "AWS::DynamoDB::Table": "Registry, which is kept and cannot be deleted by accident; State, which goes",
    "AWS::IAM::Role": "one for each function, with the items it may touch",
    "AWS::KMS::Key": "private signing keys that nobody can read",
    "AWS::Lambda::Alias": "what answers where the token function starts warm",
    "AWS::Lambda::Function": "one for each endpoint, and the key rotation",
    "AWS::Lambda::LayerVersion": "third-party packages, and Signet itself",
    "AWS::Lambda::Permission": "who may invoke which",
    "AWS::Lambda::Version": "what the alias leads to",
    "AWS::Logs::LogGroup": "of each function, and of the API",
    "AWS::Logs::QueryDefinition": "saved queries of Logs Insights",
    "AWS::Route53::RecordSet": "the domain's alias record",
    "AWS::SNS::Topic": "sends alarms by mail",
    "AWS::SecretsManager::RotationSchedule": "rotates the keys",
    "AWS::SecretsManager::Secret": "the private signing keys",
    "AWS::Events::Rule": "what runs by the clock",
    "AWS::Scheduler::Schedule": "what runs by the clock",
}
"""What a type of resource is for; one that is new is a line here."""


def main() -> None:
    """Write every place of every document anew."""
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")  # SAM's transform wants one
    for path in DOCUMENTS:
        path.write_text(written(path.read_text(encoding="utf-8")), encoding="utf-8")


def written(document: str) -> str:
    """The document with its places filled."""
    places = re.compile(r"(<!-- make docs: ([\w ]+) -->\n).*?(<!-- end -->)", re.DOTALL)
    return places.sub(lambda place: f"{place[1]}{BLOCKS[place[2]]()}\n{place[3]}", document)


def resources() -> str:
    """What a deployment creates, by type: how much of it always, how much if asked for, and what is kept."""
    found = transformed(ROOT / "template.yaml")["Resources"].values()
    kept = Counter(resource["Type"] for resource in found if str(resource.get("DeletionPolicy")).startswith("Retain"))
    always = Counter(resource["Type"] for resource in found if "Condition" not in resource)
    asked_for = Counter(resource["Type"] for resource in found if "Condition" in resource)
    rows = [
        [f"`{name}`", str(always[name]), str(asked_for[name] or ""), str(kept[name] or ""), PURPOSES[name]]
        for name in sorted({*always, *asked_for})
    ]
    return table(["type", "always", "by a parameter", "kept when the stack is deleted", "for"], rows)


def parameters() -> str:
    """The parameters in the order of the console."""
    document = Template.read(ROOT / "template.yaml", ORIGIN).document
    rows = [
        [group["Label"]["default"], f"`{name}`", _default(parameter), parameter["Description"]]
        for group in document["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
        for name in group["Parameters"]
        if (parameter := document["Parameters"][name])
    ]
    return table(["", "parameter", "default", ""], rows)


def queries() -> str:
    """The saved queries, as one pastes them."""
    found = Template.read(ROOT / "template.yaml", ORIGIN).resources("AWS::Logs::QueryDefinition").values()
    named = sorted((query["Name"].partition("/")[2], query["QueryString"].strip()) for query in found)
    return "\n\n".join(f"**{name}**\n\n```\n{text}\n```" for name, text in named)


def _default(parameter: Mapping[str, Any]) -> str:
    return f"`{parameter['Default']}`" if parameter["Default"] != "" else ""


BLOCKS: dict[str, Callable[[], str]] = {
    **cost.TABLES,
    **scale.TABLES,
    "resources": resources,
    "parameters": parameters,
    "queries": queries,
}
"""What can stand in a document."""

if __name__ == "__main__":
    main()

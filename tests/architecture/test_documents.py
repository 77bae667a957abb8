"""What a document takes from a command is what the command prints now."""

import re
from typing import Any

import pytest
import typer

from bench import cost, documents, prices
from signet_cli.local.template import Template
from signet_cli.main import app
from tests.support.transformed import ROOT, references

OPERATING = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
DEPLOYING = (ROOT / "docs" / "deploying.md").read_text(encoding="utf-8")

PRICED = {
    "TokenProvisionedConcurrency": {cost.provisioned(0.5)},
    "TokenSnapStart": {cost.snapshot(0.5), prices.RESTORE.of(0.5) * 1000},
    "Alarms": {prices.ALARMS.of(1), prices.ALARMS.of(cost.watched(always=False))},
    "Dashboard": {prices.DASHBOARDS.of(1)},
}
"""Parameters whose description names a price, and what it is."""


@pytest.mark.parametrize("path", documents.DOCUMENTS, ids=lambda path: path.name)
def test_documents_say_what_commands_print(path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """`make docs` writes them anew."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    document = path.read_text(encoding="utf-8")
    assert documents.written(document) == document, "run `make docs`"


def test_every_block_has_its_place() -> None:
    """A table that no document shows is computed for nobody."""
    shown = {
        name for path in documents.DOCUMENTS for name in re.findall(r"<!-- make docs: ([\w ]+) -->", path.read_text())
    }
    assert shown == documents.BLOCKS.keys()


def test_descriptions_of_parameters_name_the_prices_of_the_table(template: Template) -> None:
    """What is paid for every month stands where it is switched on."""
    for name, parameter in template.document["Parameters"].items():
        named = {float(text) for text in re.findall(r"([\d.]+) USD", parameter["Description"])}
        assert named == {round(usd, 2) for usd in PRICED.get(name, ())}, name


def test_the_document_names_what_there_is(template: Template) -> None:
    """Parameters, outputs and resources that it speaks of."""
    document = template.document
    known = {*document["Parameters"], *document["Outputs"], *document["Resources"]}
    named = set(re.findall(r"`([A-Z][A-Za-z]+)`", DEPLOYING)) | set(re.findall(r"([A-Z]\w+)=\S", DEPLOYING))
    others = {
        "Signet",
        "On",
        "Off",
        "IMPORT",
        "GlobalTable",
        "WarmThroughput",
        "DEPLOY_ARGS",
        "STAGE",
        "ISSUER",
        "AWS_DEFAULT_REGION",
    }
    assert named - known <= others, named - known - others


def test_nothing_that_is_kept_is_left_out_of_taking_it_down(resources: dict[str, Any]) -> None:
    """Whoever wants to be rid of it all is told of all of it."""
    kept = {r["Type"] for r in resources.values() if str(r.get("DeletionPolicy")).startswith("Retain")}
    commands = {
        "AWS::DynamoDB::Table": "aws dynamodb delete-table",
        "AWS::SecretsManager::Secret": "aws secretsmanager delete-secret",
        "AWS::Logs::LogGroup": "aws logs delete-log-group",
    }
    assert all(commands[kind] in DEPLOYING for kind in kept)


def test_every_alarm_says_what_to_do(resources: dict[str, Any]) -> None:
    """At three in the morning, and not after a search."""
    alarms = {name for name, resource in resources.items() if resource["Type"] == "AWS::CloudWatch::Alarm"}
    assert alarms <= set(re.findall(r"^\| `(\w+)` \| .+ \| .+ \|$", OPERATING, re.MULTILINE))
    named = set(re.findall(r"[Tt]he query ([A-Z][a-z]+(?: [a-z]+)*):", OPERATING))
    saved = {
        query["Properties"]["Name"]["Fn::Sub"].partition("/")[2]
        for query in resources.values()
        if "Query" in query["Type"]
    }
    assert named
    assert named <= saved


def test_commands_of_the_documents_exist() -> None:
    """With the options that they are shown with."""
    tried = 0
    for path in documents.DOCUMENTS:
        text = path.read_text(encoding="utf-8").replace("\\\n", " ")
        for line in re.findall(r"(?:^|[`($/ ])signet ([a-z]+ [^\n`)]*)", text, re.MULTILINE):
            words, command = line.split(), typer.main.get_command(app)
            while words and words[0] in (commands := getattr(command, "commands", {})):
                command, tried = commands[words.pop(0)], tried + 1
            options = {option for known in command.params for option in (*known.opts, *known.secondary_opts)}
            named = {word.partition("=")[0] for word in words if word.startswith("--")}
            assert named <= options, f"{path.name}: signet {line}"
            unknown = words and words[0].isalpha() and getattr(command, "commands", {}) and command.name in line.split()
            assert not unknown, f"{path.name}: signet {line}"
    assert tried > 20


def test_references_in_the_outputs_exist(template: Template) -> None:
    """The document sends people to them."""
    names = {*template.document["Resources"], *template.document["Parameters"]}
    used = {name for name in references(template.document["Outputs"]) if "::" not in name}
    assert used <= names

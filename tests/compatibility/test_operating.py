"""docs/operating.md: its commands run as they stand there, those of AWS held against its own description of them."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore import xform_name
from botocore.session import Session
from samtranslator.yaml_helper import yaml_parse

from tests.compatibility.test_importing import lines, steps
from tests.support.served import announcement, end, start_server

ROOT = Path(__file__).parents[2]

DOCUMENT = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")

_KID = re.compile(r"(?<![\w-])[\w-]{43}(?![\w-])")
_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC")
_ADDRESS = re.compile(r"http://localhost:\d+")


def shape(printed: str) -> list[str]:
    """What was printed, with what is another each time named alike: keys, times, the address."""
    plain = _ADDRESS.sub("ADDRESS", _TIME.sub("TIME", _KID.sub("KID", printed)))
    return [re.sub(r" {2,}", "  ", line) for line in lines(plain)]


@pytest.fixture(scope="module")
def aws_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An instance of its own, whose keys nobody else rotates."""
    stderr = tmp_path_factory.mktemp("operating") / "stderr"
    process, variables = start_server(stderr=stderr, PUBLIC_URL="")
    try:
        announcement(process, stderr)
        yield variables["AWS_PORT"]
    finally:
        end(process)


@pytest.mark.served
def test_each_command_prints_what_the_document_says(aws_port: str, tmp_path: Path) -> None:
    """In their order; where the document names a key, the one that had its place in what was printed before."""
    environment = {**os.environ, "AWS_PORT": aws_port, "COLUMNS": "200"}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    environment.pop("SIGNET_STACK", None)
    every, kids = list(steps(DOCUMENT)), dict[str, str]()
    assert len(every) >= 9
    for step in every:
        command = _KID.sub(lambda found: kids[found[0]], step.command)
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        assert shape(done.stdout) == shape(step.printed), step.command
        for named, real in zip(_KID.findall(step.printed), _KID.findall(done.stdout), strict=True):
            assert kids.setdefault(named, real) == real, step.command


def of_aws() -> list[str]:
    """The commands of AWS's command line in the document."""
    blocks = re.findall(r"```sh\n(.*?)```\n", DOCUMENT, re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.startswith("aws ")]


@pytest.mark.parametrize("command", of_aws())
def test_commands_of_aws_exist(command: str) -> None:
    """Operation and options, as AWS describes its services; whatever is required is given."""
    _, service, operation, *words = command.split()
    model = Session().get_service_model(service)
    [found] = [name for name in model.operation_names if xform_name(name, "-") == operation]
    members: dict[str, Any] = {xform_name(name, "-"): name for name in model.operation_model(found).input_shape.members}
    options = {word.removeprefix("--") for word in words if word.startswith("--")}
    assert options <= members.keys()
    assert {members[option] for option in options} >= set(model.operation_model(found).input_shape.required_members)


def test_a_template_with_a_new_secret_refers_to_it_everywhere(tmp_path: Path) -> None:
    """Nothing is left that names the lost one; outputs keep their names, by which the command line finds it."""
    [command] = re.findall(r"^(sed .*template.yaml)$", DOCUMENT, re.MULTILINE)
    (tmp_path / "template.yaml").write_text((ROOT / "template.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    subprocess.run(["bash", "-c", command], cwd=tmp_path, check=True, timeout=60)
    before, after = (yaml_parse((path / "template.yaml").read_text(encoding="utf-8")) for path in (ROOT, tmp_path))
    text = yaml.safe_dump(after["Resources"])
    assert "NewKeyringSecret" in after["Resources"]
    assert not re.search(r"\bKeyringSecret\b", text)
    assert text.count("NewKeyringSecret") == len(re.findall(r"\bKeyringSecret\b", yaml.safe_dump(before["Resources"])))
    assert after["Outputs"]["KeyringSecret"]["Value"] == {"Ref": "NewKeyringSecret"}

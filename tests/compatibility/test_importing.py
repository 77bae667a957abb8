"""docs/importing.md, its files written and its commands run as they stand there, against a served instance."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.served import announcement, end, start_server

DOCUMENT = Path(__file__).parents[2] / "docs" / "importing.md"

_FILE = re.compile(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```\n", re.DOTALL)
_SESSION = re.compile(r"```console\n(.*?)```\n", re.DOTALL)


@dataclass(frozen=True)
class Step:
    """A command and what the document says that it prints."""

    command: str
    printed: str


def steps(text: str) -> Iterator[Step]:
    """Every command of the document in its order."""
    for session in _SESSION.findall(text):
        for part in re.split(r"^\$ ", session, flags=re.MULTILINE)[1:]:
            command, _, printed = part.partition("\n")
            yield Step(command, printed)


def lines(printed: str) -> list[str]:
    """What was printed, without the blanks that fill a table's columns and empty lines."""
    return [re.sub(r" {2,}", "  ", line.strip()) for line in printed.splitlines() if line.strip()]


@pytest.fixture(scope="module")
def aws_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An instance of its own: the document counts who is there."""
    stderr = tmp_path_factory.mktemp("importing") / "stderr"
    process, variables = start_server(stderr=stderr, PUBLIC_URL="")
    try:
        announcement(process, stderr)
        yield variables["AWS_PORT"]
    finally:
        end(process)


@pytest.mark.served
def test_the_document_is_right_from_the_first_command_to_the_last(aws_port: str, tmp_path: Path) -> None:
    """Each prints what the document says, and nothing else."""
    text = DOCUMENT.read_text(encoding="utf-8")
    for name, content in _FILE.findall(text):
        (tmp_path / name).write_text(content, encoding="utf-8")
    environment = {**os.environ, "AWS_PORT": aws_port, "COLUMNS": "200"}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    environment.pop("SIGNET_STACK", None)
    every = list(steps(text))
    assert len(every) > 15
    for step in every:
        done = subprocess.run(
            ["bash", "-c", step.command],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        assert lines(done.stdout) == lines(step.printed), step.command


def test_every_limit_of_a_hash_is_the_documents() -> None:
    """Where the code is changed the document is."""
    from signet.people.imported_hashes import HashRefused, scheme_of

    told = " ".join(DOCUMENT.read_text(encoding="utf-8").split())
    for sentence, accepted, refused in (
        ("bcrypt cost 8 to 13", ("$2b$08$", "$2b$13$"), ("$2b$07$", "$2b$14$")),
        (
            "PBKDF2 10,000 to 1,500,000 rounds",
            ("$pbkdf2-sha256$10000$", "$pbkdf2-sha256$1500000$"),
            ("$pbkdf2-sha256$9999$", "$pbkdf2-sha256$1500001$"),
        ),
    ):
        assert sentence in told
        rest = "a" * 53 if accepted[0].startswith("$2b") else f"{'a' * 22}${'a' * 43}"
        for beginning in accepted:
            assert scheme_of(beginning + rest)
        for beginning in refused:
            with pytest.raises(HashRefused):
                scheme_of(beginning + rest)

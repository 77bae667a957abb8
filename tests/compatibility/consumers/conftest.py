"""docs/consumers.md, taken apart, and its clients, registered by the commands that stand there."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.support.served import ServedSignet

PAGE = (Path(__file__).parents[3] / "docs" / "consumers.md").read_text(encoding="utf-8")
ISSUER = "https://id.example.com/connect"
"""The issuer of the page."""


@dataclass(frozen=True)
class Section:
    """A section of the page: its blocks by language, in their order."""

    heading: str
    text: str

    def blocks(self, language: str) -> list[str]:
        """The blocks of a language."""
        return re.findall(rf"^```{language}\n(.*?)^```", self.text, re.MULTILINE | re.DOTALL)

    def block(self, language: str, number: int = 0) -> str:
        """One of them; there must be as many."""
        return self.blocks(language)[number]


SECTIONS = {
    heading: Section(heading, text)
    for heading, text in re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
}

Register = Callable[[str], list[dict[str, Any]]]
"""Runs the `signet` commands of a section and returns what each printed."""


@pytest.fixture(scope="module")
def register(served: ServedSignet) -> Register:
    """The commands as printed, at the instance that the tests share."""
    return partial(registered, served)


def registered(served: ServedSignet, heading: str) -> list[dict[str, Any]]:
    """What the `signet` commands of a section print, run at an instance on this machine, with JSON for an answer."""
    answers = []
    for command in SECTIONS[heading].block("sh").splitlines():
        program, *arguments = shlex.split(command)
        assert program == "signet"
        done = subprocess.run(
            [Path(sys.executable).with_name("signet"), *arguments, "--local", "--json"],
            env={**os.environ, "AWS_PORT": served.aws_endpoint.rpartition(":")[2]},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        answers.append(json.loads(done.stdout))
    return answers


def credentials(client: dict[str, Any]) -> tuple[str, str]:
    """Id and secret of a client that was registered; no secret for a public one."""
    return client["client_id"], client.get("client_secret", "")

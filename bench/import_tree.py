"""What each function imports until it is ready, and what each import takes: the tree of `python -X importtime`."""

import re
import subprocess
from dataclasses import dataclass, field
from typing import Any

from bench.warm_process import environment
from tests.support.built import BUILT, HOST, python313
from tests.support.stack import Stack

_LINE = re.compile(r"import time: +(\d+) \| +(\d+) \| ( *)(\S+)")


@dataclass(frozen=True, slots=True)
class Import:
    """A module and the modules that it was the first to import; microseconds with them."""

    name: str
    took: int
    imports: tuple["Import", ...] = ()

    def document(self) -> dict[str, Any]:
        """As JSON has it."""
        return {"name": self.name, "took": self.took, "imports": [child.document() for child in self.imports]}


@dataclass
class _Reader:
    """Each line comes after those of what it has imported, which are indented further."""

    waiting: dict[int, list[Import]] = field(default_factory=dict)

    def read(self, line: str) -> None:
        found = _LINE.match(line)
        if found:
            depth = len(found[3]) // 2
            children = self.waiting.pop(depth + 1, [])
            self.waiting.setdefault(depth, []).append(Import(found[4], int(found[2]), tuple(children)))


def import_tree(stack: Stack, logical_id: str, runs: int = 7) -> list[dict[str, Any]]:
    """The imports of a function's start, after those of Lambda's runtime client: of the run that took least."""
    trees = [_once(stack, logical_id) for _ in range(runs)]
    return min(trees, key=lambda tree: sum(module["took"] for module in tree))


def _once(stack: Stack, logical_id: str) -> list[dict[str, Any]]:
    run = subprocess.run(
        [python313(), "-X", "importtime", "-c", "import awslambdaric.bootstrap, app"],
        env=environment(stack.variables(logical_id), BUILT / logical_id, HOST / "lambda"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=True,
    )
    reader = _Reader()
    for line in run.stderr.splitlines():
        reader.read(line)
    names = [found.name for found in reader.waiting[0]]
    runtime = names.index("awslambdaric.bootstrap")
    return [found.document() for found in reader.waiting[0][runtime + 1 :]]

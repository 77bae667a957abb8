"""A process of Lambda's Python with the built layers on its path, in which one of the loops of this folder runs."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.support.built import LAYERS, ROOT, python313


def environment(variables: Mapping[str, str], *path: Path) -> dict[str, str]:
    """The environment of such a process, with these folders on its path before the layers."""
    return {
        "PATH": os.defpath,
        "PYTHONPATH": os.pathsep.join(map(str, (*path, *LAYERS))),
        "PYTHONNOUSERSITE": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "AWS_LAMBDA_FUNCTION_NAME": "bench",
        **variables,
    }


def figures(loop: str, argument: object, *path: Path, variables: Mapping[str, str] | None = None) -> Any:
    """What the loop writes to standard error. Ends this process where it fails."""
    run = subprocess.run(
        [python313(), "-m", f"bench.{loop}", json.dumps(argument)],
        cwd=ROOT,
        env=environment(variables or {}, *path),
        stdout=subprocess.DEVNULL,  # the audit's lines are written here as on Lambda, and not kept
        stderr=subprocess.PIPE,
        check=False,
    )
    if run.returncode:
        sys.exit(run.stderr.decode(errors="replace"))
    return json.loads(run.stderr)

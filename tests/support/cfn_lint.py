"""cfn-lint over templates."""

import subprocess
import sys
from pathlib import Path


def findings(*templates: Path) -> str:
    """All that cfn-lint has to say, empty where the templates are sound."""
    linted = subprocess.run(
        [Path(sys.executable).with_name("cfn-lint"), "--region", "us-east-1", "--", *map(str, templates)],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    printed = linted.stdout + linted.stderr
    assert (linted.returncode == 0) == (not printed), printed
    return printed

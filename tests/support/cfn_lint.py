"""cfn-lint over a template."""

import subprocess
import sys
from pathlib import Path


def findings(template: Path) -> str:
    """All that cfn-lint has to say, empty where the template is sound."""
    linted = subprocess.run(
        [Path(sys.executable).with_name("cfn-lint"), "--region", "us-east-1", "--", str(template)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    printed = linted.stdout + linted.stderr
    assert (linted.returncode == 0) == (not printed), printed
    return printed

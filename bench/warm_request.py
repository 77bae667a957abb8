"""CPU time of a warm client_credentials request, against one bare RS256 signature, and its calls to AWS."""

import json
import os
import subprocess
import sys
from pathlib import Path

from bench.measure import MILLISECONDS
from bench.token_request import TOKEN_REQUEST, rotated_stack
from tests.support.built import BUILT, LAYERS, python313


def main() -> None:
    """Print the figures of one process that serves and signs in turn."""
    with rotated_stack() as stack:
        served = subprocess.run(
            [python313(), str(Path(__file__).with_name("warm_loop.py")), json.dumps(TOKEN_REQUEST)],
            env={
                "PATH": os.defpath,
                "PYTHONPATH": os.pathsep.join(map(str, (BUILT / "TokenFunction", *LAYERS))),
                "PYTHONDONTWRITEBYTECODE": "1",
                **stack.variables("TokenFunction"),
            },
            stdout=subprocess.DEVNULL,  # the audit's lines are written here as on Lambda, and not kept
            stderr=subprocess.PIPE,
            check=False,
        )
    if served.returncode:
        sys.exit(served.stderr.decode(errors="replace"))
    figures = json.loads(served.stderr)
    request, signature = (figures[name] * MILLISECONDS for name in ("request", "signature"))
    print(f"A warm client_credentials request, median CPU time over {figures['requests']} of them")
    print(f"  one bare RS256 signature  {signature:6.2f} ms")
    print(f"  the whole request         {request:6.2f} ms  {request / signature:5.2f} x the signature")
    print(f"  calls to AWS              {figures['warm_calls']:6g}  ({figures['cold_calls']} until the first answer)")


if __name__ == "__main__":
    main()

"""Run by warm_request.py with what is built on its path: writes what the first requests cost to standard error."""

import json
import sys
import time
from importlib import import_module

from bench.meter import bare_signature, cpu_seconds

REQUESTS = 10


def main() -> None:
    """Serve the event in argv[1] ten times in a new environment, and measure bare signatures afterwards."""
    event = json.loads(sys.argv[1])
    handler = import_module("app").handler
    took = []
    for _ in range(REQUESTS):
        start = time.process_time()
        answer = handler(event, None)
        took.append(time.process_time() - start)
        if answer["statusCode"] != 200:
            raise SystemExit(str(answer))
    print(json.dumps({"took": took, "signature": cpu_seconds(bare_signature(), 100)}), file=sys.stderr)


if __name__ == "__main__":
    main()

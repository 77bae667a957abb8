"""Run by stages.py with what is built on its path: writes what each stage took to standard error."""

import json
import sys
import time
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from typing import Any

REQUESTS = 40

STAGES = {
    "event read": ("signet.wiring.http_function", "http_request"),
    "parameters": ("signet.endpoints.token", "secret_parameters"),
    "credentials": ("signet.clientauth.authenticate", "_presented"),
    "client looked up, secret compared": ("signet.clientauth.authenticate.ClientAuthentication", "_authenticated"),
    "token issued": ("signet.tokens.issue.Issuer", "issue"),
    "of it, signature": ("signet.keys.algorithms.LocalSigner", "sign"),
    "record written": ("signet.aws.audit.EmbeddedMetricAudit", "record"),
    "answer written": ("signet.endpoints.token", "uncached_json"),
}
"""Each stage and the function that it is, by the module or class that holds it."""

took: dict[str, float] = {}


def _timed(stage: str, work: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(work)
    def timed(*args: Any, **kwargs: Any) -> Any:
        start = time.perf_counter()
        try:
            return work(*args, **kwargs)
        finally:
            took[stage] = time.perf_counter() - start

    return timed


def _holder(path: str) -> Any:
    """The module or class of that name."""
    try:
        return import_module(path)
    except ModuleNotFoundError:
        module, _, name = path.rpartition(".")
        return getattr(import_module(module), name)


def main() -> None:
    """Serve the event in argv[1] in a new environment, each stage timed."""
    event = json.loads(sys.argv[1])
    handler = import_module("app").handler
    for stage, (holder, name) in STAGES.items():
        held = _holder(holder)
        setattr(held, name, _timed(stage, getattr(held, name)))
    requests = []
    for _ in range(REQUESTS):
        took.clear()
        start = time.perf_counter()
        handler(event, None)
        requests.append({**took, "whole request": time.perf_counter() - start})
    print(json.dumps(requests), file=sys.stderr)


if __name__ == "__main__":
    main()

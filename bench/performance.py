"""Writes the figures of docs/performance.md anew and draws its pictures: `make performance`."""

import json
import os
import platform
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from typing import Any

from bench import aws_clients, cold_start, interactive_request, warm_request
from bench.first_loop import PAUSE
from bench.first_requests import FIRST_REQUESTS
from bench.import_tree import import_tree
from bench.measure import MICROSECONDS, MILLISECONDS, Cost
from bench.token_request import rotated_stack
from tests.support.built import HOST, ROOT, python313

DOCUMENT = ROOT / "docs" / "performance.md"


def main() -> None:
    """Measure, write, draw. argv[1] is how many runs each median is of."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else cold_start.ROUNDS
    costs = cold_start.measured(rounds)
    ways = aws_clients.measured(rounds)
    warm, first = warm_request.measured(rounds)
    blocks = {
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}; medians of {rounds} runs.",
        "cold starts": _cold_starts(costs),
        "aws clients": _aws_clients(ways),
        "warm": _warm(warm),
        "first requests": _first(first),
        "interactive": _interactive(interactive_request.measured()),
    }
    text = DOCUMENT.read_text(encoding="utf-8")
    places = re.compile(r"(<!-- make performance: ([\w ]+) -->\n).*?(<!-- end -->)", re.DOTALL)
    text = places.sub(lambda place: f"{place[1]}{blocks[place[2]]}\n{place[3]}", text)
    DOCUMENT.write_text(text, encoding="utf-8")
    with rotated_stack() as stack:
        trees = {name.removesuffix("Function"): import_tree(stack, name) for name in FIRST_REQUESTS}
    _draw(
        {
            "imports": trees,
            "cold_starts": {name: cost.cpu / costs[cold_start.YARDSTICK].cpu for name, cost in costs.items()},
            "first_requests": {name: environment.ratios for name, environment in first.items()},
        }
    )


def _draw(found: dict[str, Any]) -> None:
    subprocess.run(
        [python313(), "-m", "bench.pictures", str(ROOT / "docs" / "images")],
        cwd=ROOT,
        env={"PATH": os.defpath, "HOME": os.environ.get("HOME", "/"), "PYTHONPATH": str(HOST / "bench")},
        input=json.dumps(found),
        text=True,
        check=True,
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    marks = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, marks, *rows))


def _cold_starts(costs: dict[str, Cost]) -> str:
    usual = costs[cold_start.YARDSTICK]
    rows = [
        (
            name,
            f"{cost.cpu * MILLISECONDS:.0f} ms",
            f"{cost.cpu / usual.cpu:.1%}",
            f"{cost.ready * MILLISECONDS:.0f} ms",
            f"{cost.memory / 1e6:.0f} MB",
        )
        for name, cost in costs.items()
    ]
    return _table(("Subject", "CPU to the first answer", "of the yardstick", "of it until ready", "Memory"), rows)


def _aws_clients(ways: dict[str, Cost]) -> str:
    bare = ways[aws_clients.BARE].cpu
    rows = [(name, f"+{(cost.cpu - bare) * MILLISECONDS:.0f} ms") for name, cost in ways.items() if name != "nothing"]
    return _table(("One item of DynamoDB over TLS, by", "CPU"), rows)


def _warm(warm: dict[str, Any]) -> str:
    rows = []
    for name, cost in warm.items():
        signature = cost["signature"]
        rows += [
            (f"one bare RS256 signature, beside {name}", f"{signature * MICROSECONDS:.0f} us", "1.00", ""),
            (
                f"client_credentials, {name}",
                f"{cost['request'] * MICROSECONDS:.0f} us",
                f"{cost['request'] / signature:.2f}",
                f"{cost['warm_calls']}",
            ),
        ]
    return _table(("Event in, answer out, log line and metric included", "CPU", "in signatures", "Calls to AWS"), rows)


def _first(first: dict[str, warm_request.FirstRequests]) -> str:
    some = next(iter(first.values()))
    count = len(some.requests)
    rows = [
        (name, *(f"{ratio:.2f}" for ratio in (*environment.ratios, environment.paused)))
        for name, environment in first.items()
    ]
    rows.append(("one bare RS256 signature", *[""] * count, f"{some.paused_signature:.2f}"))
    return _table(
        ("In RS256 signatures", *map(str, range(1, count + 1)), f"warm, after {PAUSE * 1000:.0f} ms' pause"), rows
    )


def _interactive(found: dict[str, Any]) -> str:
    rows = []
    for name, cost in found["by_request"].items():
        calls = ", ".join(f"{count} {operation}" for operation, count in Counter(cost["calls"]).items())
        parts = [f"{cost[part] * MILLISECONDS:.2f} ms" for part in ("cpu", "argon2", "aws", "rest")]
        rows.append((name, *parts, f"{cost['rest'] / found['signature']:.2f}", calls or "none"))
    return _table(("Request", "CPU", "argon2", "AWS", "the rest", "the rest in signatures", "Calls to AWS"), rows)


if __name__ == "__main__":
    main()

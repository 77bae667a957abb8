"""Draws what performance.py has measured: run by Lambda's Python, with matplotlib from requirements/bench.in."""

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt

_COLORS = {
    "signet": "#3450c8",
    "cryptography": "#b5482a",
    "http": "#2e8b57",
    "ssl": "#2e8b57",
    "email": "#66a182",
    "jinja2": "#8a4fae",
    "argon2": "#aa3377",
    "botocore": "#cc3311",
}

_LEAST = 150
"""Microseconds of an import that is still drawn."""


def icicles(trees: dict[str, list[dict[str, Any]]], file: Path) -> None:
    """A row of bars for each depth of each function's imports, all to one scale."""
    figure, axes = plt.subplots(len(trees), 1, figsize=(14, 3.1 * len(trees)), sharex=True)
    longest = max(sum(module["took"] for module in tree) for tree in trees.values())
    for axis, (name, tree) in zip(axes, trees.items(), strict=True):
        at = 0.0
        for module in tree:
            _bar(axis, module, at, 0, longest / 190)
            at += module["took"]
        axis.set_title(f"{name}: {at / 1000:.0f} ms until ready", loc="left", fontsize=10)
        axis.set_yticks([])
        axis.invert_yaxis()
        axis.spines[["top", "right", "left"]].set_visible(False)
    axes[-1].set_xlabel("microseconds under -X importtime, which itself slows every import down")
    figure.tight_layout()
    figure.savefig(file, dpi=80)


def _bar(axis: Any, module: dict[str, Any], at: float, depth: int, letter: float) -> None:
    """The bar of a module and those below it; `letter` is how wide one is on the axis."""
    took = module["took"]
    if took < _LEAST:
        return
    color = _COLORS.get(module["name"].partition(".")[0], "#9aa5b1")
    axis.barh(depth, took, left=at, height=0.92, color=color, edgecolor="white", linewidth=0.4)
    names = (module["name"], module["name"].rpartition(".")[2])
    if label := next((name for name in names if (len(name) + 1) * letter < took), ""):
        axis.text(at + took / 2, depth, label, ha="center", va="center", fontsize=6, color="white", clip_on=True)
    for child in module["imports"]:
        _bar(axis, child, at, depth + 1, letter)
        at += child["took"]


def cold_starts(costs: dict[str, float], file: Path) -> None:
    """CPU until the first answer, as parts of the yardstick's."""
    figure, axis = plt.subplots(figsize=(9, 3.6))
    names = list(costs)
    bars = axis.barh(names, [costs[name] * 100 for name in names], color="#3450c8")
    axis.bar_label(bars, fmt="%.0f %%", padding=3, fontsize=8)
    axis.invert_yaxis()
    axis.set_xlabel("CPU from process start to first answer, in % of the yardstick's")
    axis.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(file, dpi=80)


def first_requests(ratios: dict[str, list[float]], file: Path) -> None:
    """The first ten requests of a new environment, in RS256 signatures."""
    figure, axis = plt.subplots(figsize=(9, 3.2))
    for name, values in ratios.items():
        axis.plot(range(1, len(values) + 1), values, marker="o", label=name)
    axis.set_yscale("log")
    axis.set_yticks([0.25, 0.5, 1, 2, 4, 8], labels=["¼", "½", "1", "2", "4", "8"])
    axis.minorticks_off()
    axis.set_xticks(range(1, 11))
    axis.axhline(1, color="#9aa5b1", linewidth=0.8)
    axis.set_xlabel("request of a new environment")
    axis.set_ylabel("RS256 signatures of CPU")
    axis.legend(frameon=False)
    axis.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(file, dpi=80)


def main() -> None:
    """Draw the document on standard input into the folder argv[1]."""
    found, folder = json.load(sys.stdin), Path(sys.argv[1])
    icicles(found["imports"], folder / "imports.png")
    cold_starts(found["cold_starts"], folder / "cold-starts.png")
    first_requests(found["first_requests"], folder / "first-requests.png")


if __name__ == "__main__":
    main()

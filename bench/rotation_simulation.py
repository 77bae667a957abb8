"""Months of rotations under load, and whether any verifier ever meets a key that it cannot have.

Prints what was rejected, by the rotation as it is deployed and by "publish and sign at once". With a folder as argument
(`python -m bench.rotation_simulation docs/images`) it also draws the pictures of the documentation.
"""

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.rotation_load import DAY, HOUR, Outcome, Plan, simulate
from bench.rotation_orders import forced, publish_and_sign_at_once
from bench.rotation_world import BEGINNING
from signet.model.key import KeyState

BIN = 600
"""Seconds of a point in the picture of rejections."""

COLORS = {
    KeyState.NEXT: "#8fb4e8",
    KeyState.ACTIVE: "#2e8b57",
    KeyState.RETIRING: "#e0a030",
    KeyState.VERIFY_ONLY: "#c8c8c8",
}
MEANINGS = {
    KeyState.NEXT: "next: published, does not sign",
    KeyState.ACTIVE: "active: signs",
    KeyState.RETIRING: "retiring: published, signs no more",
    KeyState.VERIFY_ONLY: "verify_only: known to our own endpoints, for refresh tokens",
}


def main(arguments: Sequence[str], plan: Plan) -> None:
    """Print the figures; draw the pictures into a folder if one is given."""
    outcomes = {"as deployed": simulate(plan), "publish and sign at once": simulate(plan, publish_and_sign_at_once)}
    outcomes["every rotation forced"] = simulate(replace(plan, slowest_write=0), forced)
    print(f"{plan.days} days, {plan.environments} execution environments, {plan.verifiers} verifiers, seed {plan.seed}")
    for name, outcome in outcomes.items():
        print(
            f"{name:26}{len(outcome.rotations) - 1:>4} rotations{len(outcome.verifications):>8} verifications, "
            f"{outcome.rejected} rejected;{outcome.refreshed:>6} refreshes, {outcome.refused} refused"
        )
    for folder in map(Path, arguments):
        draw_states(simulate(Plan(tokens=0, days=200, every=30 * DAY)), folder / "rotation-states.png")
        draw_rejections(outcomes, folder / "rotation-rejections.png")


def draw_states(outcome: Outcome, path: Path) -> None:
    """A line for each key, in the colours of what it is from day to day."""
    axes = _axes("Rotations thirty days apart", "days", "keys in the order of their making")
    rows: dict[str, int] = {}
    ends = [since for since, _ in outcome.states[1:]]
    for (since, states), until in zip(outcome.states, ends, strict=False):
        for kid, state in states.items():
            row = rows.setdefault(kid, len(rows))
            axes.barh(row, (until - since) / DAY, left=(since - BEGINNING) / DAY, height=0.6, color=COLORS[state])
    axes.set_yticks(range(len(rows)), [f"{kid[:6]}…" for kid in rows])
    axes.invert_yaxis()
    for state, meaning in MEANINGS.items():
        axes.barh(0, 0, color=COLORS[state], label=meaning)
    _save(axes, path, legend="lower left")


def draw_rejections(outcomes: dict[str, Outcome], path: Path) -> None:
    """The share of rejected tokens by the time since another key began to sign."""
    axes = _axes("Good tokens that were rejected after a rotation", "hours since the new key began to sign", "per cent")
    lines: tuple[tuple[str, bool, str], ...] = (
        ("publish and sign at once", False, "#c0392b"),
        ("publish and sign at once", True, "#e08080"),
        ("as deployed", False, "#2e8b57"),
    )
    for name, asks, color in lines:
        kind = "verifiers that ask for an unknown key" if asks else "verifiers that never ask"
        axes.plot(*_shares(outcomes[name], asks=asks), color=color, label=f"{name}: {kind}", linewidth=2)
    _save(axes, path, legend="upper right")


def _shares(outcome: Outcome, *, asks: bool) -> tuple[list[float], list[float]]:
    """Hours, and the per cent of rejections in the ten minutes from there on."""
    near = [one for one in outcome.verifications if one.asks is asks and one.since_rotation < 4 * HOUR]
    all_, rejected = Counter(int(one.since_rotation // BIN) for one in near), Counter[int]()
    rejected.update(int(one.since_rotation // BIN) for one in near if not one.accepted)
    bins = sorted(all_)
    return [number * BIN / HOUR for number in bins], [100 * rejected[number] / all_[number] for number in bins]


def _axes(title: str, x: str, y: str) -> Axes:
    axes = Figure(figsize=(9, 4.2), layout="constrained").subplots()
    axes.set_title(title)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(axis="x", alpha=0.3)
    return axes


def _save(axes: Axes, path: Path, *, legend: Literal["lower left", "upper right"]) -> None:
    figure: Any = axes.figure
    axes.legend(loc=legend, fontsize=8)
    figure.savefig(path, dpi=110, metadata={"Software": None})


if __name__ == "__main__":
    main(sys.argv[1:], Plan())

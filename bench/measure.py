"""Interleaved runs and their medians: what disturbs this machine for a moment disturbs every subject alike."""

import resource
import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass

MILLISECONDS = 1000


@dataclass(frozen=True, slots=True)
class Cost:
    """What a process took: seconds on the clock, and seconds of CPU, which a busy machine disturbs less."""

    elapsed: float
    cpu: float


def ended_children_cpu() -> float:
    """CPU seconds of every child process that has ended so far."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def medians(subjects: Mapping[str, Callable[[], Cost]], rounds: int) -> dict[str, Cost]:
    """The medians of what each subject costs, over as many rounds in turn, after a round to warm up."""
    costs: dict[str, list[Cost]] = {name: [] for name in subjects}
    names = list(subjects)
    for round_ in range(rounds + 1):
        # a subject does not always run after the same one
        for name in names[round_ % len(names) :] + names[: round_ % len(names)]:
            cost = subjects[name]()
            if round_:
                costs[name].append(cost)
    return {
        name: Cost(statistics.median(cost.elapsed for cost in found), statistics.median(cost.cpu for cost in found))
        for name, found in costs.items()
    }

"""Interleaved runs and their medians: what disturbs this machine for a moment disturbs every subject alike."""

import resource
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path

MILLISECONDS = 1000
MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Cost:
    """What a process took: seconds on the clock, and seconds of CPU, which a busy machine disturbs less.

    Of a function also the CPU until it was ready for a request, and bytes of memory, where those were looked at.
    """

    elapsed: float
    cpu: float
    ready: float = 0.0
    memory: float = 0.0


def ended_children_cpu() -> float:
    """CPU seconds of every child process that has ended so far."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def process_cpu(pid: int) -> float:
    """CPU seconds of a process so far, by the clock that Linux keeps of each (clock_getcpuclockid(3))."""
    return time.clock_gettime((~pid << 3) | 2)


def memory(pid: int) -> int:
    """Bytes of a process that are resident, as Linux has them."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    [resident] = [line for line in status.splitlines() if line.startswith("VmRSS:")]
    return int(resident.split()[1]) * 1024


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
    return {name: _median(found) for name, found in costs.items()}


def _median(costs: list[Cost]) -> Cost:
    members = (field.name for field in fields(Cost))
    return Cost(*(statistics.median(getattr(cost, name) for cost in costs) for name in members))

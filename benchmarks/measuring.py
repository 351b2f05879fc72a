"""What the measurements share: where they are taken, and how samples become figures."""

from __future__ import annotations

import re
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))  # the Bot API, the stage and the PostgreSQL are the tests' own


@dataclass(frozen=True)
class Ground:
    """A folder for one run, and a home in it with a built index."""

    folder: Path
    index: Path

    def home(self, name: str) -> Any:
        """A home of its own for the program, with a copy of the index."""
        from conftest import with_index

        return with_index(self.folder / name / "home", self.index, self.folder / "bytecode")


def spread(samples: Iterable[float]) -> dict[str, float]:
    """p50 and p99 in milliseconds, from seconds."""
    ordered = sorted(samples)
    last = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    return {"p50": round(statistics.median(ordered) * 1000, 2), "p99": round(last * 1000, 2)}


def took(action: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    action()
    return time.perf_counter() - begun


async def process_numbers(program: Any) -> dict[str, float]:
    """What a serving process says of itself: seconds of CPU, bytes of memory."""
    _, metrics = await program.get("/metrics")
    return {name: float(number) for name, number in re.findall(r"^(process_\w+) (\S+)$", metrics, re.MULTILINE)}

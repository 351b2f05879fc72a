"""What is counted while the coach serves: numbers by kind and platform, nobody's name. /metrics shows them."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field

# upper bounds in seconds; a turn takes some milliseconds, one with a language model up to half a minute
BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


@dataclass
class Tally:
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    buckets: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    seconds: float = 0.0

    def count(self, what: str, platform: str = "") -> None:
        self.counts[what, platform] += 1

    def took(self, seconds: float) -> None:
        """A turn's duration."""
        self.buckets[bisect_left(BOUNDS, seconds)] += 1
        self.seconds += seconds

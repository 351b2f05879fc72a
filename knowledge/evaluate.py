"""Measures a search on messages that people have judged, each leg alone and all together.

The measures are those of the baseline over the topics' labels (see docs and benchmarks/queries_dev.jsonl):
    hit@k     a gold topic is among the first k
    ok@3      a gold or an acceptable topic is among the first 3
    recall@5  gold topics found in the first 5, of at most 5
    nDCG@5    graded: the first gold topic is worth 3, the other gold ones 2, acceptable ones 1
    MRR       one over the rank of the first gold topic
Messages without a gold topic are none of our business: they are left out of the means, and counted by whether they were refused.
One of ours that is refused counts as a miss in every measure.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from knowledge.search import Finder, Leg

DEEP = 1000  # topics asked for: all of them
SEED, DRAWS = 20260302, 1000  # of the bootstrap

Row = Mapping[str, Any]
Means = dict[str, float]


@dataclass(frozen=True, slots=True)
class Result:
    """Of one leg: means, their 95 % bootstrap intervals, and means by kind of message."""

    means: Means
    intervals: dict[str, tuple[float, float]]
    kinds: dict[str, Means]


@dataclass(frozen=True, slots=True)
class Report:
    legs: dict[Leg, Result]
    ours: int
    others: int
    refused_rightly: int
    refused_wrongly: int

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def evaluate(finder: Finder, rows: Sequence[Row], progress: Callable[[int, int], None] | None = None) -> Report:
    """`rows`: id, text, gold, ok and perhaps kind, as in benchmarks/queries_dev.jsonl. Reads texts, writes nothing."""
    scored: dict[Leg, list[tuple[str, Means]]] = {}
    refused = {True: 0, False: 0}
    for n, row in enumerate(rows, 1):
        legs = finder.legs(row["text"], DEEP)
        refused[bool(row["gold"])] += not legs["shipped"].topics
        if row["gold"]:
            for leg, ranking in legs.items():
                scored.setdefault(leg, []).append((row.get("kind") or "", measures(ranking.topics, row["gold"], row["ok"])))
        if progress:
            progress(n, len(rows))
    ours = sum(bool(row["gold"]) for row in rows)
    return Report({leg: _result(found) for leg, found in scored.items()}, ours, len(rows) - ours, refused[False], refused[True])


def table(report: Report) -> str:
    """The legs side by side, then what is shipped by kind of message."""
    shipped = report.legs["shipped"]
    names = list(shipped.means)
    lines = [" ".join([" " * 20, *(f"{name:>13}" for name in names)])]
    for leg, result in report.legs.items():
        lines.append(" ".join([f"{leg:20}", *(f"{result.means[name]:13.3f}" for name in names)]))
    between = (shipped.intervals[name] for name in names)
    lines.append(" ".join([f"{'':20}", *(f"[{low:.3f}, {high:.3f}]".rjust(13) for low, high in between), "\n"]))
    for kind, means in shipped.kinds.items():
        lines.append(" ".join([f"{kind:20}", *(f"{means[name]:13.3f}" for name in names)]))
    lines.append(f"\nrefused {report.refused_rightly}/{report.others} off topic, {report.refused_wrongly}/{report.ours} on topic\n")
    return "\n".join(lines)


def measures(ranked: Sequence[str], gold: Sequence[str], ok: Sequence[str]) -> Means:
    gains = dict.fromkeys(ok, 1) | dict.fromkeys(gold[1:], 2) | {gold[0]: 3}
    fine = set(gold) | set(ok)
    first = next((rank for rank, topic in enumerate(ranked, 1) if topic in gold), None)
    return {
        "hit@1": float(bool(set(gold) & set(ranked[:1]))),
        "hit@3": float(bool(set(gold) & set(ranked[:3]))),
        "ok@3": float(bool(fine & set(ranked[:3]))),
        "recall@5": len(set(gold) & set(ranked[:5])) / min(5, len(gold)),
        "nDCG@5": _dcg([gains.get(topic, 0) for topic in ranked[:5]]) / _dcg(sorted(gains.values(), reverse=True)[:5]),
        "MRR": 1 / first if first else 0.0,
    }


def _dcg(gains: Sequence[int]) -> float:
    return sum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, 1))


def _result(found: Sequence[tuple[str, Means]]) -> Result:
    kinds: dict[str, list[Means]] = {}
    for kind, means in found:
        kinds.setdefault(kind, []).append(means)
    every = [means for _, means in found]
    return Result(_mean(every), _intervals(every), {kind: _mean(kinds[kind]) for kind in sorted(kinds)})


def _mean(scores: Sequence[Means]) -> Means:
    return {name: sum(score[name] for score in scores) / len(scores) for name in scores[0]}


def _intervals(scores: Sequence[Means]) -> dict[str, tuple[float, float]]:
    chance = random.Random(SEED)  # noqa: S311
    draws = [chance.choices(range(len(scores)), k=len(scores)) for _ in range(DRAWS)]
    intervals = {}
    for name in scores[0]:
        values = [score[name] for score in scores]
        means = sorted(sum(values[i] for i in draw) / len(values) for draw in draws)
        intervals[name] = (means[int(0.025 * DRAWS)], means[int(0.975 * DRAWS) - 1])
    return intervals

"""Measures what people wait for, prints it and writes results.json. Benchmarks measure; tests do not time.

`run.py` takes everything; `run.py turns due` takes these parts and leaves the other figures in results.json as they were. All that is
compared was measured in one run, side by side, because only ratios carry over to another machine, or to the same one at another hour.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import due
import model
import program
import retrieval
import turns
from measuring import HERE, Ground, took

PARTS: dict[str, Callable[[Ground], dict[str, Any]]] = {
    "retrieval": retrieval.measured,
    "turns": turns.measured,
    "due": due.measured,
    "program": program.measured,
    "model": model.measured,
}
RESULTS = HERE / "results.json"

# (what, above what) of which each has a p50
RATIOS = {
    "reflect/echo": ("turn_ms.reflect.p50", "echo_ms.p50"),
    "ask/echo": ("turn_ms.ask.p50", "echo_ms.p50"),
    "reflect/fsync": ("inside_ms.reflect.p50", "fsync_ms.p50"),
    "ask/embedding": ("inside_ms.ask.p50", "inside_ms.embed.p50"),
    "search/embedding": ("search_ms.p50", "embed_ms.p50"),
    "postgres_2/postgres_1": ("turns_per_s.postgres_2", "turns_per_s.postgres_1"),
    "arrived/pace": ("nudges.arrived_per_s", "nudges.pace"),
}
# what, whether that is the most or the least it may be, and the goal
GOALS: list[tuple[str, str, float]] = [
    ("ratios.reflect/echo", "most", 2),
    ("ratios.ask/echo", "most", 4),
    ("turns_per_s.sqlite", "least", 150),
    ("ratios.postgres_2/postgres_1", "least", 1.5),
    ("nudges.most_in_a_second", "most", 30),
    ("ratios.arrived/pace", "least", 0.97),
    ("serve.cpu_percent", "most", 3),
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--home", type=Path, metavar="DIR", help="use the index of this home instead of building one")
    given = parser.parse_args()
    asked = given.parts or list(PARTS)

    from knowledge.search import Finder

    known = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    results = known if len(asked) < len(PARTS) else {}
    results["machine"] = {"cpus": os.cpu_count(), "python": platform.python_version(), "system": platform.system()}
    with tempfile.TemporaryDirectory(prefix="brokercoach-bench-") as folder:
        ground = Ground(Path(folder), given.home or Path(folder) / "index")
        ground.index.mkdir(exist_ok=True)
        build = took(lambda: Finder.open(ground.index))
        results |= {} if given.home else {"index_build_s": round(build, 1)}
        for part in asked:
            # how busy the machine was with other things; on one that had nothing else to do it is about 0
            busy = round(os.getloadavg()[0], 1)
            results |= PARTS[part](ground) | {"load": results.get("load", {}) | {part: busy}}
            results["ratios"] = ratios(results)
            RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    results["rss_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    show(results)


def at(results: dict[str, Any], place: str) -> Any:
    """What stands at a.b.c, or None."""
    found: Any = results
    for name in place.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found


def ratios(results: dict[str, Any]) -> dict[str, float]:
    pairs = {name: (at(results, what), at(results, above)) for name, (what, above) in RATIOS.items()}
    return {name: round(what / above, 2) for name, (what, above) in pairs.items() if what and above}


def show(results: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    table = Table("what", "p50", "p99", title="milliseconds")
    for what in ("fsync_ms", "echo_ms", "turn_ms.reflect", "turn_ms.ask", "inside_ms.reflect", "inside_ms.ask", "embed_ms", "search_ms"):
        if found := at(results, what):
            table.add_row(what.replace("_ms", ""), str(found["p50"]), str(found["p99"]))
    console.print(table)
    for name in ("turns_per_s", "turn_cpu_ms", "nudges", "serve", "model", "cold_start_s", "index_build_s", "rss_mb", "load"):
        console.print(name, results.get(name))
    table = Table("what", "measured", "goal", "", title="goals")
    for what, bound, goal in GOALS:
        if (found := at(results, what)) is not None:
            met = found <= goal if bound == "most" else found >= goal
            table.add_row(what.replace("ratios.", ""), str(found), f"at {bound} {goal}", "met" if met else "not met")
    console.print(table)


if __name__ == "__main__":
    main()

"""Measures what people wait for, prints a table and writes results.json. Benchmarks measure; tests do not time.

Everything is measured in one run on one machine, beside a bare fsync and a bare embedding, because only ratios carry over to another.
"""

from __future__ import annotations

import asyncio
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import model
import serving

HERE = Path(__file__).parent
QUERIES, OWN = HERE / "queries_dev.jsonl", HERE / "queries_own.jsonl"
ROUNDS = 60


def spread(samples: list[float]) -> dict[str, float]:
    """p50 and p99 in milliseconds, from seconds."""
    ordered = sorted(samples)
    last = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    return {"p50": round(statistics.median(ordered) * 1000, 2), "p99": round(last * 1000, 2)}


def timed(action: Callable[[], Any], rounds: int = ROUNDS) -> dict[str, float]:
    samples = []
    for _ in range(rounds):
        begun = time.perf_counter()
        action()
        samples.append(time.perf_counter() - begun)
    return spread(samples)


def bare_fsync(folder: Path) -> dict[str, float]:
    with (folder / "fsync").open("wb") as file:

        def once() -> None:
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())

        return timed(once)


def cold_start(home: Path) -> float:
    """Seconds from starting the program to its first message, with the index built."""
    env = os.environ | {"BROKERCOACH_HOME": str(home)}
    begun = time.perf_counter()
    command = [sys.executable, "-m", "bot", "chat"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env, cwd=HERE.parent) as chat:
        assert chat.stdout is not None
        while not chat.stdout.readline().strip():
            pass
        took = time.perf_counter() - begun
        assert chat.stdin is not None
        chat.stdin.close()
        chat.wait()
    return round(took, 2)


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


async def turns(finder: Any, home: Path) -> dict[str, dict[str, float]]:
    """A reflection step and a coached answer, each from acceptance to the mark in the outbox."""
    from adapters.terminal import to_inbound
    from bot.manager import Manager
    from bot.model import Letter
    from prompts.library import load_library
    from storage.store import Store

    clock = Clock()
    store = Store.open(f"sqlite:///{home / 'bench.db'}", home / "bench.key", clock)
    manager = Manager(load_library(), store, lambda: finder, clock)

    async def show(_: Letter) -> None:
        return

    async def say(text: str) -> float:
        begun = time.perf_counter()
        await manager.handle(to_inbound(text, "bench", clock()))
        await manager.deliver("terminal", show)
        return time.perf_counter() - begun

    async def repeat(script: Callable[[], Awaitable[list[float]]]) -> list[float]:
        return [sample for _ in range(ROUNDS // 3) for sample in await script()]

    async def reflection() -> list[float]:
        await say("reflect")
        await say("ok")
        steps = [
            "The ministry and the farmers met at last, and nobody spoke of money",
            "They trust each other more than I thought",
            "Ask the farmers first",
        ]
        return [await say(step) for step in steps]

    async def asking() -> list[float]:
        questions = [
            "how do I stop one partner from attacking everyone by email?",
            "our donor wants numbers every quarter, what can I do?",
            "how do I get the ministry to come to meetings?",
        ]
        samples = []
        for question in questions:
            await say("something on my mind")
            samples.append(await say(question))
        return samples

    for text in ("hi", "skip", "stop"):
        await say(text)
    measured = {"reflect": spread(await repeat(reflection)), "ask": spread(await repeat(asking))}
    store.close()
    return measured


def main() -> None:
    from knowledge.embedder import Embedder
    from knowledge.evaluate import evaluate
    from knowledge.search import Finder

    with tempfile.TemporaryDirectory(prefix="brokercoach-bench-") as folder:
        home = Path(folder)
        begun = time.perf_counter()
        Finder.open(home)
        build = time.perf_counter() - begun
        begun = time.perf_counter()
        finder = Finder.open(home)
        load = time.perf_counter() - begun
        rows, own = ([json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] for file in (QUERIES, OWN))
        texts = [row["text"] for row in (*rows, *own)] * 2
        embedder = Embedder.open(home / "index")
        assert embedder is not None
        embed = spread(_each(lambda text: embedder.embed([text]), texts))
        search = spread(_each(finder.rank, texts))
        fsync = bare_fsync(home)
        inside = asyncio.run(turns(finder, home))
        served = serving.measured(home / "served", home, spread)
        results = {
            "machine": {"cpus": os.cpu_count(), "python": platform.python_version(), "system": platform.system()},
            "retrieval": evaluate(finder, rows).as_dict(),
            "retrieval_own": evaluate(finder, own).as_dict(),
            "embed_ms": embed,
            "search_ms": search,
            "fsync_ms": fsync,
            "inside_ms": inside,
            **served,
            "model": model.measure(finder, spread),
            "ratios": {
                "reflect/echo": round(served["turn_ms"]["reflect"]["p50"] / served["echo_ms"]["p50"], 2),
                "ask/echo": round(served["turn_ms"]["ask"]["p50"] / served["echo_ms"]["p50"], 2),
                "reflect/fsync": round(inside["reflect"]["p50"] / fsync["p50"], 2),
                "ask/embedding": round(inside["ask"]["p50"] / embed["p50"], 2),
                "search/embedding": round(search["p50"] / embed["p50"], 2),
            },
            "index": {"build_s": round(build, 1), "load_s": round(load, 2)},
            "cold_start_s": cold_start(home),
            "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        }
    (HERE / "results.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    show(results)


def _each(action: Callable[[str], Any], texts: list[str]) -> list[float]:
    samples = []
    for text in texts:
        begun = time.perf_counter()
        action(text)
        samples.append(time.perf_counter() - begun)
    return samples


def show(results: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("what", "p50", "p99", title="milliseconds")
    for what in ("fsync_ms", "embed_ms", "search_ms", "echo_ms"):
        table.add_row(what.removesuffix("_ms"), str(results[what]["p50"]), str(results[what]["p99"]))
    for kind in ("inside", "turn"):
        for what, measured in results[f"{kind}_ms"].items():
            table.add_row(f"{kind}: {what}", str(measured["p50"]), str(measured["p99"]))
    console = Console()
    console.print(table)
    for name in ("turns_per_s", "nudges", "serve", "model", "ratios", "index", "cold_start_s", "rss_mb"):
        console.print(name, results[name])


if __name__ == "__main__":
    main()

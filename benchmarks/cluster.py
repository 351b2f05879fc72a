"""Whose CPU a turn takes on PostgreSQL, by one process alone, by one of a cluster and by two; and what the second one brings.

    python benchmarks/cluster.py --home DIR              as fast as the machine goes
    python benchmarks/cluster.py --home DIR --share 25   each of our processes has 25 % of a core and no more (Linux, as root)

On two cores the second process finds no core of its own: the first keeps one busy, and PostgreSQL, the Bot API and whoever measures share
the other. With a share that leaves PostgreSQL room, the ratio says what a second process brings where there is a core for it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any

from measuring import Ground
from turns import FIRST, MANY, all_taken, warmed

KINDS = {"alone": (1, False), "one": (1, True), "two": (2, True)}
CGROUPS = Path("/sys/fs/cgroup")
TICK = os.sysconf("SC_CLK_TCK")


def seconds_of(pid: int | str) -> tuple[int, float, float]:
    """The parent of a process, its own seconds of CPU, and those of its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    own, ended = (sum(map(int, fields[at : at + 2])) / TICK for at in (11, 13))
    return int(fields[1]), own, ended


def of_family(parent: int) -> float:
    """Of a process and its children, also those that have ended."""
    _, own, ended = seconds_of(parent)
    total = own + ended
    for pid in (place.name for place in Path("/proc").iterdir() if place.name.isdigit()):
        try:
            whose, own, _ = seconds_of(pid)
        except OSError:  # it has just ended
            continue
        total += own if whose == parent else 0.0
    return total


@contextmanager
def limited(pids: list[int], percent: int) -> Iterator[None]:
    """Each of these processes to so much of a core; 0 for as much as it likes."""
    v1 = CGROUPS / "cpu"
    made = []
    for pid in pids if percent else ():
        group = (v1 if v1.is_dir() else CGROUPS) / f"brokercoach-{pid}"
        group.mkdir()
        made.append(group)
        if v1.is_dir():
            (group / "cpu.cfs_quota_us").write_text(str(percent * 1000))
        else:
            (group / "cpu.max").write_text(f"{percent * 1000} 100000")
        (group / "cgroup.procs").write_text(str(pid))
    try:
        yield
    finally:
        for group in made:
            for pid in (group / "cgroup.procs").read_text().split():
                (group.parent / "cgroup.procs").write_text(pid)
            group.rmdir()


async def measured(on: Any, postmaster: int, processes: int, cluster: bool, percent: int) -> dict[str, Any]:
    from harness import BOTH

    on.welcome(range(1000, 1000 + FIRST + MANY))
    env = BOTH if cluster else {}
    async with AsyncExitStack() as stack:
        programs = [await stack.enter_async_context(on.served(*how, **env)) for how in ((), ("--workers-only",))[:processes]]
        await warmed(on, programs)
        pids = [program.process.pid for program in programs]
        stack.enter_context(limited(pids, percent))

        def spent() -> dict[str, float]:
            return {
                **{f"process_{n}": seconds_of(pid)[1] for n, pid in enumerate(pids, 1)},
                "postgresql": of_family(postmaster),
                "bot_api_and_measuring": time.process_time(),
            }

        before, begun = spent(), time.perf_counter()
        done = await all_taken(on, range(1000 + FIRST, 1000 + FIRST + MANY))
        seconds, after = time.perf_counter() - begun, spent()
    return {
        "turns_per_s": round(done / seconds, 1),
        "cpu_ms_a_turn": {who: round(1000 * (after[who] - before[who]) / done, 1) for who in after},
        "cores_busy": {who: round((after[who] - before[who]) / seconds, 2) for who in after},
    }


async def main(home: Path, percent: int) -> dict[str, Any]:
    from harness import stage
    from postgres import serving

    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="brokercoach-bench-") as folder, serving() as server:
        ground = Ground(Path(folder), home)
        postmaster = int((server.folder / "data" / "postmaster.pid").read_text().splitlines()[0])
        for name, (processes, cluster) in KINDS.items():
            async with stage(ground.home(name), server.database()) as on:
                found[name] = await measured(on, postmaster, processes, cluster, percent)
    found["two/one"] = round(found["two"]["turns_per_s"] / found["one"]["turns_per_s"], 2)
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, metavar="DIR", required=True, help="a home whose index is built")
    parser.add_argument("--share", type=int, default=0, metavar="PERCENT", help="of a core for each of our processes")
    given = parser.parse_args()
    print(json.dumps(asyncio.run(main(given.home, given.share)) | {"load": os.getloadavg()[0]}, indent=2))

"""Two hundred people at once before one real `brokercoach serve`, half in Telegram and half in Slack; then forty of them in peace and
beside one who floods it, in turn, and how much longer that makes them wait.

    python benchmarks/crowd.py [PEOPLE]

Both platforms are the tests' own on loopback, on the same machine as the program: what is measured is the coach with both of them
beside it. Counts and ratios carry over to another machine, seconds do not.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent / "tests"), str(HERE.parent)]

GENTLE = 40  # people whose waits are compared, with and without one who floods
PAIRS = 3  # of a time without and a time with a flood, one after the other, so that whatever else the machine does falls on both
PAUSE = 1.5  # seconds after each answer: longer than the pace of one chat, so that it is not the pace that is measured
RATE = 20.0  # messages a second of whoever floods


def spread(waits: list[float]) -> dict[str, float]:
    ordered = sorted(waits)
    return {f"p{part}_ms": round(ordered[min(len(ordered) - 1, len(ordered) * part // 100)] * 1000) for part in (50, 95)}


def compared(calm: list[list[float]], flooded: list[list[float]]) -> dict[str, Any]:
    """The others' p95 beside a flood, as a multiple of their p95 in the calm before and after it; and, for the noise, each calm's p95 as
    a multiple of that of the calm before it. Of several, the middle one and all.
    """
    quiet, loud = ([spread(waits)["p95_ms"] for waits in some] for some in (calm, flooded))
    floods = [2 * during / (before + after) for before, during, after in zip(quiet, loud, quiet[1:], strict=False)]
    noise = [after / before for before, after in pairwise(quiet)]
    return {
        "calm": spread([wait for waits in calm for wait in waits]),
        "flooded": spread([wait for waits in flooded for wait in waits]),
        "p95_flooded_to_calm": {"median": round(median(floods), 2), "all": [round(each, 2) for each in floods]},
        "p95_calm_to_calm": {"median": round(median(noise), 2), "all": [round(each, 2) for each in noise]},
    }


async def measured(home: Any, number: int) -> dict[str, Any]:
    from crowd import Who, crowd, people
    from harness import ROUND

    async with crowd(home) as them:
        everybody, gentle = people(number), people(GENTLE, first=2000)
        flooder: Who = ("telegram", "9999")
        them.welcome([*everybody, *gentle, flooder])

        async def talks(some: list[Who], pause: float) -> list[float]:
            return [wait for waits in await asyncio.gather(*(them.reflects(who, 1, pause) for who in some)) for wait in waits]

        async with them.served():
            await them.answered(gentle[0], "they all wait for me to decide, what do I do?")  # until the knowledge is open
            await them.answered(gentle[0], "stop")
            load, begun = [os.getloadavg()[0]], time.perf_counter()
            at_once = await talks(everybody, 0.0)
            took = time.perf_counter() - begun
            calm, flooded = [await talks(gentle, PAUSE)], []
            for _ in range(PAIRS):
                flooded.append(await them.floods_beside(flooder, RATE, talks(gentle, PAUSE)))
                await them.all_decided()
                calm.append(await talks(gentle, PAUSE))
                load.append(os.getloadavg()[0])
            await them.all_decided()
        counted = them.count()
    return {
        "people": number,
        "at_once": {"turns": len(at_once), "turns_per_s": round(len(at_once) / took, 1), **spread(at_once)},
        **compared(calm, flooded),
        "flood_messages": them.begun[flooder] * len(ROUND),
        "count": vars(counted),
        "holds": counted.holds(),
        "load": [round(each, 1) for each in load],
    }


def main() -> int:
    from conftest import with_index

    from knowledge.search import Finder

    with tempfile.TemporaryDirectory(prefix="brokercoach-crowd-") as folder:
        cached = HERE.parent / ".pytest_cache" / "d" / "knowledge"
        index = cached if cached.is_dir() else Path(folder) / "knowledge"
        Finder.open(index)
        home = with_index(Path(folder) / "home", index, Path(folder) / "bytecode")
        found = asyncio.run(measured(home, int(sys.argv[1]) if len(sys.argv) > 1 else 200))
    print(json.dumps(found, indent=2))
    return 0 if found["holds"] else 1


if __name__ == "__main__":
    raise SystemExit(main())

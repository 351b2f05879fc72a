"""Two hundred people at once before one real `brokercoach serve`, half in Telegram and half in Slack, and then one who floods it.

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
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent / "tests"), str(HERE.parent)]

GENTLE = 40  # people who write while one floods
ROUNDS = 1
FLOOD = 60  # rounds of whoever floods, five messages each
PAUSE = 1.5  # seconds after each answer: longer than the pace of one chat, so that it is not the pace that is measured
RATE = 20.0  # messages a second of whoever floods


def spread(waits: list[float]) -> dict[str, float]:
    ordered = sorted(waits)
    return {f"p{part}_ms": round(ordered[min(len(ordered) - 1, len(ordered) * part // 100)] * 1000) for part in (50, 95)}


async def measured(home: Any, number: int) -> dict[str, Any]:
    from crowd import Who, crowd, people

    async with crowd(home) as them:
        everybody, gentle = people(number), people(GENTLE, first=2000)
        flooder: Who = ("telegram", "9999")
        them.welcome([*everybody, *gentle, flooder])

        async def talks(some: list[Who], rounds: int, pause: float) -> list[float]:
            return [wait for waits in await asyncio.gather(*(them.reflects(who, rounds, pause) for who in some)) for wait in waits]

        async with them.served():
            await them.answered(gentle[0], "they all wait for me to decide, what do I do?")  # until the knowledge is open
            await them.answered(gentle[0], "stop")
            begun = time.perf_counter()
            at_once = await talks(everybody, 1, 0.0)
            took = time.perf_counter() - begun
            calm = await talks(gentle, ROUNDS, PAUSE)
            _, flooded = await asyncio.gather(them.floods(flooder, FLOOD, RATE), talks(gentle, ROUNDS, PAUSE))
            await them.all_decided()
            calm_again = await talks(gentle, ROUNDS, PAUSE)
            await them.all_decided()
        counted = them.count()
    before, during, after = spread(calm), spread(flooded), spread(calm_again)
    return {
        "people": number,
        "at_once": {"turns": len(at_once), "turns_per_s": round(len(at_once) / took, 1), **spread(at_once)},
        "calm": before,
        "flooded": during,
        "calm_again": after,
        "flood_messages": FLOOD * 5,
        "p95_flooded_to_calm": round(during["p95_ms"] / ((before["p95_ms"] + after["p95_ms"]) / 2), 2),
        "count": vars(counted),
        "holds": counted.holds(),
        "load": os.getloadavg()[0],
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

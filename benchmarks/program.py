"""What the program costs by itself: its first prompt, and a process that serves while nobody writes."""

from __future__ import annotations

import asyncio
import subprocess
import time
from typing import Any

from measuring import Ground, process_numbers

IDLE = 20.0  # seconds
STARTS = 5


def measured(ground: Ground) -> dict[str, Any]:
    return {"cold_start_s": cold_start(ground), "serve": asyncio.run(idle(ground))}


def cold_start(ground: Ground) -> float:
    """Seconds from starting the program to its first line, with the index built; the median of a few."""
    home, samples = ground.home("cold"), []
    for _ in range(STARTS):
        begun = time.perf_counter()
        with home.start("chat", stderr=subprocess.DEVNULL) as chat:
            while not chat.stdout.readline().strip():
                pass
            samples.append(time.perf_counter() - begun)
            chat.stdin.close()
            chat.wait()
    return round(sorted(samples)[len(samples) // 2], 2)


async def idle(ground: Ground) -> dict[str, float]:
    from harness import stage

    async with stage(ground.home("idle")) as on:
        on.welcome(range(900, 901))
        async with on.served() as program:
            on.fake.say("they all wait for me to decide, what do I do?", 900, date=int(time.time()))
            await on.until_heard(1, 60)  # the knowledge is open
            await asyncio.sleep(3)
            before = await process_numbers(program)
            await asyncio.sleep(IDLE)
            after = await process_numbers(program)
    cpu = (after["process_cpu_seconds_total"] - before["process_cpu_seconds_total"]) / IDLE
    return {"cpu_percent": round(100 * cpu, 2), "rss_mb": round(after["process_resident_memory_bytes"] / 2**20)}

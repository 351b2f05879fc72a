"""Measures the program as people meet it: the real `serve` and a bare echo before the same Bot API on loopback, how many turns a second
there are on each database, how long 100,000 due reminders take, and what an idle process costs.
"""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))  # the Bot API and the stage are the tests' own

PEOPLE = 40  # each is written to less often than the pace of one chat would hold up
MANY = 300
DUE = 100_000
DRAINED = 2_000  # of them; the rest would only take longer at the same rate
IDLE = 10.0  # seconds


async def waits(on: Any, said: list[tuple[int, str]], settle: bool = True) -> list[float]:
    """Seconds from each message to the first answer in its chat, one after the other."""
    samples = []
    for chat, text in said:
        before = len(on.fake.texts(chat))
        begun = time.perf_counter()
        on.fake.say(text, chat, date=int(time.time()))
        await on.fake.until(lambda chat=chat, before=before: len(on.fake.texts(chat)) > before, 60)
        samples.append(time.perf_counter() - begun)
        if settle:
            await asyncio.sleep(0.04)  # what is measured is a wait, not a queue
    return samples


async def turn_ms(on: Any, spread: Callable[[list[float]], dict[str, float]]) -> dict[str, dict[str, float]]:
    """A reflection step and a coached answer, from Telegram's side of the wire."""
    reflecting, asking = range(1000, 1000 + PEOPLE), range(2000, 2000 + PEOPLE)
    on.welcome(range(900, 2000 + PEOPLE))
    async with on.served():
        await waits(on, [(900 + n, "they all wait for me to decide, what do I do?") for n in range(3)])  # until the knowledge is open
        await waits(on, [(chat, text) for chat in reflecting for text in ("reflect", "ok")])
        reflect = await waits(on, [(chat, "The ministry and the farmers met at last, and nobody spoke of money") for chat in reflecting])
        await waits(on, [(chat, "something on my mind") for chat in asking])
        ask = await waits(on, [(chat, "how do I stop one partner from attacking everyone by email?") for chat in asking])
    return {"reflect": spread(reflect), "ask": spread(ask)}


async def echo_ms(on: Any, spread: Callable[[list[float]], dict[str, float]]) -> dict[str, float]:
    with subprocess.Popen(
        [sys.executable, HERE / "echo.py", on.fake.token, on.fake.base], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    ) as process:
        try:
            await waits(on, [(1, "warming up")] * 3)
            return spread(await waits(on, [(1000 + n, "The ministry and the farmers met at last") for n in range(PEOPLE)]))
        finally:
            process.kill()


async def turns_per_s(on: Any, *others: tuple[str, ...], **env: str) -> float:
    """Messages taken in and decided a second, at the front of one process and `others`; sending has its own pace."""
    on.welcome(range(1000, 1000 + MANY))
    async with _all_served(on, others, env):
        await waits(on, [(1000, "reflect")])
        for text in ("reflect", "ok"):
            for chat in range(1001, 1000 + MANY):
                on.fake.say(text, chat, date=int(time.time()))
        first, begun = 1, time.perf_counter()
        everything = 1 + 2 * (MANY - 1)
        while (done := await asyncio.to_thread(on.count, "inbox WHERE done_at IS NOT NULL")) < everything:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        return round((done - first) / (time.perf_counter() - begun), 1)


@asynccontextmanager
async def _all_served(on: Any, others: tuple[tuple[str, ...], ...], env: dict[str, str]) -> AsyncIterator[None]:
    async with on.served(**env):
        if not others:
            yield
            return
        async with on.served(*others[0], **env):
            yield


async def nudges(folder: Path) -> dict[str, float]:
    """100,000 people for whom something is due: finding the next 500, and bringing turns and letters about."""
    from datetime import time as clock_time

    from house import FakeDoor, serving

    from bot.model import Person, PersonId, Rhythm
    from prompts.library import load_library
    from storage import clock, people
    from storage.database import HOUSE

    coach = serving(folder, load_library(), lambda: None)
    coach.door = FakeDoor()
    now = datetime(2026, 3, 2, 12, tzinfo=UTC)
    rhythm = Rhythm(clock_time(15, 0))
    for thousand in range(DUE // 1000):
        with coach.store._database.writing(HOUSE) as connection:
            for n in range(1000):
                who = f"{thousand}-{n}"
                person = Person(PersonId(who), zone="Africa/Nairobi", welcomed=True, onboarded=True, rhythm=rhythm)
                people.enrol(connection, coach.store._vault, "terminal", who, person, now)
                clock.put(connection, clock.DueRow(PersonId(who), "reminder", "", now - timedelta(seconds=DUE - thousand * 1000 - n)))
    coach.clock.now = now
    samples = []
    for _ in range(20):
        begun = time.perf_counter()
        coach.store.due(now)
        samples.append(time.perf_counter() - begun)
    begun = time.perf_counter()
    async with coach.running() as door:
        await door.until(lambda: len(door.arrived) >= DRAINED, 600)
        took = time.perf_counter() - begun
    coach.store.close()
    return {"due": DUE, "select_ms": round(sorted(samples)[len(samples) // 2] * 1000, 2), "drain_per_s": round(DRAINED / took, 1)}


async def idle(on: Any) -> dict[str, float]:
    """What a process costs while nobody writes."""
    async with on.served() as program:
        await waits(on, [(900, "they all wait for me to decide, what do I do?")])
        await asyncio.sleep(2)
        before = _numbers((await program.get("/metrics"))[1])
        await asyncio.sleep(IDLE)
        after = _numbers((await program.get("/metrics"))[1])
    cpu = (after["process_cpu_seconds_total"] - before["process_cpu_seconds_total"]) / IDLE
    return {"cpu_percent": round(100 * cpu, 2), "rss_mb": round(after["process_resident_memory_bytes"] / 2**20)}


def _numbers(metrics: str) -> dict[str, float]:
    return {name: float(number) for name, number in re.findall(r"^(process_\w+) (\S+)$", metrics, re.MULTILINE)}


def measured(folder: Path, index: Path, spread: Callable[[list[float]], dict[str, float]]) -> dict[str, Any]:
    return asyncio.run(_measured(folder, index, spread))


async def _measured(folder: Path, index: Path, spread: Callable[[list[float]], dict[str, float]]) -> dict[str, Any]:
    from conftest import with_index
    from harness import stage
    from postgres import serving as postgres

    def home(name: str) -> Any:
        return with_index(folder / name / "home", index, folder / "bytecode")

    async with stage(home("turn")) as on:
        turn = await turn_ms(on, spread)
    async with stage(home("echo")) as on:
        echo = await echo_ms(on, spread)
    async with stage(home("idle")) as on:
        on.welcome(range(900, 901))
        resting = await idle(on)
    rates = {}
    async with stage(home("sqlite")) as on:
        rates["sqlite"] = await turns_per_s(on)
    with postgres() as server:
        async with stage(home("pg1"), server.database()) as on:
            rates["postgres_1"] = await turns_per_s(on)
        async with stage(home("pg2"), server.database()) as on:
            rates["postgres_2"] = await turns_per_s(on, ("--workers-only",), BROKERCOACH_CLUSTER="true")
    (folder / "due").mkdir()
    return {"turn_ms": turn, "echo_ms": echo, "serve": resting, "turns_per_s": rates, "nudges": await nudges(folder / "due")}

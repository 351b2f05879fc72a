"""How long an answer takes and how many there are in a second: the real `serve` beside a bare echo bot, each before a Bot API on loopback.

The samples are taken in turn, one of each kind after the other, so that whatever else the machine does weighs on all of them alike.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, BinaryIO

from measuring import HERE, Ground, process_numbers, spread, took

ROUNDS = 60  # samples of each kind; everyone is written to less often than the pace of one chat would hold up
RESTING = 0.1  # seconds of CPU in one second below which a process counts as at rest
MANY = 300  # people in the count of turns a second, each with two messages
FIRST = 100  # people before them: a process that takes its first turn compiles what it listens with, which takes a second, once

MOMENT = "The ministry and the farmers met at last, and nobody spoke of money"
QUESTION = "how do I stop one partner from attacking everyone by email?"


def told(n: int) -> tuple[str, str]:
    """A moment and a question as nobody has put them before: what was worked out for one message is no help with the next."""
    return f"{MOMENT}, for {n + 20} minutes", f"{n + 20} mails this week: {QUESTION}"


def measured(ground: Ground) -> dict[str, Any]:
    return asyncio.run(_measured(ground))


async def _measured(ground: Ground) -> dict[str, Any]:
    return await _waits(ground) | await _inside(ground) | await _rates(ground)


# --- from the platform's side of the wire


async def _waits(ground: Ground) -> dict[str, Any]:
    from fake_telegram import telegram
    from harness import stage

    echo, reflect, ask = [], [], []
    async with stage(ground.home("turn")) as on, telegram() as other, _echo(other), AsyncExitStack() as stack:
        on.welcome(range(900, 900 + 2 * ROUNDS + 10))
        await stack.enter_async_context(on.served())
        for n in range(3):
            await waited(other, 1, "warming up")
            await waited(on.fake, 900 + n, QUESTION)  # until the knowledge is open
        for n in range(ROUNDS):
            one, two = 910 + 2 * n, 911 + 2 * n
            moment, question = told(n)
            for chat, text in ((one, "reflect"), (one, "ok"), (two, "something on my mind")):
                await waited(on.fake, chat, text)
            echo.append(await waited(other, 1 + n, moment))
            reflect.append(await waited(on.fake, one, moment))
            ask.append(await waited(on.fake, two, question))
    return {"echo_ms": spread(echo), "turn_ms": {"reflect": spread(reflect), "ask": spread(ask)}}


async def waited(fake: Any, chat: int, text: str) -> float:
    """Seconds from a message to the first answer in its chat."""
    before = len(fake.texts(chat))
    begun = time.perf_counter()
    fake.say(text, chat, date=int(time.time()))
    await fake.until(lambda: len(fake.texts(chat)) > before, 60)
    waited = time.perf_counter() - begun
    await asyncio.sleep(0.05)  # what is measured is a wait, not a queue
    return waited


@asynccontextmanager
async def _echo(fake: Any) -> AsyncIterator[None]:
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([sys.executable, HERE / "echo.py", fake.token, fake.base], **quiet) as process:
        try:
            yield
        finally:
            process.kill()


# --- without a platform


async def _inside(ground: Ground) -> dict[str, Any]:
    """The same turns from acceptance to the mark in the outbox, each beside a bare write that is on the disk and a bare embedding."""
    from adapters.terminal import to_inbound
    from bot.manager import Manager
    from bot.model import Letter, Person, PersonId
    from knowledge.embedder import Embedder
    from knowledge.search import Finder
    from prompts.library import load_library
    from storage.store import Store

    folder = ground.folder / "inside"
    folder.mkdir()
    now = datetime(2026, 3, 2, 9, tzinfo=UTC)
    store = Store.open(f"sqlite:///{folder / 'bench.db'}", folder / "key", lambda: now)
    finder, embedder = Finder.open(ground.index), Embedder.open(ground.index / "index")
    assert embedder is not None
    manager = Manager(load_library(), store, lambda: finder, lambda: now)

    async def show(_: Letter) -> None:
        return

    async def say(who: str, text: str) -> float:
        nonlocal now
        now += timedelta(seconds=1)
        begun = time.perf_counter()
        await manager.handle(to_inbound(text, who, now))
        await manager.deliver("terminal", show)
        return time.perf_counter() - begun

    samples: dict[str, list[float]] = {name: [] for name in ("fsync", "embed", "reflect", "ask")}
    with (folder / "fsync").open("wb") as file:
        for n in range(ROUNDS):
            who = f"bench-{n}"
            store.enrol("terminal", who, Person(PersonId(""), zone="Africa/Nairobi", welcomed=True, onboarded=True))
            for text in ("reflect", "ok"):
                await say(who, text)
            samples["fsync"].append(took(lambda: _written(file)))
            moment, question = told(n)
            samples["reflect"].append(await say(who, moment))
            await say(who, "something on my mind")
            samples["embed"].append(took(partial(embedder.embed, [question])))
            samples["ask"].append(await say(who, question))
    store.close()
    figures = {name: spread(each) for name, each in samples.items()}
    return {"fsync_ms": figures["fsync"], "inside_ms": {name: figures[name] for name in ("embed", "reflect", "ask")}}


def _written(file: BinaryIO) -> None:
    file.write(b"x" * 4096)
    file.flush()
    os.fsync(file.fileno())


# --- how many


async def _rates(ground: Ground) -> dict[str, Any]:
    from harness import BOTH, stage
    from postgres import serving

    rates, cpu = {}, {}
    async with stage(ground.home("sqlite")) as on:
        rates["sqlite"], cpu["sqlite"] = await _rate(on, 1)
    with serving() as server:
        for name, processes, env in (("postgres_alone", 1, {}), ("postgres_1", 1, BOTH), ("postgres_2", 2, BOTH)):
            async with stage(ground.home(name), server.database()) as on:
                rates[name], cpu[name] = await _rate(on, processes, **env)
    return {"turns_per_s": rates, "turn_cpu_ms": cpu}


async def _rate(on: Any, processes: int, **env: str) -> tuple[float, float]:
    """Messages taken in and decided a second, and milliseconds of CPU for each; sending has its own pace."""
    on.welcome(range(1000, 1000 + FIRST + MANY))
    async with AsyncExitStack() as stack:
        programs = [await stack.enter_async_context(on.served(*how, **env)) for how in ((), ("--workers-only",))[:processes]]
        await warmed(on, programs)
        spent, begun = await _cpu(programs), time.perf_counter()
        done = await all_taken(on, range(1000 + FIRST, 1000 + FIRST + MANY))
        seconds = time.perf_counter() - begun
        return round(done / seconds, 1), round(1000 * (await _cpu(programs) - spent) / done, 2)


async def warmed(on: Any, programs: list[Any]) -> None:
    """Returns once each process has opened the knowledge, has taken turns of its own and is at rest."""
    await waited(on.fake, 1000, "reflect")
    await at_rest(programs)
    await all_taken(on, range(1001, 1000 + FIRST))
    await at_rest(programs)


async def all_taken(on: Any, chats: range) -> int:
    """How many turns it was, once everybody has begun a reflection."""
    first, turns = await asyncio.to_thread(on.count, DONE), 2 * len(chats)
    for text in ("reflect", "ok"):
        for chat in chats:
            on.fake.say(text, chat, date=int(time.time()))
    while (done := await asyncio.to_thread(on.count, DONE) - first) < turns:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    return done


DONE = "inbox WHERE done_at IS NOT NULL"


async def at_rest(programs: list[Any]) -> None:
    """Returns once they have opened the knowledge and have nothing to do."""
    before, now = -1.0, 0.0
    while now - before > RESTING:
        await asyncio.sleep(1)
        before, now = now, await _cpu(programs)


async def _cpu(programs: list[Any]) -> float:
    return sum([(await process_numbers(program))["process_cpu_seconds_total"] for program in programs])

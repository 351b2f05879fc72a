"""The ways to strike at a stage, each ending with a reckoning, also when something hangs or breaks on the way."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from harness import BOTH, Program, Reckoning, Stage

Tell = Callable[[int], None]
STEPS = (-26, -3, -1, 0, 0, 1, 3, 26)  # hours by which a clock that is stepped may be wrong
PATIENCE = 90.0  # seconds without a move after which it counts as hanging; a process's jobs are given to others after 30
FOREVER = float("inf")


async def killed(on: Stage, kills: int, rng: random.Random, tell: Tell = lambda _: None, until: float = FOREVER) -> Reckoning:
    """Kills it `kills` times while people go on writing, some while it starts, most while it works; none after the moment `until`."""

    async def strike() -> None:
        for n in range(kills):
            if time.monotonic() > until:
                break
            on.step(rng.choice(STEPS))
            program = on.start()
            try:
                await _works(on, program, rng)
            finally:
                await on.struck(program)
            tell(n + 1)
        async with on.served():
            await on.dealt_with(PATIENCE)

    return await _reckoned(on, strike(), kills)


async def one_of_two_killed(on: Stage, kills: int, rng: random.Random, tell: Tell = lambda _: None, until: float = FOREVER) -> Reckoning:
    """Two processes share a PostgreSQL; each time one of them dies and another is started in its place."""

    async def strike() -> None:
        programs = [on.start(**BOTH), on.start(**BOTH)]
        try:
            for n in range(kills):
                if time.monotonic() > until:
                    break
                struck = rng.randrange(2)
                await _works(on, programs[struck], rng)
                await on.struck(programs[struck])
                programs[struck] = on.start(**BOTH)
                tell(n + 1)
            await on.dealt_with(PATIENCE)
        finally:
            for program in programs:
                program.kill()
                await program.ended()
            on.fake.hang_up()

    return await _reckoned(on, strike(), kills)


async def database_killed(
    on: Stage, server: Any, kills: int, rng: random.Random, tell: Tell = lambda _: None, until: float = FOREVER, **env: str
) -> Reckoning:
    """The process lives; the PostgreSQL under it dies again and again."""

    async def strike() -> None:
        async with on.served(**env) as program:
            for n in range(kills):
                if time.monotonic() > until:
                    break
                await _works(on, program, rng)
                await asyncio.to_thread(server.kill)
                await asyncio.to_thread(server.start)
                await asyncio.to_thread(on.count_in_flight)
                assert program.process.poll() is None, "it ended with its database"
                tell(n + 1)
            await on.dealt_with(PATIENCE)

    return await _reckoned(on, strike(), kills)


async def _reckoned(on: Stage, striking: Awaitable[None], kills: int) -> Reckoning:
    broke = ""
    try:
        async with asyncio.timeout(300 + 60 * kills):
            await striking
    except Exception as error:  # noqa: BLE001 - a run that breaks is reckoned like any other, and says how it broke
        broke = f"{type(error).__name__}: {error or await asyncio.to_thread(on.state)}"
    return replace(await asyncio.to_thread(on.reckoning), broke=broke)


async def _works(on: Stage, program: Program, rng: random.Random) -> None:
    """Until the moment at which something is to happen to it."""
    if not program.address and rng.random() < 0.3:
        on.says_a_round(rng.choice(list(on.rounds)))
        await asyncio.sleep(rng.uniform(0.3, 2.5))
        return
    await program.listening()
    for who in rng.sample(list(on.rounds), on.at_once):
        on.says_a_round(who)
    if rng.random() < on.aimed:
        with suppress(TimeoutError):
            await on.until_heard(on.heard + rng.randint(1, 6), 10)
    else:
        await asyncio.sleep(rng.uniform(0, on.pause))
    assert program.process.poll() is None, "it ended by itself"

"""`brokercoach serve`: every platform that is configured, the clock and the outgoing queue, in one process.

What runs side by side: one listening for each door, the pump and the rounds (engine.py), one sender for each door (sending.py), and
the web server (web.py). The end is orderly: first nothing comes in any more, then turns end, then letters leave, for ten seconds at most;
what is left waits in the store for the next start.
"""

from __future__ import annotations

import asyncio
import logging
import random
import signal
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from bot.door import Accept, Door, Refused
from bot.engine import Pump, Rounds, showing
from bot.intake import Intake
from bot.manager import Manager, origin
from bot.model import PersonId
from bot.pace import back_off
from bot.sending import Sender
from bot.tally import Tally
from prompts.library import Library
from storage.store import Store, StoreDown

if TYPE_CHECKING:
    from bot.cluster import Cluster

DRAIN = 10.0  # seconds that the end may take
WATCH = 1.0  # seconds between two looks at whether the right to serve is still ours
HOUSEKEEPING = 3600.0  # seconds between two times
THREADS = 96  # the store is synchronous; more than turns at once, so that accepting never waits for a turn

_ALONE = (
    "another `brokercoach serve` runs on this database; stop that one first. On PostgreSQL several may share it, "
    "each with BROKERCOACH_CLUSTER=true"
)

log = logging.getLogger(__name__)


class AlreadyServed(Exception):
    """Somebody else serves this database; the message names the remedy."""


@dataclass
class House:
    """All that serving needs, put together by the composition root."""

    manager: Manager
    library: Library
    store: Store
    doors: list[Door]
    clock: Callable[[], datetime]
    may: frozenset[tuple[str, str]] | None = None
    ready: Callable[[], Awaitable[object]] | None = None  # returns when the knowledge is open; what a crash left waits for it
    tally: Tally = field(default_factory=Tally)


class Embedded:
    """The whole coach in one process. Whoever runs it must be alone on its database."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._senders = [Sender(door, house.store, house.clock, house.tally) for door in house.doors]
        self._pump = Pump(showing(house.manager.take, house.store, house.doors), self._after, house.tally)
        self._rounds = Rounds(house.store, house.clock, self._pump.wake, self._pump.busy)
        self._intake = Intake(house.manager, house.library, self._call, house.may, house.tally)

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set, and then to an orderly end. Raises Refused when a platform will have none of us, StoreDown at the start."""
        threads()
        self._pump.hold(await asyncio.to_thread(self._house.store.waited_for))
        house = housekeeping(self._house.manager)
        works = [asyncio.create_task(work) for work in (self._pump.run(), self._rounds.run(), house, self._resume())]
        sending = [asyncio.create_task(sender.run()) for sender in self._senders]
        listening = [asyncio.create_task(listen(door, self._intake.through(door))) for door in self._house.doors]
        try:
            await until(stop, [*works[:3], *sending, *listening])
        finally:
            await ended(listening)
            with suppress(TimeoutError):
                async with asyncio.timeout(DRAIN):
                    await self._pump.drained()
                    for sender in self._senders:
                        sender.wake()
                    await asyncio.gather(*(sender.drained() for sender in self._senders))
            await ended([*works, *sending])
            for door in self._house.doors:
                with suppress(Exception):
                    await door.close()

    async def _call(self, person: PersonId) -> None:
        self._pump.wake(person)

    async def _resume(self) -> None:
        if self._house.ready:
            await self._house.ready()
        self._pump.release()

    def _after(self) -> None:
        self._rounds.stir()
        for sender in self._senders:
            sender.wake()


async def housekeeping(manager: Manager) -> None:
    """Looks after what is kept, now and then. Until cancelled."""
    while True:
        try:
            await manager.keep_house()
        except StoreDown as error:
            log.warning("%s; the housekeeping waits for it", error)
        await asyncio.sleep(HOUSEKEEPING)


def threads() -> None:
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS, thread_name_prefix="turn"))


async def listen(door: Door, accept: Accept) -> None:
    """Listens for good: a door that breaks is opened again. Raises Refused."""
    failures = 0
    while True:
        try:
            await door.listen(accept)
        except Refused:
            raise
        except Exception as error:  # noqa: BLE001 - one platform's fault must not end the others
            what = f"{type(error).__name__} at {origin(error)}"  # its text may hold a person's words
            log.error("listening on %s broke and begins again: %s", door.platform, what)  # noqa: TRY400
        failures += 1
        await asyncio.sleep(back_off(failures, 0.5, 60, random.random()))  # noqa: S311


async def until(stop: asyncio.Event, works: list[asyncio.Task[None]]) -> None:
    """Waits for the end, or for one of `works` to fail, whose error is raised."""
    stopped = asyncio.create_task(stop.wait())
    try:
        done, _ = await asyncio.wait([stopped, *works], return_when=asyncio.FIRST_COMPLETED)
        for task in done - {stopped}:
            task.result()
    finally:
        stopped.cancel()


async def ended(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def stopped_by_signals() -> asyncio.Event:
    """An event that SIGTERM or Ctrl-C sets; the second one ends the process the usual, rude way."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def end(number: signal.Signals) -> None:
        stop.set()
        loop.remove_signal_handler(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        with suppress(NotImplementedError):  # Windows
            loop.add_signal_handler(number, end, number)
    return stop


async def serve(house: House, host: str, port: int, say: Callable[[str], None], cluster: Cluster | None = None) -> None:
    """Until SIGTERM or Ctrl-C. `say` is told where it listens. Raises Refused, StoreDown, PortTaken or AlreadyServed."""
    from bot.web import Web

    stop = stopped_by_signals()
    # several processes of a cluster share their database; anything else that serves it must be alone, and no cluster beside it
    claim = house.store.claim("serving")
    take = claim.share if cluster else claim.take
    if not await asyncio.to_thread(take):
        raise AlreadyServed(_ALONE)
    keeping = asyncio.create_task(_kept(take, stop))
    try:
        server = Web(house.store, house.doors, house.clock, house.tally, stop, lambda: house.manager.counts)
        address = await server.open(host, port)
        say(f"serving {', '.join(door.platform for door in house.doors) or 'turns'}; health and metrics at {address}")
        try:
            await (cluster or Embedded(house)).run(stop)
        finally:
            await server.close()
        if keeping.done():
            keeping.result()
    finally:
        await ended([keeping])
        claim.drop()


async def _kept(take: Callable[[], bool], stop: asyncio.Event) -> None:
    """Takes the right to serve again when it was lost with the database; when somebody else was quicker, sets `stop` and raises
    AlreadyServed. Until cancelled.
    """
    ours = True
    while ours:
        await asyncio.sleep(WATCH)
        with suppress(StoreDown):
            ours = await asyncio.to_thread(take)
    stop.set()
    raise AlreadyServed(_ALONE)

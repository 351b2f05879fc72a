"""The embedded engine: takes people's turns, in this process, woken by acceptance and by the clock.

    accept → wake(person) → one turn at a time for each, people in parallel → saved → senders are told
    clock  → what is due → wake(person)          sweep → what a crash or another program left → wake(person, again)

Who is woken stands in one line, once, whatever waits for them; after each turn whoever has more goes to its end, and whoever goes on
having more takes turns apart. So a flood from one person, or a slow turn, costs the others one place. What waits is in the store alone:
nothing here survives, or has to.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Collection, Iterable
from contextlib import suppress
from datetime import datetime
from typing import Protocol

from bot.door import Door
from bot.manager import LEFT, Took, origin
from bot.model import PersonId, Platform
from bot.pace import back_off
from bot.tally import Tally
from storage.store import DueRow, Store, StoreDown, Unreadable

AT_ONCE = 64  # turns at the same time, most of them waiting for something
BUSY = 2  # of them keep the process busy; more only fight over it (measured, turns a second: 120 with 2, 91 with 1, 85 with 6)
PLENTY = 20  # turns of one person without a pause of APART seconds; from then on they are so far apart
APART = 0.25  # for a chat is written to once a second, so nobody hears of more any sooner
SWEEP = 30.0  # seconds between two looks at everything; also how far the clock may be stepped before that is noticed
CALM = 1.0  # seconds from a turn to the look at what it made due: its reply leaves meanwhile, and other turns are looked at with it
BATCH = 100  # due rows in one look
ROOM = 100  # letters of the clock that may wait on a platform before it lays out more: some seconds' worth
PATIENCE = 0.4  # seconds after which a wait is shown
AGAIN_SHOWN = 4.0  # seconds after which it is shown again; Telegram shows it for five

log = logging.getLogger(__name__)


class Take(Protocol):
    """`Manager.take`."""

    def __call__(self, person: PersonId, *, again: bool = ...) -> Awaitable[int]: ...


class Places:
    """Few places for turns that keep the process busy. A turn that lasts is waiting for something, and gives its place to another."""

    def __init__(self, busy: int = BUSY) -> None:
        self._free = asyncio.Semaphore(busy)

    async def seated(self, turn: Callable[[], Awaitable[int]]) -> int:
        async with self._free:
            task = asyncio.ensure_future(turn())
            try:
                await asyncio.wait({task}, timeout=PATIENCE)
            except asyncio.CancelledError:
                task.cancel()
                raise
        try:
            return await task
        finally:
            task.cancel()


class Pump:
    """The line of people whose turn is next."""

    def __init__(self, take: Take, after: Callable[[], None], tally: Tally | None = None) -> None:
        """`after` is called after each turn: there may be letters, and something may fall due earlier."""
        self._take = take
        self._after = after
        self._tally = tally or Tally()
        self._places = Places()
        self._line: asyncio.Queue[PersonId] = asyncio.Queue()
        self._waiting: dict[PersonId, bool] = {}  # who stands in line, and whether what they wait for was tried before
        self._running: dict[PersonId, bool | None] = {}  # whose turn it is, and with what they were woken meanwhile
        self._resting: dict[PersonId, asyncio.TimerHandle | None] = {}  # who is taken up later: after a failure, a start, a flood
        self._failures: dict[PersonId, int] = {}
        self._in_a_row: dict[PersonId, int] = {}  # turns of somebody with less than APART between them

    def wake(self, person: PersonId, *, again: bool = False) -> None:
        """Something waits for this person; `again`: it may have been tried before."""
        if person in self._resting:
            return
        if person in self._running:
            self._running[person] = bool(self._running[person]) or again
            return
        if person not in self._waiting:
            self._line.put_nowait(person)
        self._waiting[person] = self._waiting.get(person, False) or again

    def hold(self, people: Iterable[PersonId]) -> None:
        """Lets these wait until `release`, whatever wakes them."""
        self._resting.update(dict.fromkeys(people))

    def release(self) -> None:
        for person in [person for person, timer in self._resting.items() if timer is None]:
            self._rested(person, again=True)

    def busy(self, person: PersonId) -> bool:
        return person in self._waiting or person in self._running

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(self._work())

    async def drained(self) -> None:
        """Returns once nobody stands in line and nobody has their turn."""
        while self._waiting or self._running:  # noqa: ASYNC110 - once, at the end
            await asyncio.sleep(0.02)

    async def _work(self) -> None:
        while True:
            person = await self._line.get()
            again = self._waiting.pop(person)
            self._running[person] = None
            rest: float | None = None
            took: int = Took.NOTHING
            try:
                took = await self._timed(person, again)
                self._failures.pop(person, None)
            except Exception as error:  # noqa: BLE001 - nothing has changed; it is taken up again later
                rest = self._rest(person, error)
                again = again or not _away(error)
            finally:
                woken = self._running.pop(person)
            if rest is not None:
                self._resting[person] = asyncio.get_running_loop().call_later(rest, self._rested, person, again)
            else:
                self._go_on(person, took, woken, again)
            self._after()

    def _go_on(self, person: PersonId, took: int, woken: bool | None, again: bool) -> None:
        """Takes up at once who has more to come, unless they flood; what comes in behind their last message wakes them anew."""
        later = asyncio.get_running_loop().call_later
        turns = self._in_a_row[person] = self._in_a_row.get(person, 0) + bool(took)
        more, again = took == Took.ONE, bool(woken) or (took == Took.ONE and again)
        if turns > PLENTY and (took or woken is not None):
            self._resting[person] = later(APART, self._rested, person, again)
        elif more or woken is not None:
            self.wake(person, again=again)
        else:
            later(APART, self._paused, person, turns)

    def _paused(self, person: PersonId, turns: int) -> None:
        if self._in_a_row.get(person) == turns:
            del self._in_a_row[person]

    async def _timed(self, person: PersonId, again: bool) -> int:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        took = await self._places.seated(lambda: self._take(person, again=again))
        if took:
            self._tally.took(loop.time() - begun)
        return took

    def _rest(self, person: PersonId, error: Exception) -> float:
        """Seconds to rest. A database that is away is asked again soon, what cannot be read or decided after longer and longer."""
        failures = self._failures[person] = self._failures.get(person, 0) + 1
        if _away(error):
            if failures == 1:
                log.warning("%s; the turn is taken up again", error)
            return back_off(failures, 0.1, 5, random.random())  # noqa: S311
        log.error("a turn failed and is taken up again: %s at %s", type(error).__name__, origin(error))
        return back_off(failures, 1, 600, random.random())  # noqa: S311

    def _rested(self, person: PersonId, again: bool) -> None:
        self._resting.pop(person, None)
        self.wake(person, again=again)


def _away(error: Exception) -> bool:
    """The database is away or busy, which is nobody's message's fault."""
    return isinstance(error, StoreDown) and not isinstance(error, Unreadable)


class Rounds:
    """Looks at the clock when something is due, and over everything at the start and then every now and then."""

    def __init__(self, store: Store, clock: Callable[[], datetime], wake: Callable[..., None], busy: Callable[[PersonId], bool]) -> None:
        self._store = store
        self._clock = clock
        self._wake = wake
        self._busy = busy
        self._stirred = asyncio.Event()

    def stir(self) -> None:
        """Something may fall due earlier than was thought."""
        self._stirred.set()

    async def run(self) -> None:
        """Until cancelled."""
        loop = asyncio.get_running_loop()
        sweep_at = loop.time()
        while True:
            self._stirred.clear()
            try:
                if loop.time() >= sweep_at:
                    await self._sweep()
                    sweep_at = loop.time() + SWEEP
                wait = await self._look()
            except StoreDown as error:
                log.warning("%s; the clock waits for it", error)
                wait = 5.0
                await asyncio.sleep(CALM)  # what could not be swept stays due: without a pause it would be asked for again and again
            with suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, min(wait, sweep_at - loop.time()))):
                    await self._stirred.wait()
                    await asyncio.sleep(CALM)

    async def _sweep(self) -> None:
        await asyncio.to_thread(self._store.release, self._clock() - LEFT)
        for person in await asyncio.to_thread(self._store.waited_for):
            self._wake(person, again=True)

    async def _look(self) -> float:
        """Wakes those for whom something is due; seconds until the next look.

        A letter is laid out when it can soon leave, for an hour later it may say what is no longer so, or come out of their hours.
        """
        stuck: set[PersonId] = set()
        while True:
            rows = await self._due(stuck)
            full = await self._full() if rows else []  # nobody asks how many letters wait while nothing is due
            rows = await self._due(stuck, full) if full else rows
            people = {row.person_id for row in rows} - stuck
            if not people:
                break
            for person in people:
                self._wake(person)
            await self._dealt_with(people)
            left = await self._due(stuck, full)
            stuck |= {row.person_id for row in left} & people
        if full:
            return CALM
        following = await asyncio.to_thread(self._store.next_due)
        if following is None:
            return SWEEP
        seconds = (following - self._clock()).total_seconds()
        return SWEEP if seconds <= 0 else min(seconds, SWEEP)  # overdue and not dealt with: stuck, so it has time

    async def _due(self, stuck: set[PersonId], full: Collection[Platform] = ()) -> list[DueRow]:
        return await asyncio.to_thread(self._store.due, self._clock(), BATCH + len(stuck), full=full)

    async def _full(self) -> list[Platform]:
        waiting = await asyncio.to_thread(self._store.of_the_clock)
        return [platform for platform, letters in waiting.items() if letters >= ROOM]

    async def _dealt_with(self, people: set[PersonId]) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(5):
                while any(self._busy(person) for person in people):  # noqa: ASYNC110 - only while something is due
                    await asyncio.sleep(0.02)


def showing(take: Take, store: Store, doors: Iterable[Door]) -> Take:
    """Takes turns, and shows where the person wrote from that an answer is being made when that can be felt."""
    by_platform = {door.platform: door for door in doors}

    async def shown(person: PersonId) -> None:
        await asyncio.sleep(PATIENCE)
        with suppress(StoreDown, LookupError):
            for platform, address in (await asyncio.to_thread(store.addresses, person))[-1:]:
                while platform in by_platform:
                    await by_platform[platform].thinking(address)
                    await asyncio.sleep(AGAIN_SHOWN)

    async def taken(person: PersonId, *, again: bool = False) -> int:
        task = asyncio.create_task(shown(person))
        try:
            return await take(person, again=again)
        finally:
            task.cancel()

    return taken

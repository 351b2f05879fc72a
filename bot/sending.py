"""The outgoing side of one platform: letters leave in order for each person, paced as the platform asks, and nobody waits for another.

Each person has a lane; the lane that may go earliest goes first, so a flood to one person holds up nobody, and whoever wrote and waits
goes before those to whom the clock writes. What happened to a letter is written down before its lane goes on, however long the
database is away, because forgetting it would send the letter twice.
"""

from __future__ import annotations

import asyncio
import heapq
import logging
import random
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import TypeVar

from bot.door import Door, Later, NotSent, Unreachable
from bot.manager import origin
from bot.model import Letter, PersonId
from bot.pace import LIMITS, Beat, Limits, Window, back_off
from bot.tally import Tally
from storage.store import Store, StoreDown

SWEEP = 30.0  # seconds between two looks at the whole outbox; letters of our own turns are told at once
AT_ONCE = 20  # letters under way at the same time
AHEAD = 0.03  # seconds that a letter is opened and marked before it may leave
IN_HAND = 20_000  # unsent letters known by key at the same time
PAGE = 1000
OVERLAP = 1000  # rows that are looked at again: on PostgreSQL a row may become visible after one with a higher number
LANDING = 3.0  # seconds that letters under way have at the end
DOUBTS = 4  # after so many sendings of which nobody knows whether they arrived, a letter is let go
MISSES = 3  # failures in a row after which the whole platform counts as away

log = logging.getLogger(__name__)
R = TypeVar("R")


@dataclass(slots=True)
class Item:
    key: str
    free_at: float
    tries: int
    waited_for: bool
    doubts: int = 0


@dataclass(slots=True)
class Lane:
    """One person's unsent letters, oldest first."""

    person: PersonId
    beat: Beat
    items: deque[Item] = field(default_factory=deque)
    taken: bool = False  # queued or under way

    @property
    def free_at(self) -> float:
        return max(self.beat.free_at, self.items[0].free_at)


Place = tuple[float, int, Lane]  # from when the lane may go, since when it stands there, and the lane


class Sender:
    """Runs until cancelled. Whoever runs it must be the only one for its platform account."""

    def __init__(
        self, door: Door, store: Store, clock: Callable[[], datetime], tally: Tally | None = None, limits: Limits | None = None
    ) -> None:
        self._door = door
        self._store = store
        self._clock = clock
        self._tally = tally or Tally()
        self._limits = limits or LIMITS[door.platform]
        self._overall = Beat(self._limits.overall)
        self._window = Window(int(self._limits.overall.rate))
        self._lanes: dict[PersonId, Lane] = {}
        self._waited_for: list[Place] = []  # lanes whose next letter somebody sits and waits for
        self._unhurried: list[Place] = []  # and those whose next one is the clock's
        self._order = count()
        self._known: set[str] = set()
        self._after = 0  # the last row that was read
        self._held = 0.0  # nothing leaves before
        self._misses = 0
        self._under_way: set[asyncio.Task[None]] = set()
        self._stirred = asyncio.Event()
        self._unread = True  # the outbox may hold letters that are not in hand

    def wake(self) -> None:
        """There may be new letters."""
        self._unread = True
        self._stirred.set()

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        await self._kept(lambda: self._store.take_up(self._door.platform))
        sweep_at = loop.time() + SWEEP
        try:
            while True:
                self._stirred.clear()
                if loop.time() >= sweep_at:
                    self._tidy(loop.time())
                    sweep_at = loop.time() + SWEEP
                if self._may_read and self._pace_free_at <= loop.time():  # while none may leave it is no use to know of more
                    await self._load()
                wait = self._start_those_that_may(loop.time(), sweep_at)
                if self._may_read:
                    wait = min(wait, max(0.0, self._pace_free_at - loop.time()))
                with suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self._stirred.wait()
        finally:
            if self._under_way:  # a letter that has left may arrive whatever is done here: what became of it is worth a moment
                await asyncio.wait(self._under_way, timeout=LANDING)
            for task in self._under_way:
                task.cancel()
            await asyncio.gather(*self._under_way, return_exceptions=True)

    async def drained(self) -> None:
        """Returns once nothing is under way and nothing may leave now."""
        loop = asyncio.get_running_loop()

        def may_go() -> bool:
            queue = self._next(loop.time())
            return bool(queue) and queue[0][0] <= loop.time()

        while self._unread or self._under_way or may_go():  # noqa: ASYNC110 - once, at the end
            await asyncio.sleep(0.02)

    # --- what is to be sent

    async def _load(self) -> None:
        self._unread = False
        after = max(0, self._after - OVERLAP)
        while len(self._known) < IN_HAND:
            try:
                rows = await asyncio.to_thread(self._store.waiting, self._door.platform, after, PAGE)
            except StoreDown:  # said where it is written to; the sweep looks again
                return
            now, wall = asyncio.get_running_loop().time(), self._clock()
            for row in rows:
                after = self._after = max(self._after, row.seq)
                if row.key not in self._known:
                    wait = (row.not_before - wall).total_seconds() if row.not_before else 0.0
                    self._add(row.person, Item(row.key, now + max(0.0, wait), row.tries, not row.of_the_clock))
            if len(rows) < PAGE:
                return
        self._unread = True

    def _add(self, person: PersonId, item: Item) -> None:
        self._known.add(item.key)
        lane = self._lanes.setdefault(person, Lane(person, Beat(self._limits.chat)))
        lane.items.append(item)
        self._line_up(lane)

    def _line_up(self, lane: Lane) -> None:
        if lane.items and not lane.taken:
            lane.taken = True
            queue = self._waited_for if lane.items[0].waited_for else self._unhurried
            heapq.heappush(queue, (lane.free_at, next(self._order), lane))

    def _next(self, now: float) -> list[Place]:
        """The queue whose first lane goes next: who is waited for, where they may go by now, else who may go earliest; empty for none."""
        return min(filter(None, (self._waited_for, self._unhurried)), key=lambda queue: max(queue[0][0], now), default=[])

    def _tidy(self, now: float) -> None:
        """Forgets idle lanes, and begins reading from the first row: other processes write letters too, and not always in order of rows."""
        self._lanes = {person: lane for person, lane in self._lanes.items() if lane.items or lane.beat.free_at > now}
        self._after = 0
        self._unread = True

    @property
    def _may_read(self) -> bool:
        return self._unread and len(self._known) < IN_HAND

    @property
    def _pace_free_at(self) -> float:
        """Before this nothing leaves, whoever it is for."""
        return max(self._overall.free_at, self._window.free_at - AHEAD, self._held)

    def _start_those_that_may(self, now: float, sweep_at: float) -> float:
        """Starts what may leave now; seconds until something else may."""
        while (queue := self._next(now)) and len(self._under_way) < AT_ONCE:
            leaves_at = self._window.free_at
            free_at = max(queue[0][0], self._pace_free_at)
            if free_at > now:
                return min(free_at, sweep_at) - now
            lane = heapq.heappop(queue)[2]
            self._overall.took(now)
            self._window.left()
            task = asyncio.create_task(self._carry(lane, leaves_at))
            self._under_way.add(task)
            task.add_done_callback(self._landed)
        return max(0.0, sweep_at - now)

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._stirred.set()
        if not task.cancelled() and (error := task.exception()):
            log.error("sending broke: %s at %s", type(error).__name__, origin(error))

    # --- one letter

    async def _carry(self, lane: Lane, leaves_at: float) -> None:
        item = lane.items[0]
        try:
            letter = await self._kept(lambda: self._store.dispatch(item.key))
            if letter is None:
                self._window.stayed()
            elif not await self._send(letter, item, lane, leaves_at):
                return
            self._drop(lane, item)
        finally:
            lane.taken = False
            self._line_up(lane)

    async def _out(self, letter: Letter, lane: Lane, leaves_at: float) -> None:
        """Through the door at its moment. When it arrived there nobody tells: before the answer at the latest, so that is what counts."""
        loop = asyncio.get_running_loop()
        try:
            await asyncio.sleep(max(0.0, leaves_at - loop.time()))
            await self._door.send(letter)
        finally:
            lane.beat.took(loop.time())
            self._window.answered(loop.time())

    def _drop(self, lane: Lane, item: Item) -> None:
        if lane.items and lane.items[0] is item:
            lane.items.popleft()
        self._known.discard(item.key)

    async def _send(self, letter: Letter, item: Item, lane: Lane, leaves_at: float) -> bool:
        """Whether the letter is dealt with for good."""
        platform = self._door.platform
        try:
            await self._out(letter, lane, leaves_at)
        except Later as later:
            self._tally.count("later", platform)
            await self._put_back(item, later.seconds, everybody=later.everybody)
            return False
        except Unreachable:
            self._tally.count("unreachable", platform)
            await self._kept(lambda: self._store.unreachable(platform, letter.address, self._clock()))
            await self._kept(lambda: self._store.let_go(item.key))
            for other in lane.items:
                other.free_at = 0.0  # each is looked at once more, and let go unless there is another address
            return True
        except NotSent:
            self._tally.count("not_sent", platform)
            self._misses += 1
            away = back_off(self._misses - MISSES, 0.5, 60, random.random()) if self._misses >= MISSES else 0.0  # noqa: S311
            self._held = max(self._held, asyncio.get_running_loop().time() + away)
            await self._put_back(item, back_off(item.tries, 0.5, 60, random.random()))  # noqa: S311
            return False
        except Exception as error:  # noqa: BLE001 - nobody knows whether it arrived; its text may quote the letter
            log.warning("nobody knows whether a letter arrived: %s at %s", type(error).__name__, origin(error))
            self._tally.count("uncertain", platform)
            item.doubts += 1
            if item.doubts >= DOUBTS:
                await self._kept(lambda: self._store.let_go(item.key))
                return True
            return not await self._put_back(item, back_off(item.doubts - 1, 0.5, 60, random.random()), uncertain=True)  # noqa: S311
        self._misses = 0
        self._tally.count("sent", platform)
        await self._kept(lambda: self._store.sent(item.key, self._clock()))
        return True

    async def _put_back(self, item: Item, seconds: float, *, everybody: bool = False, uncertain: bool = False) -> bool:
        """Not before `seconds` from now; whether the letter still waits."""
        free_at = asyncio.get_running_loop().time() + seconds
        if everybody:
            self._held = max(self._held, free_at)
        item.free_at = free_at
        item.tries += 1
        not_before = self._clock() + timedelta(seconds=seconds)
        return await self._kept(lambda: self._store.put_back(item.key, not_before, uncertain=uncertain))

    async def _kept(self, write: Callable[[], R]) -> R:
        """Writes it down, however long the database is away."""
        for tries in count():
            try:
                return await asyncio.to_thread(write)
            except StoreDown as error:
                if not tries:
                    log.warning("%s; sending on %s waits for it", error, self._door.platform)
                await asyncio.sleep(back_off(tries, 0.2, 5, random.random()))  # noqa: S311
        raise AssertionError

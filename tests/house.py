"""A coach that serves, with everything real but the knowledge and the platform: doors that tests stand before, on both sides."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

from bot.door import Accept
from bot.manager import Manager
from bot.model import Inbound, Letter, Person, PersonId, Platform, Rhythm
from bot.serving import Embedded, House
from prompts.library import Library
from storage.store import Store

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SOON = 20.0  # seconds after which a test gives up waiting; on a busy machine a turn may take long


@dataclass
class Clock:
    """Goes on by itself, a millisecond with every look, and wherever a test sets it."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now


@dataclass
class FakeDoor:
    """A platform with a person at each address. `script` says how sendings to an address end, in turn; then they all arrive."""

    platform: Platform = "terminal"
    arrived: list[Letter] = field(default_factory=list)
    at: list[float] = field(default_factory=list)  # when each sending began, on the loop's clock
    tried: list[Letter] = field(default_factory=list)
    script: dict[str, list[Exception | asyncio.Event]] = field(default_factory=dict)
    shown: list[str] = field(default_factory=list)
    closed: bool = False
    accept: Accept | None = None
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _number: Iterator[int] = field(default_factory=lambda: iter(range(1, 10**9)))

    async def listen(self, accept: Accept) -> None:
        self.accept = accept
        self.stir()
        await asyncio.Event().wait()

    async def send(self, letter: Letter) -> None:
        self.tried.append(letter)
        self.at.append(asyncio.get_running_loop().time())
        self.stir()
        if self.script.get(letter.address):
            end = self.script[letter.address].pop(0)
            if isinstance(end, Exception):
                raise end
            await end.wait()
        self.arrived.append(letter)
        self.stir()

    async def thinking(self, address: str) -> None:
        self.shown.append(address)
        self.stir()

    async def close(self) -> None:
        self.closed = True

    # --- what tests do

    def stir(self) -> None:
        self._changed.set()

    async def until(self, so: Callable[[], Any], seconds: float = SOON) -> None:
        async with asyncio.timeout(seconds):
            while not so():
                self._changed.clear()
                await self._changed.wait()

    async def say(self, address: str, text: str, key: str | None = None, at: datetime = NOON) -> None:
        await self.until(lambda: self.accept)
        assert self.accept
        await self.accept(Inbound(key=key or str(next(self._number)), platform=self.platform, address=address, at=at, text=text))

    def to(self, address: str) -> list[Letter]:
        return [letter for letter in self.arrived if letter.address == address]

    async def heard(self, address: str, number: int = 1) -> list[Letter]:
        await self.until(lambda: len(self.to(address)) >= number)
        return self.to(address)


async def eventually(so: Callable[[], Any]) -> None:
    """Waits for something to be so in the store, which tells nobody."""
    async with asyncio.timeout(SOON):
        while not await asyncio.to_thread(so):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


@dataclass
class Serving:
    """A store and a manager, and the doors before them; `running` serves as long as its block lasts."""

    store: Store
    manager: Manager
    library: Library
    clock: Clock
    door: FakeDoor = field(default_factory=FakeDoor)
    may: frozenset[tuple[str, str]] | None = None

    def house(self, **more: Any) -> House:
        return House(self.manager, self.library, self.store, [self.door], self.clock, self.may, **more)

    @asynccontextmanager
    async def running(self, **more: Any) -> AsyncIterator[FakeDoor]:
        stop = asyncio.Event()
        task = asyncio.create_task(Embedded(self.house(**more)).run(stop))
        task.add_done_callback(lambda _: self.door.stir())
        try:
            await self.door.until(lambda: self.door.accept or task.done())
            yield self.door
        finally:
            stop.set()
            await task
            self.door.accept = None

    def known(self, who: str, **more: Any) -> PersonId:
        person = Person(PersonId(""), zone="Africa/Nairobi", welcomed=True, onboarded=True, rhythm=Rhythm(time(15, 0)), **more)
        return self.store.enrol(self.door.platform, who, person)


def serving(folder: Path, library: Library, finder: Callable[[], Any], url: str | None = None) -> Serving:
    clock = Clock()
    store = Store.open(url or f"sqlite:///{folder / 'brokercoach.db'}", folder / "key", clock)
    return Serving(store, Manager(library, store, finder, clock), library, clock)

"""Many people at once, in Telegram and in Slack, before one real `brokercoach serve`: what they say, how long they wait, and the count.

Everybody reflects in messages that carry a number, so that what is lost, doubled or out of order shows in the logbooks.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from fake_slack import APP_TOKEN, TEAM, TOKEN, FakeSlack, fake_slack, said
from harness import ROUND, Stage, stage

from bot.model import Person, PersonId, Platform
from storage.store import Store

KEPT = 3  # of a round's messages the last three become answers

T = TypeVar("T")
Who = tuple[Platform, str]  # somebody at an address


def people(number: int, first: int = 0) -> list[Who]:
    """Half of them in Telegram, half in Slack."""
    found: list[Who] = [("telegram", str(1000 + first + n)) for n in range((number + 1) // 2)]
    return found + [("slack", f"{TEAM}:U{1000 + first + n}") for n in range(number // 2)]


@dataclass(frozen=True)
class Count:
    messages: int
    lost: int
    doubled: int
    disordered: int  # people whose logbook is not in the order in which they wrote
    letters: int
    sent_twice: int

    def holds(self) -> bool:
        return not (self.lost or self.doubled or self.disordered or self.sent_twice)


@dataclass
class Crowd:
    on: Stage
    slack: FakeSlack
    begun: Counter[Who] = field(default_factory=Counter)  # rounds of each
    heard: Counter[Who] = field(default_factory=Counter)  # letters to each
    _said: int = 0
    _came: defaultdict[Who, asyncio.Event] = field(default_factory=lambda: defaultdict(asyncio.Event))

    def welcome(self, whom: Iterable[Who]) -> None:
        """Makes these people known, so that their first message is not their welcome."""
        store = Store.open(self.on.url, self.on.home.key)
        for platform, address in whom:
            store.enrol(platform, address, Person(PersonId(""), zone="Africa/Nairobi", welcomed=True, onboarded=True))
        store.close()

    @asynccontextmanager
    async def served(self) -> AsyncIterator[None]:
        env = {"BROKERCOACH_SLACK_BOT_TOKEN": TOKEN, "BROKERCOACH_SLACK_APP_TOKEN": APP_TOKEN, "BROKERCOACH_SLACK_API": self.slack.api}
        async with self.on.served(**env) as program:
            await self.slack.until(lambda: self.slack.sockets, 60)
            listening = asyncio.create_task(self._listen())
            try:
                yield
            finally:
                listening.cancel()
                with suppress(asyncio.CancelledError):
                    await listening
            await program.terminated()  # in good order: of a letter under way at a kill nobody could tell whether it was sent twice

    async def _listen(self) -> None:
        """Notices what arrives, each letter once."""
        here = there = 0
        while True:
            fresh: list[Who] = [("telegram", str(each["chat"])) for each in self.on.fake.sent[here:]]
            fresh += [("slack", f"{TEAM}:{each['channel'].removeprefix('D')}") for each in self.slack.posts[there:]]
            here, there = len(self.on.fake.sent), len(self.slack.posts)
            for who in fresh:
                self.heard[who] += 1
                self._came[who].set()
            await asyncio.sleep(0.01)

    async def say(self, who: Who, text: str) -> None:
        self._said += 1
        platform, address = who
        if platform == "telegram":
            self.on.fake.say(text, int(address), date=1_770_000_000 + self._said)
        else:
            await self.slack.envelope(said(text, address.partition(":")[2]))

    async def answered(self, who: Who, text: str, patience: float = 120) -> float:
        """Says it, and waits for the answer; for how many seconds."""
        before, begun = self.heard[who], time.perf_counter()
        await self.say(who, text)
        async with asyncio.timeout(patience):
            while self.heard[who] <= before:
                self._came[who].clear()
                await self._came[who].wait()
        return time.perf_counter() - begun

    async def reflects(self, who: Who, rounds: int = 1, pause: float = 0.0) -> list[float]:
        """The waits of somebody who answers what they are asked, `pause` seconds after each answer."""
        waits = []
        for _ in range(rounds):
            self.begun[who] += 1
            for line in ROUND:
                waits.append(await self.answered(who, line.format(n=self.begun[who])))
                await asyncio.sleep(pause)
        return waits

    async def floods(self, who: Who, rounds: int, rate: float) -> None:
        """At so many messages a second, whatever is answered."""
        for _ in range(rounds):
            self.begun[who] += 1
            for line in ROUND:
                await self.say(who, line.format(n=self.begun[who]))
                await asyncio.sleep(1 / rate)

    async def floods_beside(self, who: Who, rate: float, others: Awaitable[T]) -> T:
        """Round after round until the others are done; what they found."""
        task = asyncio.ensure_future(others)
        while not task.done():
            await self.floods(who, 1, rate)
        return await task

    async def all_decided(self, seconds: float = 600) -> None:
        """Returns once each message had its turn; letters may still wait for the pace."""

        def undone() -> int:
            return len(self.on.fake.updates) + self.on.count("inbox WHERE done_at IS NULL")

        async with asyncio.timeout(seconds):
            while await asyncio.to_thread(undone):  # noqa: ASYNC110 - the database tells nobody
                await asyncio.sleep(0.1)

    def count(self) -> Count:
        """To be asked once nothing runs any more."""
        store = Store.open(self.on.url, self.on.home.key)
        lost = doubled = disordered = 0
        try:
            for who, rounds in self.begun.items():
                numbers = _kept(store, who)
                lost += sum(max(0, KEPT - numbers.count(n)) for n in range(1, rounds + 1))
                doubled += sum(max(0, numbers.count(n) - KEPT) for n in range(1, rounds + 1))
                disordered += numbers != sorted(numbers)
        finally:
            store.close()
        arrived = len(self.on.fake.sent) + len(self.slack.posts)
        marked = self.on.count("outbox WHERE state = 'sent'")
        messages = sum(self.begun.values()) * len(ROUND)
        return Count(messages, lost, doubled, disordered, arrived, arrived - marked)


def _kept(store: Store, who: Who) -> list[int]:
    """The numbers in somebody's logbook, oldest entry first."""
    person = store.person_at(*who)
    entries = sorted(store.entries(person.id), key=lambda entry: entry.written) if person else []
    digits = ("".join(filter(str.isdigit, words)) for entry in entries for _, words in entry.answers)
    return [int(each) for each in digits if each]


@asynccontextmanager
async def crowd(home: Any, url: str = "", **more: Any) -> AsyncIterator[Crowd]:
    async with stage(home, url, **more) as on, fake_slack() as slack:
        yield Crowd(on, slack)

"""A real `brokercoach serve` between a Bot API on loopback and a database, to be killed and started as often as it takes; and the count.

Everybody reflects, over and over, in messages that carry a number, so that what is lost, doubled or out of order shows in the logbook.
"""

from __future__ import annotations

import asyncio
import random
import re
import signal
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from fake_telegram import FakeTelegram, telegram
from postgres import seeing_all
from sqlalchemy import create_engine, text

from storage.store import Store

ROUND = (
    "reflect",
    "ok",
    "In meeting {n} the two directors sat down at one table",
    "After meeting {n} they may trust the minutes",
    "Before {n} I ask",
)
STEPS = 3  # of a round's messages, the last three are kept


@dataclass
class Program:
    """One process of it, and where it says that it listens."""

    process: subprocess.Popen[bytes]
    address: str = ""
    err: list[str] = field(default_factory=list)

    async def listening(self) -> str:
        """The address of its web server."""
        while not self.address:
            line = await asyncio.to_thread(self.process.stderr.readline)
            assert line, f"it ended: {''.join(self.err)}"
            self.err.append(line.decode())
            if found := re.search(r"at (http://\S+)", self.err[-1]):
                self.address = found[1]
        return self.address

    async def get(self, path: str) -> tuple[int, str]:
        async with aiohttp.ClientSession() as session, session.get(f"{await self.listening()}{path}") as answer:
            return answer.status, await answer.text()

    def kill(self) -> None:
        self.process.kill()

    async def ended(self) -> int:
        code = await asyncio.to_thread(self.process.wait, 60)
        if self.process.stderr.closed:
            return code
        self.err.append((await asyncio.to_thread(self.process.stderr.read)).decode())
        self.process.stderr.close()
        return code

    async def terminated(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return await self.ended()


@dataclass
class Stage:
    """A home, a database and a Bot API."""

    home: Any
    fake: FakeTelegram
    url: str
    rounds: dict[int, int] = field(default_factory=dict)  # how many each chat has begun
    said: int = 0

    def start(self, *args: str, **env: str) -> Program:
        ours = {
            "BROKERCOACH_DATABASE": self.url,
            "BROKERCOACH_TELEGRAM_TOKEN": self.fake.token,
            "BROKERCOACH_TELEGRAM_API": self.fake.base,
            "BROKERCOACH_PORT": "0",
        }
        return Program(self.home.start("serve", *args, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=ours | env))

    @asynccontextmanager
    async def served(self, *args: str, **env: str) -> AsyncIterator[Program]:
        program = self.start(*args, **env)
        try:
            await program.listening()
            yield program
        finally:
            program.kill()
            await program.ended()

    def welcome(self, chats: range) -> None:
        """Makes these people known, so that their first message is not their welcome."""
        from bot.model import Person, PersonId

        store = Store.open(self.url, self.home.key)
        for chat in chats:
            store.enrol("telegram", str(chat), Person(PersonId(""), zone="Africa/Nairobi", welcomed=True, onboarded=True))
            self.rounds[chat] = 0
        store.close()

    def says_a_round(self, chat: int) -> None:
        self.rounds[chat] += 1
        for line in ROUND:
            self.said += 1
            self.fake.say(line.format(n=self.rounds[chat]), chat, date=1_770_000_000 + self.said)

    def all_is_dealt_with(self) -> bool:
        return not self.fake.updates and self.count("inbox WHERE done_at IS NULL") == 0 and self.count(_UNSENT) == 0

    async def dealt_with(self, seconds: float = 60) -> None:
        async with asyncio.timeout(seconds):
            while not await asyncio.to_thread(self.all_is_dealt_with):  # noqa: ASYNC110 - the database tells nobody
                await asyncio.sleep(0.05)

    def count(self, what: str, how: str = "count(*)") -> int:
        engine = create_engine(seeing_all(self.url))
        try:
            with engine.connect() as connection:
                return connection.scalar(text(f"SELECT {how} FROM {what}")) or 0  # noqa: S608
        finally:
            engine.dispose()

    def reckoning(self) -> Reckoning:
        store = Store.open(self.url, self.home.key)
        try:
            kept = {}
            for chat in self.rounds:
                person = store.person_at("telegram", str(chat))
                entries = sorted(store.entries(person.id), key=lambda entry: entry.written) if person else []
                kept[chat] = [int(found[0]) for entry in entries for _, words in entry.answers if (found := re.findall(r"\d+", words))]
            faults = store.check()
        finally:
            store.close()
        lost = doubled = 0
        for chat, rounds in self.rounds.items():
            for n in range(1, rounds + 1):
                lost += max(0, STEPS - kept[chat].count(n))
                doubled += max(0, kept[chat].count(n) - STEPS)
        sent = self.count("outbox WHERE state = 'sent'")
        return Reckoning(
            messages=sum(self.rounds.values()) * len(ROUND),
            lost=lost,
            doubled=doubled,
            disordered=sum(numbers != sorted(numbers) for numbers in kept.values()),
            letters=sent,
            sent_twice=len(self.fake.sent) - sent,
            uncertain=self.count("outbox WHERE uncertain"),
            doubts=self.count("outbox WHERE uncertain", "coalesce(sum(tries), 0)"),
            set_aside=self.count("audit WHERE act = 'set-aside'"),
            faults=len(faults),
        )


_UNSENT = "outbox WHERE state IN ('new', 'sending')"


@dataclass(frozen=True)
class Reckoning:
    messages: int
    lost: int
    doubled: int
    disordered: int
    letters: int
    sent_twice: int
    uncertain: int
    doubts: int  # how often letters were found half sent; one letter may be more than once
    set_aside: int
    faults: int

    def holds(self) -> bool:
        """Nothing lost, nothing kept twice, all in order; whatever was sent twice is among what is marked."""
        wrong = self.lost or self.doubled or self.disordered or self.set_aside or self.faults
        return not wrong and 0 <= self.sent_twice <= self.doubts


@asynccontextmanager
async def stage(home: Any, url: str = "") -> AsyncIterator[Stage]:
    async with telegram() as fake:
        yield Stage(home, fake, url or f"sqlite:///{home.database}")


async def killed(on: Stage, kills: int, rng: random.Random, tell: Callable[[int], None] = lambda _: None) -> Reckoning:
    """Kills it `kills` times while people go on writing: some while it starts, most while it works."""
    for n in range(kills):
        program = on.start()
        if rng.random() < 0.5:
            on.says_a_round(rng.choice(list(on.rounds)))
            await asyncio.sleep(rng.uniform(0.3, 2.5))
        else:
            await program.listening()
            for chat in rng.sample(list(on.rounds), 2):
                on.says_a_round(chat)
            heard = len(on.fake.sent) + rng.randint(0, 6)
            try:
                await on.fake.until(lambda heard=heard: len(on.fake.sent) >= heard, 10)
            except TimeoutError:
                assert program.process.poll() is None, "it ended by itself"
            await asyncio.sleep(rng.uniform(0, 0.05))
        program.kill()
        await program.ended()
        on.fake.polls = 0
        tell(n + 1)
    async with on.served():
        await on.dealt_with(120 + sum(on.rounds.values()))
    return await asyncio.to_thread(on.reckoning)

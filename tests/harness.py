"""A real `brokercoach serve` between a Bot API and a Slack on loopback and a database, to be killed and started as often as it takes.

Everybody reflects, over and over, in answers of which no two are alike, so that each can be looked for in the logbook afterwards, at its
place; and what arrived at each person is counted against what was sent to them.
"""

from __future__ import annotations

import asyncio
import random
import re
import signal
import subprocess
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from fake_slack import APP_TOKEN, TEAM, FakeSlack, fake_slack
from fake_slack import TOKEN as SLACK_TOKEN
from fake_slack import said as said_in_slack
from fake_telegram import FakeTelegram, telegram
from postgres import seeing_all
from sqlalchemy import create_engine, text

from storage.store import Store

Who = int | str  # a chat of Telegram, or a member in Slack

ROUND = (
    "reflect",
    "ok",
    "In meeting {n} the two directors sat down at one table",
    "After meeting {n} they may trust the minutes",
    "Before {n} I ask",
)
KEPT = ROUND[2:]
BOTH = {"BROKERCOACH_CLUSTER": "true"}
_UNSENT = "outbox WHERE state IN ('new', 'sending')"
_UNDONE = "inbox WHERE done_at IS NULL"

# What a process runs first that is to start quickly: without the `rag` part it searches by words alone. Reflecting takes no search.
# numpy stays: psycopg asks for it where it is installed.
SLIM = "import sys; sys.modules |= dict.fromkeys(('chromadb', 'onnxruntime'))"
QUICK = {"before": SLIM, "env": {"PYTHONDONTWRITEBYTECODE": ""}}  # how such a process is started by `Home.start`
# What a process runs first whose clock is to be stepped: the present is that of the machine and the seconds that a file says.
STEPPED = """
import bot.parts
bot.parts.now.__code__ = (lambda: datetime.fromtimestamp(datetime.now(UTC).timestamp() + float(open({path!r}).read()), UTC)).__code__
"""


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
class Delivery:
    """Slack's own side: hands over in order what people write, and to each new connection again what was not acknowledged."""

    slack: FakeSlack
    waiting: dict[str, dict[str, Any]] = field(default_factory=dict)

    def say(self, who: str, words: str) -> None:
        payload = said_in_slack(words, who)
        self.waiting[str(payload["event_id"])] = payload

    async def run(self) -> None:
        read, connection, handed = 0, None, set[str]()
        while True:
            for receipt in self.slack.acks[read:]:
                self.waiting.pop(receipt["envelope_id"], None)
            read = len(self.slack.acks)
            newest = self.slack.sockets[-1] if self.slack.sockets else None
            if newest is not connection:
                connection, handed = newest, set()
            for key in [key for key in self.waiting if connection and key not in handed]:
                handed.add(key)
                with suppress(ConnectionError, RuntimeError):  # killed meanwhile
                    await connection.send_json({"type": "events_api", "envelope_id": key, "payload": self.waiting[key]})
            await asyncio.sleep(0.02)


@dataclass
class Stage:
    """A home, a database, a Bot API, and a Slack where one was asked for."""

    home: Any
    fake: FakeTelegram
    url: str
    slack: Delivery | None = None
    slim: bool = False
    clock: Path | None = None  # holds the seconds by which the program's clock is ahead, when it may be stepped
    rounds: dict[Who, int] = field(default_factory=dict)  # how many each has begun
    said: int = 0
    aimed: float = 0.0  # how many of the kills come the moment a letter arrives, before that can have been written down
    in_flight: int = 0  # messages without an answer and letters under way, at every kill

    def start(self, *args: str, **env: str) -> Program:
        ours = {
            "BROKERCOACH_DATABASE": self.url,
            "BROKERCOACH_TELEGRAM_TOKEN": self.fake.token,
            "BROKERCOACH_TELEGRAM_API": self.fake.base,
            "BROKERCOACH_PORT": "0",
            **QUICK["env"],
        }
        if self.slack:
            ours |= {
                "BROKERCOACH_SLACK_BOT_TOKEN": SLACK_TOKEN,
                "BROKERCOACH_SLACK_APP_TOKEN": APP_TOKEN,
                "BROKERCOACH_SLACK_API": self.slack.slack.api,
            }
        before = "\n".join([SLIM] * self.slim + [STEPPED.format(path=str(self.clock))] * bool(self.clock))
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
        return Program(self.home.start("serve", *args, before=before, env=ours | env, **quiet))

    @asynccontextmanager
    async def served(self, *args: str, **env: str) -> AsyncIterator[Program]:
        program = self.start(*args, **env)
        try:
            await program.listening()
            yield program
        finally:
            program.kill()
            await program.ended()

    def step(self, hours: float) -> None:
        """By how much its clock is ahead from now on, where it can be stepped."""
        if self.clock:
            self.clock.write_text(str(3600 * hours))

    def welcome(self, people: Iterable[Who], **more: Any) -> None:
        """Makes these people known, so that their first message is not their welcome."""
        from bot.model import Person, PersonId

        store = Store.open(self.url, self.home.key)
        for who in people:
            person = Person(PersonId(""), zone="Africa/Nairobi", welcomed=True, onboarded=True, **more)
            store.enrol(*_address(who), person)
            self.rounds[who] = 0
        store.close()

    def says_a_round(self, who: Who) -> None:
        self.rounds[who] += 1
        for line in ROUND:
            self.said += 1
            words = line.format(n=self.rounds[who])
            if isinstance(who, int):
                self.fake.say(words, who, date=1_770_000_000 + self.said)
            else:
                assert self.slack
                self.slack.say(who, words)

    @property
    def heard(self) -> int:
        """How many letters arrived, at everybody."""
        return len(self.fake.sent) + (len(self.slack.slack.posts) if self.slack else 0)

    async def until_heard(self, number: int, seconds: float) -> None:
        async with asyncio.timeout(seconds):
            while self.heard < number:  # noqa: ASYNC110 - there are two who could tell
                await asyncio.sleep(0.01)

    def all_is_dealt_with(self) -> bool:
        handed_over = not self.fake.updates and not (self.slack and self.slack.waiting)
        return handed_over and self.count(_UNDONE) == 0 and self.count(_UNSENT) == 0

    async def dealt_with(self, seconds: float = 60) -> None:
        async with asyncio.timeout(seconds):
            while not await asyncio.to_thread(self.all_is_dealt_with):  # noqa: ASYNC110 - the database tells nobody
                await asyncio.sleep(0.05)

    async def struck(self, program: Program) -> None:
        """Kills a process, and counts what it had begun."""
        program.kill()
        await program.ended()
        self.fake.hang_up()
        self.in_flight += await asyncio.to_thread(lambda: self.count(_UNDONE) + self.count(_UNSENT))

    def count(self, what: str, how: str = "count(*)") -> int:
        return self.counts(what, how).get("", 0)

    def counts(self, what: str, how: str = "count(*)", by: str = "''") -> dict[str, int]:
        engine = create_engine(seeing_all(self.url))
        try:
            with engine.connect() as connection:
                rows = connection.execute(text(f"SELECT {by}, {how} FROM {what} GROUP BY 1"))  # noqa: S608
                return {key: number or 0 for key, number in rows}
        finally:
            engine.dispose()

    def arrived(self, who: Who) -> int:
        if isinstance(who, int):
            return len(self.fake.texts(who))
        assert self.slack
        return sum(post["channel"] == f"D{who}" for post in self.slack.slack.posts)

    def reckoning(self) -> Reckoning:
        lost = doubled = disordered = unanswered = unheard = twice = unmarked = 0
        sent = self.counts("outbox WHERE state = 'sent'", by="person_id")
        doubts = self.counts("outbox WHERE uncertain", "coalesce(sum(tries), 0)", by="person_id")
        store = Store.open(self.url, self.home.key)
        try:
            for who, rounds in self.rounds.items():
                person = store.person_at(*_address(who))
                entries = sorted(store.entries(person.id), key=lambda entry: entry.written) if person else []
                kept = [words for entry in entries for _, words in entry.answers]
                wanted = [line.format(n=n) for n in range(1, rounds + 1) for line in KEPT]
                lost += (Counter(wanted) - Counter(kept)).total()
                doubled += (Counter(kept) - Counter(wanted)).total()
                places = [wanted.index(words) for words in kept if words in wanted]
                disordered += places != sorted(places)
                letters = sent.get(person.id, 0) if person else 0
                more = self.arrived(who) - letters
                unanswered += max(0, rounds * len(ROUND) - letters)
                unheard += max(0, -more)
                twice += max(0, more)
                unmarked += max(0, more - (doubts.get(person.id, 0) if person else 0))
            faults = store.check()
        finally:
            store.close()
        return Reckoning(
            messages=sum(self.rounds.values()) * len(ROUND),
            lost=lost,
            doubled=doubled,
            disordered=disordered,
            unanswered=unanswered,
            letters=sum(sent.values()),
            unheard=unheard,
            sent_twice=twice,
            unmarked=unmarked,
            uncertain=self.count("outbox WHERE uncertain"),
            in_flight=self.in_flight,
            set_aside=self.count("audit WHERE act = 'set-aside'"),
            faults=len(faults),
        )


def _address(who: Who) -> Any:
    return ("telegram", str(who)) if isinstance(who, int) else ("slack", f"{TEAM}:{who}")


@dataclass(frozen=True)
class Reckoning:
    messages: int
    lost: int  # answers that are not in the logbook
    doubled: int  # answers that are in it twice, or were never given
    disordered: int  # people whose answers stand in another order than they gave them
    unanswered: int  # messages to which no letter was sent
    letters: int
    unheard: int  # letters that count as sent and never arrived
    sent_twice: int
    unmarked: int  # of these, those that are not marked as uncertain
    uncertain: int
    in_flight: int
    set_aside: int
    faults: int

    def holds(self) -> bool:
        """Nothing lost, nothing kept twice, all in order and answered; whatever was sent twice is marked."""
        return not (
            self.lost
            or self.doubled
            or self.disordered
            or self.unanswered
            or self.unheard
            or self.unmarked
            or self.set_aside
            or self.faults
        )


@asynccontextmanager
async def stage(home: Any, url: str = "", *, slack: bool = False, **more: Any) -> AsyncIterator[Stage]:
    """`more` are fields of the stage."""
    async with AsyncExitStack() as stack:
        on = Stage(home, await stack.enter_async_context(telegram()), url or f"sqlite:///{home.database}", **more)
        if slack:
            on.slack = Delivery(await stack.enter_async_context(fake_slack()))
            handing = asyncio.create_task(on.slack.run())
            stack.callback(handing.cancel)
        on.step(0)
        yield on


# --- the ways to strike

Tell = Callable[[int], None]
STEPS = (-26, -3, -1, 0, 0, 1, 3, 26)  # hours by which a clock that is stepped may be wrong


async def killed(on: Stage, kills: int, rng: random.Random, tell: Tell = lambda _: None, until: float = float("inf")) -> Reckoning:
    """Kills it `kills` times while people go on writing, some while it starts, most while it works; none after the moment `until`."""
    for n in range(kills):
        if time.monotonic() > until:
            break
        on.step(rng.choice(STEPS))
        program = on.start()
        await _works(on, program, rng)
        await on.struck(program)
        tell(n + 1)
    async with on.served():
        await on.dealt_with(120 + sum(on.rounds.values()))
    return await asyncio.to_thread(on.reckoning)


async def one_of_two_killed(
    on: Stage, kills: int, rng: random.Random, tell: Tell = lambda _: None, until: float = float("inf")
) -> Reckoning:
    """Two processes share a PostgreSQL; each time one of them dies and another is started in its place."""
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
        await on.dealt_with(120 + sum(on.rounds.values()))
    finally:
        for program in programs:
            program.kill()
            await program.ended()
    return await asyncio.to_thread(on.reckoning)


async def database_killed(
    on: Stage, server: Any, kills: int, rng: random.Random, tell: Tell = lambda _: None, until: float = float("inf"), **env: str
) -> Reckoning:
    """The process lives; the PostgreSQL under it dies again and again."""
    async with on.served(**env) as program:
        for n in range(kills):
            if time.monotonic() > until:
                break
            await _works(on, program, rng)
            await asyncio.to_thread(server.kill)
            await asyncio.to_thread(server.start)
            on.in_flight += await asyncio.to_thread(lambda: on.count(_UNDONE) + on.count(_UNSENT))
            assert program.process.poll() is None, "it ended with its database"
            tell(n + 1)
        await on.dealt_with(150 + sum(on.rounds.values()))
    return await asyncio.to_thread(on.reckoning)


async def _works(on: Stage, program: Program, rng: random.Random) -> None:
    """Until the moment at which something is to happen to it."""
    if not program.address and rng.random() < 0.3:
        on.says_a_round(rng.choice(list(on.rounds)))
        await asyncio.sleep(rng.uniform(0.3, 2.5))
        return
    await program.listening()
    for who in rng.sample(list(on.rounds), 3):
        on.says_a_round(who)
    if rng.random() < on.aimed:
        with suppress(TimeoutError):
            await on.until_heard(on.heard + rng.randint(1, 6), 10)
    else:
        await asyncio.sleep(rng.uniform(0, 5))
    assert program.process.poll() is None, "it ended by itself"

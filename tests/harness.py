"""A real `brokercoach serve` between a Bot API and a Slack on loopback and a database, to be killed and started as often as it takes.

Everybody reflects, over and over, in answers of which no two are alike, so that each can be looked for in the logbook afterwards, at its
place; and what arrived at each person is counted against what was sent to them.
"""

from __future__ import annotations

import asyncio
import re
import signal
import subprocess
import threading
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from math import inf
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
LINES = 200  # of a process's stderr that are kept
STARTS = 120.0  # seconds that a start may take, on a machine that has much else to do
AGAIN = 3.0  # seconds after which Slack hands over again what was not acknowledged; Slack itself waits from none to five minutes
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


class Program:
    """One process of it, where it says that it listens, and what it says on stderr, which is read for as long as it lives: a pipe that
    nobody reads is full some day, and then whoever writes to it stands still.
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.address = ""
        self.err: deque[str] = deque(maxlen=LINES)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        with self.process.stderr as lines:
            for line in lines:
                self.err.append(line.decode(errors="replace"))
                if not self.address and (found := re.search(r"at (http://\S+)", self.err[-1])):
                    self.address = found[1]

    async def listening(self) -> str:
        """The address of its web server."""
        async with asyncio.timeout(STARTS):
            while not self.address:
                assert self._reader.is_alive() or self.address, f"it ended: {''.join(self.err)}"
                await asyncio.sleep(0.01)
        return self.address

    async def warned(self, of: str, times: int = 1, seconds: float = 60.0) -> None:
        """Returns once it has said so that often."""
        async with asyncio.timeout(seconds):
            while sum(of in line for line in list(self.err)) < times:  # noqa: ASYNC110 - a thread reads it
                await asyncio.sleep(0.05)

    async def get(self, path: str) -> tuple[int, str]:
        async with aiohttp.ClientSession() as session, session.get(f"{await self.listening()}{path}") as answer:
            return answer.status, await answer.text()

    def kill(self) -> None:
        self.process.kill()

    async def ended(self) -> int:
        code = await asyncio.to_thread(self.process.wait, 60)
        await asyncio.to_thread(self._reader.join, 60)
        return code

    async def terminated(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return await self.ended()


@dataclass
class Handed:
    """A message that Slack has to hand over."""

    who: str
    round: int
    payload: dict[str, Any]
    at: float = -inf  # when it was handed over last


@dataclass
class Delivery:
    """Slack's own side: hands over in order what people write, and again what was not acknowledged, to each new connection at once and to
    the same one after a while. Nobody begins a round before their last one has arrived.
    """

    slack: FakeSlack
    waiting: dict[str, Handed] = field(default_factory=dict)
    again: int = 0  # how often something was handed over again to a connection that had it already

    def say(self, who: str, words: str, number: int = 0) -> None:
        payload = said_in_slack(words, who)
        self.waiting[str(payload["event_id"])] = Handed(who, number, payload)

    async def run(self) -> None:
        read, connection = 0, None
        while True:
            for receipt in self.slack.acks[read:]:
                self.waiting.pop(receipt["envelope_id"], None)
            read = len(self.slack.acks)
            newest = self.slack.sockets[-1] if self.slack.sockets else None
            if newest is not connection:
                connection = newest
                for each in self.waiting.values():
                    each.at = -inf
            if connection:
                await self._hand_over(connection)
            await asyncio.sleep(0.02)

    async def _hand_over(self, connection: Any) -> None:
        now, rounds = time.monotonic(), dict[str, int]()
        for key, each in list(self.waiting.items()):
            if rounds.setdefault(each.who, each.round) != each.round or now - each.at < AGAIN:
                continue
            self.again += each.at > -inf
            each.at = now
            with suppress(ConnectionError, RuntimeError):  # killed meanwhile
                await connection.send_json({"type": "events_api", "envelope_id": key, "payload": each.payload})


class Hung(Exception):
    """Nothing moved any more, though not all was dealt with; the text says what waited."""


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
    pause: float = 5.0  # seconds after which a kill comes at the latest
    at_once: int = 3  # people who begin a round before each kill
    programs: deque[Program] = field(default_factory=lambda: deque(maxlen=2))
    kills: int = 0
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
        self.programs.append(Program(self.home.start("serve", *args, before=before, env=ours | env, **quiet)))
        return self.programs[-1]

    @asynccontextmanager
    async def served(self, *args: str, **env: str) -> AsyncIterator[Program]:
        program = self.start(*args, **env)
        try:
            await program.listening()
            yield program
        finally:
            program.kill()
            await program.ended()
            self.fake.hang_up()

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
                self.slack.say(who, words, self.rounds[who])

    @property
    def heard(self) -> int:
        """How many letters arrived, at everybody."""
        return len(self.fake.sent) + (len(self.slack.slack.posts) if self.slack else 0)

    async def until_heard(self, number: int, seconds: float) -> None:
        async with asyncio.timeout(seconds):
            while self.heard < number:  # noqa: ASYNC110 - there are two who could tell
                await asyncio.sleep(0.01)

    def waits(self) -> dict[str, int]:
        """What is not dealt with, by where it waits; looked for along the way of a message, so that none slips past."""
        waits = {"telegram": len(self.fake.updates), "slack": len(self.slack.waiting) if self.slack else 0}
        waits["inbox"] = self.count(_UNDONE)
        waits |= {f"outbox {state}": number for state, number in self.counts(_UNSENT, by="state").items()}
        return {place: number for place, number in waits.items() if number}

    async def dealt_with(self, seconds: float = 60) -> None:
        """Returns once all is. Raises Hung when for so long nothing has moved."""
        moved, last = time.monotonic(), None
        while (now := (await asyncio.to_thread(self.waits), self.heard)) and now[0]:
            if now != last:
                moved, last = time.monotonic(), now
            elif time.monotonic() - moved > seconds:
                raise Hung(f"{seconds:.0f} s without a move; {await asyncio.to_thread(self.state)}")
            await asyncio.sleep(0.2)

    def state(self) -> str:
        """The queues, in numbers and moments: for whoever has to find out why nothing moves."""
        tries = self.counts(_UNDONE, by="tries")
        later = self.count(_UNSENT, "max(not_before)")
        jobs = self.counts("procrastinate_jobs", by="queue_name || ' ' || status") if self._has("procrastinate_jobs") else {}
        processes = {program.process.pid: (program.process.poll(), list(program.err)[-5:]) for program in self.programs}
        connections = len(self.slack.slack.sockets) if self.slack else 0
        handed = [round(time.monotonic() - each.at, 1) for each in self.slack.waiting.values()][:10] if self.slack else []
        return (
            f"waits: {self.waits()}; undone by tries: {tries}; unsent not before: {later}; jobs: {jobs}; "
            f"polling Telegram: {len(self.fake.polling)}; Slack's connections: {connections}, handed over seconds ago: {handed}; "
            f"processes, their exit codes and last lines: {processes}"
        )

    async def struck(self, program: Program) -> None:
        """Kills a process, and counts what it had begun."""
        program.kill()
        await program.ended()
        self.fake.hang_up()
        await asyncio.to_thread(self.count_in_flight)

    def count_in_flight(self) -> None:
        self.kills += 1
        self.in_flight += self.count(_UNDONE) + self.count(_UNSENT)

    def _has(self, table: str) -> bool:
        return not self.url.startswith("sqlite") and self.count(f"pg_tables WHERE tablename = '{table}'") > 0

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
            kills=self.kills,
            in_flight=self.in_flight,
            handed_again=self.slack.again if self.slack else 0,
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
    kills: int
    in_flight: int
    handed_again: int  # messages that Slack handed over again to whoever had them already
    set_aside: int
    faults: int
    broke: str = ""  # how the run broke off or hung, if it did

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
            or self.broke
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

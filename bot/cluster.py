"""The same coach in several processes on one PostgreSQL: Procrastinate hands out people's turns, and each role is one process's.

    turns     a job per person who waits, under that person's lock, so that order holds and nobody is taken twice at a time
    account   who holds a platform's claim is its one poller and its one sender; a job in its queue says that there are letters
    clock     who holds this claim looks at what is due, sweeps up what lost its job, and gives stalled jobs to others

Jobs hold a person's key and nothing else. They are made after what they are about is stored, and may be lost or doubled: what waits is
in our own tables, whose guards let a turn through once, and the sweep finds what has no job.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from procrastinate import App, JobContext, PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException, ProcrastinateException
from procrastinate.jobs import Status
from psycopg import AsyncConnection
from psycopg import Error as PsycopgError
from psycopg_pool import PoolTimeout
from sqlalchemy import make_url

from bot.door import Door
from bot.engine import APART, PLENTY, Places, Rounds, showing
from bot.intake import Intake
from bot.manager import Took, origin
from bot.model import PersonId
from bot.sending import Sender
from bot.serving import DRAIN, House, ended, housekeeping, listen, threads, until
from storage.store import Store, StoreDown

AT_ONCE = 20  # turns at the same time in one process
BUSY = 6  # of them keep the process busy; more than beside SQLite, for each waits for the database some forty times
IN_A_ROW = 5  # turns of one person before the others are let through
STALLED = 30  # seconds without a sign of life after which a process's jobs are given to others
ANSWERS = 5.0  # seconds to wait for a connection; left to itself the pool asks a database that is away ever more seldom, for minutes
TOLD = 0.02  # seconds that a process gathers turns for before it tells another one's sender of their letters
LOOK = 1.0  # seconds between two looks at a claim: how long a hand-over takes
CALLED = 4.0  # seconds for which somebody who was called is not called again by the clock
TURNS = "turns"
AWAY = (ConnectorException, PsycopgError, PoolTimeout, OSError)  # the database, as Procrastinate puts it

log = logging.getLogger(__name__)


def app_for(url: str) -> App:
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    connector = PsycopgConnector(
        conninfo=address, configure=_by_statement, min_size=1, max_size=8, timeout=ANSWERS, reconnect_timeout=ANSWERS
    )
    return App(connector=connector)


async def _by_statement(connection: AsyncConnection[Any]) -> None:
    """Each of Procrastinate's errands is one statement; in a transaction of its own it would be five."""
    await connection.set_autocommit(True)


class Floods:
    """Who goes on having more to come, and until when their turns rest; as far as this process took them."""

    def __init__(self) -> None:
        self._of: dict[PersonId, tuple[int, float]] = {}  # turns in a row, and the moment at which they may go on

    def rest_of(self, person: PersonId) -> float:
        """Seconds until their next turns."""
        return max(0.0, self._of.get(person, (0, 0.0))[1] - time.monotonic())

    def went_on(self, person: PersonId) -> None:
        """They had another few turns, and there are more to come."""
        turns = self._of.get(person, (0, 0.0))[0] + IN_A_ROW
        self._of[person] = turns, time.monotonic() + (IN_A_ROW * APART if turns >= PLENTY else 0.0)

    def over(self, person: PersonId) -> None:
        self._of.pop(person, None)

    def forget(self) -> None:
        """Whose turns another process has gone on taking."""
        long_ago = time.monotonic() - STALLED
        self._of = {person: (turns, at) for person, (turns, at) in self._of.items() if at > long_ago}


class Cluster:
    """One process of several. With `workers_only` it takes turns, and neither listens, sends nor looks at the clock."""

    def __init__(self, house: House, url: str, *, workers_only: bool = False) -> None:
        self._house = house
        self._doors = [] if workers_only else house.doors
        self._workers_only = workers_only
        self._app = app_for(url)
        self._turn_job = self._app.task(name="turn", queue=TURNS, pass_context=True)(self._turn)
        self._letters_job = self._app.task(name="letters")(self._letters)
        self._take = showing(house.manager.take, house.store, house.doors)
        self._places = Places(BUSY)
        self._intake = Intake(house.manager, house.library, self._call, house.may, house.tally)
        self._senders: dict[str, Sender] = {}  # of the accounts that are ours
        self._to_tell: dict[str, asyncio.Task[None]] = {}  # platforms whose sender, in another process, is being told
        self._to_call: asyncio.Queue[tuple[PersonId, bool]] = asyncio.Queue()
        self._called: dict[PersonId, float] = {}
        self._floods = Floods()
        self._running: set[int | None] = set()  # jobs that this process takes turns for just now
        self._workers: set[int | None] = set()  # the names under which Procrastinate knows this process

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set, and then to an orderly end. Raises Refused when a platform will have none of us, StoreDown at the start."""
        threads()
        async with self._open():
            working = [asyncio.create_task(self._kept_on(run, what)) for run, what in ((self._work, "turns"), (self._tidy, "left jobs"))]
            roles = [asyncio.create_task(self._account(door)) for door in self._doors]
            if not self._workers_only:
                roles.append(asyncio.create_task(self._role("clock", self._clock)))
            try:
                await until(stop, [*working, *roles])
            finally:
                await ended(working)
                await asyncio.gather(*self._to_tell.values(), return_exceptions=True)
                with suppress(TimeoutError):
                    async with asyncio.timeout(DRAIN):
                        for sender in self._senders.values():
                            sender.wake()
                        await asyncio.gather(*(sender.drained() for sender in self._senders.values()))
                await ended(roles)
                for door in self._house.doors:
                    with suppress(Exception):
                        await door.close()

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[None]:
        try:
            await self._app.open_async()
            await made(self._app, self._house.store)
        except (ProcrastinateException, *AWAY):
            raise StoreDown(
                "the database of BROKERCOACH_DATABASE does not answer; check that PostgreSQL runs and lets this user in"
            ) from None
        try:
            yield
        finally:
            await self._app.close_async()

    # --- turns

    async def _call(self, person: PersonId, *, again: bool = False, rest: float = 0.0) -> None:
        """A job for this person, not before `rest` seconds, unless one waits already. What waits is stored by now, so the sweep makes a
        job that cannot be made.
        """
        job = self._turn_job.configure(
            lock=person, queueing_lock=person, schedule_in={"milliseconds": round(1000 * rest)} if rest > 0 else None
        )
        try:
            await job.defer_async(person=person, again=again)
        except AlreadyEnqueued:
            pass
        except AWAY as error:
            log.warning("a turn could not be called (%s); the sweep will call it", type(error).__name__)

    async def _work(self) -> None:
        await self._app.run_worker_async(
            queues=[TURNS],
            concurrency=AT_ONCE,
            install_signal_handlers=False,
            fetch_job_polling_interval=LOOK,  # nobody tells of a job whose rest is over
            shutdown_graceful_timeout=DRAIN,
            delete_jobs="always",
            update_heartbeat_interval=STALLED / 3,
            stalled_worker_timeout=float(STALLED),
        )

    async def _turn(self, context: JobContext, person: str, again: bool = False) -> None:
        whose = PersonId(person)
        again = again or context.job.attempts > 0
        self._running.add(context.job.id)
        self._workers.add(context.job.worker_id)
        more = False
        try:
            more = self._floods.rest_of(whose) > 0 or await self._some(whose, again)
        except Exception as error:  # noqa: BLE001 - nothing has changed, and the sweep calls it again
            level = logging.WARNING if isinstance(error, StoreDown) else logging.ERROR
            log.log(level, "a turn failed and is called again: %s at %s", type(error).__name__, origin(error))
        finally:
            self._running.discard(context.job.id)
        if more:
            await self._call(whose, again=again, rest=self._floods.rest_of(whose))

    async def _some(self, person: PersonId, again: bool) -> bool:
        """Takes a few turns of this person; whether there are more."""
        loop = asyncio.get_running_loop()
        for _ in range(IN_A_ROW):
            begun = loop.time()
            took = await self._places.seated(lambda: self._take(person, again=again))
            if took:
                self._house.tally.took(loop.time() - begun)
                self._tell_senders()
            if took in (Took.NOTHING, Took.LAST):  # what came in behind it has a job of its own
                self._floods.over(person)
                return False
        self._floods.went_on(person)
        return True

    async def _tidy(self) -> None:
        """A job of ours that ended while the database was away stands in the way of its person's next one, and we are too much alive for
        it to count as stalled: what is seen twice as running here, and is not, is taken away, and its person called anew.
        """
        seen: set[int | None] = set()
        while True:
            jobs = [
                job for worker in self._workers for job in await self._app.job_manager.list_jobs_async(status="doing", worker_id=worker)
            ]
            left = [job for job in jobs if job.queue == TURNS and job.id not in self._running]
            for job in left:
                if job.id in seen:
                    await self._app.job_manager.finish_job(job, status=Status.FAILED, delete_job=True)
                    await self._call(PersonId(str(job.task_kwargs["person"])), again=True)
            seen = {job.id for job in left}
            self._floods.forget()
            await asyncio.sleep(STALLED / 3)

    def _tell_senders(self) -> None:
        platforms = [door.platform for door in self._house.doors] or ["telegram", "slack"]  # a worker need not know what is configured
        for platform in platforms:
            if sender := self._senders.get(platform):
                sender.wake()
                continue
            if platform not in self._to_tell:
                self._to_tell[platform] = asyncio.create_task(self._tell(platform))

    async def _tell(self, platform: str) -> None:
        """Once for all turns that end within a moment."""
        await asyncio.sleep(TOLD)
        del self._to_tell[platform]
        queue = _letters_of(platform)
        with suppress(AlreadyEnqueued, *AWAY):  # the sender looks by itself too, later
            await self._letters_job.configure(queue=queue, queueing_lock=queue).defer_async(platform=platform)

    async def _letters(self, platform: str) -> None:
        if sender := self._senders.get(platform):
            sender.wake()

    # --- roles, each held by one process

    async def _account(self, door: Door) -> None:
        async def run() -> None:
            sender = self._senders[door.platform] = Sender(door, self._house.store, self._house.clock, self._house.tally)
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(sender.run())
                    group.create_task(listen(door, self._intake.through(door)))
                    group.create_task(self._kept_on(lambda: self._hear_of_letters(door), "letters"))
            finally:
                del self._senders[door.platform]

        await self._role(f"account {door.platform}", run)

    async def _hear_of_letters(self, door: Door) -> None:
        await self._app.run_worker_async(queues=[_letters_of(door.platform)], install_signal_handlers=False, delete_jobs="always")

    async def _clock(self) -> None:
        rounds = Rounds(self._house.store, self._house.clock, self._wake, self._was_called)
        async with asyncio.TaskGroup() as group:
            group.create_task(rounds.run())
            group.create_task(self._call_out())
            group.create_task(housekeeping(self._house.manager))
            group.create_task(self._kept_on(self._revive, "stalled jobs"))

    def _wake(self, person: PersonId, *, again: bool = False) -> None:
        self._called[person] = asyncio.get_running_loop().time()
        self._to_call.put_nowait((person, again))

    def _was_called(self, person: PersonId) -> bool:
        return asyncio.get_running_loop().time() - self._called.get(person, -CALLED) < CALLED

    async def _call_out(self) -> None:
        while True:
            person, again = await self._to_call.get()
            await self._call(person, again=again)
            if self._to_call.empty():
                now = asyncio.get_running_loop().time()
                self._called = {who: at for who, at in self._called.items() if now - at < CALLED}

    async def _revive(self) -> None:
        """The jobs of a process that died stand in the way of their people's next ones: each is taken away, and its person called anew."""
        while True:
            for job in await self._app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED):
                await self._app.job_manager.finish_job(job, status=Status.FAILED, delete_job=True)
                if job.task_name == self._turn_job.name:
                    await self._call(PersonId(str(job.task_kwargs["person"])), again=True)
            await asyncio.sleep(STALLED / 3)

    async def _role(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        """Runs while the claim is ours, and waits for it while it is not. Raises what `run` raises."""
        claim = self._house.store.claim(name)
        while True:
            ours = False
            with suppress(StoreDown):
                ours = await asyncio.to_thread(claim.take)
            if not ours:
                await asyncio.sleep(LOOK)
                continue
            running = asyncio.ensure_future(run())
            try:
                while not running.done() and await asyncio.to_thread(claim.held):
                    await asyncio.wait([running], timeout=LOOK)
                if running.done():
                    _raise_plainly(running)
                log.warning("the role %s was lost with the connection to the database", name)
            finally:
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)
                await asyncio.to_thread(claim.drop)

    async def _kept_on(self, run: Callable[[], Awaitable[Any]], what: str) -> None:
        """Runs it again whenever the database was lost underneath; not when it was told to end, whatever it says to that: a worker that is
        cancelled signs off first, and when the database is away it raises that instead.
        """
        while True:
            how = "ended"
            try:
                await run()
            except Exception as error:  # noqa: BLE001 - Procrastinate lets through whatever its database driver raises
                how = f"stopped ({type(error).__name__})"
            if _to_end():
                raise asyncio.CancelledError
            log.warning("%s %s and begin again", what, how)
            await asyncio.sleep(LOOK)


def _letters_of(platform: str) -> str:
    return f"letters {platform}"


def _to_end() -> bool:
    """Whether the task that asks was cancelled."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _raise_plainly(done: asyncio.Future[None]) -> None:
    """One error rather than a group of one."""
    try:
        done.result()
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from None


async def made(app: App, store: Store) -> None:
    """Makes Procrastinate's tables if they are not there; one process does, the others wait."""
    claim = store.claim("tables of procrastinate")
    while not await asyncio.to_thread(claim.take):  # noqa: ASYNC110 - the other one tells nobody
        await asyncio.sleep(LOOK / 5)
    try:
        there = await app.connector.execute_query_one_async("SELECT to_regclass('procrastinate_jobs') IS NOT NULL AS there")
        if not there["there"]:
            await app.schema_manager.apply_schema_async()
    finally:
        await asyncio.to_thread(claim.drop)

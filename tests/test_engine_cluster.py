"""Several processes on one PostgreSQL: turns in order and once, one voice for an account, and one takes over from another that died."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from datetime import time as clock_time
from typing import Any

import pytest
from harness import BOTH, ROUND, Program, Stage, stage
from postgres import Server, serving
from procrastinate.exceptions import ConnectorException
from strikes import database_killed, one_of_two_killed

from bot.cluster import IN_A_ROW, app_for
from bot.engine import APART, PLENTY
from bot.model import Rhythm
from storage.store import Store


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


@asynccontextmanager
async def two(on: Stage, *args: str) -> AsyncIterator[tuple[Program, Program]]:
    """Two processes; the second with `args`."""
    async with on.served(**BOTH) as first, on.served(*args, **BOTH) as second:
        yield first, second


def test_without_postgresql_several_processes_are_refused_in_words(home: Any) -> None:
    for ran in (home.run("serve", "--workers-only"), home.run("serve", BROKERCOACH_CLUSTER="true")):
        assert ran.code == 1
        assert "several processes need PostgreSQL" in ran.err


async def test_two_processes_keep_the_order_and_double_nothing(home: Any, server: Server) -> None:
    async with stage(home, server.database(), slim=True) as on:
        on.welcome(range(100, 120))
        async with two(on) as (first, second):
            for chat in on.rounds:
                on.says_a_round(chat)
            await on.dealt_with()
            turns = [(await program.get("/metrics"))[1] for program in (first, second)]
        reckoning = on.reckoning()
    assert reckoning.holds(), reckoning
    assert reckoning.sent_twice == reckoning.uncertain == 0
    assert all("brokercoach_turn_seconds_count 0.0" not in each for each in turns), "both took turns"


async def test_a_worker_takes_turns_and_nothing_else(home: Any, server: Server) -> None:
    async with stage(home, server.database(), slim=True) as on:
        on.welcome(range(100, 110))
        async with two(on, "--workers-only") as (_, worker):
            for chat in on.rounds:
                on.says_a_round(chat)
            await on.dealt_with()
            _, metrics = await worker.get("/metrics")
        reckoning = on.reckoning()
    assert reckoning.holds(), reckoning
    assert 'what="sent"' not in metrics
    assert 'what="accepted"' not in metrics


async def test_row_49_of_two_processes_on_one_database_everybody_is_reminded_once(home: Any, server: Server) -> None:
    async with stage(home, server.database(), slim=True) as on:
        on.welcome(range(100, 130), rhythm=Rhythm(clock_time(9, 0), workdays=tuple(range(7))))
        with closing(Store.open(on.url, home.key)) as store:
            for person in store.people():
                store.set_due(person.id, "reminder", "", datetime.now(UTC))
            async with two(on):
                await on.until_heard(30, 60)
                await on.dealt_with()
            later = [row.at for person in store.people() for row in store.due_of(person.id) if row.kind == "reminder"]
    assert [on.arrived(who) for who in on.rounds] == [1] * 30
    assert len(later) == 30
    assert min(later) > datetime.now(UTC), "each falls due again another day"


async def test_whoever_floods_takes_turns_apart_in_a_cluster_too_and_is_answered_in_full_while_others_are_not_held_up(
    home: Any, server: Server
) -> None:
    floods, other, rounds = 100, 101, 8
    async with stage(home, server.database(), slim=True) as on:
        on.welcome([floods, other])
        async with on.served(**BOTH):
            begun = time.monotonic()
            for _ in range(rounds):
                on.says_a_round(floods)
            await on.fake.until(lambda: len(on.fake.texts(floods)) >= 2, 120)
            on.says_a_round(other)
            await on.fake.until(lambda: len(on.fake.texts(other)) >= 2, 120)
            assert on.waits().get("inbox", 0) >= len(ROUND), "the other one waited for the whole flood"
            async with asyncio.timeout(120):
                while on.waits().get("inbox"):  # noqa: ASYNC110 - the database tells nobody
                    await asyncio.sleep(0.05)
            took = time.monotonic() - begun  # of the turns; their letters go on leaving, one a second
        reckoning = on.reckoning()
    assert (reckoning.lost, reckoning.doubled, reckoning.disordered, reckoning.set_aside) == (0, 0, 0, 0), reckoning
    assert took >= (rounds * len(ROUND) - PLENTY - IN_A_ROW) * APART


async def test_the_second_takes_over_when_the_first_is_killed(home: Any, server: Server) -> None:
    async with stage(home, server.database(), slim=True) as on:
        on.welcome(range(100, 110))
        async with two(on) as (first, _):
            for chat in on.rounds:
                on.says_a_round(chat)
            await on.fake.until(lambda: len(on.fake.sent) >= 5, 120)
            first.kill()
            await first.ended()
            on.fake.hang_up()
            for chat in on.rounds:
                on.says_a_round(chat)
            await on.dealt_with(150)
        reckoning = on.reckoning()
    assert reckoning.holds(), reckoning


async def test_of_two_processes_one_is_killed_again_and_again_and_nothing_is_lost_or_doubled(home: Any, server: Server) -> None:
    async with stage(home, server.database(), slim=True, slack=True, aimed=0.5, pause=2.0) as on:
        on.welcome([*range(100, 110), *(f"U{n}" for n in range(10))])
        reckoning = await one_of_two_killed(on, 4, random.Random(20260302))  # noqa: S311 - to be repeated exactly
    assert reckoning.holds(), reckoning


@pytest.mark.parametrize("together", [True, False])
async def test_row_33_a_database_that_is_killed_under_load_loses_and_doubles_nothing(home: Any, together: bool) -> None:
    with serving() as server:
        async with stage(home, server.database(), slim=True, aimed=1.0) as on:
            on.welcome(range(100, 110))
            reckoning = await database_killed(on, server, 3, random.Random(7), **(BOTH if together else {}))  # noqa: S311 - to be repeated
    assert reckoning.holds(), reckoning


async def test_a_process_whose_database_stays_away_takes_its_roles_up_again_once_it_is_back(home: Any) -> None:
    with serving() as server:
        async with stage(home, server.database(), slim=True) as on:
            on.welcome(range(100, 105))
            async with on.served(**BOTH) as program:
                for chat in on.rounds:
                    on.says_a_round(chat)
                await on.until_heard(2, 60)
                await asyncio.to_thread(server.kill)
                await program.warned("turns stopped", 2)  # by then everything else that asks for the database has given up once, too
                await asyncio.to_thread(server.start)
                for chat in on.rounds:
                    on.says_a_round(chat)
                await on.dealt_with()
            reckoning = on.reckoning()
    assert reckoning.holds(), reckoning


async def test_a_database_that_was_away_for_long_is_found_again_by_the_next_who_asks() -> None:
    with serving() as server:
        app = app_for(server.database())
        async with app.open_async():
            await asyncio.to_thread(server.kill)
            for _ in range(4):  # by now a pool that asks ever more seldom leaves ten seconds and more between two tries
                with pytest.raises(ConnectorException):
                    await app.check_connection_async()
            await asyncio.to_thread(server.start)
            await app.check_connection_async()


async def test_a_process_whose_database_is_away_ends_when_it_is_told_to(home: Any) -> None:
    with serving() as server:
        async with stage(home, server.database(), slim=True) as on:
            on.welcome([100])
            async with on.served(**BOTH) as program:
                on.says_a_round(100)
                await on.until_heard(1, 60)
                await asyncio.to_thread(server.kill)
                assert await program.terminated() == 0


async def test_a_second_one_on_the_same_database_is_refused_also_after_the_database_was_killed(home: Any) -> None:
    with serving() as server:
        async with stage(home, server.database(), slim=True) as on:
            on.welcome([100])
            async with on.served():
                on.says_a_round(100)
                await on.until_heard(1, 60)
                await asyncio.to_thread(server.kill)
                await asyncio.to_thread(server.start)
                await on.dealt_with()
                second = on.start()
                try:
                    await second.warned("another `brokercoach serve` runs on this database")
                finally:
                    second.kill()
                    await second.ended()


async def test_whoever_lost_the_right_to_serve_to_another_one_ends(home: Any, server: Server) -> None:
    """Its connection is cut, and the other one is there before it asks again."""
    async with stage(home, server.database(), slim=True) as on:
        with closing(Store.open(on.url, home.key)) as store:
            other = store.claim("serving")
            async with on.served() as program:
                while not other.take():
                    on.count("pg_locks", "count(pg_terminate_backend(pid)) FILTER (WHERE locktype = 'advisory')")
                assert await program.ended() == 1
                assert "another `brokercoach serve` runs on this database" in "".join(program.err)
            other.drop()

"""100,000 people for whom a reminder is due: how long it takes to find the next of them, how fast their turns are taken, and at which pace
the letters arrive at Telegram.
"""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_left
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time
from typing import Any

from measuring import Ground, took

DUE = 100_000
WATCHED = 30.0  # seconds; the rest would only take longer at the same pace


def measured(ground: Ground) -> dict[str, Any]:
    return asyncio.run(_measured(ground))


async def _measured(ground: Ground) -> dict[str, Any]:
    from harness import stage

    from bot.pace import LIMITS
    from storage.store import Store

    async with stage(ground.home("due")) as on:
        store = Store.open(on.url, on.home.key)
        await asyncio.to_thread(_crowded, store)
        now = datetime.now(UTC)
        select = sorted(took(lambda: store.due(now)) for _ in range(20))
        store.close()
        async with on.served():
            await on.until_heard(30, 300)
            letters, begun = await asyncio.to_thread(on.count, "outbox"), time.perf_counter()
            await asyncio.sleep(WATCHED)
            drained = (await asyncio.to_thread(on.count, "outbox") - letters) / (time.perf_counter() - begun)
        arrived = [letter["at"] for letter in on.fake.sent][30:]
    pace = LIMITS["telegram"].overall.rate
    return {
        "nudges": {
            "due": DUE,
            "select_ms": round(select[len(select) // 2] * 1000, 2),
            "drain_per_s": round(drained, 1),
            "arrived_per_s": round((len(arrived) - 1) / (arrived[-1] - arrived[0]), 2),
            "most_in_a_second": max(bisect_left(arrived, first + 1) - n for n, first in enumerate(arrived)),
            "pace": pace,
        }
    }


def _crowded(store: Any) -> None:
    """Past `enrol`, which is a transaction for each person."""
    from bot.model import Person, PersonId, Rhythm
    from storage import clock, people
    from storage.database import HOUSE

    now = datetime.now(UTC)
    rhythm = Rhythm(clock_time(15, 0))
    for thousand in range(DUE // 1000):
        with store._database.writing(HOUSE) as connection:
            for n in range(1000):
                who = str(1_000_000 + thousand * 1000 + n)
                person = Person(PersonId(who), zone="Africa/Nairobi", welcomed=True, onboarded=True, rhythm=rhythm)
                people.enrol(connection, store._vault, "telegram", who, person, now)
                clock.put(connection, clock.DueRow(PersonId(who), "reminder", "", now - timedelta(milliseconds=DUE - thousand * 1000 - n)))

"""Many people at once, in Telegram and in Slack, before one real program. benchmarks/crowd.py does the same with two hundred."""

from __future__ import annotations

import asyncio

from crowd import crowd, people


async def test_twenty_four_people_on_two_platforms_and_a_flood_lose_nothing_double_nothing_and_keep_their_order(home):
    async with crowd(home, slim=True) as them:
        everybody, flooder = people(24), ("telegram", "7777")
        them.welcome([*everybody, flooder])
        async with them.served():
            await asyncio.gather(them.floods(flooder, rounds=6, rate=20), *(them.reflects(who) for who in everybody))
            await them.all_decided()
        counted = them.count()

    assert counted.holds(), counted
    assert all(them.heard[who] >= 5 for who in everybody)

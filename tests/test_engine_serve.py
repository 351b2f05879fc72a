"""The real program serves a Bot API on loopback: what it says of itself, how it ends, and that kill -9 takes nothing."""

from __future__ import annotations

import json
import os
import random
import time

import pytest
from fake_telegram import TOKEN, refusal
from harness import stage
from strikes import killed

from bot.serving import DRAIN

KILLS = int(os.environ.get("BROKERCOACH_TEST_KILLS", "60"))


def test_with_no_platform_it_says_what_to_set_and_ends(home):
    ran = home.run("serve")
    assert ran.code == 1
    assert "BROKERCOACH_TELEGRAM_TOKEN" in ran.err
    assert "Traceback" not in ran.err


def test_a_list_of_who_may_that_cannot_be_read_is_told(home):
    ran = home.run("serve", BROKERCOACH_TELEGRAM_TOKEN=TOKEN, BROKERCOACH_ALLOWED="ben", BROKERCOACH_PORT="0")
    assert ran.code == 1
    assert "BROKERCOACH_ALLOWED takes platform:address" in ran.err


async def test_it_answers_and_says_how_it_is(home):
    async with stage(home) as on, on.served() as program:
        on.fake.say("hello", 7)
        await on.fake.until(lambda: on.fake.sent, 30)
        assert await program.get("/livez") == (200, "alive\n")
        code, ready = await program.get("/readyz")
        assert code == 200
        assert json.loads(ready)["database"] == "ok"
        assert json.loads(ready)["heard_s"]["telegram"] < 60
        _, metrics = await program.get("/metrics")
        assert 'brokercoach_events_total{platform="telegram",what="accepted"} 1.0' in metrics
        assert "brokercoach_outbox_unsent 0.0" in metrics
        assert '"7"' not in metrics


async def test_a_token_that_telegram_does_not_know_ends_it_at_once_and_is_not_shown(home):
    async with stage(home, slim=True) as on:
        program = on.start(BROKERCOACH_TELEGRAM_TOKEN="999999:" + "x" * 35)
        assert await program.ended() == 1
        assert "x" * 35 not in "".join(program.err)
        assert "BROKERCOACH_TELEGRAM_TOKEN" in "".join(program.err)


async def test_a_second_one_on_the_same_database_is_refused(home):
    async with stage(home, slim=True) as on, on.served():
        second = on.start()
        assert await second.ended() == 1
        assert "another `brokercoach serve` runs on this database" in "".join(second.err)


async def test_row_57_sigterm_ends_twenty_open_conversations_in_order_and_a_restart_answers_the_rest(home):
    async with stage(home, slim=True) as on:
        on.welcome(range(100, 120))
        called = time.monotonic()
        async with on.served() as program:
            start = time.monotonic() - called  # how long things take on this machine at this hour
            for chat in on.rounds:
                on.says_a_round(chat)
            await on.fake.until(lambda: len(on.fake.sent) >= 3, 30)
            begun = time.monotonic()
            assert await program.terminated() == 0
            assert time.monotonic() - begun < 2 * (DRAIN + start), "it waited for more than what was under way"
        on.fake.hang_up()
        async with on.served():
            await on.dealt_with()
        reckoning = on.reckoning()
    assert reckoning.holds(), reckoning
    assert reckoning.sent_twice == 0, reckoning


async def test_somebody_who_blocked_the_bot_is_left_in_peace(home):
    async with stage(home, slim=True) as on, on.served():
        on.fake.faults["sendMessage"].append(refusal(403, "Forbidden: bot was blocked by the user", chat=7))
        on.fake.say("hello", 7)
        await on.fake.until(lambda: on.fake.called("sendMessage"), 30)
        on.fake.say("hello", 8)
        await on.fake.until(lambda: on.fake.texts(8), 30)
        assert on.fake.texts(7) == []
        on.fake.say("I am back", 7)
        await on.fake.until(lambda: on.fake.texts(7), 30)


async def test_killing_it_again_and_again_loses_nothing_doubles_nothing_and_keeps_the_order(home):
    async with stage(home, slack=True, slim=True, aimed=0.5, pause=2.0) as on:
        on.welcome([*range(100, 140), *(f"U{n}" for n in range(40))])
        reckoning = await killed(on, KILLS, random.Random(20260302))  # noqa: S311 - to be repeated exactly
    assert reckoning.holds(), reckoning
    assert reckoning.messages > KILLS * 5, "too little was said to prove anything"


@pytest.mark.parametrize("port", ["1"])
async def test_a_port_that_cannot_be_had_is_told(home, port):
    if os.geteuid() == 0:
        pytest.skip("root may listen anywhere")
    async with stage(home) as on:
        program = on.start(BROKERCOACH_PORT=port)
        assert await program.ended() == 1
        assert "choose another BROKERCOACH_PORT" in "".join(program.err)

"""The door to Telegram, against a Bot API on loopback with a script of faults: nothing is lost, nothing is taken twice, nothing leaks.

Rows are those of the table of faults in docs/telegram.md.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import random
import signal
import sqlite3
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port
from conftest import waiting
from fake_telegram import TOKEN, FakeTelegram, Fault, flood, person, refusal, telegram
from hypothesis import given, settings
from hypothesis import strategies as st
from passages import Silent

from adapters.telegram import Telegram, base_url
from adapters.telegram_checkup import checkup, fits
from adapters.telegram_intake import FORGED, read
from adapters.telegram_text import JOINER
from bot.doctor import examine
from bot.door import Later, NotSent, Refused, Unreachable
from bot.hearing import heard
from bot.manager import Manager
from bot.model import Choice, Inbound, Letter, Message, Person, PersonId
from bot.parts import Blotted, set_up_logging
from bot.sending import Sender
from bot.settings import Settings
from prompts.library import load_library
from storage.store import Store, StoreDown

LIBRARY = load_library()
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
PROJECT = Path(__file__).parent.parent
KILLS, PER_LIFE = int(os.environ.get("BROKERCOACH_TEST_KILLS", "25")), 12  # notes that come with each life


@dataclass
class Taken:
    """What was accepted, once by its key as a store would; may be told to fail."""

    all: list[Inbound] = field(default_factory=list)
    fails: int = 0
    refuses: str | None = None

    async def __call__(self, inbound: Inbound) -> None:
        if self.fails:
            self.fails -= 1
            raise StoreDown("the disk is full")
        if inbound.text == self.refuses:
            raise StoreDown("this one alone")
        if inbound.key not in {taken.key for taken in self.all}:
            self.all.append(inbound)

    @property
    def texts(self) -> list[str]:
        return [inbound.text for inbound in self.all]


@dataclass
class Waits:
    """Stands for sleeping: writes down for how long, and comes back at once."""

    seconds: list[float] = field(default_factory=list)

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        await asyncio.sleep(0)


@asynccontextmanager
async def door(fake: FakeTelegram, **more: Any) -> AsyncIterator[Telegram]:
    made = Telegram(more.pop("token", TOKEN), LIBRARY.words, **({"api": fake.base, "poll": 1, "patience": 5, "sleep": Waits()} | more))
    try:
        yield made
    finally:
        await made.close()


@asynccontextmanager
async def listening(fake: FakeTelegram, accept: Any = None, **more: Any) -> AsyncIterator[tuple[Telegram, Taken]]:
    taken = accept or Taken()
    async with door(fake, **more) as made:
        task = asyncio.create_task(made.listen(taken))
        try:
            yield made, taken
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


def letter(text: str = "Hello", key: str = "k1", chat: str = "7", **more: Any) -> Letter:
    return Letter(key, "telegram", chat, Message("reply", text, **more))


def inbound(update: dict[str, Any]) -> Inbound | None:
    known = read({"update_id": 1, **update}, NOW, b"salt")
    assert known
    return known[1]


# --- what comes in


async def test_messages_edits_and_presses_come_in_order_and_an_edit_names_its_message():
    async with telegram() as fake:
        fake.say("first")
        second = fake.say("secnd")
        fake.edit(second, "second")
        fake.press("do:reflect")
        async with listening(fake) as (_, taken):
            await fake.until(lambda: len(taken.all) == 4)

    first, said, edited, pressed = taken.all
    assert (first.text, said.text, edited.text, pressed.press) == ("first", "secnd", "second", "do:reflect")
    assert edited.edits == said.key
    assert len({one.key for one in taken.all}) == 4
    assert {one.address for one in taken.all} == {"7"}


async def test_a_press_ends_the_buttons_waiting_and_takes_the_buttons_away():
    async with telegram() as fake:
        fake.press("do:reflect")
        async with listening(fake):
            await fake.until(lambda: fake.called("editMessageReplyMarkup") and fake.called("answerCallbackQuery"))

    assert "reply_markup" not in fake.called("editMessageReplyMarkup")[0]


async def test_what_was_pressed_stays_below_its_question_with_all_its_marks(caplog):
    async with telegram() as fake, listening(fake) as (made, taken):
        await made.send(letter("Which one?", choices=(Choice("do:x", "The water.example group"), Choice("do:y", "Another"))))
        [asked] = fake.sent
        fake.faults["answerCallbackQuery"] = [refusal(400, "Bad Request: query is too old")]
        fake.press("do:x", on=asked)
        await fake.until(lambda: taken.all and fake.called("editMessageText"))

    assert asked["shown"].replace(JOINER, "") == "Which one?\n\n✓ The water.example group"
    assert JOINER in asked["shown"]
    assert (asked["buttons"], [mark["type"] for mark in asked["entities"]]) == ([], ["expandable_blockquote"])


async def test_nothing_is_confirmed_before_it_is_stored():
    async with telegram() as fake:
        for n in range(5):
            fake.say(f"note {n}")
        async with listening(fake, Taken(fails=3)) as (made, taken):
            await fake.until(lambda: len(taken.all) == 5 and not fake.updates)
            waits = made._sleep.seconds

    assert taken.texts == [f"note {n}" for n in range(5)]
    assert waits[:3] == [1, 2, 4]


async def test_one_persons_message_that_cannot_be_stored_holds_up_nobody_else():
    async with telegram() as fake:
        fake.say("poison", chat=7)
        fake.say("after it", chat=7)
        fake.say("good", chat=8)
        async with listening(fake, Taken(refuses="poison")) as (_, taken):
            await fake.until(lambda: "good" in taken.texts)
            assert "after it" not in taken.texts
            await fake.until(lambda: not fake.updates)

    assert taken.texts == ["good", "after it"]


async def test_who_writes_much_at_once_keeps_nobody_waiting_who_writes_little():
    async with telegram() as fake:
        for n in range(30):
            fake.say(f"flood {n}", chat=7)
        fake.say("one", chat=8)
        fake.say("two", chat=8)
        taken = Taken()

        async def slowly(inbound: Inbound) -> None:
            await asyncio.sleep(0)
            await taken(inbound)

        async with listening(fake, slowly):
            await fake.until(lambda: not fake.updates)

    assert {"one", "two"} <= set(taken.texts[:6])
    assert [text for text in taken.texts if "flood" in text] == [f"flood {n}" for n in range(30)]


async def test_an_update_of_an_unknown_shape_is_passed_over():
    async with telegram() as fake:
        fake.add({"message": {"message_id": "x", "chat": "nonsense"}})
        fake.add({"thought": {"of": "the future"}})
        fake.say("still here")
        async with listening(fake) as (_, taken):
            await fake.until(lambda: taken.texts == ["still here"] and not fake.updates)


# Imports once, and then lives a life of the intake for each line: forked, so that a life costs no start.
LIVES = """
import asyncio, os, sys
from datetime import UTC, datetime
from pathlib import Path
from adapters.telegram import Telegram, base_url
from adapters.telegram_checkup import checkup
from bot.manager import Manager
from prompts.library import load_library
from storage.store import Store
api, token, home = sys.argv[1:]
library = load_library()
for _ in sys.stdin:
    if not (life := os.fork()):
        store = Store.open(f"sqlite:///{home}/db", Path(home) / "key")
        manager = Manager(library, store, lambda: None, lambda: datetime.now(UTC))
        asyncio.run(Telegram(token, library.words, api=api, poll=1).listen(manager.accept))
    print(life, flush=True)
    os.waitpid(life, 0)
"""


@asynccontextmanager
async def lives(fake: FakeTelegram, home: Path, bytecode: Path) -> AsyncIterator[Any]:
    """A call that begins a life of the intake in a process of its own, once the one before is over, and gives its number."""
    env = {"PYTHONPATH": str(PROJECT), "PYTHONPYCACHEPREFIX": str(bytecode), "PATH": "/usr/bin:/bin"}
    pipe = asyncio.subprocess.PIPE
    mother = await asyncio.create_subprocess_exec(
        sys.executable, "-c", LIVES, fake.base, TOKEN, str(home), env=env, stdin=pipe, stdout=pipe
    )

    async def begin() -> int:
        mother.stdin.write(b"\n")
        return int(await asyncio.wait_for(mother.stdout.readline(), 60))

    try:
        yield begin
    finally:
        with suppress(ProcessLookupError):
            mother.kill()
        await mother.wait()


async def test_row_1_killed_between_taking_and_storing_nothing_is_lost_and_each_is_kept_once(tmp_path, bytecode):
    """SIGKILL at random moments of the intake; the real store, the real adapter, in processes of their own."""
    chance, written, amid = random.Random(20260302), 0, 0  # noqa: S311
    async with telegram() as fake, lives(fake, tmp_path, bytecode) as begin:
        for kill in range(KILLS + 1):
            for _ in range(PER_LIFE):
                fake.say(f"note {written}", chat=7 + written % 3)
                written += 1
            asked, life = len(fake.called("getUpdates")), await begin()
            try:
                if kill == KILLS:
                    await fake.until(lambda: not fake.updates, 60)
                else:
                    await fake.until(lambda: len(fake.called("getUpdates")) > asked, 60)  # noqa: B023 - used at once
                    await asyncio.sleep(chance.uniform(0.0, 0.15))  # about as long as it takes to store them all
            finally:
                os.kill(life, signal.SIGKILL)
            amid += rows(tmp_path / "db") < written
            fake.hang_up()

    store = Store.open(f"sqlite:///{tmp_path}/db", tmp_path / "key")
    try:
        kept = [waiting(store, key) for key, _ in store.pending()]
    finally:
        store.close()
    assert sorted(one.text for one in kept) == sorted(f"note {n}" for n in range(written))
    for chat in ("7", "8", "9"):
        numbers = [int(one.text.split()[1]) for one in kept if one.address == chat]
        assert numbers == sorted(numbers)
    assert amid, "no life ended while there was something to lose"


def rows(database: Path) -> int:
    """Of messages that were stored, whoever has the database open or had."""
    with closing(sqlite3.connect(database)) as connection, suppress(sqlite3.OperationalError):  # before the first life made the table
        return int(connection.execute("SELECT count(*) FROM inbox").fetchone()[0])
    return 0


async def test_row_2_an_update_that_is_delivered_twice_has_one_effect_and_one_reply(tmp_path):
    store = Store.open(f"sqlite:///{tmp_path}/db", tmp_path / "key")
    manager = Manager(LIBRARY, store, Silent, lambda: NOW)
    async with telegram() as fake:
        message = fake.message("hello")
        for _ in range(3):
            fake.add({"message": message}, update_id=77)
        async with listening(fake, manager.handle) as (made, _):
            await fake.until(lambda: not fake.updates)
            await manager.deliver("telegram", made.send)
        fake.add({"message": message}, update_id=77)
        async with listening(fake, manager.handle) as (made, _):
            await fake.until(lambda: not fake.updates)
            await manager.deliver("telegram", made.send)
    store.close()

    assert len(fake.texts()) == 1


async def test_row_3_update_ids_that_begin_anew_lower_are_taken_all_the_same():
    async with telegram() as fake:
        fake.add({"message": fake.message("before the quiet week")}, update_id=500)
        async with listening(fake, poll=0) as (_, taken):
            await fake.until(lambda: len(taken.all) == 1 and not fake.updates)
            before = len(fake.called("getUpdates"))
            await fake.until(lambda: len(fake.called("getUpdates")) > before + 2)  # asked, and told of nothing
            fake.add({"message": fake.message("after it")}, update_id=17)
            fake.add({"message": fake.message("and on")}, update_id=18)
            await fake.until(lambda: len(taken.all) == 3 and not fake.updates)

    assert taken.texts == ["before the quiet week", "after it", "and on"]


# --- the webhook


@asynccontextmanager
async def hooked(fake: FakeTelegram, accept: Any = None, **more: Any) -> AsyncIterator[tuple[Any, Taken, dict[str, str]]]:
    """A post to the webhook, what was taken, and the right header."""
    async with listening(fake, accept, webhook="https://coach.example/tg/hook", **more) as (made, taken):
        app = web.Application()
        app.add_routes(made.routes())
        async with TestServer(app, host="127.0.0.1") as server, httpx.AsyncClient(base_url=str(server.make_url(""))) as client:
            await fake.until(lambda: fake.webhook)

            async def post(content: bytes | str, headers: Any = None) -> int:
                return (await client.post("/tg/hook", content=content, headers=headers)).status_code

            yield post, taken, {"X-Telegram-Bot-Api-Secret-Token": fake.webhook["secret_token"]}


def update_of(fake: FakeTelegram, text: str) -> bytes:
    fake.say(text)
    return web.json_response(fake.updates.pop()).body


async def test_a_webhook_is_set_with_its_secret_and_takes_updates():
    async with telegram() as fake, hooked(fake) as (post, taken, right):
        assert fake.webhook["url"] == "https://coach.example/tg/hook"
        assert await post(update_of(fake, "by the webhook"), right) == 200
        assert taken.texts == ["by the webhook"]


@pytest.mark.parametrize("secret", [None, "chosen-by-the-operator_1"])
async def test_row_4_a_wrong_missing_short_or_strange_secret_is_refused_before_the_body_is_read(secret):
    async with telegram() as fake, hooked(fake, secret=secret) as (post, taken, right):
        (name, value), body = *right.items(), update_of(fake, "let me in")
        assert secret in (None, value)
        for wrong in ("", "x", value[:-1], value + "x", value.upper() + "A", "é".encode(), b"\xff\xfe" * 20):
            assert await post(body, {name: wrong}) == 403
            assert await post(b"{oops", {name: wrong}) == 403
        assert await post(body) == 403
        assert taken.all == []


async def test_the_secret_is_never_taken_when_telegram_would_not_take_it():
    async with telegram() as fake:
        for secret in ("with space", "é", "x" * 257):
            with pytest.raises(Refused, match="BROKERCOACH_TELEGRAM_SECRET"):
                Telegram(TOKEN, LIBRARY.words, api=fake.base, secret=secret)


async def test_malformed_bodies_are_the_senders_fault_and_never_ours():
    bodies = [b"", b"{oops", b"[1,2]", b"null", b"1e400", b'{"update_id": 1e400}', b'{"update_id": true}', b"\xff\xfe", b"[" * 100_000]
    async with telegram() as fake, hooked(fake) as (post, taken, right):
        assert [await post(body, right) for body in bodies] == [400] * len(bodies)
        assert await post(b" " * (5 << 20), right) == 413
        assert await post(b'{"update_id": 5, "message": {"chat": 3}}', right) == 200
        assert await post(update_of(fake, "and still well"), right) == 200
        assert taken.texts == ["and still well"]


async def test_what_could_not_be_stored_is_asked_for_again():
    async with telegram() as fake, hooked(fake, Taken(fails=1)) as (post, taken, right):
        body = update_of(fake, "once more")
        assert await post(body, right) == 503
        assert await post(body, right) == 200
        assert await post(body, right) == 200
        assert taken.texts == ["once more"]


async def test_long_polling_has_no_routes_and_takes_an_old_webhook_off():
    async with telegram() as fake:
        fake.webhook = {"url": "https://old.example"}
        fake.say("hello")
        async with listening(fake) as (made, taken):
            await fake.until(lambda: taken.all)
            assert made.routes() == []
            assert fake.webhook == {}


# --- faults while taking in


async def test_row_7_a_second_poller_is_named_and_outwaited(caplog):
    async with telegram() as fake:
        fake.faults["getUpdates"] = [refusal(409, "Conflict: terminated by other getUpdates request", times=7)]
        fake.say("at last")
        async with listening(fake) as (made, taken):
            await fake.until(lambda: taken.all)
            waits = made._sleep.seconds

    assert waits == [1, 2, 4, 8, 16, 32, 60]
    assert "another program takes in updates with this token" in caplog.text


async def test_a_webhook_that_somebody_set_is_named(caplog):
    async with telegram() as fake:
        fake.faults["getUpdates"] = [refusal(409, "Conflict: can't use getUpdates method while webhook is active")]
        async with listening(fake):
            await fake.until(lambda: len(fake.called("getUpdates")) > 1)

    assert "a webhook is set for this bot" in caplog.text


@pytest.mark.parametrize(("status", "description"), [(401, "Unauthorized"), (404, "Not Found")])
async def test_row_8_a_wrong_token_ends_it_at_once_and_is_not_shown(status, description, caplog, capfd):
    set_up_logging("console")
    async with telegram() as fake, door(fake) as made:
        fake.faults["getMe"] = [refusal(status, description)]
        with pytest.raises(Refused, match="BROKERCOACH_TELEGRAM_TOKEN") as refused:
            await asyncio.wait_for(made.listen(Taken()), 5)

    secret = TOKEN.partition(":")[2]
    assert secret not in "".join(map(str, (refused.value, caplog.text, *capfd.readouterr())))


@pytest.mark.parametrize("token", ["", "nonsense", "12:ab/../x", "12:a b", "12:é"])
def test_a_token_that_cannot_be_one_is_refused_before_anybody_is_asked(token):
    with pytest.raises(Refused, match="BROKERCOACH_TELEGRAM_TOKEN"):
        Telegram(token, LIBRARY.words)


async def test_row_13_telegram_away_for_long_is_outwaited_with_waits_of_at_most_a_minute_and_nothing_is_lost(caplog):
    async with telegram() as fake:
        away = [
            Fault(502, "<html>Bad Gateway</html>", times=3),
            Fault(200, "<html>a hotel's login page</html>"),
            Fault(200, {"ok": True}),
            Fault(200, {"ok": True, "result": {"not": "a list"}}),
            Fault(drop=True, times=3),
            flood(90),
            Fault(500, "", times=2),
        ]
        fake.faults["getMe"] = [Fault(502, "<html>")]
        fake.faults["getUpdates"] = away
        fake.say("the mayor of Xanadu")
        async with listening(fake) as (made, taken):
            await fake.until(lambda: taken.all)
            waits = made._sleep.seconds

    assert taken.texts == ["the mayor of Xanadu"]
    assert waits == [1, 1, 2, 4, 8, 16, 32, 60, 60, 60, 90, 60, 60]
    assert "Telegram cannot be reached" in caplog.text
    assert "all is well again" in caplog.text
    assert TOKEN.partition(":")[2] not in caplog.text
    assert "hotel" not in caplog.text


async def test_a_refused_port_is_outwaited_too(caplog):
    waits = Waits()
    made = Telegram(TOKEN, LIBRARY.words, api=f"http://127.0.0.1:{unused_port()}", sleep=waits)
    task = asyncio.create_task(made.listen(Taken()))
    while len(waits.seconds) < 8:  # noqa: ASYNC110 - until it has tried eight times
        await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await made.close()

    assert waits.seconds[:8] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert "is there a network" in caplog.text
    assert caplog.text.count("cannot be reached") == 1


# --- what goes out


async def test_a_letter_arrives_with_its_buttons_and_without_a_preview():
    async with telegram() as fake, door(fake) as made:
        await made.send(letter("How much is in you?", choices=(Choice("crossing.energy:low", "Low"),)))

    (sent,) = fake.sent
    assert (sent["chat"], sent["shown"]) == (7, "How much is in you?")
    assert sent["buttons"] == [{"text": "1. Low", "callback_data": "crossing.energy:low"}]
    assert sent["raw"]["link_preview_options"] == '{"is_disabled": true}'


async def test_row_5_asked_to_wait_for_one_chat_it_says_so_and_the_others_go_on():
    async with telegram() as fake, door(fake) as made:
        fake.faults["sendMessage"] = [flood(7, chat=7)]
        with pytest.raises(Later) as later:
            await made.send(letter(chat="7"))
        await made.send(letter(key="k2", chat="8"))
        await made.send(letter(chat="7"))

    assert (later.value.seconds, later.value.everybody) == (7, False)
    assert [sent["chat"] for sent in fake.sent] == [8, 7]


async def test_row_5_the_sender_waits_as_long_as_telegram_says_keeps_the_order_and_lets_the_others_pass(tmp_path):
    store = Store.open(f"sqlite:///{tmp_path}/db", tmp_path / "key")
    manager = Manager(LIBRARY, store, Silent, lambda: NOW)
    for chat in ("7", "8"):
        store.enrol("telegram", chat, Person(PersonId(""), zone="Africa/Nairobi", welcomed=True, onboarded=True))
    async with telegram() as fake, listening(fake, manager.handle) as (made, _):
        fake.faults["sendMessage"] = [flood(2, chat=7)]
        for chat, text in ((7, "reflect"), (7, "Low"), (8, "reflect")):
            fake.say(text, chat)
        await fake.until(lambda: not fake.updates)
        sender = asyncio.create_task(Sender(made, store, lambda: NOW).run())
        await fake.until(lambda: fake.called("sendMessage"))
        refused = time.monotonic()
        await fake.until(lambda: len(fake.texts(7)) == 2)
        sender.cancel()
        await asyncio.gather(sender, return_exceptions=True)
    store.close()

    assert [sent["chat"] for sent in fake.sent] == [8, 7, 7]
    assert "Low" in str(fake.sent[1]["buttons"])
    assert "Low" not in str(fake.sent[2]["buttons"])
    assert fake.sent[1]["at"] - refused >= 1.95


async def test_a_letter_of_several_parts_that_was_interrupted_goes_on_where_it_stopped():
    text = "\n\n".join(f"Paragraph {n}. " + "word " * 500 for n in range(6))
    async with telegram() as fake, door(fake) as made:
        await made.send(letter("short", key="other"))
        fake.faults["sendMessage"] = [Fault(times=0), flood(3)]
        with pytest.raises(Later):
            await made.send(letter(text))
        fake.faults["sendMessage"] = []
        await made.send(letter(text))

    assert "".join(fake.texts()[1:]) == text


@pytest.mark.parametrize(
    ("status", "description", "parameters"),
    [
        (403, "Forbidden: bot was blocked by the user", None),
        (403, "Forbidden: user is deactivated", None),
        (400, "Bad Request: chat not found", None),
        (400, "Bad Request: PEER_ID_INVALID", None),
        (400, "Bad Request: group chat was upgraded to a supergroup chat", {"migrate_to_chat_id": -100123}),
    ],
)
async def test_row_6_a_chat_that_is_closed_to_the_bot_is_unreachable(status, description, parameters):
    async with telegram() as fake, door(fake) as made:
        body = {"ok": False, "error_code": status, "description": description} | ({"parameters": parameters} if parameters else {})
        fake.faults["sendMessage"] = [Fault(status, body)]
        with pytest.raises(Unreachable):
            await made.send(letter())
        assert len(fake.called("sendMessage")) == 1
        await made.send(letter())

    assert len(fake.sent) == 1


async def test_nothing_was_sent_where_nobody_could_be_reached():
    made = Telegram(TOKEN, LIBRARY.words, api=f"http://127.0.0.1:{unused_port()}")
    with pytest.raises(NotSent) as fault:
        await made.send(letter())
    await made.close()

    assert type(fault.value) is NotSent


async def test_nothing_was_sent_with_a_token_that_was_taken_back():
    async with telegram() as fake, door(fake) as made:
        fake.token = "1:other"  # noqa: S105
        with pytest.raises(NotSent):
            await made.send(letter())


@pytest.mark.parametrize(
    "fault",
    [
        Fault(drop=True, after=True),
        Fault(502, "<html>Bad Gateway</html>", after=True),
        Fault(500, "", after=True),
        Fault(200, "<html>not json</html>", after=True),
        Fault(200, {"ok": True}, after=True),
    ],
)
async def test_a_letter_whose_answer_was_lost_is_left_uncertain(fault, caplog):
    async with telegram() as fake, door(fake) as made:
        fake.faults["sendMessage"] = [fault]
        with pytest.raises(Exception) as raised:  # noqa: PT011 - anything but the door's three words
            await made.send(letter("the mayor of Xanadu"))

    assert not isinstance(raised.value, NotSent)
    assert len(fake.sent) == 1
    assert "Xanadu" not in f"{raised.value!r}{raised.value.__cause__!r}{caplog.text}"
    assert TOKEN.partition(":")[2] not in f"{raised.value!r}{caplog.text}"


async def test_a_letter_has_arrived_though_the_answer_is_of_a_shape_from_the_future():
    async with telegram() as fake, door(fake) as made:
        fake.faults["sendMessage"] = [Fault(200, {"ok": True, "result": {"message_id": 1, "date": "soon", "chat": "yours"}}, after=True)]
        await made.send(letter())

    assert len(fake.sent) == 1


async def test_a_letter_that_telegram_is_slow_to_take_is_left_uncertain():
    never = asyncio.Event()

    async def hang(_: Any) -> Any:
        await never.wait()

    async with telegram() as fake, door(fake, patience=0.3) as made:
        fake._on_sendmessage = hang
        with pytest.raises(Exception) as raised:  # noqa: PT011
            await made.send(letter())
        never.set()

    assert not isinstance(raised.value, NotSent)


async def test_row_10_markup_that_telegram_does_not_take_is_sent_once_more_as_plain_text():
    async with telegram() as fake, door(fake) as made:
        note = "<b>&*_[x](y)"
        await made.send(letter(note))
        fake.faults["sendMessage"] = [refusal(400, "Bad Request: can't parse entities: unsupported start tag")]
        await made.send(letter(note, key="k2", choices=(Choice("do:ask", "Ask"),)))
        fake.faults["sendMessage"] = [refusal(400, "Bad Request: can't parse entities", times=2)]
        with pytest.raises(Exception):  # noqa: B017, PT011
            await made.send(letter(note, key="k3"))

    assert fake.texts() == [note, note]
    assert "parse_mode" not in fake.sent[1]["raw"]
    assert fake.sent[1]["buttons"]
    assert len(fake.called("sendMessage")) == 5


async def test_a_letter_goes_to_its_topic_or_else_to_the_chat_and_typing_shows_where_the_person_wrote():
    async with telegram() as fake, listening(fake) as (made, taken):
        fake.topics[7, 42] = "Water"
        fake.say("in a topic", **fake.inside(42))
        await fake.until(lambda: taken.all)
        await made.send(letter(key="a", room=taken.all[0].room))
        await made.thinking("7")
        await made.send(letter(key="b", room="7/43"))
        await made.send(letter(key="c"))

    assert [sent["topic"] for sent in fake.sent] == [42, None, None]
    assert fake.called("sendChatAction")[0]["message_thread_id"] == "42"


async def test_the_answer_to_an_edit_or_a_voice_note_hangs_on_that_message_and_the_next_one_on_none():
    async with telegram() as fake, listening(fake) as (made, taken):
        said = fake.say("the mayor was lat")
        fake.say("and then?")
        fake.edit(said, "the mayor was late")
        await fake.until(lambda: len(taken.all) == 3 and not fake.updates)
        fake.faults["sendMessage"] = [flood(3)]
        with pytest.raises(Later):
            await made.send(letter(key="a"))
        await made.send(letter(key="a"))
        await made.send(letter(key="b"))
        spoken = fake.message(voice={**FILE, "duration": 6})
        fake.add({"message": spoken})
        await fake.until(lambda: len(taken.all) == 4 and not fake.updates)
        await made.send(letter(key="c"))
        fake.say("never mind")
        await fake.until(lambda: len(taken.all) == 5 and not fake.updates)
        await made.send(letter(key="d"))

    hangs_on = [json.loads(sent["raw"].get("reply_parameters", "{}")) for sent in fake.sent]
    assert [each.get("message_id") for each in hangs_on] == [said["message_id"], None, spoken["message_id"], None]
    assert hangs_on[0]["allow_sending_without_reply"] is True


async def test_thinking_shows_typing_and_never_raises():
    async with telegram() as fake, door(fake) as made:
        await made.thinking("7")
        fake.faults["sendChatAction"] = [Fault(drop=True), flood(9), Fault(500, "<html>"), refusal(403, "Forbidden")]
        for _ in range(4):
            await made.thinking("7")
    await made.thinking("7")

    assert fake.called("sendChatAction")[0]["action"] == "typing"


# --- presses


async def test_row_11_forged_stale_and_other_peoples_presses_do_nothing(tmp_path):
    store = Store.open(f"sqlite:///{tmp_path}/db", tmp_path / "key")
    manager = Manager(LIBRARY, store, Silent, lambda: NOW)
    async with telegram() as fake, listening(fake, manager.handle) as (made, _):
        fake.say("hello")
        await fake.until(lambda: not fake.updates)
        await manager.deliver("telegram", made.send)
        before = store.gather(store.person_at("telegram", "7").id)
        for number, data in enumerate(["x" * 64, "do:delete-all'; --", "\u202e\x00", "opt:no-card:99", "do:nothing-like-it"]):
            fake.press(data, number=number)
        fake.press("do:reflect", chat=7, by=8)
        await fake.until(lambda: not fake.updates)
        await manager.deliver("telegram", made.send)
        after = store.gather(store.person_at("telegram", "7").id)
    store.close()

    assert after.entries == before.entries
    assert after.person == before.person
    assert len(fake.texts()) == 6
    assert all("earlier question" in text for text in fake.texts()[1:])


@settings(max_examples=100)
@given(st.text(max_size=80))
def test_the_data_of_a_press_is_ours_or_forged(data):
    message = {"message_id": 1, "date": 1, "chat": {"id": 7, "type": "private"}}
    came = inbound({"callback_query": {"id": "1", "from": person(7), "chat_instance": "1", "data": data, "message": message}})

    assert came is not None
    assert came.press == FORGED or (came.press == data and len(data.encode()) <= 64 and data.isascii() and data.isprintable())


# --- what is heard, and what is not


def message(**more: Any) -> dict[str, Any]:
    return {"message": {"message_id": 5, "date": 1_770_000_000, "chat": {"id": 7, "type": "private"}, "from": person(7)} | more}


FILE = {"file_id": "f", "file_unique_id": "u", "file_size": 20_000_000}
PHOTO = {**FILE, "width": 1, "height": 1}
PLACE = {"longitude": 1.0, "latitude": 1.0}
ASKED = {"id": "1", "question": "Who?", "options": [], "total_voter_count": 0, "is_closed": False, "is_anonymous": True}
POLL = ASKED | {"type": "regular", "allows_multiple_answers": False, "allows_revoting": False, "members_only": False}
SENDER = {"type": "hidden_user", "sender_user_name": "K.", "date": 1}


@pytest.mark.parametrize(
    ("brings", "what"),
    [
        ({"voice": {**FILE, "duration": 600}}, "voice"),
        ({"video_note": {**FILE, "duration": 6, "length": 3}}, "voice"),
        ({"document": FILE}, "file"),
        ({"photo": [PHOTO]}, "file"),
        ({"sticker": {**PHOTO, "type": "regular", "is_animated": False, "is_video": False}}, "file"),
        ({"contact": {"phone_number": "1", "first_name": "K."}}, "file"),
        ({"location": {"longitude": 1.0, "latitude": 1.0}}, "file"),
        ({"venue": {"location": PLACE, "title": "X", "address": "X"}, "location": PLACE}, "file"),
        ({"dice": {"emoji": "🎲", "value": 3}}, "file"),
        ({"story": {"chat": {"id": 8, "type": "private"}, "id": 3}}, "file"),
        ({"poll": POLL}, "file"),
        ({"checklist": {"title": "X", "tasks": [{"id": 1, "text": "X"}]}}, "file"),
        ({"text": "what the mayor wrote", "forward_origin": SENDER}, "forward"),
        ({"caption": "what the mayor wrote", "photo": [PHOTO], "forward_origin": SENDER}, "forward"),
    ],
)
def test_row_12_voice_files_stickers_and_forwards_are_told_by_their_kind(brings, what):
    came = inbound(message(**brings))

    assert came is not None
    assert (came.brought, came.text) == (what, "")
    assert LIBRARY.words["en"].variants(f"handed.{what}")


def test_row_12_an_edited_caption_or_text_revises_the_same_note():
    came = inbound(message(text="as it was"))
    edited = inbound({"edited_message": message(text="as it is", edit_date=1_770_000_050)["message"]})

    assert came is not None
    assert edited is not None
    assert (edited.edits, edited.text) == (came.key, "as it is")
    assert edited.key != came.key


def test_a_caption_is_the_persons_own_words():
    came = inbound(message(photo=[PHOTO], caption="this is the table I meant"))

    assert came is not None
    assert (came.text, came.brought) == ("this is the table I meant", None)


def test_the_language_of_the_persons_app_comes_along():
    came = inbound(message(text="hola", **{"from": person(7, language_code="es-MX")}))

    assert came is not None
    assert came.language == "es-MX"


def test_the_pictures_of_one_album_come_as_one():
    first = inbound(message(photo=[PHOTO], media_group_id="9", message_id=5))
    second = inbound(message(photo=[PHOTO], media_group_id="9", message_id=6))

    assert first is not None
    assert second is not None
    assert first.key == second.key


CALLED = {"id": "1", "from": person(7), "chat_instance": "1"}
GROUP = {"id": -5, "type": "group", "title": "Xanadu"}
ODD = [  # what the coach never asked to hear, and what is nobody's words
    {"inline_query": {"id": "1", "from": person(7), "query": "Xanadu", "offset": ""}},
    {"chosen_inline_result": {"result_id": "1", "from": person(7), "query": "Xanadu"}},
    {"callback_query": {**CALLED, "inline_message_id": "9", "data": "do:reflect"}},
    {"callback_query": {**CALLED, "message": message(text="x", chat=GROUP)["message"], "data": "do:reflect"}},
    {"business_message": message(text="Xanadu", business_connection_id="b")["message"]},
    {"edited_business_message": message(text="Xanadu", business_connection_id="b")["message"]},
    {"business_connection": {"id": "b", "user": person(7), "user_chat_id": 7, "date": 1, "is_enabled": True}},
    {"message_reaction": {**message()["message"], "user": person(7), "old_reaction": [], "new_reaction": []}},
    {"poll_answer": {"poll_id": "1", "user": person(7), "option_ids": [0], "option_persistent_ids": ["0"]}},
    {"edited_message": message(text="Xanadu", forward_origin=SENDER, edit_date=2)["message"]},
    {"edited_message": message(photo=[PHOTO], edit_date=2)["message"]},
    message(chat=GROUP, migrate_to_chat_id=-1005),
    message(chat={**GROUP, "id": -1005, "type": "supergroup"}, migrate_from_chat_id=-5),
    message(message_auto_delete_timer_changed={"message_auto_delete_time": 5}),
    message(forum_topic_closed={}, message_thread_id=5, is_topic_message=True),
    {"hologram": {"text": "Xanadu"}},
    message(hologram={"file_id": "Xanadu"}),
    {"message": None},
]
BROKEN = [
    message(text="Xanadu", date="soon"),
    message(text="Xanadu", date=10**15),
    message(poll={"question": "Xanadu"}),
    {"message": "Xanadu"},
]


async def test_odd_updates_are_passed_over_politely_and_leave_nothing_in_the_store_or_in_a_log(tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    store = Store.open(f"sqlite:///{tmp_path}/db", tmp_path / "key")
    manager = Manager(LIBRARY, store, Silent, lambda: NOW)
    async with telegram() as fake, listening(fake, manager.handle) as (made, _):
        for update in [*ODD, *BROKEN]:
            fake.add(update)
        await fake.until(lambda: not fake.updates)
        nobody = store.people()
        fake.say("hello")
        await fake.until(lambda: not fake.updates)
        await manager.deliver("telegram", made.send)
    store.close()

    ours = "".join(record.getMessage() + (record.exc_text or "") for record in caplog.records if record.name != "aiohttp.access")
    assert nobody == []
    assert len(fake.texts()) == 1
    assert ours.count("unknown shape") == len(BROKEN)
    assert "Xanadu" not in ours
    assert "Traceback" not in ours


@pytest.mark.parametrize(
    "update",
    [
        message(chat={"id": -5, "type": "group", "title": "G"}, text="hi"),
        message(chat={"id": -5, "type": "channel", "title": "C"}, text="hi"),
        message(text="I am a bot too", **{"from": {**person(9), "is_bot": True}}),
        message(pinned_message=message(text="x")["message"]),
        {"edited_message": message(location={"longitude": 1.0, "latitude": 1.0}, edit_date=2)["message"]},
        {"channel_post": message(chat={"id": -5, "type": "channel", "title": "C"}, text="hi")["message"]},
        *ODD,
    ],
)
def test_groups_channels_bots_and_notices_are_not_taken_in(update):
    assert inbound(update) is None


def test_a_key_does_not_show_whose_chat_it_is_and_differs_from_chat_to_chat():
    keys = {inbound(message(chat={"id": chat, "type": "private"}, text="x")).key for chat in (7, 8)}

    assert len(keys) == 2
    _, other = read({"update_id": 1, **message(text="x")}, NOW, b"other")
    assert other.key not in keys


def test_a_message_is_dated_when_it_was_written_but_never_later_than_now():
    assert inbound(message(text="x")).at == datetime.fromtimestamp(1_770_000_000, UTC)
    assert inbound(message(text="x", date=int(NOW.timestamp()) + 999)).at == NOW


@settings(max_examples=300)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["message", "chat", "from", "id", "type", "text", "date", "data", "message_id"]), inner, max_size=5
            )
        ),
        max_leaves=20,
    )
)
def test_no_shape_of_an_update_breaks_the_intake(data):
    for shaped in (data, {"update_id": 1, "message": data}, {"update_id": 1, "callback_query": data}):
        assert read(shaped, NOW) is None or shaped["update_id"] == 1


@pytest.mark.parametrize("language", sorted(LIBRARY.words))
def test_every_command_of_the_menu_is_heard_as_a_wish(language):
    words = LIBRARY.words[language]
    commands = [key.removeprefix("telegram.command.") for key in words.lines if key.startswith("telegram.command.")]

    assert len(commands) > 5
    for command in commands:
        came = inbound(message(text=f"/{command}@CoachBot"))
        assert came is not None
        assert came.text == f"/{command}"
        assert heard(came.text, words.hear.wishes, words.hear) or heard(came.text, words.hear.controls, words.hear)


# --- groups


async def test_a_group_hears_one_line_a_day_when_the_coach_is_called_there_and_nothing_of_it_is_taken():
    clock = [NOW]
    group = {"id": -5, "type": "supergroup", "title": "Water"}
    mention = {"text": "@CoachBot what did Aisha write?", "entities": [{"type": "mention", "offset": 0, "length": 9}]}
    command = {"text": "/start", "entities": [{"type": "bot_command", "offset": 0, "length": 6}]}
    async with telegram() as fake, listening(fake, clock=lambda: clock[0]) as (_, taken):
        for said in ({"text": "the mayor is late again"}, mention, mention, command):
            fake.add({"message": {**fake.message(), "chat": group, **said}})
        await fake.until(lambda: not fake.updates and fake.texts(-5))
        clock[0] += timedelta(hours=25)
        fake.add({"message": {**fake.message(), "chat": group, **command}})
        await fake.until(lambda: len(fake.texts(-5)) == 2)

    assert taken.all == []
    assert fake.texts(-5) == [LIBRARY.words["en"].variants("telegram.group")[0]] * 2


async def test_a_group_where_nobody_calls_the_coach_hears_nothing():
    group = {"id": -5, "type": "group", "title": "Water"}
    async with telegram() as fake, listening(fake):
        fake.add({"message": {**fake.message("the mayor is late again"), "chat": group}})
        fake.say("hello")
        await fake.until(lambda: not fake.updates)

    assert fake.sent == []


async def test_a_group_that_the_coach_is_added_to_hears_it_too():
    member = {"user": {**person(123456), "is_bot": True}}
    added = {
        "chat": {"id": -6, "type": "group", "title": "G"},
        "from": person(7, language_code="pt-br"),
        "date": 1,
        "old_chat_member": {"status": "left", **member},
        "new_chat_member": {"status": "member", **member},
    }
    async with telegram() as fake, listening(fake) as (_, taken):
        fake.add({"my_chat_member": added})
        await fake.until(lambda: fake.texts(-6))

    assert taken.all == []


# --- menus


async def test_the_menu_and_the_description_are_written_in_each_language_once():
    async with telegram() as fake:
        for _ in range(2):
            async with listening(fake):
                await fake.until(lambda: len(fake.called("getMyDescription")) % (len(LIBRARY.words) + 1) == 0 and fake.descriptions)
                await fake.until(lambda: set(fake.descriptions) == {None, *LIBRARY.words})
        written = len(fake.called("setMyCommands"))

    assert written == len(LIBRARY.words) + 1
    assert {command["command"] for command in fake.commands["en"]} >= {"reflect", "logbook", "privacy", "delete", "help"}
    assert all(len(description) <= 512 for description in fake.descriptions.values())


async def test_a_menu_that_cannot_be_written_stops_nothing():
    async with telegram() as fake:
        fake.faults["setMyCommands"] = [flood(3600, times=9)]
        fake.say("hello")
        async with listening(fake) as (_, taken):
            await fake.until(lambda: taken.all)


# --- doctor


async def looked_at(fake: FakeTelegram, webhook: str | None = None) -> str:
    return await checkup(TOKEN, base_url(TOKEN, fake.base), webhook)


async def refused(fake: FakeTelegram, webhook: str | None = None) -> str:
    with pytest.raises(Refused) as why:
        await looked_at(fake, webhook)
    assert TOKEN.partition(":")[2] not in str(why.value)
    return str(why.value)


async def test_doctor_says_that_the_bot_answers_and_how_it_takes_in():
    async with telegram() as fake:
        polls = await looked_at(fake)
        will = await looked_at(fake, "https://coach.example/tg")
        fake.webhook = {"url": "https://coach.example/tg"}
        hooked_up = await looked_at(fake, "https://coach.example/tg")

        fake.topics_on = True
        has_topics = await looked_at(fake, "https://coach.example/tg")

    assert all("@CoachBot" in says for says in (polls, will, hooked_up))
    assert ["topics" in says for says in (hooked_up, has_topics)] == [False, True]
    assert ["long polling" in polls, "will be set" in will, "coach.example" in hooked_up] == [True] * 3


@pytest.mark.parametrize("status", [401, 404])
async def test_doctor_names_a_wrong_token(status):
    async with telegram() as fake:
        fake.faults["getMe"] = [refusal(status, "Unauthorized")]
        assert "BROKERCOACH_TELEGRAM_TOKEN" in await refused(fake)


@pytest.mark.parametrize("ours", [None, "https://coach.example/tg"])
async def test_doctor_names_a_webhook_that_is_set_elsewhere_and_not_its_path(ours):
    async with telegram() as fake:
        fake.webhook = {"url": "https://other.example/secret-path"}
        says = await refused(fake, ours)

    assert "other.example" in says
    assert "secret-path" not in says
    assert ("BROKERCOACH_TELEGRAM_WEBHOOK" in says) == bool(ours)


@pytest.mark.parametrize(
    ("webhook", "api", "well"),
    [
        ("https://coach.example/tg", "https://api.telegram.org/bot", True),
        ("https://coach.example:8443/tg", "https://api.telegram.org/bot", True),
        ("http://10.0.0.2:5000/tg", "http://127.0.0.1:8081/bot", True),
        ("http://coach.example/tg", "https://api.telegram.org/bot", False),
        ("https://coach.example:5000/tg", "https://api.telegram.org/bot", False),
        ("https://coach.example:x/tg", "https://api.telegram.org/bot", False),
        ("coach.example/tg", "http://127.0.0.1:8081/bot", False),
        ("https://", "http://127.0.0.1:8081/bot", False),
    ],
)
def test_doctor_names_a_webhook_to_which_nothing_would_be_delivered(webhook, api, well):
    if well:
        fits(webhook, api)
    else:
        with pytest.raises(Refused, match="BROKERCOACH_TELEGRAM_WEBHOOK"):
            fits(webhook, api)


async def test_doctor_passes_on_why_telegram_could_not_deliver_to_the_webhook():
    async with telegram() as fake:
        fake.webhook = {"url": "https://coach.example/tg", "last_error_message": "Connection refused"}
        assert "Connection refused" in await refused(fake, "https://coach.example/tg")


async def test_doctor_names_an_api_that_is_away():
    async with telegram() as fake:
        fake.base = f"http://127.0.0.1:{unused_port()}"
        assert "BROKERCOACH_TELEGRAM_API" in await refused(fake)


async def test_doctor_looks_at_each_platform_that_has_a_token(reading):
    async with telegram() as fake:
        fake.token = "1:other"  # noqa: S105
        settings = {"home": reading.path, "telegram_token": TOKEN, "telegram_api": fake.base, "slack_bot_token": "xoxp-1"}
        found = {each.part: each for each in await asyncio.to_thread(examine, Settings(_env_file=None, **settings))}

    assert not found["telegram"].ok
    assert "BROKERCOACH_TELEGRAM_TOKEN" in found["telegram"].says
    assert not found["slack"].ok
    assert "BROKERCOACH_SLACK_BOT_TOKEN" in found["slack"].says
    assert not any(TOKEN in each.says for each in found.values())


# --- logs


def test_a_token_in_a_log_line_of_whatever_library_is_blotted_out(capfd):
    handler = logging.StreamHandler()
    handler.addFilter(Blotted())
    record = logging.LogRecord("any", logging.ERROR, "", 0, "at %s", (f"https://api.telegram.org/bot{TOKEN}/getMe",), None)
    handler.handle(record)

    shown = capfd.readouterr().err
    assert "api.telegram.org" in shown
    assert TOKEN.partition(":")[2] not in shown


async def test_neither_words_nor_the_token_reach_a_log_at_any_level(caplog):
    caplog.set_level(logging.DEBUG)
    for name in ("httpx", "httpcore", "telegram"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    async with telegram() as fake:
        fake.faults["getUpdates"] = [Fault(200, '{"ok": true, "result": [{"text": "the mayor of Xanadu"'), Fault(drop=True)]
        fake.say("the mayor of Xanadu")
        async with listening(fake, Taken(fails=1)) as (made, taken):
            await fake.until(lambda: taken.all)
            fake.faults["sendMessage"] = [Fault(502, "<html>Xanadu</html>"), refusal(400, "Bad Request: Xanadu")]
            for _ in range(2):
                with suppress(Exception):
                    await made.send(letter("back to Xanadu"))

    ours = "".join(record.getMessage() for record in caplog.records if record.name != "aiohttp.access")  # that one is the fake's
    assert "could not be stored" in ours
    assert "Xanadu" not in ours
    assert TOKEN.partition(":")[2] not in ours

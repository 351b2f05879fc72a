"""Slack at the wire: the real Bolt, the real manager and store, against a Slack on loopback."""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from fake_slack import (
    APP_TOKEN,
    OTHER,
    OTHER_TOKEN,
    SECRET,
    TEAM,
    TOKEN,
    FakeSlack,
    commanded,
    deleted,
    edited,
    event,
    fake_slack,
    form,
    noted,
    pointed,
    post,
    pressed,
    pressed_on,
    said,
    signed,
    stamp,
)
from passages import Silent

from adapters.slack import PATH, Slack
from adapters.slack_calls import Account
from adapters.slack_faults import NoAnswer
from bot.door import Later, NotSent, Refused, Unreachable
from bot.manager import Manager
from bot.model import Choice, Cited, Inbound, Letter, Message, Person, PersonId
from bot.overview import Overview
from bot.sending import Sender
from bot.tally import Tally
from prompts.library import load_library
from storage.store import Store, StoreDown

LIBRARY = load_library()
WORDS = LIBRARY.words["en"]
CANDID = "the mayor's brother-in-law took the water pump"


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class House:
    """The coach at one Slack app; `manager` takes turns, `door` is what is tested."""

    slack: FakeSlack
    store: Store
    manager: Manager
    door: Slack
    url: str
    session: ClientSession
    accepted: list[Inbound] = field(default_factory=list)
    failing: Exception | None = None
    tried: int = 0
    takes: Callable[[Inbound], Awaitable[None]] | None = None  # instead of the manager

    async def accept(self, inbound: Inbound) -> None:
        self.tried += 1
        if self.failing:
            raise self.failing
        await (self.takes or self.manager.handle)(inbound)
        self.accepted.append(inbound)

    async def hand(self, payload: dict[str, Any], **headers: str) -> int:
        return await post(self.session, self.url, payload, **headers)

    async def interact(self, body: str) -> tuple[int, str]:
        async with self.session.post(self.url, **signed(body, kind="application/x-www-form-urlencoded")) as answer:
            return answer.status, await answer.text()

    async def heard(self) -> list[str]:
        """What arrived in Slack after everything waiting has been sent."""
        before = len(self.slack.posts)
        await self.manager.deliver("slack", self.door.send)
        return [shown(each) for each in self.slack.posts[before:]]

    def entries(self, user: str = "U1") -> list[str]:
        person = self.store.person_at("slack", f"{TEAM}:{user}")
        return [text for entry in self.store.entries(person.id) for _, text in entry.answers] if person else []

    def known(self, user: str = "U1", team: str = TEAM, **more: Any) -> PersonId:
        person = Person(PersonId(""), zone="Africa/Nairobi", welcomed=True, onboarded=True, **more)
        return self.store.enrol("slack", f"{team}:{user}", person)


def shown(arguments: dict[str, Any]) -> str:
    texts = [block["text"]["text"] for block in arguments.get("blocks", ()) if block["type"] == "section"]
    return "\n".join(texts) or arguments["text"]


def buttons(arguments: dict[str, Any]) -> dict[str, str]:
    found = {}
    for block in arguments["blocks"]:
        for element in block["elements"] if block["type"] == "actions" else ():
            if element["type"] == "button":
                found[element["text"]["text"]] = element["value"]
            for option in element.get("options", ()):
                found[option["text"]["text"]] = option["value"]
    return found


def letter(text: str = "Hello.", user: str = "U1", team: str = TEAM, key: str = "k1", **more: Any) -> Letter:
    return Letter(key, "slack", f"{team}:{user}", Message("reply", text, **more))


Open = Callable[..., Any]


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with fake_slack() as fake:
        yield fake


@pytest.fixture(scope="session")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that nobody has written to, and its key: a copy is there ten times as quickly as a new one."""
    place = tmp_path_factory.mktemp("blank")
    Store.open(f"sqlite:///{place / 'brokercoach.db'}", place / "key").close()
    return place


@pytest.fixture
def opened(slack: FakeSlack, tmp_path: Path, blank: Path) -> Open:
    """Opens a house: over signed HTTP, or with `socket=True` over Socket Mode."""

    @asynccontextmanager
    async def open_it(*, socket: bool = False, several: bool = False, clock: Callable[[], datetime] = now) -> AsyncIterator[House]:
        shutil.copytree(blank, tmp_path, dirs_exist_ok=True)
        store = Store.open(f"sqlite:///{tmp_path / 'brokercoach.db'}", tmp_path / "key", now)
        manager = Manager(LIBRARY, store, Silent, now)

        async def overview(address: str) -> Overview | None:
            return await manager.overview("slack", address)

        own = {"client_id": "1.2", "client_secret": "s"} if several else {"bot_token": TOKEN}
        account = Account(app_token=APP_TOKEN if socket else None, signing_secret=SECRET, api=slack.api, **own)
        door = Slack(account, LIBRARY, overview, clock, store if several else None, first_wait=0.01)
        app = web.Application()
        app.add_routes(door.routes())
        async with TestServer(app) as server, ClientSession() as session:
            house = House(slack, store, manager, door, str(server.make_url(PATH)), session)
            listening = asyncio.create_task(door.listen(house.accept))
            await asyncio.sleep(0)
            if not several:
                await slack.until(lambda: slack.called("auth.test"))
            yield house
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening
            await door.close()
        store.close()

    return open_it


@asynccontextmanager
async def sending(house: House) -> AsyncIterator[tuple[Sender, Tally]]:
    """What is stored leaves by itself, as when the coach serves."""
    tally = Tally()
    sender = Sender(house.door, house.store, now, tally)
    handle = house.manager.handle

    async def handled(inbound: Inbound) -> None:
        await handle(inbound)
        sender.wake()

    house.takes = handled
    task = asyncio.create_task(sender.run())
    yield sender, tally
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


# --- 14 to 19: what comes in


async def test_row_14_an_event_handed_over_four_times_counts_once_and_is_always_answered_with_200(opened):
    async with opened() as house:
        payload = said("hello")
        retries = [{"X-Slack-Retry-Num": str(n), "X-Slack-Retry-Reason": "http_timeout"} for n in (1, 2, 3)]
        at_once = await asyncio.gather(*(house.hand(payload, **retry) for retry in [{}, *retries]))
        later = await house.hand(payload, **retries[-1])

        assert [*at_once, later] == [200] * 5
        assert len(await house.heard()) == 1


async def test_row_15_fifty_at_once_are_acknowledged_quickly_whatever_their_turns_cost(opened, record_property):
    async with opened() as house:
        turns = asyncio.Event()
        taken: list[asyncio.Task[None]] = []

        async def accept(inbound: Inbound) -> None:
            key, person = await house.manager.accept(inbound)

            async def turn() -> None:
                await turns.wait()
                await house.manager.turn(key, person)

            taken.append(asyncio.create_task(turn()))

        house.takes = accept

        async def timed(user: str) -> float:
            began = time.perf_counter()
            assert await house.hand(said("hello", user)) == 200
            return time.perf_counter() - began

        rounds = []
        # In a process that has run thousands of tests one round was once held up for 1.2 s by its own work,
        # before the first answer (a collection, most likely); what is the coach's own would be there each time.
        for turn in range(3):
            times = sorted(await asyncio.gather(*(timed(f"U{turn}{user:02}") for user in range(50))))
            print(f"acknowledged: p50 {times[24] * 1000:.0f} ms, p99 {times[-1] * 1000:.0f} ms")  # noqa: T201
            assert times[-1] < 3
            rounds.append(times[-1])
            if times[-1] < 0.5:
                break
        record_property("ack_p99_ms", round(min(rounds) * 1000))
        assert min(rounds) < 0.5
        assert len(taken) == 50 * len(rounds)
        assert not any(task.done() for task in taken)
        turns.set()
        await asyncio.gather(*taken)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"at": -301}, 401),
        ({"at": 301}, 401),
        ({"at": -295}, 200),
        ({"at": 295}, 200),
        ({"X-Slack-Request-Timestamp": "abc"}, 400),
        ({"X-Slack-Request-Timestamp": None}, 401),
        ({"X-Slack-Request-Timestamp": "1e400"}, 400),
        ({"X-Slack-Request-Timestamp": "9" * 400}, 400),
        ({"X-Slack-Request-Timestamp": "-1"}, 400),
        ({"X-Slack-Request-Timestamp": "١٢٣"}, 400),
    ],
)
async def test_row_16_a_time_stamp_that_is_off_or_no_number_is_refused_and_never_with_5xx(opened, headers, status):
    async with opened() as house:
        request = signed(json.dumps(said("hello")), at=time.time() + headers.get("at", 0))
        for name, value in headers.items():
            if value is None:
                del request["headers"][name]
            elif name != "at":
                request["headers"][name] = value
        async with house.session.post(house.url, **request) as answer:
            assert answer.status == status
        assert len(house.accepted) == (status == 200)


@pytest.mark.parametrize(
    ("signature", "status"),
    [("v0=" + "0" * 64, 401), ("v0=ü", 400), ("", 401), (None, 401), ("v1=abc", 401), ("other body", 401), ("empty secret", 401)],
)
async def test_row_17_a_wrong_signature_is_refused_and_no_log_holds_the_body(opened, signature, status, caplog):
    async with opened() as house:
        body = json.dumps(said(CANDID))
        request = signed(body)
        match signature:
            case None:
                del request["headers"]["X-Slack-Signature"]
            case "other body":
                request["headers"] = signed(json.dumps(said("hello")))["headers"]
            case "empty secret":
                request["headers"] = signed(body, secret="")["headers"]
            case _:
                request["headers"]["X-Slack-Signature"] = signature
        with caplog.at_level(logging.DEBUG):
            async with house.session.post(house.url, **request) as answer:
                assert answer.status == status
        assert not house.accepted
        assert "mayor" not in caplog.text


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        ("{oops", "application/json", 400),
        ("[1,2]", "application/json", 400),
        ('"text"', "application/json", 400),
        ("", "application/json", 400),
        ("[" * 100_000, "application/json", 400),
        ('{"a":' * 100_000, "application/json", 400),
        ("{" + " " * 5_000_000 + "}", "application/json", 413),
        ('{"type":"event_callback","event":[]}', "application/json", 400),
        ('{"type":"event_callback","event":{"type":7}}', "application/json", 400),
        ("payload=[1]", "application/x-www-form-urlencoded", 400),
        ("payload={oops", "application/x-www-form-urlencoded", 400),
        ('{"type":"block_actions","actions":[7]}', "application/json", 400),
        ('{"type":"block_actions","actions":[]}', "application/json", 400),
        ('{"type":"nobody_knows"}', "application/json", 200),
        ('{"type":"event_callback","team_id":{},"event":{"type":"message","channel_type":"im"}}', "application/json", 200),
        (b"\xff\xfe{}", "application/json", 400),
    ],
)
async def test_row_18_bodies_of_no_known_shape_are_refused_and_the_next_one_is_taken(opened, body, kind, status):
    async with opened() as house:
        async with house.session.post(house.url, **signed(body, kind=kind)) as answer:
            assert answer.status == status
        assert not house.accepted
        assert await house.hand(said("hello")) == 200


async def test_row_19_what_could_not_be_stored_is_answered_with_5xx_and_counts_once_when_it_comes_again(opened, caplog):
    async with opened() as house:
        payload = said(CANDID)
        house.failing = StoreDown(f"disk full while storing {CANDID}")
        refused = await house.hand(payload)
        house.failing = None
        taken = await house.hand(payload, **{"X-Slack-Retry-Num": "1"})

        assert (refused, taken) == (503, 200)
        assert len(house.accepted) == 1
        assert "mayor" not in caplog.text


# --- 20 to 22, 26, 27: what goes out


async def test_row_20_a_429_asks_to_wait_as_long_as_slack_says_and_the_letter_is_sent_then(opened, slack):
    async with opened() as house:
        slack.fail("chat.postMessage", status=429, error="ratelimited", headers={"Retry-After": "7"})
        with pytest.raises(Later) as asked:
            await house.door.send(letter())
        assert (asked.value.seconds, asked.value.everybody) == (7, False)
        assert not slack.posts
        await house.door.send(letter())
        assert len(slack.posts) == 1


async def test_row_20_the_sender_waits_as_long_as_slack_says_and_then_sends_it_once(opened, slack):
    async with opened() as house, sending(house) as (_, tally):
        slack.fail("chat.postMessage", status=429, error="ratelimited", headers={"Retry-After": "1"})
        await house.hand(said("hello"))
        await slack.until(lambda: slack.called("chat.postMessage"))
        refused = time.monotonic()
        await slack.until(lambda: slack.posts)
        assert time.monotonic() - refused >= 0.95
        assert len(slack.posts) == 1
        assert (tally.counts["later", "slack"], house.store.standing().uncertain) == (1, 0)


async def test_row_21_a_post_whose_answer_was_lost_comes_once_more_and_is_counted_and_marked(opened, slack):
    async with opened() as house, sending(house) as (sender, tally):
        slack.fail("chat.postMessage", drop=True, after=True)
        await house.hand(said("hello"))
        await slack.until(lambda: len(slack.posts) == 2)
        await sender.drained()
        first, again = slack.posts
        assert shown(first) == shown(again)
        assert (tally.counts["uncertain", "slack"], house.store.standing().uncertain) == (1, 1)
        assert house.store.standing().unsent == 0


@pytest.mark.parametrize("fault", [{"drop": True, "after": True}, {"status": 502, "raw": "<html>bad gateway</html>", "after": True}, {"error": "internal_error"}])  # fmt: skip  # noqa: E501
async def test_row_21_where_nobody_knows_whether_a_letter_arrived_nothing_else_is_claimed(opened, slack, fault):
    async with opened() as house:
        slack.fail("chat.postMessage", **fault)
        with pytest.raises(NoAnswer):
            await house.door.send(letter(CANDID))
        assert len(slack.called("chat.postMessage")) == 1


async def test_row_21_no_connection_at_all_is_known_not_to_have_sent_anything(opened, slack):
    async with opened() as house:
        closed = Slack(Account(bot_token=TOKEN, signing_secret=SECRET, api="http://127.0.0.1:1/api/"), LIBRARY, house.manager.overview, now)
        with pytest.raises(NotSent):
            await closed.send(letter())


async def test_row_21_of_a_letter_in_parts_only_what_is_missing_is_sent_again(opened, slack):
    async with opened() as house:
        long = letter("A sentence of some length. " * 1200)
        slack.fail("chat.postMessage", skip=1, status=429, error="ratelimited", headers={"Retry-After": "1"})
        with pytest.raises(Later):
            await house.door.send(long)
        assert len(slack.posts) == 1
        await house.door.send(long)
        assert len(slack.called("chat.postMessage")) == len(slack.posts) + 1
        assert "".join(map(shown, slack.posts)).replace("\n", "") == long.message.text


async def test_row_22_messages_of_any_size_are_never_refused_as_blocks(opened, slack):
    async with opened() as house:
        choices = tuple(Choice(f"do:{n}", f"Choice number {n} " + "x" * n) for n in range(60))
        sources = tuple(Cited(n, "card", "A title" * 20, ("t",), "somewhere" * 90) for n in range(1, 40))
        for n, text in enumerate(("x" * 3001, "\n\n".join("y" * 200 for _ in range(60)), "z " * 6750, "&<>" * 9000, "w" * 40_001, "")):
            await house.door.send(letter(text, key=f"k{n}", choices=choices, sources=sources))
        assert not [call for call in slack.called("chat.postMessage") if "blocks" not in call]
        assert all(value.startswith("do:") for post in slack.posts for value in buttons(post).values())


async def test_row_22_blocks_that_slack_refuses_all_the_same_go_out_once_as_plain_text(opened, slack):
    async with opened() as house:
        slack.fail("chat.postMessage", error="invalid_blocks")
        await house.door.send(letter("Still <here>."))
        assert [post["text"] for post in slack.posts] == ["Still &lt;here&gt;."]


@pytest.mark.parametrize("code", ["invalid_auth", "account_inactive", "token_revoked"])
async def test_row_26_a_token_that_is_refused_stops_all_sending_there_and_is_told_of_once(opened, slack, code, caplog):
    async with opened() as house:
        slack.fail("conversations.open", error=code)
        for user in ("U1", "U2", "U3"):
            with pytest.raises(Later):  # it says nothing of the person: the letter waits
                await house.door.send(letter(CANDID, user))
        assert len(slack.called("conversations.open")) == 1
        assert not slack.posts
        assert [record.levelname for record in caplog.records] == ["ERROR"]
        assert "mayor" not in caplog.text


async def test_row_26_a_token_that_was_refused_is_tried_again_after_a_minute_and_the_letter_leaves_then(opened, slack):
    moment = [now()]
    async with opened(clock=lambda: moment[0]) as house:
        slack.fail("conversations.open", error="invalid_auth")
        for _ in range(2):
            with pytest.raises(Later) as asked:
                await house.door.send(letter())
        assert asked.value.seconds == 60
        moment[0] += timedelta(seconds=61)
        await house.door.send(letter())
        assert len(slack.posts) == 1


@pytest.mark.parametrize("code", ["channel_not_found", "is_archived", "user_not_found"])
async def test_row_26_somebody_who_is_gone_is_unreachable_and_the_others_are_not(opened, slack, code):
    async with opened() as house:
        slack.fail("conversations.open" if code == "user_not_found" else "chat.postMessage", error=code)
        with pytest.raises(Unreachable):
            await house.door.send(letter())
        await house.door.send(letter(user="U2", key="k2"))
        assert len(slack.posts) == 1


async def test_row_27_mentions_and_links_in_somebodys_words_are_shown_and_do_nothing(opened, slack):
    async with opened() as house:
        text = "<!channel> <@U9> <#C1|general> <http://evil.example|bank> &amp; <mailto:a@b.example|x>"
        cited = (Cited(1, "card", "<!here>", ("t",), "<http://evil.example|x>"),)
        await house.door.send(letter(text, choices=(Choice("do:x", "<!everyone>"),), sources=cited))
        sent = slack.posts[0]
        assert "<" not in shown(sent).replace("&lt;", "")
        assert "<" not in sent["text"]
        marked = [element for block in sent["blocks"] for element in [block.get("text"), *block.get("elements", ())] if element]
        assert all("<" not in element["text"] and element["verbatim"] for element in marked if element.get("type") == "mrkdwn")
        assert (sent["unfurl_links"], sent["unfurl_media"]) in ((False, False), ("0", "0"))


# --- 23: what is no new message


def changed(text: str | None, before: str | None, **more: Any) -> dict[str, Any]:
    """An edit as Slack tells it, where a text may be missing."""
    both = [{"user": "U1", "ts": "1.1", **({} if each is None else {"text": each}), **more} for each in (text, before)]
    inner = {"type": "message", "subtype": "message_changed", "channel": "DU1", "channel_type": "im", "message": both[0]}
    return event(inner | {"previous_message": both[1], "ts": stamp()})


ODD = {
    "unfurled": changed(CANDID, CANDID, attachments=[{"from_url": "http://x"}]),
    "without a text": changed(None, CANDID),
    "in a channel": said(CANDID, channel="C1", channel_type="channel"),
    "in a group": said(CANDID, channel="G1", channel_type="mpim"),
    "pinned": said(CANDID, subtype="pinned_item"),
    "reaction": event({"type": "reaction_added", "user": "U1", "item": {"channel": "DU1", "ts": "1.1"}, "reaction": "x"}),
    "file": event({"type": "file_shared", "user_id": "U1", "file_id": "F1"}),
    "link": event({"type": "link_shared", "user": "U1", "links": [{"url": f"http://x/{CANDID}"}]}),
    "nobody's": said(CANDID, user=None),
    "no team": said(CANDID) | {"team_id": None},
    "new kind": event({"type": "hologram", "text": CANDID}),
}


@pytest.mark.parametrize("payload", ODD.values(), ids=ODD)
async def test_row_23_what_nobody_told_the_coach_is_passed_over_and_leaves_no_trace_in_store_or_log(opened, payload, caplog):
    with caplog.at_level(logging.DEBUG):
        async with opened() as house:
            assert await house.hand(payload) == 200
            assert not house.accepted
            assert house.store.people() == []
    own = "".join(
        record.getMessage() + (record.exc_text or "") for record in caplog.records if not record.name.startswith(("asyncio", "aio"))
    )
    assert "mayor" not in own
    assert "Traceback" not in own


async def test_what_is_written_in_any_of_slacks_ways_is_heard_and_what_is_handed_on_is_owned_up_to(opened, slack):
    async with opened() as house:
        house.known()
        await house.hand(said("reflect", subtype="thread_broadcast", thread_ts="1.1"))
        await house.hand(said("stop", subtype="file_share", files=[{"mimetype": "image/png", "url_private": "x"}]))
        await house.hand(said("hello", blocks=[{"type": "rich_text", "elements": [{"type": "x"}] * 500}], attachments=[{"text": CANDID}]))
        assert [came.text for came in house.accepted] == ["reflect", "stop", "hello"]
        await house.heard()
        await house.hand(said("", attachments=[{"is_share": True, "text": CANDID}]))
        [told] = await house.heard()
        assert told in WORDS.variants("handed.forward")
        await house.hand(said(""))
        assert len(await house.heard()) == 1


async def test_a_form_sent_twice_is_one_note_and_one_that_is_closed_or_of_a_strange_shape_is_none(opened):
    async with opened() as house:
        house.known()
        body = noted("The mayor sat down first.")
        for payload in (body, body):
            assert (await house.interact(form(payload)))[0] == 200
        assert house.entries() == ["The mayor sat down first."]
        closed = noted("Never mind.") | {"type": "view_closed", "is_cleared": False}
        strange = noted("Never mind.")
        strange["view"] = strange["view"] | {"state": {"values": {}}}
        for payload in (closed, strange):
            assert (await house.interact(form(payload)))[0] < 500
        assert house.entries() == ["The mayor sat down first."]


async def test_row_23_what_a_bot_wrote_is_no_message(opened):
    async with opened() as house:
        for payload in (
            said("mine", user="UBOT"),
            said("a bot's", bot_id="B1"),
            said("a bot's", subtype="bot_message", bot_id="B9"),
            said("slackbot's", user="USLACKBOT"),
            said("joined", subtype="channel_join"),
        ):
            assert await house.hand(payload) == 200
        assert not house.accepted


async def test_row_23_editing_a_message_revises_its_answer_and_deleting_it_asks_what_the_logbook_shall_do(opened, slack):
    async with opened() as house:
        house.known()
        await house.hand(said("reflect"))
        await house.hand(said("ok"))
        told = said("Anna and the mayor both came late to the pump meeting, and then they blamed each other.")
        await house.hand(told)
        changed = edited(told, "Anna came late to the pump meeting, and the mayor said so.")
        assert [await house.hand(changed), await house.hand(changed)] == [200, 200]
        await house.heard()
        assert "Anna came late to the pump meeting, and the mayor said so." in house.entries()

        unfurled = edited(told, told["event"]["text"])
        await house.hand(unfurled)
        assert await house.heard() == []

        await house.hand(deleted(told))
        asked = await house.heard()
        assert asked == [WORDS.variants("deleted.ask")[0]]
        assert "Anna came late to the pump meeting, and the mayor said so." in house.entries()

        offered = buttons(slack.posts[-1])
        await house.interact(form(pressed(offered[WORDS.variants("choice.take-out")[0]])))
        assert WORDS.variants("deleted.done")[0].split(".")[0] in (await house.heard())[0]
        assert not any("Anna" in text for text in house.entries())


async def test_row_23_a_deleted_message_may_stay_in_the_logbook_and_one_that_was_never_kept_is_not_spoken_of(opened, slack):
    async with opened() as house:
        house.known()
        hello = said("hello")
        await house.hand(hello)
        await house.heard()
        await house.hand(deleted(hello))
        assert await house.heard() == []

        await house.interact(form(noted("a line for the logbook")))
        assert house.entries() == ["a line for the logbook"]


# --- 24: Socket Mode


async def test_row_24_an_envelope_is_acknowledged_once_its_message_is_stored(opened, slack):
    async with opened(socket=True) as house:
        house.failing, payload = StoreDown("locked"), said("hello")
        await slack.envelope(payload, envelope_id="not stored")
        await slack.until(lambda: house.tried)
        house.failing = None
        for brought_again in ("stored", "known"):
            await slack.taken(await slack.envelope(payload, envelope_id=brought_again))
        assert [ack["envelope_id"] for ack in slack.acks] == ["stored", "known"]
        assert len(await house.heard()) == 1


@pytest.mark.parametrize("end", ["closed", "refresh_requested", "warning", "too_many_websockets", "refused"])
async def test_row_24_a_lost_or_refreshed_connection_is_opened_anew_and_nothing_is_lost(opened, slack, end):
    async with opened(socket=True) as house:
        await slack.taken(await slack.envelope(said("before")))
        old = slack.sockets[-1]
        match end:
            case "closed":
                await old.close()
            case "refused":
                slack.fail("apps.connections.open", status=503, raw="away", times=2)
                await old.close()
            case "too_many_websockets":
                slack.greets.append({"type": "disconnect", "reason": end})
                await old.send_json({"type": "disconnect", "reason": end})
            case _:
                await old.send_json({"type": "disconnect", "reason": end})
        await slack.until(lambda: slack.sockets and slack.sockets[-1] is not old)
        if end in ("refresh_requested", "warning"):  # the old one may still hand something over
            await old.send_json({"type": "events_api", "envelope_id": "late", "payload": said("on the old one")})
            await slack.taken("late")
        await slack.taken(await slack.envelope(said("after")))
        texts = [inbound.text for inbound in house.accepted]
        assert texts[0] == "before"
        assert texts[-1] == "after"


async def test_row_24_a_wrong_app_token_ends_the_listening_with_the_setting_named(opened, slack):
    async with opened() as house:
        account = Account(bot_token=TOKEN, app_token="xapp-wrong", api=slack.api)  # noqa: S106 - nobody's
        door = Slack(account, LIBRARY, house.manager.overview, now)
        with pytest.raises(Refused, match="BROKERCOACH_SLACK_APP_TOKEN"):
            await door.listen(house.accept)


# --- 25: workspaces that leave


@pytest.mark.parametrize("order", ["uninstalled revoked", "revoked uninstalled", "uninstalled uninstalled revoked revoked", "revoked"])
async def test_row_25_a_workspace_that_leaves_loses_its_token_at_once_and_another_keeps_its_own(opened, slack, order):
    kinds = {
        "uninstalled": {"type": "app_uninstalled"},
        "revoked": {"type": "tokens_revoked", "tokens": {"oauth": ["U1"], "bot": ["UBOT"]}},
    }
    async with opened(several=True) as house:
        house.store.slack_install(TEAM, TOKEN, datetime.fromtimestamp(time.time() - 60, UTC))
        house.store.slack_install(OTHER, OTHER_TOKEN, datetime.fromtimestamp(time.time() - 60, UTC))
        await house.door.send(letter())
        for kind in order.split():
            assert await house.hand(event(kinds[kind])) == 200
        assert (house.store.slack_token(TEAM), house.store.slack_token(OTHER)) == (None, OTHER_TOKEN)
        with pytest.raises(Unreachable):
            await house.door.send(letter(key="k2"))
        await house.door.send(letter(team=OTHER, key="k3"))
        assert [post["token"] for post in slack.posts] == [TOKEN, OTHER_TOKEN]


async def test_row_25_word_of_an_old_uninstallation_does_not_undo_a_new_installation(opened):
    async with opened(several=True) as house:
        gone = event({"type": "app_uninstalled"}) | {"event_time": int(time.time()) - 100}
        house.store.slack_install(TEAM, TOKEN, now())
        await house.hand(gone)
        assert house.store.slack_token(TEAM) == TOKEN


async def test_row_25_a_person_taking_back_their_own_token_changes_nothing(opened):
    async with opened(several=True) as house:
        house.store.slack_install(TEAM, TOKEN, datetime.fromtimestamp(time.time() - 60, UTC))
        await house.hand(event({"type": "tokens_revoked", "tokens": {"oauth": ["U1"]}}))
        assert house.store.slack_token(TEAM) == TOKEN


# --- the rest of what people see


async def test_a_channel_gets_one_polite_line_for_whoever_called_and_nothing_is_stored(opened, slack):
    async with opened() as house:
        inner = {"type": "app_mention", "channel": "C1", "user": "U1", "text": f"<@UBOT> {CANDID}", "ts": stamp()}
        assert await house.hand(event(inner)) == 200
        assert (
            await house.hand(
                event({"type": "message", "channel": "C1", "channel_type": "channel", "user": "U1", "text": "x", "ts": stamp()})
            )
            == 200
        )
        await slack.until(lambda: slack.called("chat.postEphemeral"))
        line = slack.called("chat.postEphemeral")[0]
        assert (line["channel"], line["user"], line["text"]) == ("C1", "U1", WORDS.variants("slack.elsewhere")[0])
        assert not house.accepted


async def test_the_first_opening_of_the_messages_tab_is_a_welcome_with_prompts_and_the_second_is_silent(opened, slack):
    async with opened() as house:
        for _ in range(2):
            await house.hand(event({"type": "app_home_opened", "tab": "messages", "channel": "DU1", "user": "U1"}))
        await slack.until(lambda: len(slack.called("assistant.threads.setSuggestedPrompts")) == 2)
        assert len(await house.heard()) == 1
        prompts = slack.called("assistant.threads.setSuggestedPrompts")[0]["prompts"]
        assert 1 <= len(prompts) <= 4


async def test_the_home_shows_what_is_known_to_its_person_alone_and_its_buttons_do_what_they_say(opened, slack):
    async with opened() as house:
        house.known(name="Aisha")
        house.known("U2")
        await house.interact(form(noted(CANDID)))
        for user in ("U1", "U2", "U3"):
            await house.hand(event({"type": "app_home_opened", "tab": "home", "user": user}))
        await slack.until(lambda: len(slack.called("views.publish")) == 3)
        views = {call["user_id"]: json.dumps(call["view"]) for call in slack.called("views.publish")}
        assert "Aisha" in views["U1"]
        assert "water pump" in views["U1"]
        assert not any("water pump" in views[user] for user in ("U2", "U3"))
        assert await house.heard() == [WORDS.variants("noted")[0]]

        await house.interact(form(pressed("wish:reflect", "wish:0")))
        assert "Low" in buttons(slack.posts[-1]) if await house.heard() else pytest.fail("no answer")
        await house.interact(form(pressed("note", "note")))
        await slack.until(lambda: slack.called("views.open"))


async def test_a_choice_that_was_made_stays_and_the_others_go_away(opened, slack):
    async with opened() as house:
        house.known()
        await house.hand(said("reflect"))
        await house.heard()
        asked = slack.posts[-1]
        before = shown(asked)
        await house.interact(form(pressed_on(asked, "Low")))
        await slack.until(lambda: slack.called("chat.update"))
        assert not buttons(asked)
        assert shown(asked) == before
        assert "✓ Low" in json.dumps(asked["blocks"], ensure_ascii=False)
        assert await house.heard()


async def test_a_choice_counts_though_its_message_cannot_be_changed(opened, slack):
    async with opened() as house:
        house.known()
        await house.hand(said("reflect"))
        await house.heard()
        slack.fail("chat.update", error="ratelimited", status=429)
        await house.interact(form(pressed_on(slack.posts[-1], "Low")))
        await slack.until(lambda: slack.called("chat.update"))
        assert await house.heard()
        assert house.accepted[-1].press


async def test_an_open_home_page_follows_the_turn_and_one_in_which_nothing_changed_is_left_alone(opened, slack):
    async with opened() as house:
        house.known()
        house.known("U2")
        await house.hand(event({"type": "app_home_opened", "tab": "home", "user": "U1"}))
        await slack.until(lambda: len(slack.called("views.publish")) == 1)
        await house.interact(form(noted(CANDID)))
        await house.interact(form(noted("a note of somebody who never looked", user="U2")))
        await house.heard()
        await slack.until(lambda: len(slack.called("views.publish")) == 2)
        await house.hand(said("hello"))
        await house.heard()
        await house.interact(form(noted("the second note")))
        await house.heard()
        await slack.until(lambda: "the second note" in json.dumps(slack.called("views.publish")[-1]["view"]))
        published = slack.called("views.publish")
        assert {call["user_id"] for call in published} == {"U1"}
        assert len({json.dumps(call["view"]) for call in published}) == len(published)


async def test_the_slash_command_is_received_for_ones_own_eyes_and_answered_in_private(opened, slack):
    from urllib.parse import urlencode

    async with opened() as house:
        house.known()
        status, body = await house.interact(urlencode(commanded("hello")))
        assert status == 200
        assert WORDS.variants("slack.received")[0] in body
        assert "in_channel" not in body
        await house.heard()
        assert [post["channel"] for post in slack.posts] == ["DU1"]


async def test_the_shortcut_takes_up_ones_own_message_and_no_other(opened, slack):
    async with opened() as house:
        house.known()
        await house.interact(form(pointed("they all wait for me", "U1", "U1", slack.base)))
        await house.interact(form(pointed(CANDID, "U2", "U1", slack.base)))
        await slack.until(lambda: len(slack.called("response_url")) == 2)
        assert [inbound.text for inbound in house.accepted] == ["they all wait for me"]
        answers = {call["text"] for call in slack.called("response_url")}
        assert answers == {WORDS.variants("slack.received")[0], WORDS.variants("slack.not-yours")[0]}


async def test_a_thumb_down_is_heard_as_a_wrong_turn(opened):
    async with opened() as house:
        house.known()
        await house.interact(form(pressed("bad", "feedback")))
        assert (await house.heard())[0] in WORDS.variants("wrong-turn")


async def test_thinking_is_shown_where_the_person_wrote_and_taken_away_with_the_answer(opened, slack):
    async with opened() as house:
        message = said("hello")
        await house.hand(message)
        await house.door.thinking(f"{TEAM}:U1")
        await house.heard()
        await slack.until(lambda: len(slack.called("assistant.threads.setStatus")) == 2)
        shown_, taken_away = slack.called("assistant.threads.setStatus")
        assert (shown_["channel_id"], shown_["thread_ts"]) == ("DU1", message["event"]["ts"])
        assert taken_away["status"] == ""


async def test_somebody_who_writes_in_a_thread_is_answered_there(opened, slack):
    async with opened() as house:
        await house.hand(said("hello", thread_ts="1.1"))
        await house.heard()
        assert slack.posts[0]["thread_ts"] == "1.1"


async def test_a_file_and_a_voice_note_are_owned_up_to_and_not_fetched(opened, slack):
    async with opened() as house:
        house.known()
        for kind, key in (("audio/mp4", "handed.voice"), ("application/pdf", "handed.file")):
            await house.hand(said("", subtype="file_share", files=[{"mimetype": kind, "url_private": "x"}]))
            assert (await house.heard())[0] in WORDS.variants(key)


async def test_no_log_of_any_level_holds_a_token_or_a_word(opened, slack, caplog):
    with caplog.at_level(logging.DEBUG):
        async with opened(socket=True) as house:
            await slack.taken(await slack.envelope(said(CANDID)))
            await house.heard()
            await slack.envelope({"type": "event_callback", "team_id": TEAM, "event": {"type": "reaction_added", "item": {"x": CANDID}}})
            slack.fail("chat.postMessage", error="internal_error")
            with pytest.raises(NoAnswer):
                await house.door.send(letter(CANDID, key="k9"))
    own = "\n".join(record.getMessage() for record in caplog.records if not record.name.startswith(("asyncio", "aiosqlite")))
    assert "mayor" not in own
    assert "xoxb" not in own
    assert "xapp" not in own

"""The logbook sent through the chat as a file: asked for in words, made when it leaves, carried by the outbox like any other letter."""

from __future__ import annotations

import asyncio
import json
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import Home
from fake_slack import SECRET, TEAM, fake_slack
from fake_slack import TOKEN as SLACK_TOKEN
from fake_telegram import TOKEN, Fault, flood, refusal, telegram
from passages import Silent

from adapters.slack import Slack
from adapters.slack_calls import Account
from adapters.telegram import Telegram
from bot.door import Copy, Door, Later, NotSent, Press, Unreachable
from bot.manager import Manager
from bot.model import Inbound, Keep, Letter, Message, Person, PersonId, Platform, Turn
from bot.printing import forms_here, press_of
from prompts.library import load_library
from storage.export import from_json
from storage.store import Store, StoreDown

LIBRARY = load_library()
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
CANDID = "The mayor's brother-in-law took the water pump"
WHO: dict[Platform, str] = {"telegram": "7", "slack": f"{TEAM}:U1", "terminal": "me"}


@dataclass
class Desk:
    """One person with one entry, on one platform."""

    platform: Platform
    store: Store
    manager: Manager
    person: PersonId
    press: Press
    number: int = 0
    heard: list[Letter] = field(default_factory=list)

    async def say(self, text: str = "", **more: Any) -> list[Letter]:
        """What waits to be sent after it."""
        self.number += 1
        at = NOON + timedelta(minutes=self.number)
        inbound = Inbound(key=str(self.number), platform=self.platform, address=WHO[self.platform], at=at, text=text, **more)
        await self.manager.handle(inbound)
        return self.store.unsent(self.platform)

    async def deliver(self, door: Door) -> int:
        return await self.manager.deliver(self.platform, door.send)

    async def take_in(self) -> list[Letter]:
        letters: list[Letter] = []

        async def send(letter: Letter) -> None:
            letters.append(letter)

        await self.manager.deliver(self.platform, send)
        return letters


def desk_of(folder: Path, platform: Platform = "telegram", language: str = "en") -> Desk:
    folder.mkdir(exist_ok=True)
    store = Store.open(f"sqlite:///{folder / 'brokercoach.db'}", folder / "key", lambda: NOON)
    known = Person(PersonId("aisha"), name="Aisha", zone="Africa/Nairobi", language=language, welcomed=True, onboarded=True)
    person = store.enrol(platform, WHO[platform], known)
    kept = Keep("e1", "crossing", "moment", CANDID, event_date=date(2026, 3, 1))
    assert store.save(person, Turn(store.conversation(person)[0], (kept,)), 0, NOON)
    manager = Manager(LIBRARY, store, Silent, lambda: NOON, forms=forms_here())
    return Desk(platform, store, manager, person, press_of(store, LIBRARY, lambda: NOON))


@asynccontextmanager
async def telegram_door(fake: Any, press: Press) -> AsyncIterator[Telegram]:
    made = Telegram(TOKEN, LIBRARY.words, api=fake.base, poll=1, patience=5, press=press)
    try:
        yield made
    finally:
        await made.close()


@asynccontextmanager
async def slack_door(fake: Any, press: Press) -> AsyncIterator[Slack]:
    async def nobody(_: str) -> None:
        return None

    account = Account(bot_token=SLACK_TOKEN, signing_secret=SECRET, api=fake.api)
    made = Slack(account, LIBRARY, nobody, lambda: NOON, press=press)
    try:
        yield made
    finally:
        await made.close()


# --- asked for


@pytest.mark.parametrize(
    ("language", "asked"),
    [
        ("en", "send me my logbook"),
        ("en", "export"),
        ("en", "Can I have my logbook?"),
        ("fr", "envoyez-moi mon journal"),
        ("es", "envíame mi bitácora"),
    ],
)
async def test_asked_for_a_copy_it_says_where_it_will_lie_and_asks_for_the_form(tmp_path: Path, language: str, asked: str):
    desk = desk_of(tmp_path, language=language)

    (letter,) = await desk.say(asked)

    assert letter.message.file is None
    assert "Telegram" in letter.message.text
    assert [choice.id for choice in letter.message.choices] == [*(f"do:export-{form}" for form in forms_here()), "do:as-it-is"]
    assert letter.message.text.endswith("?")


@pytest.mark.parametrize("words", ["pdf", "2", "as PDF please"])
async def test_the_form_is_chosen_by_words_or_number_and_the_file_comes_after_word_that_it_does(tmp_path: Path, words: str):
    desk = desk_of(tmp_path)
    await desk.say("export my logbook")
    await desk.take_in()

    coming, here = await desk.say(words)

    assert ("PDF" in coming.message.text, coming.message.file) == (True, None)
    assert here.message.file == "pdf"


@pytest.mark.parametrize(
    ("language", "asked", "form"),
    [
        ("en", "send me my logbook as PDF", "pdf"),
        ("en", "my logbook as word", "docx"),
        ("en", "export as markdown", "md"),
        ("en", "Could you send me my whole logbook as a Word document, please?", "docx"),
        ("en", "download my logbook as a web page", "html"),
        ("fr", "Pouvez-vous m'envoyer mon journal en PDF ?", "pdf"),
        ("es", "¿Puedes enviarme mi bitácora en Word?", "docx"),
        ("fr", "mon journal en pdf", "pdf"),
        ("es", "mi bitácora en pdf", "pdf"),
        ("es", "exportar en json", "json"),
    ],
)
async def test_a_form_that_is_named_is_sent_at_once(tmp_path: Path, language: str, asked: str, form: str):
    desk = desk_of(tmp_path, language=language)

    letters = await desk.say(asked)

    assert [letter.message.file for letter in letters] == [None, form]


@pytest.mark.parametrize(
    "told", ["I had to give my notes to the mayor", "They want my data as proof of their work", "He printed my entries"]
)
async def test_what_only_sounds_like_it_is_an_answer(tmp_path: Path, told: str):
    desk = desk_of(tmp_path)
    await desk.say("reflect")
    await desk.say("good")
    await desk.take_in()

    letters = await desk.say(told)

    assert not any(letter.message.file for letter in letters)
    assert told in [text for entry in desk.store.entries(desk.person) for _, text in entry.answers]


async def test_after_something_grave_a_copy_is_sent_without_a_question_and_the_floor_stays(tmp_path: Path):
    desk = desk_of(tmp_path)
    await desk.say("My director keeps touching me and I do not want it")
    await desk.take_in()
    alarm = desk.store.conversation(desk.person)[0].alarm

    letters = await desk.say("export my logbook")

    assert [letter.message.file for letter in letters] == [None, "html"]
    assert desk.store.conversation(desk.person)[0].alarm == alarm is not None


async def test_a_form_that_cannot_be_made_here_is_told_with_those_that_can(tmp_path: Path):
    desk = desk_of(tmp_path)
    desk.manager = Manager(LIBRARY, desk.store, Silent, lambda: NOON, forms=("html", "md", "json"))

    (letter,) = await desk.say("my logbook as pdf")

    assert "can't be made" in letter.message.text
    assert [choice.id for choice in letter.message.choices][:3] == ["do:export-html", "do:export-md", "do:export-json"]


async def test_in_the_middle_of_a_reflection_the_file_comes_and_the_question_stays(tmp_path: Path):
    desk = desk_of(tmp_path)
    await desk.say("reflect")
    before = (await desk.take_in())[-1].message.choices
    place = desk.store.conversation(desk.person)[0].place

    coming, here = await desk.say("send me my logbook as pdf")

    after = desk.store.conversation(desk.person)[0].place
    assert place
    assert after
    assert (place.guide, place.step) == (after.guide, after.step)
    assert (coming.message.choices, here.message.file) == (before, "pdf")


async def test_a_copy_leaves_a_line_in_what_was_done_with_their_data_and_no_word_of_it(tmp_path: Path):
    desk = desk_of(tmp_path)
    await desk.say("my logbook as html")
    await desk.take_in()

    told = (await desk.say("who looked at my data?"))[-1].message.text

    assert "a copy sent to you here" in told
    assert CANDID not in told


# --- made when it leaves


def on_disk(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.iterdir())


async def test_nothing_of_the_file_lies_in_the_store_before_or_after_it_is_sent(tmp_path: Path):
    desk = desk_of(tmp_path)

    await desk.say("my logbook as html")
    waiting = on_disk(tmp_path)
    async with telegram() as fake, telegram_door(fake, desk.press) as door:
        await desk.deliver(door)
    after = on_disk(tmp_path)

    assert CANDID in fake.sent[-1]["file"][1].decode().replace("&#x27;", "'")
    assert CANDID.encode() not in waiting + after
    assert b"<!doctype" not in waiting + after


async def test_what_was_written_until_it_leaves_is_in_it(tmp_path: Path):
    desk = desk_of(tmp_path)
    (*_, letter) = await desk.say("my logbook as markdown")
    later = Keep("e2", "crossing", "moment", "The pump came back", event_date=date(2026, 3, 2))
    conversation, version = desk.store.conversation(desk.person)
    assert desk.store.save(desk.person, Turn(conversation, (later,)), version, NOON)

    copy = await desk.press(letter)

    assert "The pump came back" in copy.data.decode()


async def test_a_file_is_only_ever_made_of_the_logbook_of_whoever_is_behind_the_address(tmp_path: Path):
    desk = desk_of(tmp_path)
    desk.store.enrol("telegram", "8", Person(PersonId("ben"), welcomed=True))

    theirs = await desk.press(Letter("k", "telegram", "8", Message("notice", "x", file="md")))
    nobodys = await desk.press(Letter("k", "telegram", "9", Message("notice", "x", file="md")))

    assert theirs.data
    assert CANDID not in theirs.data.decode()
    assert (nobodys.data, nobodys.instead != "") == (b"", True)


async def test_json_through_the_chat_is_the_file_that_is_taken_in_again(tmp_path: Path):
    desk = desk_of(tmp_path)

    copy = await desk.press(Letter("k", "telegram", "7", Message("notice", "x", file="json")))

    assert from_json(copy.data.decode()) == desk.store.record(desk.person)
    assert copy.name == "logbook-2026-03-02.json"


async def test_characters_without_a_font_are_counted_beside_the_pdf(tmp_path: Path):
    desk = desk_of(tmp_path)
    strange = Keep("e2", "crossing", "moment", "\U00013080 \U00013081", event_date=date(2026, 3, 2))
    conversation, version = desk.store.conversation(desk.person)
    assert desk.store.save(desk.person, Turn(conversation, (strange,)), version, NOON)

    copy = await desk.press(Letter("k", "telegram", "7", Message("notice", "x", file="pdf")))

    assert copy.data.startswith(b"%PDF")
    assert copy.note.startswith("2 characters")


async def test_while_the_store_is_away_nothing_is_sent_and_it_is_tried_again(tmp_path: Path):
    desk = desk_of(tmp_path)

    class Away:
        def person_at(self, *_: Any) -> Any:
            raise StoreDown("the disk is full")

    press = press_of(Away(), LIBRARY, lambda: NOON)  # type: ignore[arg-type]

    with pytest.raises(NotSent):
        await press(Letter("k", "telegram", "7", Message("notice", "x", file="md")))
    assert await desk.press(Letter("k", "telegram", "7", Message("notice", "x", file="md")))


async def test_a_logbook_that_cannot_be_printed_is_told_and_not_tried_for_ever(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    class Spoilt:
        def person_at(self, *_: Any) -> Any:
            return Person(PersonId("aisha"))

        def record(self, _: PersonId) -> Any:
            raise ValueError(CANDID)

    press = press_of(Spoilt(), LIBRARY, lambda: NOON)  # type: ignore[arg-type]

    copy = await press(Letter("k", "telegram", "7", Message("notice", "x", file="md")))

    assert (copy.data, "couldn't send" in copy.instead) == (b"", True)
    assert "could not be printed: ValueError at" in caplog.text
    assert CANDID not in caplog.text


# --- through Telegram


async def test_in_telegram_the_file_comes_as_a_document_with_its_words_beside_it(tmp_path: Path):
    desk = desk_of(tmp_path)
    await desk.say("my logbook as pdf")

    async with telegram() as fake, telegram_door(fake, desk.press) as door:
        await desk.deliver(door)

    coming, document = fake.sent
    name, data = document["file"]
    assert "on its way" in coming["shown"] or "comes next" in coming["shown"]
    assert (name, data[:4]) == ("logbook-2026-03-02.pdf", b"%PDF")
    assert "logbook" in document["shown"] or "wrote it" in document["shown"]
    assert fake.called("sendChatAction")[0]["action"] == "upload_document"
    assert desk.store.unsent("telegram") == []


@pytest.mark.parametrize(
    ("fault", "raised"),
    [(flood(7), Later), (refusal(403, "Forbidden: bot was blocked by the user"), Unreachable), (Fault(drop=True), Exception)],
)
async def test_in_telegram_a_file_that_did_not_go_through_stays_in_the_outbox(tmp_path: Path, fault: Fault, raised: type[Exception]):
    desk = desk_of(tmp_path)
    await desk.say("my logbook as html")

    async with telegram() as fake, telegram_door(fake, desk.press) as door:
        fake.faults["sendDocument"].append(fault)
        with pytest.raises(raised):
            await desk.deliver(door)
        (left,) = desk.store.unsent("telegram")
        await desk.deliver(door)

    assert (left.message.file, left.uncertain) == ("html", True)
    assert [("file" in each) for each in fake.sent] == [False, True]


async def test_killed_between_telegrams_answer_and_our_mark_a_file_goes_out_again_and_is_marked(tmp_path: Path):
    desk = desk_of(tmp_path)
    await desk.say("my logbook as html")
    await asyncio.to_thread(desk.store.sending, desk.store.unsent("telegram")[0].key)
    for letter in desk.store.unsent("telegram"):
        desk.store.sending(letter.key)  # and then the process dies
    desk.store.close()

    again = Store.open(f"sqlite:///{tmp_path / 'brokercoach.db'}", tmp_path / "key", lambda: NOON)
    letters = again.unsent("telegram")

    assert [letter.uncertain for letter in letters] == [True, True]
    assert again.standing().uncertain == 2


@pytest.mark.parametrize("description", ["Request Entity Too Large", "Bad Request: file must be non-empty", "Bad Request: wrong file type"])
async def test_what_telegram_will_not_take_is_told_in_words_once(tmp_path: Path, description: str):
    desk = desk_of(tmp_path)
    await desk.say("my logbook as html")

    async with telegram() as fake, telegram_door(fake, desk.press) as door:
        fake.faults["sendDocument"].append(refusal(413 if "Large" in description else 400, description))
        await desk.deliver(door)

    assert "couldn't send your logbook" in fake.texts()[-1]
    assert desk.store.unsent("telegram") == []


async def test_a_file_larger_than_a_bot_may_send_is_not_even_tried(tmp_path: Path):
    async def huge(_: Letter) -> Copy:
        return Copy("logbook.json", "Too large for this chat.", b"x" * 50_000_001)

    async with telegram() as fake, telegram_door(fake, huge) as door:
        await door.send(Letter("k", "telegram", "7", Message("notice", "Here it is.", file="json")))

    assert fake.texts() == ["Too large for this chat."]
    assert not fake.called("sendDocument")


async def test_words_too_long_for_a_caption_go_before_the_file(tmp_path: Path):
    async def made(_: Letter) -> Copy:
        return Copy("logbook.json", "-", b"{}", "note " * 300)

    async with telegram() as fake, telegram_door(fake, made) as door:
        await door.send(Letter("k", "telegram", "7", Message("notice", "Here it is.", file="json")))

    assert [each["shown"][:11] for each in fake.sent] == ["Here it is.", ""]
    assert fake.sent[-1]["file"] == ("logbook.json", b"{}")


# --- through Slack


async def test_in_slack_the_file_is_put_and_shared_in_the_conversation(tmp_path: Path):
    desk = desk_of(tmp_path, "slack")
    await desk.say("my logbook as html")

    async with fake_slack() as fake, slack_door(fake, desk.press) as door:
        await desk.deliver(door)

    (file,) = fake.files
    assert (file["name"], file["channel_id"]) == ("logbook-2026-03-02.html", "DU1")
    assert CANDID in file["data"].decode().replace("&#x27;", "'")
    assert "file" in file["initial_comment"] or "whole" in file["initial_comment"]
    assert len(fake.posts) == 1
    assert desk.store.unsent("slack") == []


@pytest.mark.parametrize("error", ["missing_scope", "file_uploads_disabled", "storage_limit_reached"])
@pytest.mark.parametrize("method", ["files.getUploadURLExternal", "files.completeUploadExternal"])
async def test_what_slack_will_not_take_is_told_in_words_once(tmp_path: Path, method: str, error: str):
    desk = desk_of(tmp_path, "slack")
    await desk.say("my logbook as html")

    async with fake_slack() as fake, slack_door(fake, desk.press) as door:
        fake.fail(method, error=error)
        await desk.deliver(door)

    assert "couldn't send your logbook" in fake.posts[-1]["text"]
    assert (fake.files, desk.store.unsent("slack")) == ([], [])


@pytest.mark.parametrize("status", [429, 500])
async def test_an_upload_that_slack_cannot_take_just_now_is_tried_again_as_if_for_the_first_time(tmp_path: Path, status: int):
    desk = desk_of(tmp_path, "slack")
    await desk.say("my logbook as html")

    async with fake_slack() as fake, slack_door(fake, desk.press) as door:
        fake.upload_status = [status]
        with pytest.raises(NotSent):
            await desk.deliver(door)
        await desk.deliver(door)

    assert len(fake.files) == 1


async def test_a_lost_answer_before_the_file_is_shared_leaves_no_doubt_and_after_it_does(tmp_path: Path):
    desk = desk_of(tmp_path, "slack")
    *_, letter = await desk.say("my logbook as html")

    async with fake_slack() as fake, slack_door(fake, desk.press) as door:
        fake.fail("files.getUploadURLExternal", drop=True)
        with pytest.raises(NotSent):
            await door.send(letter)
        fake.fail("files.completeUploadExternal", drop=True, after=True)
        with pytest.raises(Exception) as doubtful:  # noqa: PT011 - the door's word for it is: none of the three
            await door.send(letter)

    assert not isinstance(doubtful.value, NotSent)
    assert len(fake.files) == 1


# --- in the terminal


def test_in_the_terminal_files_lie_where_the_chat_was_started_for_their_owner_alone(home: Home):
    desk_of(home.path, "terminal").store.close()

    ran = home.chat("send me my logbook as html", "export", "json", "my logbook as html")

    files = sorted(home.place.glob("logbook-*"))
    assert [file.suffix for file in files] == [".html", ".html", ".json"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert all("water pump" in file.read_text() for file in files)
    assert json.loads(files[-1].read_text())["format"] == "brokercoach-logbook"
    assert ran.out.count("Saved as") == 3

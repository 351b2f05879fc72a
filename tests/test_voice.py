"""Voice notes, from the platform's wire to the words on the screen. Telegram's and Slack's files and the listener are on loopback."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fake_voices import SOUND, FakeVoices, fake_voices
from house import serving
from model_house import Shelf

from adapters.slack_calls import Account, Calls
from adapters.slack_intake import of_message
from adapters.slack_voice import SlackVoices
from adapters.telegram_intake import read
from adapters.telegram_voice import TelegramVoices
from bot.budget import Limits
from bot.door import Gone, NotSent, TooBig
from bot.listening import Ear
from bot.manager import Manager
from bot.model import Consent, Inbound, Letter, Person, PersonId, VoiceNote
from bot.settings import Settings
from bot.transcribing import Local, OpenAI, open_transcriber
from bot.voicenotes import length
from prompts.library import load_library
from storage.store import Store

LIBRARY = load_library()
WORDS = LIBRARY.words["en"]
TOKEN = "123456:AAfakefakefakefakefakefakefakefake-_"  # noqa: S105 - nobody's
AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
VOICE = {"file_id": "f1", "file_unique_id": "u", "duration": 20, "file_size": len(SOUND)}
SLACKS = {"id": "F1", "mimetype": "audio/mp4", "duration_ms": 19_500, "size": len(SOUND)}


@dataclass
class House:
    store: Store
    manager: Manager
    ear: Ear
    fake: FakeVoices
    now: datetime = AT
    sent: list[Letter] = field(default_factory=list)

    def known(self, *, agrees: bool = True) -> PersonId:
        person = Person(PersonId(""), zone="Africa/Nairobi", welcomed=True, onboarded=True)
        who = self.store.enrol("telegram", "7", person)
        if agrees:
            self.store.agree(who, Consent("transcription", 1, granted=True))
        return who

    async def hand(self, inbound: Inbound) -> str:
        self.now += timedelta(seconds=1)
        await self.manager.handle(inbound)
        return await self.later(timedelta())

    async def later(self, span: timedelta) -> str:
        """What is heard once the clock has gone on."""
        self.now += span
        await self.manager.tick()
        before = len(self.sent)

        async def send(letter: Letter) -> None:
            self.sent.append(letter)

        await self.manager.deliver("telegram", send)
        return "\n\n".join(letter.message.text for letter in self.sent[before:])

    async def press(self, act: str) -> str:
        choice = next(each for each in self.sent[-1].message.choices if each.id.startswith(f"voice:{act}"))
        return await self.hand(Inbound(key=f"press{self.now}", platform="telegram", address="7", at=self.now, press=choice.id))


@contextmanager
def house_of(folder: Path, fake: FakeVoices, patience: float = 20.0, limits: Limits | None = None) -> Iterator[House]:
    store = Store.open(f"sqlite:///{folder / 'brokercoach.db'}", folder / "key", lambda: house.now)
    listener = OpenAI("whisper-1", f"{fake.base}/v1", "sk-none", timeout=5)
    ear = Ear(listener, {"telegram": TelegramVoices(TOKEN, fake.base).fetch}, store, patience, limits, lambda: house.now)
    house = House(store, Manager(LIBRARY, store, Shelf, lambda: house.now, ear=ear), ear, fake)
    yield house
    store.close()


@pytest.fixture
async def fake() -> AsyncIterator[FakeVoices]:
    async with fake_voices() as voices:
        yield voices


@pytest.fixture
def house(tmp_path: Path, fake: FakeVoices) -> Iterator[House]:
    with house_of(tmp_path, fake) as place:
        yield place


def spoken(number: int = 5, **more: Any) -> Inbound:
    """A voice note as Telegram hands it over."""
    sender = {"id": 7, "is_bot": False, "first_name": "A"}
    message = {"message_id": number, "date": 1_770_000_000, "chat": {"id": 7, "type": "private"}, "from": sender, "voice": VOICE}
    found = read({"update_id": number, "message": message | more}, AT)
    assert found is not None
    assert found[1] is not None
    return found[1]


def notice(key: str) -> tuple[str, ...]:
    return tuple(each.replace("$minutes", "5") for each in WORDS.variants(key))


async def test_a_voice_note_is_fetched_listened_to_and_shown_and_of_the_sound_nothing_is_left(house, fake, tmp_path):
    who = house.known()
    said = await house.hand(spoken())
    assert f"“{fake.said}”" in said
    assert fake.asked == ["getFile", "file_1.oga"]
    assert len(fake.listened) == 1
    assert SOUND in fake.listened[0]
    assert b'filename="voice.ogg"' in fake.listened[0]
    assert not any(SOUND[:60] in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert not any(fake.said.encode() in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert house.store.entries(who) == []

    assert await house.press("save") in WORDS.variants("noted")
    assert [dict(entry.answers) for entry in house.store.entries(who)] == [{"note": fake.said}]


async def test_the_same_button_pressed_twice_keeps_the_words_once(house):
    who = house.known()
    await house.hand(spoken())
    choice = house.sent[-1].message.choices[0].id
    for key in ("one", "two"):
        await house.hand(Inbound(key=key, platform="telegram", address="7", at=house.now, press=choice))
    assert len(house.store.entries(who)) == 1


async def test_a_button_of_an_older_transcript_still_means_its_own_words(house, fake):
    who = house.known()
    await house.hand(spoken(5))
    first = house.sent[-1].message.choices[0].id
    fake.said = "another thing altogether was said here"
    await house.hand(spoken(6))
    await house.hand(Inbound(key="p", platform="telegram", address="7", at=house.now, press=first))
    assert "nothing moves" in house.store.entries(who)[0].answers[0][1]


async def test_row_37_without_consent_no_sound_is_fetched_and_none_leaves(house, fake):
    who = house.known(agrees=False)
    said = await house.hand(spoken())
    assert "127.0.0.1" in said
    assert said.endswith("Shall I have it listened to?")
    assert (fake.asked, fake.listened) == ([], [])

    yes = house.sent[-1].message.choices[0].id
    said = await house.hand(Inbound(key="yes", platform="telegram", address="7", at=house.now, press=yes))
    assert house.store.consents(who)["transcription"]
    assert f"“{fake.said}”" in said


async def test_row_37_consent_withdrawn_while_the_sound_is_fetched_lets_none_leave(house, fake):
    who = house.known()
    fake.fetched = lambda: house.store.agree(who, Consent("transcription", 1, granted=False))
    assert await house.hand(spoken()) in notice("voice.unheard")
    assert fake.listened == []


MOODS = ("429", "500", "reset", "html", "garbage", "list", "number", "nothing")


@pytest.mark.parametrize("mood", MOODS)
async def test_row_38_whoever_listens_may_fail_and_is_asked_again_and_nothing_is_lost(mood, house, fake, caplog):
    house.known()
    fake.mood = [mood, mood, "ok"]  # the SDK itself asks twice where that is worth it
    with caplog.at_level(logging.DEBUG):
        assert await house.hand(spoken()) in notice("voice.later")
    assert fake.said not in caplog.text
    fake.mood = "ok"
    assert f"“{fake.said}”" in await house.later(timedelta(minutes=2))


async def test_after_three_times_it_is_owned_up_to_once_and_the_coach_goes_on(house, fake):
    who = house.known()
    fake.mood = "500"
    assert await house.hand(spoken()) in notice("voice.later")
    assert await house.later(timedelta(minutes=2)) == ""
    assert await house.later(timedelta(minutes=11)) in notice("voice.down")
    assert [row for row in house.store.due_of(who) if row.kind == "voice"] == []
    assert house.ear.counts == {"down": 3}


async def test_one_that_takes_too_long_counts_as_failed(tmp_path, fake):
    fake.mood = "waits"
    with house_of(tmp_path, fake, patience=0.5) as house:
        house.known()
        assert await house.hand(spoken()) in notice("voice.later")


async def test_a_crash_while_it_is_listened_to_leaves_it_to_the_next_start(house, fake):
    house.known()
    await house.manager.handle(spoken())
    fake.mood = "waits"
    slow = asyncio.create_task(house.manager.tick())
    await asyncio.wait_for(fake.reached.wait(), 10)
    slow.cancel()
    await asyncio.gather(slow, return_exceptions=True)
    fake.mood = "ok"
    assert f"“{fake.said}”" in await house.later(timedelta(minutes=1))
    assert await house.later(timedelta(minutes=1)) == ""


async def test_somebody_elses_voice_handed_on_is_not_listened_to(house, fake):
    house.known()
    origin = {"type": "hidden_user", "sender_user_name": "K.", "date": 1}
    assert await house.hand(spoken(forward_origin=origin)) in notice("handed.voice")
    assert (fake.asked, fake.listened) == ([], [])


@pytest.mark.parametrize("over", [{"duration": 301}, {"file_size": 20_000_001}])
async def test_one_that_is_too_long_is_not_fetched(over, house, fake):
    house.known()
    assert await house.hand(spoken(voice=VOICE | over)) in notice("voice.long")
    assert fake.asked == []


async def test_one_that_is_bigger_than_it_said_is_let_be(house, fake):
    house.known()
    fake.size = 20_000_001
    assert await house.hand(spoken()) in notice("voice.long")
    assert fake.listened == []


async def test_one_that_is_gone_is_asked_for_again(house, fake):
    house.known()
    fake.lies = False
    assert await house.hand(spoken()) in notice("voice.gone")


@pytest.mark.parametrize("said", ["", " \u200b\n", "...", "\x00"])
async def test_silence_is_no_entry(said, house, fake):
    house.known()
    fake.said = said
    assert await house.hand(spoken()) in notice("voice.empty")


async def test_an_endless_transcript_is_cut_and_shown(house, fake):
    house.known()
    fake.said = "on and on " * 100_000
    assert len(await house.hand(spoken())) < 9000


async def test_row_42_at_the_limit_of_a_day_a_note_is_kindly_refused_unfetched_and_the_next_day_one_is_listened_to(tmp_path, fake):
    with house_of(tmp_path, fake, limits=Limits(day=50)) as house:
        who = house.known()
        for number in (5, 6):
            assert fake.said in await house.hand(spoken(number))
        assert await house.hand(spoken(7)) in notice("voice.budget")
        assert await house.later(timedelta(minutes=30)) == ""
        assert len(fake.listened) == 2
        assert fake.asked.count("getFile") == 2
        assert house.store.spent(AT.replace(hour=0), who, "seconds") == 40
        assert house.store.spent(AT.replace(hour=0), who) == 0
        house.now += timedelta(days=1)
        assert fake.said in await house.hand(spoken(8))


async def test_row_42_the_installs_month_of_voice_notes_is_a_limit_of_its_own(tmp_path, fake):
    with house_of(tmp_path, fake, limits=Limits(month=30)) as house:
        house.known()
        assert fake.said in await house.hand(spoken(5))
        house.now += timedelta(days=2)
        assert await house.hand(spoken(6)) in notice("voice.budget")


async def test_what_voice_notes_cost_is_told_with_what_the_model_costs(tmp_path, fake):
    with house_of(tmp_path, fake, limits=Limits(day=60)) as house:
        house.known()
        await house.hand(spoken())
        said = await house.hand(Inbound(key="q", platform="telegram", address="7", at=house.now, text="what do you spend"))
        assert "20 of 60 seconds of your voice notes" in said
        assert said.count("?") == 1


async def test_a_note_of_untold_length_counts_by_its_size():
    assert length(VoiceNote("slack", "D", "F", 0, 9_000)) == 5
    assert length(VoiceNote("slack", "D", "F", 7, 9_000)) == 7


async def test_a_note_that_nobody_could_listen_to_costs_nothing(house, fake):
    who = house.known()
    fake.mood = "500"
    await house.hand(spoken())
    assert house.store.spent(AT.replace(hour=0), who, "seconds") == 0


async def test_without_anybody_who_listens_it_is_refused_as_ever(tmp_path, fake):
    with house_of(tmp_path, fake) as house:
        house.known()
        manager = Manager(LIBRARY, house.store, Shelf, lambda: house.now)
        house.manager = manager
        assert await house.hand(spoken()) in notice("handed.voice")
        assert (fake.asked, fake.listened) == ([], [])


async def test_faster_whisper_that_is_not_installed_is_a_fault_like_any_other():
    listener = Local("small")
    assert listener.host == ""
    try:
        import faster_whisper  # noqa: F401
    except ImportError:
        with pytest.raises(Exception, match="brokercoach\\[voice\\]"):
            await listener.text_of(SOUND)


async def test_the_engine_listens_by_itself_and_nobody_else_waits_for_it(tmp_path, fake):
    fake.mood = "waits"

    async def fetch(note: VoiceNote, most: int) -> bytes:
        return SOUND

    served = serving(tmp_path, LIBRARY, Shelf)
    ear = Ear(OpenAI("whisper-1", f"{fake.base}/v1"), {"terminal": fetch}, served.store)
    served.manager = Manager(LIBRARY, served.store, Shelf, served.clock, ear=ear)
    aisha = served.known("aisha")
    served.known("ben")
    served.store.agree(aisha, Consent("transcription", 1, granted=True))
    async with served.running() as door:
        note = VoiceNote("terminal", "aisha", "f1", 20)
        await door.accept(Inbound(key="v1", platform="terminal", address="aisha", at=served.clock(), brought="voice", voice=note))
        await asyncio.wait_for(fake.reached.wait(), 20)
        await door.say("ben", "hello")
        await door.heard("ben")
        assert door.to("aisha") == []
        fake.may_go.set()
        said = (await door.heard("aisha"))[0].message
        assert fake.said in said.text
        assert len(fake.listened) == 1
    served.store.close()


async def test_privacy_says_where_voices_go_once_that_was_agreed_to(house):
    house.known(agrees=False)
    ask = Inbound(key="q1", platform="telegram", address="7", at=AT, text="privacy")
    assert "Voice notes" not in await house.hand(ask)
    house.store.agree(house.store.person_at("telegram", "7").id, Consent("transcription", 1, granted=True))
    assert "Voice notes are turned into text at 127.0.0.1" in await house.hand(replace(ask, key="q2"))


# --- Slack


def slacks(fake: FakeVoices) -> SlackVoices:
    account = Account(bot_token="xoxb-fake", signing_secret="s", api=f"{fake.base}/api/")  # noqa: S106 - nobody's
    return SlackVoices(Calls(account, None, lambda: AT), account.api)


def from_slack(**more: Any) -> VoiceNote:
    event = {"type": "message", "channel": "D1", "channel_type": "im", "ts": "1.1", "user": "U1", "text": "", "subtype": "file_share"}
    came = of_message({"team_id": "T1", "event": event | {"files": [SLACKS | more]}}, AT)
    assert came is not None
    assert came.voice is not None
    return came.voice


async def test_a_voice_note_in_slack_is_fetched_with_the_token_of_its_workspace(fake):
    note = from_slack()
    assert (note.address, note.seconds) == ("T1:U1", 20)
    assert await slacks(fake).fetch(note, 10**6) == SOUND
    assert fake.shown == ["Bearer xoxb-fake"]


@pytest.mark.parametrize(
    "file",
    [
        {"user": "U2"},
        {"url_private_download": "https://evil.example/voice.mp4"},
        {"url_private_download": "https://files.slack.com.evil.example/voice.mp4"},
        {"url_private_download": "http://files.slack.com/voice.mp4"},
        {"url_private_download": ""},
    ],
)
async def test_our_token_is_shown_to_nobody_but_slack_and_for_nobody_elses_file(file, fake):
    fake.file = file
    with pytest.raises(Gone):
        await slacks(fake).fetch(from_slack(), 10**6)
    assert fake.shown == []


async def test_a_file_in_slack_that_is_gone_or_too_big_says_so(fake):
    with pytest.raises(TooBig):
        await slacks(fake).fetch(from_slack(), 100)
    fake.lies = False
    with pytest.raises((Gone, NotSent)):
        await slacks(fake).fetch(from_slack(), 10**6)


# --- by settings


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ({"model": "openai:m", "model_key": "sk-one"}, "sk-one"),
        ({"model": "openai:m", "model_key": "sk-one", "transcribe_key": "sk-two"}, "sk-two"),
        ({"model": "openai:m", "model_key": "sk-one", "model_api": "http://gpu:8000/v1"}, None),
        ({"model": "anthropic:m", "model_key": "sk-one"}, None),
        ({"model_key": "sk-one"}, None),
    ],
)
def test_a_key_goes_to_nobody_but_the_endpoint_it_is_for(more, key):
    listener = open_transcriber(Settings(_env_file=None, transcribe="openai", **more))
    assert isinstance(listener, OpenAI)
    assert listener.key == key
    assert "sk-" not in repr(listener)
    assert listener.host == "api.openai.com"


def test_nobody_listens_unless_settings_say_so():
    assert open_transcriber(Settings(_env_file=None)) is None
    local = open_transcriber(Settings(_env_file=None, transcribe="local"))
    assert local is not None
    assert local.host == ""

"""What is promised about people's data: taken back for good, looked after, one person's only, and opened with one key after another.

Everything goes through the manager and the store, as a platform would have it; what becomes of the files is looked at in the files.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import PROJECT
from passages import Silent
from postgres import seeing_all
from sqlalchemy import create_engine, func, make_url, select, text
from test_storage_store import Place, blank, place, postgres, store  # noqa: F401 - fixtures: the store on SQLite and on PostgreSQL

from bot.manager import Manager
from bot.model import (
    Consent,
    Conversation,
    Entry,
    Inbound,
    Keep,
    Letter,
    Message,
    Person,
    PersonId,
    Platform,
    Remind,
    Say,
    TakeOut,
    Turn,
)
from prompts.library import Library, load_library
from storage.backup import back_up, restore
from storage.store import NoSuchPerson, Store, StoreDown, Unreadable, VaultLocked
from storage.tables import PEOPLES, erasures

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
CANARY = "Xylocarp"
LIBRARY = load_library()


@dataclass
class World:
    """The coach with a clock of its own, and what people saw of it. A door is a platform and an address."""

    store: Store
    library: Library = LIBRARY
    now: datetime = NOON
    seen: dict[tuple[str, str], list[Message]] = field(default_factory=dict)
    keys: int = 0

    def __post_init__(self) -> None:
        self.manager = Manager(self.library, self.store, Silent, lambda: self.now)

    def say(self, address: str, text: str, platform: Platform = "telegram", key: str | None = None) -> str:
        return self._hear(address, platform, key, text=text)

    def press(self, address: str, label: str, platform: Platform = "telegram") -> str:
        choice = next(choice for choice in self.seen[platform, address][-1].choices if choice.label == label)
        return self._hear(address, platform, None, press=choice.id)

    def pressed(self, address: str, choice: str, platform: Platform = "telegram") -> str:
        return self._hear(address, platform, None, press=choice)

    def _hear(self, address: str, platform: Platform, key: str | None, **what: Any) -> str:
        self.keys += 1
        self.now += timedelta(seconds=1)
        inbound = Inbound(key=key or f"m{self.keys}", platform=platform, address=address, at=self.now, **what)
        before = len(self.seen.get((platform, address), []))
        asyncio.run(self._handled(inbound))
        return "\n".join(message.text for message in self.seen.get((platform, address), [])[before:])

    async def _handled(self, inbound: Inbound) -> None:
        await self.manager.handle(inbound)
        await self.delivered()

    async def delivered(self) -> None:
        async def send(letter: Letter) -> None:
            self.seen.setdefault((letter.platform, letter.address), []).append(letter.message)

        for platform in ("telegram", "slack"):
            await self.manager.deliver(platform, send)

    def wait(self, span: timedelta) -> None:
        self.now += span

        async def ticked() -> None:
            await self.manager.tick()
            await self.delivered()

        asyncio.run(ticked())

    def at(self, address: str, platform: Platform = "telegram") -> PersonId | None:
        person = self.store.person_at(platform, address)
        return person and person.id

    def settled(self, address: str, platform: Platform = "telegram", entry: str = "") -> PersonId:
        """Somebody who is through with introductions, and has written an entry."""
        theirs = self.store.enrol(
            platform, address, Person(PersonId(""), zone="Europe/Paris", name=f"{CANARY}name", welcomed=True, onboarded=True)
        )
        if entry:
            self.store.add_entry(theirs, Entry(f"entry of {address}", "crossing", NOON.date(), NOON, (("moment", entry),)))
        return theirs


@pytest.fixture
def world(place: Place) -> World:  # noqa: F811
    return World(place.store)


@pytest.fixture
def lone(tmp_path: Path) -> Iterator[World]:
    """On SQLite alone, for what is about its files."""
    opened = Store.open(f"sqlite:///{tmp_path}/coach.db", tmp_path / "key")
    yield World(opened)
    opened.close()


def everything(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def rows(database: Path) -> dict[str, int]:
    with closing(sqlite3.connect(database)) as connection:
        return {table.name: connection.execute(f"SELECT count(*) FROM {table.name}").fetchone()[0] for table in PEOPLES}  # noqa: S608


# --- forgetting, in the chat


def test_everything_goes_after_one_question_and_the_receipt_tells_what_went(world: World) -> None:
    aisha = world.settled("4711", entry="the mayor walked out")

    asked = world.say("4711", "delete everything")
    receipt = world.press("4711", "Yes, delete everything")

    assert "export my logbook" in asked
    assert asked.endswith("Shall I delete it all?")
    assert "entries: 1, wordings in them: 1, plans: 0" in receipt
    assert all(told in receipt for told in ("Telegram", "backups", "language model", "won't write to you again"))
    assert world.at("4711") is None
    with pytest.raises(NoSuchPerson):
        world.store.gather(aisha)


@pytest.mark.parametrize(
    ("language", "asks", "label"),
    [
        ("en", "forget me", "Yes, delete everything"),
        ("fr", "tout effacer", "Oui, tout supprimer"),
        ("es", "borrar todo", "Sí, borrar todo"),
    ],
)
def test_it_is_asked_and_done_in_every_language_by_word_or_by_press(world: World, language: str, asks: str, label: str) -> None:
    for address, says in (("1", None), ("2", label), ("3", {"en": "yes", "fr": "oui", "es": "sí"}[language])):
        world.store.enrol("slack", address, Person(PersonId(""), language=language, zone="Europe/Paris", welcomed=True, onboarded=True))
        world.say(address, asks, "slack")
        told = world.say(address, says, "slack") if says else world.press(address, label, "slack")

        assert "Slack" in told
        assert world.at(address, "slack") is None


def test_a_no_changes_nothing_and_a_stale_yes_does_nothing(world: World) -> None:
    aisha = world.settled("4711", entry="the mayor walked out")
    world.say("4711", "forget everything")

    world.say("4711", "no")
    late = world.pressed("4711", "do:forget-all")

    assert "earlier question" in late
    assert len(world.store.entries(aisha)) == 1


def test_the_question_comes_in_the_middle_of_a_reflection_and_the_reflection_can_be_gone_on_with(world: World) -> None:
    world.settled("4711")
    world.say("4711", "reflect")
    world.say("4711", "ok")
    world.say("4711", "the mayor walked out of the meeting")

    world.say("4711", "forget everything")
    world.press("4711", "No, leave it")
    on = world.press("4711", "Go on")

    assert on.endswith("?")
    assert world.store.gather(world.at("4711")).conversation.place is not None


def test_an_entry_a_plan_a_partnership_and_a_name_can_go_by_themselves(world: World) -> None:
    aisha = world.settled("4711", entry="the mayor walked out")
    world.say("4711", "forget my name")
    assert world.store.person(aisha).name is None

    world.say("4711", "forget one thing")
    world.say("4711", "1") if "entry" not in world.seen["telegram", "4711"][-1].text else ""
    world.pressed("4711", f"gone:entry:{world.store.entries(aisha)[0].id}")
    assert world.store.entries(aisha), "it is said back before it goes"
    world.press("4711", "Take it out")

    assert world.store.entries(aisha) == []
    assert [done.act for done in world.store.gather(aisha).doings] == ["taken-out"]


def test_a_stranger_comes_where_somebody_was_forgotten(world: World) -> None:
    before = world.settled("4711", entry="the mayor walked out")
    world.say("4711", "forget everything")
    world.say("4711", "yes")

    again = world.say("4711", "hello")

    assert "What shall I call you?" in again
    assert world.at("4711") != before
    assert world.store.entries(world.at("4711")) == []


def test_the_platform_hands_the_yes_over_again_and_nobody_is_greeted(world: World) -> None:
    world.settled("4711")
    world.say("4711", "forget everything")
    world.say("4711", "yes", key="the yes")

    assert world.say("4711", "yes", key="the yes") == ""
    assert world.at("4711") is None


def test_a_receipt_that_never_leaves_is_let_go_after_a_day(world: World) -> None:
    world.settled("4711")
    world.say("4711", "forget everything")
    key, person = asyncio.run(world.manager.accept(Inbound(key="yes", platform="telegram", address="4711", at=world.now, text="yes")))
    asyncio.run(world.manager.turn(key, person))
    bearer = world.at("4711")
    assert bearer not in (None, person)

    world.store.keep_house(world.now + timedelta(hours=23))
    assert world.at("4711") == bearer
    world.store.keep_house(world.now + timedelta(hours=25))

    assert world.at("4711") is None
    assert world.store.unsent("telegram") == []


# --- consents, and who looked


def test_a_consent_is_listed_taken_back_and_both_are_written_down(world: World) -> None:
    aisha = world.settled("4711")
    world.store.agree(aisha, Consent("model", 1, granted=True))
    assert "a language model reads what you write" in world.say("4711", "what have I agreed to?")

    world.say("4711", "take back my consent")

    assert world.store.consents(aisha) == {"model": False}
    assert "haven't agreed to anything" in world.say("4711", "what have I agreed to?")
    assert {done.act for done in world.store.gather(aisha).doings} == {"taken-back", "agreed"}


def test_whoever_runs_it_is_seen_to_have_looked(world: World) -> None:
    aisha = world.settled("4711")
    assert "Nothing was exported" in world.say("4711", "who looked at my data?")

    world.store.looked(aisha, "exported")

    assert "exported by whoever runs this coach" in world.say("4711", "who looked at my data?")


# --- nobody has written for long


def test_after_two_years_there_is_one_word_and_thirty_days_later_nothing(tmp_path: Path) -> None:
    world = World(Store.open(f"sqlite:///{tmp_path}/coach.db", tmp_path / "key", lambda: NOON, retention=24))
    aisha = world.settled("4711", entry="the mayor walked out")
    world.wait(timedelta(days=720))
    assert not world.seen

    world.wait(timedelta(days=12))
    world.wait(timedelta(days=1))
    assert [len(told) for told in world.seen.values()] == [1]
    assert "everything of yours is erased" in world.seen["telegram", "4711"][0].text
    world.wait(timedelta(days=31))

    assert world.at("4711") is None
    with pytest.raises(NoSuchPerson):
        world.store.person(aisha)
    assert [len(told) for told in world.seen.values()] == [1]
    world.store.close()


def test_one_word_and_it_stays(tmp_path: Path) -> None:
    world = World(Store.open(f"sqlite:///{tmp_path}/coach.db", tmp_path / "key", lambda: NOON, retention=24))
    aisha = world.settled("4711", entry="the mayor walked out")
    world.wait(timedelta(days=740))

    world.say("4711", "I'm still here")
    world.wait(timedelta(days=60))

    assert len(world.store.entries(aisha)) == 1
    assert world.store.due_of(aisha) == []
    world.store.close()


def test_without_a_retention_everything_stays(lone: World) -> None:
    aisha = lone.settled("4711", entry="the mayor walked out")

    lone.wait(timedelta(days=5000))

    assert len(lone.store.entries(aisha)) == 1
    assert not lone.seen


# --- rows of the list of faults


def test_row_35_nobody_reaches_anothers_entry_by_its_id_its_choice_or_its_message(world: World) -> None:
    aisha, ben = world.settled("4711", entry="the mayor walked out"), world.settled("4712", entry="the donor phoned")
    for words in ("reflect", "ok"):
        world.say("4712", words)
    world.say("4712", "the donor phoned twice and hung up", key="a message of Ben's")
    kept_before, entry = world.store.entries(ben), world.store.entries(ben)[-1]
    for choice in (f"out!:entry:{entry.id}", f"gone:entry:{entry.id}", f"out:{entry.id}:moment"):
        assert "earlier question" in world.pressed("4711", choice)
    version = world.store.gather(aisha).version
    world.store.save(aisha, Turn(Conversation(), (TakeOut(entry.id, "moment"),)), version, NOON)
    kept = Keep(entry.id, "crossing", "moment", "overwritten", event_date=NOON.date())
    world.store.save(aisha, Turn(Conversation(), (kept,)), version + 1, NOON)
    asyncio.run(
        world.manager.handle(
            Inbound(key="e", platform="telegram", address="4711", at=world.now, edits="a message of Ben's", text="overwritten")
        )
    )

    assert world.store.entries(ben) == kept_before


def test_row_36_two_doors_become_one_person_by_a_code_and_by_nothing_else(world: World) -> None:
    aisha = world.settled("4711", entry="the mayor walked out")
    assert "What shall I call you?" in world.say("U1", "hello", "slack")
    code = world.say("4711", "link my slack").splitlines()[-1]

    assert "isn't quite right" in world.say("U1", code[:-1] + ("1" if code[-1] == "0" else "0"), "slack")
    assert "leads to your logbook now" in world.say("U1", code.lower().replace("-", " "), "slack")
    assert world.at("U1", "slack") == world.at("4711") == aisha
    assert "the mayor walked out" in world.say("U1", "my logbook", "slack")
    assert "unknown here, already used" in world.say("4713", code)

    world.say("U1", "unlink this door", "slack")
    assert "This door is closed" in world.say("U1", "yes", "slack")
    assert world.at("U1", "slack") is None
    assert world.at("4711") == aisha
    assert "What shall I call you?" in world.say("U1", "hello", "slack")


@pytest.mark.parametrize(("platform", "owner", "other"), [("slack", "workspace", "telegram"), ("telegram", "Telegram carries", "slack")])
def test_what_a_platforms_owner_can_see_is_said_once_also_at_a_door_that_a_code_opened(
    world: World, platform: Any, owner: str, other: Any
) -> None:
    world.settled("there", other, entry="the mayor walked out")

    code = world.say("there", "link another door", other).splitlines()[-1]
    told = [world.say("here", each, platform) for each in (code, "reflect", "stop", "my logbook")]
    assert "leads to your logbook now" in told[0]
    assert [owner in each for each in told] == [True, False, False, False]

    greeted = world.say("greeted", "hello", platform)
    code = world.say("there", "link another door", other).splitlines()[-1]
    assert [owner in each for each in (greeted, world.say("greeted", code, platform))] == [True, False]


def test_row_36_a_code_dies_of_time_and_of_tries_and_never_joins_two_logbooks(world: World) -> None:
    world.settled("4711", entry="the mayor walked out")
    ben = world.settled("U2", "slack", entry="the donor phoned")
    code = world.say("4711", "link another door").splitlines()[-1]
    assert "two are never poured into one" in world.say("U2", code, "slack")
    assert world.at("U2", "slack") == ben

    wrong = code[:-1] + ("1" if code[-1] == "0" else "0")
    told = [world.say("U1", wrong, "slack") for _ in range(5)]
    assert ["mistyped too often" in each for each in told] == [False] * 4 + [True]
    assert "mistyped too often" in world.say("U1", code, "slack")

    code = world.say("4711", "link another door").splitlines()[-1]
    world.now += timedelta(minutes=11)
    assert "older than ten minutes" in world.say("U1", code, "slack")
    assert world.at("U1", "slack") != world.at("4711")


def test_row_36_no_code_stands_anywhere_in_the_clear(lone: World, tmp_path: Path) -> None:
    lone.settled("4711")

    code = lone.say("4711", "link my slack").splitlines()[-1]

    assert code[-6:].encode() not in everything(tmp_path)


def test_row_43_after_everything_was_erased_not_a_byte_of_it_is_left(lone: World, tmp_path: Path) -> None:
    aisha = lone.settled("4711", entry=f"the {CANARY} walked out")
    with closing(sqlite3.connect(tmp_path / "coach.db")) as connection:
        [(wrapped, profile)] = connection.execute("SELECT wrapped_key, profile FROM persons").fetchall()
        [(body,)] = connection.execute("SELECT body FROM revisions").fetchall()
        [(address,)] = connection.execute("SELECT address FROM addresses").fetchall()
    assert all(part in everything(tmp_path) for part in (wrapped, profile, body, address))

    lone.say("4711", "forget everything")
    lone.say("4711", "yes")

    left = everything(tmp_path)
    assert not any(part in left for part in (wrapped, profile, body, address, CANARY.encode()))
    assert not any(rows(tmp_path / "coach.db").values())
    assert (tmp_path / "key.forgotten").read_text() == f"{aisha}\n"


def test_row_43_nor_is_there_in_the_data_directory_of_a_postgresql_once_it_is_vacuumed(postgres: str, blank: Path) -> None:  # noqa: F811
    data = Path(make_url(postgres).query["host"]) / "data"
    engine = create_engine(seeing_all(postgres), isolation_level="AUTOCOMMIT")
    world = World(Store.open(postgres, blank / "key"))
    world.settled("4711", entry=f"the {CANARY} walked out")
    private = (
        "SELECT wrapped_key FROM persons",
        "SELECT profile FROM persons",
        "SELECT body FROM revisions",
        "SELECT address FROM addresses",
    )
    with engine.connect() as connection:
        sealed = [connection.scalar(text(asked)) for asked in private]
        connection.execute(text("CHECKPOINT"))
    before = everything(data / "base")

    world.say("4711", "forget everything")
    world.say("4711", "yes")
    world.store.close()
    with engine.connect() as connection:
        connection.execute(text("VACUUM FULL"))
        connection.execute(text("CHECKPOINT"))
        left = {table.name: connection.scalar(select(func.count()).select_from(table)) for table in (*PEOPLES, erasures)}
        connection.execute(text("TRUNCATE erasures"))
    engine.dispose()

    assert all(part in before for part in sealed), "the hunt looks in the wrong place"
    after = everything(data / "base")
    assert not any(part in after for part in sealed)
    assert CANARY.encode() not in everything(data), "it stood somewhere in the clear, in the log of transactions for one"
    assert {table for table, count in left.items() if count} == {"erasures"}


def test_row_44_a_backup_of_last_night_brings_nobody_back(lone: World, tmp_path: Path) -> None:
    aisha, ben = lone.settled("4711", entry="the mayor walked out"), lone.settled("4712", entry="the donor phoned")
    url, key = f"sqlite:///{tmp_path}/coach.db", tmp_path / "key"
    back_up(url, tmp_path / "backup" / "night.db")
    lone.say("4711", "forget everything")
    lone.say("4711", "yes")
    lone.store.add_entry(ben, Entry("later", "crossing", NOON.date(), NOON, (("moment", "written after the backup"),)))
    lone.store.close()

    aside = restore(url, key, tmp_path / "backup" / "night.db", NOON)

    with closing(Store.open(url, key)) as again:
        assert [person.id for person in again.people()] == [ben]
        assert [entry.id for entry in again.entries(ben)] == ["entry of 4712"]
        assert again.person_at("telegram", "4711") is None
    with closing(Store.open(f"sqlite:///{aside}", key)) as before:
        assert len(before.entries(ben)) == 2
    with closing(sqlite3.connect(tmp_path / "coach.db")) as connection:
        assert connection.execute("SELECT count(*) FROM persons WHERE id = ?", (aisha,)).fetchone() == (0,)


def test_row_44_nor_does_a_copy_that_was_put_back_by_hand(lone: World, tmp_path: Path) -> None:
    lone.settled("4711", entry="the mayor walked out")
    back_up(f"sqlite:///{tmp_path}/coach.db", tmp_path / "night.db")
    lone.say("4711", "forget everything")
    lone.say("4711", "yes")
    lone.store.close()
    shutil.copy(tmp_path / "night.db", tmp_path / "coach.db")

    with closing(Store.open(f"sqlite:///{tmp_path}/coach.db", tmp_path / "key")) as again:
        assert again.people() == []


def test_a_restore_refuses_what_it_cannot_serve_and_changes_nothing(lone: World, tmp_path: Path) -> None:
    lone.settled("4711", entry="the mayor walked out")
    url, key = f"sqlite:///{tmp_path}/coach.db", tmp_path / "key"
    back_up(url, tmp_path / "newer.db")
    with closing(sqlite3.connect(tmp_path / "newer.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with closing(sqlite3.connect(tmp_path / "foreign.db")) as connection, connection:
        connection.execute("CREATE TABLE theirs (x)")
    (tmp_path / "damaged.db").write_bytes(b"not a database at all" * 100)
    with closing(Store.open(f"sqlite:///{tmp_path}/other/coach.db", tmp_path / "other" / "key")) as other:
        other.enrol("telegram", "1", Person(PersonId("")))
    back_up(f"sqlite:///{tmp_path}/other/coach.db", tmp_path / "other.db")
    lone.store.close()
    before = (tmp_path / "coach.db").read_bytes()

    for name, meaning in (
        ("newer", "schema 9999"), ("foreign", "no backup of brokercoach"), ("damaged", "damaged"), ("other", "key"), ("gone", "not there"),
    ):  # fmt: skip
        with pytest.raises(StoreDown, match=meaning):
            restore(url, key, tmp_path / f"{name}.db", NOON)

    assert (tmp_path / "coach.db").read_bytes() == before
    assert not list(tmp_path.glob("*.restored*"))
    with pytest.raises(StoreDown, match="exists already"):
        back_up(url, tmp_path / "newer.db")


FORGETS = """
    import os, signal, sys
    from pathlib import Path
    from sqlalchemy import event
    from storage.store import Store
    home, person, after = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    store = Store.open(f"sqlite:///{home}/coach.db", home / "key")
    done = 0
    @event.listens_for(store._database.engine, "after_cursor_execute")
    def count(*_):
        global done
        done += 1
        if done == after:
            os.kill(os.getpid(), signal.SIGKILL)
    store.forget(person)
"""


@pytest.mark.parametrize("after", [1, 2, 3, 6, 12, 17, 18, 19, 20, 22])
def test_row_45_an_erasure_that_was_killed_is_ended_at_the_next_start(after: int, lone: World, tmp_path: Path) -> None:
    aisha, ben = lone.settled("4711", entry="the mayor walked out"), lone.settled("4712", entry="the donor phoned")
    lone.store.close()

    killed = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(FORGETS), str(tmp_path), aisha, str(after)],
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
        check=False,
        capture_output=True,
    )

    assert killed.returncode in (0, -signal.SIGKILL), killed.stderr
    with closing(sqlite3.connect(tmp_path / "coach.db")) as connection:
        begun = connection.execute("SELECT count(*) FROM erasures").fetchone() == (1,)
    assert begun or after <= 1 + 1
    with closing(Store.open(f"sqlite:///{tmp_path}/coach.db", tmp_path / "key")) as again:
        assert [person.id for person in again.people()] == ([ben] if begun else sorted([aisha, ben], key=[aisha, ben].index))
        assert any(again.forget(aisha).values()) != begun
        assert again.check() == []


def test_row_45_a_letter_that_was_being_sent_is_not_sent_again_and_nothing_follows(world: World) -> None:
    aisha = world.settled("4711")
    reminds = (Say(Message("nudge", f"a letter about {CANARY}")), Remind("reminder", NOON + timedelta(hours=1)))
    world.store.save(aisha, Turn(Conversation(), reminds), 0, NOON)
    [letter] = world.store.unsent("telegram")
    world.store.sending(letter.key)

    world.store.forget(aisha)
    world.store.forget(aisha)
    world.store.sent(letter.key, NOON)
    world.wait(timedelta(days=30))

    assert world.store.unsent("telegram") == []
    assert not world.seen


def test_row_46_what_was_altered_or_moved_cannot_be_read_and_the_others_can(lone: World, tmp_path: Path) -> None:
    aisha, ben = lone.settled("4711", entry="the mayor walked out"), lone.settled("4712", entry="the donor phoned")
    with closing(sqlite3.connect(tmp_path / "coach.db")) as connection, connection:
        [(body,)] = connection.execute("SELECT body FROM revisions WHERE person_id = ?", (ben,)).fetchall()
        connection.execute("UPDATE revisions SET body = ? WHERE person_id = ?", (body, aisha))
        [(profile,)] = connection.execute("SELECT profile FROM persons WHERE id = ?", (ben,)).fetchall()
        flipped = profile[:-1] + bytes([profile[-1] ^ 1])
        connection.execute("UPDATE persons SET profile = ? WHERE id = ?", (flipped, ben))

    assert [entry.answers for entry in lone.store.entries(aisha)] == [()]
    with pytest.raises(Unreadable) as told:
        lone.store.person(ben)
    assert CANARY not in str(told.value)
    assert lone.store.person(aisha).name == f"{CANARY}name"
    lone.store.close()
    (tmp_path / "key").unlink()
    with pytest.raises(VaultLocked, match="missing"):
        Store.open(f"sqlite:///{tmp_path}/coach.db", tmp_path / "key")


ROTATES = """
    import os, signal, sys
    from pathlib import Path
    from storage import rotation
    from storage.store import Store
    home, after = Path(sys.argv[1]), int(sys.argv[2])
    rotation.BATCH = 3
    store = Store.open(f"sqlite:///{home}/coach.db", home / "key")
    def progress(done, everything):
        if done >= after:
            os.kill(os.getpid(), signal.SIGKILL)
    print(store.rotate_keys(progress))
"""


def test_row_47_a_rotation_is_killed_again_and_again_while_others_write_and_everything_stays_readable(lone: World, tmp_path: Path) -> None:
    people = [lone.settled(f"{n}", entry=f"what {n} wrote") for n in range(12)]
    first = (tmp_path / "key").read_text()
    stop = threading.Event()
    faults: list[BaseException] = []

    def writes() -> None:
        n = 100
        while not stop.is_set():
            n += 1
            try:
                newcomer = lone.settled(f"{n}", entry=f"what {n} wrote")
                assert lone.store.entries(newcomer)[0].answers == (("moment", f"what {n} wrote"),)
                assert lone.store.entries(random.choice(people))  # noqa: S311
                assert lone.store.person_at("telegram", "3").id == people[3]
            except BaseException as fault:  # noqa: BLE001
                faults.append(fault)
                return
            stop.wait(0.02)

    writer = threading.Thread(target=writes)
    writer.start()
    try:
        for after in (3, 3, 6, 10**9):
            ran = subprocess.run(
                [sys.executable, "-c", textwrap.dedent(ROTATES), str(tmp_path), str(after)],
                env=os.environ | {"PYTHONPATH": str(PROJECT)},
                check=False,
                capture_output=True,
            )
            assert ran.returncode == (0 if after > 100 else -signal.SIGKILL), ran.stderr
            with closing(Store.open(f"sqlite:///{tmp_path}/coach.db", tmp_path / "key")) as beside:
                assert [beside.entries(person)[0].answers[0][1] for person in people] == [f"what {n} wrote" for n in range(12)]
    finally:
        stop.set()
        writer.join()

    assert faults == []
    assert lone.store.check() == []
    last = (tmp_path / "key").read_text()
    assert first.split()[2] not in last
    assert "brokercoach-old-1" not in last
    lone.store.close()
    with closing(Store.open(f"sqlite:///{tmp_path}/coach.db", tmp_path / "key")) as again:
        assert again.check() == []
        assert again.person_at("telegram", "3").id == people[3], "addresses are found as before"
    (tmp_path / "key").write_text(first)
    with pytest.raises(VaultLocked, match="was written with key"):
        Store.open(f"sqlite:///{tmp_path}/coach.db", tmp_path / "key")


def test_row_48_nothing_private_is_logged_when_forgetting_linking_and_restoring_fail(
    lone: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    aisha = lone.settled(f"{CANARY}address", entry=f"the {CANARY} walked out")
    with closing(sqlite3.connect(tmp_path / "coach.db")) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM persons").fetchone()
        lone.say(f"{CANARY}address", "forget everything")
        lone.say(f"{CANARY}address", "yes")  # swept later: somebody reads the old state
    with closing(sqlite3.connect(tmp_path / "coach.db")) as connection:
        assert connection.execute("SELECT count(*) FROM erasures WHERE finished_at IS NULL").fetchone() == (1,)
    with pytest.raises(StoreDown) as down:
        restore(f"sqlite:///{tmp_path}/coach.db", tmp_path / "key", tmp_path / "key", NOON)
    lone.store.keep_house(NOON)

    with closing(sqlite3.connect(tmp_path / "coach.db")) as connection:
        assert connection.execute("SELECT id FROM erasures WHERE finished_at IS NOT NULL").fetchall() == [(aisha,)]
    assert CANARY not in caplog.text + str(down.value)
    assert CANARY.encode() not in everything(tmp_path)

"""Nothing private stands anywhere in the clear: a word that occurs nowhere else is put into everything a person can write, through the
real door, and then every byte is searched for it: the home, the temporary folder, the user's folder, and whatever commands print.

That the hunt can find something is proved by a planted word.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import select
import shutil
import sqlite3
import traceback
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from conftest import Home, with_index

from bot.manager import Finder
from storage.store import StoreDown

CANARY = "Xylocarp"
FIRST_VISIT = (
    "hello", f"{CANARY}name", "skip", "1", f"{CANARY}partnership", "skip", "no", "no letters",
    "reflect", "ok",
    f"The {CANARY}moment sat at one table with the mayor",
    f"It may mean {CANARY}meaning for all of us",
    f"I would ask the {CANARY}try first",
    "Make it an if-then", f"If the {CANARY}plan comes late, then I call her", "tomorrow",
    f"how do I get the {CANARY}question to talk about what they bring besides money?",
)  # fmt: skip
SECOND_VISIT = (
    "my logbook", f"what did I write about {CANARY}sought?", f"add a thought: {CANARY}later", "then and now",
    "what do you know about me?", "reflect", "ok", f"half a {CANARY}thought",
)  # fmt: skip
# An outcome is asked for days later, so somebody else gives theirs in a replay that is kept in the same home.
REPLAY = f"""
start: 2026-03-05T09:00:00+00:00
people:
  {CANARY}other:
    timezone: Europe/Berlin
    onboarded: true
    profile: {{name: {CANARY}named, partnerships: [{{name: {CANARY}joint}}]}}
    entries: [{{at: 2026-03-01T15:00:00+00:00, partnership: {CANARY}joint, text: "{CANARY}earlier"}}]
    intentions: [{{made: 2026-03-03T15:00:00+00:00, due: 2026-03-06, text: "{CANARY}intended"}}]
turns:
  - {{after: 48h}}
  - {{who: {CANARY}other, say: "I asked the {CANARY}outcome and she nodded"}}
"""
SILENT_COMMANDS = (["doctor"], ["doctor", "--json"], ["people"], ["people", "--json"], ["db", "check"])


def traces(data: bytes) -> list[str]:
    """In which forms the canary stands in some bytes."""
    word = CANARY.encode()
    forms = {"plain": word, "UTF-16": CANARY.encode("utf-16-le"), "hex": word.hex().encode()}
    # in base64 a word looks in three ways, by where it begins; the letters at both ends depend on its neighbours
    forms |= {f"base64 at {n}": base64.b64encode(b" " * n + word)[4 if n else 0 : -4] for n in range(3)}
    return [name for name, form in forms.items() if form.lower() in data.lower()]


def found_in(folder: Path) -> dict[str, list[str]]:
    """Every file below a folder that holds the canary, or is called by it."""
    files = (Path(where) / name for where, _, names in os.walk(folder) for name in names)
    return {str(file): found for file in files if (found := traces(file.name.encode() + file.read_bytes()))}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory, bytecode: Path, knowledge_home: Path, finder: Finder) -> Home:
    """A home where the canary was written into everything; the last visit was killed, so that its write-ahead log is still there."""
    home = with_index(tmp_path_factory.mktemp("written") / "home", knowledge_home, bytecode)
    (home.place / "tmp").mkdir()
    first = home.chat(*FIRST_VISIT, person=f"{CANARY}address", TMPDIR=str(home.place / "tmp"))
    assert (first.code, first.err) == (0, "")
    assert f"“If the {CANARY}plan comes late, then I call her”" in " ".join(first.out.split())
    with TemporaryDirectory() as elsewhere:
        script = Path(elsewhere) / "script.yaml"
        script.write_text(REPLAY, encoding="utf-8")
        assert home.run("replay", str(script), "--home", str(home.path), TMPDIR=str(home.place / "tmp")).code == 0
    with home.start("chat", "--person", f"{CANARY}address", env={"TMPDIR": str(home.place / "tmp")}) as process:
        process.stdin.write("".join(f"{line}\n" for line in SECOND_VISIT).encode())
        process.stdin.flush()
        shown = b""
        while shown.count("coach ›".encode()) <= len(SECOND_VISIT):
            assert select.select([process.stdout], [], [], 60)[0], shown.decode()
            more = os.read(process.stdout.fileno(), 65536)
            assert more, process.stderr.read().decode()
            shown += more
        process.kill()
        assert CANARY.encode() not in process.stderr.read()
    return home


@pytest.fixture
def private(written: Home, tmp_path: Path) -> Home:
    """The same for each test, to do with it what it will."""
    shutil.copytree(written.place, tmp_path, symlinks=True, dirs_exist_ok=True)
    return Home(tmp_path / written.path.name, written.bytecode)


def test_nothing_private_is_written_anywhere_in_the_clear(private) -> None:
    assert Path(f"{private.database}-wal").stat().st_size, "the log was to be searched too"

    assert found_in(private.place) == {}


def test_what_was_kept_can_be_read_with_the_key_alone(private) -> None:
    with private.store() as store:
        person = store.person_at("terminal", f"{CANARY}address")
        other = store.person_at("terminal", f"{CANARY}other")
        kept = repr([dict(entry.answers) for entry in store.entries(person.id)])
        plans = [plan.text for plan in store.intentions(person.id, open_only=False)]

        assert person.name == f"{CANARY}name"
        assert person.partnerships[0].name == f"{CANARY}partnership"
        assert all(f"{CANARY}{what}" in kept for what in ("moment", "meaning", "try"))
        assert f"{CANARY}plan" in plans[0]
        assert store.intentions(other.id) == [], "the outcome was not taken"


def test_no_command_for_operators_prints_anything_private(private) -> None:
    for command in SILENT_COMMANDS:
        ran = private.run(*command)

        assert ran.code == 0, (command, ran.err)
        assert traces((ran.out + ran.err).encode()) == [], command
    assert found_in(private.place) == {}


def test_a_turn_that_fails_inside_says_nothing_private(home) -> None:
    """The index is whole by its sums, but its cards hold topics alone: the search for the person's words breaks in the middle of a turn."""
    current = json.loads((home.path / "index" / "current.json").read_bytes())
    cards = home.path / "index" / current["folder"] / "cards.json"
    compiled = json.loads(cards.read_bytes())
    cards.write_text(
        json.dumps(compiled | {"cards": {key: {"topics": card["topics"]} for key, card in compiled["cards"].items()}}), encoding="utf-8"
    )
    current["sums"]["cards.json"] = hashlib.sha256(cards.read_bytes()).hexdigest()
    (home.path / "index" / "current.json").write_text(json.dumps(current), encoding="utf-8")

    for form in ("console", "json"):
        ran = home.chat("hello", "stop", f"how do I get the {CANARY} to talk about what they bring besides money?", BROKERCOACH_LOG=form)

        assert ran.code == 0
        assert "Something went wrong on my side" in ran.out
        assert "a turn could not be decided" in ran.err
        assert traces(ran.err.encode()) == []
    assert [json.loads(line)["level"] for line in ran.err.splitlines()] == ["ERROR"]
    assert found_in(home.path) == {}


def test_spoilt_fields_are_named_without_what_stood_in_them(private) -> None:
    with closing(sqlite3.connect(private.database)) as connection, connection:
        for table, column in (("revisions", "body"), ("intentions", "text"), ("addresses", "address")):
            connection.execute(f"UPDATE {table} SET {column} = zeroblob(length({column}))")  # noqa: S608 - names of our own

    for command in (["doctor"], ["db", "check"], ["people"], ["chat", "--person", f"{CANARY}address"]):
        ran = private.run(*command, typed="my logbook\n")

        assert "Traceback" not in ran.err
        assert traces((ran.err if command[0] == "chat" else ran.out + ran.err).encode()) == [], command
    assert private.run("db", "check").code == 1


def test_errors_of_the_store_carry_nothing_private(private) -> None:
    with closing(sqlite3.connect(private.database)) as connection, connection:
        connection.execute("UPDATE persons SET profile = zeroblob(length(profile))")
        [person_id] = connection.execute("SELECT id FROM persons").fetchone()
    told: list[str] = []
    with private.store() as store:
        for ask in (store.person, store.gather, store.conversation):
            with pytest.raises(StoreDown) as down:
                ask(person_id)
            told += traceback.format_exception(down.value)

    assert told
    assert traces("".join(told).encode()) == []


def test_after_forgetting_not_even_the_key_can_find_anything(private) -> None:
    for row in private.run("people", "--json").rows:
        assert private.run("forget", "--person", row["person"], "--yes").code == 0

    assert found_in(private.place) == {}
    with private.store() as store:
        assert store.people() == []
        assert store.person_at("terminal", f"{CANARY}address") is None


def test_after_forgetting_in_the_chat_nothing_of_it_is_left_either(private) -> None:
    """Row 43, by the person's own words; then an operator's whole round of care over what is left."""
    ran = private.chat("forget everything", "yes", person=f"{CANARY}address")
    assert "It's done. Erased: entries: " in " ".join(ran.out.split())
    assert private.chat("delete everything", "Yes, delete everything", person=f"{CANARY}other").code == 0

    for command in (
        ["keys", "rotate"],
        ["db", "backup", str(private.place / "copy.db")],
        ["db", "restore", str(private.place / "copy.db")],
    ):
        care = private.run(*command)
        assert (care.code, traces((care.out + care.err).encode())) == (0, []), care.err
    assert private.run("db", "check").code == 0

    assert found_in(private.place) == {}
    with private.store() as store:
        assert store.people() == []


@pytest.mark.parametrize(
    "planted",
    [
        f"a note about {CANARY.upper()} in the clear".encode(),
        f"x{CANARY}".encode("utf-16-le"),
        *(base64.b64encode(b"-" * n + f" {CANARY} left".encode()) for n in range(3)),
        CANARY.encode().hex().encode(),
    ],
)
def test_the_hunt_finds_what_is_planted(planted: bytes, tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "file").write_bytes(os.urandom(100) + planted + os.urandom(100))
    (tmp_path / f"{CANARY}.txt").write_bytes(b"")

    assert set(found_in(tmp_path)) == {str(tmp_path / "deep" / "file"), str(tmp_path / f"{CANARY}.txt")}

"""The command line from outside: what it prints, where it prints it, and with which exit code it ends.

Data goes to stdout, messages to stderr; 0 is done, 1 failed, 2 wrong usage. Bad homes come last: one clear line with a remedy, no
traceback, and nothing that was there is touched.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from bot.model import Person, PersonId

HEAVY = ("chromadb", "onnxruntime", "onnx", "langchain", "langchain_core", "openai", "numpy", "telegram", "slack_bolt", "dateparser")
COMMANDS = ("chat", "replay", "search", "ingest", "evaluate", "cards", "prompts", "prompts check", "prompts draw", "people", "forget", "db",
            "db upgrade", "db check", "doctor", "version")  # fmt: skip
QUESTION = "how do I get partners to talk about what they bring besides money?"
OFF_TOPIC = "what is the best recipe for pancakes with blueberries"


def failed_clearly(ran: Any, *named: str, code: int = 1) -> None:
    """One message, that names what it is about, and nothing of the inside."""
    assert ran.code == code, ran.err
    assert "Traceback" not in ran.err
    assert ran.err.startswith("brokercoach: ")
    for name in named:
        assert name in ran.err


# --- help


def test_help_imports_nothing_heavy(fresh) -> None:
    program = dedent(f"""
        import contextlib, io, sys
        from bot.cli import run
        said = {{}}
        for command in {["", *COMMANDS]!r}:
            sys.argv = ["brokercoach", *command.split(), "--help"]
            sys.stdout = io.StringIO()
            with contextlib.suppress(SystemExit):
                run()
            said[command], sys.stdout = sys.stdout.getvalue(), sys.__stdout__
            assert "Usage: brokercoach " + command in said[command], (command, said[command])
        print(*(name for name in {HEAVY!r} if name in sys.modules))
    """)
    ran = subprocess.run([sys.executable, "-c", program], env=fresh.env(), cwd=fresh.place, capture_output=True, text=True, check=False)

    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip() == ""


def test_help_names_every_command(fresh) -> None:
    ran = fresh.run("--help")

    assert ran.code == 0
    for command in COMMANDS:
        assert command.split()[0] in ran.out


def test_help_makes_no_home(fresh) -> None:
    assert fresh.run("chat", "--help").code == 0
    assert not fresh.path.exists()


@pytest.mark.parametrize(
    "args",
    [[], ["dance"], ["chat", "--loud"], ["search"], ["search", "a", "--batch", "b"], ["search", "a", "-k", "0"], ["search", "a", "-k", "x"],
     ["replay"], ["evaluate"], ["forget"], ["prompts"], ["db", "dance"]],
    ids=" ".join,
)  # fmt: skip
def test_wrong_usage_is_told_and_ends_with_2(args: list[str], fresh) -> None:
    ran = fresh.run(*args)

    assert ran.code == 2
    assert "Traceback" not in ran.err
    assert not fresh.path.exists()


def test_the_version_is_that_of_the_installed_package(fresh) -> None:
    installed = fresh.place / "site" / "brokercoach-9.8.7.dist-info"
    installed.mkdir(parents=True)
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: brokercoach\nVersion: 9.8.7\n", encoding="utf-8")
    ran = fresh.run("version", PYTHONPATH=os.pathsep.join([str(installed.parent), fresh.env()["PYTHONPATH"]]))

    assert (ran.code, ran.out, ran.err) == (0, "brokercoach 9.8.7\n", "")


# --- search


def test_search_prints_ranked_passages_with_their_sources(reading) -> None:
    ran = reading.run("search", QUESTION, "--json")

    assert (ran.code, ran.err) == (0, "")
    assert len(ran.rows) == 5
    assert all(set(row) == {"card", "title", "topics", "score", "source"} for row in ran.rows)
    assert ran.rows[0]["card"] == "more-than-money"
    assert all(row["topics"] and ":" in row["source"] for row in ran.rows)
    scores = [row["score"] for row in ran.rows]
    assert scores == sorted(scores, reverse=True)


def test_search_in_words_says_the_same(reading) -> None:
    ran = reading.run("search", QUESTION, "-k", "2")

    assert (ran.code, ran.err) == (0, "")
    assert re.match(r"0\.\d\d  more-than-money: ", ran.out)
    assert len(ran.out.splitlines()) == 6


def test_search_prints_nothing_where_the_cards_are_silent(reading) -> None:
    ran = reading.run("search", OFF_TOPIC)

    assert (ran.code, ran.out, ran.err) == (0, "", "")


def test_a_batch_is_answered_row_by_row(reading, tmp_path: Path) -> None:
    rows = [{"id": "a", "text": QUESTION}, {"id": 2, "text": OFF_TOPIC}, {"id": "c", "text": "trust between\u2028partners \ud800 is gone"}]
    file = tmp_path / "rows.jsonl"
    # as other programs write it: with a mark at its beginning, empty lines, and line separators that JSON allows within a text
    text = "\n\n".join(json.dumps(row, ensure_ascii=n == 2).replace("\\u2028", "\u2028") for n, row in enumerate(rows))
    file.write_text("\ufeff" + text + "\n", encoding="utf-8")
    ran = reading.run("search", "--batch", str(file), "-k", "3")

    assert (ran.code, ran.err) == (0, "")
    assert [row["id"] for row in ran.rows] == ["a", 2, "c"]
    assert all(set(row) == {"id", "topics", "cards"} for row in ran.rows)
    found, silent, _ = ran.rows
    assert len(found["topics"]) == len(set(found["topics"])) == 3
    assert found["cards"][0]["id"] == "more-than-money"
    assert silent["topics"] == silent["cards"] == []


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (None, "cannot be read"),
        (b"\xff\xfe\x00", "cannot be read"),
        (b'{"id": "a", "text": "x"}\n\n{"id": "b", "text": \n', "line 3 is not JSON"),
        (b'{"id": "a", "text": "x"}\n{"id": "b"}\n', "line 2 needs the keys id, text"),
        (b'["id", "text"]\n', "line 1 needs the keys id, text"),
        (b"[" * 100_000, "line 1 is not JSON"),
    ],
    ids=["no such file", "not UTF-8", "not JSON", "a key missing", "not an object", "deep"],
)
def test_a_bad_batch_is_refused_with_its_line(text: bytes | None, named: str, fresh, tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    if text is not None:
        file.write_bytes(text)
    ran = fresh.run("search", "--batch", str(file))

    failed_clearly(ran, str(file), named)
    assert ran.out == ""


def test_no_text_is_an_error_for_a_search(reading, tmp_path: Path) -> None:
    texts = ["", " ", "?", "partner-led", '"', "a AND", "*", "l'accord", "NEAR(", "\0", "x" * 100_000]
    file = tmp_path / "rows.jsonl"
    file.write_text("\n".join(json.dumps({"id": n, "text": text}) for n, text in enumerate(texts)), encoding="utf-8")
    ran = reading.run("search", "--batch", str(file))

    assert (ran.code, ran.err) == (0, "")
    assert [row["id"] for row in ran.rows] == list(range(len(texts)))
    assert reading.run("search", "").code == 0


def test_a_search_for_bytes_that_are_no_text_is_no_error(reading) -> None:
    ran = reading.run("search", os.fsdecode(b"caf\xe9 and the partners who never speak to each other"))

    assert (ran.code, ran.err) == (0, "")


def test_a_reader_that_has_enough_gets_no_traceback(reading) -> None:
    with reading.start("cards", "--json") as process:
        process.stdout.readline()
        process.stdout.close()
        err = process.stderr.read()
        process.wait(30)

    assert err == b""


def test_evaluate_measures_each_leg(reading, tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    rows = [
        {"id": "1", "text": QUESTION, "gold": ["practice-more-than-money"], "ok": []},
        {"id": "2", "text": OFF_TOPIC, "gold": [], "ok": []},
    ]
    file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    ran = reading.run("evaluate", str(file), "--json")

    assert (ran.code, ran.err) == (0, "")
    [report] = ran.rows
    assert set(report["legs"]) >= {"lexical", "dense", "fused"}
    assert set(report["legs"]["fused"]["means"]) == {"hit@1", "hit@3", "ok@3", "recall@5", "nDCG@5", "MRR"}
    assert report["legs"]["fused"]["means"]["hit@1"] == 1
    assert (report["refused_rightly"], report["refused_wrongly"]) == (1, 0)
    table = reading.run("evaluate", str(file)).out
    assert [part for part in ("lexical", "nDCG@5", "refused 1/1 off topic, 0/1 on topic") if part not in table] == []


@pytest.mark.parametrize(
    "rows",
    ["", '{"id": 1, "text": "x", "gold": [], "ok": []}', '{"id": 1, "text": "x", "gold": "no list", "ok": 3}', '{"id": 1, "text": "x"}'],
)
def test_evaluate_refuses_what_it_cannot_measure(rows: str, fresh, tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text(rows, encoding="utf-8")

    failed_clearly(fresh.run("evaluate", str(file)), str(file))


# --- cards and prompts


def test_cards_are_listed_with_their_sources(fresh) -> None:
    ran = fresh.run("cards", "--json")

    assert (ran.code, ran.err) == (0, "")
    assert len(ran.rows) > 150
    assert all(set(row) == {"id", "title", "topics", "phases", "broker", "source"} for row in ran.rows)
    assert all(row["topics"] and row["source"] for row in ran.rows)
    assert len({row["id"] for row in ran.rows}) == len(ran.rows)


def test_every_topic_has_a_card(fresh) -> None:
    ran = fresh.run("cards", "--topics")

    assert (ran.code, ran.out, ran.err) == (0, "", "")


def test_the_prompts_have_no_faults(fresh) -> None:
    ran = fresh.run("prompts", "check")

    assert (ran.code, ran.out) == (0, "")
    assert "no faults" in ran.err


def test_a_guide_is_drawn_with_all_its_steps(fresh, library) -> None:
    ran = fresh.run("prompts", "draw", "crossing")

    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("%% crossing\nflowchart ")
    for step in library.guides["crossing"].steps:
        assert step.id in ran.out


def test_all_guides_are_drawn_when_none_is_named(fresh, library) -> None:
    ran = fresh.run("prompts", "draw")

    assert ran.code == 0
    assert [line[3:] for line in ran.out.splitlines() if line.startswith("%% ")] == list(library.guides)


def test_an_unknown_guide_is_refused_with_the_known_ones(fresh) -> None:
    failed_clearly(fresh.run("prompts", "draw", "dance"), "dance", "crossing")


# --- replay

SCRIPT = """
start: 2026-03-02T09:00:00+00:00
people:
  aisha:
    platform: telegram
    language: en
    timezone: Africa/Nairobi
    onboarded: true
    profile: {broker: internal, name: Aisha, partnerships: [{name: Water, phases: [managing-maintaining]}]}
    rhythm: {reminder: "17:30", workdays: [Mon, Tue, Wed, Thu, Fri]}
    entries:
      - {at: 2025-09-01T15:00:00+00:00, partnership: Water, guide: crossing, energy: low, text: "They waited for me"}
    intentions:
      - {made: 2026-02-27T15:00:00+00:00, due: 2026-03-06, text: "If he bristles, then I ask what he needs"}
turns:
  - {who: aisha, say: "reflect"}
  - {who: aisha, press: "OK"}
  - {who: aisha, say: "The mayor and the company sat at one table"}
  - {who: aisha, press: ["(?i)no such label"]}
  - {who: aisha, edit: 2, say: "The mayor and the company sat at one long table"}
  - {who: aisha, voice: "a transcript"}
  - {who: aisha, say: "how do I get partners to talk about what they bring besides money?"}
  - {after: 50h}
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    file = tmp_path / "script.yaml"
    file.write_text(SCRIPT, encoding="utf-8")
    return file


def test_a_replay_prints_one_line_a_message_and_the_end(reading, script: Path) -> None:
    ran = reading.run("replay", str(script), "--json")

    assert ran.code == 0, ran.err
    *lines, last = ran.rows
    keys = ["n", "at", "who", "direction", "kind", "text", "choices", "sources", "chars"]
    assert all(list(line) == keys for line in lines)
    assert [line["n"] for line in lines] == list(range(1, len(lines) + 1))
    assert {line["direction"] for line in lines} == {"in", "out"}
    assert {line["kind"] for line in lines if line["direction"] == "out"} <= {"reply", "question", "nudge", "reminder", "notice", "safety"}
    assert all(line["chars"] == len(line["text"]) for line in lines)
    assert any(line["kind"] == "reminder" for line in lines)
    sources = [source for line in lines for source in line["sources"]]
    assert sources
    assert all(list(source) == ["card", "topics", "where"] for source in sources)
    assert set(last["final"]["aisha"]) >= {"entries", "intentions", "conversation", "due"}
    [new, old] = last["final"]["aisha"]["entries"]
    assert new["answers"]["moment"] == "The mayor and the company sat at one long table"
    assert old["answers"] == {"moment": "They waited for me"}
    assert last["final"]["aisha"]["intentions"][0]["text"] == "If he bristles, then I ask what he needs"


def test_a_replay_says_what_it_skipped(reading, script: Path) -> None:
    ran = reading.run("replay", str(script))

    assert ran.code == 0
    assert "turn 4" in ran.err
    assert "no such label" in ran.err
    assert "aisha →" in ran.out


def test_two_replays_print_the_same_bytes_and_leave_nothing(reading, script: Path, tmp_path: Path) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    first, second = (reading.run("replay", str(script), "--json", TMPDIR=str(temporary)).out for _ in range(2))

    assert first == second
    assert list(temporary.iterdir()) == []
    assert not (reading.path / "brokercoach.db").exists()


def test_a_replay_is_kept_where_it_is_wanted(reading, script: Path, tmp_path: Path) -> None:
    ran = reading.run("replay", str(script), "--home", str(tmp_path / "kept"))
    people = reading.run("people", "--json", BROKERCOACH_HOME=str(tmp_path / "kept"))

    assert ran.code == 0, ran.err
    assert people.rows[0]["platforms"] == ["telegram"]
    assert people.rows[0]["entries"] == 2


def test_a_replay_whose_expectations_are_not_met_fails(reading, tmp_path: Path) -> None:
    file = tmp_path / "script.yaml"
    file.write_text(
        'start: 2026-03-02T09:00:00+00:00\npeople: {ben: {}}\nturns:\n  - {who: ben, open: true, expect: ["pancakes"], never: ["Hello"]}\n',
        encoding="utf-8",
    )
    ran = reading.run("replay", str(file))

    assert ran.code == 1
    assert "turn 1: expected 'pancakes'" in ran.err
    assert "turn 1: never 'Hello'" in ran.err


FAULTS = """
start: 2026-03-02T09:00:00+00:00
colour: red
people:
  aisha: {shoe: 43, timezone: Mars/Olympus, rhythm: {reminder: 17:30, workdays: 5, nudge: Someday 15:30}, profile: {broker: sideways}}
turns:
  - {who: aisha, sing: "la"}
  - {who: aisha, say: "x", press: "y"}
  - {who: aisha, press: ["(unclosed"]}
  - {who: aisha, say: "x", expect: ["*"]}
  - {after: 99999999999d}
  - {after: soon}
"""


def test_everything_wrong_with_a_script_is_said_at_once(fresh, tmp_path: Path) -> None:
    file = tmp_path / "script.yaml"
    file.write_text(FAULTS, encoding="utf-8")
    ran = fresh.run("replay", str(file))

    failed_clearly(ran, "colour", "shoe", "sing", "timezone", "reminder", "workdays", "nudge", "broker", "unclosed", "99999999999d", "soon")
    assert [n for n in range(6) if f"turns.{n}" not in ran.err] == []
    assert ran.out == ""


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (None, "cannot be read"),
        (b"\xff\xfe\x00", "cannot be read"),
        (b"a: [", "not YAML"),
        (b"", "script.yaml"),
        (b"- 1", "script.yaml"),
        (b"start: 2026-03-02T09:00:00+00:00\npeople: {a: {}}\nturns: [{who: b, say: x}]", "nobody is called b"),
    ],
)
def test_what_is_no_script_is_refused(text: bytes | None, named: str, fresh, tmp_path: Path) -> None:
    file = tmp_path / "script.yaml"
    if text is not None:
        file.write_bytes(text)

    failed_clearly(fresh.run("replay", str(file)), named)


# --- people


def test_people_are_listed_and_can_be_forgotten_for_good(home) -> None:
    somebody(home)
    [row] = home.run("people", "--json").rows
    assert set(row) == {"person", "platforms", "entries"}
    assert row["platforms"] == ["terminal"]
    assert row["person"] in home.run("people").out
    assert "Annabel" not in home.run("people").out

    unsure = home.run("forget", "--person", row["person"])
    assert (unsure.code, unsure.out) == (2, "")
    assert "--yes" in unsure.err
    assert home.run("people", "--json").rows == [row]

    failed_clearly(home.run("forget", "--person", "nobody", "--yes"), "nobody", "brokercoach people")

    receipt = home.run("forget", "--person", row["person"], "--yes")
    assert (receipt.code, receipt.err) == (0, "")
    assert receipt.rows[0]["forgotten"] == row["person"]
    assert receipt.rows[0]["rows"]["persons"] == 1
    assert home.run("people").out == ""
    assert "What shall I call you?" in home.chat("hello").out
    assert home.run("people", "--json").rows[0]["person"] != row["person"]


def test_the_database_is_made_and_checked(fresh) -> None:
    for command in ("upgrade", "check"):
        ran = fresh.run("db", command)
        assert (ran.code, ran.out) == (0, "")
        assert ran.err.strip()


def test_the_doctor_finds_everything_well(home) -> None:
    ran = home.run("doctor", "--json")

    assert (ran.code, ran.err) == (0, "")
    assert [row["part"] for row in ran.rows] == ["prompts", "home", "logbook", "wall", "post", "model", "voice", "search"]
    assert all(set(row) == {"part", "ok", "says"} and row["ok"] and row["says"] for row in ran.rows)


# --- bad homes


def somebody(home: Any, name: str = "Annabel") -> str:
    """Leaves somebody in a home who is through with introductions; gives their id."""
    with home.store() as store:
        return store.enrol("terminal", "me", Person(PersonId(""), name=name, zone="Europe/Paris", welcomed=True, onboarded=True))


def used(home: Any) -> dict[str, str]:
    """The same, with everything written into the database file itself."""
    somebody(home)
    with closing(sqlite3.connect(home.database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return home.digest()


NEEDS_THE_LOGBOOK = (["chat"], ["people"], ["db", "check"], ["forget", "--person", "x", "--yes"])


@pytest.mark.parametrize("args", [*NEEDS_THE_LOGBOOK, ["search", "trust"], ["doctor"]], ids=" ".join)
def test_a_file_where_the_home_should_be_is_named(args: list[str], fresh) -> None:
    fresh.path.write_text("not a folder")
    ran = fresh.run(*args)

    assert ran.code == 1
    assert "Traceback" not in ran.err
    assert str(fresh.path) in ran.err + ran.out
    assert "BROKERCOACH_HOME" in ran.err + ran.out or "writable" in ran.err + ran.out
    assert fresh.path.read_text() == "not a folder"


@pytest.mark.parametrize("args", [*NEEDS_THE_LOGBOOK, ["search", "trust"], ["doctor"]], ids=" ".join)
def test_a_home_below_a_file_is_named(args: list[str], fresh) -> None:
    fresh.path.write_text("not a folder")
    ran = fresh.run(*args, BROKERCOACH_HOME=str(fresh.path / "below"))

    assert ran.code == 1
    assert "Traceback" not in ran.err
    assert str(fresh.path) in ran.err + ran.out


# Root may write whatever the rights say, so the home is mounted read-only, in a world of the process's own.
READ_ONLY = ["unshare", "-m", "sh", "-c", 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"']


def can_mount(place: Path) -> bool:
    return bool(shutil.which("unshare")) and not subprocess.run([*READ_ONLY, place, "true"], capture_output=True, check=False).returncode


@pytest.mark.parametrize("args", [["chat"], ["db", "check"], ["doctor"]], ids=" ".join)
def test_a_home_that_cannot_be_written_is_named_and_left_alone(args: list[str], home) -> None:
    if not can_mount(home.path):
        pytest.skip("mounting a folder read-only is not allowed here")
    before = used(home)
    program = [*READ_ONLY, home.path, sys.executable, "-m", "bot", *args]
    ran = subprocess.run(program, env=home.env(), cwd=home.place, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)

    assert ran.returncode == 1
    assert "Traceback" not in ran.stderr
    assert re.search(
        rf"{re.escape(str(home.database))} cannot be (?:written to|opened); make the file and its folder .*writable",
        ran.stderr + ran.stdout,
    )
    assert home.digest() == before


@pytest.mark.parametrize("args", [["chat"], ["db", "upgrade"]], ids=" ".join)
def test_a_full_disk_is_named(args: list[str], fresh) -> None:
    ran = fresh.run(*args, before="import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))")

    failed_clearly(ran, str(fresh.path))


def test_a_disk_that_fills_up_during_a_chat_takes_nothing_that_was_kept(home) -> None:
    somebody(home)
    limit = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, ({0}, {0}))"
    lines = "reflect\nok\n" + "they talked all day about the water\n" * 60
    ran = home.run("chat", typed=lines, before=limit.format(60_000))

    failed_clearly(ran, str(home.database))
    assert home.run("db", "check").code == 0
    assert "I call you Annabel" in home.chat("what do you know about me?").out


def spoil_key(how: str) -> Callable[[Any], None]:
    def spoil(home: Any) -> None:
        if how == "missing":
            home.key.unlink()
        elif how == "open to all":
            home.key.chmod(0o644)
        elif how == "garbage":
            home.key.write_bytes(os.urandom(64))
        elif how == "empty":
            home.key.write_bytes(b"")
        elif how == "cut short":
            home.key.write_bytes(home.key.read_bytes()[:-9])

    return spoil


@pytest.mark.parametrize("how", ["missing", "open to all", "garbage", "empty", "cut short"])
def test_a_bad_key_stops_everything_and_changes_nothing(how: str, home) -> None:
    used(home)
    spoil_key(how)(home)
    before = home.digest()

    for args in (["chat"], ["db", "check"]):
        failed_clearly(home.run(*args), str(home.key))
    found = {row["part"]: row for row in home.run("doctor", "--json").rows}
    assert not found["logbook"]["ok"]
    assert str(home.key) in found["logbook"]["says"]
    assert home.digest() == before


def test_a_database_of_a_newer_version_is_left_alone(home) -> None:
    used(home)
    with closing(sqlite3.connect(home.database)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    used_before = home.digest()

    for args in (["chat"], ["db", "upgrade"]):
        failed_clearly(home.run(*args), "9999", "newer")
    assert home.digest() == used_before


@pytest.mark.parametrize(
    "spoilt", [b"not a database at all, but long enough to be taken for one" * 100, b"SQLite format 3\0" + os.urandom(8000)]
)
def test_a_damaged_database_is_left_as_it_is(spoilt: bytes, home) -> None:
    used(home)
    home.database.write_bytes(spoilt)
    before = home.digest()

    for args in (["chat"], ["db", "check"]):
        failed_clearly(home.run(*args), str(home.database), "backup")
    assert home.digest() == before


def test_a_database_of_another_program_is_left_alone(home) -> None:
    with closing(sqlite3.connect(home.database)) as connection, connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    before = home.digest()

    failed_clearly(home.run("chat"), str(home.database), "BROKERCOACH_DATABASE")
    assert home.digest() == before
    assert not home.key.exists()


def test_an_index_that_cannot_be_made_does_not_stop_the_chat(home) -> None:
    shutil.rmtree(home.path / "index")
    (home.path / "index").write_text("in the way")
    ran = home.chat("hello", "stop", QUESTION)

    assert ran.code == 0
    assert "Traceback" not in ran.err
    assert ran.err.count("words alone") == 1
    assert str(home.path / "index") in ran.err
    assert ran.out.count("coach › ") == 4
    assert "Something went wrong" not in ran.out
    failed_clearly(home.run("search", "trust"), str(home.path / "index"))
    search = home.run("doctor", "--json").rows[-1]
    assert (search["part"], search["ok"]) == ("search", False)
    assert (home.path / "index").read_text() == "in the way"

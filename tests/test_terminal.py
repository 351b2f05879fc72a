"""The terminal, as somebody meets it who starts the program: piped, and in a window of its own (a pseudo-terminal).

What the coach answers is tested by the scenarios; here it is that the answers arrive, whatever is typed, however the window looks,
and however it is left.
"""

from __future__ import annotations

import fcntl
import os
import re
import select
import shutil
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rich.cells import cell_len

from bot.model import Entry, Inbound

COACH = "coach › "
ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07]*\x07|[@-Z\\-_=>])")
COLOUR = re.compile(r"\x1b\[(?:\d+;)*(?:3\d|4\d|9\d|10\d)(?:;\d+)*m")
# The process becomes the leader of the terminal that its input is, as a shell would make it.
LEADS = "import fcntl, os, termios\nos.setsid()\nfcntl.ioctl(0, termios.TIOCSCTTY, 0)"

ONBOARDING = ("hello", "Sam", "Nairobi", "half past five", "1", "1", "Water", "1", "no", "skip")
REFLECTION = ("reflect", "ok", "The mayor and the company sat at one table at last", "They may trust the minutes more than each other")
QUESTION = "how do I get partners to talk about what they bring besides money?"


def flat(text: str) -> str:
    return " ".join(text.split())


class Window:
    """A pseudo-terminal with the program in it: type, and look at what has been shown since."""

    def __init__(self, process: subprocess.Popen[bytes], end: int) -> None:
        self.process = process
        self.raw = ""
        self._end = end
        self._typed_at = 0

    @property
    def shown(self) -> str:
        """Everything shown so far, without colours and movements of the cursor."""
        return ESCAPE.sub("", self.raw).replace("\r", "")

    def type(self, text: str) -> None:
        self._typed_at = len(self.shown)
        os.write(self._end, text.encode())

    def wait_for(self, text: str = "", prompt: bool = True, seconds: float = 30) -> None:
        """Reads on until `text` is shown, however it is wrapped, and with `prompt` until it is the person's turn again."""
        until = time.monotonic() + seconds
        while text not in (new := flat(self.shown[self._typed_at :])) or (prompt and not new.endswith("you ›")):
            assert time.monotonic() < until, f"{text!r} never came; shown was:\n{self.shown}"
            assert self._read(), f"{text!r} did not come before the end; shown was:\n{self.shown}"

    def left(self, seconds: float = 15) -> int:
        """Reads to the end and gives the exit code."""
        until = time.monotonic() + seconds
        while self._read():
            assert time.monotonic() < until, f"does not end; shown was:\n{self.shown}"
        return self.process.wait(seconds)

    def _read(self) -> bool:
        """False when the other side has closed the terminal."""
        if select.select([self._end], [], [], 0.1)[0]:
            try:
                self.raw += os.read(self._end, 65536).decode("utf-8", "replace")
            except OSError:  # EIO: nobody holds the other end any more
                return False
        return True


Opens = Callable[..., Window]


@pytest.fixture
def window() -> Iterator[Opens]:
    """Opens windows onto a home; those still open are closed at the end."""
    opened: list[tuple[subprocess.Popen[bytes], int]] = []

    def open_window(home: Any, *, columns: int = 100, **env: str) -> Window:
        end, other_end = os.openpty()
        fcntl.ioctl(other_end, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        process = home.start(
            "chat", before=LEADS, stdin=other_end, stdout=other_end, stderr=other_end, env={"PROMPT_TOOLKIT_NO_CPR": "1", **env}
        )
        os.close(other_end)
        opened.append((process, end))
        return Window(process, end)

    yield open_window
    for process, end in opened:
        process.kill()
        process.wait()
        os.close(end)


@contextmanager
def piped(home: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A chat whose input is a pipe that nobody writes to or closes; entered once the welcome is there."""
    with home.start("chat") as process:
        try:
            shown = b""
            while b"call you?" not in shown:
                assert select.select([process.stdout], [], [], 60)[0], shown.decode()
                more = os.read(process.stdout.fileno(), 65536)
                assert more, process.stderr.read().decode()
                shown += more
            yield process
        finally:
            process.kill()


# --- the main job


def test_the_main_job_goes_through_a_pipe_and_the_next_visit_knows_it(home) -> None:
    first = home.chat(*ONBOARDING, *REFLECTION, "I would ask the mayor first", "skip", QUESTION)

    assert (first.code, first.err) == (0, "")
    shown = flat(first.out)
    assert "What shall I call you?" in shown
    assert "17:30 Nairobi" in shown
    assert "Kept in your logbook" in shown
    assert [mark for mark in ("1. ", "2. ", "[1] ") if mark not in shown] == []
    assert "What do Partnership Brokers do? (2012), line" in shown

    second = home.chat("what do you know about me?", "my logbook")

    assert (second.code, second.err) == (0, "")
    assert "What shall I call you?" not in second.out
    assert "I call you Sam" in second.out
    assert "Water" in second.out
    assert "The mayor and the company" in second.out


def test_two_people_on_one_machine_do_not_see_each_other(home) -> None:
    home.chat("hello", "Annabel", "stop", "reflect", "low", "The treasurer shouted at Tom", person="a")
    other = home.chat("hello", "what do you know about me?", "my logbook", person="b")

    assert other.code == 0
    assert "What shall I call you?" in other.out
    assert "Annabel" not in other.out
    assert "treasurer" not in other.out
    assert "Annabel" in home.chat("what do you know about me?", person="a").out


def test_what_is_still_to_be_said_to_one_person_is_never_shown_to_another(home) -> None:
    home.chat("hello", "Annabel", "stop", person="a")
    now = datetime.now(UTC)
    with home.store() as store:
        store.accept(Inbound(key="left-behind", platform="terminal", address="a", at=now, text="what do you know about me?"))
        store.set_due(store.person_at("terminal", "a").id, "reminder", "", now - timedelta(minutes=5))

    other = home.chat("hello", person="b")
    own = home.chat(person="a")

    assert "Annabel" not in other.out
    assert "What shall I call you?" in other.out
    assert "I call you Annabel" in own.out


# --- how it looks


def test_forty_columns_are_enough(home) -> None:
    ran = home.chat(*ONBOARDING, *REFLECTION, "I would ask the mayor first", "skip", QUESTION, COLUMNS="40")

    assert ran.code == 0
    assert "[1] " in ran.out
    assert [line for line in ran.out.splitlines() if cell_len(line) > 40] == []


def test_a_pipe_gets_no_escape_codes(home) -> None:
    ran = home.chat("hello", "Sam", "stop", QUESTION, TERM="xterm-256color")

    assert "\x1b" not in ran.out + ran.err


def test_a_window_has_colours_unless_they_are_not_wanted(home, window: Opens) -> None:
    coloured = window(home)
    coloured.wait_for()
    coloured.type("\x04")
    assert coloured.left() == 0
    plain = window(home, NO_COLOR="1")
    plain.wait_for()
    plain.type("\x04")
    assert plain.left() == 0

    assert COLOUR.search(coloured.raw)
    assert not COLOUR.search(plain.raw)


def test_a_narrow_window_is_written_to_its_width(fresh, window: Opens) -> None:
    narrow = window(fresh, columns=40)
    narrow.wait_for()
    welcome = narrow.shown.partition("you ›")[0]

    assert "What shall I call you?" in flat(welcome)
    assert [line for line in welcome.splitlines() if cell_len(line) > 40] == []


def test_somebody_can_talk_in_a_window(home, window: Opens) -> None:
    chat = window(home)
    chat.wait_for()
    chat.type("hello\r")
    chat.wait_for("What shall I call you?")
    chat.type("Sam\r")
    chat.wait_for("Sam")
    chat.type("\x04")

    assert chat.left() == 0
    assert "What you wrote is kept" in chat.shown


# --- starting and leaving


def test_the_first_prompt_is_there_before_the_knowledge_is(fresh, window: Opens) -> None:
    chat = window(fresh)
    chat.wait_for("What shall I call you?")

    assert not (fresh.path / "index" / "current.json").exists()
    chat.type("\x03")
    assert chat.left() == 0
    assert "Traceback" not in chat.shown
    assert not (fresh.path / "index" / "current.json").exists(), "leaving waited for the index"


@pytest.mark.parametrize("part", ["cards.json", "chroma.sqlite3", "index"])
def test_a_spoilt_index_keeps_nobody_from_talking(part: str, home, window: Opens) -> None:
    """How it is mended is tested with the index; here, that a chat neither waits for that nor stumbles over it."""
    [file] = home.path.rglob(part)
    if part == "index":
        shutil.rmtree(file)
    else:
        file.write_bytes(os.urandom(4096))
    chat = window(home)
    chat.wait_for("What shall I call you?")
    chat.type("stop\r")
    chat.wait_for()
    chat.type("\x04")

    assert chat.left() == 0
    assert "Traceback" not in chat.shown
    assert "Something went wrong" not in chat.shown


@pytest.mark.parametrize("key", ["\x03", "\x04"], ids=["ctrl-c", "ctrl-d"])
def test_a_key_leaves_at_the_prompt(key: str, home, window: Opens) -> None:
    chat = window(home)
    chat.wait_for()
    chat.type(key)

    assert chat.left() == 0
    assert "What you wrote is kept" in chat.shown
    assert "Traceback" not in chat.shown


def test_leaving_in_the_middle_of_a_turn_loses_nothing(fresh, new_home, window: Opens) -> None:
    chat = window(fresh)
    chat.wait_for()
    chat.type(f"{QUESTION}\r")
    chat.wait_for("Reading the cards for the first time", prompt=False)
    chat.type("\x03")

    assert chat.left() == 0
    assert "Traceback" not in chat.shown
    shutil.rmtree(fresh.path / "index")
    (new_home("prepared").path / "index").rename(fresh.path / "index")
    assert "[1] " in fresh.chat().out, "the question was not answered at the next start"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_chat_on_a_silent_pipe_can_be_ended(number: signal.Signals, home) -> None:
    with piped(home) as process:
        process.send_signal(number)

        assert process.wait(15) == 0
        assert b"Traceback" not in process.stderr.read()


def test_the_end_of_the_input_is_the_end_of_the_chat(home) -> None:
    ran = home.run("chat", typed="hello\nSam")  # without a last line break

    assert (ran.code, ran.err) == (0, "")
    assert "Hello, Sam." in ran.out


def test_a_closed_input_is_an_ended_one(home) -> None:
    ran = home.run("chat", before="import os\nos.close(0)\nsys.stdin = None")

    assert (ran.code, ran.err) == (0, "")
    assert "What shall I call you?" in ran.out


def test_a_reader_that_has_enough_is_no_fault(home) -> None:
    with home.start("chat") as process:
        process.stdout.close()
        _, err = process.communicate(b"hello\nSam\nstop\n", timeout=30)

    assert b"Traceback" not in err


# --- what may be typed


def entries(home) -> list[Entry]:
    with home.store() as store:
        return store.entries(store.person_at("terminal", "me").id)


ODD = {
    "nothing": b"",
    "a question mark": b"?",
    "NUL": b"\0\0",
    "NUL in words": b"they\0 do not listen",
    "a lone surrogate": b"half \xed\xa0\x80 a pair",
    "not UTF-8": b"caf\xe9 with the ma\xffor",
    "right to left": "\u202egnitirw \u05e9\u05dc\u05d5\u05dd".encode(),
    "emoji families": "👩‍👩‍👧‍👦👨‍👨‍👦 🏳️‍🌈".encode(),
    "colours": b"\x1b[31mred\x1b[0m \x1b]0;title\x07",
    "a pasted log": b"Traceback (most recent call last): File \"x.py\", line 3, in <module> ValueError: {'a': [1, 2]} <&|;$HOME`id`%s",
    "markup": b"[bold red]not bold[/] [/] <b>x</b> *y* $who ${dear}",
    "a megabyte": b"partner " * 131_072,
    "a megabyte in one word": b"x" * 1_048_576,
}


def test_whatever_is_typed_gets_an_answer(home) -> None:
    ran = home.run("chat", typed=b"".join(line + b"\n" for line in [b"hello", b"stop", *ODD.values()]))

    assert (ran.code, ran.err) == (0, "")
    assert ran.out.count(COACH) == 3 + len(ODD)
    assert "Something went wrong" not in flat(ran.out)
    assert "\x1b" not in ran.out
    assert "\x00" not in ran.out


def test_a_pasted_log_of_many_lines_is_answered_and_nothing_of_it_runs_away(home) -> None:
    log = "".join(f"2026-03-02 12:00:{n:02} ERROR worker {n}: connection reset, retrying\n" for n in range(20))
    ran = home.run("chat", typed=f"hello\nstop\n{log}what do you know about me?\n")

    assert (ran.code, ran.err) == (0, "")
    assert ran.out.count(COACH) == 3 + 20 + 1


def test_odd_characters_in_an_answer_are_kept_as_they_can_be(home) -> None:
    typed = [
        b"hello",
        b"stop",
        b"reflect",
        b"ok",
        b"caf\xe9 \xe2\x80\x94 and\0 the \xe2\x80\xaemayor came late",
        "👩‍👩‍👧‍👦 came along, 🏳️‍🌈 too".encode(),
        b"stop",
    ]
    ran = home.run("chat", typed=b"\n".join(typed))

    assert (ran.code, ran.err) == (0, "")
    answers = [text for _, text in entries(home)[0].answers]
    assert answers[-2:] == ["café — and the mayor came late", "👩‍👩‍👧‍👦 came along, 🏳️‍🌈 too"]


@pytest.mark.parametrize(
    "locale",
    [{"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, {"PYTHONIOENCODING": "latin-1"}],
    ids=["ascii", "latin-1"],
)
def test_a_terminal_without_utf_8_still_talks(locale: dict[str, str], home) -> None:
    ran = home.run("chat", typed="hello\nZoé\nstop\nreflect\nok\nThe mayor’s café was shut when they came\nstop\n".encode(), **locale)

    assert (ran.code, ran.err) == (0, "")
    assert ran.out.isascii() or "latin" in str(locale)
    assert "What shall I call you?" in ran.out


def test_nothing_typed_is_left_in_a_history_file(home, window: Opens) -> None:
    chat = window(home)
    chat.wait_for()
    chat.type("Zerubbabel\r")
    chat.wait_for("Zerubbabel")
    chat.type("\x04")
    assert chat.left() == 0

    kept = {"brokercoach.db", "brokercoach.db-wal", "brokercoach.db-shm", "key", "index"}
    assert {file.name for file in home.path.iterdir()} <= kept
    assert {file.name for file in home.place.iterdir()} == {"home"}, "something was written beside the home, into the user's own folder"
    assert [file for file in home.place.rglob("*") if file.is_file() and b"Zerubbabel" in file.read_bytes()] == []

"""A chat that is killed again and again, in the middle of whatever it is doing, and taken up each time from what is stored.

Somebody reflects in a real `brokercoach chat`, which gets SIGKILL at fifty moments: while it starts, and shortly after it was told
something. What was answered is never lost, nothing is kept twice, and the order stands.
"""

from __future__ import annotations

import os
import random
import re
import select
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from harness import QUICK

from bot.model import Entry
from prompts.library import Library

KILLS = 50
AT_START = 0.4  # of them: while the program is starting
SEED = 20260302
ANSWERS = {
    "moment": "In meeting {n} the two directors sat down at one table",
    "meaning": "After meeting {n} they may trust the minutes a little more",
    "try": "Before meeting {n} ends I would call on the quiet director",
}


class Ended(Exception):
    """The process is gone."""


class Screen:
    """What one process shows, read letter by letter as a person would."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self._raw = b""

    def wait_for(self, reads: Callable[[str], Any], seconds: float = 60) -> Any:
        """What `reads` makes of everything since the last `say`, as soon as it makes something of it."""
        until = time.monotonic() + seconds
        while not (found := reads(self._shown)):
            assert time.monotonic() < until, f"nothing more came after:\n{self._raw.decode()}"
            if select.select([self.process.stdout], [], [], 0.1)[0]:
                more = os.read(self.process.stdout.fileno(), 65536)
                if not more:
                    raise Ended
                self._raw += more
        return found

    @property
    def _shown(self) -> str:
        return " ".join(self._raw.decode("utf-8", "replace").split())

    def rest(self) -> str:
        """What was shown before the process ended, though nobody read it yet."""
        self._raw += self.process.stdout.read()
        return self._shown

    def say(self, text: str) -> None:
        self._raw = b""
        self.process.stdin.write(f"{text}\n".encode())
        self.process.stdin.flush()


@dataclass
class Person:
    """Reflects, over and over, and answers what the screen asks. `acknowledged` are the answers that were replied to."""

    library: Library
    n: int = 1
    said: tuple[int, str] | None = None
    acknowledged: list[tuple[int, str]] = field(default_factory=list)

    def answers(self, shown: str) -> str | None:
        """What to type now; None while the screen does not ask for anything."""
        words = self.library.words["en"]
        steps = words.guides["crossing"].steps
        asked = next((step for step in steps if any(say in shown for say in _wordings(steps[step]))), None)
        offers = any(_literal(line) in shown for line in words.lines["resume.offer"])
        ended = "Kept in your logbook" in shown
        if self.said and (ended or (asked and asked != self.said[1])):
            self.acknowledged.append(self.said)
        if asked or ended:
            self.said = None
        if offers:
            return "go on"
        if ended:
            self.n += 1
            return "reflect"
        if asked == "energy":
            return "ok"
        if asked in ANSWERS:
            self.said = (self.n, asked)
            return ANSWERS[asked].format(n=self.n)
        return "reflect" if "A short reflection" in shown else None


def _wordings(step: Any) -> list[str]:
    """How a step is asked, and how it is asked again after words that were no answer to it."""
    say = [step.say] if isinstance(step.say, str) else list(step.say)
    return [*say, *(words for words in (step.hint, step.smaller) if words)]


def _literal(line: str) -> str:
    """The longest part of a line without slots."""
    return max(re.split(r"\$\w+|\n", line), key=len).strip(' “”"')


def lives(rng: random.Random, kills: int) -> Iterator[tuple[int, float]]:
    """How each process ends: after how many lines typed, and how many seconds later."""
    for _ in range(kills):
        if rng.random() < AT_START:
            yield 0, rng.uniform(0.1, 1.5)
        else:
            yield rng.randint(1, 3), rng.uniform(0, 0.15)


def played(home: Any, person: Person, rng: random.Random, kills: int) -> Person:
    home.chat("hello", "stop")
    for lines, seconds in lives(rng, kills):
        with home.start("chat", stderr=subprocess.DEVNULL, **QUICK) as process:
            screen = Screen(process)
            for _ in range(lines):
                screen.say(screen.wait_for(person.answers))
            with suppress(subprocess.TimeoutExpired):
                process.wait(seconds)
            process.kill()
            person.answers(screen.rest())
    with home.start("chat", stderr=subprocess.DEVNULL, **QUICK) as process:
        screen = Screen(process)
        while (text := screen.wait_for(person.answers)) != "reflect" or person.n == 1:
            screen.say(text)
        process.stdin.close()
        assert process.wait(30) == 0
    return person


def test_row_28_fifty_kills_lose_nothing_and_double_nothing(new_home: Callable[[str], Any], library: Library) -> None:
    homes = [new_home("one"), new_home("two")]
    with ThreadPoolExecutor(2) as pool:
        players = list(
            pool.map(lambda n: played(homes[n], Person(library), random.Random(SEED + n), KILLS // 2), range(2))  # noqa: S311
        )

    for home, person in zip(homes, players, strict=True):
        with home.store() as store:
            entries = store.entries(store.people()[0].id)
            assert store.check() == []
        kept = [(number(text), step) for entry in oldest_first(entries) for step, text in entry.answers if step in ANSWERS]
        assert len(person.acknowledged) >= 6, "too little was said to prove anything"
        assert set(person.acknowledged) <= set(kept), "an answer that was replied to is lost"
        assert len(set(kept)) == len(kept), "an answer is kept twice"
        order = list(ANSWERS)
        assert kept == sorted(kept, key=lambda answer: (answer[0], order.index(answer[1]))), "the order is lost"
        assert all(len({number(text) for step, text in entry.answers if step in ANSWERS}) <= 1 for entry in entries)


def number(text: str) -> int:
    return int(re.search(r"meeting (\d+)", text)[1])


def oldest_first(entries: list[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: entry.written)

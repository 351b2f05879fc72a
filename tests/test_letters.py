"""Every invented logbook gets its letters, and each letter is looked over for what a letter must and must never say.

What a program cannot see, whether a letter is any good, is judged by reading: docs/letters.md has the table.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from itertools import pairwise
from pathlib import Path

import pytest
from letterbox import FILES, Logbook, Posted, logbook, posted

from bot.alarms import alarm_in
from bot.manager import Finder
from bot.spelling import flat, words_in
from prompts.library import Library
from prompts.signals import load_signals

LOOKED_AT = {path.stem: logbook(path) for path in FILES}
WAYS_OUT = {"less", "later", "stop", "moins", "plus tard", "menos", "luego", "para"}
SHORT = 300  # characters of the messages that are no letter: an open door, how are you, a rest


def quotes_in(text: str) -> list[str]:
    found = [quote.strip() for pair in re.findall(r"“([^”]*)”|«([^»]*)»", text) for quote in pair if quote]
    return [quote for quote in found if quote not in WAYS_OUT]


def bare(text: str) -> str:
    return " ".join(re.sub(r"[\"“”«»„‘]|’(?!\w)", "", text).split())


def without_quotes(text: str) -> str:
    return re.sub(r"“[^”]*”|«[^»]*»", "#", text)


def is_full(letter: Posted) -> bool:
    return bool(quotes_in(letter.text)) and letter.text.rstrip().endswith(")")


Letters = Callable[[Path], Awaitable[tuple[Logbook, list[Posted]]]]


@pytest.fixture(scope="session")
def played() -> dict[str, list[Posted]]:
    """Every logbook is played once; reading the letters changes nothing."""
    return {}


@pytest.fixture
def letters_of(played: dict[str, list[Posted]], tmp_path: Path, library: Library, found: Callable[[], Finder]) -> Letters:
    async def read(path: Path) -> tuple[Logbook, list[Posted]]:
        book = LOOKED_AT[path.stem]
        if path.stem not in played:
            played[path.stem] = await posted(book, tmp_path, library, found)
        return book, played[path.stem]

    return read


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
async def test_what_a_program_can_see_of_a_letter(path: Path, letters_of: Letters, library: Library) -> None:
    book, letters = await letters_of(path)
    signals = load_signals()[book.language]
    safeties = library.safeties(book.language)

    assert letters
    assert len({letter.week for letter in letters}) == len(letters), "more than one a week"
    for letter in letters:
        text = letter.text
        told = [answer for entry in letter.entries for _, answer in entry.answers]
        told += [plan.text for plan in letter.plans]
        harmless = [bare(text) for text in told if alarm_in(text, safeties) is None]
        for quote in quotes_in(text):
            words = quote.removesuffix("…").strip()
            assert any(bare(words) in kept for kept in harmless), f"not in an entry that may be quoted: {quote}"
            assert 1 <= len(words_in(words)) <= 12, quote
            assert not set(words_in(words)) & set(library.words[book.language].hear.reading.sensitive), quote
        assert len(text) <= 600
        first = text.split("\n", 1)[0]
        assert first in {line.split("\n")[0] for key in library.words[book.language].lines if key.startswith("letter.")
                         for line in library.words[book.language].variants(key)}, f"the first line is not ours alone: {first}"  # fmt: skip
        own = flat(without_quotes(text).replace("\n", " "))
        for pattern in signals.unlike_a_letter + signals.flattery + signals.orders:
            assert not re.search(pattern, own), (pattern, text)
        assert len(letter.letter.message.sources) <= 1
        assert text.count("[1]") == len(letter.letter.message.sources)
        if is_full(letter):
            parts = text.split("\n\n")
            asked = parts[-2]
            assert asked.endswith("?"), text
            assert asked.count("?") == 1
            assert "?" not in without_quotes(parts[-1])
            assert without_quotes(" ".join(parts[:-2])).count("?") <= 1, "beside the open question, only the one about the plan"
        else:
            assert len(text) <= SHORT


@pytest.mark.parametrize("path", [path for path in FILES if any(w.plan for w in logbook(path).weeks)], ids=lambda path: path.stem)
async def test_last_weeks_plan_is_taken_up(path: Path, letters_of: Letters, library: Library) -> None:
    book, letters = await letters_of(path)
    by_week = {letter.week: letter for letter in letters}
    for number, week in enumerate(book.weeks, 1):
        letter = by_week.get(number)
        if week.plan and letter and is_full(letter):
            begins = " ".join(week.plan.text.split()[:4])
            spoken = alarm_in(week.plan.text, library.safeties(book.language)) or "figures" in week.plan.text
            assert (begins in letter.text) != bool(spoken), letter.text
            later = by_week.get(number + 2)
            assert later is None or begins not in later.text, "a plan that waited two weeks is not brought up again"


@pytest.mark.parametrize(
    "name", ["aisha_water_half_a_year", "fr_amina_douze_semaines"], ids=["half a year in English", "twelve weeks in French"]
)
async def test_over_months_no_letter_sounds_like_the_one_before(name: str, letters_of: Letters) -> None:
    _, letters = await letters_of(next(path for path in FILES if path.stem == name))
    texts = [letter.text for letter in letters]

    def frame(text: str) -> set[tuple[str, ...]]:
        words = without_quotes(text).split()
        return set(zip(words, words[1:], words[2:], strict=False))

    assert len(texts) >= 11
    assert all(len(frame(a) & frame(b)) / len(frame(a) | frame(b)) < 0.5 for a, b in pairwise(texts))
    assert len({text.split("\n", 1)[0] for text in texts[:12]}) >= 6
    asked = [text.split("\n\n")[-2] for text in texts if text.endswith(")")]
    assert all(len({*asked[n : n + 3]}) == len(asked[n : n + 3]) for n in range(len(asked)))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
async def test_no_words_come_back_a_week_later(path: Path, letters_of: Letters) -> None:
    _, letters = await letters_of(path)
    for before, after in pairwise(letters):
        plans = [answer for entry in after.entries for step, answer in entry.answers if step == "plan"] + [p.text for p in after.plans]
        again = {quote for quote in {*quotes_in(before.text)} & {*quotes_in(after.text)} if len(quote.split()) > 2}
        assert not {quote for quote in again if not any(bare(quote.removesuffix("…").strip()) in bare(plan) for plan in plans)}


def test_there_are_logbooks_of_many_kinds() -> None:
    languages = [book.language for book in LOOKED_AT.values()]

    assert len(languages) >= 25
    assert (languages.count("en"), languages.count("fr"), languages.count("es")) == (15, 5, 5)
    assert max(len(book.weeks) for book in LOOKED_AT.values()) == 26

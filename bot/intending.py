"""Hears in what somebody says a step that they mean to take: whether it is one, where it stands in the message, and for which day. Pure.

A question, a complaint, what is over and what others do is no step; a thought said aloud ("I could …") is one that may become a step. What
becomes of it is planning.py's business.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from bot.hearing import act_in
from bot.rhythm import day_in, days_within, local, next_of_month
from bot.spelling import READ, any_in, expression, flat, in_line, words_in
from prompts.library import Hear

LONGEST_DAY = 6  # words; a day is said in fewer, and longer texts only name one
NOWHERE = float("inf")  # where a pattern begins that is not in a text
FARTHEST = timedelta(days=300)  # ahead that a step lies; what seems to be farther off was read wrongly
SOONEST = timedelta(days=1)  # ahead of which "before the 3rd" is of the month after
_TITLES = ("mr", "ms", "mrs", "dr", "dra", "sr", "sra", "mme", "ing", "lic", "prof", "[a-z]")  # or an initial
_NO_TITLE = "".join(rf"(?<!\b{title}\.)" for title in _TITLES)
_NUMBER = re.compile(r"\w+ (?:\w+ )?\d{1,2}(?:st|nd|rd|th|er)?")
BARE_DAY = 3  # words in which a day stands alone
PAIR = 2  # sentences in which a thought and its day may stand apart
LONGEST_STEP = 40  # words of a step; a longer text is a story
PROTESTS = ("anger", "wrong-turn", "rejects", "repeat", "no-questions", "tried", "verdict", "verdict-self", "verdict-other", "leave-it")

Firmness = Literal["dated", "meant", "mused"]


@dataclass(frozen=True, slots=True)
class Intent:
    """What somebody means to do, in their own words. "dated": a deed with its day or hour; "mused": only thought aloud."""

    text: str
    firmness: Firmness
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Clock:
    """What a day is reckoned from."""

    language: str
    hear: Hear
    at: datetime
    zone: str | None


def intent_in(text: str, clock: Clock) -> Intent | None:
    """The step that a message tells; of several sentences those in which it is told, without the words that only lead up to it."""
    said = text[:READ].strip()
    if not words_in(said) or len(words_in(said)) > LONGEST_STEP:
        return None
    parts = _with_its_day(_sentences(said), clock)
    firm = [_firmness(part, clock) for part in parts]
    told = [n for n, found in enumerate(firm) if found]
    if not told:
        return _apart(said, parts, clock)
    best: Firmness = "dated" if "dated" in firm else "meant" if "meant" in firm else "mused"
    first, last = told[0], told[-1]
    step = bare_step(" ".join(parts[first : last + 1]), clock.hear)
    if best == "mused" and len(parts) == PAIR and not _day_told(step, clock) and not _any(clock.hear.plans.never, said):
        step = bare_step(said, clock.hear)  # "I think I tell them. On Wednesday both will be there": whether it is meant is asked anyway
    return Intent(step, best, _day_told(step, clock) or _morrow(clock.hear.plans.today, step, clock)) if step else None


def _with_its_day(parts: list[str], clock: Clock) -> list[str]:
    """The sentences, a day that stands alone behind one put to it: "I write to her first. Tomorrow"."""
    joined, plans = list[str](), clock.hear.plans
    for part in parts:
        day = next((part[: found.start()] for pattern in plans.willing if (found := expression(pattern).search(flat(part)))), part)
        alone = len(words_in(day)) <= BARE_DAY and min(_start(p, part) for p in (plans.meant, plans.dated, plans.mused)) == NOWHERE
        if joined and alone and _day_told(part, clock) and not _any(plans.never, part):
            joined[-1] = f"{joined[-1]} {part}"
        else:
            joined.append(part)
    return joined


def _apart(said: str, parts: list[str], clock: Clock) -> Intent | None:
    """ "I ask Sarah what her boss needs. On the 12th she comes": a deed and its day in two sentences may be a step; it is asked about."""
    plans = clock.hear.plans
    if len(parts) != PAIR or "?" in said or _any(plans.never, said) or protests(said, clock.hear):
        return None
    deed, day = any(_any(plans.dated, part) for part in parts), _day_told(said, clock)
    return Intent(bare_step(said, clock.hear), "mused", day) if deed and day else None


def step_day(text: str, clock: Clock) -> date | None:
    """The day that a text is or names; the day after for an hour of this one, since nothing is asked about before it."""
    whole = day_in(text, clock.language, clock.hear, clock.at, clock.zone) if len(words_in(text)) <= LONGEST_DAY else None
    return _in_reach(whole, clock) or _day_told(text, clock) or _morrow(clock.hear.plans.today, text, clock)


def _day_told(text: str, clock: Clock) -> date | None:
    return _in_reach(_day_of_doing(text, clock), clock) or _morrow(clock.hear.plans.soon, text, clock)


def _day_of_doing(text: str, clock: Clock) -> date | None:
    """Of the days that a text names the one on which it is to be done: before a day by which, and that before one that is only spoken of;
    never one that others want. What is to be done before a day that is tomorrow is meant for the month after."""
    plans, told = clock.hear.plans, list[tuple[int, date]]()
    today = local(clock.at, clock.zone).date()
    for day, begins, said in days_within(text, clock.language, clock.hear, clock.at, clock.zone):
        before = flat(text)[:begins]
        if any_in(plans.others, before):
            continue
        until = any_in(plans.until, before)
        near = until and by_number(said) and day - today <= SOONEST
        told.append((0 if until else -1 if any_in(plans.aside, before) else 1, next_of_month(day.day, day) or day if near else day))
    return max(told, key=lambda each: each[0])[1] if told else None


def by_number(said: str) -> bool:
    """Whether a day is told by its number alone: "the 3rd"."""
    return _NUMBER.fullmatch(flat(said).strip()) is not None


def _morrow(hours: Sequence[str], text: str, clock: Clock) -> date | None:
    """Tomorrow, for an hour of today: nothing is asked about before it."""
    return local(clock.at, clock.zone).date() + timedelta(days=1) if _any(hours, text) else None


def _in_reach(day: date | None, clock: Clock) -> date | None:
    return day if day and day - local(clock.at, clock.zone).date() <= FARTHEST else None


def bare_step(text: str, hear: Hear) -> str:
    """A step without the words that only lead up to it: "ok so I will call" is "I will call"."""
    said = text.strip()
    while found := next((m for pattern in hear.plans.fillers if (m := expression(pattern).match(flat(said))) and m.end()), None):
        said = said[found.end() :].strip()
    return said.strip(" ,;:–-.")


def kept_in(text: str, hear: Hear) -> str | None:
    """What somebody wants kept as their plan: "" where they say only that something is to be kept; None where they want no such thing."""
    said = text[:READ].strip()
    for pattern in hear.plans.keeps:
        if found := expression(pattern).search(flat(said)):
            what = said[slice(*found.span("what"))] if "what" in found.groupdict() and found["what"] else ""
            return bare_step(what.strip(' .!"“”«»'), hear)
    return None


def before_command(text: str, hear: Hear) -> str:
    """What a message says before the words in which it asks to keep it."""
    said = text[:READ].strip()
    found = next((m for pattern in hear.plans.keeps if (m := expression(pattern).search(flat(said)))), None)
    return said[: found.start()].strip(" ,;:–-.") if found else said


def asks_for_plans(text: str, hear: Hear) -> bool:
    return _any(hear.plans.asks, text)


def undoes(text: str, hear: Hear) -> str | None:
    """What is said besides the word that something was no plan; None where no such word is said."""
    said = text[:READ].strip()
    found = next((m for pattern in hear.plans.undoes if (m := expression(pattern).search(flat(said)))), None)
    return said[found.end() :].strip(" .,;:!?") if found else None


def tells_outcome(text: str, hear: Hear) -> bool:
    """True when a message tells that something was done, or was not."""
    return "?" not in text and (_any(hear.plans.tells, text) or tells_undone(text, hear))


def besides_report(text: str, hear: Hear) -> str:
    """What is told besides the bare word that it was done: "They have no trace of it" after "I called him." """
    rest = [part for part in _sentences(text[:READ].strip()) if not _any(hear.plans.tells, part)]
    return " ".join(rest) or text


def tells_undone(text: str, hear: Hear) -> bool:
    return _any(hear.plans.undone, text)


def protests(text: str, hear: Hear) -> bool:
    """True for what is put to the coach, and is no step: a complaint, a question, a rejection."""
    return text.rstrip(' "”»').endswith("?") or any(act_in(part, hear) in PROTESTS for part in (text, *_sentences(text[:READ])))


def is_none(text: str, clock: Clock) -> bool:
    """True for a text that cannot be a step, even where one was asked for: a question in it, a complaint, or what is over."""
    if "?" in text or protests(text, clock.hear):
        return True
    over = any(_any(clock.hear.plans.never, part) for part in _sentences(text[:READ].strip()))
    return over and intent_in(text, clock) is None


def _firmness(part: str, clock: Clock) -> Firmness | None:
    hear, said = clock.hear, bare_step(part, clock.hear)
    plans = hear.plans
    if "?" in part.partition(":")[0] or not words_in(said) or _any(plans.never, said) or act_in(part, hear) in PROTESTS:
        return None
    meant, dated, mused = (_start(patterns, said) for patterns in (plans.meant, plans.dated, plans.mused))
    if NOWHERE == meant == dated == mused:
        return None  # as in nearly every sentence; a day is looked for only in the others
    day = _day_told(said, clock) is not None
    told = min(meant, dated) if day else meant
    day = day or (meant < NOWHERE and _any(plans.today, said))
    if mused < NOWHERE and mused <= told:
        return "mused"
    if told == NOWHERE:
        return None
    return "dated" if day else "meant"


def _start(patterns: Sequence[str], text: str) -> float:
    """Where the first of these patterns begins in a text; NOWHERE for none."""
    said = in_line(text)
    return min((found.start() for pattern in patterns if (found := expression(pattern).search(said))), default=NOWHERE)


def _any(patterns: Sequence[str], text: str) -> bool:
    said = in_line(text)
    return any_in(patterns, said)


def _sentences(text: str) -> list[str]:
    """Cut where a sentence ends, but not inside an hour such as 7.30, after a title or an initial."""
    return [part.strip() for part in re.split(rf"(?i)(?<=[.!?;]){_NO_TITLE}\s+|\n+", text) if words_in(part)]

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
from bot.rhythm import day_in, days_within, local, month_in, next_in_month, next_of_month, number_on
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
BESIDE = 6  # words after a day's number among which its month may be named
PAIR = 2  # sentences in which a thought and its day may stand apart
LONGEST_STEP = 40  # words of a step; a longer text is a story
CLOSES = ("thanks", "bye")  # acts that may follow the step with which a message ends
PROTESTS = ("anger", "wrong-turn", "rejects", "repeat", "no-questions", "tried", "verdict", "verdict-self", "verdict-other", "leave-it")

Named = tuple[date, int, str]  # a day, where it begins in a text, and as it was said
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
    if announced := _announced(said, clock):
        return announced
    parts = _with_its_day(_sentences(said), clock)
    firm = [_firmness(part, clock) for part in parts]
    told = [n for n, found in enumerate(firm) if found and not _taken_back(parts[n + 1 : n + 2], clock)]
    if not told:
        return _apart(said, parts, clock)
    best: Firmness = "dated" if "dated" in firm else "meant" if "meant" in firm else "mused"
    if best != "mused":
        told = [n for n in told if firm[n] != "mused"]  # "I could ask him first. I'll call him Thursday": the thought is not the step
    first, last = told[0], told[-1]
    step = bare_step(" ".join(parts[first : last + 1]), clock.hear)
    if best == "mused" and len(parts) == PAIR and not _day_told(step, clock) and not _any(clock.hear.plans.never, said):
        step = bare_step(said, clock.hear)  # "I think I tell them. On Wednesday both will be there": whether it is meant is asked anyway
    return Intent(step, best, _day_told(step, clock) or _morrow(clock.hear.plans.today, step, clock)) if step else None


def _announced(said: str, clock: Clock) -> Intent | None:
    """What is said to be a step, in so many words: from where its day is named to the end, without what announces it."""
    announced = [each for pattern in clock.hear.plans.announced for each in expression(pattern).finditer(flat(said))]
    if not announced:
        return None
    for each in sorted(announced, key=lambda found: -found.start()):
        said = f"{said[: each.start()].rstrip(' ,;:-')}. {said[each.end() :].lstrip(' ,;:.-')}"
    parts = [part for part in _sentences(said) if words_in(part)]
    first = next((n for n, part in enumerate(parts) if _day_told(part, clock)), len(parts))
    step = bare_step(" ".join(parts[first:]), clock.hear)
    day = _day_told(step, clock)
    return Intent(step, "dated", day) if step and day and "?" not in step else None


def closing_in(text: str, clock: Clock) -> Intent | None:
    """The dated step with which a message ends, however much was told before it; thanks or a goodbye may follow it."""
    parts = _sentences(text[:READ].strip())
    while len(parts) > 1 and act_in(parts[-1], clock.hear) in CLOSES:
        parts.pop()
    found = intent_in(parts[-1], clock) if parts else None
    return found if found and found.firmness == "dated" else None


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


def _taken_back(after: Sequence[str], clock: Clock) -> bool:
    """Whether the next sentence says no more than that it is not to be there, or then: "Friday I see her. Not there." """
    return any(len(words_in(part)) <= BARE_DAY and _any(clock.hear.plans.not_then, part) for part in after)


def _apart(said: str, parts: list[str], clock: Clock) -> Intent | None:
    """ "I ask Sarah what her boss needs. On the 12th she comes": a deed and its day in two sentences may be a step; it is asked about."""
    plans = clock.hear.plans
    if len(parts) != PAIR or "?" in said or _any(plans.never, said) or protests(said, clock.hear):
        return None
    deed, day = any(_any(plans.dated, part) for part in parts), _day_told(said, clock)
    return Intent(bare_step(said, clock.hear), "mused", day) if deed and day else None


def step_day(text: str, clock: Clock) -> date | None:
    """The day that a text is or names; the day after for an hour of this one, since nothing is asked about before it."""
    text = in_full(text, clock.hear)
    whole = day_in(text, clock.language, clock.hear, clock.at, clock.zone) if len(words_in(text)) <= LONGEST_DAY else None
    return _in_reach(whole, clock) or _day_told(text, clock) or _morrow(clock.hear.plans.today, text, clock)


def _day_told(text: str, clock: Clock) -> date | None:
    return _in_reach(_day_of_doing(text, clock), clock) or _morrow(clock.hear.plans.soon, text, clock)


def _day_of_doing(text: str, clock: Clock) -> date | None:
    """Of the days that a text names the one on which it is to be done: before a day by which, and that before one that is only spoken of;
    never one that others want. What is to be done before a day that is tomorrow is meant for the month after."""
    plans, told, text = clock.hear.plans, list[tuple[int, date]](), in_full(text, clock.hear)
    today = local(clock.at, clock.zone).date()
    named = _of_its_month(_numbered(days_within(text, clock.language, clock.hear, clock.at, clock.zone), text, clock), text, clock)
    for n, (day, begins, said) in enumerate(named):
        before = flat(text)[:begins]
        if any_in(plans.others, before):
            continue
        until = any_in(plans.until, before)
        near = until and by_number(said) and day - today <= SOONEST
        after = flat(text)[begins + len(said) : named[n + 1][1] if n + 1 < len(named) else None]
        aside = any_in(plans.aside, before) or any_in(plans.not_then, after)
        told.append((0 if until else -1 if aside else 1, next_of_month(day.day, day) or day if near else day))
    best = max((rank for rank, _ in told), default=0)
    days = [day for rank, day in told if rank == best]
    return (min(days) if len(days) > 1 and _each_with_its_deed(text, named, clock) else days[0]) if days else None


def _each_with_its_deed(text: str, named: list[Named], clock: Clock) -> bool:
    """Whether each day stands in a clause of its own in which something is to be done: then the soonest is asked about."""
    said, plans = flat(text), clock.hear.plans
    spans = [(said.rfind(",", 0, begins) + 1, (said.find(",", begins) + 1 or len(said) + 1) - 1) for _, begins, _ in named]
    return len(set(spans)) == len(named) and all(_start((*plans.meant, *plans.dated), said[slice(*span)]) < NOWHERE for span in spans)


def _numbered(named: list[Named], text: str, clock: Clock) -> list[Named]:
    """The days that a text names, where "a Tuesday, the 14th" is one: the next 14th that is a Tuesday."""
    loose = [day for day in named if any_in(clock.hear.plans.any_such, flat(text)[: day[1]]) and not by_number(day[2])]
    numbers = [day for day in named if by_number(day[2])]
    if len(loose) != 1 or len(numbers) != 1:
        return named
    (some, *_), (day, begins, said) = loose[0], numbers[0]
    both = number_on(day.day, some.weekday(), local(clock.at, clock.zone).date())
    return [each for each in named if each not in (*loose, *numbers)] + [(both or day, begins, said)]


def _of_its_month(named: list[Named], text: str, clock: Clock) -> list[Named]:
    """The days that a text names; one told by its number alone is of the month beside it: "on the 3rd, at the June review"."""
    today, set_in = local(clock.at, clock.zone).date(), list[Named]()
    for day, begins, said in named:
        month = month_in(" ".join(flat(text)[begins + len(said) :].split()[:BESIDE]), clock.language) if by_number(said) else None
        set_in.append(((next_in_month(day.day, month, today) if month else None) or day, begins, said))
    return set_in


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


def next_time_in(text: str, hear: Hear) -> str:
    """What somebody would do at the next occasion, with what they say of it: "maybe I stay quiet next time. Friday there's another";
    empty where they tell no such thing."""
    parts = _sentences(text[:READ].strip())
    first = next((n for n, part in enumerate(parts) if "?" not in part and _any(hear.plans.next_time, part)), None)
    told = "" if first is None else bare_step(" ".join(parts[first:]), hear)
    return told if len(words_in(told)) <= LONGEST_STEP else ""


def tells_meaning(text: str, clock: Clock) -> bool:
    """True for a thought about what something meant, where no step is told in it."""
    return _any(clock.hear.plans.meaning, text) and intent_in(text, clock) is None


def tells_refused(text: str, hear: Hear) -> bool:
    """True when a message tells that somebody said no to it."""
    return _any(hear.plans.refused, text)


def tells_success(text: str, hear: Hear) -> bool:
    """True when a message tells that something came off, and nothing against it."""
    return "?" not in text and _any(hear.plans.went_well, text) and not _any(hear.plans.spoils, text) and not clouded(text, hear)


def clouded(text: str, hear: Hear) -> bool:
    """True when something takes the joy out of what came off: an embarrassment, or that it was another's work."""
    return _any(hear.plans.clouds, text)


def tells_undone(text: str, hear: Hear) -> bool:
    return _any(hear.plans.undone, text)


def protests(text: str, hear: Hear) -> bool:
    """True for what is put to the coach, and is no step: a complaint, a question, a rejection."""
    return text.rstrip(' "”»').endswith("?") or any(act_in(part, hear) in PROTESTS for part in (text, *_sentences(text[:READ])))


def is_none(text: str, clock: Clock) -> bool:
    """True for a text that cannot be a step, even where one was asked for: a question in it, a complaint, or what is over."""
    if "?" in text or protests(text, clock.hear):
        return True
    over = any(_any(clock.hear.plans.never, _own(in_line(part), clock.hear)) for part in _sentences(text[:READ].strip()))
    return over and intent_in(text, clock) is None


def _firmness(part: str, clock: Clock) -> Firmness | None:
    hear, part = clock.hear, in_full(part, clock.hear)
    plans, said = hear.plans, bare_step(part, hear)
    if "?" in part.partition(":")[0] or not words_in(said) or _any(plans.never, _own(said, hear)) or act_in(part, hear) in PROTESTS:
        return None
    meant, dated, mused = (_start(patterns, said) for patterns in (plans.meant, plans.dated, plans.mused))
    if NOWHERE == meant == dated == mused:
        return None  # as in nearly every sentence; a day is looked for only in the others
    day = _day_told(said, clock) is not None
    told = min(meant, dated) if day else meant
    day = day or (meant < NOWHERE and _any(plans.today, said))
    if mused < NOWHERE and mused <= told and not (day and dated < NOWHERE):  # a maybe before a deed with its day is politeness
        return "mused"
    if told == NOWHERE:
        return None
    return "dated" if day else "meant"


def _own(said: str, hear: Hear) -> str:
    """A sentence without what is to be told in it: "I tell her on Thursday that I signed too quickly"."""
    found = next((m for pattern in hear.plans.message if (m := expression(pattern).search(said))), None)
    return said[: found.start()] if found else said


def _start(patterns: Sequence[str], text: str) -> float:
    """Where the first of these patterns begins in a text; NOWHERE for none."""
    said = in_line(text)
    return min((found.start() for pattern in patterns if (found := expression(pattern).search(said))), default=NOWHERE)


def in_full(text: str, hear: Hear) -> str:
    """A text as it is compared, with weekdays that are cut short written out: "mon" is "monday"."""
    said = in_line(text)
    for short, whole in hear.plans.short_days.items():
        said = expression(short).sub(whole, said)
    return said


def _any(patterns: Sequence[str], text: str) -> bool:
    said = in_line(text)
    return any_in(patterns, said)


def _sentences(text: str) -> list[str]:
    """Cut where a sentence ends, but not inside an hour such as 7.30, after a title or an initial."""
    return [part.strip() for part in re.split(rf"(?i)(?<=[.!?;]){_NO_TITLE}\s+|\n+", text) if words_in(part)]

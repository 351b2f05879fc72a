"""Adds to what is written, which itself stays as it is: a later thought, another wording, a taking back, an entry for a day gone by, the
aims of a week. Pure; what a message asks for, finding.py hears.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from bot import finding, guiding, month
from bot.asking import clip
from bot.draft import Draft
from bot.finding import Asked
from bot.mirroring import mirror_at
from bot.model import Add, Choice, Entry, Keep, Place
from bot.naming import marked
from bot.week import aims_of_week

MISSED = 7  # days that catching up looks back
OFFERED = 4  # of them at a time
REFLECTION = "crossing"


def _meant(draft: Draft, asked: Asked) -> Entry | None:
    """The entry that is meant: the latest of the day or time that was named, else the latest of all. One taken back is none."""
    entries = [entry for entry in draft.book if entry.retracted is None]
    if asked.period:
        entries = [entry for entry in entries if asked.period.first <= entry.event_date <= asked.period.last]
    return max(entries, key=lambda entry: (entry.written, entry.event_date), default=None)


def _or_none(draft: Draft, asked: Asked) -> Entry | None:
    entry = _meant(draft, asked)
    if entry is None:
        draft.say(draft.line("amend.none"), "reply", [draft.choice("reflect"), draft.choice("later")])
    return entry


def _thought(draft: Draft, asked: Asked) -> None:
    entry = _or_none(draft, asked)
    if entry is None:
        return
    if asked.rest:
        draft.do(Add(entry.id, "thought", asked.rest))
        kept = draft.line("amend.thought", day=finding.day_of(draft, entry))
        draft.say(guiding.joined(mirror_at(draft, "later-thought", "thought", asked.rest), kept))
    else:
        guiding.start(draft, "later-thought", draft.line("amend.which", day=finding.day_of(draft, entry), text=_told(entry)), ref=entry.id)


def _reword(draft: Draft, asked: Asked) -> None:
    entry = _or_none(draft, asked)
    if entry is None:
        return
    if len(entry.answers) > 1:
        choices = [Choice(f"entry:reword:{entry.id}:{step}", clip(text, 40)) for step, text in entry.answers]
        draft.say(draft.line("amend.reword.which", day=finding.day_of(draft, entry)), "question", choices)
    elif entry.answers:
        _ask_wording(draft, entry, entry.answers[0][0])


def _ask_wording(draft: Draft, entry: Entry, step: str) -> None:
    was = dict(entry.answers).get(step, "")
    guiding.start(draft, "wording", frame=clip(was, guiding.QUOTED), ref=f"{entry.id} {step}")


def _take_back(draft: Draft, asked: Asked) -> None:
    entry = _or_none(draft, asked)
    if entry is not None:
        told = draft.line("amend.take-back", day=finding.day_of(draft, entry), text=_told(entry))
        draft.say(told, "question", [Choice(f"entry:take-back:{entry.id}", draft.line("choice.take-back")), draft.choice("leave")])


def pressed(draft: Draft, what: str) -> bool:
    """A choice about one entry: which, and what is to be done with it. False when the entry is not to be found any more."""
    act, _, rest = what.partition(":")
    entry_id, _, step = rest.partition(":")
    entry = next((entry for entry in draft.book if entry.id == entry_id and entry.retracted is None), None)
    if act == "day":
        guiding.start(draft, REFLECTION, draft.line("late.for", day=draft.day(date.fromisoformat(rest))), day=date.fromisoformat(rest))
        return True
    if entry is None:
        return False
    if act == "take-back":
        draft.do(Add(entry.id, "retraction"))
        draft.say(draft.line("amend.taken-back"))
    else:
        _ask_wording(draft, entry, step)
    return True


def _told(entry: Entry) -> str:
    return clip(next((text for _, text in entry.answers), ""))


# --- days gone by


def _late(draft: Draft, asked: Asked) -> None:
    """An entry for a day that is over; of a longer time, which day is asked."""
    period = asked.period
    if period is None or period.first == period.last == draft.today:
        guiding.start(draft, REFLECTION)
    elif period.first == period.last:
        guiding.start(draft, REFLECTION, draft.line("late.for", day=draft.day(period.first)), day=period.first)
    else:
        days = [period.first + timedelta(days=n) for n in range((min(period.last, draft.today) - period.first).days + 1)]
        _offer(draft, [day for day in days if day.weekday() in draft.person.rhythm.workdays][-MISSED:])


def catch_up(draft: Draft) -> None:
    """The working days of the last week on which nothing was written."""
    written = {entry.event_date for entry in draft.book}
    days = [draft.today - timedelta(days=n) for n in range(MISSED, 0, -1)]
    missed = [day for day in days if day not in written and day.weekday() in draft.person.rhythm.workdays]
    if missed:
        _offer(draft, missed)
    else:
        draft.say(draft.line("late.none"), "reply", [draft.choice("reflect"), draft.choice("later")])


def _offer(draft: Draft, days: list[date]) -> None:
    choices = [Choice(f"entry:day:{day.isoformat()}", draft.day(day)) for day in reversed(days[-OFFERED:])]
    draft.say(draft.line("late.which"), "question", [*choices, draft.choice("later")])


# --- the aims of a week


def aims(draft: Draft) -> None:
    guiding.start(draft, "aims")


def _aim(draft: Draft, asked: Asked) -> None:
    """The aim was told along with the wish: it is kept, and only how to come nearer to it is still to be asked."""
    if not asked.rest:
        aims(draft)
        return
    entry = draft.new_id("aims")
    draft.place, draft.held = Place("aims", "strategy", draft.at, draft.at, entry, (("aim", asked.rest),), ("aim",)), None
    draft.keep(marked(draft, Keep(entry, "aims", "aim", asked.rest, event_date=draft.today)))
    guiding.ask(draft, draft.line("aims.kept"))


def review(draft: Draft) -> None:
    entry = aims_of_week(draft.book, draft.today)
    if entry is None:
        draft.say(draft.line("aims.none"), "reply", [draft.choice("aims"), draft.choice("later")])
    else:
        guiding.start(draft, "aims-review", frame=clip(dict(entry.answers).get("aim", ""), guiding.QUOTED), ref=entry.id)


def _month(draft: Draft, asked: Asked) -> None:
    if asked.period:
        month.show(draft, asked.period)


ASKED: dict[str, Callable[[Draft, Asked], None]] = {
    "thought": _thought,
    "reword": _reword,
    "take-back": _take_back,
    "late": _late,
    "aim": _aim,
    "find": lambda draft, asked: finding.show(draft, asked.sought),
    "last": lambda draft, asked: finding.show(draft, asked.sought),
    "then-and-now": lambda draft, asked: finding.then_now(draft, asked.sought),
    "month": _month,
}

WISHES: dict[str, Callable[[Draft], None]] = {
    "then-and-now": finding.then_now,
    "more-found": finding.more,
    "catch-up": catch_up,
    "aims": aims,
    "aims-review": review,
}

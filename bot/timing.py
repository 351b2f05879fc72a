"""When the coach writes of its own accord, as the person wants it: the weekly letter, not now, away, back, and what comes next.

Whatever is said about the future here is a row of the clock at the same moment.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from bot import guiding
from bot.draft import Draft
from bot.hearing import away_in, heard, reminded_in
from bot.keeping import no_letters
from bot.model import Choice, Remind
from bot.rhythm import AFTERNOON, at_wall_clock, back_after, day_in, in_hours, morrow, named_moment, next_letter, readings_of
from prompts.library import Phrases

TONIGHT = time(20, 0)
SOON = timedelta(minutes=15)


# --- not now


def put_off(draft: Draft) -> None:
    """The reflection that was proposed is not wanted now: at once to the time that was named, else asks for one."""
    draft.place = None
    said = getattr(draft.event, "text", "")
    wanted = Phrases({what: draft.words.hear.choices[what] for what in SNOOZES})
    if named := heard(said, wanted, draft.words.hear):
        SNOOZES[named](draft)
    else:
        draft.say(draft.line("snooze.ask"), "question", [draft.choice(what) for what in SNOOZES])


def _snooze(moment: Callable[[Draft], datetime]) -> Callable[[Draft], None]:
    def snooze(draft: Draft) -> None:
        at = moment(draft)
        draft.place = draft.knocked_at = None  # what was asked for is not too much
        draft.do(Remind("reminder", at))
        draft.say(draft.line("snooze.set", next=draft.moment(at)))

    return snooze


def _soon(draft: Draft) -> datetime:
    return (draft.at + SOON).replace(microsecond=0)


def _tonight(draft: Draft) -> datetime:
    """At eight in the evening; after that in an hour, but never in the night."""
    evening = at_wall_clock(draft.today, TONIGHT, draft.person.zone)
    if draft.at < evening:
        return evening
    later = draft.at + timedelta(hours=1)
    return later.replace(microsecond=0) if in_hours(later, draft.person.zone) else _tomorrow(draft)


def _tomorrow(draft: Draft) -> datetime:
    rhythm = draft.person.rhythm
    return morrow(draft.at, rhythm.reminder or AFTERNOON, rhythm, draft.person.zone)


def _skip(draft: Draft) -> None:
    draft.place = None
    draft.set_reminder()
    row = draft.reminds("reminder")
    if row:
        draft.say(draft.line("snooze.skipped", next=draft.moment(row)))
    else:
        draft.say(draft.line("snooze.skipped.none"))


def knock_about_held(draft: Draft) -> None:
    """A reflection half done is asked about tomorrow, once; where there are daily reminders, the next of them does it."""
    if draft.person.zone and draft.person.rhythm.reminder is None:
        draft.do(Remind("resume", morrow(draft.at, AFTERNOON, draft.person.rhythm, draft.person.zone)))


# --- at a time of their own


def told_when(draft: Draft, text: str) -> bool:
    """Hears "remind me at 6", said in passing: the reflection of the day is proposed then, once. False where no such thing is said."""
    when = reminded_in(text, draft.words.hear)
    if when is None:
        return False
    zone = draft.person.zone
    at = named_moment(when, draft.language, draft.words.hear, draft.at, zone, draft.person.rhythm) if zone else None
    if zone is None:
        guiding.start(draft, "onboarding", step="zone")
    elif at is None:
        draft.say(draft.line("remind.unclear"), "question", [draft.choice(what) for what in SNOOZES])
    else:
        draft.place = draft.knocked_at = None
        draft.do(Remind("reminder", at))
        draft.say(draft.line("snooze.set", next=draft.moment(at)))
    return True


# --- away and back


def told_away(draft: Draft, text: str) -> bool:
    """Hears that somebody is away until a day, and keeps quiet until then; asks where the day has two readings."""
    found = away_in(text, draft.words.hear)
    if found is None:
        return False
    day, span = found
    language, zone, hear = draft.language, draft.person.zone, draft.words.hear
    if span:
        until = back_after(span, language, draft.at, zone)
    else:
        readings = readings_of(day, draft.at, zone)
        if len(readings) > 1:
            choices = [Choice(f"away:{reading.isoformat()}", draft.day(reading)) for reading in readings]
            draft.say(draft.line("away.which"), "question", choices)
            return True
        until = readings[0] if readings else day_in(day, language, hear, draft.at, zone)
    if until is None:
        draft.say(draft.line("away.unclear"), "question", draft.offered if draft.place else ())
    else:
        away_until(draft, until)
    return True


def away_until(draft: Draft, day: date) -> None:
    if draft.place and guiding.anything_kept(draft.place):
        draft.held = draft.place
    draft.place = None
    draft.person = replace(draft.person, rhythm=replace(draft.person.rhythm, away_until=day))
    _reset(draft)
    draft.say(draft.line("away.set", day=draft.day(day)))


def is_away(draft: Draft) -> bool:
    until = draft.person.rhythm.away_until
    return until is not None and until > draft.today


def back(draft: Draft) -> None:
    known = "away.over" if is_away(draft) else "away.none"
    draft.person = replace(draft.person, rhythm=replace(draft.person.rhythm, away_until=None))
    _reset(draft)
    draft.say(draft.line(known), "reply", [draft.choice("reflect"), draft.choice("ask")])


def _reset(draft: Draft) -> None:
    draft.set_reminder()
    if draft.person.rhythm.nudge:
        draft.set_letters()


# --- the weekly letter


def _letters(draft: Draft) -> None:
    guiding.start(draft, "letters" if draft.person.zone else "onboarding", step=None if draft.person.zone else "zone")


def _letters_off(draft: Draft) -> None:
    draft.place = None
    no_letters(draft)
    draft.say(draft.line("letter.off"))


def letters_less(draft: Draft) -> None:
    draft.place = None
    draft.person = replace(draft.person, rhythm=replace(draft.person.rhythm, every=2))
    draft.set_letters()
    after = next_letter(draft.person.rhythm, draft.person.zone, draft.at + timedelta(days=7))
    draft.say(draft.line("letter.less", letter=draft.moment(after) if after else ""))


def _letter_later(draft: Draft) -> None:
    rhythm = draft.person.rhythm
    at = morrow(draft.at, rhythm.nudge[1] if rhythm.nudge else AFTERNOON, rhythm, draft.person.zone)
    draft.place = None
    draft.do(Remind("nudge", at))
    draft.say(draft.line("letter.later", letter=draft.moment(at)))


SNOOZES: dict[str, Callable[[Draft], None]] = {
    "snooze-15": _snooze(_soon),
    "snooze-tonight": _snooze(_tonight),
    "snooze-tomorrow": _snooze(_tomorrow),
    "snooze-skip": _skip,
}

WISHES: dict[str, Callable[[Draft], None]] = {
    "snooze": put_off,
    **SNOOZES,
    "back-again": back,
    "letters": _letters,
    "letters-off": _letters_off,
    "letter-less": letters_less,
    "letter-later": _letter_later,
}

"""What a step of a guide keeps: an answer for the logbook, something for the profile, a plan, a day.

READERS take a free answer and say whether they could read it; CHOOSERS take a choice. Both change only the draft.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, time, timedelta

from bot.asking import as_kept
from bot.draft import Draft
from bot.headings import headings_in
from bot.hearing import name_in
from bot.intending import Clock, bare_step, step_day
from bot.model import PHASES, Add, Choice, Comment, Consent, Keep, Partnership, Place, Plan, Remind, Settle
from bot.naming import marked
from bot.periods import day_of
from bot.places import best_known, city_of, zones_for
from bot.rhythm import clock_in, follow_up, today, week_in
from bot.spelling import words_in
from prompts.library import GuideChoice, Step

LONGEST_NAME = 80  # characters of a partnership's name that are kept
LONGEST_PLACE = 6  # words in which somebody names their city or country
DAY = "$day"  # under which a place keeps the day that an entry is about, when it is another than today
OPENING = 4  # words at the head of an entry in which its day may be named
LATELY = timedelta(days=14)  # as far back as such a day is believed; what lies further is a story within a story
MANY_ZONES = 8  # cities offered when a country has several clocks
PRESET_TIMES = {"evening": time(17, 30), "midday": time(12, 30)}
CONSENT = 1  # version of what is agreed to with the weekly letter; raise it when the words of its step change their sense
LETTER = (4, time(15, 30))  # Friday in the middle of the afternoon (coaching.md section 7)
PRESET_DAYS = {"tomorrow": 1, "three-days": 3, "week": 7}


def _put(draft: Draft, step: Step, text: str) -> None:
    place = draft.here
    draft.place = replace(place, answers=(*((key, value) for key, value in place.answers if key != step.id), (step.id, text)))


def keep_answer(draft: Draft, step: Step, text: str) -> bool:
    first = not _told_before(draft.here)
    _put(draft, step, text)
    place = draft.here
    if draft.guide(place.guide).kept and place.entry:
        if first and not place.answer(DAY):
            understood_day(draft, text)
        kept = as_kept(draft, place.guide, step.id, text)
        draft.keep(marked(draft, Keep(place.entry, place.guide, step.id, kept, event_date=_day_of(draft, draft.here), energy=place.energy)))
    return True


def _told_before(place: Place) -> bool:
    return any(step != "energy" and not step.startswith("$") for step, _ in place.answers)


def understood_day(draft: Draft, text: str) -> None:
    """An entry that begins with "yesterday" or "last Tuesday" is about that day, and that is said."""
    head = " ".join(text.split()[:OPENING])
    day = day_of(head, draft.language, draft.words.hear.looking, draft.today, draft.person.zone)
    if day is not None and timedelta() < draft.today - day <= LATELY:
        draft.place = replace(draft.here, answers=(*draft.here.answers, (DAY, day.isoformat())))
        draft.noted = draft.line("late.understood", day=draft.day(day))


def _day_of(draft: Draft, place: Place) -> date:
    """An entry keeps the day it is about: one that was named, else that on which it was begun, on the person's own calendar."""
    named = place.answer(DAY)
    return date.fromisoformat(named) if named else today(place.began, draft.person.zone)


def _keep_thought(draft: Draft, step: Step, text: str) -> bool:
    draft.do(Add(draft.here.answer("$ref") or "", "thought", text))
    _put(draft, step, text)
    return True


def _keep_wording(draft: Draft, step: Step, text: str) -> bool:
    """Another wording of one answer of an entry; the first stays in the chain."""
    entry_id, _, answered = (draft.here.answer("$ref") or "").partition(" ")
    entry = next((entry for entry in draft.book if entry.id == entry_id), None)
    if entry is not None:
        draft.do(Keep(entry.id, entry.guide, answered, text, event_date=entry.event_date))
    _put(draft, step, text)
    return True


def _keep_comment(draft: Draft, step: Step, text: str) -> bool:
    """A mentor's words go to whoever showed them the entry, if it is shown to them still."""
    share = draft.here.answer("$ref") or ""
    if any(shown.id == share for shown in draft.context.shown):
        draft.do(Comment(share, text))
        _put(draft, step, text)
    else:
        draft.place = None
        draft.say(draft.line("shown.gone"), "notice", [draft.choice("later")])
    return True


def _keep_review(draft: Draft, step: Step, text: str) -> bool:
    """What became of a week's aims stands beside them, in the same entry."""
    draft.do(Keep(draft.here.answer("$ref") or "", "aims", step.id, text, event_date=draft.today))
    _put(draft, step, text)
    return True


def _keep_name(draft: Draft, step: Step, text: str) -> bool:
    name = name_in(text, draft.words.hear)
    if name is None:
        return False
    name = " ".join(word[:1].upper() + word[1:] for word in name.split()) if name.islower() and len(name.split()) < 3 else name
    _put(draft, step, name)
    draft.person = replace(draft.person, name=name)
    return True


def _keep_zone(draft: Draft, step: Step, text: str) -> bool:
    said = re.split(r"[.;!\n]\s", text)[0]  # "Bristol, UK. I'm independent"
    if len(words_in(said)) > LONGEST_PLACE:
        return False
    zones = zones_for(said, draft.words.hear.place_leads)
    if len(zones) > 1:
        choices = [Choice(f"zone:{zone}", city_of(zone, draft.language)) for zone in best_known(zones, MANY_ZONES)]
        draft.say(draft.line("zone.which"), "question", choices)
        return True
    if not zones:
        return False
    set_zone(draft, step, zones[0])
    return True


def set_zone(draft: Draft, step: Step, zone: str) -> None:
    _put(draft, step, city_of(zone, draft.language))
    draft.person = replace(draft.person, zone=zone)
    draft.set_reminder()
    if draft.person.rhythm.nudge:
        draft.set_letters()


def _keep_time(draft: Draft, step: Step, text: str) -> bool:
    clock = clock_in(text, draft.words.hear)
    if clock is None:
        return False
    _set_time(draft, step, clock)
    return True


def _set_time(draft: Draft, step: Step, clock: time | None) -> None:
    draft.person = replace(draft.person, rhythm=replace(draft.person.rhythm, reminder=clock))
    if clock:
        _put(draft, step, clock.isoformat("minutes"))
    draft.set_reminder()


def _keep_partnership(draft: Draft, step: Step, text: str) -> bool:
    name = " ".join(text.split())[:LONGEST_NAME]
    _put(draft, step, name)
    others = tuple(p for p in draft.person.partnerships if p.name.casefold() != name.casefold())
    known = next((p for p in draft.person.partnerships if p.name.casefold() == name.casefold()), Partnership(name))
    draft.person = replace(draft.person, partnerships=(*others, known))
    return True


def keep_phases(draft: Draft, step: Step, phases: list[str]) -> None:
    """Several phases at once are usual: a partnership may be in two of them."""
    _put(draft, step, ", ".join(phases))
    last = draft.person.partnerships[-1]
    kept = tuple(phase for phase in PHASES if phase in phases)
    draft.person = replace(draft.person, partnerships=(*draft.person.partnerships[:-1], replace(last, phases=kept)))


def _keep_plan(draft: Draft, step: Step, text: str) -> bool:
    """A plan in their words, for the day that it names."""
    plan = bare_step(text, draft.words.hear) or text
    draft.meant = plan
    _put(draft, step, plan)
    if day := named_day(draft, text):
        plan_for(draft, draft.guide(draft.here.guide).step("due"), day)
    return True


def _keep_due(draft: Draft, step: Step, text: str) -> bool:
    day = named_day(draft, text)
    if day is None:
        return False
    plan_for(draft, step, day)
    return True


def clock(draft: Draft) -> Clock:
    """From which the days that somebody names are reckoned."""
    return Clock(draft.language, draft.words.hear, draft.at, draft.person.zone)


def named_day(draft: Draft, text: str) -> date | None:
    """The day a text is, or names somewhere."""
    return step_day(text, clock(draft))


def plan_for(draft: Draft, step: Step, day: date | None) -> None:
    """Keeps the plan for a day, with a row that makes sure it is asked about; without a day it is only said back."""
    plan = draft.here.answer("plan") or ""
    _put(draft, step, day.isoformat() if day else "")
    if day:
        set_plan(draft, plan, day)


def set_plan(draft: Draft, plan: str, day: date) -> None:
    plan_id = draft.new_id("plan")
    draft.do(Plan(plan_id, plan, due=day))
    draft.do(Remind("follow-up", follow_up(day, draft.person.rhythm, draft.person.zone), plan_id))


def _keep_outcome(draft: Draft, step: Step, text: str) -> bool:
    _put(draft, step, text)
    place = draft.here
    draft.do(Settle(place.answer("$ref") or "", text))
    if place.entry:
        for key, said in (("plan", place.answer("$frame") or ""), (step.id, text)):
            draft.do(Keep(place.entry, place.guide, key, said, event_date=_day_of(draft, place)))
    return True


def letters_at(draft: Draft, weekday: int, clock: time) -> None:
    """The weekly letter is wanted: that is consented to, and its row is set."""
    draft.person = replace(draft.person, rhythm=replace(draft.person.rhythm, nudge=(weekday, clock), every=1))
    draft.do(Consent("nudges", CONSENT, granted=True))
    draft.set_letters()


def no_letters(draft: Draft) -> None:
    draft.person = replace(draft.person, rhythm=replace(draft.person.rhythm, nudge=None))
    draft.do(Consent("nudges", CONSENT, granted=False))
    draft.set_letters()


def _keep_letter(draft: Draft, step: Step, text: str) -> bool:
    """A weekday, a time, or both; what is not named stays as it was, or is Friday at half past three."""
    weekday, clock = week_in(text, draft.language, draft.words.hear)
    if weekday is None and clock is None:
        return False
    was = draft.person.rhythm.nudge or LETTER
    letters_at(draft, was[0] if weekday is None else weekday, clock or was[1])
    _put(draft, step, text)
    return True


def _keep_headings(draft: Draft, step: Step, text: str) -> bool:
    headings = headings_in(text)
    _put(draft, step, ", ".join(headings))
    set_headings(draft, headings)
    return bool(headings)


def set_headings(draft: Draft, headings: tuple[str, ...]) -> None:
    """From now on the daily reflection goes by these; one that is half done under the old ones is let go, its answers stay."""
    draft.person = replace(draft.person, headings=headings)
    if draft.held and draft.has_headings(draft.held.guide):
        draft.held = None


READERS: dict[str, Callable[[Draft, Step, str], bool]] = {
    "answer": keep_answer,
    "mark": keep_answer,
    "headings": _keep_headings,
    "name": _keep_name,
    "zone": _keep_zone,
    "reminder": _keep_time,
    "partnership": _keep_partnership,
    "plan": _keep_plan,
    "due": _keep_due,
    "outcome": _keep_outcome,
    "letter": _keep_letter,
    "thought": _keep_thought,
    "reword": _keep_wording,
    "review": _keep_review,
    "comment": _keep_comment,
}


def keep_choice(draft: Draft, step: Step, choice: GuideChoice, label: str) -> None:
    _put(draft, step, label)


def _choose_energy(draft: Draft, step: Step, choice: GuideChoice, label: str) -> None:
    _put(draft, step, label)
    energies = {"low": "low", "ok": "ok", "good": "good"}
    draft.place = replace(draft.here, energy=energies[choice.id])  # type: ignore[arg-type]


def _choose_heading(draft: Draft, step: Step, choice: GuideChoice, label: str) -> None:
    keep_answer(draft, step, label)


def _choose_time(draft: Draft, step: Step, choice: GuideChoice, label: str) -> None:
    _set_time(draft, step, PRESET_TIMES.get(choice.id))


def _choose_broker(draft: Draft, step: Step, choice: GuideChoice, label: str) -> None:
    _put(draft, step, label)
    draft.person = replace(draft.person, broker="internal" if choice.id == "internal" else "external")


def _choose_phase(draft: Draft, step: Step, choice: GuideChoice, label: str) -> None:
    keep_phases(draft, step, [choice.id])


def _choose_day(draft: Draft, step: Step, choice: GuideChoice, label: str) -> None:
    """A day for the plan, or none; with none of it, the plan goes."""
    if choice.id == "not-a-plan":
        place = draft.here
        draft.place, draft.meant = replace(place, answers=tuple(each for each in place.answers if each[0] != "plan")), ""
        return
    ahead = PRESET_DAYS.get(choice.id)
    plan_for(draft, step, draft.today + timedelta(days=ahead) if ahead else None)


def _choose_letter(draft: Draft, step: Step, choice: GuideChoice, label: str) -> None:
    _put(draft, step, label)
    if choice.id == "never":
        no_letters(draft)
    else:
        letters_at(draft, *LETTER)


CHOOSERS: dict[str, Callable[[Draft, Step, GuideChoice, str], None]] = {
    "energy": _choose_energy,
    "answer": _choose_heading,
    "mark": _choose_heading,
    "reminder": _choose_time,
    "broker": _choose_broker,
    "phases": _choose_phase,
    "due": _choose_day,
    "letter": _choose_letter,
}

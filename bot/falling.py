"""What becomes of something that has fallen due: the daily reminder, the weekly letter, a plan's day, a reflection half done.

One thing at a time, within the person's hours, and never about what has lost its sense: after a day on which nobody was there to
say it, the person gets one message where nine were missed. Every kind rests when it goes unanswered, and says so once.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from bot import company, guiding, mentoring, nudge, rooms, staying, tagging, then_and_now, voicenotes, wishes
from bot.asking import clip, question
from bot.draft import Draft
from bot.model import Fell, Forget, Remind
from bot.rhythm import AFTERNOON, in_hours, local, morrow, today
from bot.week import Week

PATIENT = 3  # reminders in a row that may go unanswered; then they rest until the person writes again
PATIENT_LETTERS = 2  # the same for weekly letters (coaching.md section 7)
LATE = timedelta(hours=3)  # a daily reminder older than this has lost its sense; the next one comes tomorrow
STALE = timedelta(hours=24)  # the same for a weekly letter
APART = timedelta(hours=1)  # between two messages of the coach's own accord
SPEAKING = timedelta(minutes=30)  # after a message of the person's, in which nothing else is begun
DISTRESS = timedelta(days=7)  # no letter this long after a sign of distress, only the question how they are
KEEPING = ("retention", "erasure")  # kinds that are about how long things are kept, not about the work
NOTICE = timedelta(days=30)  # between the word that everything will be erased and its being so
AFTERMATH = timedelta(days=28)  # and this long after it, the first one still does
WEEK = timedelta(days=7)  # after this a look back over half a year waits for its next month
FORTNIGHT = timedelta(days=13)  # a letter every other week, and an open door after an empty week, come no sooner again


def fell(draft: Draft, event: Fell) -> None:  # noqa: C901 - a table of kinds is long, not complex
    match event.kind:
        case "reminder":
            _reminder(draft, event)
        case "nudge":
            _letter(draft, event)
        case "then-and-now":
            _then_and_now(draft, event)
        case "follow-up":
            _follow_up(draft, event)
        case "resume":
            _half_done(draft)
        case "retention":
            _long_silence(draft)
        case "erasure":
            draft.do(Forget())
        case "mentor" | "shared" | "comment":
            mentoring.fell(draft, event)
        case "voice":
            voicenotes.listened(draft, event)
        case "asked-after":
            staying.fell(draft, event)
        case "tags":
            tagging.fell(draft, event)


def _knock(draft: Draft) -> None:
    draft.knocked_at = draft.at


def _crowded(draft: Draft) -> bool:
    """Whether something else has just been said or is being talked about."""
    just = draft.knocked_at is not None and draft.at - draft.knocked_at < APART
    return just or (draft.place is not None and draft.at - draft.place.at < SPEAKING)


def _begin(draft: Draft, guide: str, frame: str, ref: str = "") -> None:
    """Begins a guide that the clock asks for; a reflection that was under way is held for later."""
    held = draft.place if draft.place and guiding.anything_kept(draft.place) else draft.held
    guiding.start(draft, guide, frame=frame, ref=ref)
    draft.held = held


def _about_the_begun(draft: Draft, line: str) -> None:
    """Asks what is to become of a reflection half done."""
    draft.say(draft.line(line), "reminder", [draft.choice(what) for what in ("resume", "fresh", "leave")])


# --- a plan's day


def _follow_up(draft: Draft, event: Fell) -> None:
    plan = next((intention for intention in draft.context.intentions if intention.id == event.ref), None)
    if plan is None:
        return
    rhythm, zone = draft.person.rhythm, draft.person.zone
    away = rhythm.away_until is not None and draft.today < rhythm.away_until
    if draft.alarm or away or _crowded(draft) or not in_hours(draft.at, zone):
        draft.do(Remind("follow-up", morrow(draft.at, rhythm.reminder or AFTERNOON, rhythm, zone), event.ref))
        return
    rooms.knock_in(draft, rooms.of_plan(draft, plan))
    _begin(draft, "follow-up", frame=clip(plan.text, guiding.QUOTED), ref=plan.id)
    _knock(draft)


# --- the daily reminder


def _reminder(draft: Draft, event: Fell) -> None:
    """One thing at a time: no reminder on a day that has its reflection, nor beside a plan that is asked about today."""
    reflected = any(
        draft.today in (entry.event_date, today(entry.written, draft.person.zone)) and _reflects(draft, entry.guide)
        for entry in draft.context.entries
    )
    asked_about = any(plan.due <= draft.today for plan in draft.context.intentions) or (draft.place and draft.place.guide == "follow-up")
    if reflected or asked_about or draft.alarm or _lost_its_sense(draft, event.due) or _crowded(draft):
        draft.set_reminder()
        return
    draft.unanswered += 1
    _knock(draft)
    if draft.unanswered > PATIENT:
        draft.do(Remind("reminder", None))
        draft.say(draft.line("reminder.rests"), "reminder")
        return
    draft.set_reminder()
    begun = draft.place or draft.held
    if begun and guiding.anything_kept(begun):
        draft.held, draft.place = begun, None
        _about_the_begun(draft, "reminder.open")
        return
    guiding.start(draft, wishes.daily(draft))
    text, choices = question(draft)
    draft.retract()
    draft.say(f"{draft.line('reminder')} {text}", "reminder", [*choices, draft.choice("snooze")])


def _reflects(draft: Draft, guide: str) -> bool:
    known = draft.library.guides.get(guide)
    return known is None or known.kept  # a guide that is no longer there was one of an operator's own


def _lost_its_sense(draft: Draft, due: datetime) -> bool:
    late = draft.at - due
    return late > LATE or (late > SPEAKING and not in_hours(draft.at, draft.person.zone))


# --- a reflection half done


def _half_done(draft: Draft) -> None:
    """Asked about once, where no daily reminder does it."""
    if draft.held is None or draft.alarm or not guiding.anything_kept(draft.held):
        return
    if _crowded(draft) or not in_hours(draft.at, draft.person.zone):
        return
    _about_the_begun(draft, "resume.knock")
    _knock(draft)


# --- nobody has written for very long


def _long_silence(draft: Draft) -> None:
    """Said once; any word from them takes it back (dialogue.py)."""
    if not in_hours(draft.at, draft.person.zone):
        draft.do(Remind("retention", morrow(draft.at, AFTERNOON, draft.person.rhythm, draft.person.zone)))
        return
    at = draft.at + NOTICE
    draft.do(Remind("erasure", at))
    draft.say(draft.line("retention.warn", day=draft.day(at.date())), "notice")
    _knock(draft)


# --- the weekly letter


def _letter(draft: Draft, event: Fell) -> None:
    rhythm, zone = draft.person.rhythm, draft.person.zone
    if "nudges" not in draft.context.granted or rhythm.nudge is None:
        return
    draft.set_letters()
    if draft.at - event.due > STALE or _grave(draft) or _too_soon(draft, rhythm.every > 1):
        return
    delayed = draft.at - event.due > SPEAKING  # whoever wants a letter at six in the morning gets it then
    if _crowded(draft) or (delayed and not in_hours(draft.at, zone)):
        # over the weekend and beyond, a letter about the week would be late; a day is not
        tomorrow = morrow(draft.at, rhythm.nudge[1], rhythm, zone)
        if tomorrow - event.due <= STALE + LATE:
            draft.do(Remind("nudge", tomorrow))
        return
    draft.letters += 1
    _knock(draft)
    if draft.letters > PATIENT_LETTERS:
        draft.do(Remind("nudge", None))
        draft.say(draft.line("letter.rests"), "nudge")
        return
    shaken = _shaken(draft)
    draft.letter_on = draft.today
    if shaken:
        draft.say(draft.line("letter.check-in"), "nudge")
        return
    composed = nudge.compose(draft)
    _begin(draft, "weekly-letter", frame=composed.question)
    draft.retract()
    choices = [draft.choice(what) for what in ("letter-later", "letter-less", "letters-off")]
    draft.say(composed.text, "nudge", choices, composed.sources, nudge.brief_of(draft, composed))


# --- once a month: an entry of now beside one of half a year ago


def _then_and_now(draft: Draft, event: Fell) -> None:
    """Said only where there are two pages to lay side by side; an answer is kept, as one to a letter is."""
    rhythm, zone = draft.person.rhythm, draft.person.zone
    if "nudges" not in draft.context.granted or rhythm.nudge is None:
        return
    draft.set_then_and_now()
    if draft.at - event.due > WEEK or _grave(draft) or _shaken(draft) or draft.letters >= PATIENT_LETTERS:
        return
    pair = then_and_now.pair_of(draft, draft.book)
    if pair is None:
        return
    if _crowded(draft) or (draft.at - event.due > SPEAKING and not in_hours(draft.at, zone)):
        draft.do(Remind("then-and-now", morrow(draft.at, rhythm.nudge[1], rhythm, zone)))
        return
    _knock(draft)
    draft.paired_on = draft.today
    draft.set_then_and_now()
    rooms.knock_in(draft, pair.partnership)
    shown, asked = then_and_now.shown(draft, pair), draft.line("then-now.ask")
    _begin(draft, "weekly-letter", frame=asked)
    draft.retract()
    text = "\n\n".join([draft.line("then-now.knock"), shown, asked, draft.line("then-now.way-out")])
    draft.say(text, "nudge", [draft.choice("letters-off")])


def _grave(draft: Draft) -> bool:
    """Whether something grave has the floor: danger until the person has said that they are safe, all else for a day."""
    if not draft.alarm or draft.alarmed_at is None:
        return bool(draft.alarm)
    return company.in_danger(draft) or draft.at - draft.alarmed_at <= company.DAY


def _shaken(draft: Draft) -> bool:
    """Whether the letter's place is for the question how they are: within a week of a sign of distress, and once afterwards."""
    if draft.alarmed_at is None:
        return False
    since = draft.at - draft.alarmed_at
    asked = draft.letter_on is not None and draft.letter_on > local(draft.alarmed_at, draft.person.zone).date()
    return since < DISTRESS or (not asked and since < AFTERMATH)


def _too_soon(draft: Draft, every_other: bool) -> bool:
    """Whether this week has no letter: every other one was asked for, or there is nothing to say and the door was opened lately."""
    if draft.letter_on is None:
        return False
    since = draft.today - draft.letter_on
    return since <= FORTNIGHT and (every_other or Week(draft).empty) and since.days > 1

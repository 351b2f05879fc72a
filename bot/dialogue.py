"""What the coach does with one event: `step(library, context, event) -> Turn`. Pure; the moment comes in on the event.

The rules, in the order in which they are tried:

1. Danger, harassment, wrongdoing and injection come before everything else, and are never coached on. A place in a guide is kept.
2. A press, or words that mean one of the choices on the table, is that choice. A choice that is no longer on the table does nothing.
3. In a guide, the words for skip, back, change that, stop, later and shorter do that, in any wording; a wish that can be
   met in passing, or a question to the coach, is met and the place is kept; everything else is the answer, kept at once.
4. Outside a guide, a wish is met; everything else is put to coaching.py.
5. A stranger who greets is welcomed; a stranger who asks is answered first.
6. One turn says one thing and leaves at most one question open, last.

Whatever is said must come from prompts/words or from a knowledge card. `lookup` tells which words to search the knowledge for
before `step` is called; `step` itself fetches nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from bot import coaching, guiding
from bot.draft import Draft
from bot.hearing import alarm_in, aside_in, asks_coach, choice_in, heard, words_in
from bot.model import Choice, Context, Edited, Event, Fell, Handed, Keep, Opened, Pressed, Remind, Said, Turn
from bot.rhythm import day_in_words, follow_up, in_words, local, next_reminder
from prompts.library import Library

AWAY = timedelta(hours=3)  # after this, somebody who greets in the middle of a guide is asked whether to go on
LONG = 6000  # characters from which a message outside a guide is taken for something pasted
PAUSE = timedelta(days=7)  # reminders rest this long after a sign of danger (coaching.md section 8)
PATIENT = 3  # reminders in a row that may go unanswered; then they rest until the person writes again
LATE = timedelta(hours=3)  # a daily reminder older than this has lost its sense; the next one comes tomorrow
IN_HOURS = (8, 21)  # a follow-up that waited for the person to come back is asked between these hours of theirs
SHOWN = 5  # entries that "my logbook" shows

# Wishes that are met in the middle of a guide, with the place kept; any other is taken as an answer there.
IN_PASSING = frozenset({"help", "privacy", "who-are-you", "delete", "status", "about-me", "logbook", "reminders-off"})


def step(library: Library, context: Context, event: Event) -> Turn:
    """Decides one turn. The same arguments give the same turn."""
    draft = Draft(library, context, event)
    _forget_old_place(draft)
    if not isinstance(event, Fell):
        _back_again(draft)
    match event:
        case Opened():
            _opened(draft)
        case Fell():
            _fell(draft, event)
        case Pressed(choice=choice_id):
            _pressed(draft, choice_id)
        case Said(text=text):
            _said(draft, text)
        case Edited():
            _edited(draft, event)
        case Handed(what=what):
            _finish_in_place(draft, draft.line(f"handed.{what}"))
    return draft.turn()


def lookup(library: Library, context: Context, event: Event) -> str | None:
    """The words to search the knowledge for before this event is decided; None when nothing needs to be found."""
    words = library.in_language(context.person.language)
    conversation = context.conversation
    talk = conversation.talk
    if isinstance(event, Pressed):
        return talk.asked if talk and event.choice == "do:another" else None
    if not isinstance(event, Said) or (len(event.text) > LONG and not conversation.place):
        return None
    text = aside_in(event.text, words.hear) or event.text
    if not words_in(text) or heard(text, words.hear.controls, words.hear):
        return None
    wish = heard(text, words.hear.wishes, words.hear)
    if wish in ("another", "no") and talk:
        return talk.asked
    if wish and not (wish == "ask" or conversation.place):
        return None
    if talk and talk.stage == "explore" and not conversation.place and not asks_coach(text, words.hear):
        return f"{talk.asked}\n{text}"
    return text


def _back_again(draft: Draft) -> None:
    """The person is there: reminders that rested for want of an answer begin again."""
    if draft.unanswered > PATIENT:
        draft.set_reminder()
    draft.unanswered = 0


def _forget_old_place(draft: Draft) -> None:
    if draft.place and draft.at - draft.place.at > guiding.HELD:
        draft.place = None
    if draft.held and draft.at - draft.held.at > guiding.HELD:
        draft.held = None


# --- coming in


def _opened(draft: Draft) -> None:
    if not draft.person.welcomed:
        _welcome(draft)
    elif draft.place or draft.held:
        _offer_to_resume(draft)
    else:
        _greet(draft)


def _welcome(draft: Draft) -> None:
    draft.person = replace(draft.person, welcomed=True)
    guiding.start(draft, "onboarding")
    draft.retract()
    draft.say(draft.line("welcome"), "question")


def _greet(draft: Draft) -> None:
    if draft.held:
        _offer_to_resume(draft)
        return
    choices = [draft.choice("reflect"), draft.choice("ask")]
    if not draft.person.onboarded:
        choices.append(draft.choice("set-up"))
    draft.say(draft.line("hello"), "reply", choices)


def _offer_to_resume(draft: Draft) -> None:
    if draft.place is None:
        draft.place, draft.held = draft.held, None
    text, _ = guiding.question(draft)
    draft.held, draft.place = draft.place, None
    draft.say(draft.line("resume.offer", question=text), "reply", [draft.choice(what) for what in ("resume", "fresh", "leave")])


def _said(draft: Draft, text: str) -> None:
    hear = draft.words.hear
    if not text:
        draft.say(draft.line("empty"), "question" if draft.place else "reply", draft.offered)
        return
    if _alarmed(draft, text):
        return
    if not draft.place and (choice := choice_in(text, draft.offered, hear)):
        _pressed(draft, choice.id)
        return
    if not draft.person.welcomed:
        _first_words(draft, text)
    elif draft.place:
        _in_guide(draft, text)
    else:
        _outside(draft, text)


def _first_words(draft: Draft, text: str) -> None:
    wish = heard(text, draft.words.hear.wishes, draft.words.hear)
    if wish in (None, "reflect") and (wish or len(words_in(text)) > 3):
        draft.person = replace(draft.person, welcomed=True)
        draft.say(draft.line("welcome.asked"), "notice")
        _outside(draft, text)
    else:
        _welcome(draft)


def _edited(draft: Draft, event: Edited) -> None:
    """A message whose words became an answer was edited: the answer is revised, its first wording stays in the book."""
    kept = draft.kept_of(event.of)
    if kept is None:
        _finish_in_place(draft, draft.line("edited.not-kept"))
        return
    draft.do(Keep(kept.entry, kept.guide, kept.step, event.text, event_date=kept.day))
    place = draft.place
    if place and place.entry == kept.entry:
        answers = tuple((step, event.text if step == kept.step else text) for step, text in place.answers)
        draft.place = replace(place, answers=answers)
    _finish_in_place(draft, draft.line("edited"))


def _finish_in_place(draft: Draft, text: str) -> None:
    """Says a text without moving anything; a question that was open is asked again."""
    if draft.place:
        draft.ending = guiding.again(draft)
        _finish(draft, text)
    else:
        draft.say(text, "reply", draft.offered)


# --- in a guide


def _in_guide(draft: Draft, text: str) -> None:
    hear = draft.words.hear
    place = draft.place
    if place is None:
        return
    aside = aside_in(text, hear)
    meant = aside or text
    if choice_in(text, draft.offered, hear) is None:
        control = heard(meant, hear.controls, hear)
        if control and control in _CONTROLS:
            _CONTROLS[control](draft)
            return
        wish = heard(meant, hear.wishes, hear)
        if wish == "hello" and draft.at - place.at > AWAY:
            _offer_to_resume(draft)
            return
        if wish in ("hello", "thanks"):
            question, choices = guiding.question(draft)
            draft.say(question, "question", choices)
            return
        if wish == "reflect" and place.guide == "onboarding":
            _WISHES["reflect"](draft)
            return
        if wish in IN_PASSING:
            draft.ending = guiding.again(draft)
            _WISHES[wish](draft)
            return
        if aside or asks_coach(text, hear):
            _answer_in_passing(draft, meant)
            return
    if not guiding.answer(draft, text):
        _answer_in_passing(draft, text)


def _answer_in_passing(draft: Draft, text: str) -> None:
    draft.ending = guiding.again(draft)
    talk = draft.talk
    coaching.coach(draft, text)
    draft.talk = draft.talk or talk


def _stop(draft: Draft) -> None:
    place = draft.place
    draft.place = draft.held = None
    if place and place.guide == "onboarding":
        draft.person = replace(draft.person, onboarded=True)
    kept = place is not None and draft.guide(place.guide).kind == "reflection" and guiding.anything_kept(place)
    draft.say(
        draft.line("stop.kept" if kept else "stop.none"), "reply", [draft.choice("reflect"), draft.choice("ask"), draft.choice("later")]
    )


def _later(draft: Draft) -> None:
    draft.held, draft.place = draft.place, None
    draft.say(draft.line("later"))


def _question(draft: Draft) -> None:
    draft.say(draft.line("question.go"), "question", draft.offered)


def _help_in_guide(draft: Draft) -> None:
    draft.ending = guiding.again(draft)
    _WISHES["help"](draft)


_CONTROLS: dict[str, Callable[[Draft], None]] = {
    "skip": guiding.skip,
    "back": guiding.back,
    "change": guiding.back,
    "stop": _stop,
    "later": _later,
    "shorter": guiding.shorter,
    "question": _question,
    "help": _help_in_guide,
}


# --- outside a guide

# What the words for moving about in a guide mean where there is none.
_CONTROLS_OUTSIDE = {
    "stop": "bye",
    "later": "bye",
    "skip": "hello",
    "back": "hello",
    "resume": "resume",
    "help": "help",
    "question": "ask",
    "shorter": "one",
    "change": "about-me",
}


def _outside(draft: Draft, text: str) -> None:
    hear = draft.words.hear
    if not words_in(text):
        draft.say(draft.line("unsure"))
        return
    if len(text) > LONG:
        draft.say(draft.line("long", count=f"{len(text.split())}"))
        return
    control = heard(text, hear.controls, hear)
    wish = heard(text, hear.wishes, hear) or _CONTROLS_OUTSIDE.get(control or "")
    for name, guide in draft.words.guides.items():
        if heard(text, {name: guide.opens}, hear):
            guiding.start(draft, name)
            return
    if wish in _WISHES:
        _WISHES[wish](draft)
        return
    coaching.coach(draft, text)


def _pressed(draft: Draft, choice_id: str) -> None:
    if choice_id not in {choice.id for choice in draft.offered}:
        _expired(draft)
        return
    kind, _, what = choice_id.partition(":")
    if kind == "do":
        _WISHES[what](draft)
    elif kind == "opt":
        _option_picked(draft, int(what.rpartition(":")[2]))
    elif draft.place:
        guiding.press(draft, Choice(choice_id, ""))


def _expired(draft: Draft) -> None:
    if draft.place:
        text, choices = guiding.question(draft)
        draft.say(f"{draft.line('expired')}\n\n{text}", "question", choices)
    else:
        draft.say(draft.line("expired"), "notice", draft.offered)


def _option_picked(draft: Draft, number: int) -> None:
    led = coaching.chosen(draft, number)
    if led is None:
        draft.say(draft.line("unsure"))
        return
    lead, frame = led
    guiding.start(draft, "if-then", lead, frame)


def _reflect(draft: Draft) -> None:
    if draft.held:
        _offer_to_resume(draft)
    else:
        draft.place = None
        guiding.start(draft, "crossing")


def _ask(draft: Draft) -> None:
    draft.talk = None
    draft.say(draft.line("ask.open"))


def _resume(draft: Draft) -> None:
    if draft.held is None:
        draft.say(draft.line("resume.none"), "reply", [draft.choice("reflect"), draft.choice("ask")])
        return
    draft.place, draft.held = draft.held, None
    guiding.ask(draft)


def _fresh(draft: Draft) -> None:
    guide = draft.held.guide if draft.held else "crossing"
    draft.held = draft.place = None
    guiding.start(draft, guide)


def _leave(draft: Draft) -> None:
    draft.held = draft.place = None
    draft.say(draft.line("resume.left"), "reply", [draft.choice("reflect"), draft.choice("ask"), draft.choice("later")])


def _if_then(draft: Draft) -> None:
    lead = draft.line("aim.was", aim=draft.aim) if draft.aim else ""
    guiding.start(draft, "if-then", lead, draft.line("frame.own"))


def _line(key: str) -> Callable[[Draft], None]:
    def say(draft: Draft) -> None:
        _finish(draft, draft.line(key))

    return say


def _finish(draft: Draft, text: str) -> None:
    """Says a text; in the middle of a guide the guide's question follows and its choices stay on the table."""
    if draft.ending:
        question, choices = draft.ending
        draft.say(f"{text}\n\n{question}", "reply", choices)
    else:
        draft.say(text)


def _thanks(draft: Draft) -> None:
    if draft.person.onboarded or draft.ending:
        _finish(draft, draft.line("thanks"))
    else:
        draft.say(
            f"{draft.line('thanks')} {draft.line('set-up.offer')}",
            "reply",
            [draft.choice("set-up"), draft.choice("reflect"), draft.choice("later")],
        )


def _logbook(draft: Draft) -> None:
    entries = draft.context.entries
    if not entries:
        if draft.ending:
            _finish(draft, draft.line("logbook.none"))
        else:
            draft.say(draft.line("logbook.none"), "reply", [draft.choice("reflect"), draft.choice("later")])
        return
    rows = [draft.line("logbook.head")]
    for entry in entries[:SHOWN]:
        title = draft.words.guides[entry.guide].title if entry.guide in draft.words.guides else entry.guide
        first = next((text for _, text in entry.answers), "")
        rows.append(
            draft.line("logbook.row", date=day_in_words(entry.event_date, draft.person.language), title=title, text=guiding.clip(first))
        )
    rows.append(draft.line("logbook.foot", count=_count(draft, len(entries))))
    _finish(draft, "\n".join(rows))


def _count(draft: Draft, entries: int) -> str:
    return draft.line("entries.one") if entries == 1 else draft.line("entries.many", count=str(entries))


def _about_me(draft: Draft) -> None:
    person = draft.person
    rows: list[str] = []
    if person.name:
        rows.append(draft.line("about.name", name=person.name))
    if person.zone:
        rows.append(draft.line("about.zone", zone=person.zone))
    if person.broker:
        rows.append(draft.line(f"about.broker.{person.broker}"))
    for partnership in person.partnerships:
        phases = ", ".join(draft.line(f"phase.{phase}") for phase in partnership.phases)
        key = "about.partnership" if phases else "about.partnership.bare"
        rows.append(draft.line(key, name=partnership.name, phases=phases) if phases else draft.line(key, name=partnership.name))
    if draft.context.entries:
        rows.append(draft.line("about.entries", count=_count(draft, len(draft.context.entries))))
    if rows:
        _finish(draft, "\n".join([draft.line("about.head"), *rows, draft.line("about.foot")]))
    else:
        _finish(draft, draft.line("about.nothing"))


def _status(draft: Draft) -> None:
    upcoming = next_reminder(draft.person.rhythm, draft.person.zone, draft.at) if draft.person.zone else None
    if upcoming:
        _finish(draft, draft.line("status.next", next=in_words(upcoming, draft.person.zone, draft.person.language)))
    else:
        _finish(draft, draft.line("status.none"))


def _reminders_off(draft: Draft) -> None:
    draft.person = replace(draft.person, rhythm=replace(draft.person.rhythm, reminder=None))
    draft.set_reminder()
    _finish(draft, draft.line("reminders.off"))


def _delete(draft: Draft) -> None:
    _finish(draft, draft.line("delete", person=draft.person.id))


def _set_up(at_step: str | None = None) -> Callable[[Draft], None]:
    def start(draft: Draft) -> None:
        guiding.start(draft, "onboarding", step=at_step)

    return start


def _change_time(draft: Draft) -> None:
    guiding.start(draft, "onboarding", step="reminder" if draft.person.zone else "zone")


def _yes(draft: Draft) -> None:
    if draft.offered:
        draft.say(draft.line("not-a-choice"), "reply", draft.offered)
    else:
        draft.say(draft.line("ask.open"))


def _no(draft: Draft) -> None:
    if draft.talk and draft.context.in_hand:
        coaching.another_way(draft)
    else:
        _greet(draft)


_WISHES: dict[str, Callable[[Draft], None]] = {
    "reflect": _reflect,
    "ask": _ask,
    "logbook": _logbook,
    "about-me": _about_me,
    "set-up": _set_up(),
    "change-name": _set_up("name"),
    "change-zone": _set_up("zone"),
    "change-time": _change_time,
    "add-partnership": _set_up("partnership"),
    "reminders-off": _reminders_off,
    "status": _status,
    "privacy": _line("privacy"),
    "help": _line("help"),
    "delete": _delete,
    "hello": _greet,
    "thanks": _thanks,
    "bye": _line("bye"),
    "later": _line("bye"),
    "enough": _line("bye"),
    "how-are-you": _line("how-are-you"),
    "who-are-you": _line("who-are-you"),
    "tell-more": coaching.tell_more,
    "another": coaching.another_way,
    "one": coaching.one_way,
    "anger": _line("sorry.anger"),
    "repeat": _line("sorry.repeat"),
    "good": _yes,
    "no": _no,
    "resume": _resume,
    "fresh": _fresh,
    "leave": _leave,
    "if-then": _if_then,
}


# --- what falls due


def _fell(draft: Draft, event: Fell) -> None:
    if event.kind == "follow-up":
        plan = next((intention for intention in draft.context.intentions if intention.id == event.ref), None)
        if plan is None:
            return
        if not IN_HOURS[0] <= local(draft.at, draft.person.zone).hour < IN_HOURS[1]:
            morrow = follow_up(draft.today + timedelta(days=1), draft.person.rhythm, draft.person.zone)
            draft.do(Remind("follow-up", morrow, event.ref))
            return
        if draft.place:
            draft.held = draft.place
        guiding.start(draft, "follow-up", frame=plan.text, ref=plan.id)
        return
    draft.unanswered += 1
    if draft.unanswered > PATIENT:
        draft.do(Remind("reminder", None))
        draft.say(draft.line("reminder.rests"), "reminder")
        return
    draft.set_reminder()
    if draft.at - event.due > LATE:
        return
    begun = draft.place or draft.held
    if begun and guiding.anything_kept(begun):
        draft.held, draft.place = draft.place or draft.held, None
        draft.say(draft.line("reminder.open"), "reminder", [draft.choice(what) for what in ("resume", "fresh", "leave")])
        return
    guiding.start(draft, "crossing")
    text, choices = guiding.question(draft)
    draft.retract()
    draft.say(f"{draft.line('reminder')} {text}", "reminder", choices)


# --- what must not be coached on


def _alarmed(draft: Draft, text: str) -> bool:
    """Answers danger, harassment, wrongdoing and injection; True when that was done and the turn is over.

    After a sign of danger nothing else is talked about in that moment: short replies, reminders resting, no coaching.
    """
    alarm = alarm_in(text, draft.words.safety)
    if draft.alarm == "danger" and alarm in (None, "danger"):
        said = " ".join(words_in(text))
        if any(phrase in said for phrase in ("i am safe", "im safe", "i am ok now", "im ok now", "im fine now", "i am fine now")):
            draft.alarm = None
            return False
        takes_back = any(" ".join(words_in(phrase)) in said for phrase in draft.words.safety.takes_back)
        draft.say(draft.line("safety.danger.back" if takes_back else "safety.danger.stay"), "safety")
        return True
    if alarm is None:
        return False
    if alarm == "injection":
        draft.say(draft.line("not-mine"), "reply", draft.offered)
        return True
    draft.talk = None
    if draft.place:
        draft.held, draft.place = draft.place, None
    draft.person = replace(draft.person, welcomed=True)
    if alarm == "danger":
        draft.alarm = "danger"
        resting = next_reminder(draft.person.rhythm, draft.person.zone, draft.at + PAUSE) if draft.person.zone else None
        draft.do(Remind("reminder", resting))
    draft.say(draft.line(f"safety.{alarm}"), "safety")
    return True

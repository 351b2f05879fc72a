"""What the coach does with one event: `step(library, context, event) -> Turn`. Pure; the moment comes in on the event.

The rules, in the order in which they are tried:

1. Danger, harassment, wrongdoing and injection come before everything else, and are never coached on. A place in a guide is kept.
2. A press, or words that mean one of the choices on the table, is that choice. A choice that is no longer on the table does nothing.
3. In a guide, the words for skip, back, change that, stop, later and shorter do that, in any wording; a wish that can be
   met in passing, or a question to the coach, is met and the place is kept; everything else is the answer, kept at once.
4. Outside a guide, a wish is met; everything else is put to coaching.py.
5. A stranger who greets is welcomed; a stranger who asks is answered first.
6. A clear message in another of the coach's languages takes the talk over to it, as does asking for one; in a language that the coach
   does not speak it says so, unless a model may say what it is about and word the answer (translating.py). Short messages leave the
   language alone.
7. One turn says one thing and leaves at most one question open, last.

Whatever is said must come from prompts/words or from a knowledge card. lookup.py tells which words to search the knowledge for
before `step` is called; `step` itself fetches nothing. within.py hears what is said in a guide, outside.py the rest.
"""

from __future__ import annotations

import re
from dataclasses import replace

from bot import (
    company,
    doorway,
    falling,
    guiding,
    mending,
    outside,
    pressing,
    rooms,
    safety,
    tagging,
    translating,
    voicenotes,
    wishes,
    within,
)
from bot.asking import question
from bot.choosing import choice_in
from bot.draft import Draft
from bot.guiding import LAST_QUESTION
from bot.hearing import after_greeting, content_of, heard, introduced_in, is_learner
from bot.model import Context, Deleted, Edited, Event, Fell, Handed, Keep, Named, Noted, Opened, Place, Pressed, Remind, Said, Turn, Wished
from bot.reflecting import wish_in
from bot.spelling import BETWEEN_SENTENCES, words_in
from bot.tongue import asked_for, besides_language
from prompts.library import Library


def step(library: Library, context: Context, event: Event) -> Turn:  # noqa: C901 - a table of events is long, not complex
    """Decides one turn. The same arguments give the same turn."""
    draft = Draft(library, context, event)
    _forget_old_place(draft)
    if not isinstance(event, Fell | Named):
        _back_again(draft)
    match event:
        case Opened():
            _opened(draft)
        case Fell():
            falling.fell(draft, event)
        case Pressed(choice=choice_id):
            pressing.pressed(draft, choice_id)
        case Said(text=text):
            _said(draft, text)
        case Edited():
            mending.edited(draft, event)
        case Deleted(of=of):
            mending.deleted(draft, of)
        case Wished(wish=wish):
            _wished(draft, wish)
        case Noted(text=text):
            _noted(draft, text)
        case Handed(what="voice"):
            voicenotes.brought(draft, event)
        case Handed(what=what):
            guiding.finish_in_place(draft, draft.line(f"handed.{what}"))
        case Named():
            rooms.named(draft, event)
    rooms.look_after(draft)
    tagging.set_due(draft)
    return draft.turn()


def _back_again(draft: Draft) -> None:
    """The person is there: reminders and letters that rested for want of an answer begin again."""
    if draft.unanswered > falling.PATIENT:
        draft.set_reminder()
    if draft.letters > falling.PATIENT_LETTERS:
        draft.set_letters()
    draft.unanswered = draft.letters = 0
    for row in draft.context.upcoming:
        if row.kind in falling.KEEPING:
            draft.do(Remind(row.kind, None))


def _forget_old_place(draft: Draft) -> None:
    if draft.place and (draft.at - draft.place.at > guiding.HELD or not _stands(draft, draft.place)):
        draft.place = None
    if draft.held and (draft.at - draft.held.at > guiding.HELD or not _stands(draft, draft.held)):
        draft.held = None


def _stands(draft: Draft, place: Place) -> bool:
    """Whether the step of a place still exists: an operator may have changed a guide, a person their headings."""
    return (
        place.guide in draft.library.guides and draft.guide(place.guide).has(place.step) and place.step in draft.spoken(place.guide).steps
    )


# --- coming in


def _opened(draft: Draft) -> None:
    if company.in_danger(draft):
        company.keep(draft)
    elif not draft.person.welcomed:
        _welcome(draft)
    elif draft.place or draft.held:
        wishes.offer_to_resume(draft)
    else:
        wishes.greet(draft)


def _welcome(draft: Draft) -> None:
    draft.person = replace(draft.person, welcomed=True)
    guiding.start(draft, "onboarding")
    draft.retract()
    draft.say(draft.line("welcome"), "question")


def _welcome_by_name(draft: Draft, name: str) -> None:
    """Somebody who says who they are is not asked for it."""
    draft.person = replace(draft.person, welcomed=True, name=name)
    guiding.start(draft, "onboarding", step="zone")
    draft.retract()
    text, choices = question(draft)
    draft.say(f"{re.sub(LAST_QUESTION, '', draft.line('welcome'))}\n\n{text}", "question", choices)


def _said(draft: Draft, text: str) -> None:
    hear = draft.words.hear
    if not text:
        draft.say(draft.line("empty"), "question" if draft.place else "reply", draft.offered)
        return
    if _met_beforehand(draft, text):
        return
    draft.plain = draft.plain or is_learner(text, hear)
    if (rest := _language_settled(draft, text)) is None:
        return
    text = rest
    text = _staying(draft, text)
    choice = None if draft.place else choice_in(text, draft.offered, hear)
    if not draft.place and choice is None and pressing.picked_late(draft, text):
        return
    if choice and not (choice.id == "do:enough" and heard(text, hear.controls, hear) == "skip"):  # "I don't know" is no "enough"
        pressing.pressed(draft, choice.id)
        return
    if not draft.person.welcomed:
        _first_words(draft, text)
    elif draft.place:
        within.answer(draft, text)
    else:
        outside.answer(draft, text)


def _staying(draft: Draft, text: str) -> str:
    """What is told by somebody who rather stays with it, says so in a sentence and goes on; any other text as it is."""
    head, *rest = BETWEEN_SENTENCES.split(text.strip(), maxsplit=1)
    stays = [choice for choice in draft.offered if choice.id == "do:stay"]
    goes_on = rest and not draft.place and content_of(rest[0], draft.words.hear) > 1
    return rest[0] if goes_on and choice_in(head, stays, draft.words.hear) else text


def _met_beforehand(draft: Draft, text: str) -> bool:
    """What comes before anything else that a message may be: an alarm, the wording of a voice note, a code, another language's gist."""
    if safety.alarmed(draft, text) or voicenotes.mended(draft, text):
        return True
    if draft.context.claimed and (code := doorway.code_in(text)):
        doorway.claimed(draft, code)
    elif draft.context.gist:
        translating.answer(draft, draft.context.gist)
    else:
        return False
    return True


def _language_settled(draft: Draft, text: str) -> str | None:
    """Goes over to another language where that is called for: what is said besides; None when that was all there is to say.

    A reflection may be written in any language; a question to the coach may not.
    """
    tongue = draft.context.tongue
    changed = draft.language != draft.person.language
    draft.person = replace(draft.person, language=draft.language)
    if asked_for(text, draft.library.languages) and draft.person.welcomed:
        if rest := besides_language(text, draft.library.languages):
            draft.offered = draft.relabelled(draft.offered)
            draft.say(draft.line("switched"), "notice")
            return rest
        asked, choices = question(draft) if draft.place else (draft.line("ask.open"), draft.relabelled(draft.offered))
        draft.say(f"{draft.line('switched')} {asked}", "question" if draft.place else "reply", choices)
        return None
    if changed:
        draft.offered = draft.relabelled(draft.offered)
        if draft.person.welcomed:
            draft.say(draft.line("switched"), "notice")
    elif tongue and tongue not in draft.library.words and not _answers_a_question(draft):
        foreign = draft.library.languages.foreign.get(tongue)
        draft.say(foreign.says if foreign else draft.line("foreign"), "notice", draft.offered)
        if draft.person.welcomed:
            if draft.place:
                within.ask_again(draft)
            return None
    return text


def _answers_a_question(draft: Draft) -> bool:
    """Whether an answer for the logbook, or a name, is waited for: these are kept as they are written."""
    return draft.place is not None and not draft.guide(draft.place.guide).step(draft.place.step).choices


def _first_words(draft: Draft, text: str) -> None:
    hear = draft.words.hear
    if name := introduced_in(after_greeting(text, hear, draft.greetings), hear):
        _welcome_by_name(draft, name)
        return
    wish = wish_in(text, draft.words.hear)
    understood = draft.context.tongue is None or draft.context.tongue in draft.library.words
    if understood and not asked_for(text, draft.library.languages) and wish in (None, "reflect") and (wish or len(words_in(text)) > 3):
        draft.person = replace(draft.person, welcomed=True)
        draft.say(draft.line("welcome.asked"), "notice")
        outside.answer(draft, text)
    else:
        _welcome(draft)


def _wished(draft: Draft, wish: str) -> None:
    """A button outside the talk: it does what its words would do, and a guide that is open keeps its place."""
    if company.in_danger(draft):
        company.keep(draft)
        return
    draft.alarm = None
    if not draft.person.welcomed:
        _welcome(draft)
    elif wish not in wishes.WISHES:
        pressing.expired(draft)
    elif draft.place is None:
        wishes.WISHES[wish](draft)
    elif not within.wish_met(draft, wish):
        wishes.offer_to_resume(draft)


def _noted(draft: Draft, text: str) -> None:
    """A text straight for the logbook; nothing of the talk moves. It is never put to the coach, but danger in it is heard."""
    if not words_in(text):
        mending.on_with_it(draft, "empty")
        return
    draft.keep(Keep(draft.new_id("note"), "note", "note", text, event_date=draft.today))
    draft.person = replace(draft.person, welcomed=True)
    if not safety.alarmed(draft, text):
        mending.on_with_it(draft, "noted")

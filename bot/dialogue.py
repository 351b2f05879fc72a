"""What the coach does with one event: `step(library, context, event) -> Turn`. Pure; the moment comes in on the event.

The rules, in the order in which they are tried:

1. Danger, harassment, wrongdoing and injection come before everything else, and are never coached on. A place in a guide is kept.
2. A press, or words that mean one of the choices on the table, is that choice. A choice that is no longer on the table does nothing.
3. In a guide, the words for skip, back, change that, stop, later and shorter do that, in any wording; a wish that can be
   met in passing, or a question to the coach, is met and the place is kept; everything else is the answer, kept at once.
4. Outside a guide, a wish is met; everything else is put to coaching.py.
5. A stranger who greets is welcomed; a stranger who asks is answered first.
6. A clear message in another of the coach's languages takes the talk over to it, as does asking for one; in a language that the coach
   does not speak it says so. Short messages leave the language alone.
7. One turn says one thing and leaves at most one question open, last.

Whatever is said must come from prompts/words or from a knowledge card. `lookup` tells which words to search the knowledge for
before `step` is called; `step` itself fetches nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

from bot import (
    amending,
    coaching,
    doorway,
    falling,
    finding,
    guiding,
    leaving,
    mentoring,
    nudge,
    offers,
    roles,
    safety,
    sharing,
    taking_out,
    timing,
    voicenotes,
    wishes,
)
from bot.asking import as_kept, question
from bot.draft import Draft
from bot.hearing import act_in, aside_in, asks_coach, choice_in, correction_in, feels, heard, is_learner, refers_back
from bot.keeping import LONGEST_DAY, named_day
from bot.model import (
    Choice,
    Context,
    Conversation,
    Deleted,
    Edited,
    Event,
    Fell,
    Handed,
    Keep,
    Noted,
    Opened,
    Place,
    Pressed,
    Refused,
    Remind,
    Said,
    TakeOut,
    Talk,
    Turn,
    Wished,
)
from bot.spelling import words_in
from bot.threads import picked_in
from bot.tongue import asked_for, held_in
from prompts.library import Hear, Library

AWAY = timedelta(hours=3)  # after this, somebody who greets in the middle of a guide is asked whether to go on
SHORTEST_STEP, LONGEST_STEP = 3, 40  # words of a step that somebody tells; a longer text is a story
TALK_ONLY = frozenset({"wrong-turn", "repeat", "unknowing", "ideas", "one"})  # acts that make sense only where something was said before
QUIET = 8  # words in which somebody tells that nothing happened; more tell of something
FAREWELL = 4  # words that may follow a "stop." and still be a way of saying it
JUST_SAID = 6  # marks of what was said, one reply or two
LONG = 6000  # characters from which a message outside a guide is taken for something pasted

# Wishes that are met in the middle of a guide, with the place kept; any other is taken as an answer there.
IN_PASSING = frozenset(
    {
        "help",
        "privacy",
        "who-are-you",
        "status",
        "about-me",
        "logbook",
        "reminders-off",
        "anger",
        "plain",
        "example",
        "model",
        "model-off",
        "keep-out",
        "spent",
        "voice",
        "voice-on",
        "voice-off",
        "then-and-now",
    }
    | set(leaving.WISHES)
    | set(doorway.WISHES)
    | set(sharing.WISHES)
    | set(mentoring.WISHES)
    | set(taking_out.WISHES)
)
# Choices that name an entry or something shown: one that was never offered is somebody else's, or none.
NAMING = frozenset({"entry", "out", *leaving.PICKED, *sharing.PICKED, *mentoring.PICKED})
PROFILE = frozenset({"change-name", "change-zone", "change-time"})  # met at once; the guide is held meanwhile
# Wishes that turn back to the talk from the step of one's own that it led to.
BACK_TO_THE_TALK = frozenset({"one", "another", "none-of-these", "tell-more", "anger", "repeat", "no", "wrong-turn"})


def step(library: Library, context: Context, event: Event) -> Turn:  # noqa: C901 - a table of events is long, not complex
    """Decides one turn. The same arguments give the same turn."""
    draft = Draft(library, context, event)
    _forget_old_place(draft)
    if not isinstance(event, Fell):
        _back_again(draft)
    match event:
        case Opened():
            _opened(draft)
        case Fell():
            falling.fell(draft, event)
        case Pressed(choice=choice_id):
            _pressed(draft, choice_id)
        case Said(text=text):
            _said(draft, text)
        case Edited():
            _edited(draft, event)
        case Deleted(of=of):
            _deleted(draft, of)
        case Wished(wish=wish):
            _wished(draft, wish)
        case Noted(text=text):
            _noted(draft, text)
        case Handed(what="voice"):
            voicenotes.brought(draft, event)
        case Handed(what=what):
            guiding.finish_in_place(draft, draft.line(f"handed.{what}"))
    return draft.turn()


def lookup(library: Library, context: Context, event: Event) -> str | None:
    """The words to search the knowledge for before this event is decided; None when nothing needs to be found."""
    words = library.in_language(held_in(library, context, event))
    conversation = context.conversation
    talk = conversation.talk
    if isinstance(event, Fell):
        return nudge.words_for_search(Draft(library, context, event)) if event.kind == "nudge" else None
    thread = picked_in(talk, *_put_in(event, conversation, words.hear), words.hear)
    if talk and thread is not None and thread < len(talk.threads):
        return talk.threads[thread]
    if isinstance(event, Pressed):
        return talk.asked if talk and (event.choice == "do:another" or event.choice.startswith("card:")) else None
    if not isinstance(event, Said) or (len(event.text) > LONG and not conversation.place):
        return None
    text = aside_in(event.text, words.hear) or event.text
    if not words_in(text) or heard(text, words.hear.controls, words.hear) or finding.wants_book(library, context, event) is not None:
        return None
    wish = heard(text, words.hear.wishes, words.hear)
    act = act_in(text, words.hear)
    if talk and not conversation.place and (wish in ("another", "no", "none-of-these") or act == "ideas"):
        return talk.asked
    if wish and not (wish == "ask" or conversation.place):
        return None
    goes_on = text == event.text and (refers_back(text, words.hear) or not asks_coach(text, words.hear))
    if talk and talk.stage in ("explore", "threads") and not conversation.place and goes_on:
        return f"{talk.asked}\n{text}"
    return text


def _put_in(event: Event, conversation: Conversation, hear: Hear) -> tuple[str, str | None]:
    """What was written, and the choice that it means or that was pressed."""
    if isinstance(event, Pressed):
        return "", event.choice
    text = event.text if isinstance(event, Said) and not conversation.place else ""
    choice = choice_in(text, conversation.choices, hear)
    return text, choice.id if choice else None


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
    if safety.in_danger(draft):
        safety.keep_company(draft)
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


def _said(draft: Draft, text: str) -> None:
    hear = draft.words.hear
    if not text:
        draft.say(draft.line("empty"), "question" if draft.place else "reply", draft.offered)
        return
    if safety.alarmed(draft, text):
        return
    if voicenotes.mended(draft, text):
        return
    if draft.context.claimed and (code := doorway.code_in(text)):
        doorway.claimed(draft, code)
        return
    draft.plain = draft.plain or is_learner(text, hear)
    if _language_settled(draft, text):
        return
    choice = None if draft.place else choice_in(text, draft.offered, hear)
    if choice and not (choice.id == "do:enough" and heard(text, hear.controls, hear) == "skip"):  # "I don't know" is no "enough"
        _pressed(draft, choice.id)
        return
    if not draft.person.welcomed:
        _first_words(draft, text)
    elif draft.place:
        _in_guide(draft, text)
    else:
        _outside(draft, text)


def _language_settled(draft: Draft, text: str) -> bool:
    """Goes over to another language where that is called for; True when that was all there is to say.

    A reflection may be written in any language; a question to the coach may not.
    """
    tongue = draft.context.tongue
    changed = draft.language != draft.person.language
    draft.person = replace(draft.person, language=draft.language)
    if asked_for(text, draft.library.languages) and draft.person.welcomed:
        asked, choices = question(draft) if draft.place else (draft.line("ask.open"), draft.relabelled(draft.offered))
        draft.say(f"{draft.line('switched')} {asked}", "question" if draft.place else "reply", choices)
        return True
    if changed:
        draft.offered = draft.relabelled(draft.offered)
        if draft.person.welcomed:
            draft.say(draft.line("switched"), "notice")
    elif tongue and tongue not in draft.library.words and not _answers_a_question(draft):
        foreign = draft.library.languages.foreign.get(tongue)
        draft.say(foreign.says if foreign else draft.line("foreign"), "notice", draft.offered)
        if draft.person.welcomed:
            if draft.place:
                _ask_again(draft)
            return True
    return False


def _answers_a_question(draft: Draft) -> bool:
    """Whether an answer for the logbook, or a name, is waited for: these are kept as they are written."""
    return draft.place is not None and not draft.guide(draft.place.guide).step(draft.place.step).choices


def _first_words(draft: Draft, text: str) -> None:
    wish = heard(text, draft.words.hear.wishes, draft.words.hear)
    understood = draft.context.tongue is None or draft.context.tongue in draft.library.words
    if understood and not asked_for(text, draft.library.languages) and wish in (None, "reflect") and (wish or len(words_in(text)) > 3):
        draft.person = replace(draft.person, welcomed=True)
        draft.say(draft.line("welcome.asked"), "notice")
        _outside(draft, text)
    else:
        _welcome(draft)


def _edited(draft: Draft, event: Edited) -> None:
    """A message whose words became an answer was edited: the answer is revised, its first wording stays in the book."""
    kept = draft.kept_of(event.of)
    if kept is None:
        guiding.finish_in_place(draft, draft.line("edited.not-kept"))
        return
    draft.do(Keep(kept.entry, kept.guide, kept.step, as_kept(draft, kept.guide, kept.step, event.text), event_date=kept.day))
    if safety.alarmed(draft, event.text):
        return
    place = draft.place
    if place and place.entry == kept.entry:
        answers = tuple((step, event.text if step == kept.step else text) for step, text in place.answers)
        draft.place = replace(place, answers=answers)
    guiding.finish_in_place(draft, draft.line("edited"))


def _deleted(draft: Draft, of: str) -> None:
    """A message whose words became an answer was deleted: whether the logbook lets go of it too is the person's to say."""
    kept = draft.kept_of(of)
    if kept is None or safety.in_danger(draft):
        draft.leave_choices()
        return
    choices = (Choice(f"out:{kept.entry}:{kept.step}", draft.line("choice.take-out")), draft.choice("keep-it"))
    draft.say(draft.line("deleted.ask"), "question", choices)


def _taken_out(draft: Draft, what: str) -> None:
    entry, _, step_id = what.rpartition(":")
    draft.do(TakeOut(entry, step_id))
    draft.let_go_of(entry, step_id)
    _on_with_it(draft, "deleted.done")


def _on_with_it(draft: Draft, key: str) -> None:
    """Says a line, and asks again what was open in a guide; what was offered before is off the table."""
    if draft.place:
        draft.ending = guiding.again(draft)
    guiding.finish(draft, draft.line(key))


def _wished(draft: Draft, wish: str) -> None:
    """A button outside the talk: it does what its words would do, and a guide that is open keeps its place."""
    if safety.in_danger(draft):
        safety.keep_company(draft)
        return
    draft.alarm = None
    if not draft.person.welcomed:
        _welcome(draft)
    elif wish not in wishes.WISHES:
        _expired(draft)
    elif draft.place is None:
        wishes.WISHES[wish](draft)
    elif not _wish_met_in_guide(draft, wish):
        wishes.offer_to_resume(draft)


def _noted(draft: Draft, text: str) -> None:
    """A text straight for the logbook; nothing of the talk moves. It is never put to the coach, but danger in it is heard."""
    if not words_in(text):
        _on_with_it(draft, "empty")
        return
    draft.keep(Keep(draft.new_id("note"), "note", "note", text, event_date=draft.today))
    draft.person = replace(draft.person, welcomed=True)
    if not safety.alarmed(draft, text):
        _on_with_it(draft, "noted")


# --- in a guide


def _in_guide(draft: Draft, text: str) -> None:
    hear = draft.words.hear
    aside = aside_in(text, hear)
    meant = aside or text
    choice = choice_in(text, draft.offered, hear)
    if choice and choice.id.startswith("do:"):
        _pressed(draft, choice.id)
        return
    if timing.told_away(draft, text) or (choice is None and (_leaves_plan(draft, text) or _asked_of_logbook(draft, meant))):
        return
    if choice is None:
        control, rest = _control_in(draft, meant)
        if control in _CONTROLS and not (control == "skip" and _tells_of_nothing(draft, meant)):
            _CONTROLS[control](draft)
            if rest:
                guiding.answer(draft, rest)
            return
        if _met_in_guide(draft, text, meant):
            return
        if aside or (asks_coach(text, hear) and not draft.guide(draft.here.guide).step(draft.here.step).wording):
            _answer_in_passing(draft, meant)
            return
    if not guiding.answer(draft, text):
        _answer_in_passing(draft, text)


def _met_in_guide(draft: Draft, text: str, meant: str) -> bool:
    """What is no answer: something told before put right, a wish, or another guide."""
    hear = draft.words.hear
    put_right = correction_in(text, hear)
    return (
        (put_right is not None and guiding.correct(draft, put_right))
        or _wish_met_in_guide(draft, heard(meant, hear.wishes, hear) or act_in(meant, hear))
        or _another_guide(draft, text)
    )


def _leaves_plan(draft: Draft, text: str) -> bool:
    """Words that are neither a step nor a day, where a step of one's own was asked for in a talk: they go on with the talk."""
    hear, place = draft.words.hear, draft.here
    if place.guide != "if-then" or draft.talk is None:
        return False
    step, act = draft.guide("if-then").step(place.step), act_in(text, hear)
    if step.keeps == "due" and act == "step":
        draft.place = None
        guiding.take_step(draft, text)
        return True
    if step.keeps == "due" and (act == "thanks" or heard(text, hear.wishes, hear) == "thanks"):
        guiding.press(draft, Choice("if-then.due:no-date", ""))
        return True
    elsewhere = act in ("state", "wrong-turn", "ideas", "verdict", "one") or aside_in(text, hear)
    if elsewhere or (step.keeps == "due" and len(words_in(text)) > LONGEST_DAY and named_day(draft, text) is None):
        draft.place = None
        _outside(draft, text)
        return True
    return False


def _another_guide(draft: Draft, text: str) -> bool:
    """The title of a guide, said in another one: that one waits, if anything was written in it."""
    name = offers.titled(draft, text)
    if name:
        draft.held = draft.place if guiding.anything_kept(draft.here) else None
        guiding.walk(draft, name)
    return name is not None


def _tells_of_nothing(draft: Draft, text: str) -> bool:
    """Where a moment was asked for, "nothing" is an answer: a quiet day has its own question."""
    step = draft.guide(draft.here.guide).step(draft.here.step)
    return bool(step.turns) and offers.moment_in(text, draft.words.hear) in step.turns


def _control_in(draft: Draft, text: str) -> tuple[str | None, str]:
    """The control that a message is, or that its first sentence is: "change that. It means ..." with what follows as the new answer."""
    hear = draft.words.hear
    if control := heard(text, hear.controls, hear):
        return control, ""
    head, _, rest = text.partition(". ")
    first = heard(head, hear.controls, hear) if rest else None
    if first == "change" and draft.here.trail:
        return first, rest.strip()
    return (first, "") if first in ("stop", "later") and len(words_in(rest)) <= FAREWELL else (None, "")


def _wish_met_in_guide(draft: Draft, wish: str | None) -> bool:
    """Meets a wish that makes sense in the middle of a guide; False where the words are rather an answer."""
    place = draft.here
    if wish == "hello" and draft.at - place.at > AWAY:
        wishes.offer_to_resume(draft)
    elif wish in ("hello", "thanks"):
        _ask_again(draft)
    elif wish == "guides":
        guiding.show_guides(draft)
    elif wish == "reflect" and place.guide == "onboarding":
        wishes.WISHES["reflect"](draft)
    elif place.guide == "if-then" and draft.talk and wish in BACK_TO_THE_TALK:
        draft.place = None
        wishes.WISHES[wish](draft)
    elif wish in PROFILE and place.guide != "onboarding":
        draft.place = None
        wishes.WISHES[wish](draft)
        draft.held = place if guiding.anything_kept(place) else None
    elif wish in IN_PASSING:
        draft.ending = guiding.again(draft)
        wishes.WISHES[wish](draft)
    else:
        return False
    return True


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
    kept = place is not None and draft.guide(place.guide).kept and guiding.anything_kept(place)
    draft.say(
        draft.line("stop.kept" if kept else "stop.none"), "reply", [draft.choice("reflect"), draft.choice("ask"), draft.choice("later")]
    )


def _later(draft: Draft) -> None:
    """What was begun is held and knocked about once; before a first answer there is nothing to hold, only another time to find."""
    if not guiding.anything_kept(draft.here):
        timing.put_off(draft)
        return
    draft.held, draft.place = draft.place, None
    timing.knock_about_held(draft)
    draft.say(draft.line("later"))


def _question(draft: Draft) -> None:
    draft.say(draft.line("question.go"), "question", draft.offered)


def _ask_again(draft: Draft) -> None:
    text, choices = question(draft)
    draft.say(text, "question", choices)


def _help_in_guide(draft: Draft) -> None:
    draft.ending = guiding.again(draft)
    wishes.WISHES["help"](draft)


_CONTROLS: dict[str, Callable[[Draft], None]] = {
    "skip": guiding.skip,
    "back": guiding.back,
    "change": guiding.back,
    "stop": _stop,
    "later": _later,
    "shorter": guiding.shorter,
    "question": _question,
    "help": _help_in_guide,
    "resume": _ask_again,
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
    "change": "change",
}


def _guide_asked_for(draft: Draft, text: str, wish: str | None) -> bool:
    name = offers.asked_for(draft, text)
    if name and act_in(text, draft.words.hear) == "meaning":
        spoken = draft.spoken(name)
        draft.say(draft.line("guide.meaning", title=spoken.title, about=spoken.about), "reply", [offers.choice(draft, name)])
    elif name:
        guiding.walk(draft, name)
    elif wish is None and offers.asks_for_list(draft, text):
        offers.show_list(draft, draft.line("guides.unknown"))
    else:
        return False
    return True


def _outside(draft: Draft, text: str) -> None:
    hear = draft.words.hear
    if not words_in(text):
        draft.say(draft.line("unsure"))
        return
    if len(text) > LONG:
        draft.say(draft.line("long", count=f"{len(text.split())}"))
        return
    if aside := aside_in(text, hear):
        draft.talk, text = None, aside  # "something else: ..."
    act = act_in(text, hear)
    talk = coaching.talk_in_hand(draft)
    if talk and talk.stage == "glad" and act not in (None, "glad", "state", "thanks"):
        draft.talk = talk = None
    if act == "verdict" or (act == "ideas" and talk):
        wishes.WISHES[act](draft)
        return
    control = heard(text, hear.controls, hear)
    wish = heard(text, hear.wishes, hear) or _CONTROLS_OUTSIDE.get(control or "")
    if _guide_asked_for(draft, text, wish) or timing.told_away(draft, text) or _asked_of_logbook(draft, text):
        return
    if act in ("role", "lens") and not roles.asks_role(text, hear):
        act = None  # a story in which such a question stands
    if control == "skip" and draft.talk:
        wish = "unknowing"
    elif control == "skip" and draft.said_lately("safety.harassment.stay", JUST_SAID):
        draft.say(draft.line("smaller"), "reply", draft.offered)
        return
    _meet(draft, talk, wish, act, text)


def _meet(draft: Draft, talk: Talk | None, wish: str | None, act: str | None, text: str) -> None:
    """A wish first, then a step of their own, then what else is done by the message; the rest is put to the coach."""
    if wish in wishes.WISHES:
        wishes.WISHES[wish](draft)
    elif talk and _tells_step(talk, act, text, draft.words.hear):
        guiding.take_step(draft, text)
    elif act in wishes.WISHES and not (act in TALK_ONLY and talk is None):
        wishes.WISHES[act](draft)
    elif (thread := picked_in(talk, text, None, draft.words.hear)) is not None:
        coaching.thread_picked(draft, str(thread))
    elif not _quiet(draft, talk, text):
        coaching.coach(draft, text)


def _quiet(draft: Draft, talk: Talk | None, text: str) -> bool:
    """Somebody tells that nothing happened: a quiet day has its own question."""
    quiet = offers.moment_in(text, draft.words.hear) == "nothing" and len(words_in(text)) <= QUIET
    if quiet := quiet and (talk is None or talk.stage == "explore"):
        draft.talk = None
        draft.say(draft.line("quiet"), "reply", [draft.choice("reflect"), draft.choice("later")])
    return quiet


def _asked_of_logbook(draft: Draft, text: str) -> bool:
    """Looks up or adds what is asked for; in the middle of a guide only what can be answered in passing."""
    asked = finding.asked_in(text, draft.words, draft.language, draft.person, draft.today)
    if asked is not None and asked.kind in sharing.ASKED:
        sharing.asked(draft, asked)
        return True
    if asked is None or (draft.place and asked.kind not in finding.LOOKED_UP):
        return False
    if draft.place:
        draft.ending = guiding.again(draft)
    amending.ASKED[asked.kind](draft, asked)
    return True


def _tells_step(talk: Talk, act: str | None, text: str, hear: Hear) -> bool:
    """Their next step: told of their own accord once options were shown, or in answer to being asked for it."""
    if talk.stage == "glad" or asks_coach(text, hear) or len(words_in(text)) > LONGEST_STEP:
        return False
    return act == "step" or (talk.stage == "own" and act is None and len(words_in(text)) >= SHORTEST_STEP and not feels(text, hear))


def _entry_picked(draft: Draft, what: str) -> None:
    if not amending.pressed(draft, what):
        _expired(draft)


def _pressed(draft: Draft, choice_id: str) -> None:
    if safety.in_danger(draft):
        safety.keep_company(draft)
        return
    if not safety.asked_in_passing(draft):
        draft.alarm = None
    kind, _, what = choice_id.partition(":")
    if choice_id not in {choice.id for choice in draft.offered}:
        if kind in NAMING:
            draft.do(Refused())
        _expired(draft)
        return
    if choice_id == "do:keep-it":
        _on_with_it(draft, "deleted.kept")
    elif kind == "do":
        wishes.WISHES[what](draft)
    elif kind in _PICKED:
        _PICKED[kind](draft, what)
    elif draft.place:
        guiding.press(draft, Choice(choice_id, ""))
    else:
        _expired(draft)  # a choice of a guide whose place has been given up meanwhile


def _expired(draft: Draft) -> None:
    if draft.place:
        text, choices = question(draft)
        draft.say(f"{draft.line('expired')}\n\n{text}", "question", choices)
    else:
        still = [choice for choice in draft.offered if choice.id.partition(":")[0] in ("do", *_PICKED)]
        draft.say(draft.line("expired"), "notice", still)


def _day_picked(draft: Draft, what: str) -> None:
    timing.away_until(draft, date.fromisoformat(what))


def _option_picked(draft: Draft, what: str) -> None:
    led = coaching.chosen(draft, int(what.rpartition(":")[2]))
    if led is None:
        draft.say(draft.line("unsure"))
        return
    lead, frame = led
    guiding.start(draft, "if-then", lead, frame)


# What a picked choice does, by the first part of its id.
_PICKED: dict[str, Callable[[Draft, str], None]] = {
    "away": _day_picked,
    "entry": _entry_picked,
    "card": coaching.card_picked,
    "thread": coaching.thread_picked,
    "guide": guiding.walk,
    "group": offers.show_group,
    "phase": roles.phase_picked,
    "lens": roles.lens_picked,
    "broker": roles.broker_told,
    "out": _taken_out,
    "opt": _option_picked,
    "voice": voicenotes.picked,
    **leaving.PICKED,
    **sharing.PICKED,
    **mentoring.PICKED,
}

"""What is said in the middle of a guide: an answer, a word for moving about, a wish met in passing, or a question to the coach.

The place is kept through all of it; what an answer becomes is guiding.py's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from bot import (
    coaching,
    doorway,
    guiding,
    leaving,
    mentoring,
    offers,
    options,
    outside,
    planning,
    pressing,
    sharing,
    taking_out,
    timing,
    wishes,
)
from bot.asking import question
from bot.choosing import choice_in
from bot.draft import Draft
from bot.hearing import act_in, aside_in, asks_coach, correction_in, heard
from bot.keeping import LONGEST_DAY, named_day
from bot.model import Choice
from bot.spelling import words_in

AWAY = timedelta(hours=3)  # after this, somebody who greets in the middle of a guide is asked whether to go on
FAREWELL = 4  # words that may follow a "stop." and still be a way of saying it

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
# Met at once; the guide is held meanwhile.
SETS_ASIDE = frozenset({"change-name", "change-zone", "change-time", "aims", "aims-review"})
# Wishes that turn back to the talk from the step of one's own that it led to.
BACK_TO_THE_TALK = frozenset({"one", "another", "none-of-these", "tell-more", "anger", "repeat", "no", "wrong-turn"})


def answer(draft: Draft, text: str) -> None:
    hear = draft.words.hear
    aside = aside_in(text, hear)
    meant = aside or text
    choice = choice_in(text, draft.offered, hear)
    if choice and choice.id.startswith("do:"):
        pressing.pressed(draft, choice.id)
        return
    if timing.told_away(draft, text) or (choice is None and (_leaves_plan(draft, text) or outside.asked_of_logbook(draft, meant))):
        return
    if choice is None and draft.here.guide == "onboarding" and act_in(text, hear) == "opening":
        draft.place = None  # whoever has something on their mind is heard first; the small questions can wait
        outside.answer(draft, text)
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
        or wish_met(draft, heard(meant, hear.wishes, hear) or act_in(meant, hear))
        or _another_guide(draft, text)
    )


def _leaves_plan(draft: Draft, text: str) -> bool:
    """Words that are neither a step nor a day, where a step of one's own was asked for in a talk: they go on with the talk."""
    hear, place = draft.words.hear, draft.here
    if place.guide != "if-then" or draft.talk is None:
        return False
    step, act = draft.guide("if-then").step(place.step), act_in(text, hear)
    if step.keeps == "plan" and options.pointed_at(draft, text) is not None:
        return outside.points_back(draft, text)
    if step.keeps == "due" and act == "step":
        draft.place = None
        planning.take_step(draft, text)
        return True
    if step.keeps == "due" and (act == "thanks" or heard(text, hear.wishes, hear) == "thanks"):
        guiding.press(draft, Choice("if-then.due:no-date", ""))
        return True
    elsewhere = act in ("state", "wrong-turn", "ideas", "verdict", "one") or aside_in(text, hear)
    if elsewhere or (step.keeps == "due" and len(words_in(text)) > LONGEST_DAY and named_day(draft, text) is None):
        draft.place = None
        outside.answer(draft, text)
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


def wish_met(draft: Draft, wish: str | None) -> bool:
    """Meets a wish that makes sense in the middle of a guide; False where the words are rather an answer."""
    place = draft.here
    if wish == "hello" and draft.at - place.at > AWAY:
        wishes.offer_to_resume(draft)
    elif wish in ("hello", "thanks"):
        ask_again(draft)
    elif wish == "guides":
        guiding.show_guides(draft)
    elif wish == "reflect" and place.guide == "onboarding":
        wishes.WISHES["reflect"](draft)
    elif place.guide == "if-then" and draft.talk and wish in BACK_TO_THE_TALK:
        draft.place = None
        wishes.WISHES[wish](draft)
    elif wish in SETS_ASIDE and place.guide != "onboarding":
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


def ask_again(draft: Draft) -> None:
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
    "resume": ask_again,
}

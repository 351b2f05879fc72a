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
    happening,
    leaving,
    mentoring,
    offers,
    options,
    outcomes,
    outside,
    planning,
    pressing,
    sharing,
    taking_out,
    timing,
    wishes,
)
from bot.asking import question
from bot.choosing import WAYS, choice_in, number_in
from bot.draft import Draft
from bot.hearing import act_in, aside_in, asks_coach, control_in, feels, heard, introduced_in, kinds_named, pleads, says_any
from bot.intending import LONGEST_DAY, is_none
from bot.keeping import clock, named_day
from bot.model import Choice
from bot.places import zones_for
from bot.reflecting import wish_in
from bot.rhythm import clock_in
from bot.righting import told_right
from bot.spelling import words_in
from bot.straight import affirms
from prompts.library import END

AWAY = timedelta(hours=3)  # after this, somebody who greets in the middle of a guide is asked whether to go on
TROUBLE = 7  # words from which somebody may tell what troubles them where a small question was asked
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
PLANNING = frozenset({"if-then", "follow-up", "onboarding"})  # guides in which a plan is heard as one; elsewhere it is an answer
NAMING = frozenset({"name", "partnership"})  # steps answered by a name, whatever it sounds like
LEADING_ELSEWHERE = ("state", "wrong-turn", "ideas", "verdict", "one", "anger", "repeat", "rejects")  # acts that go on with the talk
# Met at once; the guide is held meanwhile.
SETS_ASIDE = frozenset({"change-name", "change-zone", "change-time", "aims", "aims-review"})
# Wishes that turn back to the talk from the step of one's own that it led to.
BACK_TO_THE_TALK = frozenset({"one", "another", "none-of-these", "tell-more", "anger", "repeat", "no", "wrong-turn"})


def answer(draft: Draft, text: str) -> None:
    hear = draft.words.hear
    aside = aside_in(text, hear)
    meant = aside or text
    if _settles_thought(draft, text):
        return
    choice = choice_in(text, draft.offered, hear)
    if choice and choice.id.startswith("do:"):
        pressing.pressed(draft, choice.id)
        return
    if timing.told_away(draft, text) or (choice is None and _meets_first(draft, text, meant)):
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


def _meets_first(draft: Draft, text: str, meant: str) -> bool:
    return _meets_step(draft, text) or outside.asked_of_logbook(draft, meant) or _trouble_first(draft, text) or _tells_of_step(draft, text)


def _tells_of_step(draft: Draft, text: str) -> bool:
    """What came of a step of one's own, told where a reflection was offered and nothing of it written."""
    untouched = draft.here.guide not in PLANNING and not guiding.anything_kept(draft.here)
    return untouched and outcomes.reported(draft, text)


def _trouble_first(draft: Draft, text: str) -> bool:
    """Whoever has something on their mind is heard; the small questions about them are dropped."""
    if draft.here.guide != "onboarding" or not _tells_trouble(draft, text):
        return False
    draft.place = draft.held = None
    outside.answer(draft, text)
    return True


def _tells_trouble(draft: Draft, text: str) -> bool:
    """Whether something is told that is no answer to a small question about oneself."""
    hear, step = draft.words.hear, draft.guide(draft.here.guide).step(draft.here.step)
    if act_in(text, hear) == "opening":
        return True
    if len(words_in(text)) < (TROUBLE if step.keeps != "partnership" else 2 * TROUBLE):
        return False
    answers = (step.keeps == "reminder" and clock_in(text, hear)) or (step.keeps == "zone" and zones_for(text, hear.place_leads))
    told = feels(text, hear) or kinds_named(text, hear) or happening.told_in(draft, text) or says_any(text, [*hear.absence, *hear.again])
    return bool(told or asks_coach(text, hear)) and not answers and not introduced_in(text, hear)


def _met_in_guide(draft: Draft, text: str, meant: str) -> bool:
    """What is no answer: something told before put right, a wish, or another guide."""
    hear = draft.words.hear
    righted = told_right(text, hear)
    return (
        (righted is not None and guiding.correct(draft, righted))
        or wish_met(draft, _wish(draft, meant) or outside.act_briefly(meant, hear))
        or _another_guide(draft, text)
    )


def _wish(draft: Draft, text: str) -> str | None:
    """In the first small questions a reflection may be wished for in any wording; in a guide such words are an answer."""
    hear = draft.words.hear
    return wish_in(text, hear) if draft.here.guide == "onboarding" else heard(text, hear.wishes, hear)


def _meets_step(draft: Draft, text: str) -> bool:
    """What is said where a step of one's own, its day or its outcome was asked for, and is not simply that."""
    place = draft.here
    if place.guide not in PLANNING:
        return False
    if (rest := planning.taken_out(draft, text)) is not None:
        if rest:
            outside.answer(draft, rest)
        return True
    if place.guide == "onboarding" and place.step in NAMING:
        return False
    if place.guide == "follow-up" and planning.moves_plan(draft, text):
        return True
    if place.guide != "follow-up" and planning.heard_plan(draft, text):
        return True
    step = draft.guide(place.guide).step(place.step)
    return (step.keeps == "plan" and _at_the_step(draft, text)) or (step.keeps == "due" and _at_its_day(draft, text))


def _at_the_step(draft: Draft, text: str) -> bool:
    hear = draft.words.hear
    if draft.talk and options.pointed_at(draft, text) is not None:
        return outside.points_back(draft, text)
    if number := number_in(text, hear):
        shown = [choice for choice in draft.earlier if choice.id.startswith(WAYS)]
        name = shown[number - 1].label if number <= len(shown) else draft.here.answer("$picked")
        if name:
            planning.offer_line(draft, name)
            return True
        draft.say(draft.line("which.none", number=str(number)), "question")
        return True
    if planning.answers_step(draft, text):
        return True
    elsewhere = draft.talk and (act_in(text, hear) in LEADING_ELSEWHERE or aside_in(text, hear) or pleads(text, hear))
    if elsewhere or is_none(text, clock(draft)):
        draft.place = None
        outside.answer(draft, text)
        return True
    return planning.of_day_named(draft, text)


def _settles_thought(draft: Draft, text: str) -> bool:
    """A yes or a no, where it was asked whether a thought is meant."""
    hear = draft.words.hear
    wish = heard(text, hear.wishes, hear) if planning.mused(draft) else None
    if wish is None and planning.mused(draft) and "," in text:  # "yes, tomorrow"
        wish = heard(text.partition(",")[0], hear.wishes, hear)
    if wish in ("good", "agrees") or (planning.mused(draft) and affirms(text, hear)):
        if not (planning.dated(draft, text) and planning.told_dated(draft, text)):  # "yes, I'll ring her on Friday"
            planning.it_is_meant(draft, text.partition(",")[2] or text)
    elif wish == "no":
        guiding.press(draft, Choice("if-then.due:not-a-plan", ""))
    else:
        return False
    return True


def _at_its_day(draft: Draft, text: str) -> bool:
    hear = draft.words.hear
    act, wish = act_in(text, hear), heard(text, hear.wishes, hear)
    if act == "step" and draft.talk:
        planning.told_anew(draft, text)
    elif (act == "thanks" or wish == "thanks") and planning.mused(draft):
        draft.place = None
        outside.answer(draft, text)
    elif "bye" in (act, wish):
        draft.place = None
        wishes.WISHES["bye"](draft)
    elif act == "thanks" or wish == "thanks":
        guiding.press(draft, Choice("if-then.due:no-date", ""))
    elif draft.talk and (
        act in LEADING_ELSEWHERE
        or aside_in(text, hear)
        or pleads(text, hear)
        or (len(words_in(text)) > LONGEST_DAY and named_day(draft, text) is None)
    ):
        draft.place = None
        outside.answer(draft, text)
    else:
        return False
    return True


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
    if control := control_in(text, hear):
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
    """Says what is kept: answers in the logbook, what was told of oneself, or nothing of what was just begun."""
    place = draft.here
    draft.place = draft.held = None
    key = "stop.none"
    if place.guide == "onboarding":
        draft.person = replace(draft.person, onboarded=True)
        key = "stop.profile" if draft.person.name or draft.person.zone or draft.person.partnerships else key
    elif draft.guide(place.guide).kept and guiding.anything_kept(place):
        key = "stop.kept"
    draft.say(draft.line(key), "reply", [draft.choice("reflect"), draft.choice("ask"), draft.choice("later")])


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


def _keep(draft: Draft) -> None:
    """ "Yes, keep it": what was written is, and is shown once more; before a first answer there is nothing to keep."""
    place = draft.here
    if not (draft.guide(place.guide).kept and guiding.anything_kept(place)):
        ask_again(draft)
        return
    draft.place = replace(place, step=END, offer="")
    guiding.ask(draft)


_CONTROLS: dict[str, Callable[[Draft], None]] = {
    "keep": _keep,
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

"""Takes up what somebody means to do: a step of their own is kept as they put it, with its day, whatever card or talk is open. Pure.

intending.py hears it; guiding.py asks for what is still missing; keeping.py keeps it, with the row that makes sure it is asked about.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from bot import guiding
from bot.asking import clip, here, question
from bot.draft import Draft
from bot.guiding import PLANNED
from bot.hearing import asked_to_remind, begins_with_others, feels, moved_in, pleads
from bot.intending import (
    LONGEST_DAY,
    LONGEST_STEP,
    Clock,
    Intent,
    asks_for_plans,
    bare_step,
    before_command,
    by_number,
    closing_in,
    intent_in,
    is_none,
    kept_in,
    step_day,
    tells_outcome,
    undoes,
)
from bot.keeping import clock, named_day, plan_for
from bot.model import Drop, Intention, Place, Plan, Remind, Talk
from bot.reply import with_used
from bot.rhythm import day_in, day_within, follow_up, next_weekday
from bot.spelling import BETWEEN_SENTENCES, any_in, expression, in_line, one_line, words_in
from prompts.library import END

JUST_PLANNED = 6  # marks of what was said since a plan was kept, two replies or so
UNDONE = timedelta(days=1)  # in which a plan may be said to have been none
BARE_DAY = 3  # words in which a day alone is said
FEWEST = 2  # words of a step
LEANING = 4  # words up to which a step leans on what was said before: "Thursday I go there"
ASIDE = 16  # words up to which a message that holds a step is about it; of a longer one the step must be the half
REST = 6  # words after "that was no plan" from which something else is told
SHOWN = 3  # plans shown at once
NEAR = timedelta(days=10)  # between the day of a plan and another that is told by its number alone
DAY_NAMED = "day:"  # the mark of a day that was named before the step itself
MUSED = "$mused"  # under which a place keeps that the step was only thought aloud


def heard_plan(draft: Draft, text: str) -> bool:
    """Hears what is said of plans: which are kept, that one be kept, or a step with its day. False for anything else."""
    return told_which(draft, text) or told_to_keep(draft, text) or told_dated(draft, text)


def take_step(draft: Draft, plan: str, on: date | None = None) -> None:
    """Somebody has told their next step: it is the plan, and only its day is still to be asked, unless they named that too."""
    _begin(draft, plan)
    if day := on or named_day(draft, plan) or held_day(draft.talk):
        step, _ = here(draft)
        plan_for(draft, step, day)
        draft.place = replace(draft.here, step=END)
        guiding.ask(draft)
    else:
        guiding.ask(draft, draft.line("step.told"))


def _begin(draft: Draft, plan: str, *given: tuple[str, str]) -> None:
    draft.meant, draft.held = plan, None
    draft.place = Place("if-then", "due", draft.at, draft.at, draft.new_id("if-then"), (("plan", plan), *given))


def muse(draft: Draft, step: str) -> None:
    """A thought said aloud: whether it is meant is asked, once, beside the days on which it could be asked about."""
    _begin(draft, step, (MUSED, "1"))
    if day := step_day(step, clock(draft)):
        draft.say(draft.line("step.mused.day", day=draft.day(day)), "question", [draft.choice("keep-plan"), draft.choice("not-a-plan")])
        return
    _, choices = question(draft)
    draft.say(draft.line("step.mused"), "question", choices)


def mused(draft: Draft) -> bool:
    return draft.place is not None and draft.place.answer(MUSED) is not None


def it_is_meant(draft: Draft, said: str = "") -> None:
    """The thought is a step after all: its day is asked for, where neither it nor what was `said` names one ("yes, Friday")."""
    take_step(draft, draft.here.answer("plan") or "", _bare_day(draft, said))


def told_dated(draft: Draft, text: str) -> bool:
    """A deed of their own with its day or hour is a plan, whatever else is open. False where the message is rather about something else:
    not where a talk ends on it, nor where a step or its day was asked for."""
    text = alone(draft, text)
    found = intent_in(text, clock(draft))
    asked = draft.place is not None and draft.place.guide == "if-then"
    if found is None or found.firmness != "dated" or not (asked or _about(found, text)):
        closing = closing_in(text, clock(draft)) if draft.talk else None
        draft.meant = found.text if found and closing is None else draft.meant
        found = closing
    if found is None:
        return False
    take_step(draft, _with_what_was_meant(draft, found), found.day)
    return True


def _about(found: Intent, text: str) -> bool:
    """Whether a message is rather about the step in it than about something else."""
    whole = len(words_in(text))
    return whole <= ASIDE or 2 * len(words_in(found.text)) >= whole


def alone(draft: Draft, text: str) -> str:
    """A message without the sentences that say nothing beside a step: that it was told before, that it be asked about."""
    return " ".join(part for part in BETWEEN_SENTENCES.split(text) if not any_in(draft.words.hear.plans.besides, in_line(part)))


def dated(draft: Draft, text: str) -> bool:
    """Whether a message tells a deed of their own with its day."""
    found = intent_in(text, clock(draft))
    return found is not None and found.firmness == "dated"


def ties(draft: Draft, text: str) -> bool:
    """A step that is told where it was asked whether the last line is to be tied to a moment: it is what was meant."""
    found = intent_in(text, clock(draft))
    if "?" in text:
        return False
    if tied := _tied_in(draft, text):
        take_step(draft, tied, found.day if found else None)
    elif found is None or found.firmness == "mused":
        return False
    else:
        take_step(draft, found.text, found.day)
    return True


def _tied_in(draft: Draft, text: str) -> str:
    """An "if this, then I do that", as it was told; empty where there is none."""
    whole, line = one_line(text), in_line(text)
    patterns = draft.words.hear.plans.if_then
    found = next((found for pattern in patterns if (found := expression(pattern).search(line))), None)
    return whole[slice(*found.span("step"))].strip(" .,;:!") if found else ""


def _with_what_was_meant(draft: Draft, found: Intent) -> str:
    """ "I decided. Thursday I go there" leans on the fuller step that was told before, if that was for the same day."""
    fuller = draft.meant and len(words_in(found.text)) <= LEANING and step_day(draft.meant, clock(draft)) == found.day
    return draft.meant if fuller else found.text


def told_to_keep(draft: Draft, text: str) -> bool:
    """Hears "save my plan", "my plan: …": what is kept is what they said they would do, never the command. False for anything else."""
    hear = draft.words.hear
    what = kept_in(text, hear)
    if what is None:
        return False
    if len(words_in(what)) < FEWEST:
        before = before_command(text, hear)
        found = intent_in(before, clock(draft))
        told = found.text if found else before
        fits = FEWEST < len(words_in(told)) <= LONGEST_STEP and not is_none(told, clock(draft))
        what = told if found or fits else draft.meant
    newest = _newest(draft)
    if not what:
        draft.place = Place("if-then", "plan", draft.at, draft.at, draft.new_id("if-then"))
        draft.say(draft.line("plan.which"), "question")
    elif newest and newest.text == what:
        _say_plans(draft, [newest])
    else:
        take_step(draft, what, named_day(draft, what) or named_day(draft, text))
    return True


def told_which(draft: Draft, text: str) -> bool:
    """Answers which plans are kept, from the plans themselves. False where that is not asked."""
    if not asks_for_plans(text, draft.words.hear):
        return False
    plans, day = list(draft.context.intentions), named_day(draft, text)
    of_day = [plan for plan in plans if plan.due == day]
    _say_plans(draft, of_day or plans[-SHOWN:])
    return True


def _say_plans(draft: Draft, plans: list[Intention]) -> None:
    draft.ending = guiding.again(draft) if draft.place else None
    if plans:
        rows = [draft.line("plan.row", plan=clip(plan.text, guiding.QUOTED), day=draft.day(plan.due)) for plan in plans]
        text, choices = "\n".join([draft.line("plan.list"), *rows]), [draft.choice("not-a-plan")]
    elif draft.meant:
        text, choices = draft.line("plan.list.meant", plan=clip(draft.meant, guiding.QUOTED)), [draft.choice("keep-plan")]
    else:
        text, choices = draft.line("plan.list.none"), []
    if draft.ending:
        guiding.finish(draft, text)
    else:
        draft.say(text, "reply", choices)


def keep_meant(draft: Draft) -> None:
    """What they said they would do is kept after all."""
    if draft.meant:
        take_step(draft, draft.meant)
    else:
        draft.say(draft.line("plan.list.none"))


# --- it was no plan


def taken_out(draft: Draft, text: str) -> str | None:
    """Hears that something was no plan, and takes it out: what else was said, "" where that is all. None for anything else."""
    rest = undoes(text, draft.words.hear)
    if rest is None or not _take_out(draft):
        return None
    told = rest if len(words_in(rest)) >= REST else ""
    draft.say(draft.line("plan.out.told" if told else "plan.out"), "notice" if told else "reply")
    return told


def not_a_plan(draft: Draft) -> None:
    """The button beside a plan, or beside its days: it was none."""
    draft.say(draft.line("plan.out" if _take_out(draft) else "plan.list.none"))


def _take_out(draft: Draft) -> bool:
    """Takes out the plan that is meant: the one asked about, the step that is being asked for, else the newest. False without one."""
    place, draft.meant = draft.place, ""
    if place and place.guide == "if-then":
        draft.place = None
        return True
    if place and place.guide == "follow-up":
        draft.place = None
        plan = next((plan for plan in draft.context.intentions if plan.id == place.answer("$ref")), None)
    else:
        plan = _newest(draft)
    if plan:
        draft.do(Drop("plan", plan.id))
        draft.do(Remind("follow-up", None, plan.id))
    return plan is not None or (place is not None and place.guide == "follow-up")


def _newest(draft: Draft) -> Intention | None:
    recent = [plan for plan in draft.context.intentions if draft.at - plan.made <= UNDONE]
    return max(recent, key=lambda plan: plan.made, default=None)


# --- where a step was asked for


def answers_step(draft: Draft, text: str) -> bool:
    """What is no plain step where one was asked for: a bare day, a thought, what somebody else does. False where it is one, or is none."""
    found = intent_in(text, clock(draft))
    if found and found.firmness == "dated":
        take_step(draft, _with_what_was_meant(draft, found), found.day)
    elif found and found.firmness == "mused" and not pleads(text, draft.words.hear):
        muse(draft, found.text)
    elif day := _bare_day(draft, text):
        draft.talk = _holding(draft, draft.talk, day)
        draft.say(draft.line("day.what", day=draft.day(day)), "question")
    elif found is None and (begins_with_others(text, draft.words.hear) or feels(text, draft.words.hear)):
        muse(draft, text)
    else:
        return False
    return True


def told_anew(draft: Draft, text: str) -> None:
    """Another step, where the day of the first was asked for."""
    found = intent_in(text, clock(draft))
    if found and found.firmness == "mused":
        muse(draft, found.text)
    else:
        take_step(draft, found.text if found else text)


def of_day_named(draft: Draft, text: str) -> bool:
    """A step whose day was told before it. False where none was."""
    day = held_day(draft.talk)
    if day:
        take_step(draft, bare_step(text, draft.words.hear), day)
    return day is not None


def offer_line(draft: Draft, name: str) -> None:
    """A number where a step was asked for: the line stands for the step only once they say so."""
    place = draft.here
    draft.place = replace(place, answers=(*(each for each in place.answers if each[0] != "$picked"), ("$picked", name)))
    draft.say(draft.line("step.as-it-stands", name=name), "question", [draft.choice("keep-line"), draft.choice("own-words")])


def keep_line(draft: Draft) -> None:
    """The option is the step, as it stands."""
    name = draft.place.answer("$picked") if draft.place else None
    if name:
        take_step(draft, name)
    else:
        draft.say(draft.line("plan.list.none"))


def own_words(draft: Draft) -> None:
    draft.place = draft.place or Place("if-then", "plan", draft.at, draft.at, draft.new_id("if-then"))
    draft.say(draft.line("plan.which"), "question")


# --- days


def moves_plan(draft: Draft, text: str) -> bool:
    """Another day is named right after a plan was kept, or the one that stood is corrected: the plan moves to it. False where nothing was
    just planned, or no day is meant."""
    plan, asked = _in_hand(draft)
    if plan is None or (asked and tells_outcome(text, draft.words.hear)):
        return False
    day = moved_day(text, max(plan.due, draft.today), clock(draft), corrected=asked)
    if day is None:
        return False
    if asked:
        draft.place = None
    _move(draft, plan, day)
    return True


def _in_hand(draft: Draft) -> tuple[Intention | None, bool]:
    """The plan that a word about its day is of: the one asked after, else the one just kept; and whether it was asked after."""
    place, plans = draft.place, draft.context.intentions
    if place and place.guide == "follow-up":
        return next((plan for plan in plans if plan.id == place.answer("$ref")), None), True
    return (max(plans, key=lambda plan: plan.made), False) if plans and draft.lately(PLANNED, JUST_PLANNED) else (None, False)


def moved_day(text: str, stood: date, clock: Clock, *, corrected: bool = False) -> date | None:
    """The day to which a text moves what stood for another; None for a text that does no such thing. `corrected`: only a day put right.

    A weekday to which it moves is the first of that name after the day that stood: before it the plan cannot have happened.
    """
    language, hear, at, zone = clock.language, clock.hear, clock.at, clock.zone
    for how, said in moved_in(text, hear):
        if corrected and how == "day":
            continue
        if how == "told" and (day := day_within(said, language, hear, at, zone)):
            return day
        if len(words_in(said)) <= LONGEST_DAY and (day := day_in(said, language, hear, at, zone)):
            return (next_weekday(said, language, hear, stood) if how == "day" else None) or _beside(stood, said, day)
    return None


def _move(draft: Draft, plan: Intention, day: date) -> None:
    draft.do(Plan(plan.id, plan.text, due=day))
    draft.do(Remind("follow-up", follow_up(day, draft.person.rhythm, draft.person.zone), plan.id))
    draft.remember(PLANNED)
    draft.say(draft.line("plan.moved", day=draft.day(day)))


def _beside(due: date, said: str, day: date) -> date:
    """ "The 5th", said right after 4 December, is of that month."""
    near = due + timedelta(days=day.day - due.day)
    return near if by_number(said) and near.day == day.day and abs(near - due) <= NEAR and near >= day else day


def told_plan(draft: Draft, text: str) -> bool:
    """Hears "remind me on Friday to call Fatou": that is a plan with its day. False where the thing or the day is missing."""
    told = asked_to_remind(text, draft.words.hear)
    day = named_day(draft, told[0]) if told else None
    if told is None or day is None:
        return False
    take_step(draft, told[1], day)
    return True


def told_day(draft: Draft, text: str) -> bool:
    """Hears a bare day: for what was just written down to be tried, or for a step that is still to be told. False for anything else."""
    tried = draft.aim if draft.was_offered("do:if-then") else None
    offered = draft.last_said.startswith("ideas.question")
    talk = draft.talk if draft.talk and (offered or draft.talk.stage in ("options", "deepen", "own")) else None
    day = _bare_day(draft, text) if tried or talk else None
    if day is None:
        return False
    if tried:
        take_step(draft, tried, day)
    else:
        draft.talk = _holding(draft, talk, day)
        draft.say(draft.line("day.what", day=draft.day(day)), "reply", draft.offered)
    return True


def _bare_day(draft: Draft, text: str) -> date | None:
    if len(words_in(text)) > BARE_DAY or any(char.isdigit() for char in text):
        return None
    day = day_in(text, draft.language, draft.words.hear, draft.at, draft.person.zone)
    return day if day and day >= draft.today else None


def _holding(draft: Draft, talk: Talk | None, day: date) -> Talk:
    talk = talk or Talk("", "own", draft.at, draft.at, "")
    return with_used(replace(talk, stage="own", at=draft.at), f"{DAY_NAMED}{day.isoformat()}")


def held_day(talk: Talk | None) -> date | None:
    """The day that was named before the step itself was told."""
    named = [mark.removeprefix(DAY_NAMED) for mark in talk.used if mark.startswith(DAY_NAMED)] if talk else []
    return date.fromisoformat(named[-1]) if named else None

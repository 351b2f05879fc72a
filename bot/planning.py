"""Hears a plan in what somebody says: a step of their own, something to be reminded of, a day for it, another day. Pure.

guiding.py asks for what is still missing; keeping.py keeps it, with the row that makes sure it is asked about.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from bot import guiding
from bot.asking import here
from bot.draft import Draft
from bot.guiding import PLANNED
from bot.hearing import asked_to_remind, moved_in
from bot.keeping import LONGEST_DAY, named_day, plan_for
from bot.model import Place, Plan, Remind, Talk
from bot.reply import with_used
from bot.rhythm import day_in, follow_up
from bot.spelling import words_in
from prompts.library import END

JUST_PLANNED = 6  # marks of what was said since a plan was kept, two replies or so
BARE_DAY = 3  # words in which a day alone is said
DAY_NAMED = "day:"  # the mark of a day that was named before the step itself


def take_step(draft: Draft, plan: str, on: date | None = None) -> None:
    """Somebody has told their next step: it is the plan, and only its day is still to be asked, unless they named that too."""
    place = Place("if-then", "due", draft.at, draft.at, draft.new_id("if-then"), (("plan", plan),))
    draft.place, draft.held = place, None
    if day := on or named_day(draft, plan) or _day_named(draft.talk):
        step, _ = here(draft)
        plan_for(draft, step, day)
        draft.place = replace(draft.here, step=END)
        guiding.ask(draft)
    else:
        guiding.ask(draft, draft.line("step.told"))


def moves_plan(draft: Draft, text: str) -> bool:
    """Another day is named right after a plan was kept: the plan moves to it. False where nothing was just planned, or no day is meant."""
    said = moved_in(text, draft.words.hear)
    plans = draft.context.intentions
    if said is None or not plans or not draft.lately(PLANNED, JUST_PLANNED):
        return False
    day = day_in(said, draft.language, draft.words.hear, draft.at, draft.person.zone) if len(words_in(said)) <= LONGEST_DAY else None
    if day is None:
        return False
    plan = max(plans, key=lambda plan: plan.made)
    draft.do(Plan(plan.id, plan.text, due=day))
    draft.do(Remind("follow-up", follow_up(day, draft.person.rhythm, draft.person.zone), plan.id))
    draft.remember(PLANNED)
    draft.say(draft.line("plan.moved", day=draft.day(day)))
    return True


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
    talk = draft.talk if draft.talk and draft.talk.stage in ("options", "deepen", "own") else None
    if not (tried or talk) or len(words_in(text)) > BARE_DAY or any(char.isdigit() for char in text):
        return False
    day = day_in(text, draft.language, draft.words.hear, draft.at, draft.person.zone)
    if day is None or day < draft.today:
        return False
    if tried:
        take_step(draft, tried, day)
    elif talk:
        draft.talk = with_used(replace(talk, stage="own", at=draft.at), f"{DAY_NAMED}{day.isoformat()}")
        draft.say(draft.line("day.what", day=draft.day(day)), "reply", draft.offered)
    return True


def _day_named(talk: Talk | None) -> date | None:
    """The day that was named before the step itself was told."""
    named = [mark.removeprefix(DAY_NAMED) for mark in talk.used if mark.startswith(DAY_NAMED)] if talk else []
    return date.fromisoformat(named[-1]) if named else None

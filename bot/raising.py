"""What is said first when something is raised that must not be coached on, or hinted at; from then on that has the floor.

floor.py answers whatever is written after it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot import staying
from bot.alarms import hinted, says, strained, threatened_by, told_of_another
from bot.draft import Draft
from bot.hearing import asks_coach, echo_of, feels, kinds_named, who_in
from bot.model import Alarm, Remind, Talk
from bot.rhythm import next_reminder
from bot.spelling import words_in

PAUSE = timedelta(days=7)  # reminders rest this long after a sign of danger
# A hint, and what has the floor once it was asked about.
HINTS: dict[str, Alarm] = {"spent": "spent", "doubt": "doubt", "gloss": "gloss", "feared": "strain", "belittled": "strain"}


def met(draft: Draft, text: str, alarm: str, language: str) -> None:
    """Answers danger, a threat, wrongdoing or harassment, whoever heard it, and gives it the floor."""
    safety = dict(draft.library.safeties(draft.language))[language]
    draft.before, draft.talk = draft.talk or draft.before, None
    if draft.place:
        draft.held, draft.place = draft.place, None
    draft.person, draft.aim = replace(draft.person, welcomed=True), ""
    draft.alarmed_at = draft.at
    match alarm:
        case "danger":
            endangered(draft)
        case "threat":
            draft.alarm = "threat"
            _rest(draft)
            _threatened(draft, text, threatened_by(text, safety))
        case "harassment":
            draft.alarm = "told" if told_of_another(text, safety) else "harassment"
            draft.say(draft.line(f"safety.{draft.alarm}"), "safety")
        case _:
            draft.alarm = "ethics"
            keys = {"own": "safety.ethics.own", "retaliation": "safety.retaliated"}
            draft.say(draft.line(next((key for told, key in keys.items() if says(text, told, safety)), "safety.ethics")), "safety")


def endangered(draft: Draft) -> None:
    """The whole answer once; when it was given already in this talk, that the coach stays."""
    draft.alarm, draft.alarmed_at = "asked-danger", draft.at
    _rest(draft)
    key = next((key for key in ("safety.danger", "safety.danger.again") if draft.unheard(key)), None)
    draft.say(draft.once(key) if key else draft.line("safety.danger.stay"), "safety")


def _threatened(draft: Draft, text: str, kind: str) -> None:
    if not draft.unheard("safety.threat") or not draft.unheard("safety.threat.pressure"):
        if more := one_more(draft, text):
            draft.say(more, "safety")
        else:
            staying.stay(draft, text)
    elif kind == "pressure":
        draft.say(draft.once("safety.threat.pressure"), "safety")
    else:
        draft.say(draft.once("safety.threat", seen=draft.line(f"safety.threat.seen.{kind}")), "safety")


def one_more(draft: Draft, text: str) -> str | None:
    """What is said to a further threat, by what it is; None where all of that was said."""
    kind = threatened_by(text, draft.words.safety)
    keys = [key for key in (f"safety.threat.more.{kind}", "safety.threat.more") if draft.unheard(key)]
    return draft.once(keys[0]) if keys else None


def _rest(draft: Draft) -> None:
    if draft.person.zone:
        draft.do(Remind("reminder", next_reminder(draft.person.rhythm, draft.person.zone, draft.at + PAUSE)))


def quiet(draft: Draft, text: str) -> None:
    """What else was in it can be come back to, by them."""
    draft.before = draft.talk or draft.before
    draft.talk = Talk("", "explore", draft.at, draft.at, text, ("quiet",))
    draft.person = replace(draft.person, welcomed=True)


def clear(draft: Draft, text: str, key: str) -> None:
    """Says that nobody takes them for a wrongdoer, and gives the talk back to them."""
    quiet(draft, text)
    draft.alarm = None
    draft.say(draft.once(key), "safety")


def misread(draft: Draft, text: str) -> None:
    """A false alarm is left at once, in one plain sentence; the talk that it broke into goes on. Where it was about life, the help stays
    named: what is taken back may have been half meant."""
    of_life = draft.alarm in ("asked-danger", "asked-safe")
    draft.alarm, draft.alarmed_at = None, None
    draft.talk = draft.before or draft.talk
    if of_life:
        draft.say(draft.line("safety.misread.danger"), "safety")
    elif who := who_in(text, draft.words.hear):
        draft.say(draft.line("safety.misread.who", who=who))
    else:
        draft.say(draft.line("safety.misread"))


def hinted_at(draft: Draft, text: str) -> bool:
    """Asks gently about a hint at something graver; in a guide it is part of the answer."""
    hint = None if draft.place else hinted(text, draft.words.safety)
    if hint == "doubt" and _others_wonder(draft, text):
        return False
    key = "safety.hint" if hint == "doubt" else f"safety.hint.{hint}"
    if hint is None or not draft.unheard(key):
        return False
    if hint != "gloss":
        quiet(draft, text)
    draft.alarm, draft.alarmed_at = HINTS[hint], draft.at
    draft.say(draft.once(key), "safety")
    return True


def _others_wonder(draft: Draft, text: str) -> bool:
    """Whether it is others who ask what it is for: "the communes wonder what's the point of it all"."""
    hear = draft.words.hear
    return bool(kinds_named(text, hear) or set(words_in(text)) & set(hear.others)) or says(text, "wondering", draft.words.safety)


def strained_by(draft: Draft, text: str) -> bool:
    """Answers sleepless nights and tears with a pause instead of options; in a guide they are part of the answer (rubric S1)."""
    safeties = draft.library.safeties(draft.language)
    if draft.place or asks_coach(text, draft.words.hear) or not strained(text, safeties):
        return False
    quiet(draft, text)
    draft.alarm, draft.alarmed_at = "strain", draft.at
    said, echo = draft.line("safety.strain"), echo_of(text, draft.words.hear)
    felt = echo is not None and (feels(echo, draft.words.hear) or strained(echo, safeties))
    draft.say(draft.line("flow.echoed", echo=echo, mirror=said) if echo and felt else said, "safety")
    return True

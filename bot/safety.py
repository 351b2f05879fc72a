"""What must never be coached on: danger to life, threats, harassment, wrongdoing, and texts that want the coach to be somebody else's.

Comes before everything else. What was raised keeps the floor: no work, no card, no options, whatever is written, until the person turns
to something else in their own words or a day has passed; after a sign of danger they have to say first that they are safe
(coaching.md sections 2.3 and 8). The words that raise an alarm are data and high in recall; a false alarm costs one kind question.
raising.py says what is said first, floor.py what is done while it has the floor, afterwards.py what is still borne in mind that day.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime

from bot import afterwards, floor, raising, staying, threatened
from bot.alarms import SURE, alarm_in, came_in, harmed_in, home_signs, only_late, says, surely, told_of_another, veiled
from bot.draft import Draft
from bot.hearing import who_in
from bot.model import Conversation, Person, Remind, Turn
from bot.rhythm import next_reminder
from bot.spelling import words_in
from bot.untruths import is_withheld

PASTED = 25  # words from which a text with orders in it is taken for something that was handed on
JUST_SAID = 6  # marks of what was said, two replies or so
# How grave what has the floor is, and what is raised: only something graver takes the floor from it.
GRAVITY = {
    "gloss": 0, "suspected": 0, "doubt": 0, "spent": 0, "strain": 0, "eased": 0, "ethics": 1, "told": 2, "harassment": 2,
    "threat-eased": 2, "threat": 3, "asked-danger": 4, "asked-safe": 4, "danger": 4,
}  # fmt: skip


def alarmed(draft: Draft, text: str) -> bool:
    """Answers what must not be coached on; True when that was done and the turn is over."""
    alarm, language = _alarm(draft, text)
    if language != draft.language and draft.context.tongue is None:
        draft.speak(language)  # they fell back into their own language: so does the answer
        draft.person = replace(draft.person, language=language)
    if alarm == "injection":
        _not_mine(draft, text)
        return True
    if alarm == "danger" and draft.alarm in ("threat", "threat-eased") and threatened.tells_of_violence(draft, text):
        alarm = "threat"  # what was done to others there makes the threat graver, and is no danger from oneself
    if alarm is None and raising.not_worn(draft, text):
        return True
    if alarm is None and draft.alarm in (None, "ethics", "gloss", "suspected") and _people_first(draft, text):
        return True
    if draft.alarm and GRAVITY.get(alarm or "", 0) <= GRAVITY[draft.alarm]:
        return floor.keeps(draft, text, again=alarm is not None) or afterwards.follows(draft, text)
    if alarm in (None, "ethics") and _accused(draft, text):
        return True
    if alarm is None and says(text, "retaliation", draft.words.safety):
        alarm = "ethics"
    if alarm is None:
        return (
            _half_said(draft, text)
            or raising.hinted_at(draft, text)
            or raising.strained_by(draft, text)
            or raising.suspects(draft, text)
            or raising.weighed(draft, text)
            or afterwards.follows(draft, text)
        )
    raising.met(draft, text, alarm, language)
    return True


def _not_mine(draft: Draft, text: str) -> None:
    """Others' words are out of reach, and a text that was handed on is something to read, not to obey."""
    handed_on = len(words_in(text)) > PASTED or re.search(r"[\n\"“«]", text.strip()) is not None
    key = "not-mine.text" if handed_on else "not-mine.inner" if says(text, "inner", draft.words.safety) else "not-mine"
    who = who_in(draft.talk.asked, draft.words.hear) if draft.talk and not handed_on else None
    said = draft.line(key)
    if who and draft.unheard("not-mine.back"):
        said = f"{said[: said.rindex('. ') + 1]} {draft.once('not-mine.back', who=who)}"
    draft.say(said, "reply", draft.offered)


def _people_first(draft: Draft, text: str) -> bool:
    """What makes people ill or injures them today, as often as not told in two messages: they come before any report of it."""
    began, grave, now = draft.talk or draft.before, draft.grave, harmed_in(text, draft.words.safety)
    before = f"{began.asked if began else ''}\n{grave.told if grave else ''}"
    told = now | harmed_in(before, draft.words.safety)
    known = "found" in told or {"doubtful", "source"} <= told or not draft.unheard("safety.harm")
    if draft.place or not known or "ended" in told or not now - {"source"} or not told & {"source", "goes-on"}:
        return False
    key = "safety.harm.now" if "goes-on" in now else "safety.harm"
    if not draft.unheard(key):
        return False
    if draft.talk is None and draft.alarm is None:
        raising.quiet(draft, text)
    draft.say(draft.once(key), "safety")
    return True


def _accused(draft: Draft, text: str) -> bool:
    """Somebody who is taken for the one who did it is no wrongdoer to be told so: the talk stays theirs."""
    safety = draft.words.safety
    told = says(text, "accused", safety) and draft.unheard("safety.accused")
    once_more = draft.lately("safety.accused#0", JUST_SAID) and "cleared" in came_in(text, safety) and draft.unheard("safety.accused.mine")
    if draft.place or not (told or once_more):
        return False
    raising.clear(draft, text, "safety.accused" if told else "safety.accused.mine")
    return True


def _half_said(draft: Draft, text: str) -> bool:
    """Asks once about one sign of harm at home, about kin who were given a contract, and takes an unasked denial at its word."""
    sign = veiled(text, draft.words.safety)
    key = "safety.hint.worn" if sign == "denied" else f"safety.hint.{sign}"
    if sign is None or draft.place or not draft.unheard(key):
        return False
    raising.quiet(draft, text)
    if sign == "kin":
        draft.say(draft.once(key), "safety")
        return True
    draft.alarm, draft.alarmed_at = "told" if sign == "home" and told_of_another(text, draft.words.safety) else "strain", draft.at
    draft.say(draft.once(key), "safety", staying.ways(draft))
    raising.bear_in_mind(draft, text)
    return True


def _alarm(draft: Draft, text: str) -> tuple[str | None, str]:
    """What the text raises, and in whose words.

    One sign of harm at home after another kind of it that was told of that day is a danger as two at once are. Danger and threats count
    in any language. For the rest, a word of another language is another word where the message's own language is clear: "corruption" names
    a crime in one and a topic in the other.
    """
    found = alarm_in(text, draft.library.safeties(draft.language))
    if draft.grave:
        told = home_signs(draft.grave.told, draft.words.safety)
        both = home_signs(f"{draft.grave.told} {text}", draft.words.safety)
        if told and both > told and len(both) >= SURE:
            found = "danger", draft.language
    if found is None and draft.talk and is_withheld(f"{draft.talk.asked}. {text}", draft.words.safety):  # often told in two messages
        found = "ethics", draft.language
    graver = found is not None and found[0] in ("danger", "threat")
    if found and not graver and draft.context.tongue in draft.library.words and found[1] != draft.context.tongue:
        found = alarm_in(text, draft.library.safeties(draft.language)[:1])
    return (None, draft.language) if found is None or _heard_amiss(draft, text, found[0]) else found


def _heard_amiss(draft: Draft, text: str, alarm: str) -> bool:
    """Whether it was said in this talk that such a thing was heard amiss: wrongdoing that is only surmised, or the hour of a message."""
    if draft.heard_at(raising.LET_GO) < 0:
        return False
    safety = draft.words.safety
    return (alarm == "ethics" and not surely(text, alarm, safety)) or (alarm == "harassment" and only_late(text, safety))


def raised(conversation: Conversation, person: Person, at: datetime) -> Turn:
    """A sign of danger that somebody else than our lists heard: the floor is safety's, as after one that they hear."""
    effects = (Remind("reminder", next_reminder(person.rhythm, person.zone, at + raising.PAUSE)),) if person.zone else ()
    held = conversation.place or conversation.held
    return Turn(replace(conversation, alarm="asked-danger", alarmed_at=at, talk=None, choices=(), place=None, held=held), effects)

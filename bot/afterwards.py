"""What is borne in mind for a day after something grave, once the person has turned to something else.

After a danger the first word of work is met with a question about them, and no card comes before ideas are asked for. After wrongdoing,
harassment or a threat, what touches the same person or its consequences is not answered as though nothing had been told.
"""

from __future__ import annotations

from bot import beside
from bot.alarms import came_in, deed_in, facts_in, says
from bot.choosing import choice_in
from bot.company import DAY
from bot.draft import Draft
from bot.floor import PASSING, numbered
from bot.hearing import act_in, asks_plainly, echo_of, heard, kinds_named, of_this_world, pleads, same_matter
from bot.model import Talk
from bot.spelling import words_in

TOLD = 4  # words from which something is told
DANGERS = ("asked-danger", "asked-safe")
CONSEQUENCES = ("late", "more-time")  # of a wrong that was refused, in the order in which they count


def follows(draft: Draft, text: str) -> bool:
    """Answers words in which what was told still is; False for all others, and after a day."""
    grave, hear = draft.grave, draft.words.hear
    if grave is None or draft.place or draft.alarmed_at is None:
        return False
    if draft.at - draft.alarmed_at > DAY:
        draft.grave = None
        return False
    wish = heard(text, hear.wishes, hear)
    if wish in ("thanks", "bye"):
        return grave.alarm == "strain" and _goodbye(draft, grave.told)
    if not draft.offered and numbered(draft, text):
        return True
    if wish or act_in(text, hear) in PASSING or choice_in(text, draft.offered, hear):
        return False
    if grave.alarm in (*DANGERS, "threat"):
        return _first_of_work(draft, text, "danger" if grave.alarm in DANGERS else "threat")
    if grave.alarm == "strain":
        return _work_on_no_rest(draft, text, grave.told)
    if grave.alarm in ("ethics", "harassment", "told"):
        return _of_the_same(draft, text, grave.alarm)
    return False


def _goodbye(draft: Draft, told: str) -> bool:
    """Thanks and a farewell after a talk that began with nights without sleep: a few words of theirs go with it."""
    held = beside.spoken_of(draft, "safety.after.bye")
    draft.grave = None
    echo = echo_of(told, draft.words.hear)
    draft.say(held or (draft.line("safety.after.bye", echo=echo) if echo else draft.line("safety.after.bye.bare")))
    return True


def _first_of_work(draft: Draft, text: str, what: str) -> bool:
    """Work, for the first time since: both are held, and they are asked about. From then on they are listened to until they ask."""
    hear = draft.words.hear
    asks = pleads(text, hear) or asks_plainly(text, hear)
    if not asks and len(words_in(text)) < TOLD and not of_this_world(text, hear) and not kinds_named(text, hear):
        return False
    draft.grave = None
    draft.talk = Talk("", "explore", draft.at, draft.at, text, ("listening", "tender"))
    if what == "danger":  # what they answer is about themselves, and is met as that until they ask about the work
        draft.alarm, draft.alarmed_at = "strain", draft.at
    back = draft.said_back(text)
    key = f"safety.after.{what}.asks" if asks else f"safety.after.{what}"
    draft.say(f"{back}. {draft.line(key)}" if back and not asks else draft.line(key), "safety")
    return True


def _work_on_no_rest(draft: Draft, text: str, told: str) -> bool:
    """After nights without sleep, or tears: the first work that is told of is held against them once; a question is answered."""
    hear = draft.words.hear
    asks = pleads(text, hear) or asks_plainly(text, hear)
    if asks or len(words_in(text)) < TOLD or not (of_this_world(text, hear) or kinds_named(text, hear)):
        return False
    rest_gone = {"sleepless", "tears"} & set(facts_in(told, draft.words.safety))
    if not rest_gone or deed_in(text, draft.words.safety) or not draft.unheard("safety.after.strain"):
        return False
    back, said = draft.said_back(text), draft.once("safety.after.strain")
    draft.talk = Talk("", "explore", draft.at, draft.at, text, ("listening",))
    draft.say(f"{back}. {said}" if back else said, "safety")
    return True


def _of_the_same(draft: Draft, text: str, alarm: str) -> bool:
    """What touches the one it was about, or comes of having said no."""
    hear, safety, told = draft.words.hear, draft.words.safety, draft.grave.told if draft.grave else ""
    kinds = set(came_in(text, safety))
    keys = (f"safety.after.{alarm}.{kind}" for kind in CONSEQUENCES if kind in kinds)
    consequence = next((key for key in keys if key in draft.words.lines), None)
    if consequence and draft.unheard(consequence):
        draft.say(draft.once(consequence), "safety")
        return True
    same = kinds_named(told, hear) & kinds_named(text, hear) or same_matter(told, text, hear)
    pointed = says(text, "pointed", safety) and not kinds_named(text, hear) - kinds_named(told, hear)
    if not (same or pointed) or not draft.unheard(f"safety.after.{alarm}"):
        return False
    draft.say(draft.once(f"safety.after.{alarm}"), "safety")
    return True

"""In a talk about something untrue: whom somebody wants to tell it, and what stands in the same message beside their question.

A step of their own, a no they have said and a "no, I meant the director" are held in a few words before the answer, never instead of it.
"""

from __future__ import annotations

import re

from bot.alarms import came_in, deed_in, facts_in, says
from bot.draft import Draft
from bot.phrases import CLAUSES, SENTENCES
from bot.spelling import READ, words_in
from bot.untruths import NUMBER, untruth_in

TELLS = ("tell-whom", "what-words")
SAID = 12  # marks of what was said, three replies or so
CORRECTS = "not-that"
TOLD = (
    "safety.came.what-words",
    *(f"safety.ethics.tell-whom.{to}{of}" for to in ("above", "owed", "about") for of in ("", ".withheld")),
)


def known(draft: Draft, told: str) -> str:
    """What is known of the untruth: that they did it themselves, that others build on what is kept back, that pay is at stake."""
    kind, own = untruth_in(told, draft.words.safety) or ("", False)
    if kind == "withheld":
        return kind
    if own or says(told, "own", draft.words.safety) or any(draft.heard_at(f"safety.ethics.did-it#{at}") >= 0 for at in range(2)):
        return "did"
    return kind if kind == "fee" else ""


def addressee(draft: Draft, text: str, told: str) -> str:
    """To whom it is to be said: "above" to whoever presses, "owed" to whom the truth is owed, "about" somebody else; empty where nothing
    shows it."""
    safety, corrects = draft.words.safety, CORRECTS in came_in(text, draft.words.safety)
    if corrects and not any(draft.said_lately(key, SAID) for key in TOLD):
        return ""
    asked = next((part for part in reversed(SENTENCES.findall(text[:READ])) if set(came_in(part, safety)) & {*TELLS, CORRECTS}), text)
    if not corrects and says(asked, "facts.about", safety):
        return "about"
    if says(asked, "facts.superior", safety):
        return "above"
    named = {word for word in words_in(asked) if says(word, "facts.owed", safety)}
    if named:
        pressing = (part for part in SENTENCES.findall(told) if says(part, "untrue.asked", safety))
        pressed = any(named & set(words_in(part)) and not says(part, "facts.superior", safety) for part in pressing)
        return "above" if pressed and untruth_in(told, safety) != ("withheld", False) else "owed"
    if {"above", "asked"} & set(facts_in(told, safety)):
        return "above"
    untruth = untruth_in(told, safety)
    return "" if untruth is None else "owed" if untruth[1] else "above"


def stays_true(draft: Draft, text: str) -> bool:
    """Whether somebody says that they will stay with what is so: in so many words, or by a number that was told and is not the largest of
    them, which is the one that was wanted."""
    safety = draft.words.safety
    if says(text, "true_way", safety) or proposes_fairly(draft, text):
        return True
    told = _told_numbers(draft)
    named = {_number(found) for clause in CLAUSES.findall(text[:READ]) for found in _held_to(draft, clause)}
    return len(told) > 1 and bool(named & told) and max(told) not in named


def proposes_fairly(draft: Draft, text: str) -> bool:
    """Whether somebody proposes an honest way out of what was asked, and nothing beside it that would do it all the same. A number that was
    told may be the untrue one, so with one of them only a number that is held to speaks for them."""
    safety = draft.words.safety
    if not says(text, "fair_way", safety) or says(text, "unfair_way", safety):
        return False
    return not _told_numbers(draft) & {_number(found) for found in NUMBER.findall(text)}


def asks_if_right(draft: Draft, text: str) -> bool:
    """Whether a message ends on the question whether what it proposes is right."""
    return says(text, "if_right", draft.words.safety)


def _told_numbers(draft: Draft) -> set[int]:
    return {_number(found) for found in NUMBER.findall(draft.grave.told if draft.grave else "")}


def _held_to(draft: Draft, clause: str) -> list[str]:
    """The numbers in a clause that says what will be put down, and asks nothing: "I stay at 412"."""
    asks = clause.strip().endswith("?") or set(words_in(clause)[:1]) & set(draft.words.hear.questions)
    return NUMBER.findall(clause) if says(clause, "untrue.holds", draft.words.safety) and not asks else []


def _number(written: str) -> int:
    return int(re.sub(r"\D", "", written))


def lead(draft: Draft, text: str, kinds: list[str]) -> str:
    """What is held of a message before its question is answered; empty where there is nothing but the question, or no question."""
    safety, asks = draft.words.safety, "?" in text or bool({*TELLS, "all-of-it"} & set(kinds))
    if CORRECTS in kinds:
        return draft.line("safety.ethics.misheard")
    if not asks:
        return ""
    if "true-way" in kinds:
        return draft.line("safety.ethics.true.lead")
    step = deed_in(text, safety)
    if step and not set(came_in(step, safety)) & set(TELLS):
        draft.aim = step
        return draft.line("safety.ethics.kept", plan=step)
    clauses = (clause for clause in CLAUSES.findall(text[:READ]) if not clause.strip().endswith("?"))
    return draft.line("safety.ethics.decided") if any("wont" in came_in(clause, safety) for clause in clauses) else ""

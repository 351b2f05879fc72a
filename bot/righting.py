"""Puts right what was told before: the word that was wrong gives way to the right one in what is remembered, and the talk goes on where it
was (rubric S10). Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from bot.draft import Draft
from bot.exploring import question_on
from bot.happening import back_in
from bot.hearing import any_of, correction_in, handed_back
from bot.reply import BARRED, with_used
from bot.spelling import expression, flat, one_line, words_in
from prompts.library import Hear

BRIEF = 6  # words up to which what is right is said back (rubric C1: no more of theirs in a row)


@dataclass(frozen=True, slots=True)
class Righted:
    """ "It's not the hospital, it's social care": what was wrong, what is right, and what else was said with it."""

    old: str
    new: str
    rest: str = ""

    def within(self, text: str) -> str:
        """A text in which what was wrong is put right; what does not stand in it is told at its end."""
        noun = words_in(self.old)[-1:]
        found = re.search(rf"(?:\b(?:\w{{1,3}}['’ ]\s?))?\b{re.escape(noun[0])}\w?\b", flat(text)) if noun else None
        added = f"\n{self.rest}" if self.rest else ""
        if found is None:
            return f"{text}\n{self.new}{added}" if text else f"{self.new}{added}"
        return f"{text[: found.start()]}{self.new}{text[found.end() :]}{added}"

    def stands_in(self, text: str) -> bool:
        return bool(set(words_in(self.old)[-1:]) & set(words_in(text)))


def righted_in(text: str, hear: Hear) -> Righted | None:
    """What a message puts right, with what it stands in for; None where it names no such two."""
    said = _after_number(one_line(text), hear)
    for pattern in hear.rights:
        if found := expression(pattern).match(flat(said)):
            old, new, rest = (said[slice(*found.span(name))].strip(" ,.;:!") if found[name] else "" for name in ("old", "new", "rest"))
            return Righted(old, new, rest)
    return None


def _after_number(said: str, hear: Hear) -> str:
    """What is put right right behind a choice: "2 I guess, though honestly it's the cancelling, not the drifting"."""
    beside = any_of([*hear.turns, *hear.guesses, *hear.picks])
    found = re.match(rf"\(?\d\)?[.,:;]*\s+(?:(?:{beside})\b[\s.,;:–-]*)*", flat(said))
    return said[found.end() :] if found else said


def told_right(text: str, hear: Hear) -> Righted | None:
    """As `righted_in`, and also where it is only said that something was wrong, and what is right."""
    right = correction_in(text, hear)
    found = righted_in(text, hear) or (righted_in(right, hear) if right else None)
    return found or (Righted("", right) if right else None)


def put_right(draft: Draft, righted: Righted) -> None:
    """Said back in one short line; then the question that was open, unless it asked about what was wrong."""
    talk, asked = draft.talk, draft.context.conversation.asked
    if talk is None:
        return
    left = draft.context.conversation.place is not None  # the question was that of a guide, which has been left
    fresh = left or draft.last_said == "offer.ways" or righted.stands_in(asked) or talk.stage in ("options", "deepen") or not asked
    draft.talk = replace(talk, asked=righted.within(talk.asked), card="" if fresh else talk.card, stage="explore", at=draft.at)
    card = draft.context.in_hand
    if card and righted.old and righted.stands_in(card.title):
        draft.talk = with_used(replace(draft.talk, card=""), f"{BARRED}{card.card}")
    said = confirmed(draft, righted.new) or _shown(draft, righted.new)
    question = question_on(draft, draft.talk, righted.new) if fresh else asked
    draft.say(f"{said} {question}", "reply", () if fresh else draft.offered)


def _shown(draft: Draft, new: str) -> str:
    """How it stands now, where that is more than a few words: what happened by it, or a sentence of theirs."""
    back = back_in(draft, new)
    return draft.line("righted.long", back=back) if back else draft.line("righted.bare")


def confirmed(draft: Draft, new: str) -> str:
    """The right word said back, in one short line; empty where it is more than a few words."""
    back = handed_back(new, draft.words.hear) if len(words_in(new)) <= BRIEF else None
    return draft.line("righted", new=back[:1].upper() + back[1:]) if back else ""

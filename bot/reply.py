"""A coaching reply: its parts, its question, which comes last, and what a model may know to word it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.draft import Draft
from bot.happening import told_in
from bot.model import Brief, Choice, Cited, Move, Passage, Said, Talk

ONE_PARAGRAPH = 240  # a mirror and its question up to this length read better without a gap
NEAR = 0.5  # a passage's score from which its card may be named, and answers where ideas are asked for (docs/retrieval.md)
# A passage's score from which it answers the message: on messages that had no part in the making, 19 in 20 such cards bear on what was
# told, and of those between the two 5 in 6 (docs/retrieval.md). So the others are asked about first, and shown when asked for.
CLEAR = 0.7
SURE = 0.9  # a passage's score from which its own mirror fits (53 of 53 such cards were to the point, docs/retrieval.md)
BARRED = "barred:"  # what a talk remembers of a card that was not to the point
CARDS, ENTRIES = 2, 3  # that a model is given to word a reply


def speak(
    draft: Draft,
    parts: Sequence[str],
    question: str,
    choices: Sequence[Choice] = (),
    sources: Sequence[Cited] = (),
    brief: Brief | None = None,
) -> None:
    """Says the parts and ends on the question; in the middle of a guide that is the guide's own question instead."""
    if draft.ending:
        question, choices = draft.ending
    told = [part for part in parts if part]
    together = len(told) == 1 and not draft.ending and len(told[0]) + len(question) < ONE_PARAGRAPH
    draft.say((" " if together else "\n\n").join([*told, question]), "reply", choices, sources, brief)


def brief(draft: Draft, move: Move, passage: Passage | None, said: str, mirror: str, question: str) -> Brief:
    """What a model may know to word this move: the card in hand first, the other cards found, a few entries that are not kept out."""
    found = [other for other in draft.context.passages if passage is None or other.card != passage.card]
    entries = [entry for entry in draft.context.entries if entry.id not in draft.kept_out]
    cards = (*([passage] if passage else []), *found)[:CARDS]
    return Brief(
        move,
        draft.language,
        draft.person,
        said,
        mirror,
        question,
        passages=tuple(cards),
        entries=tuple(entries[:ENTRIES]),
    )


def with_used(talk: Talk, *parts: str) -> Talk:
    return replace(talk, used=tuple(dict.fromkeys([*talk.used, *parts])))


def without(talk: Talk, part: str) -> Talk:
    return replace(talk, used=tuple(used for used in talk.used if used != part))


def times(talk: Talk, mark: str) -> int:
    """How many of the marks of a talk begin so."""
    return sum(used.startswith(mark) for used in talk.used)


def options_shown(talk: Talk) -> bool:
    """Whether a talk has shown options of any card."""
    return any("/o" in used for used in talk.used)


def open_to(draft: Draft, talk: Talk | None) -> tuple[Passage, ...]:
    """The passages that were found, but for those which this talk has already turned down, or which do not speak to what happened."""
    barred = {part.removeprefix(BARRED) for part in talk.used if part.startswith(BARRED)} if talk else set()
    only = _only_cards(draft, talk)
    return tuple(passage for passage in draft.context.passages if passage.card not in barred and (not only or passage.card in only))


def _only_cards(draft: Draft, talk: Talk | None) -> frozenset[str]:
    """The cards that speak to what happened last, as far as that is told; empty where any may."""
    said = draft.event.text if isinstance(draft.event, Said) else ""
    lines = (said, *reversed(talk.asked.splitlines() if talk else []))
    told = next((told for line in lines if line and (told := told_in(draft, line))), None)
    return told.cards if told else frozenset()


def near_to(draft: Draft, talk: Talk | None, most: int | None = None) -> list[Passage]:
    """Of the first so many of these, those that are near enough to be named."""
    return [passage for passage in open_to(draft, talk)[:most] if passage.score >= NEAR]


def titled(draft: Draft, talk: Talk, most: int) -> list[Choice]:
    """The same, to be picked by their titles."""
    return [Choice(f"card:{passage.card}", passage.title) for passage in near_to(draft, talk, most)]

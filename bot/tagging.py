"""Themes of an entry that was closed, as a language model suggests them beside those that the search found. Pure.

    guide over, or a note taken → due some minutes later → the cards found for the entry are offered → what the model names is looked at
    → what holds is added to the marks

A theme is kept only with an id that was offered and with words that stand in the entry; everything else is let go without a word. The
entry itself stays as it is, and so do the marks it has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict

from bot.alarms import alarm_in
from bot.draft import Draft
from bot.model import Conversation, Entry, Fell, Keep, Mark, Passage, Remind, Theme
from bot.pseudonyms import Names
from bot.quoting import QUOTE, cut
from bot.spelling import words_in
from bot.week import OWN
from bot.wording import fenced
from prompts.book import Book
from prompts.library import Library

USE = "tags"  # in BROKERCOACH_MODEL_FOR
GRACE = timedelta(minutes=10)  # after an entry is closed; time enough to say that it stays out
AMONG = 12  # cards whose topics are offered
SAID = 3000  # characters of an entry, its first ones
MOST = 3  # themes of one entry that are taken from a model
PRINCIPLE = "principle-"  # how the topics of principles begin

# --- when


def set_due(draft: Draft) -> None:
    """Has the entries that this turn closed looked at in a while, where a model may do so for this person."""
    if USE not in draft.context.helps or not draft.shares or draft.alarm:
        return
    for entry in _closed(draft):
        draft.do(Remind("tags", draft.at + GRACE, entry))


def _closed(draft: Draft) -> Iterator[str]:
    """Entries that were written in, in this turn or before, and are open no more."""
    conversation = draft.context.conversation
    written = {kept.entry: kept.guide for kept in draft.done(Keep)}
    for place in (conversation.place, conversation.held):
        if place and place.entry and any(kept.entry == place.entry for kept in conversation.kept):
            written[place.entry] = place.guide
    still_open = {place.entry for place in (draft.place, draft.held) if place}
    return (entry for entry, guide in written.items() if guide not in OWN and entry not in still_open and entry not in draft.kept_out)


def may_be_read(library: Library, conversation: Conversation, entry: Entry, language: str) -> bool:
    """Whether a model may read an entry: not one that was kept out or taken back, nor one that speaks of danger, wrongdoing or harassment,
    in any language."""
    if entry.retracted or entry.id in conversation.kept_out:
        return False
    return not any(alarm_in(text, library.safeties(language)) for _, text in entry.answers)


def answers_of(entry: Entry) -> str:
    return "\n".join(text for _, text in entry.answers)


def fell(draft: Draft, event: Fell) -> None:
    """The model has answered, or not: nothing is said."""
    if draft.context.suggested:
        draft.do(Mark(event.ref, draft.context.suggested))
    draft.leave_choices()


# --- what is asked, and what is kept of the answer


class Tag(BaseModel):
    """`stance` is for topics that are principles, "none" for all others."""

    model_config = ConfigDict(extra="forbid")

    topic: str
    quote: str
    stance: Literal["none", "for", "against"]


class Tags(BaseModel):
    model_config = ConfigDict(extra="forbid")

    tags: list[Tag]
    safety: Literal["none", "danger", "ethics", "harassment"]


def request(book: Book, entry: Entry, passages: Sequence[Passage], names: Names, fence: str) -> tuple[str, str]:
    """The instructions and the fenced data. Raises ValueError when a name is left in what would leave."""
    offered = [{"topic": topic, "title": card.title, "gist": card.gist} for topic, card in _offered(passages).items()]
    return fenced(book.tags, {"entry": names.hide_well(answers_of(entry)[:SAID]), "offered": offered}, fence)


def _offered(passages: Sequence[Passage]) -> dict[str, Passage]:
    """Every topic by the best card that has it."""
    found: dict[str, Passage] = {}
    for passage in passages[:AMONG]:
        for topic in passage.topics:
            found.setdefault(topic, passage)
    return found


def themes_of(answer: Tags, entry: Entry, passages: Sequence[Passage], names: Names) -> tuple[Theme, ...]:
    """What holds of an answer: topics that were offered and are not marked yet, each with words of the entry; of the principles one."""
    if answer.safety != "none":
        return ()
    offered, had = _offered(passages), {theme.topic for theme in entry.themes}
    found: list[Theme] = []
    for tag in answer.tags:
        is_principle = tag.topic.startswith(PRINCIPLE)
        quote = _quoted(names.restore(tag.quote), entry)
        if tag.topic not in offered or tag.topic in had or not quote or is_principle != (tag.stance != "none"):
            continue
        if is_principle and any(theme.stance for theme in (*entry.themes, *found)):
            continue
        had.add(tag.topic)
        found.append(Theme(tag.topic, offered[tag.topic].card, quote, None if tag.stance == "none" else tag.stance))
    return tuple(found[:MOST])


def _quoted(quote: str, entry: Entry) -> str:
    """The words as they stand in an answer, as many as may be quoted; empty where they stand in none."""
    told = cut(quote).removesuffix(" …")
    stands = any(re.search(rf"(?<!\w){re.escape(told)}(?!\w)", text) for _, text in entry.answers)
    return told if stands and len(words_in(told)) >= QUOTE[0] else ""

"""What a language model is asked when it chooses among the cards that were found, and what becomes of its choice. Pure.

It may change their order and nothing else: how sure the search is stays as it was, and so does everything that follows from that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pydantic import BaseModel, ConfigDict

from bot.model import Passage
from bot.pseudonyms import Names
from bot.wording import fenced
from prompts.book import Book

AMONG = 20  # cards that it chooses from
CHOSEN = 5  # of them that go on
SAID = 1500  # characters of what the person wrote, the latest of them


class Picked(BaseModel):
    """The ids of the cards that fit, best first."""

    model_config = ConfigDict(extra="forbid")

    cards: list[str]


def request(book: Book, said: str, passages: Sequence[Passage], names: Names, fence: str) -> tuple[str, str]:
    """The instructions and the fenced data. Raises ValueError when a name is left in what would leave."""
    candidates = [{"id": passage.card, "title": passage.title, "gist": passage.gist} for passage in passages[:AMONG]]
    return fenced(book.pick, {"they_wrote": names.hide_well(said[-SAID:]), "candidates": candidates}, fence)


def ordered(passages: Sequence[Passage], picked: Picked) -> tuple[Passage, ...]:
    """The few that go on: those picked first, the others as they came; the scores stay where they were."""
    by_id = {passage.card: passage for passage in passages}
    first = [by_id[card] for card in dict.fromkeys(picked.cards) if card in by_id]
    others = [passage for passage in passages if passage not in first]
    scores = sorted((passage.score for passage in passages), reverse=True)
    return tuple(replace(passage, score=score) for passage, score in zip([*first, *others], scores, strict=True))[:CHOSEN]

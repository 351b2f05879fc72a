"""Finds what the cards say about a message, and refuses when they say nothing about it.

One function of the text: nothing is remembered between two searches, and no message is written anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bot.model import Option, Passage, Source
from knowledge import embedder as embedding
from knowledge.card import CARDS
from knowledge.index import Index, open_index
from knowledge.meaning import Meaning, Near

LEXICAL = 0.3
GATE = 0.30


@dataclass(frozen=True, slots=True)
class Ranking:
    """What was found for a message, best first; nothing where it is none of our business."""

    topics: tuple[str, ...] = ()
    cards: tuple[tuple[str, float], ...] = ()


class Finder:
    CLEAR = 0.5  # a score from here on is a clear hit; a best score below it means that the message is vague

    def __init__(self, index: Index, embedder: embedding.Embedder | None, missing: tuple[str, ...] = ()) -> None:
        self.missing = missing
        self._index = index
        self._meaning = Meaning(embedder, index.texts, index.vectors) if embedder and index.vectors is not None else None

    @classmethod
    def open(
        cls, home: Path, chroma_url: str | None = None, progress: Callable[[int, int], None] | None = None, folder: Path = CARDS
    ) -> Finder:
        """Ready to search; the index is built first where that is needed, and `progress` told (done, all).

        Raises IndexDown with a remedy, and BadCards.
        """
        missing = embedding.missing()
        embedder = None if missing else embedding.Embedder.open(home / "index")
        return cls(open_index(home, folder, embedder, chroma_url, progress), embedder, missing)

    def find(
        self, text: str, language: str = "en", phases: Sequence[str] = (), broker: str | None = None, k: int = 5
    ) -> tuple[Passage, ...]:
        """Passages for a message, best first; none where the cards are silent."""
        ranked = self.rank(text, k=len(self._index.cards))
        found = [replace(passage, score=score) for card, score in ranked.cards[:k] if (passage := self.passage(card, language))]
        return tuple(found)

    def rank(self, text: str, k: int = 10) -> Ranking:
        lexical = self._index.words.find(text)
        near = self._meaning.find(text) if self._meaning else None
        scores = _fused(lexical, near, self._index.cards)
        if not scores or (near and max(near.cards.values()) < max(GATE, near.offtopic)):
            return Ranking()
        cards = sorted(scores, key=lambda card: (-scores[card], card))
        topics: dict[str, float] = {}
        for card in cards:
            for n, topic in enumerate(self._index.cards[card]["topics"]):
                fit = near.topics.get(topic, 0.0) if near else -n / 10
                topics[topic] = max(topics.get(topic, -9.0), scores[card] + 0.1 * fit)
        best = sorted(topics, key=lambda topic: (-topics[topic], topic))
        return Ranking(tuple(best[:k]), tuple((card, max(0.0, min(1.0, scores[card]))) for card in cards[:k]))

    def passage(self, card: str, language: str = "en") -> Passage | None:
        """A card in a language, or in English where it does not speak it; None where there is no such card."""
        found = self._index.cards.get(card)
        return _passage(found, language) if found else None


def _fused(lexical: Mapping[str, float], near: Near | None, cards: Mapping[str, Any]) -> dict[str, float]:
    most = max(lexical.values(), default=1.0) or 1.0
    if near is None:
        return {card: score / most for card, score in lexical.items()}
    return {card: near.cards[card] + LEXICAL * lexical.get(card, 0.0) / most for card in cards}


def _passage(card: Mapping[str, Any], language: str) -> Passage:
    words = card["words"].get(language) or card["words"]["en"]
    mirrors = words["mirrors"]
    return Passage(
        card=card["id"],
        score=1.0,
        title=words["title"],
        gist=words["gist"],
        topics=tuple(card["topics"]),
        phases=tuple(card["phases"]),
        broker=card["broker"],
        who=words["who"],
        when=words["when"],
        mirrors=(mirrors["feeling"], mirrors["tension"], mirrors["pattern"]),
        questions=tuple(words["questions"]),
        options=tuple(Option(**option) for option in words["options"]),
        challenge=words["challenge"],
        if_then=words["if_then"],
        strength=card["strength"],
        handoff=card["handoff"],
        sources=tuple(Source(**source) for source in card["sources"]),
        thin=words["thin"],
    )

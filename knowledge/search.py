"""Finds what the cards say about a message, and refuses when they say nothing about it.

Two legs, by words and by meaning, look at every card. Their scores are put on one scale (standard deviations over the cards, so neither
leg has a weight that had to be tuned) and added. A gate in front asks whether the message is ours at all.
One function of the text: no message is remembered or written anywhere. Only the vectors of the last few messages are held in memory,
under a keyed hash of the text, until the quotations for the same message are asked for.
"""

from __future__ import annotations

import hashlib
import math
import re
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from bot.model import Option, Passage, Quote, Source
from knowledge import embedder as embedding
from knowledge.card import CARDS
from knowledge.documents import root_of
from knowledge.index import Index, give_back, index_in_memory, open_index
from knowledge.meaning import Meaning, Near, times
from knowledge.own import OwnEntries
from knowledge.quotes import Quotes
from knowledge.words import Shared

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Scores = NDArray[np.float64]

Leg = Literal["lexical", "dense", "fused", "shipped"]

# What the words of a message in French or Spanish weigh, and those of its gloss (gloss.py); together they weigh as much as its meaning.
OWN, GLOSSED = 0.3, 0.7
NEIGHBOURLY = 0.3  # what the cards most like it add to a card's score, on the mean: sensible second and third places
LABEL = 3.0  # what a topic's label adds to its card, times the cosine: decides between the topics of a card (flat from 2 to 6)
TOLD = 4.0  # what the closest of a topic's own asks adds, times the cosine: the same (2 to 6 do as well, docs/retrieval.md)
SAID = 0.6  # what the words of a topic's own asks add, in standard deviations over the topics: the same (.4 to 1 do as well)
PLACE = 0.1  # what each further place in a card's own list of topics takes off
FACET = 0.2  # what a fitting phase, or kind of broker, adds: a tie-breaker

# Chance that a card bears on the message, from how well its best topic fits: a logistic fit to the ten best cards of 510 messages, the
# development ones and two sets of our own (docs/retrieval.md).
SLOPE, OFFSET = 0.478, -5.0
SLOPE_BY_WORDS, OFFSET_BY_WORDS = 0.693, -4.24

# A message is ours when its evidence adds up to the gate. The weights are a logistic fit, the gate was set on 839 messages in three
# languages: it refuses 96 % of 234 that are none of our business, and 1.2 % of 605 that are (docs/retrieval.md).
BEST, SOUND, LOUD = 0.42, 0.08, 0.036
GATE = 0.4
GATE_BY_WORDS = 0.9

# A message of several parts in which no card is a clear hit is looked at part by part as well, for a story thins out what it asks. Of its
# best cards, how well the best part fits counts for so much, against the whole (docs/retrieval.md).
PART, CANDIDATES = 0.5, 5
PARTS, WORDS = (2, 6), 4  # how many parts, least and most (the longest), and the words that one has at least
_BETWEEN = re.compile(r"(?<=[.!?;\n,])\s+")

VAGUE = 0.25  # what is left of a card's chance when the message says nothing in particular: any card would be a guess

HELD = 8  # vectors of messages whose quotations may still be asked for


@dataclass(frozen=True, slots=True)
class Ranking:
    """What was found for a message, best first; nothing where it is none of our business."""

    topics: tuple[str, ...] = ()
    cards: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of a message: by its words, by its meaning where that can be told, and of each topic how much the words of the
    message are those of its own asks, in standard deviations over the topics."""

    shared: Shared
    near: Near | None
    said: Scores


class Finder:
    CLEAR = 0.5  # a score from here on is a clear hit; a best score below it means that the message is vague

    def __init__(
        self, index: Index, embedder: embedding.Embedder | None = None, missing: tuple[str, ...] = (), quotes: Quotes | None = None
    ) -> None:
        import numpy as np

        self.missing = missing
        self._index = replace(index, vectors=None)
        self._cards, self._topics = index.words.cards, index.words.topics
        self._meaning = None
        if embedder and index.vectors is not None:
            self._meaning = Meaning(embedder, index.texts, index.vectors, self._cards, self._topics)
        place = {topic: n for n, topic in enumerate(self._topics)}
        slots = [(card, place[topic], nth) for card, id_ in enumerate(self._cards) for nth, topic in enumerate(index.cards[id_]["topics"])]
        self._card_of, self._topic_of, places = np.array(slots, dtype=np.int64).reshape(-1, 3).T
        self._first_of = np.searchsorted(self._card_of, np.arange(len(self._cards)))
        self._later = PLACE * places
        self._quotes = quotes
        self._held = _Held()
        self._own = OwnEntries(embedder) if embedder else None

    @property
    def fault(self) -> str | None:
        """Why an operator's own documents cannot be used, with the remedy."""
        return self._quotes.fault if self._quotes else None

    @classmethod
    def open(
        cls, home: Path, chroma_url: str | None = None, progress: Callable[[int, int], None] | None = None, folder: Path = CARDS
    ) -> Finder:
        """Ready to search; the index is built first where that is needed, and `progress` told (done, all).

        Raises IndexDown with a remedy, and BadCards.
        """
        if missing := embedding.missing():
            index = open_index(home, folder, None, chroma_url, progress)
            return cls(index, None, missing, Quotes(root_of(home), stems=index.words.stems))
        with ThreadPoolExecutor(1) as other:  # the model takes a quarter of a second to load, and chromadb half a second to import
            loading = other.submit(embedding.Embedder.open, home / "index")
            index = open_index(home, folder, loading.result, chroma_url, progress)
            model = loading.result()
        finder = cls(index, model, missing, Quotes.open(home, model, chroma_url, progress, index.words.stems))
        give_back()
        return finder

    @classmethod
    def by_words(cls, folder: Path = CARDS, home: Path | None = None) -> Finder:
        """Search by words alone, with nothing written to a disk: what is left when `open` raises IndexDown. Takes a few seconds.

        With a home, the documents that were taken in there are quoted as well.
        """
        index = index_in_memory(folder)
        return cls(index, None, embedding.missing(), Quotes(root_of(home), stems=index.words.stems) if home else None)

    def find(
        self, text: str, language: str = "en", phases: Sequence[str] = (), broker: str | None = None, k: int = 5
    ) -> tuple[Passage, ...]:
        """Passages for a message, best first; none where the cards are silent. `language` is that of the passages."""
        seen = self._look(text, language, hold=self._quotes is not None and self._quotes.refresh())
        if not self._is_ours(seen):
            return ()
        scores = self._fused(seen)
        for place, card in enumerate(self._cards):
            facets = self._index.cards[card]
            scores[place] += FACET * (bool(set(phases) & set(facets["phases"])) + (broker is not None and facets["broker"] == broker))
            scores[place] -= FACET * (broker is not None and facets["broker"] not in (broker, "any"))
        fits = self._by_parts(text, language, self._fits(scores, seen), seen)
        found = []
        for place, fit in self._best_cards(fits, k):
            passage = _passage(self._index.cards[self._cards[place]], language)
            chance = self._chance(fit) * (VAGUE if seen.near and seen.near.vague else 1)
            found.append(replace(passage, topics=tuple(self._topics_of(place, fits)), score=chance))
        return tuple(found)

    def quotes(self, text: str, k: int = 2) -> tuple[Quote, ...]:
        """Sentences from an operator's own documents that bear on a message, best first; none where nothing does."""
        if not self._quotes or not self._quotes.refresh():
            return ()
        vector = None
        if self._meaning and self._quotes.by_meaning:
            vector = self._held.take(text)
            vector = self._meaning.vector(text) if vector is None else vector
        return self._quotes.find(text, vector, k)

    def near(self, text: str, entries: Sequence[tuple[str, str]], whole: bool = False) -> Sequence[tuple[str, float]]:
        """How close somebody's own entries (id and text) are to a text in meaning: ids and cosines; nothing without the model.

        Their vectors are held in memory alone, the latest few thousand, so that a logbook is read once: a few entries at each look-up, or
        the whole of it.
        """
        return self._own.near(text, entries, whole) if self._own else ()

    def read_on(self) -> None:
        """From now on, what a look-up in somebody's logbook leaves unread is read afterwards, beside everything else."""
        if self._own:
            self._own.reads_on = True

    def rank(self, text: str, k: int = 10) -> Ranking:
        """Topics and cards for a message."""
        seen = self._look(text)
        if not self._is_ours(seen):
            return Ranking()
        return self._ranking(self._by_parts(text, "en", self._fits(self._fused(seen), seen), seen), k)

    def legs(self, text: str, k: int = 10) -> dict[Leg, Ranking]:
        """What each leg finds alone, what they find together, and what is shipped: only this one may refuse."""
        import numpy as np

        seen = self._look(text)
        legs: dict[Leg, Ranking] = {"lexical": self._ranking(self._fits(self._by_words(seen.shared), replace(seen, near=None)), k)}
        if seen.near:
            unsaid = replace(seen, said=np.zeros(len(self._topics)))
            legs["dense"] = self._ranking(self._fits(_standard(seen.near.cards), unsaid), k)
        legs["fused"] = self._ranking(self._fits(self._fused(seen), seen), k)
        legs["shipped"] = self.rank(text, k)
        return legs

    def passage(self, card: str, language: str = "en") -> Passage | None:
        """A card in a language, or in English where it does not speak it; None where there is no such card."""
        found = self._index.cards.get(card)
        return _passage(found, language) if found else None

    def _look(self, text: str, language: str = "en", hold: bool = False) -> Evidence:
        shared = self._index.words.find(text, language)
        said = _both(shared.own.topics, shared.carried.topics if shared.carried else None)
        if not self._meaning:
            return Evidence(shared, None, said)
        vector = self._meaning.vector(shared.english)
        if hold and shared.carried is None:  # an operator's documents are not glossed, so a message that was is no use there
            self._held.put(text, vector)
        return Evidence(shared, self._meaning.find(vector, shared.language), said)

    def _is_ours(self, seen: Evidence) -> bool:
        shared, near = seen.shared, seen.near
        if near is None:
            return bool(shared.own.cards.any()) and shared.ours > GATE_BY_WORDS
        if near.vague and shared.stems:
            return True
        return near.ours + BEST * float(near.cards.max()) + SOUND * shared.ours + LOUD * float(seen.said.max(initial=0.0)) > GATE

    def _fused(self, seen: Evidence) -> Scores:
        words = self._by_words(seen.shared)
        if seen.near is None or self._meaning is None:
            return words
        scores = words + _standard(seen.near.cards)
        fused: Scores = scores + NEIGHBOURLY * times(self._meaning.like, scores)
        return fused

    def _by_words(self, shared: Shared) -> Scores:
        return _both(shared.own.cards, shared.carried.cards if shared.carried else None)

    def _ranking(self, fits: Scores, k: int) -> Ranking:
        import numpy as np

        best = np.full(len(self._topics), -math.inf)
        np.maximum.at(best, self._topic_of, fits)
        topics = _order(best, self._topics)[:k]
        cards = ((self._cards[place], round(self._chance(fit), 4)) for place, fit in self._best_cards(fits, k))
        return Ranking(tuple(self._topics[place] for place in topics if best[place] > -math.inf), tuple(cards))

    def _by_parts(self, text: str, language: str, whole: Scores, seen: Evidence) -> Scores:
        """How well each topic of each card fits, with what single parts of a message say for the best cards of a vague whole."""
        import numpy as np

        parts = [part for part in _BETWEEN.split(text) if len(part.split()) >= WORDS]
        best = self._best_cards(whole, CANDIDATES)
        clear = not best or self._chance(best[0][1]) >= self.CLEAR
        if clear or len(parts) < PARTS[0] or seen.near is None or seen.near.vague:
            return whole
        looks = (self._look(part, language) for part in sorted(parts, key=len, reverse=True)[: PARTS[1]])
        fits = [self._fits(self._fused(look), look) for look in looks if self._is_ours(look) and not (look.near and look.near.vague)]
        if not fits:
            return whole
        pooled = (1 - PART) * whole + PART * np.max(fits, axis=0)
        return np.where(np.isin(self._card_of, [card for card, _ in best]), np.maximum(whole, pooled), whole)

    def _fits(self, scores: Scores, seen: Evidence) -> Scores:
        """How well each topic of each card fits the message, card by card."""
        fits = scores[self._card_of] - self._later + SAID * seen.said[self._topic_of]
        if seen.near:
            fits += (LABEL * seen.near.topics + TOLD * seen.near.told)[self._topic_of]
        return fits

    def _best_cards(self, fits: Scores, k: int) -> list[tuple[int, float]]:
        """Places of cards with the fit of their best topic, best first."""
        import numpy as np

        if not len(fits):
            return []
        best = np.maximum.reduceat(fits, self._first_of)
        return [(place, float(best[place])) for place in _order(best, self._cards)[:k]]

    def _topics_of(self, card: int, fits: Scores) -> list[str]:
        own = self._card_of == card
        topics = [self._topics[place] for place in self._topic_of[own]]
        return [topics[place] for place in _order(fits[own], topics)]

    def _chance(self, fit: float) -> float:
        slope, offset = (SLOPE, OFFSET) if self._meaning else (SLOPE_BY_WORDS, OFFSET_BY_WORDS)
        return 1 / (1 + math.exp(-(slope * fit + offset)))


class _Held:
    """Vectors on their way from `find` to `quotes`: to embed a message twice would take longer than all the rest."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(16)
        self._vectors: dict[bytes, NDArray[np.float32]] = {}
        self._turn = threading.Lock()

    def put(self, text: str, vector: NDArray[np.float32]) -> None:
        with self._turn:
            self._vectors[self._name(text)] = vector
            while len(self._vectors) > HELD:
                del self._vectors[next(iter(self._vectors))]

    def take(self, text: str) -> NDArray[np.float32] | None:
        with self._turn:
            return self._vectors.pop(self._name(text), None)

    def _name(self, text: str) -> bytes:
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), key=self._key, digest_size=16).digest()


def _both(own: Scores, carried: Scores | None) -> Scores:
    """What the words of a message find and what those of its gloss find, together."""
    return _standard(own) if carried is None else OWN * _standard(own) + GLOSSED * _standard(carried)


def _standard(scores: Scores) -> Scores:
    """In standard deviations from the mean."""
    return (scores - scores.mean()) / (scores.std() + 1e-9) if len(scores) else scores


def _order(scores: Scores, names: Sequence[str]) -> list[int]:
    """Places, best first; names decide where scores are equal."""
    import numpy as np

    order: list[int] = np.lexsort((np.array(names), -scores)).tolist()
    return order


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

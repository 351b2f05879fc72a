"""Finds what the cards say about a message, and refuses when they say nothing about it.

Two legs, by words and by meaning, look at every card. Their scores are put on one scale (standard deviations over the cards, so neither
leg has a weight that had to be tuned) and added. A gate in front asks whether the message is ours at all.
One function of the text: no message is remembered or written anywhere. Only the vectors of the last few messages are held in memory,
under a keyed hash of the text, until the quotations for the same message are asked for.
"""

from __future__ import annotations

import hashlib
import math
import secrets
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from bot.model import Option, Passage, Quote, Source
from knowledge import embedder as embedding
from knowledge.card import CARDS
from knowledge.documents import root_of
from knowledge.index import Index, give_back, index_in_memory, open_index
from knowledge.meaning import Meaning, Near
from knowledge.own import OwnEntries
from knowledge.quotes import Quotes
from knowledge.words import Shared

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

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
    said: Mapping[str, float]


class Finder:
    CLEAR = 0.5  # a score from here on is a clear hit; a best score below it means that the message is vague

    def __init__(
        self, index: Index, embedder: embedding.Embedder | None = None, missing: tuple[str, ...] = (), quotes: Quotes | None = None
    ) -> None:
        self.missing = missing
        self._index = index
        self._meaning = Meaning(embedder, index.texts, index.vectors) if embedder and index.vectors is not None else None
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
        for card in scores:
            facets = self._index.cards[card]
            scores[card] += FACET * (bool(set(phases) & set(facets["phases"])) + (broker is not None and facets["broker"] == broker))
            scores[card] -= FACET * (broker is not None and facets["broker"] not in (broker, "any"))
        fits = self._fits(scores, seen)
        found = []
        for card, fit in _of_cards(fits)[:k]:
            passage = _passage(self._index.cards[card], language)
            chance = self._chance(fit) * (VAGUE if seen.near and seen.near.vague else 1)
            found.append(replace(passage, topics=tuple(_best(fits[card])), score=chance))
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
        return self._ranking(self._fused(seen), seen, k) if self._is_ours(seen) else Ranking()

    def legs(self, text: str, k: int = 10) -> dict[Leg, Ranking]:
        """What each leg finds alone, what they find together, and what is shipped: only this one may refuse."""
        seen = self._look(text)
        legs: dict[Leg, Ranking] = {"lexical": self._ranking(self._by_words(seen.shared), replace(seen, near=None), k)}
        if seen.near:
            legs["dense"] = self._ranking(self._by_meaning(seen.near), replace(seen, said={}), k)
        legs["fused"] = self._ranking(self._fused(seen), seen, k)
        legs["shipped"] = legs["fused"] if self._is_ours(seen) else Ranking()
        return legs

    def passage(self, card: str, language: str = "en") -> Passage | None:
        """A card in a language, or in English where it does not speak it; None where there is no such card."""
        found = self._index.cards.get(card)
        return _passage(found, language) if found else None

    def _look(self, text: str, language: str = "en", hold: bool = False) -> Evidence:
        shared = self._index.words.find(text, language)
        said = _both(self._index.words.topics, shared.own.topics, shared.carried.topics if shared.carried else None)
        if not self._meaning:
            return Evidence(shared, None, said)
        vector = self._meaning.vector(shared.english)
        if hold and shared.carried is None:  # an operator's documents are not glossed, so a message that was is no use there
            self._held.put(text, vector)
        return Evidence(shared, self._meaning.find(vector, shared.language), said)

    def _is_ours(self, seen: Evidence) -> bool:
        shared, near = seen.shared, seen.near
        if near is None:
            return bool(shared.own.cards) and shared.ours > GATE_BY_WORDS
        if near.vague and shared.stems:
            return True
        return near.ours + BEST * max(near.cards.values()) + SOUND * shared.ours + LOUD * max(seen.said.values(), default=0.0) > GATE

    def _fused(self, seen: Evidence) -> dict[str, float]:
        words, near = self._by_words(seen.shared), seen.near
        if near is None:
            return words
        meaning = self._by_meaning(near)
        scores = {card: words[card] + meaning[card] for card in words}
        return {
            card: score + NEIGHBOURLY * sum(share * scores[other] for other, share in near.like[card]) for card, score in scores.items()
        }

    def _by_words(self, shared: Shared) -> dict[str, float]:
        return _both(self._index.cards, shared.own.cards, shared.carried.cards if shared.carried else None)

    def _by_meaning(self, near: Near) -> dict[str, float]:
        return _standard(self._index.cards, near.cards)

    def _ranking(self, scores: Mapping[str, float], seen: Evidence, k: int) -> Ranking:
        fits = self._fits(scores, seen)
        topics: dict[str, float] = {}
        for each in fits.values():
            topics.update((topic, fit) for topic, fit in each.items() if fit > topics.get(topic, -math.inf))
        return Ranking(tuple(_best(topics)[:k]), tuple((card, round(self._chance(fit), 4)) for card, fit in _of_cards(fits)[:k]))

    def _fits(self, scores: Mapping[str, float], seen: Evidence) -> dict[str, dict[str, float]]:
        """Of each card how well each of its topics fits the message."""
        fits: dict[str, dict[str, float]] = {}
        for card, score in scores.items():
            fits[card] = {}
            for place, topic in enumerate(self._index.cards[card]["topics"]):
                fit = score - PLACE * place + SAID * seen.said.get(topic, 0.0)
                if seen.near:
                    fit += LABEL * seen.near.topics.get(topic, 0.0) + TOLD * seen.near.told.get(topic, 0.0)
                fits[card][topic] = fit
        return fits

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


def _both(names: Iterable[str], own: Mapping[str, float], carried: Mapping[str, float] | None) -> dict[str, float]:
    """What the words of a message find and what those of its gloss find, together."""
    found = _standard(names, own)
    if carried is None:
        return found
    glossed = _standard(names, carried)
    return {name: OWN * score + GLOSSED * glossed[name] for name, score in found.items()}


def _standard(names: Iterable[str], scores: Mapping[str, float]) -> dict[str, float]:
    """Scores in standard deviations from the mean over all of these; one that is not scored counts as 0."""
    values = {name: scores.get(name, 0.0) for name in names}
    if not values:
        return {}
    mean = sum(values.values()) / len(values)
    spread = math.sqrt(sum((value - mean) ** 2 for value in values.values()) / len(values)) + 1e-9
    return {name: (value - mean) / spread for name, value in values.items()}


def _best(scores: Mapping[str, float]) -> list[str]:
    return sorted(scores, key=lambda key: (-scores[key], key))


def _of_cards(fits: Mapping[str, Mapping[str, float]]) -> list[tuple[str, float]]:
    """Cards with the fit of their best topic, best first."""
    best = {card: max(topics.values()) for card, topics in fits.items()}
    return [(card, best[card]) for card in _best(best)]


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

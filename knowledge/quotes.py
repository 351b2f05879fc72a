"""Finds sentences in an operator's own documents that bear on a message, or nothing.

Two signs, put together as one chance: how close a piece is in meaning, and how much of what the message tells its words share, each word
by its rarity. Below the gate nothing is quoted: a card stands without a quotation, but a quotation beside the point does harm.
Notices by itself when documents were taken in or out by another process. Whatever happens to the documents, the cards go on as before.
"""

from __future__ import annotations

import heapq
import math
import sqlite3
import threading
from array import array
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.model import Quote
from knowledge.documents import change, kept, root_of, stamp, telling_words, unpacked
from knowledge.embedder import Embedder
from knowledge.index import IndexDown, Progress, give_back
from knowledge.pieces import sentences_in
from knowledge.words import MOST, languages_of, stems_of, words_in

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vector = NDArray[np.float32]

Stems = Callable[[Sequence[str], str], list[str]]

LONGEST = 400  # characters of a quotation
TELLING = 12  # words of a message that are looked up, the rarest first
STRANGE = 6  # words of it that no document has and that count against one: a long message may hold many names

# Chance that a piece is right: a logistic fit to 110 messages over two documents whose fitting lines are known (docs/documents.md). At the
# gate one in four such messages gets a quotation, two in five of them the very lines known to fit, and 2 of 134 off topic get one.
CLOSE, SHARED, OFFSET = 7.0, 4.0, -4.3
SHARED_BY_WORDS, OFFSET_BY_WORDS = 3.5, -2.5
GATE = 0.25
FAR = 0.25  # cosine below which shared words alone do not carry: "thanks" stands in many documents
FEW = 2  # words that must be shared where there are no vectors


@dataclass(frozen=True, slots=True)
class Telling:
    """What is told by the words of a message: their stems, the rarest first, each with its weight and the pieces that it is in."""

    stems: dict[str, float]
    rows: dict[str, array[int]]
    whole: float  # weight of all, those included that no piece has


class Quotes:
    def __init__(self, root: Path, embedder: Embedder | None = None, chroma_url: str | None = None, stems: Stems = stems_of) -> None:
        """Opens nothing yet. `embedder` is the one whose vectors messages will come with."""
        self._stems = stems
        self.fault: str | None = None  # why the documents cannot be used
        self._root, self._embedder, self._chroma_url = root, embedder, chroma_url
        self._stamp = (0, 0)
        self._cosines: Callable[[Vector], Vector] | None = None
        self._db = sqlite3.connect(":memory:", check_same_thread=False)
        self._pieces = 0
        self._turn = threading.Lock()

    @classmethod
    def open(
        cls,
        home: Path,
        embedder: Embedder | None = None,
        chroma_url: str | None = None,
        progress: Progress | None = None,
        stems: Stems = stems_of,
    ) -> Quotes:
        """Ready to search; vectors are made first where they are missing, or of another model, or their server has lost them."""
        quotes = cls(root_of(home), embedder, chroma_url, stems)
        if quotes.refresh() and embedder and not quotes.by_meaning:
            try:
                change(home, embedder=embedder, chroma_url=chroma_url, progress=progress)
                quotes.refresh()
            except IndexDown as error:
                quotes.fault = str(error)  # they are searched by words alone
        return quotes

    def refresh(self) -> bool:
        """Reads the documents if they have changed. Whether there are any."""
        now = stamp(self._root)
        if now != self._stamp:
            with self._turn:
                if now != self._stamp:
                    self._read()
                    self._stamp = now
        return self._pieces > 0

    @property
    def by_meaning(self) -> bool:
        return self._cosines is not None

    def find(self, text: str, vector: Vector | None = None, k: int = 2) -> tuple[Quote, ...]:
        if not self.refresh():
            return ()
        with self._turn:
            try:
                return self._find(text, vector, k) if self._pieces else ()
            except sqlite3.Error as error:
                self.fault = f"{self._root} cannot be read ({error}). Look after its disk, or move it away and ingest the documents again."
                return ()

    def _read(self) -> None:
        self.fault, self._pieces, self._cosines = None, 0, None
        try:
            found = kept(self._root, self._embedder.name if self._embedder else None, self._chroma_url)
        except IndexDown as error:
            self.fault = str(error)
            return
        if found:
            self._db.close()
            self._db = found.open()
            if self._embedder and found.vectors is not None:
                self._cosines = self._embedder.compared_with(found.vectors)
            self._pieces = sum(document.pieces for document in found.documents)
            give_back()

    def _find(self, text: str, vector: Vector | None, k: int) -> tuple[Quote, ...]:
        telling = self._telling(list(dict.fromkeys(telling_words(text)))[:MOST], languages_of(words_in(text)))
        close = self._cosines(vector) if self._cosines and vector is not None else None
        best = self._by_words(telling, 2 * k) if close is None else self._by_both(telling, close, 2 * k)
        quotes: dict[str, Quote] = {}
        for row, chance in best:
            if chance < GATE or len(quotes) == k:
                break
            quote = self._quote(row, telling, chance)
            quotes.setdefault(quote.text, quote)  # the same text may stand in two documents
        return tuple(quotes.values())

    def _telling(self, words: Sequence[str], languages: Sequence[str]) -> Telling:
        ways = [self._stems(words, language) for language in languages]  # a document and a message may be in different languages
        stems = list(dict.fromkeys(stem for way in ways for stem in way))
        query = f"SELECT stem, pieces FROM word WHERE stem IN ({', '.join('?' * len(stems))})"  # noqa: S608
        seen: dict[str, int] = dict(self._execute(query, stems))
        strange = sum(not any(stem in seen for stem in own) for own in zip(*ways, strict=True))
        weights = {stem: self._rarity(seen[stem]) for stem in sorted(seen, key=lambda stem: (seen[stem], stem))[:TELLING]}
        query = f"SELECT stem, rows FROM word WHERE stem IN ({', '.join('?' * len(weights))})"  # noqa: S608
        rows = {stem: unpacked(data) for stem, data in self._execute(query, list(weights))}
        return Telling(weights, rows, sum(weights.values()) + min(strange, STRANGE) * self._rarity(0))

    def _rarity(self, count: int) -> float:
        return math.log(1 + (self._pieces - count + 0.5) / (count + 0.5))

    def _by_both(self, telling: Telling, close: Vector, few: int) -> list[tuple[int, float]]:
        import numpy as np

        shared = np.zeros(len(close), dtype=np.float32)
        for stem, weight in telling.stems.items():
            shared[np.frombuffer(telling.rows[stem], dtype=np.uint32)] += weight / telling.whole
        scores = CLOSE * close + SHARED * shared + OFFSET
        rows = np.flatnonzero((close >= FAR) & (scores >= math.log(GATE / (1 - GATE))))
        best = rows[np.lexsort((rows, -scores[rows]))][:few].tolist()
        return [(row, _chance(float(scores[row]))) for row in best]

    def _by_words(self, telling: Telling, few: int) -> list[tuple[int, float]]:
        shared: dict[int, float] = {}
        words: Counter[int] = Counter()
        for stem, weight in telling.stems.items():
            for row in telling.rows[stem]:
                shared[row] = shared.get(row, 0.0) + weight / telling.whole
                words[row] += 1
        best = heapq.nsmallest(few, (row for row in shared if words[row] >= FEW), key=lambda row: (-shared[row], row))
        return [(row, _chance(SHARED_BY_WORDS * shared[row] + OFFSET_BY_WORDS)) for row in best]

    def _quote(self, row: int, telling: Telling, chance: float) -> Quote:
        query = "SELECT name, place, text FROM piece JOIN document USING (sha256) WHERE id = ?"
        name, where, text = self._execute(query, (row,))[0]
        return Quote(name, where, excerpt(text, telling.stems), chance)

    def _execute(self, query: str, values: Sequence[Any]) -> list[Any]:
        return self._db.execute(query, values).fetchall()


def excerpt(text: str, stems: Mapping[str, float], longest: int = LONGEST) -> str:
    """The sentences in a row that tell most of it, and no more than fit; a part of one only where it alone is too long."""
    sentences = sentences_in(text)
    worth = [_worth(sentence, stems) for sentence in sentences]
    best, most = "", -1.0
    for start in range(len(sentences)):
        end, size = start, 0
        while end < len(sentences) and size + len(sentences[end]) + (end > start) <= longest:
            size += len(sentences[end]) + (end > start)
            end += 1
        value = sum(worth[start:end]) if end > start else worth[start]
        if value > most:
            best, most = " ".join(sentences[start:end]) if end > start else _cut(sentences[start], longest), value
    return best


def _worth(sentence: str, stems: Mapping[str, float]) -> float:
    words = words_in(sentence)
    # Without the last letter, as happi is the stem of happy; to stem every word again would take ten times as long.
    beginnings = {stem: stem if len(stem) < 5 else stem[:-1] for stem in stems}
    return sum(weight for stem, weight in stems.items() if any(word.startswith(beginnings[stem]) for word in words))


def _cut(sentence: str, longest: int) -> str:
    cut = sentence[: longest - 1]
    return f"{cut[: cut.rfind(' ')] if ' ' in cut[longest // 2 :] else cut}…"


def _chance(score: float) -> float:
    return 1 / (1 + math.exp(-score))

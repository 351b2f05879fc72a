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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.model import Quote
from knowledge.documents import STOP, change, kept, root_of, stamp
from knowledge.embedder import Embedder
from knowledge.index import IndexDown, Progress
from knowledge.meaning import times
from knowledge.pieces import sentences_in
from knowledge.words import MOST, languages_of, stems_of, words_in

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vector = NDArray[np.float32]

LONGEST = 400  # characters of a quotation
LOOKED_AT = 30  # pieces of each leg
TELLING = 12  # words of a message that are looked up, the rarest first
STRANGE = 6  # words of it that no document has and that count against one: a long message may hold many names
COMMON = 20_000  # rows that are ranked for a message at most, over all its words; more take too long

# Chance that a piece is right: a logistic fit to 110 messages over two documents whose fitting lines are known (docs/documents.md). At the
# gate one in five such messages gets a quotation, half of them the very lines that were known to fit, and 2 of 134 off topic get one.
CLOSE, SHARED, OFFSET = 7.0, 4.0, -4.3
SHARED_BY_WORDS, OFFSET_BY_WORDS = 3.5, -2.5
GATE = 0.25
FAR = 0.25  # cosine below which shared words alone do not carry: "thanks" stands in many documents
FEW = 2  # words that must be shared where there are no vectors


@dataclass(frozen=True, slots=True)
class Telling:
    """What is told by the words of a message: their stems, the rarest first, each with its weight and in how many pieces it is."""

    stems: dict[str, float]
    counts: dict[str, int]
    whole: float  # weight of all, those included that no piece has


class Quotes:
    def __init__(self, root: Path, model: str | None = None, chroma_url: str | None = None) -> None:
        """Opens nothing yet. `model` names the one whose vectors messages will come with."""
        self.fault: str | None = None  # why the documents cannot be used
        self._root, self._model, self._chroma_url = root, model, chroma_url
        self._stamp = (0, 0)
        self._vectors: NDArray[np.float32] | None = None
        self._db = sqlite3.connect(":memory:", check_same_thread=False)
        self._pieces = 0
        self._turn = threading.Lock()

    @classmethod
    def open(cls, home: Path, embedder: Embedder | None = None, chroma_url: str | None = None, progress: Progress | None = None) -> Quotes:
        """Ready to search; vectors are made first where they are missing, or of another model, or their server has lost them."""
        quotes = cls(root_of(home), embedder.name if embedder else None, chroma_url)
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
        return self._vectors is not None

    def find(self, text: str, vector: Vector | None = None, k: int = 2) -> tuple[Quote, ...]:
        if not self.refresh():
            return ()
        with self._turn:
            return self._find(text, vector, k) if self._pieces else ()

    def _read(self) -> None:
        self.fault, self._pieces, self._vectors = None, 0, None
        try:
            found = kept(self._root, self._model, self._chroma_url)
        except IndexDown as error:
            self.fault = str(error)
            return
        if found:
            self._db.close()
            self._db, self._vectors = found.open(), found.vectors
            self._pieces = sum(document.pieces for document in found.documents)

    def _find(self, text: str, vector: Vector | None, k: int) -> tuple[Quote, ...]:
        words = [word for word in dict.fromkeys(words_in(text)) if word not in STOP][:MOST]
        telling = self._telling(words, languages_of(words_in(text)))
        cosines = times(self._vectors, vector) if vector is not None and self._vectors is not None else None
        rows = set(self._by_words(telling)) | set(_largest(cosines))
        shares = self._shares(rows, telling)
        chances = {}
        for row, (share, count) in shares.items():
            if cosines is None:
                chances[row] = _chance(SHARED_BY_WORDS * share + OFFSET_BY_WORDS) if count >= FEW else 0.0
            else:
                close = float(cosines[row])
                chances[row] = _chance(CLOSE * close + SHARED * share + OFFSET) if close >= FAR else 0.0
        best = heapq.nsmallest(2 * k, (row for row in rows if chances[row] >= GATE), key=lambda row: (-chances[row], row))
        quotes: dict[str, Quote] = {}
        for row in best:  # the same text may stand in two documents
            quote = self._quote(row, telling, chances[row])
            quotes.setdefault(quote.text, quote)
        return tuple(quotes.values())[:k]

    def _telling(self, words: Sequence[str], languages: Sequence[str]) -> Telling:
        ways = [stems_of(words, language) for language in languages]  # a document and a message may be in different languages
        stems = list(dict.fromkeys(stem for way in ways for stem in way))
        query = f"SELECT stem, pieces FROM seen WHERE stem IN ({', '.join('?' * len(stems))})"  # noqa: S608
        seen: dict[str, int] = dict(self._execute(query, stems))
        known = sorted((count, stem) for stem, count in seen.items())[:TELLING]
        strange = sum(not any(stem in seen for stem in own) for own in zip(*ways, strict=True))
        weights = {stem: self._rarity(count) for count, stem in known}
        counts = {stem: count for count, stem in known}
        return Telling(weights, counts, sum(weights.values()) + min(strange, STRANGE) * self._rarity(0))

    def _rarity(self, count: int) -> float:
        return math.log(1 + (self._pieces - count + 0.5) / (count + 0.5))

    def _by_words(self, telling: Telling) -> list[int]:
        stems: list[str] = []
        rows = 0
        for stem, count in telling.counts.items():
            rows += count
            if stems and rows > COMMON:
                break
            stems.append(stem)
        if not stems:
            return []
        wanted = " OR ".join(f'"{stem}"' for stem in stems)
        return [row for (row,) in self._execute("SELECT rowid FROM words WHERE words MATCH ? ORDER BY rank LIMIT ?", (wanted, LOOKED_AT))]

    def _shares(self, rows: set[int], telling: Telling) -> dict[int, tuple[float, int]]:
        """Of each piece the share of what the message tells that its words have too, and how many words that is."""
        query = f"SELECT rowid, stems FROM words WHERE rowid IN ({', '.join('?' * len(rows))})"  # noqa: S608
        shares = {}
        for row, stems in self._execute(query, sorted(rows)):
            common = telling.stems.keys() & set(stems.split())
            shares[row] = (sum(telling.stems[stem] for stem in common) / (telling.whole or 1.0), len(common))
        return shares

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


def _largest(cosines: Any) -> list[int]:
    if cosines is None:
        return []
    import numpy as np

    few = min(LOOKED_AT, len(cosines))
    return [int(row) for row in np.argpartition(cosines, -few)[-few:]]


def _chance(score: float) -> float:
    return 1 / (1 + math.exp(-score))

"""Finds cards, and topics of cards, by the words and pairs of words they share with a message: BM25, in each language by its own stems.

The weights are worked out when the index is built and kept in SQLite, a row a stem, so a message costs one look-up, a third of a
millisecond. FTS5 is not used, because it cannot let a pair count for less than a word.
It is what is left where search by meaning is not installed.
It refuses nothing: it tells how much the words sound like ours, and whether that is enough is search.py's business.
"""

from __future__ import annotations

import math
import re
import sqlite3
import threading
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from knowledge.gloss import Gloss

    Scores = NDArray[np.float64]

STEMMERS = {"en": "english", "fr": "french", "es": "spanish"}
LONGEST = 8000  # characters of a message that are looked at: a very long reflection, not a pasted book
MOST = 160  # different words of it that are looked up

# How much more a word counts in a card's title than in its gist and in the messages that it answers.
WEIGHTS = {"title": 2, "gist": 1, "asks": 1}
SATURATION, LENGTH = 1.2, 0.75  # of BM25, as usual
PAIR = 0.8  # what two words side by side count, beside what each of them counts alone
TIE = 0.7  # a language is in the running with this share of the common words of the likeliest one
FEW = 3  # fewer common words than that do not tell the language
COMMON = 0.9  # a word that so many of the cards have says next to nothing about them
UNSEEN = 0.5  # added to every count, so that a word never seen says little

# Common words that tell the language of a message; spelled without accents, as `words_in` gives them.
TELLTALE = {
    "en": "the and of to is are was my they them their we our with for but that this it not what how should do does can am have has been "
    "who i you he she his her there when which would could any some from about be as so no all at by or an were had did don",
    "fr": "le la les des du et est sont une un mon ma mes ils elles nous notre nos avec pour mais que qui ce cette pas ne quoi comment "
    "je tu vous il elle au aux dans sur se sa son ses leur leurs faut dois peut ai suis j d l c qu n s plus ou si en on tout tous",
    "es": "el la los las de del y es son una un mi mis ellos ellas nosotros nuestro nuestra con para pero que quien este esta no como "
    "yo tu usted al en sobre se su sus hay debo puedo soy estoy ha he lo le les por cuando donde nos mas o si todo todos tengo cada",
}
COMMON_WORDS = {language: frozenset(words.split()) for language, words in TELLTALE.items()}


@dataclass(frozen=True, slots=True)
class Matches:
    """BM25 of every card and of every topic, in the order of `Words.cards` and `Words.topics`: 0 where no word is shared."""

    cards: Scores
    topics: Scores


@dataclass(frozen=True, slots=True)
class Shared:
    """What a message has in common with the cards.

    `language` is the likeliest, and `stems` are its words in it.
    `english` is the message, or its gloss; `carried` is what the gloss matches, and None for a message in English.
    `ours`: how much more its words are those of our cards than those of other people's business; 0 is undecided.
    """

    own: Matches
    ours: float
    language: str
    stems: tuple[str, ...] = field(default=(), repr=False)
    english: str = field(default="", repr=False)
    carried: Matches | None = None


def words_in(text: str) -> list[str]:
    """Lower-case words and numbers without accents; l'accord is two words, as is don't."""
    flat = "".join(c for c in unicodedata.normalize("NFKD", text[:LONGEST].lower()) if not unicodedata.combining(c))
    return re.findall(r"[^\W_]+", flat.replace("œ", "oe").replace("æ", "ae"))


def languages_of(words: Sequence[str]) -> tuple[str, ...]:
    """The languages that a message may be in: all of them where its common words do not tell."""
    hits = {language: sum(word in telltale for word in words) for language, telltale in COMMON_WORDS.items()}
    most = max(hits.values())
    return tuple(language for language, n in hits.items() if most < FEW or n >= TIE * most)


def stems_of(words: Sequence[str], language: str) -> list[str]:
    import snowballstemmer

    stemmed: list[str] = snowballstemmer.stemmer(STEMMERS[language]).stemWords(list(words))
    return stemmed


Texts = Mapping[str, Mapping[str, Mapping[str, str]]]  # id → language → column (see WEIGHTS) → its text


def write(db: sqlite3.Connection, cards: Texts, topics: Texts, others: Mapping[str, Sequence[str]]) -> None:
    """Fills an empty database to search in. `others`: language → messages that are none of our business."""
    with db:
        db.execute("CREATE TABLE document (place INTEGER PRIMARY KEY, kind, id)")
        documents = [("card", card) for card in cards] + [("topic", topic) for topic in topics]
        db.executemany("INSERT INTO document VALUES (?, ?, ?)", ((place, *document) for place, document in enumerate(documents)))
        db.execute("CREATE TABLE seen (language, stem, ours, others, PRIMARY KEY (language, stem)) WITHOUT ROWID")
        db.execute("CREATE TABLE weight (language, stem, places, weights, PRIMARY KEY (language, stem)) WITHOUT ROWID")
        db.execute("CREATE TABLE form (language, word, stem)")
        for language in STEMMERS:
            known: dict[str, str] = {}
            theirs = Counter(stem for line in others.get(language, ()) for stem in stemmed(line, language, known))
            ours = Counter(stem for card in cards.values() for _, line in _lines(card, language) for stem in stemmed(line, language, known))
            weights: dict[str, list[tuple[int, float]]] = {}
            for first, texts in ((0, cards), (len(cards), topics)):
                within = [_counted(each, language, known) for each in texts.values()]
                for stem, found in _weights(within):
                    weights.setdefault(stem, []).extend((first + place, weight) for place, weight in found)
            seen = ((language, stem, ours[stem], theirs[stem]) for stem in sorted(ours | theirs))
            db.executemany("INSERT INTO seen VALUES (?, ?, ?, ?)", seen)
            db.executemany(
                "INSERT INTO weight VALUES (?, ?, ?, ?)", ((language, *_packed(stem, weights[stem])) for stem in sorted(weights))
            )
            db.executemany("INSERT INTO form VALUES (?, ?, ?)", ((language, *form) for form in sorted(known.items())))


def _lines(texts: Mapping[str, Mapping[str, str]], language: str) -> Iterator[tuple[int, str]]:
    """Each line of a document, with what it weighs."""
    for column, text in texts.get(language, {}).items():
        yield from ((WEIGHTS[column], line) for line in text.split("\n"))


def _counted(texts: Mapping[str, Mapping[str, str]], language: str, known: dict[str, str]) -> Counter[str]:
    """How often a document has each stem and pair."""
    counts: Counter[str] = Counter()
    for times, line in _lines(texts, language):
        stems = stemmed(line, language, known)
        counts.update((stems + pairs_of(stems)) * times)
    return counts


def _weights(within: Sequence[Counter[str]]) -> Iterator[tuple[str, list[tuple[int, float]]]]:
    """BM25 of every stem and pair in every document that has it: the stem, with the documents' places and the weights."""
    sizes = [sum(counts.values()) for counts in within]
    usual = sum(sizes) / max(1, len(sizes)) or 1.0
    having: dict[str, list[int]] = {}
    for place, counts in enumerate(within):
        for stem in counts:
            having.setdefault(stem, []).append(place)
    for stem, places in having.items():
        if len(places) > max(1, COMMON * len(within)):
            continue
        rarity = math.log(1 + (len(within) - len(places) + 0.5) / (len(places) + 0.5)) * (PAIR if " " in stem else 1)
        weights = []
        for place in places:
            times = within[place][stem]
            weights.append(rarity * times * (SATURATION + 1) / (times + SATURATION * (1 - LENGTH + LENGTH * sizes[place] / usual)))
        yield stem, list(zip(places, weights, strict=True))


def _packed(stem: str, weights: Sequence[tuple[int, float]]) -> tuple[str, bytes, bytes]:
    import numpy as np

    return (
        stem,
        np.array([place for place, _ in weights], np.uint16).tobytes(),
        np.array([weight for _, weight in weights], np.float32).tobytes(),
    )


def pairs_of(stems: Sequence[str]) -> list[str]:
    return [f"{one} {next_one}" for one, next_one in pairwise(stems)]


def stemmed(text: str, language: str, known: dict[str, str]) -> list[str]:
    words = words_in(text)
    new = [word for word in dict.fromkeys(words) if word not in known]
    known.update(zip(new, stems_of(new, language), strict=True))
    return [known[word] for word in words]


class Words:
    """A filled database to search in; it is not written to again. May be used from any thread."""

    def __init__(self, db: sqlite3.Connection, glosses: Mapping[str, Gloss] | None = None) -> None:
        self._glosses = glosses or {}
        self._db = db  # opened with check_same_thread=False: the lock sees to it that one thread at a time uses it
        self._turn = threading.Lock()
        documents = self._db.execute("SELECT kind, id FROM document ORDER BY place").fetchall()
        self.cards, self.topics = (tuple(name for kind, name in documents if kind == wanted) for wanted in ("card", "topic"))
        # Stems of the words that our own texts have: snowballstemmer takes 0.02 ms for each, most words of a message are among them,
        # and nothing of a message has to be remembered for it.
        self._forms: dict[str, dict[str, str]] = {language: {} for language in STEMMERS}
        for language, word, stem in self._db.execute("SELECT language, word, stem FROM form"):
            self._forms[language][word] = stem
        counts = self._db.execute("SELECT language, sum(ours), sum(others), count(*) FROM seen GROUP BY language")
        self._sizes = {language: (ours + UNSEEN * kinds, others + UNSEEN * kinds) for language, ours, others, kinds in counts}

    @classmethod
    def open(cls, path: Path, glosses: Mapping[str, Gloss] | None = None) -> Words:
        return cls(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False), glosses)

    def find(self, text: str, hint: str = "en") -> Shared:
        """`hint` is the language that the message is taken for when its words do not tell."""
        import numpy as np

        words = words_in(text)
        kinds = list(dict.fromkeys(words))[:MOST]
        cards, topics = np.zeros(len(self.cards)), np.zeros(len(self.topics))
        heard: list[tuple[int, bool, str, float, tuple[str, ...]]] = []
        for language in languages_of(kinds):
            stems, pairs = self._stems_and_pairs(words, language)
            seen = self._seen(stems, language)
            matches = self._matches([*seen, *pairs], language)
            cards, topics = np.maximum(cards, matches.cards), np.maximum(topics, matches.topics)
            heard.append((len(seen), language == hint, language, self._ours(stems, seen, language), tuple(stems)))
        _, _, language, ours, own = max(heard)
        if language not in self._glosses:
            return Shared(Matches(cards, topics), ours, language, own, text)
        english = self._glosses[language].english(text)
        stems, pairs = self._stems_and_pairs(words_in(english), "en")
        return Shared(Matches(cards, topics), ours, language, own, english, self._matches([*stems, *pairs], "en"))

    def _stems_and_pairs(self, words: Sequence[str], language: str) -> tuple[list[str], list[str]]:
        kinds = list(dict.fromkeys(words))[:MOST]
        known = dict(zip(kinds, self.stems(kinds, language), strict=True))
        pairs = dict.fromkeys(pairs_of([known[word] for word in words if word in known]))
        return list(dict.fromkeys(known.values())), list(pairs)[:MOST]

    def stems(self, words: Sequence[str], language: str) -> list[str]:
        known = self._forms[language]
        new = [word for word in words if word not in known]
        strange = dict(zip(new, stems_of(new, language), strict=True))
        return [known.get(word) or strange[word] for word in words]

    def _seen(self, stems: list[str], language: str) -> dict[str, tuple[int, int]]:
        """Of each known stem how often we and the others say it."""
        query = f"SELECT stem, ours, others FROM seen WHERE language = ? AND stem IN ({', '.join('?' * len(stems))})"  # noqa: S608
        with self._turn:
            rows = self._db.execute(query, (language, *stems)).fetchall()
        return {stem: (ours, others) for stem, ours, others in rows}

    def _matches(self, stems: list[str], language: str) -> Matches:
        import numpy as np

        query = f"SELECT places, weights FROM weight WHERE language = ? AND stem IN ({', '.join('?' * len(stems))})"  # noqa: S608
        with self._turn:
            rows = self._db.execute(query, (language, *stems)).fetchall()
        places = np.frombuffer(b"".join(row[0] for row in rows), dtype=np.uint16)
        weights = np.frombuffer(b"".join(row[1] for row in rows), dtype=np.float32)
        scores: Scores = np.bincount(places, weights, len(self.cards) + len(self.topics)).astype(np.float64)
        return Matches(scores[: len(self.cards)], scores[len(self.cards) :])

    def _ours(self, stems: list[str], seen: Mapping[str, tuple[int, int]], language: str) -> float:
        """Naive Bayes between our texts and the others, divided by the root of the number of words, as words are not independent.

        A word that neither has counts against us: our texts are many, so it is more likely not ours.
        """
        if not stems or language not in self._sizes:
            return 0.0
        us, them = self._sizes[language]
        counts = [seen.get(stem, (0, 0)) for stem in stems]
        odds = sum(math.log((ours + UNSEEN) / us) - math.log((others + UNSEEN) / them) for ours, others in counts)
        return odds / math.sqrt(len(stems))

    def close(self) -> None:
        self._db.close()

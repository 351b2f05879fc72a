"""Finds cards by the words they share with a message: BM25 by SQLite FTS5, in each language by its own stems.

Works with nothing but the standard library and snowballstemmer, so it is what is left where search by meaning is not installed.
It knows nothing of vectors, and refuses nothing: whether a match is worth showing is search.py's business.
"""

from __future__ import annotations

import re
import sqlite3
import threading
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path

STEMMERS = {"en": "english", "fr": "french", "es": "spanish"}
LONGEST = 8000  # characters of a message that are looked at: a very long reflection, not a pasted book
MOST = 160  # different words of it that are looked up

# How much more a word counts in a card's title and gist than in the messages that it answers.
WEIGHTS = {"title": 2.0, "gist": 1.0, "asks": 1.0}

# Common words that tell the language of a message; spelled without accents, as `words_in` gives them.
TELLTALE = {
    "en": "the and of to is are was my they them their we our with for but that this it not what how should do does can am have has been "
    "who i you he she his her there when which would could any some from about be as so no all at by or an been were had did don",
    "fr": "le la les des du et est sont une un mon ma mes ils elles nous notre nos avec pour mais que qui ce cette pas ne quoi comment "
    "je tu vous il elle au aux dans sur se sa son ses leur leurs faut dois peut ai suis j d l c qu n s plus ou si en on tout tous",
    "es": "el la los las de del y es son una un mi mis ellos ellas nosotros nuestro nuestra con para pero que quien este esta no como "
    "yo tu usted al en sobre se su sus hay debo puedo soy estoy ha he lo le les por cuando donde nos mas o si todo todos tengo cada",
}
_TELLTALE = {language: frozenset(words.split()) for language, words in TELLTALE.items()}


def words_in(text: str) -> list[str]:
    """Lower-case words and numbers without accents; l'accord is two words, as is don't."""
    flat = "".join(c for c in unicodedata.normalize("NFKD", text[:LONGEST].lower()) if not unicodedata.combining(c))
    return re.findall(r"[^\W_]+", flat.replace("œ", "oe").replace("æ", "ae"))


def languages_of(words: Iterable[str]) -> tuple[str, ...]:
    """The languages that a message may be in: several when its common words do not tell."""
    words = list(words)
    hits = {language: sum(word in telltale for word in words) for language, telltale in _TELLTALE.items()}
    most = max(hits.values())
    return tuple(language for language, n in hits.items() if n >= most * 0.7)


def stems_of(words: Iterable[str], language: str) -> list[str]:
    import snowballstemmer

    stemmed: list[str] = snowballstemmer.stemmer(STEMMERS[language]).stemWords(list(words))
    return stemmed


def write(path: Path, cards: Mapping[str, Mapping[str, Mapping[str, str]]]) -> None:
    """Writes a new file to search in. `cards`: card id → language → the column (see WEIGHTS) → its text."""
    stems: dict[tuple[str, str], str] = {}
    with sqlite3.connect(path) as db:
        for language in STEMMERS:
            columns = ", ".join(WEIGHTS)
            db.execute(f"CREATE VIRTUAL TABLE {language} USING fts5(card UNINDEXED, {columns}, tokenize='unicode61 remove_diacritics 2')")
            for card, texts in cards.items():
                row = [card]
                for column in WEIGHTS:
                    words = words_in(texts[language].get(column, "")) if language in texts else []
                    new = [word for word in set(words) if (language, word) not in stems]
                    stems |= {(language, word): stem for word, stem in zip(new, stems_of(new, language), strict=True)}
                    row.append(" ".join(stems[language, word] for word in words))
                db.execute(f"INSERT INTO {language} VALUES ({', '.join('?' * len(row))})", row)  # noqa: S608
            db.execute(f"INSERT INTO {language}({language}) VALUES ('optimize')")  # noqa: S608
    db.close()


class Words:
    """A written file, opened to search in; it is never written to again. May be used from any thread."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False)
        self._turn = threading.Lock()

    def find(self, text: str) -> dict[str, float]:
        """Cards that share a word with the text, each with its BM25: the larger, the better."""
        words = list(dict.fromkeys(words_in(text)))[:MOST]
        found: dict[str, float] = {}
        for language in languages_of(words):
            quoted = " OR ".join(f'"{stem}"' for stem in dict.fromkeys(stems_of(words, language)))
            if not quoted:
                continue
            weights = ", ".join(map(str, WEIGHTS.values()))
            query = f"SELECT card, -bm25({language}, 0, {weights}) FROM {language} WHERE {language} MATCH ?"  # noqa: S608
            with self._turn:
                rows = self._db.execute(query, (quoted,)).fetchall()
            for card, score in rows:
                found[card] = max(found.get(card, 0.0), score)
        return found

    def close(self) -> None:
        self._db.close()

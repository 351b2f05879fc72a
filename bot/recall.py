"""Ranks somebody's own entries by what they look for: words by BM25 over their stems, and meaning where it is told. Pure.

It works on entries that are open in memory and writes nothing anywhere; the stems of words are held for the next time.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from bot.model import Entry, Sought
from bot.quoting import QUOTE, sentences
from bot.spelling import flat

K1, B = 1.2, 0.75  # BM25's usual constants (Robertson and Zaragoza, 2009)
MARKS = 2  # how often a name or topic that an entry is marked with counts as said in it
READ = 20_000  # characters of an entry that are looked at
CLOSE = 0.35  # cosine from which an entry is close in meaning without sharing a word: all-MiniLM-L6-v2 puts unrelated texts below .2
MEANING = 3.0  # what a cosine of 1 is worth, in units of BM25

_WORD = re.compile(r"[^\W_]+")


def within(entries: Sequence[Entry], sought: Sought) -> list[Entry]:
    """Entries of the time, partnership and phase that is meant."""
    return [
        entry
        for entry in entries
        if (sought.since is None or entry.event_date >= sought.since)
        and (sought.until is None or entry.event_date <= sought.until)
        and (sought.partnership is None or entry.partnership == sought.partnership)
        and (sought.phase is None or sought.phase in entry.phases)
    ]


def ranked(entries: Sequence[Entry], sought: Sought, language: str, common: frozenset[str], near: Mapping[str, float]) -> list[Entry]:
    """What fits, best first; without words to look for, newest first. `near`: how close entries are in meaning, by their id."""
    inside = within(entries, sought)
    wanted = stems(sought.words, language, common)
    if not wanted:
        return [] if sought.words and not (sought.partnership or sought.phase or sought.since) else inside
    scores = _scores(entries, wanted, language, common)
    by_id = {entry.id: score for entry, score in zip(entries, scores, strict=True)}
    for entry in inside:
        if near.get(entry.id, 0.0) >= CLOSE:
            by_id[entry.id] += MEANING * near[entry.id]
    found = [entry for entry in inside if by_id[entry.id] > 0]
    if sought.latest:
        said = [entry for entry in found if near.get(entry.id, 0.0) < CLOSE or by_id[entry.id] > MEANING * near[entry.id]]
        return sorted(said, key=lambda entry: (entry.event_date, entry.written), reverse=True)
    return sorted(found, key=lambda entry: (-by_id[entry.id], -entry.event_date.toordinal(), entry.id))


def text_of(entry: Entry) -> str:
    return "\n".join([*(text for _, text in entry.answers), *(thought.text for thought in entry.thoughts)])


def stems(text: str, language: str, common: frozenset[str]) -> list[str]:
    """The stems of the words that tell something, or of all of them where none does."""
    told = [_token(word, language) for word in _WORD.findall(text[:READ].lower())]
    return [stem for word, stem in told if word not in common] or [stem for _, stem in told]


@lru_cache(maxsize=50_000)
def _token(word: str, language: str) -> tuple[str, str]:
    """A word as it is compared, and its stem. Words are remembered one by one, never a text."""
    plain = flat(word)
    return plain, str(_stemmer(language).stemWord(plain))


@lru_cache(maxsize=8)
def _stemmer(language: str) -> Any:
    import snowballstemmer

    return snowballstemmer.stemmer({"fr": "french", "es": "spanish"}.get(language, "english"))


@lru_cache(maxsize=50_000)
def _tokens(chunk: str, language: str) -> tuple[tuple[str, str], ...]:
    """What stands between two spaces, which may be several words ("l'accord", "partner-led")."""
    return tuple(_token(word, language) for word in _WORD.findall(chunk))


def _chunks(entry: Entry) -> list[str]:
    """An entry and its marks, cut at spaces; each mark as often as it counts."""
    marks = " ".join([*entry.people, entry.partnership or "", *(theme.topic.replace("-", " ") for theme in entry.themes)])
    return [*text_of(entry)[:READ].lower().split(), *marks.lower().split() * MARKS]


def _scores(entries: Sequence[Entry], wanted: Sequence[str], language: str, common: frozenset[str]) -> list[float]:
    """BM25 over stems. Each different chunk of the logbook is looked into once, however many entries it is in."""
    documents = [_chunks(entry) for entry in entries]
    matching: dict[str, set[str]] = {stem: set() for stem in wanted}
    for chunk in set().union(*documents):
        for plain, stem in _tokens(chunk, language):
            if stem in matching and plain not in common:
                matching[stem].add(chunk)
    lengths = [len(document) for document in documents]
    usual = sum(lengths) / len(documents) if documents else 1.0
    scores = [0.0] * len(documents)
    for chunks in matching.values():
        hits = [sum(map(chunks.__contains__, document)) for document in documents]
        holders = sum(times > 0 for times in hits)
        weight = math.log(1 + (len(documents) - holders + 0.5) / (holders + 0.5))
        for number, times in enumerate(hits):
            if times:
                scores[number] += weight * times * (K1 + 1) / (times + K1 * (1 - B + B * lengths[number] / (usual or 1.0)))
    return scores


def quote_around(text: str, wanted: Sequence[str], language: str) -> str:
    """At most as many words as may be quoted, as they stand, around the first that was looked for; else from the beginning."""
    whole = next((part for part in sentences(text) if set(stems(part, language, frozenset())) & set(wanted)), None)
    whole = whole or next(iter(sentences(text)), text.strip())
    told = re.sub(r"[\"“”«»„]", "", " ".join(whole.split()))
    words = told.split(" ")
    if len(words) <= QUOTE[1]:
        return told.rstrip(".;,: ")
    hit = next((n for n, word in enumerate(words) if set(stems(word, language, frozenset())) & set(wanted)), 0)
    first = max(0, min(hit - QUOTE[1] // 3, len(words) - QUOTE[1]))
    window = " ".join(words[first : first + QUOTE[1]]).strip(".;,: ")
    return f"{'… ' if first else ''}{window}{' …' if first + QUOTE[1] < len(words) else ''}"

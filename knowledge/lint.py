"""Checks the writing of the cards: own words, plain words, open questions, priced options, sources that exist.

It does not check the shape (card.py does), nor whether the advice is wise: that takes a reader.
`python -m knowledge.lint` prints every fault and exits 1 if there is one.
`python -m knowledge.lint --learn DIR` reads introduction.txt and enquiry.txt and renews source_runs.bin and source_lines.json,
which let the check work on a machine that does not have the sources.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from string import Template

import yaml

from knowledge.card import CARDS, LANGUAGES, BadCards, Card, Words, load_cards

HERE = Path(__file__).parent
RUNS, LINES, TOPICS = HERE / "source_runs.bin", HERE / "source_lines.json", HERE / "topics.yaml"
DEV_QUERIES = HERE.parent / "benchmarks" / "queries_dev.jsonl"

RUN = 6  # this many words in a row shared with a source count as copied
DEV_RUN = 4  # and this many shared with a development query, which would make measuring on it worthless
KEPT = 5  # bytes kept of each run's hash: about 18,000 runs, so one chance hit in 60 million look-ups

# A reply shows a mirror, two options and a question, and must fit 550 characters (one phone screen): these shares add up to it.
LONGEST = {"mirror": 130, "offer": 95, "price": 75, "offer and price": 140, "not_if": 95, "question": 95, "challenge": 160,
           "if_then": 140, "name": 32, "title": 60, "gist": 330, "who": 30, "when": 20, "thin": 160}  # fmt: skip
TRANSLATION_ROOM = 1.25  # French and Spanish say the same in up to a quarter more characters
SENTENCE_WORDS = 22  # the ceiling is 28 for any sentence; a card stays well below it
TWINS = 0.6  # share of words in common from which two mirrors count as the same line

OPEN = {
    "en": ["what", "how", "who", "whose", "whom", "where", "when", "which"],
    "fr": ["que", "qu", "quoi", "quel", "quelle", "quels", "quelles", "comment", "qui", "où", "quand", "lequel", "laquelle", "combien"],
    "es": ["qué", "cómo", "quién", "quiénes", "dónde", "cuándo", "cuál", "cuáles", "cuánto", "cuánta"],
}  # fmt: skip
# The first word of a sentence or clause, after a conjunction or preposition if there is one.
HEADS = re.compile(
    r"(?:^|[,:;¿]\s*|[.!]\s+¿?)"
    r"(?:(?:and|but|so|et|mais|y|pero|in|at|to|from|for|with|of|à|de|pour|avec|en|dans|sur|chez|a|con|para|por|sin|sans)\s+)?"
    r"([^\W\d_]+)"
)
IF_THEN = {"en": r"If .+ then ", "fr": r"S(?:i|'i).+ alors ", "es": r"Si .+ entonces "}
SCOLDS = {
    "en": r"\byou (?:must|should|need to|have to|ought)\b|\bgreat job\b|\babsolutely\b|\bjust\b (?:do|ask|tell)",
    "fr": r"\b(?:vous devez|tu dois|il faut que|vous devriez|tu devrais)\b",
    "es": r"\b(?:debes|debe usted|tienes que|deberías|hay que)\b",
}
JARGON = re.compile(
    r"\b(stakeholders?|synerg\w+|leverag\w+|deliverables?|paradigms?|modalit\w+|buy-in|touch base|going forward|low-hanging|best practices?"
    r"|capacit(?:y|ies)[- ]building|mainstream\w*|operationali[sz]\w*|holistic\w*|proactive\w*|multi-stakeholder|facilitat\w+)\b",
    re.IGNORECASE,
)


def words_of(text: str) -> list[str]:
    """Lower-case words and numbers, apostrophes dropped, so that "don't" and "don’t" are one word."""
    return re.findall(r"[^\W_]+", text.lower().replace("’", "").replace("'", ""))


def runs_of(text: str, length: int) -> Iterator[tuple[str, ...]]:
    words = words_of(text)
    return (tuple(words[i : i + length]) for i in range(len(words) - length + 1))


def _hash(run: tuple[str, ...]) -> bytes:
    return hashlib.sha256(" ".join(run).encode()).digest()[:KEPT]


def learn(sources: Path, runs_file: Path = RUNS, lines_file: Path = LINES) -> None:
    """Writes the hashes of all runs of the two sources, and which of their lines hold text."""
    hashes: set[bytes] = set()
    lines: dict[str, list[int]] = {}
    for doc in ("introduction", "enquiry"):
        text = (sources / f"{doc}.txt").read_text(encoding="utf-8")
        hashes |= {_hash(run) for run in runs_of(text, RUN)}
        lines[doc] = [n for n, line in enumerate(text.split("\n"), 1) if line.strip()]
    runs_file.write_bytes(b"".join(sorted(hashes)))
    _known_runs.cache_clear()
    lines_file.write_text(json.dumps(lines, separators=(",", ":")) + "\n", encoding="utf-8")


@lru_cache(maxsize=2)
def _known_runs(runs_file: Path) -> frozenset[bytes]:
    data = runs_file.read_bytes()
    return frozenset(data[i : i + KEPT] for i in range(0, len(data), KEPT))


def copied_runs(text: str, runs_file: Path = RUNS) -> list[str]:
    """Runs of six words that the text shares with a source."""
    known = _known_runs(runs_file)
    return [" ".join(run) for run in runs_of(text, RUN) if _hash(run) in known]


def sentences_of(text: str) -> list[str]:
    return [part for part in re.split(r"(?<=[.!?])\s+", text.strip()) if part]


def is_open_question(text: str, language: str) -> bool:
    """One question mark, at the end, and a question word at the head of the sentence or of a clause."""
    body = text.strip()
    if body.count("?") != 1 or not body.endswith("?"):
        return False
    heads = HEADS.findall(body.lower().replace("’", "'"))
    return any(head in OPEN[language] for head in heads)


def _said(words: Words) -> Iterator[tuple[str, str, str]]:
    """(place, kind of text, text) for everything of a card that a person may read."""
    yield "title", "title", words.title
    yield "gist", "gist", words.gist
    yield "who", "who", words.who
    yield "when", "when", words.when
    for name in ("feeling", "tension", "pattern"):
        yield f"mirrors.{name}", "mirror", getattr(words.mirrors, name)
    for n, question in enumerate(words.questions, 1):
        yield f"questions.{n}", "question", question
    for n, option in enumerate(words.options, 1):
        for kind in ("name", "offer", "price", "not_if"):
            yield f"options.{n}.{kind}", kind, getattr(option, kind)
    yield "challenge", "challenge", words.challenge
    yield "if_then", "if_then", words.if_then
    if words.thin:
        yield "thin", "thin", words.thin


def _faults_in_text(kind: str, text: str, language: str) -> Iterator[str]:
    room = LONGEST[kind] * (1 if language == "en" else TRANSLATION_ROOM)
    if len(text) > room:
        yield f"{len(text)} characters, room for {room:.0f}"
    for run in copied_runs(text):
        yield f"copied from a source: {run!r}"
    if any(len(words_of(s)) > SENTENCE_WORDS * (1 if language == "en" else TRANSLATION_ROOM) for s in sentences_of(text)):
        yield f"a sentence of more than {SENTENCE_WORDS} words"
    if language == "en" and kind != "gist" and (found := JARGON.search(text)):
        yield f"jargon: {found[0]!r}"
    if found := re.search(SCOLDS[language], text, re.IGNORECASE):
        yield f"an order or flattery: {found[0]!r}"
    template = Template(text)
    if not template.is_valid() or set(template.get_identifiers()) - {"who", "when"}:
        yield "a slot other than $who and $when"
    if kind == "question" and not is_open_question(text, language):
        yield "not one open question (what, how, who, where, when, which)"
    if kind == "challenge" and "?" in text and not is_open_question(text, language):
        yield "asks, but not one open question"
    if kind == "if_then" and not re.match(IF_THEN[language], text):
        yield "not of the form If ..., then ..."
    if kind == "mirror" and "?" in text:
        yield "a mirror asks nothing"
    if kind in ("offer", "price", "not_if", "if_then") and "?" in text:
        yield "asks something; a reply has one question, at its end"
    if kind == "not_if" and not text[0].islower():
        yield "begins after 'not if', so with a small letter"
    if kind in ("mirror", "offer", "price", "question", "challenge", "gist", "not_if", "if_then", "thin") and text[-1] not in ".?!":
        yield "no full stop at the end"


def _faults_in_card(card: Card, topics: set[str], lines: dict[str, set[int]], dev: dict[tuple[str, ...], str]) -> Iterator[str]:
    for topic in card.topics:
        if topic not in topics:
            yield f"topic {topic} does not exist"
    for topic in card.asks_by_topic.keys() - set(card.topics):
        yield f"asks_by_topic: {topic} is none of its topics"
    for n, source in enumerate(card.sources, 1):
        first, last = map(int, source.lines.split("-"))
        if first > last or first not in lines[source.doc] or last not in lines[source.doc]:
            yield f"sources.{n}: {source.doc} {source.lines} does not begin and end on a line with text"
        if len(source.where) > 70:
            yield f"sources.{n}.where: {len(source.where)} characters, room for 70"
    for language, least in {"en": 12, "fr": 6, "es": 6}.items():
        asks = card.asks.get(language, [])  # type: ignore[call-overload]
        if len(asks) < least:
            yield f"asks.{language}: {len(asks)}, at least {least} are needed"
        for ask in card.asked_in(language):
            for run in runs_of(ask, DEV_RUN):
                if run in dev:
                    yield f"asks.{language}: {' '.join(run)!r} stands in development query {dev[run]}"
            for copied in copied_runs(ask):
                yield f"asks.{language}: copied from a source: {copied!r}"
    for language in LANGUAGES:
        if language not in card.words:
            yield f"words.{language} is missing"
    for language, words in card.words.items():
        for place, kind, text in _said(words):
            for fault in _faults_in_text(kind, text, language):
                yield f"words.{language}.{place}: {fault}"
        for option in words.options:
            together, room = (
                len(option.offer) + len(option.price),
                LONGEST["offer and price"] * (1 if language == "en" else TRANSLATION_ROOM),
            )
            if together > room:
                yield f"words.{language}: option {option.name!r}: offer and price together are {together} characters, room for {room:.0f}"
        if len({option.name for option in words.options}) < len(words.options):
            yield f"words.{language}: two options of one name"
        if len(words.options) != len(card.words["en"].options) or [o.source for o in words.options] != [
            o.source for o in card.words["en"].options
        ]:
            yield f"words.{language}: its options do not match the English ones"


def _twins(cards: Iterable[Card]) -> Iterator[str]:
    said: dict[str, list[tuple[str, set[str]]]] = defaultdict(list)
    for card in cards:
        for language, words in card.words.items():
            for name in ("feeling", "tension", "pattern"):
                mirror = set(words_of(getattr(words.mirrors, name)))
                for other, heard in said[language]:
                    if len(mirror & heard) >= TWINS * len(mirror | heard):
                        yield f"{card.id}: words.{language}.mirrors.{name} is nearly the same as one of {other}"
                said[language].append((card.id, mirror))
    asked: dict[str, str] = {}
    for card in cards:
        for spoken in LANGUAGES:
            for ask in card.asked_in(spoken):
                key = " ".join(words_of(ask))
                if key in asked:
                    yield f"{card.id}: the ask {ask!r} stands in {asked[key]} too"
                asked[key] = card.id


def faults_in(cards: tuple[Card, ...]) -> list[str]:
    """Everything wrong with the writing of these cards, one line a fault, led by the card's id."""
    topics = set(yaml.safe_load(TOPICS.read_text(encoding="utf-8")))
    lines = {doc: set(numbers) for doc, numbers in json.loads(LINES.read_text(encoding="utf-8")).items()}
    dev: dict[tuple[str, ...], str] = {}
    for row in DEV_QUERIES.read_text(encoding="utf-8").splitlines():
        query = json.loads(row)
        dev |= dict.fromkeys(runs_of(query["text"], DEV_RUN), query["id"])
    faults = [f"{card.id}: {fault}" for card in cards for fault in _faults_in_card(card, topics, lines, dev)]
    return faults + list(_twins(cards))


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["--learn"] and len(arguments) == 2:
        learn(Path(arguments[1]))
        return 0
    only = set(arguments)
    try:
        cards = load_cards(CARDS)
    except BadCards as error:
        sys.stderr.write(f"{error}\n")
        return 1
    faults = [fault for fault in faults_in(cards) if not only or fault.split(":", 1)[0] in only]
    sys.stderr.writelines(f"{fault}\n" for fault in faults)
    sys.stderr.write(f"{len(cards)} cards, {len(faults)} faults\n")
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

"""Looks over transcripts for what a program can see of good coaching (coaching.md section 2): an alarm, not a mark.

A reply that raises no alarm may still be poor, and one that does may be right; a reader decides. Pure: transcripts are the lines
that `brokercoach replay --json` prints, and the corpus and the signals are given.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from typing import Any, Literal

from bot.spelling import flat, words_in
from prompts.signals import Signals

Type = Literal["ask", "advise", "flow", "close", "safety", "ops", "nudge"]

SIZES: Mapping[Type, tuple[int, int]] = {"advise": (550, 900), "ask": (550, 900), "flow": (280, 900), "nudge": (600, 600)}
COPIED = 6  # words in a row that a mirror may share with what was said, quotation marks aside
MEAN, LONGEST = 17, 28  # words of a sentence
ALIKE = 0.30  # share of trigrams that a reply may have in common with one of the last ten
BACK = 10  # replies
OPENING, OPENINGS = 4, 5  # the same first words of so many not twice within so many replies
SMALL = 12  # trigrams below which two replies are alike by chance


@dataclass(frozen=True, slots=True)
class Alarm:
    """`n` is the number of the line in its transcript; `item` the rubric's, or the gate's."""

    n: int
    item: str
    what: str


@dataclass(slots=True)
class Measures:
    """What section 2.4 asks of a whole set of conversations, as far as a program can count it."""

    replies: int = 0
    questions: int = 0
    open_questions: int = 0
    mirrors: int = 0
    advised: int = 0
    advised_without_mirror: int = 0
    cited: int = 0
    resolved: int = 0
    sizes: dict[str, list[int]] = field(default_factory=dict)

    def add(self, other: Measures) -> None:
        for name in ("replies", "questions", "open_questions", "mirrors", "advised", "advised_without_mirror", "cited", "resolved"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for kind, sizes in other.sizes.items():
            self.sizes.setdefault(kind, []).extend(sizes)

    def as_dict(self) -> dict[str, Any]:
        return {
            "replies": self.replies,
            "reflections_per_question": _share(self.mirrors, self.questions),
            "open_share": _share(self.open_questions, self.questions),
            "advice_before_mirror": _share(self.advised_without_mirror, self.advised),
            "citations_resolve": _share(self.resolved, self.cited),
            "median_chars": {kind: round(median(sizes)) for kind, sizes in sorted(self.sizes.items())},
            "over_900": sum(size > 900 for sizes in self.sizes.values() for size in sizes),
        }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 3) if whole else None


def review(
    lines: Sequence[Mapping[str, Any]], signals: Mapping[str, Signals], cards: Collection[str], language: str = "en"
) -> tuple[list[Alarm], Measures]:
    """The alarms of one transcript in their order, and its measures. `cards` are the ids a source may name."""
    alarms: list[Alarm] = []
    measures = Measures()
    said, before = "", list[str]()
    for line in lines:
        if line.get("direction") == "in":
            said = str(line["text"])
        if line.get("direction") != "out":
            continue
        text, kind = str(line["text"]), type_of(line)
        found = _Reply(text, kind, said, line, signals.get(language, signals["en"]))
        alarms += [Alarm(int(line["n"]), item, what) for item, what in (*found.alarms(cards), *_again(text, kind, before))]
        found.count(measures, cards)
        before = [*before, text][-BACK:]
    return alarms, measures


def type_of(line: Mapping[str, Any]) -> Type:
    """What kind of reply it is, by its shape: sources or numbered options advise, a question outside advice asks or goes with the flow."""
    text = str(line["text"])
    if line["kind"] in ("safety", "nudge"):
        return "safety" if line["kind"] == "safety" else "nudge"
    if re.search(r"^1\. ", text, re.MULTILINE) or (line["sources"] and line["choices"]):
        return "advise"
    if line["kind"] in ("question", "reminder"):
        return "flow"
    if re.search(r"^· ", text, re.MULTILINE):
        return "close"
    return "ask" if text.rstrip().endswith("?") and line["kind"] == "reply" and not line["choices"] else "ops"


class _Reply:
    def __init__(self, text: str, kind: Type, said: str, line: Mapping[str, Any], signals: Signals) -> None:
        self.text = text
        self.kind = kind
        self.said = said
        self.line = line
        self.signals = signals
        self.bare = " ".join(flat(text).split())
        self.own = re.sub(r"“[^”]*”|«[^»]*»", " ", text)  # what is not a quotation of somebody
        self.questions = self.own.count("?")

    def alarms(self, cards: Collection[str]) -> Iterator[tuple[str, str]]:
        yield from self._gates(cards)
        yield from self._question()
        yield from self._options()
        yield from self._size_and_voice()
        if self.kind in ("ask", "advise", "flow") and (run := copied_run(self.said, self.own)) > COPIED:
            yield "C1", f"{run} words in a row are the person's own"

    def _gates(self, cards: Collection[str]) -> Iterator[tuple[str, str]]:
        marks = {int(mark) for mark in re.findall(r"\[(\d)\]", self.text)}
        if marks and max(marks) > len(self.line["sources"]):
            yield "G1", "a mark without a source"
        for source in self.line["sources"]:
            if source["card"] not in cards:
                yield "G1", f"no card is called {source['card']}"
        for item, patterns, what in (
            ("C4", self.signals.unsourced, "a claim without a source"),
            ("C5", self.signals.orders, "an order"),
            ("C7", self.signals.stands_in, "acts for them"),
            ("C8", self.signals.flattery, "flattery"),
            ("C10", self.signals.knows_better, "knows better"),
            ("G5", self.signals.claims_human, "claims to be human"),
        ):
            own = " ".join(flat(self.own).split())
            if found := next((m for p in patterns if (m := re.search(p, own))), None):
                yield item, f"{what}: {found[0]!r}"

    def _question(self) -> Iterator[tuple[str, str]]:
        if self.kind in ("ask", "advise"):
            if self.questions > 1:
                yield "C3", f"{self.questions} questions"
            if not self.text.rstrip().endswith("?"):
                yield "C3", "no question at the end"
        elif self.kind == "flow" and self.questions > 2:
            yield "C3", f"{self.questions} questions"

    def _options(self) -> Iterator[tuple[str, str]]:
        if self.kind == "advise" and re.search(r"^1\. ", self.text, re.MULTILINE) and not re.search(r"^2\. ", self.text, re.MULTILINE):
            yield "C5", "one option only"

    def _size_and_voice(self) -> Iterator[tuple[str, str]]:
        if self.kind in SIZES and len(self.text) > SIZES[self.kind][1]:
            yield "C9", f"{len(self.text)} characters"
        lengths = [len(words_in(part)) for part in re.split(r"[.!?:;…]+\s|\n+", self.own) if words_in(part)]
        if lengths and self.kind != "close":
            if max(lengths) > LONGEST:
                yield "C10", f"a sentence of {max(lengths)} words"
            if len(lengths) > 1 and sum(lengths) / len(lengths) > MEAN:
                yield "C10", f"sentences of {sum(lengths) / len(lengths):.0f} words on average"
        for word in self.signals.jargon:
            if re.search(rf"\b{re.escape(flat(word))}\b", self.bare):
                yield "C10", f"jargon: {word}"

    def count(self, measures: Measures, cards: Collection[str]) -> None:
        measures.replies += 1
        measures.sizes.setdefault(self.kind, []).append(len(self.text))
        measures.cited += len(self.line["sources"])
        measures.resolved += sum(source["card"] in cards for source in self.line["sources"])
        if self.kind not in ("ask", "advise", "flow"):
            return
        last = re.split(r"[.!?…]\s|\n", self.text.rstrip())[-1]
        if last.endswith("?"):
            measures.questions += 1
            measures.open_questions += is_open(last, self.signals)
        head = re.split(r"^1\. ", self.text, maxsplit=1, flags=re.MULTILINE)[0]
        mirrored = bool(re.search(r"[.!…”»]", head.removesuffix(last)))
        measures.mirrors += mirrored
        if self.kind == "advise":
            measures.advised += 1
            measures.advised_without_mirror += not mirrored


def is_open(question: str, signals: Signals) -> bool:
    """Whether a question begins with a word of an open one, in its last clause or its first."""
    clauses = [question, *re.split(r"[,;:–—]\s+", question)]
    return any(
        re.match(rf"(?:{'|'.join(re.escape(flat(word)) for word in signals.opens)})", flat(clause).lstrip("¿« “")) for clause in clauses
    )


def copied_run(said: str, reply: str) -> int:
    """The longest run of words that two texts share."""
    one, two = words_in(said), words_in(reply)
    longest, row = 0, [0] * (len(two) + 1)
    for word in one:
        row = [0, *(row[n] + 1 if word == other else 0 for n, other in enumerate(two))]
        longest = max(longest, *row)
    return longest


def _again(text: str, kind: Type, before: Sequence[str]) -> Iterator[tuple[str, str]]:
    if kind not in ("ask", "advise", "flow", "nudge"):
        return
    here = _trigrams(text)
    for earlier in before:
        there = _trigrams(earlier)
        if min(len(here), len(there)) >= SMALL and len(here & there) / len(here | there) >= ALIKE:
            yield "C12", "much of this was said lately"
            break
    opening = words_in(text)[:OPENING]
    if len(opening) == OPENING and any(words_in(earlier)[:OPENING] == opening for earlier in before[-OPENINGS + 1 :]):
        yield "C12", "opens as one of the last replies did"


def _trigrams(text: str) -> set[tuple[str, ...]]:
    words = words_in(re.sub(r"“[^”]*”|«[^»]*»", " ", text))
    return {(a, b, c) for (a, b), (_, c) in pairwise(pairwise(words))}


def tally(alarms: Sequence[Alarm]) -> dict[str, int]:
    return dict(sorted(Counter(alarm.item for alarm in alarms).items()))

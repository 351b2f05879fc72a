"""What somebody tells, heard by its words: a partner gone quiet, money that is late, a row in the room. Said back, and asked about.

Pure and lexical; how it is said and what is said back are data (prompts/happenings). A card knows a topic; this knows what happened,
so that a mirror can name it (rubric C1). What is not among it is left to the shape of the message (exploring.py, mirroring.py).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from bot.doings import OWN as OWN_DOING
from bot.doings import PLAIN, doings_in
from bot.draft import Draft
from bot.hearing import feels, handed_back, only_who_in
from bot.retelling import retold_in
from bot.sieve import Sieve
from bot.spelling import BETWEEN_SENTENCES, any_in, expression, in_line, one_line, words_in
from prompts.library import Happening, Happenings, Heard

LONGEST = 120  # characters of a mirror (coaching.md section 4)
DENIED = 4  # words after a "not" that it may deny
OWN = 6  # words of theirs in a row that a mirror may hold (coaching.md section 2.2, C1)


@dataclass(frozen=True, slots=True)
class Back:
    """What is said back to something that was told: by which key it is remembered, whom it is about, for how long, and what it was, where
    that was said."""

    draft: Draft
    key: str
    words: Heard
    who: str
    span: str
    what: str

    def mirror(self) -> str:
        """The mirror heard longest ago, and of those never heard the one that holds most of the person's own."""
        return self._said(self.key, self.words.mirrors)

    @property
    def fresh(self) -> bool:
        """Whether a mirror is left that was not heard lately."""
        return self._unheard(self.key, self.words.mirrors)

    def _unheard(self, key: str, lines: Sequence[str]) -> bool:
        return any(self.draft.heard_at(f"{key}#{n}") < 0 for n in range(len(lines)))

    def _said(self, key: str, lines: Sequence[str]) -> str:
        return self.draft.fitting(key, LONGEST, tuple(lines), who=self.who, span=self.span, what=self.what)


@dataclass(frozen=True, slots=True)
class Told(Back):
    """A happening as it was told in this turn."""

    name: str
    happening: Happening
    by_word: bool

    def question(self) -> str:
        return self._said(f"told.{self.name}.question", self.happening.questions)

    @property
    def asks_on(self) -> bool:
        """Whether a question is left that was not asked lately."""
        return self._unheard(f"told.{self.name}.question", self.happening.questions)

    @property
    def cards(self) -> frozenset[str]:
        """The only cards that may speak to it; empty where any may."""
        return frozenset(self.happening.cards)

    @property
    def plain(self) -> bool:
        """Whether it is heard by a word alone, of which it can't be told what it is about."""
        return self.name in self.draft.library.happenings[self.draft.language].plain or self.by_word

    @property
    def whole(self) -> bool:
        """Whether it was told in more than one clause, of which one alone says less."""
        return self.name in self.draft.library.happenings[self.draft.language].whole

    @property
    def grave(self) -> bool:
        return self.name in self.draft.library.happenings[self.draft.language].grave


def told_in(draft: Draft, text: str) -> Told | None:
    """The first happening that is heard in a text, in the language that is spoken; None for none of them."""
    happenings = draft.library.happenings.get(draft.language)
    if happenings is None:
        return None
    if text not in draft.happened:
        draft.happened[text] = happening_in(text, happenings)
    name = draft.happened[text]
    if name is None:
        return None
    happening = happenings.told[name]
    said = back_to(draft, text, happening, f"told.{name}.mirror")
    return Told(draft, said.key, happening, said.who, said.span, said.what, name, happening, _by_word(draft, text, happening))


def besides(draft: Draft, text: str, told: Told) -> str:
    """A text without the words by which a happening was heard in it: only in the others is it one person's own."""
    return _blanked(_line(draft, text), told.happening.heard)


def _by_word(draft: Draft, text: str, happening: Happening) -> bool:
    """Whether all that stands for a happening in a text is one word, and no feeling: "the loudest"."""
    line = _line(draft, text)
    found = (each[0] for pattern in happening.heard for each in expression(pattern).finditer(line))
    longest = max(found, key=len, default="")
    return len(words_in(longest)) == 1 and not feels(longest, draft.words.hear)


def heard_as(draft: Draft, text: str, kinds: Sequence[Heard], key: str) -> Back | None:
    """As which of several kinds a text is heard, the first of them that is not denied; None for none. Remembered under `key` and the place
    of the kind."""
    line, nots = _line(draft, text), frozenset(draft.words.hear.reading.nots)
    found = next((n for n, kind in enumerate(kinds) if kind.stands_in(line) and _affirmed(kind, line, nots)), None)
    return None if found is None else back_to(draft, text, kinds[found], f"{key}.{found}")


def _affirmed(kind: Heard, line: str, nots: frozenset[str]) -> bool:
    """Whether a kind is heard where no "not" stands right before it in its clause; one inside is part of what is heard."""
    return any(
        nots & set(words_in(found[0])) or not nots & set(words_in(re.split(r"[,.;:!?]", line[: found.start()])[-1])[-DENIED:])
        for pattern in kind.heard
        for found in expression(pattern).finditer(line)
    )


def back_to(draft: Draft, text: str, kind: Heard, key: str) -> Back:
    """What can be said back to a text that is heard as one kind: of whom and of what stands in the sentence in which it is told."""
    told = next((part for part in BETWEEN_SENTENCES.split(text) if kind.stands_in(_line(draft, part))), text)
    happenings, hear = draft.library.happenings.get(draft.language), draft.words.hear
    span = span_in(text, happenings) if happenings else ""
    others = (doing for doing in doings_in(told, hear) if doing.kind not in (OWN_DOING, PLAIN))
    by = next((doing for doing in others if kind.stands_in(_line(draft, doing.said))), None)
    persons = {*hear.doings.pronouns} - {*hear.reading.determiners}
    done_to = bool(persons & {*words_in(told)[:1]})  # whoever is named behind a "he" had it done to them
    who = by.who if by else "" if done_to else only_who_in(told, hear) or ""
    return Back(draft, key, kind, who, span, _what_in(draft, told, kind))


def mirror_in(draft: Draft, text: str) -> str:
    """A mirror of what happened, as far as one is heard in a text and was not said lately; else empty."""
    told = told_in(draft, text)
    return told.mirror() if told and told.fresh else ""


def back_in(draft: Draft, text: str) -> str:
    """What happened, said back, else a sentence or a clause of theirs; empty for neither."""
    told = draft.said_back(text) or retold_in(text, draft.words.hear)
    return mirror_in(draft, text) or (f"{told}." if told else "")


def happening_in(text: str, happenings: Happenings) -> str | None:
    line = _elided(in_line(text), happenings)
    if any_in(happenings.unless, line):
        return None
    happened = _happened(line, happenings)
    found = ((name, happenings.told[name]) for name in _sieve(happenings).found_in(line))
    return next(
        (name for name, each in found if (each.stands_in(happened) or _anywhere(happenings, name)) and not any_in(each.unless, line)),
        None,
    )


def _happened(line: str, happenings: Happenings) -> str:
    """A line without what stands aside in it."""
    return _blanked(line, happenings.aside)


def _blanked(line: str, patterns: Sequence[str]) -> str:
    """A line without what is heard by any of these patterns, so that its places stay the same."""
    for pattern in patterns:
        line = expression(pattern).sub(lambda found: " " * len(found[0]), line)
    return line


@cache
def _anywhere(happenings: Happenings, name: str) -> bool:
    """Whether one is heard in what stands aside as well: an example of its own tells of it there."""
    happening = happenings.told[name]
    lines = (_elided(in_line(said), happenings) for said in happening.said)
    return any(not happening.stands_in(_happened(line, happenings)) for line in lines)


@lru_cache(8)
def _sieve(happenings: Happenings) -> Sieve:
    return Sieve({name: happening.heard for name, happening in happenings.told.items()})


def span_in(text: str, happenings: Happenings) -> str:
    """A stretch of time, or how often, as the person put it: "three weeks", "the third time". Empty where none was named."""
    whole, line = one_line(text), in_line(text)
    found = [found.span() for pattern in happenings.spans if (found := expression(pattern).search(line))]
    return whole[slice(*min(found, key=lambda span: span[0]))] if found else ""


def _what_in(draft: Draft, text: str, kind: Heard) -> str:
    """What it was, in a few of the person's own words told back to them. Empty where they are many, or a verb would change."""
    line = _line(draft, text)
    whole = "".join(mark if mark == "'" else char for mark, char in zip(line, one_line(text), strict=True))
    named = (found for pattern in kind.heard if "(?P<what>" in pattern and (found := expression(pattern).search(line)))
    said = next((whole[slice(*found.span("what"))].strip() for found in named if found["what"]), "")
    return (handed_back(said, draft.words.hear) or "") if said and len(words_in(said)) <= OWN else ""


def _line(draft: Draft, text: str) -> str:
    happenings = draft.library.happenings.get(draft.language)
    return _elided(in_line(text), happenings) if happenings else in_line(text)


def _elided(line: str, happenings: Happenings) -> str:
    """A line with an apostrophe wherever a space was typed for one ("j ai"), so that its places stay the same."""
    for gap in happenings.elided:
        line = expression(gap).sub("'", line)
    return line

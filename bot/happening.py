"""What somebody tells, heard by its words: a partner gone quiet, money that is late, a row in the room. Said back, and asked about.

Pure and lexical; how it is said and what is said back are data (prompts/happenings). A card knows a topic; this knows what happened,
so that a mirror can name it (rubric C1). What is not among it is left to the shape of the message (exploring.py, mirroring.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from bot.draft import Draft
from bot.hearing import handed_back, only_who_in
from bot.sieve import Sieve
from bot.spelling import BETWEEN_SENTENCES, any_in, expression, in_line, one_line, words_in
from prompts.library import Happening, Happenings, Hear

LONGEST = 120  # characters of a mirror (coaching.md section 4)
OWN = 6  # words of theirs in a row that a mirror may hold (coaching.md section 2.2, C1)


@dataclass(frozen=True, slots=True)
class Told:
    """A happening as it was told in this turn: what it is called, whom it is about, for how long, and what it was, where that was said."""

    draft: Draft
    name: str
    who: str
    span: str
    what: str

    def mirror(self) -> str:
        """The mirror heard longest ago, and of those never heard the one that holds most of the person's own."""
        return self._said("mirror", tuple(self._words.mirrors))

    def question(self) -> str:
        return self._said("question", tuple(self._words.questions))

    @property
    def fresh(self) -> bool:
        """Whether a mirror is left that was not heard lately."""
        return any(self.draft.heard_at(f"{self._key('mirror')}#{n}") < 0 for n in range(len(self._words.mirrors)))

    @property
    def asks_on(self) -> bool:
        """Whether a question is left that was not asked lately."""
        return any(self.draft.heard_at(f"{self._key('question')}#{n}") < 0 for n in range(len(self._words.questions)))

    @property
    def cards(self) -> frozenset[str]:
        """The only cards that may speak to it; empty where any may."""
        return frozenset(self._words.cards)

    @property
    def _words(self) -> Happening:
        return self.draft.library.happenings[self.draft.language].told[self.name]

    def _key(self, what: str) -> str:
        return f"told.{self.name}.{what}"

    def _said(self, what: str, lines: tuple[str, ...]) -> str:
        return self.draft.fitting(self._key(what), LONGEST, lines, who=self.who, span=self.span, what=self.what)


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
    hear = draft.words.hear
    told = next((part for part in BETWEEN_SENTENCES.split(text) if happening.stands_in(_elided(in_line(part), happenings))), text)
    return Told(draft, name, only_who_in(told, hear) or "", span_in(text, happenings), what_in(told, name, happenings, hear))


def mirror_in(draft: Draft, text: str) -> str:
    """A mirror of what happened, as far as one is heard in a text and was not said lately; else empty."""
    told = told_in(draft, text)
    return told.mirror() if told and told.fresh else ""


def back_in(draft: Draft, text: str) -> str:
    """What happened, said back, else a short sentence of theirs; empty for neither."""
    told = draft.said_back(text)
    return mirror_in(draft, text) or (f"{told}." if told else "")


def happening_in(text: str, happenings: Happenings) -> str | None:
    line = _elided(in_line(text), happenings)
    found = _sieve(happenings).found_in(line)
    name = next((name for name in found if not any_in(happenings.told[name].unless, line)), None)
    return None if name is None or any_in(happenings.unless, line) else name


@lru_cache(8)
def _sieve(happenings: Happenings) -> Sieve:
    return Sieve({name: happening.heard for name, happening in happenings.told.items()})


def span_in(text: str, happenings: Happenings) -> str:
    """A stretch of time, or how often, as the person put it: "three weeks", "the third time". Empty where none was named."""
    whole, line = one_line(text), in_line(text)
    found = [found.span() for pattern in happenings.spans if (found := expression(pattern).search(line))]
    return whole[slice(*min(found, key=lambda span: span[0]))] if found else ""


def what_in(text: str, name: str, happenings: Happenings, hear: Hear) -> str:
    """What it was, in a few of the person's own words told back to them. Empty where they are many, or a verb would change."""
    line, heard = _elided(in_line(text), happenings), happenings.told[name].heard
    whole = "".join(mark if mark == "'" else char for mark, char in zip(line, one_line(text), strict=True))
    named = (found for pattern in heard if "(?P<what>" in pattern and (found := expression(pattern).search(line)))
    said = next((whole[slice(*found.span("what"))].strip() for found in named if found["what"]), "")
    return (handed_back(said, hear) or "") if said and len(words_in(said)) <= OWN else ""


def _elided(line: str, happenings: Happenings) -> str:
    """A line with an apostrophe wherever a space was typed for one ("j ai"), so that its places stay the same."""
    for gap in happenings.elided:
        line = expression(gap).sub("'", line)
    return line

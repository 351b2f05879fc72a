"""Stand-ins for the names of people and organisations: put in before a text leaves, taken out of what comes back. Pure.

What counts as a name errs on the side of hiding: names that the person told us; words with a capital that the language does not write so;
unknown words in lower case, after an article or a pronoun only those that no dictionary has; and every word in another script. A word
wrongly hidden comes back unharmed. Addresses, numbers of five digits and more, initials, and anything with an @ are hidden as well. The
stand-ins are invented, so that a sentence stays a sentence.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from bot.spelling import flat

_WORD = re.compile(r"[^\W\d_]+")
_TOLD = re.compile(r"[^\W\d_]+|\d{5,}")
_CODE = re.compile(
    r"(?:https?://|www\.)\S+|\S*@\S+|\+?\d[\d ()./-]{3,}\d(?!\w)|\b\w*\d{5,}\w*\b|\b(?=\w*\d)(?=\w*[^\W\d_])\w{4,}\b"
    r"|\b(?-i:[A-ZÀ-Þ][ .-]){2,}(?-i:[A-ZÀ-Þ])\b"  # a name spelt out
    r"|\b(?-i:(?!I\.)[A-ZÀ-Þ]\.)(?-i:[ ]?[A-ZÀ-Þ]\.)*(?=\s+(?-i:[A-ZÀ-Þ]))",  # initials
    re.IGNORECASE,
)
_LATIN = re.compile(r"[A-Za-zÀ-ɏḀ-ỿ]")
_CODED = 5  # characters from which a code that is hidden cannot stand in another word by chance
_ENDS = frozenset('.!?…:;\n“”«»"()[]•·–—¿¡*-')
_NOT = re.compile(r"['’]t\b", re.IGNORECASE)  # the first part of "don't" is no Don
_HEADS = ("Bal", "Dor", "Fen", "Gam", "Jul", "Kes", "Lom", "Nir", "Pav", "Rud", "Sov", "Tam", "Vek", "Wim", "Zan")
_TAILS = ("ovi", "umek", "arit", "esko", "olun", "ibar", "anzu", "etik", "otek", "usil", "amun", "eldi")


@dataclass(frozen=True, slots=True)
class Tells:
    """How a language tells names from other words, all flat. `ordinary` is everything that is written in lower case in our own texts,
    `dictionary` what a dictionary of the language has; dictionaries have names too, so it only ever adds to what is hidden. `capitals`: an
    ordinary word may have one anywhere.
    """

    ordinary: frozenset[str]
    dictionary: frozenset[str] = frozenset()
    before_others: frozenset[str] = frozenset()
    doubtful: frozenset[str] = frozenset()
    common: frozenset[str] = frozenset()
    capitals: bool = False


class Names:
    """The stand-ins of one exchange. `told` are names that are known to be names, in whatever way they are written."""

    def __init__(self, tells: Tells, told: Iterable[str], texts: Iterable[str]) -> None:
        texts = [_nfc(text) for text in texts]
        self._tells = tells
        self._hidden: dict[str, str] = {}
        self._shown: dict[str, str] = {}
        self._known: set[str] = set()
        self._phrases = sorted({_nfc(name).strip() for name in told if len(name.strip()) > 1}, key=len, reverse=True)
        words = {flat(word) for name in self._phrases for word in _WORD.findall(name)}
        self._known = {word for word in words if len(word) > 2 and word not in tells.ordinary}
        self._known |= {flat(word) for text in texts for word, plainly in self._named_in(text) if plainly}
        taken = {flat(word) for text in [*texts, *self._phrases] for word in _WORD.findall(text)}
        endings = (*_TAILS, *(first + second for first, second in product(_TAILS, _TAILS)))
        self._free = (head + tail for tail, head in product(endings, _HEADS) if flat(head + tail) not in taken | tells.ordinary)

    def hide(self, text: str) -> str:
        """The text with a stand-in for every name."""
        text = _nfc(text)
        for phrase in self._phrases:
            places = [found.span() for found in re.finditer(rf"(?<!\w){re.escape(flat(phrase))}(?!\w)", flat(text))]
            text = self._replaced(text, places)
        text = _CODE.sub(lambda found: self._stand_in(found[0]), text)
        return self._replaced(text, [(start, end) for start, end, _ in self.places(text)])

    def _replaced(self, text: str, places: Sequence[tuple[int, int]]) -> str:
        """With a stand-in at each of these places."""
        for start, end in reversed(places):
            text = text[:start] + self._stand_in(text[start:end]) + text[end:]
        return text

    def hide_well(self, text: str) -> str:
        """The same. Raises ValueError when a name that is known is left in it: then nothing may leave."""
        hidden = self.hide(text)
        if self.leaks(hidden):
            raise ValueError("a name is left")
        return hidden

    def hide_all(self, value: Any, ours: Collection[str] = ()) -> Any:
        """The same for every text in a JSON value; keys are ours, and so is what stands under those in `ours`."""
        if isinstance(value, str):
            return self.hide(value)
        if isinstance(value, dict):
            return {key: inner if key in ours else self.hide_all(inner, ours) for key, inner in value.items()}
        return [self.hide_all(inner, ours) for inner in value] if isinstance(value, list) else value

    def restore(self, text: str) -> str:
        """The text with the names back, as they were first written."""
        return _WORD.sub(lambda found: self._shown.get(flat(found[0]), found[0]), text)

    def leaks(self, text: str) -> bool:
        """Whether a name that is known stands in a text that is about to leave."""
        said = {flat(word) for word in _TOLD.findall(text)} - set(self._shown)
        whole = flat(text)
        if self._known & said or any(re.search(rf"(?<!\w){re.escape(flat(phrase))}(?!\w)", whole) for phrase in self._phrases):
            return True
        return any(code in whole for code in self._hidden if not code.isalpha() and len(code) >= _CODED)

    @property
    def stand_ins(self) -> tuple[str, ...]:
        return tuple(self._hidden.values())

    def _stand_in(self, name: str) -> str:
        key = flat(name)
        if key in self._shown:  # a stand-in already
            return name
        if key not in self._hidden:
            self._hidden[key] = next(self._free)
        shown = flat(self._hidden[key])
        if shown not in self._shown or name[:1].isupper():  # it comes back with its capital, where it was written with one
            self._shown[shown] = name
        return self._hidden[key]

    def places(self, text: str) -> Iterator[tuple[int, int, bool]]:
        """Where names stand, and whether they are plainly names wherever they stand."""
        shouted = sum(c.isupper() for c in text) > sum(c.islower() for c in text)
        before, end = "", 0
        for found in _WORD.finditer(text):
            word, key = found[0], flat(found[0])
            between = text[end : found.start()]
            begins = end == 0 or any(c in _ENDS for c in between)
            if key not in self._shown:
                cut = _NOT.match(text, found.end()) is not None
                kind = self._kind(word, key, before, begins=begins, shouted=shouted, cut=cut)
                if kind:
                    yield found.start(), found.end(), kind == "plainly"
            before, end = key, found.end()

    def _kind(self, word: str, key: str, before: str, *, begins: bool, shouted: bool, cut: bool) -> str | None:
        tells = self._tells
        if key in self._known or (key not in tells.ordinary and not _LATIN.search(word)):
            return "plainly"
        if len(key) < 2 or cut or key in tells.common:
            return None
        ordinary = key in tells.ordinary or key in tells.before_others
        if word[0].isupper() and not shouted:
            if key in tells.doubtful:
                return "maybe"
            if not begins and not (tells.capitals and ordinary):
                return "maybe" if ordinary else "plainly"
            return None if ordinary else "plainly"
        if ordinary or len(key) < 3:
            return None
        if before in tells.before_others:
            return "maybe" if tells.dictionary and key not in tells.dictionary else None
        return "maybe"

    def _named_in(self, text: str) -> Iterator[tuple[str, bool]]:
        return ((text[start:end], plainly) for start, end, plainly in self.places(text))


def names_in(text: str, tells: Tells, told: Iterable[str] = ()) -> tuple[str, ...]:
    """What in a text is plainly a name, as it is written there; names that follow each other ("Ana Pereira") are one."""
    text, found = _nfc(text), list[tuple[int, int]]()
    for start, end, plainly in Names(tells, told, (text,)).places(text):
        if plainly and found and text[found[-1][1] : start] == " ":
            found[-1] = (found[-1][0], end)
        elif plainly:
            found.append((start, end))
    return tuple(dict.fromkeys(text[start:end] for start, end in found))


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)

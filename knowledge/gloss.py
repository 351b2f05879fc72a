"""Turns a message in French or Spanish into English words, one after another, because the model reads English.

No translation: "mon chef ne me soutient pas" becomes "my boss not me support not", which the model places near what it means.
The words are in knowledge/glossary.yaml and, as they are meant every day, in knowledge/everyday.yaml. One that is in neither is read as
the one that begins like it, as verbs and plurals do, and otherwise left as it is: names, and the many words that the languages share.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile

from knowledge.words import words_in

LANGUAGES = ("fr", "es")  # in the order of an entry's columns
LONGEST = 4  # words of an expression
ROOT = 4  # letters that two forms of a word have in common, at least
ENDING, OWN_ENDING = 5, 3  # letters of a word, and of a form, that may be an ending


class Gloss:
    """Of one language."""

    def __init__(self, glossaries: Sequence[Mapping[str, Sequence[str]]], language: str) -> None:
        column = LANGUAGES.index(language)
        self._english: dict[tuple[str, ...], str] = {}
        for glossary in glossaries:
            for english, forms in glossary.items():
                for form in forms[column].split():
                    self._english.setdefault(tuple(words_in(form.replace("_", " "))), english)
        self._roots: dict[str, list[str]] = {}
        for words in self._english:
            if len(words) == 1:
                self._roots.setdefault(words[0][:ROOT], []).append(words[0])

    def english(self, text: str) -> str:
        return " ".join(self._words(words_in(text)))

    def _words(self, words: Sequence[str]) -> Iterator[str]:
        start = 0
        while start < len(words):
            for length in range(min(LONGEST, len(words) - start), 0, -1):
                found = self._english.get(tuple(words[start : start + length]))
                if found is not None:
                    break
            else:
                found, length = self._like(words[start]), 1
            if found:
                yield found
            start += length

    def _like(self, word: str) -> str:
        """The English of the form that has most of its beginning in common with a word; without one, the word itself."""
        best, most = word, 0
        for form in self._roots.get(word[:ROOT], ()):
            same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(word, form, strict=False)))
            endings = len(word) + len(form) - 2 * same
            if len(word) - same <= ENDING and len(form) - same <= OWN_ENDING and endings < same and 2 * same - endings > most:
                best, most = self._english[(form,)], 2 * same - endings
        return best


def glosses_of(glossaries: Sequence[Mapping[str, Sequence[str]]]) -> dict[str, Gloss]:
    """Of each language that has one. A glossary: English → forms in French, forms in Spanish; the first one that has a form is heard."""
    return {language: Gloss(glossaries, language) for language in LANGUAGES}

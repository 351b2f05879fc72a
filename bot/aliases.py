"""Who is called what in pages that others read: pseudonyms for people and organisations, the same ones each time. Pure.

Only names that an entry is marked with are known; `bot.pseudonyms` errs on the side of hiding, for texts that leave for a model.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping

from pydantic import BaseModel, ConfigDict, Field

from bot.book import Binder, Sheaf
from bot.naming import calendar
from bot.spelling import flat
from prompts.library import Words

NAMED = "{kind} {number}"
_NEXT = re.compile(r" ([^\W\d_][\w-]*)")  # a word that follows at once


class Pseudonyms(BaseModel):
    """The names that stand in the logbook, and what is printed for each; a name that stays as it is stands for itself."""

    model_config = ConfigDict(extra="forbid")

    people: dict[str, str] = Field(default={}, repr=False)
    organisations: dict[str, str] = Field(default={}, repr=False)

    def hidden(self, text: str) -> str:
        """Whole words only, the longest names first; in capitals as they are written, so that "Will" leaves "will" alone."""
        names = {**self.people, **self.organisations}
        if not names:
            return text
        shape = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True) if name)
        return re.sub(rf"(?<!\w)(?:{shape})(?!\w)", lambda found: names[found[0]], text) if shape else text


def proposed(sheaf: Sheaf, binder: Binder, known: Pseudonyms | None = None) -> Pseudonyms:
    """A pseudonym for everybody and everything that is named, in the order of first mention; those that are known stay as they are."""
    had = known or Pseudonyms()
    people, organisations = dict(had.people), dict(had.organisations)
    ordered = sorted(sheaf.entries, key=lambda entry: (entry.event_date, entry.written, entry.id))
    partnerships = dict.fromkeys([*(each.name for each in sheaf.person.partnerships), *(e.partnership for e in ordered if e.partnership)])
    for name in partnerships:
        _name(organisations, people, name, binder.line("book.alias.partnership"))
    titles = ranks(binder.words)
    named = dict.fromkeys(name for entry in ordered for name in entry.people if name[:1].isupper() and flat(name) not in titles)
    for name in partnerships:  # who says "in Nyando" for "Nyando Water" means the same
        for word in name.split() if " " in name else ():
            if word in named:
                organisations.setdefault(word, organisations[name])
    for whole in _of_several_words(binder, named):
        _name_whole(people, organisations, whole, named, binder)
    for name in named:
        organisation = len(name) > 1 and name.isupper() and "." not in name
        kind = binder.line("book.alias.organisation" if organisation else "book.alias.person")
        _name(organisations if organisation else people, organisations | people, name, kind)
    if sheaf.person.name:
        people.setdefault(sheaf.person.name, binder.line("book.alias.writer"))
    return Pseudonyms(people=people, organisations=organisations)


def _name_whole(people: dict[str, str], organisations: dict[str, str], whole: str, named: Container[str], binder: Binder) -> None:
    """A name of several words and each of them alone: a person's where all are marked as names, else an organisation's."""
    parts = [word for word in whole.split() if word in named]
    person = len(parts) == len(whole.split())
    names, others = (people, organisations) if person else (organisations, people)
    known = next((names[word] for word in parts if word in names), None)
    if known:
        names.setdefault(whole, known)
    _name(names, others, whole, binder.line("book.alias.person" if person else "book.alias.organisation"))
    for part in parts:
        if part not in others:
            names.setdefault(part, names.get(whole) or others[whole])


def ranks(words: Words) -> frozenset[str]:
    """Flat, as all that is compared: "Director" in "Director Hassan" names nobody."""
    return frozenset(flat(actor) for actor in words.hear.actors)


def _of_several_words(binder: Binder, named: Iterable[str]) -> Iterable[str]:
    """Names that go on with a capital: "Ana Silva", and "Maji Trust", of which only a part is marked as a name."""
    shape = "|".join(re.escape(name) for name in sorted(named, key=len, reverse=True))
    days = calendar(binder.language)
    found: dict[str, None] = {}
    for text in [each.text for each in binder.sheaf.written] if shape else []:
        for name in re.finditer(rf"(?<!\w)(?:{shape})(?!\w)", text):
            end = name.end()
            while (word := _NEXT.match(text, end)) and word[1][0].isupper() and flat(word[1]) not in days:
                end = word.end()
            if end > name.end():
                found[text[name.start() : end]] = None
    return found


def _name(names: dict[str, str], others: Mapping[str, str], name: str, kind: str) -> None:
    if name in names or name in others:
        return
    taken = set(names.values()) | set(others.values())
    number = 1
    while NAMED.format(kind=kind, number=number) in taken:
        number += 1
    names[name] = NAMED.format(kind=kind, number=number)

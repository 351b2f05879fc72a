"""What an entry is marked with when it is written: who is in it, which partnership, and what it is about, always with its own words. Pure.

Marks are found, not asked for, so they are kept scarce: a name that might be none is left out, and a theme has to fit clearly and to have
words in the text that carry it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from bot import rooms
from bot.alarms import alarm_in
from bot.draft import Draft
from bot.hearing import who_in
from bot.later import Later
from bot.model import Entry, Keep, MarkLater, Partnership, Passage, Phase, Theme
from bot.quoting import QUOTE, cut, dark, light, sentences
from bot.spelling import flat, words_in
from prompts.library import Hear

THEME = 0.6  # a card's score from which an entry is about it; coaching takes .5, where being wrong costs a question and no mark
PRINCIPLE = 0.7  # the same for saying that something speaks for a principle or against it
SHARED = 1  # words a sentence has in common with the card, least, to carry its theme
MOST = 8  # people of one answer


def marked(draft: Draft, answer: Keep) -> Keep:
    """An answer with its marks."""
    person, text = draft.person, answer.text
    at_hand = rooms.at_hand(draft.context)
    raises = alarm_in(text, draft.library.safeties(draft.language)) is not None
    partnership = rooms.named_in(text, at_hand)
    before = next((entry for entry in draft.context.entries if entry.id == answer.entry), None)
    if partnership is None and len(at_hand) == 1 and (before is None or before.partnership is None):
        partnership = at_hand[0]
    name = answer.partnership or (partnership.name if partnership else None)
    return Keep(
        answer.entry,
        answer.guide,
        answer.step,
        text,
        event_date=answer.event_date,
        energy=answer.energy,
        partnership=name,
        phases=_phases(name, person.partnerships),
        people=tuple(people_in(text, draft.words.hear, known(draft.context.entries), draft.language)),
        themes=() if raises else _themes(draft, answer),
    )


def _themes(draft: Draft, answer: Keep) -> tuple[Theme, ...]:
    """None as yet where the cards are still to be looked up: then the reply goes first."""
    passages = draft.context.passages
    if isinstance(passages, Later) and not passages.known:
        draft.do(MarkLater(answer.entry, answer.step, draft.language, answer.text, passages))
        return ()
    return tuple(themes_in(answer.text, passages, draft.words.hear))


def _phases(name: str | None, partnerships: Sequence[Partnership]) -> tuple[Phase, ...]:
    return next((each.phases for each in partnerships if each.name == name), ())


def known(entries: Sequence[Entry]) -> frozenset[str]:
    """Everybody who was named before."""
    return frozenset(name for entry in entries for name in entry.people)


def people_in(text: str, hear: Hear, before: frozenset[str] = frozenset(), language: str = "en") -> list[str]:
    """Names by which the writer calls people: capitalised within a sentence ("Ana", "K."), known from before, or by what they are
    ("mayor").

    A capital at the head of a sentence says nothing, so a name there counts only when it is known or stands elsewhere too.
    """
    common = _common(hear, language)
    inside: dict[str, None] = {}
    heads: dict[str, None] = {}
    for sentence in re.split(r"(?<=[.!?…:;])\s+|\n+|[\"“”«»„]+", text):
        for place, found in enumerate(re.finditer(r"[^\W\d_](?:[^\W\d_]|(?<=\w)[-'’](?=[^\W\d_]))*\.?", sentence)):
            word = found[0]
            name = re.sub(r"['’]s$", "", word.rstrip(".") if len(word) != 2 else word)
            if not name[:1].isupper() or len(name) < 2 or (flat(name) in common and name not in before):
                continue
            if name.isupper() and len(name) > 6 and "." not in name:
                continue  # somebody shouting
            (inside if place else heads)[name] = None
    named = [*inside, *(name for name in heads if name in before or name in inside)]
    said = who_in(text, hear)
    actor = next((word for word in reversed(words_in(said or "")) if word in _actors(hear)), None)
    return list(dict.fromkeys([*named, *([actor] if actor and actor not in hear.world else [])]))[:MOST]


@lru_cache(8)
def _common(hear: Hear, language: str) -> frozenset[str]:
    """Words that are no names, whatever their first letter."""
    return calendar(language) | {flat(word) for word in (*hear.fillers, *hear.everyday, *hear.loose_ends, *hear.subjects)}


@lru_cache(8)
def _actors(hear: Hear) -> frozenset[str]:
    return frozenset(map(flat, hear.actors))


@lru_cache(8)
def calendar(language: str) -> frozenset[str]:
    from babel.dates import get_day_names, get_month_names

    return frozenset(flat(name) for names in (get_day_names, get_month_names) for name in names("wide", locale=language).values())


def themes_in(text: str, passages: Sequence[Passage], hear: Hear) -> Iterator[Theme]:
    """What the best card says the text is about; and a principle that it clearly speaks for, or strains against."""
    best = next((passage for passage in passages if passage.score >= THEME), None)
    if best is None:
        return
    carrying = quote_for(text, best)
    if carrying is None:
        return
    topic = next((topic for topic in best.topics if not topic.startswith("principle-")), None)
    if topic:
        yield Theme(topic, best.card, carrying)
    principle = next((topic for topic in best.topics if topic.startswith("principle-")), None)
    stance = "for" if light(text, hear) else "against" if dark(text, hear) else None
    if principle and stance and best.score >= PRINCIPLE:
        yield Theme(principle, best.card, carrying, "for" if stance == "for" else "against")


def quote_for(text: str, card: Passage) -> str | None:
    """The words of a text that carry a card's theme: of its sentences the one that has most in common with the card, as it stands."""
    told = {word for part in (card.title, card.gist, card.when, *card.mirrors, card.challenge) for word in words_in(part) if len(word) > 3}
    ranked = []
    for place, sentence in enumerate(sentences(text)):
        shared = len({word for word in words_in(sentence) if len(word) > 3} & told)
        if shared >= SHARED and len(words_in(sentence)) >= QUOTE[0]:
            ranked.append((shared, -place, sentence))
    return cut(max(ranked)[2]).removesuffix(" …") if ranked else None

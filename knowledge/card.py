"""The shape of a knowledge card, and how cards are read from their YAML files.

A card carries what a mentor would bring up on one broker's trouble: mirrors, open questions, priced options, a challenge,
an if-then frame, and where each of them comes from. One file per card in knowledge/cards, editable by a broker.
This module checks the shape only; whether the writing is good enough is lint.py's business.
"""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from bot.spelling import typeset

CARDS = Path(__file__).with_name("cards")
LANGUAGES = ("en", "fr", "es")

Language = Literal["en", "fr", "es"]
Phase = Literal["scoping-building", "managing-maintaining", "reviewing-revising", "sustaining-outcomes"]
Strength = Literal["principle", "framework", "many-logbooks", "several-brokers", "one-broker", "author-comment", "open-question"]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Prose = Annotated[Text, AfterValidator(typeset)]
Lines = Annotated[str, StringConstraints(pattern=r"^\d+-\d+$")]


# The C loader reads all cards in 0.2 s of CPU, the one in Python takes 1.7 s; PyYAML is built without it on some machines.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class BadCards(Exception):
    """Cards that cannot be used; the message lists every fault, one a line, and names the file."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Source(_Part):
    """A place in one of the two source documents: `lines` are 1-based and inclusive."""

    doc: Literal["introduction", "enquiry"]
    lines: Lines
    where: Text


class Mirrors(_Part):
    """Three ways of saying back what a broker may be facing; `$who` and `$when` are filled from their own words."""

    feeling: Prose
    tension: Prose
    pattern: Prose


class Option(_Part):
    """One way others have gone, what it costs, and when to leave it alone.

    `source` is the 1-based number of the card's source that says so, or 0 when the detail is ours.
    """

    name: Prose
    offer: Prose
    price: Prose
    not_if: Prose
    source: Annotated[int, Field(ge=0)]


class Words(_Part):
    """Everything of a card that is said to a person, in one language."""

    title: Prose
    gist: Prose
    who: Prose
    when: Prose
    mirrors: Mirrors
    questions: Annotated[list[Prose], Field(min_length=3, max_length=3)]
    options: Annotated[list[Option], Field(min_length=2, max_length=3)]
    challenge: Prose
    if_then: Prose
    thin: Prose | None = None


class Card(_Part):
    id: Slug
    theme: Slug
    topics: Annotated[list[Slug], Field(min_length=1)]
    phases: list[Phase]
    broker: Literal["internal", "external", "any"]
    strength: Strength
    handoff: Literal["none", "ethics", "distress", "safeguarding", "specialist"]
    sources: Annotated[list[Source], Field(min_length=1)]
    asks: dict[Language, list[Text]]
    asks_by_topic: dict[Slug, dict[Language, list[Text]]] = {}
    words: dict[Language, Words]

    def asked_in(self, language: str) -> list[str]:
        """Everything that people say when they need this card, be it for all of it or for one of its topics."""
        by_topic = (asks.get(language, []) for asks in self.asks_by_topic.values())  # type: ignore[call-overload]
        return [*self.asks.get(language, []), *chain.from_iterable(by_topic)]  # type: ignore[call-overload]

    @model_validator(mode="after")
    def _hangs_together(self) -> Card:
        if "en" not in self.words or "en" not in self.asks:
            raise ValueError("English words and asks are required")
        for language, words in self.words.items():
            for option in words.options:
                if option.source > len(self.sources):
                    raise ValueError(f"{language}: option {option.name!r} names source {option.source}, the card has {len(self.sources)}")
        return self


def load_cards(folder: Path = CARDS) -> tuple[Card, ...]:
    """All cards of a folder, in order of their ids.

    Raises BadCards naming every fault of every file at once.
    """
    cards: dict[str, Card] = {}
    faults: list[str] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            read = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - a SafeLoader
            card = Card.model_validate(read)
        except yaml.YAMLError as error:
            faults.append(f"{path.name}: not YAML: {' '.join(str(error).split())}")
        except ValidationError as error:
            faults += [f"{path.name}: {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        else:
            if card.id != path.stem:
                faults.append(f"{path.name}: its id is {card.id!r}")
            cards[card.id] = card
    if faults:
        raise BadCards("\n".join(faults))
    if not cards:
        raise BadCards(f"no cards in {folder}")
    return tuple(cards[key] for key in sorted(cards))

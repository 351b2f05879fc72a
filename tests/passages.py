"""Knowledge cards as passages, without an index, and a chat that takes them: what is found is given by the test, not searched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from string import Template
from typing import Any

from pydantic import TypeAdapter

from bot import leaving
from bot.dialogue import step
from bot.model import (
    CloseDoor,
    Context,
    Conversation,
    Drop,
    Effect,
    Entry,
    Event,
    Forget,
    Intention,
    Keep,
    Learn,
    Message,
    OfferCode,
    Option,
    Passage,
    Person,
    PersonId,
    Plan,
    Platform,
    Pressed,
    Said,
    Say,
    Settle,
    Source,
    Turn,
)
from knowledge.card import Card, load_cards
from prompts.library import Library


def passage_of(card: Card, score: float = 0.9, language: str = "en") -> Passage:
    words = card.words[language] if language in card.words else card.words["en"]  # type: ignore[index]
    return Passage(
        card=card.id,
        score=score,
        title=words.title,
        gist=words.gist,
        topics=tuple(card.topics),
        phases=tuple(card.phases),
        broker=card.broker,
        who=words.who,
        when=words.when,
        mirrors=(words.mirrors.feeling, words.mirrors.tension, words.mirrors.pattern),
        questions=(words.questions[0], words.questions[1], words.questions[2]),
        options=tuple(Option(o.name, o.offer, o.price, o.not_if, o.source) for o in words.options),
        challenge=words.challenge,
        if_then=words.if_then,
        strength=card.strength,
        handoff=card.handoff,
        sources=tuple(Source(s.doc, s.lines, s.where) for s in card.sources),
        thin=words.thin,
    )


@cache
def cards() -> tuple[Card, ...]:
    return load_cards()


@cache
def passages() -> tuple[Passage, ...]:
    """Every shipped card in English, each as a clear hit."""
    return tuple(passage_of(card) for card in cards())


def passage(card: str, score: float = 0.9, language: str = "en") -> Passage:
    return passage_of(next(c for c in cards() if c.id == card), score, language)


CONVERSATION = TypeAdapter(Conversation)
PERSON = TypeAdapter(Person)


@dataclass
class Chat:
    """One person and what is remembered of them, without a store: every turn is read back from JSON before the next one."""

    library: Library
    person: Person = field(default_factory=lambda: Person(PersonId("p1"), zone="Africa/Nairobi", welcomed=True, onboarded=True))
    conversation: Conversation = field(default_factory=Conversation)
    at: datetime = datetime(2026, 3, 2, 9, tzinfo=UTC)
    platform: Platform = "terminal"
    entries: tuple[Entry, ...] = ()
    intentions: tuple[Intention, ...] = ()
    turns: int = 0

    def context(self, found: Sequence[Passage] = ()) -> Context:
        talk = self.conversation.talk
        in_hand = next((p for p in passages() if talk and p.card == talk.card), None)
        return Context(self.person, self.conversation, tuple(found), in_hand, self.entries, self.intentions, self.platform)

    def key(self) -> str:
        self.turns += 1
        self.at += timedelta(seconds=20)
        return f"m{self.turns}"

    def say(self, text: str, found: Sequence[Passage] = ()) -> Turn:
        return self.take(Said(self.key(), self.at, text), found)

    def press(self, choice: str, found: Sequence[Passage] = ()) -> Turn:
        """Presses a choice by its id, or one on the table by its label."""
        by_label = {offered.label: offered.id for offered in self.conversation.choices}
        return self.take(Pressed(self.key(), self.at, by_label.get(choice, choice)), found)

    def take(self, event: Event, found: Sequence[Passage] = ()) -> Turn:
        turn = step(self.library, self.context(found), event)
        self.conversation = CONVERSATION.validate_json(CONVERSATION.dump_json(turn.conversation))
        for effect in turn.effects:
            self._happen(effect, event)
        return turn

    def _happen(self, effect: Effect, event: Event) -> None:
        match effect:
            case Learn(person):
                self.person = PERSON.validate_json(PERSON.dump_json(person))
            case Keep():
                old = next((e for e in self.entries if e.id == effect.entry), None)
                answers = dict(old.answers if old else ()) | {effect.step: effect.text}
                new = Entry(effect.entry, effect.guide, effect.event_date, event.at, tuple(answers.items()), effect.energy)
                self.entries = (new, *(e for e in self.entries if e.id != effect.entry))[:30]
            case Plan():
                others = tuple(i for i in self.intentions if i.id != effect.id)
                self.intentions = (*others, Intention(effect.id, effect.text, made=event.at, due=effect.due))
            case Drop(what="plan"):
                self.intentions = tuple(i for i in self.intentions if i.id != effect.ref)
            case Settle():
                self.intentions = tuple(i for i in self.intentions if i.id != effect.id)
            case _:
                pass


def chat_in(library: Library, language: str = "en", *told: str) -> Chat:
    """With somebody who is known, writes in this language, and has told this."""
    chat = Chat(library, Person(PersonId("p1"), zone="Africa/Nairobi", welcomed=True, onboarded=True, language=language))
    for text in told:
        chat.say(text)
    return chat


def said(turn: Turn) -> list[Message]:
    """What the person is told, with what the store fills in."""
    told = [_told(effect) for effect in turn.effects]
    return [replace(message, text=Template(message.text).safe_substitute(FILLED)) for message in told if message]


FILLED = {"code": "BCDF-123456"} | dict.fromkeys(leaving.COUNTED, "3")


def _told(effect: Effect) -> Message | None:
    match effect:
        case Say(message) | OfferCode(message) | CloseDoor(message):
            return message
        case Forget(receipt):
            return receipt
    return None


def text_of(turn: Turn) -> str:
    return "\n\n".join(message.text for message in said(turn))


class Silent:
    """Knowledge that finds nothing. The class is the call by which a manager gets its finder."""

    missing: tuple[str, ...] = ()

    def find(self, *_: Any, **__: Any) -> tuple[()]:
        return ()

    def quotes(self, *_: Any, **__: Any) -> tuple[()]:
        return ()

    def passage(self, *_: Any, **__: Any) -> None:
        return None

    def near(self, *_: Any, **__: Any) -> tuple[()]:
        return ()

"""A house in which a language model may word replies: the model is a fake on loopback, everything else but the knowledge is real."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from passages import passage

from adapters.replay import Spoken, VirtualClock
from bot.advising import Adviser
from bot.budget import Limits
from bot.detector import open_detector
from bot.listening import Ear
from bot.llm import Langchain, Model
from bot.manager import Finder, Manager
from bot.model import Consent, Inbound, Letter, Passage, Person, PersonId, Quote
from bot.parts import Vocabulary
from prompts.book import load_book
from prompts.library import load_library
from storage.store import Store

LIBRARY, BOOK = load_library(), load_book()
TELLS = Vocabulary(LIBRARY, BOOK)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
STORY = "my director signed without telling the partners and now the clinic feels cheated"


@dataclass
class Shelf:
    missing: tuple[str, ...] = ()
    quoted: tuple[Quote, ...] = ()
    cards: tuple[str, ...] = ("they-wait-for-me",)
    wanted: list[int] = field(default_factory=list)  # how many were asked for, each time

    def find(
        self, text: str, language: str = "en", phases: Sequence[str] = (), broker: str | None = None, k: int = 5
    ) -> tuple[Passage, ...]:
        self.wanted.append(k)
        return tuple(passage(card, 0.9 - n / 100, language=language) for n, card in enumerate(self.cards))

    def quotes(self, text: str, k: int = 2) -> tuple[Quote, ...]:
        return self.quoted

    def passage(self, card: str, language: str = "en") -> Passage | None:
        return passage(card, language=language)


@dataclass
class House:
    store: Store
    clock: VirtualClock
    manager: Manager
    adviser: Adviser
    shelf: Shelf
    sent: list[Letter] = field(default_factory=list)
    count: int = 0

    def inbound(self, who: str, text: str, **more: Any) -> Inbound:
        self.count += 1
        self.clock.now += timedelta(seconds=1)
        return Inbound(key=str(self.count), platform="terminal", address=who, at=self.clock.now, text=text, **more)

    async def say(self, who: str, text: str, **more: Any) -> str:
        await self.manager.handle(self.inbound(who, text, **more))
        return await self.heard()

    async def heard(self) -> str:
        before = len(self.sent)

        async def send(letter: Letter) -> None:
            self.sent.append(letter)

        await self.manager.deliver("terminal", send)
        return "\n\n".join(letter.message.text for letter in self.sent[before:])

    def known(self, who: str, *, agrees: bool = True, **more: Any) -> PersonId:
        person = Person(PersonId(""), zone="Africa/Nairobi", welcomed=True, onboarded=True, **more)
        person_id = self.store.enrol("terminal", who, person)
        if agrees:
            self.store.agree(person_id, Consent("model", 1, granted=True))
        return person_id


@contextmanager
def house_of(
    folder: Path,
    models: Sequence[Model],
    limits: Limits | None = None,
    patience: float = 25.0,
    finder: Finder | None = None,
    uses: Sequence[str] = ("words", "letters"),
) -> Iterator[House]:
    clock, shelf = VirtualClock(NOON), Shelf()
    folder.mkdir(exist_ok=True)
    store = Store.open(f"sqlite:///{folder / 'brokercoach.db'}", folder / "key", clock)
    adviser = Adviser(models, store, LIBRARY, BOOK, TELLS, clock, limits, open_detector(), patience, uses)
    spoken = Spoken()
    ear = Ear(spoken, {"terminal": spoken.fetch}, store)
    manager = Manager(LIBRARY, store, lambda: finder or shelf, clock, open_detector(), adviser, ear=ear)
    yield House(store, clock, manager, adviser, shelf)
    store.close()


def model_at(url: str, timeout: float = 20.0) -> Langchain:
    return Langchain("openai:fake", "127.0.0.1", url, "sk-none", timeout=timeout)

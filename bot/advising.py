"""Has a language model word a reply anew, within bounds; whatever goes wrong, the composed reply is said, and it is the same coach.

    brief → consent, breaker, budget → names out → model → check → once more, with the faults named → names in → message

Runs after the turn is stored, outside any transaction. Consent is read again right before anything leaves, also before a second try.
Nobody waits for somebody else's model: when too many are being asked, the next reply simply goes out as it was composed.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Literal, TypeVar

from pydantic import BaseModel

from bot import picking, tagging, translating, wording
from bot.budget import Budget, Ledger, Limits
from bot.checking import faults
from bot.consenting import CONSENT
from bot.llm import Answer, Breaker, Model, ModelDown, Turns, hosts
from bot.model import Advise, Brief, Entry, Gist, Message, Move, Passage, Person, PersonId, Theme, Usage
from bot.picking import Picked
from bot.pseudonyms import Names, Tells
from bot.tagging import Tags
from bot.tongue import Guess, tongue_of
from bot.translating import English
from bot.wording import Wording
from prompts.book import Book
from prompts.library import Library

AT_ONCE = 16  # requests at the same time; the pump takes 64 turns at once, so the others always have a place
PICKING = 5.0  # seconds; the reply waits for it
GIST = 9.0  # the same; the first message in a language waits for its dictionary
TAGGING = 10.0  # seconds; a message that this person writes meanwhile waits for it
PATIENCE = 25.0  # seconds a person waits for all of it, a second try and a second provider included
USES = ("words", "letters", "pick", "tags", "summaries", "languages")
WORDED: dict[Move, str] = {"letter": "letters", "month": "summaries"}  # what a wording is for; all other moves are replies

log = logging.getLogger(__name__)

Shape = TypeVar("Shape", bound=BaseModel)
Why = Literal["consent", "busy", "budget", "down", "unfit", "danger", "names"]


class _Fallback(Exception):
    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why = why


class Adviser:
    """`tells` may block while the vocabulary is read; it is called in a thread."""

    def __init__(
        self,
        models: Sequence[Model],
        ledger: Ledger,
        library: Library,
        book: Book,
        tells: Callable[[], Mapping[str, Tells]],
        clock: Callable[[], datetime],
        limits: Limits | None = None,
        guess: Guess | None = None,
        patience: float = PATIENCE,
        uses: Collection[str] = USES,
    ) -> None:
        """`uses`: what it may help with; where it may not, things stay as they are without it."""
        self._models = [(model, Breaker()) for model in models]
        self._ledger = ledger
        self._library = library
        self._book = book
        self._tells = tells
        self._budget = Budget("tokens", ledger, clock, limits or Limits())
        self._guess = guess
        self._patience = patience
        self.uses = frozenset(uses)
        self._asking = 0
        self._told: dict[PersonId, Why] = {}
        self.counts: Counter[str] = Counter()
        self.host = hosts(models)

    async def word(self, person: PersonId, advise: Advise) -> Message | None:
        """The message in the model's words; None when it goes out as it was composed. Never raises, save when cancelled."""
        use = translating.USE if advise.brief.into else WORDED.get(advise.brief.move, "words")
        if use not in self.uses:
            return None
        self.counts["asked"] += 1
        try:
            async with asyncio.timeout(self._patience):
                message = await self._word(person, advise)
        except _Fallback as fallback:
            return self._instead(person, advise, fallback.why)
        except TimeoutError:
            return self._instead(person, advise, "down")
        except Exception as error:  # noqa: BLE001 - the composed reply must go out; the text of an error may quote it
            log.error("a reply could not be worded: %s", type(error).__name__)  # noqa: TRY400
            return self._instead(person, advise, "down")
        self.counts["worded"] += 1
        self._told.pop(person, None)
        return message

    async def pick(self, person: Person, language: str, said: str, passages: Sequence[Passage]) -> tuple[Passage, ...]:
        """The passages in the order in which they fit, by the model; as they came where it has none. Never raises, save when cancelled."""
        came = tuple(passages)
        if len(came) < 2:
            return came
        answer = await self._aside(
            "pick", PICKING, person, language, names_of(person), [said], partial(picking.request, self._book, said, came), Picked
        )
        return picking.ordered(came, answer[0]) if answer else came

    async def gist(self, person: Person, language: str, said: str) -> Gist | None:
        """What a message in a language that the coach does not speak is about; None where the model may not or does not say."""
        request = partial(translating.request, self._book, said)
        answer = await self._aside(translating.USE, GIST, person, language, names_of(person), [said], request, English)
        return translating.gist_of(answer[0], language, answer[1], self._tongue) if answer else None

    async def tag(self, person: Person, language: str, entry: Entry, passages: Sequence[Passage]) -> tuple[Theme, ...]:
        """Themes of an entry, of those of the passages; none where the model has none. Never raises, save when cancelled."""
        if not passages:
            return ()
        told = [*names_of(person), *names_in_entries([entry])]
        texts = [text for _, text in entry.answers]
        answer = await self._aside(
            tagging.USE, TAGGING, person, language, told, texts, partial(tagging.request, self._book, entry, passages), Tags
        )
        return tagging.themes_of(answer[0], entry, passages, answer[1]) if answer else ()

    async def _aside(
        self,
        use: str,
        patience: float,
        person: Person,
        language: str,
        told: list[str],
        texts: list[str],
        request: Callable[[Names, str], tuple[str, str]],
        shape: type[Shape],
    ) -> tuple[Shape, Names] | None:
        """An answer that is not shown, with the names that were hidden for it; None when there is none, whatever the reason."""
        if use not in self.uses or language not in {*self._book.bounds, *self._book.others}:
            return None
        self.counts[f"{use}-asked"] += 1
        try:
            async with asyncio.timeout(patience), self._place():
                names = await asyncio.to_thread(lambda: Names(self._tells()[language], told, texts))
                answer = await self._ask(person.id, Turns(*request(names, f"=={secrets.token_hex(8)}==")), shape)
        except _Fallback as fallback:
            self.counts[f"{use}-fell-back-{fallback.why}"] += 1
            return None
        except Exception as error:  # noqa: BLE001 - all is as well without it; the text of an error may quote what was said
            self.counts[f"{use}-fell-back-down"] += 1
            log.warning("the language model gave no answer (%s): %s", use, type(error).__name__)
            return None
        if not isinstance(answer.value, shape):
            self.counts[f"{use}-fell-back-unfit"] += 1
            return None
        self.counts[f"{use}-answered"] += 1
        return answer.value, names

    def usage(self, person: PersonId) -> Usage:
        """Blocks; for a thread."""
        return self._budget.usage(person)

    async def _word(self, person: PersonId, advise: Advise) -> Message:
        brief = advise.brief
        if brief.language not in self._book.bounds:
            raise _Fallback("unfit")
        async with self._place():
            names = await asyncio.to_thread(self._names, brief)
            try:
                told, data = wording.request(self._book, brief, names, self._named(brief), f"=={secrets.token_hex(8)}==")
            except ValueError:
                raise _Fallback("names") from None
            return await self._tried(person, advise, names, Turns(told, data))

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        """One of the places of those who ask at the same time; nobody waits for one."""
        if self._asking >= AT_ONCE:
            raise _Fallback("busy")
        self._asking += 1
        try:
            yield
        finally:
            self._asking -= 1

    async def _tried(self, person: PersonId, advise: Advise, names: Names, turns: Turns) -> Message:
        brief = advise.brief
        known = wording.texts_in(wording.material(brief))
        for attempt in range(2):
            answer = await self._ask(person, turns, Wording)
            if not isinstance(answer.value, Wording):
                wrong = ["one JSON object of the shape that was asked for"]
            else:
                if answer.value.safety == "danger":
                    return self._gently(advise)
                said = wording.restored(answer.value, names)
                bounds = self._book.bounds[brief.language]
                wrong = faults(brief, said, bounds, known, self._tongue, names.stand_ins)
                if not wrong:
                    return wording.laid_out(brief, advise.message, said)
            self.counts["repaired" if attempt == 0 else "refused"] += 1
            turns = turns._replace(answer=answer.raw, again=wording.again(wrong))
        raise _Fallback("unfit")

    async def _ask(self, person: PersonId, turns: Turns, shape: type[BaseModel]) -> Answer:
        """The first provider that answers."""
        for model, breaker in self._models:
            if breaker.open:
                continue
            await asyncio.to_thread(self._may, person, turns)
            try:
                answer = await model.ask(turns, shape)
            except ModelDown as error:
                breaker.failed()
                self.counts["failed"] += 1
                log.warning("the language model at %s: %s", model.host, error)
                continue
            except BaseException:  # somebody's patience ended first
                breaker.failed()
                raise
            if answer.value is None:
                breaker.failed()
            else:
                breaker.worked()
            self.counts["tokens"] += answer.tokens
            await asyncio.to_thread(self._budget.spend, person, answer.tokens)
            return answer
        raise _Fallback("down")

    def _may(self, person: PersonId, turns: Turns) -> None:
        """Consent as it stands now, and what is left of the budget: a request that could go beyond it is not made."""
        if not self._ledger.consents(person).get(CONSENT):
            raise _Fallback("consent")
        if not self._budget.allows(person, turns.tokens):
            raise _Fallback("budget")

    def _names(self, brief: Brief) -> Names:
        told = [*names_of(brief.person), *names_in_entries(brief.entries)]
        return Names(self._tells()[brief.language], told, wording.texts_in(wording.material(brief)))

    def _named(self, brief: Brief) -> str:
        """What the language is called in which it is to be said."""
        other = self._book.others.get(brief.into or "")
        return other.called if other else self._library.in_language(brief.language).language

    def _tongue(self, text: str) -> str | None:
        return tongue_of(text, self._library.languages, self._guess)

    def _gently(self, advise: Advise) -> Message:
        """The model heard danger that our lists did not: the coach's own question about it, in its own words, and nothing of work."""
        self.counts["danger"] += 1
        if advise.brief.move in WORDED:  # they look back, and quote nothing of the kind
            raise _Fallback("danger")
        words = self._library.in_language(advise.brief.language)
        helpline = words.variants("safety.helpline")[0]
        return Message("safety", words.variants("safety.danger")[0].replace("$helpline", helpline), room=advise.message.room)

    def _instead(self, person: PersonId, advise: Advise, why: Why) -> Message | None:
        """The composed reply; an outage or a spent budget is told once, until the model answers again."""
        self.counts[f"fell-back-{why}"] += 1
        if advise.brief.move == "letter" or advise.brief.into or why not in ("down", "budget") or self._told.get(person) == why:
            return None
        self._told[person] = why
        note = self._library.in_language(advise.brief.language).variants(f"model.{why}")[0]
        return replace(advise.message, text=f"{note}\n\n{advise.message.text}")


def names_of(person: Person) -> list[str]:
    """Their own name and their partnerships'."""
    return [*([person.name] if person.name else []), *(partnership.name for partnership in person.partnerships)]


def names_in_entries(entries: Iterable[Entry]) -> list[str]:
    return [name for entry in entries for name in (entry.partnership, *entry.people) if name]

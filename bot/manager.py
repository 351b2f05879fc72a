"""The shell around the pure core: accept, gather, decide, store, send. The only place that awaits everything.

    platform → accept (stored, for good, then acknowledged) → turn: gather → lookup → find → step → save, one transaction
             → advise: outside the transaction, a model may word a reply anew; with or without it the letter goes out once
             → deliver: unsent letters of a platform, in order, each marked before and after it is sent
    clock    → tick: what is due becomes an event and takes the same turn

Effects of a message happen exactly once: the inbox row is the guard. Letters leave at least once: between the platform's
answer and our mark lies a crash's width, and a letter found there is sent again, marked as uncertain.
Per person, turns run one at a time and in order; nobody waits for anybody else. Nothing is decided here.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import IntEnum
from functools import partial
from typing import Any, Protocol, TypeVar, get_args

from bot import month, rooms, tagging, translating
from bot.consenting import CONSENT, may_choose
from bot.dialogue import step
from bot.doorway import code_in
from bot.finding import looks_back, wants_book
from bot.later import Later
from bot.lookup import card_in_hand, lookup
from bot.mentoring import opening
from bot.model import (
    ANYWHERE,
    Advise,
    Context,
    Deleted,
    DueKind,
    Edited,
    Entry,
    Event,
    Fell,
    Form,
    Gist,
    Handed,
    Heard,
    Inbound,
    Letter,
    Mark,
    MarkLater,
    Message,
    Named,
    Noted,
    Opened,
    Passage,
    Person,
    PersonId,
    Phase,
    Platform,
    Pressed,
    Quote,
    Remind,
    Said,
    Say,
    Theme,
    Turn,
    Usage,
    VoiceNote,
    Wished,
)
from bot.naming import themes_in
from bot.overview import Overview, overview
from bot.picking import AMONG, CHOSEN
from bot.recall import text_of
from bot.roles import wanted_cards
from bot.safety import raised
from bot.sharing import in_question, known_names
from bot.spelling import clean
from bot.tongue import Guess, held_in, tongue_of
from bot.voicenotes import meant
from prompts.library import Library
from storage.store import DueRow, Gathered, NoSuchPerson, Saved, Store, StoreDown, Unreadable

TRIES = 3  # after this many, a message is set aside and the person is told
LEFT = timedelta(seconds=60)  # a letter that waits longer for its wording was left by a crash; nobody's patience is as long
AFTERWARDS = 0.02  # seconds in which a reply leaves before what its answer is about is looked up
PICKED = 10.0  # seconds; whoever picks gives up earlier by itself
AGAIN = 5  # how often a turn is decided anew because somebody else changed the conversation meanwhile

log = logging.getLogger(__name__)
T = TypeVar("T")


class Finder(Protocol):
    """The door to the knowledge (knowledge.search.Finder is one)."""

    missing: tuple[str, ...]

    def find(
        self, text: str, language: str = ..., phases: Sequence[str] = ..., broker: str | None = ..., k: int = ...
    ) -> tuple[Passage, ...]: ...

    def quotes(self, text: str, k: int = ...) -> tuple[Quote, ...]: ...

    def passage(self, card: str, language: str = ...) -> Passage | None: ...

    def near(self, text: str, entries: Sequence[tuple[str, str]]) -> Sequence[tuple[str, float]]: ...


class Adviser(Protocol):
    """Words replies by a language model (bot.advising.Adviser is one)."""

    host: str
    counts: Counter[str]
    uses: frozenset[str]

    async def word(self, person: PersonId, advise: Advise) -> Message | None: ...

    async def pick(self, person: Person, language: str, said: str, passages: Sequence[Passage]) -> tuple[Passage, ...]: ...

    async def gist(self, person: Person, language: str, said: str) -> Gist | None: ...

    async def tag(self, person: Person, language: str, entry: Entry, passages: Sequence[Passage]) -> tuple[Theme, ...]: ...

    def usage(self, person: PersonId) -> Usage: ...


class Ear(Protocol):
    """Listens to voice notes (bot.listening.Ear is one)."""

    host: str
    counts: Counter[str]

    async def hear(self, person: PersonId, note: VoiceNote) -> Heard: ...

    def usage(self, person: PersonId) -> Usage: ...


Waiting = tuple[tuple[str, Advise], ...]
"""Letters of a stored turn that wait to be worded, with their keys."""

OUTSIDE: tuple[DueKind, ...] = ("voice", "tags")  # what falls due and is asked about outside before its turn is decided


class Took(IntEnum):
    """What became of taking somebody's next turn; true if there was one."""

    NOTHING = 0
    LAST = 1  # a message, behind which no other waited when it was taken up
    ONE = 2  # there may be more


@dataclass(frozen=True, slots=True)
class Came:
    """What asking outside came to."""

    heard: Heard | None = None
    themes: tuple[Theme, ...] = ()


NOTHING = Came()


class Manager:
    """`guess` tells languages; without one, common words do. Without an `adviser` no model is asked, without an `ear` no voice note is
    listened to. `forms` are those in which a logbook can be printed here.

    `names` finds the names in a text, given its language and names that are known; without it a capital inside a sentence tells one.

    `finder` may block while the index loads; it is called in a thread, and only when something has to be found.
    """

    def __init__(
        self,
        library: Library,
        store: Store,
        finder: Callable[[], Finder],
        clock: Callable[[], datetime],
        guess: Guess | None = None,
        adviser: Adviser | None = None,
        names: Callable[[str, str, Sequence[str]], Sequence[str]] | None = None,
        ear: Ear | None = None,
        forms: tuple[Form, ...] = ANYWHERE,
    ) -> None:
        self._library = library
        self._store = store
        self._finder = finder
        self._clock = clock
        self._guess = guess
        self._kept_on: date | None = None
        self._adviser = adviser
        self._names = names
        self._ear = ear
        self._forms = forms
        self._loop: asyncio.AbstractEventLoop | None = None  # on which a turn, which is decided in a thread, asks a model
        self._one_at_a_time: defaultdict[PersonId, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._unmarked: dict[PersonId, list[MarkLater]] = {}  # answers of which it is still to be looked up what they are about
        self._marking: dict[PersonId, asyncio.Task[None]] = {}
        self._blame = threading.Lock()
        self._excused = set[str]()  # messages whose last try ended with the database

    async def handle(self, inbound: Inbound) -> None:
        """Accepts a message and takes its turn; what is said waits in the outbox for `deliver`."""
        key, person = await self.accept(inbound)
        await self.turn(key, person)

    async def accept(self, inbound: Inbound) -> tuple[str, PersonId]:
        """Stores a message, whose turn may be taken from here on. Raises StoreDown."""
        return await asyncio.to_thread(self._store.accept, self._cleaned(inbound))

    async def for_good(self) -> None:
        """Returns once what was accepted is stored for good; only then may the platform be told that it arrived. Raises StoreDown."""
        await asyncio.to_thread(self._store.for_good)

    async def turn(self, key: str, person: PersonId) -> None:
        """Takes the turn of an accepted message, unless it has been taken. Raises StoreDown."""
        self._loop = asyncio.get_running_loop()
        async with self._one_at_a_time[person]:
            await self._worded(person, await asyncio.to_thread(self._turn, key, person))
            await self._marked(person)

    async def take(self, person: PersonId, *, again: bool = False) -> Took:
        """Takes the one turn of a person that is next: the oldest message, else what is due.

        `again` says that it may have been tried before: the try is counted, and after a few the message is set aside.
        """
        self._loop = asyncio.get_running_loop()
        async with self._one_at_a_time[person]:
            await self._marked(person)
            took, waiting, row = await asyncio.to_thread(self._take, person, again)
            if person in self._unmarked:
                self._marking[person] = asyncio.create_task(self._mark_soon(person))
            if row is not None:
                fallen = await self._asked(row)
                took, waiting = Took.NOTHING if fallen is None else Took.ONE, fallen or ()
            await self._worded(person, waiting)
            return took

    async def resume(self) -> None:
        """Takes the turns that a crash left behind, oldest first. To be called once, before anything else comes in."""
        await asyncio.to_thread(self._store.release, self._clock())
        for key, person in await asyncio.to_thread(self._store.pending):
            try:
                async with self._one_at_a_time[person]:
                    await self._worded(person, await asyncio.to_thread(self._once_more, key, person))
                    await self._marked(person)
            except Unreadable:
                log.error("a message that was left behind cannot be read; `brokercoach db check` names the row")  # noqa: TRY400

    async def keep_house(self) -> None:
        """What is done once a day: erasures are ended, and those who have not written for very long are noticed."""
        await asyncio.to_thread(self._store.keep_house, self._clock())

    async def tick(self) -> None:
        """Takes the turns of everything that has fallen due, and lets go out what waited too long for its wording."""
        if self._kept_on != (today := self._clock().date()):
            self._kept_on = today
            await self.keep_house()
        await asyncio.to_thread(self._store.release, self._clock() - LEFT)
        for row in await asyncio.to_thread(self._store.due, self._clock()):
            try:
                async with self._one_at_a_time[row.person_id]:
                    fallen = self._asked(row) if row.kind in OUTSIDE else asyncio.to_thread(self._fall, row)
                    await self._worded(row.person_id, await fallen or ())
            except Unreadable:
                log.error("something that is due cannot be read; `brokercoach db check` names the row")  # noqa: TRY400

    async def deliver(self, platform: Platform, send: Callable[[Letter], Awaitable[None]], address: str | None = None) -> int:
        """Sends the unsent letters of a platform, in order; how many those were. Only one sender at a time per platform.

        With an `address` only those for it: a terminal has one person before it, and the others' letters wait for them.
        """
        letters = await asyncio.to_thread(self._store.unsent, platform, address)
        for letter in letters:
            await asyncio.to_thread(self._store.sending, letter.key)
            await send(letter)
            await asyncio.to_thread(self._store.sent, letter.key, self._clock())
        return len(letters)

    @property
    def counts(self) -> dict[str, Mapping[str, int]]:
        """How often a model was asked for words and a voice note was listened to, by what became of it; only what is set up."""
        return {what: each.counts for what, each in (("model", self._adviser), ("voice", self._ear)) if each}

    async def overview(self, platform: Platform, address: str) -> Overview | None:
        """What a home page shows to whoever is at this address; None for a stranger. Nothing is enrolled or changed. Raises StoreDown."""
        return await asyncio.to_thread(self._overview, platform, address)

    async def _worded(self, person: PersonId, waiting: Waiting) -> None:
        """Has the letters of a stored turn worded, and lets them go out once, in either words. The turn is over after that."""
        for key, advise in waiting:
            message = await self._adviser.word(person, advise) if self._adviser else None
            if await asyncio.to_thread(self._store.settle, person, key, message) and message and message.kind == "safety":
                await asyncio.to_thread(self._raise, person)

    async def _asked(self, row: DueRow) -> Waiting | None:
        """The turn of something that is asked about outside first. It takes as long as that; whoever else writes does not wait for it."""
        try:
            return await (self._listened(row) if row.kind == "voice" else self._tagged(row))
        except NoSuchPerson:
            return None

    async def _listened(self, row: DueRow) -> Waiting | None:
        """A voice note, once it was listened to."""
        conversation, _ = await asyncio.to_thread(self._store.conversation, row.person_id)
        note = next((each.note for each in conversation.unheard if each.key == row.ref), None)
        heard = await self._ear.hear(row.person_id, note) if self._ear and note else None
        return await asyncio.to_thread(self._fall, row, Came(heard))

    async def _tagged(self, row: DueRow) -> Waiting | None:
        """An entry that was closed, once a model has said what it is about."""
        themes: tuple[Theme, ...] = ()
        if self._adviser and tagging.USE in self._adviser.uses and (found := await asyncio.to_thread(self._to_tag, row)):
            themes = await self._adviser.tag(*found)
        return await asyncio.to_thread(self._fall, row, Came(themes=themes))

    async def _mark_soon(self, person: PersonId) -> None:
        await asyncio.sleep(AFTERWARDS)
        for later in self._unmarked.pop(person, ()):
            with suppress(StoreDown):  # its row stays, and falls due
                await asyncio.to_thread(self._mark, person, later)
        self._marking.pop(person, None)

    async def _marked(self, person: PersonId) -> None:
        """Returns once it is known what this person's answers are about, for the next turn is decided from it."""
        task = self._marking.pop(person, None)
        if task and person not in self._unmarked:
            await asyncio.wait({task})
        elif task:
            task.cancel()
        for later in self._unmarked.pop(person, ()):
            await asyncio.to_thread(self._mark, person, later)

    # --- in a thread

    def _mark(self, person: PersonId, later: MarkLater) -> None:
        hear = self._library.in_language(later.language).hear
        try:
            themes = tuple(themes_in(later.text, later.passages, hear))
        except Exception as error:  # noqa: BLE001 - marks can be done without, and the reply has left
            log.error("what an answer is about was not looked up: %s at %s", type(error).__name__, origin(error))  # noqa: TRY400
            themes = ()
        self._store.mark(person, Mark(later.entry, themes), later.step)

    def _mark_left(self, row: DueRow) -> None:
        """What a crash left to be looked up."""
        try:
            gathered = self._store.gather(row.person_id)
        except NoSuchPerson:
            return
        person, (entry, _, step) = gathered.person, row.ref.rpartition(" ")
        text = next((dict(each.answers).get(step, "") for each in gathered.entries if each.id == entry), "")
        phases = rooms.phases_of(person.partnerships)
        passages = Later(lambda: self._finder().find(text, person.language, phases, person.broker) if text else ())
        self._mark(row.person_id, MarkLater(entry, step, person.language, text, passages))

    def _to_tag(self, row: DueRow) -> tuple[Person, str, Entry, tuple[Passage, ...]] | None:
        """Whose entry, in which language, and the cards it may be about; None when no model may read it, or it is gone."""
        gathered = self._store.gather(row.person_id)
        person, entry = gathered.person, next((entry for entry in gathered.entries if entry.id == row.ref), None)
        if entry is None or CONSENT not in gathered.granted:
            return None
        text = tagging.answers_of(entry)
        language = tongue_of(text, self._library.languages, self._guess) or person.language
        if language not in self._library.words or not tagging.may_be_read(self._library, gathered.conversation, entry, language):
            return None
        phases = rooms.phases_of(person.partnerships)
        try:
            return person, language, entry, self._finder().find(text, language, phases, person.broker, k=tagging.AMONG)
        except Exception as error:  # noqa: BLE001 - marks can be done without, and nobody waits for them
            log.error("nothing was looked up for an entry: %s at %s", type(error).__name__, origin(error))  # noqa: TRY400
            return None

    def _overview(self, platform: Platform, address: str) -> Overview | None:
        person = self._store.person_at(platform, address)
        if person is None:
            return None
        try:
            gathered = self._store.gather(person.id)
        except NoSuchPerson:
            return None
        context = Context(
            gathered.person, gathered.conversation, entries=gathered.entries, intentions=gathered.intentions, platform=platform
        )
        return overview(self._library, context, self._clock())

    def _take(self, person: PersonId, again: bool) -> tuple[Took, Waiting, DueRow | None]:
        """What was taken, what of it waits to be worded, and the row whose turn it is and that is asked about outside first."""
        if again:
            for key, _ in self._store.pending(person, 1):
                return Took.ONE, self._once_more(key, person), None
        try:
            found = self._store.next_for(person, self._clock())
        except NoSuchPerson:
            return Took.NOTHING, (), None
        match found:
            case Gathered(key=str(key), more=more) as gathered:
                waiting, soon = self._stored(key, person, gathered)
                return Took.ONE if more or soon else Took.LAST, waiting, None
            case DueRow() as row if row.kind in OUTSIDE:
                return Took.ONE, (), row
            case DueRow() as row:
                fallen = self._fall(row)
                return Took.NOTHING if fallen is None else Took.ONE, fallen or (), None
        return Took.NOTHING, (), None

    def _once_more(self, key: str, person: PersonId) -> Waiting:
        """One at a time: were many tried side by side when the program dies, each would be blamed for it. The knowledge is open by then,
        for that takes seconds, and whoever ends the program meanwhile has not been ended by this message. Nor is it to blame for a database
        that goes away: the try after that one is not counted."""
        self._finder()
        with self._blame:
            try:
                if key in self._excused or self._store.failed(key) <= TRIES:
                    waiting = self._turn(key, person)
                    self._excused.discard(key)
                    return waiting
            except Unreadable:
                raise
            except StoreDown:
                self._excused.add(key)
                raise
        self._set_aside(key, person)
        return ()

    def _raise(self, person: PersonId) -> None:
        """The one thing that a model's answer changes: it heard danger, and the next words are read in that light."""
        for _ in range(AGAIN):
            try:
                gathered = self._store.gather(person)
            except NoSuchPerson:
                return
            at = self._clock()
            if self._store.save(person, raised(gathered.conversation, gathered.person, at), gathered.version, at):
                return

    def _turn(self, key: str, person: PersonId) -> Waiting:
        return self._stored(key, person)[0]

    def _stored(self, key: str, person: PersonId, gathered: Gathered | None = None) -> tuple[Waiting, bool]:
        """The turn of a message; what of it waits to be worded, and whether something fell due by it at once.

        `gathered` is what it is decided from at first, where that is known already.
        """
        for _ in range(AGAIN):
            try:
                gathered = gathered or self._store.gather(person, key)
            except NoSuchPerson:
                return (), False
            inbound = gathered.inbound
            if inbound is None:
                return (), False
            turn = self._decide(gathered, _event_of(key, inbound), inbound.platform)
            saved = self._store.save(person, turn, gathered.version, inbound.at, inbox_key=key, platform=inbound.platform)
            if saved:
                if later := [effect for effect in turn.effects if isinstance(effect, MarkLater)]:
                    self._unmarked[person] = later
                soon = any(isinstance(effect, Remind) and effect.at is not None and effect.at <= self._clock() for effect in turn.effects)
                return _waiting(saved, turn), soon
            gathered = None
        raise StoreDown("the conversation kept changing underneath; is a second copy of the coach running on this home? Stop one of them")

    def _fall(self, row: DueRow, came: Came = NOTHING) -> Waiting | None:
        """None when it led to nothing."""
        if row.kind == "marks":  # nothing is decided by it, and nothing said
            self._mark_left(row)
            return ()
        for _ in range(AGAIN):
            try:
                gathered = self._store.gather(row.person_id)
                addresses = self._store.addresses(row.person_id)
            except NoSuchPerson:
                return None
            event = Fell(f"due|{row.kind}|{row.ref}|{row.at.isoformat()}", self._clock(), row.kind, row.at, row.ref)
            turn = self._decide(gathered, event, addresses[-1][0] if addresses else "terminal", came)
            if saved := self._store.save(row.person_id, turn, gathered.version, event.at, due=(row.kind, row.ref)):
                return _waiting(saved, turn)
        return None

    def _decide(self, gathered: Gathered, event: Event, platform: Platform, came: Came = NOTHING) -> Turn:
        """One of two places that catch everything: whatever goes wrong while deciding, nothing has changed, and the person is told."""
        room = _room_of(gathered, event)
        try:
            conversation = gathered.conversation
            if not isinstance(event, Edited | Deleted | Named | Fell):
                conversation = rooms.entered(conversation, gathered.person, room)
            conversation, event = meant(self._library, gathered.person, conversation, event)
            context = self._context(replace(gathered, conversation=conversation), event, platform, room)
            return step(self._library, replace(context, heard=came.heard, suggested=came.themes), event)
        except Exception as error:  # noqa: BLE001
            # log.exception would write the exception's text, which may hold a person's words
            log.error("a turn could not be decided: %s at %s", type(error).__name__, origin(error))  # noqa: TRY400
            if isinstance(event, Fell):  # nobody wrote, so nobody is told; it falls due again tomorrow
                return Turn(gathered.conversation, (Remind(event.kind, event.at + timedelta(days=1), event.ref),))
            words = self._library.in_language(gathered.person.language)
            return Turn(gathered.conversation, (Say(Message("notice", words.variants("wrong")[0], room=room)),))

    def _context(self, gathered: Gathered, event: Event, platform: Platform, room: str | None) -> Context:
        person, conversation = gathered.person, gathered.conversation
        context = Context(
            person,
            conversation,
            entries=gathered.entries,
            intentions=gathered.intentions,
            platform=platform,
            granted=gathered.granted,
            upcoming=gathered.upcoming,
            knock=gathered.knock,
            doings=gathered.doings,
            doors=gathered.doors,
            mentor=gathered.mentor,
            shown=gathered.shown,
            model=self._adviser.host if self._adviser else None,
            helps=self._adviser.uses if self._adviser else frozenset(),
            ear=self._ear.host if self._ear else None,
            spent=self._adviser.usage(person.id) if self._adviser and isinstance(event, Said) else None,
            listened=self._ear.usage(person.id) if self._ear and isinstance(event, Said) else None,
            forms=self._forms,
            room=room,
        )
        if isinstance(event, Said):
            context = replace(context, tongue=tongue_of(event.text, self._library.languages, self._guess))
            if code := code_in(event.text):
                context = replace(context, claimed=self._store.claim_code(person.id, code, event.at))
            context = replace(context, gist=self._gist(context, event))
        language = held_in(self._library, context, event)
        context = self._between_two(self._with_book(context, event), event, language)
        text = context.gist.text if context.gist else lookup(self._library, context, event)
        held = card_in_hand(self._library, context, event)
        cards = (*wanted_cards(self._library, context, event), *month.cards_for(self._library, context, event))
        if text is None and not cards and not held:
            return context
        finder = self._finder()
        phases = rooms.phases_of(rooms.at_hand(context))
        return replace(
            context,
            passages=Later(partial(self._found, context, event, text, language, phases)) if text else (),
            quotes=Later(partial(finder.quotes, text, 1)) if text else (),
            in_hand=finder.passage(held, language) if held else None,
            wanted=tuple(passage for card in cards if (passage := finder.passage(card, language))),
        )

    def _found(self, context: Context, event: Event, text: str, language: str, phases: Sequence[Phase]) -> tuple[Passage, ...]:
        """The passages for a text; where the person agreed to a model that may do so, it puts them in their order."""
        find = partial(self._finder().find, text, language, phases, context.person.broker)
        if self._adviser is None or "pick" not in self._adviser.uses or not may_choose(self._library, context, event):
            return find()
        among = find(k=AMONG)
        return self._awaited(self._adviser.pick(context.person, language, text, among)) or among[:CHOSEN]

    def _gist(self, context: Context, event: Said) -> Gist | None:
        """What a message in a language that the coach does not speak is about, where a model may be asked."""
        if self._adviser is None or not translating.may_translate(self._library, context, event):
            return None
        return self._awaited(self._adviser.gist(context.person, context.tongue or "", event.text))

    def _awaited(self, asked: Coroutine[Any, Any, T]) -> T | None:
        """What a model answers while a turn is decided, which is done in a thread; None where nobody may wait for it."""
        if self._loop is None:
            asked.close()
            return None
        try:
            return asyncio.run_coroutine_threadsafe(asked, self._loop).result(PICKED)
        except (TimeoutError, CancelledError):  # the loop is about to end
            return None

    def _with_book(self, context: Context, event: Event) -> Context:
        """Opens the whole logbook where something in it is looked up, and asks what is close in meaning."""
        wanted = wants_book(self._library, context, event)
        if wanted is None and not looks_back(self._library, context, event):
            return context
        book = tuple(self._store.entries(context.person.id))
        return replace(context, book=book, near=tuple(self._finder().near(wanted, [(e.id, text_of(e)) for e in book])) if wanted else ())

    def _between_two(self, context: Context, event: Event, language: str) -> Context:
        """What is about to be shown to a mentor, is put before one, or was said by one."""
        if isinstance(event, Fell):
            return replace(context, remark=self._store.remark(context.person.id, event.ref)) if event.kind == "comment" else context
        if share := opening(self._library, context, event):
            return replace(context, open=self._store.opened(context.person.id, share))
        entry = in_question(self._library, context, event)
        if entry is None or self._names is None:
            return context
        return replace(context, named=tuple(self._names(text_of(entry), language, known_names(context))))

    def _cleaned(self, inbound: Inbound) -> Inbound:
        hinted = (inbound.language or "").lower().replace("_", "-").partition("-")[0]
        return replace(inbound, text=clean(inbound.text), language=hinted if hinted in self._library.words else None)

    def _set_aside(self, key: str, person: PersonId) -> None:
        """Gives up on a message and says so, without opening it: it may be the opening that fails."""
        try:
            gathered = self._store.gather(person)
        except NoSuchPerson:
            return
        words = self._library.in_language(gathered.person.language)
        notice = Turn(gathered.conversation, (Say(Message("notice", words.variants("set-aside")[0])),))
        to = next((platform for platform in get_args(Platform) if key.startswith(f"{platform}|")), None)
        self._store.save(person, notice, gathered.version, self._clock(), platform=to)
        self._store.set_aside(key)
        log.error("a message was set aside after %d tries; `brokercoach doctor` counts them", TRIES)


def _waiting(saved: Saved, turn: Turn) -> Waiting:
    return tuple(zip(saved.advised, [effect for effect in turn.effects if isinstance(effect, Advise)], strict=True))


def _event_of(key: str, inbound: Inbound) -> Event:
    """What the core decides on. `key` is the inbox key, unique over all platforms: ids of entries and plans are made from it."""
    if inbound.names is not None:
        return Named(key, inbound.at, inbound.room or "", inbound.names)
    if inbound.press is not None:
        return Pressed(key, inbound.at, inbound.press)
    if inbound.edits is not None:
        return Edited(key, inbound.at, f"{inbound.platform}|{inbound.edits}", inbound.text)
    if inbound.deletes is not None:
        return Deleted(key, inbound.at, f"{inbound.platform}|{inbound.deletes}")
    if inbound.wish is not None:
        return Wished(key, inbound.at, inbound.wish)
    if inbound.entry:
        return Noted(key, inbound.at, inbound.text)
    if inbound.brought is not None:
        return Handed(key, inbound.at, inbound.brought, inbound.voice)
    if inbound.opened:
        return Opened(key, inbound.at)
    return Said(key, inbound.at, inbound.text)


def _room_of(gathered: Gathered, event: Event) -> str | None:
    """Where in the chat an event happened: that of a voice note is the room in which it was spoken."""
    if isinstance(event, Fell) and event.kind == "voice":
        return next((each.note.room for each in gathered.conversation.unheard if each.key == event.ref), None)
    return gathered.inbound.room if gathered.inbound else None


def origin(error: BaseException) -> str:
    """Where an exception was raised, without its text: file name and line."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}" if trace else "?"

"""Where messages come in: who may talk here is looked at first, then a message is stored, its turn is called, and it is stored for good."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from weakref import WeakValueDictionary

from bot.door import Door
from bot.manager import Manager
from bot.model import Inbound, Letter, Message, PersonId, Platform
from bot.tally import Tally
from prompts.library import Library
from storage.store import StoreDown

REMEMBERED = 10_000  # addresses that have been told that this is not open to them
HELD_BACK = 10.0  # seconds; Slack hands over again at once, after a minute and after five, and then no more

log = logging.getLogger(__name__)


class BadList(Exception):
    """BROKERCOACH_ALLOWED cannot be read."""


def allowed(listed: str | None) -> frozenset[tuple[str, str]] | None:
    """Who may talk to the coach, as (platform, address); None: everybody."""
    if listed is None:
        return None
    found = set()
    for each in filter(None, (part.strip() for part in listed.split(","))):
        platform, colon, address = each.partition(":")
        if not colon or not platform.strip() or not address.strip():
            raise BadList("BROKERCOACH_ALLOWED takes platform:address, separated by commas, like telegram:4711,slack:T024BE7LD:U024BE7LH")
        found.add((platform.strip().lower(), address.strip()))
    return frozenset(found)


class Left:
    """What could not be stored, for each address in the order in which it came: for a while nothing is taken before it, because the
    platform hands it over again, and an answer must not arrive before what it answers to.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._of: dict[tuple[Platform, str], tuple[float, list[str]]] = {}  # since when, and the keys

    def is_next(self, inbound: Inbound) -> bool:
        since, keys = self._of.get((inbound.platform, inbound.address), (-math.inf, []))
        return not keys or keys[0] == inbound.key or self._now() - since > HELD_BACK

    def behind(self, inbound: Inbound) -> None:
        """It was not stored."""
        self._of = {who: left for who, left in self._of.items() if self._now() - left[0] <= HELD_BACK}
        _, keys = self._of.setdefault((inbound.platform, inbound.address), (self._now(), []))
        if inbound.key not in keys:
            keys.append(inbound.key)

    def stored(self, inbound: Inbound) -> None:
        who = inbound.platform, inbound.address
        if who in self._of:
            keys = self._of[who][1]
            if inbound.key in keys:
                keys.remove(inbound.key)
            if not keys:
                del self._of[who]


class Intake:
    """`call` is told whose turn it is. Of somebody who may not talk here nothing is stored; they are told so once."""

    def __init__(
        self,
        manager: Manager,
        library: Library,
        call: Callable[[PersonId], Awaitable[None]],
        may: frozenset[tuple[str, str]] | None = None,
        tally: Tally | None = None,
    ) -> None:
        self._manager = manager
        self._library = library
        self._call = call
        self._may = may
        self._tally = tally or Tally()
        self._turned_away: OrderedDict[tuple[Platform, str], None] = OrderedDict()
        self._telling: set[asyncio.Task[None]] = set()
        # a platform may hand over two messages of one person side by side; they are stored one after the other, as they came
        self._left = Left()
        self._in_turn: WeakValueDictionary[tuple[Platform, str], asyncio.Lock] = WeakValueDictionary()

    def through(self, door: Door) -> Callable[[Inbound], Awaitable[None]]:
        """What a door's `listen` takes."""

        async def accept(inbound: Inbound) -> None:
            if self._may is not None and (inbound.platform, inbound.address) not in self._may:
                self._turn_away(inbound, door)
                return
            in_turn = self._in_turn.setdefault((inbound.platform, inbound.address), asyncio.Lock())
            async with in_turn:
                person = await self._stored(inbound)
            self._tally.count("accepted", inbound.platform)
            await self._call(person)
            await self._manager.for_good()

        return accept

    async def _stored(self, inbound: Inbound) -> PersonId:
        if not self._left.is_next(inbound):
            self._left.behind(inbound)
            raise StoreDown("what came before it could not be stored yet")
        try:
            _, person = await self._manager.accept(inbound)
        except StoreDown:
            self._left.behind(inbound)
            raise
        self._left.stored(inbound)
        return person

    def _turn_away(self, inbound: Inbound, door: Door) -> None:
        self._tally.count("turned_away", inbound.platform)
        who = (inbound.platform, inbound.address)
        if who in self._turned_away:
            return
        self._turned_away[who] = None
        if len(self._turned_away) > REMEMBERED:
            self._turned_away.popitem(last=False)
        task = asyncio.create_task(self._tell(door, inbound.address))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _tell(self, door: Door, address: str) -> None:
        """In every language, for nothing is known of them. It is said, or it is not: nobody waits for it."""
        text = "\n\n".join(words.variants("not-open")[0] for words in self._library.words.values())
        try:
            await door.send(Letter(f"not-open|{address}", door.platform, address, Message("notice", text)))
        except Exception as error:  # noqa: BLE001 - its text may hold the address
            log.info("somebody who may not talk here could not be told: %s", type(error).__name__)

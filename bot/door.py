"""What a chat platform's adapter is to the coach, and how its sending may fail.

The engine opens every door that is configured, and sends each letter through the door of its platform. A sending that returns
has arrived. Whatever else it raises than the three words below, nobody knows whether the letter arrived: it goes out again,
marked as uncertain.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

from bot.model import Inbound, Letter, Platform

Accept = Callable[[Inbound], Awaitable[None]]


class NotSent(Exception):
    """The letter certainly did not arrive, and may be sent again as if for the first time: no connection, or our token is refused, which
    says nothing of whom the letter is for.
    """


class Later(NotSent):
    """The platform asks to wait: `seconds` for this address alone, or for everybody when `everybody` is set."""

    def __init__(self, seconds: float, *, everybody: bool = False) -> None:
        super().__init__(f"to be sent in {seconds:g} s")
        self.seconds = seconds
        self.everybody = everybody


class Unreachable(NotSent):
    """There is nobody at this address any more: blocked, gone, archived, the coach uninstalled. Nothing more is sent there until
    somebody writes from it.
    """


class Gone(Exception):
    """What was to be fetched is not there any more, or was never ours to fetch."""


class TooBig(Exception):
    """What was to be fetched has more bytes than were asked for."""


class Refused(Exception):
    """The platform does not accept our credentials, or they cannot be right; the message names the setting and the remedy."""


@dataclass(frozen=True, slots=True)
class Copy:
    """Somebody's logbook as a file, on its way out. `note` is to be said beside it, if anything.

    `instead` is what is said where there is no `data`, because it could not be made, or where the platform does not take it.
    """

    name: str
    instead: str = field(repr=False)
    data: bytes = field(default=b"", repr=False)
    note: str = field(default="", repr=False)


# Makes the file of a letter that has one; raises NotSent when it cannot be made just now.
Press = Callable[[Letter], Awaitable[Copy]]


class Door(Protocol):
    """One platform account. Nothing is decided behind it.

    A door may also have `routes()`, an iterable of aiohttp's RouteDef for the one web server, and `heard_at`, the moment in UTC
    at which its platform answered last, which /readyz shows.
    """

    platform: Platform

    async def listen(self, accept: Accept) -> None:
        """Takes in messages until cancelled, and outlives every fault of the network. `accept` returns once a message is stored
        for good, and only then is the platform told that it arrived; it raises StoreDown when it could not be stored.
        Raises Refused when the platform will have none of us.
        """

    async def send(self, letter: Letter) -> None:
        """Raises Later, Unreachable or NotSent as they are meant; anything else leaves the letter uncertain."""

    async def thinking(self, address: str) -> None:
        """Shows that an answer is being made, where the platform can; never raises."""

    async def close(self) -> None: ...

"""What a chat platform's adapter is to the coach, and how its sending may fail.

The engine opens every door that is configured, and sends each letter through the door of its platform. A sending that returns
has arrived. Whatever else it raises than the three words below, nobody knows whether the letter arrived: it goes out again,
marked as uncertain.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
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


class Refused(Exception):
    """The platform does not accept our credentials, or they cannot be right; the message names the setting and the remedy."""


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

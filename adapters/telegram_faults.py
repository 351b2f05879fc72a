"""What python-telegram-bot's errors mean to a door, and how long to wait after one.

The library's messages hold what the server said, so none of them goes any further: faults are known by their kind.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta

from telegram.error import BadRequest, ChatMigrated, Conflict, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError

from adapters.telegram_wire import BEFORE_SENDING
from bot.door import Later, NotSent, Unreachable

LONGEST_WAIT = 60.0  # seconds between two tries while Telegram cannot be reached
NOBODY = ("chat not found", "user not found", "peer_id_invalid", "user is deactivated", "chat was deactivated", "chat_id is empty")

BROKEN = (TelegramError, KeyError, TypeError, ValueError, AttributeError)  # the library's errors, and what it makes of a garbled answer

TOKEN_REFUSED = "Telegram does not know this token; copy it anew from @BotFather into BROKERCOACH_TELEGRAM_TOKEN"  # noqa: S105
ANOTHER_POLLER = "another program takes in updates with this token; stop it, or give each its own bot"
WEBHOOK_ELSEWHERE = "a webhook is set for this bot, so nothing can be polled; restart to take it off, or find who sets it"
UNREACHABLE = "Telegram cannot be reached"

log = logging.getLogger(__name__)


class Unclear(Exception):
    """Nobody knows whether a letter arrived. Says what kind of fault it was, and nothing of the letter."""


def meant(error: Exception) -> Exception:
    """What a fault while sending says about the letter, in the door's words."""
    if isinstance(error, RetryAfter):
        return Later(seconds(error))
    if isinstance(error, Forbidden | ChatMigrated):
        return Unreachable("this chat is closed to the bot")
    if isinstance(error, BadRequest):
        # A letter that is refused for what is in it will be refused again: as uncertain it is let go after a few tries.
        return Unreachable("there is no such chat") if any(sign in error.message.lower() for sign in NOBODY) else Unclear("refused")
    if isinstance(error, InvalidToken):
        return NotSent(TOKEN_REFUSED)
    if isinstance(error, NetworkError) and isinstance(error.__cause__, BEFORE_SENDING):
        return NotSent(UNREACHABLE)
    return Unclear(kind(error))


def seconds(error: RetryAfter) -> float:
    wait = error.retry_after
    return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)


def kind(error: BaseException) -> str:
    """The names of the faults alone."""
    cause = error.__cause__
    return f"{type(error).__name__} by {type(cause).__name__}" if cause else type(error).__name__


def told(error: Exception) -> str:
    """What to say of a fault while taking in, with its remedy where there is one."""
    if isinstance(error, Conflict):
        return WEBHOOK_ELSEWHERE if "webhook" in error.message.lower() else ANOTHER_POLLER
    if isinstance(error, BadRequest):
        return "Telegram refuses the set-up; is BROKERCOACH_TELEGRAM_WEBHOOK a public https address?"
    if isinstance(error, TelegramError) and isinstance(error.__cause__, BEFORE_SENDING):
        return f"{UNREACHABLE}; is there a network, and is BROKERCOACH_TELEGRAM_API right?"
    return f"{UNREACHABLE} ({kind(error)})"


class Patience:
    """Waits after each fault, twice as long every time, and says the first of a kind and the end."""

    def __init__(self, sleep: Callable[[float], Awaitable[None]]) -> None:
        self._sleep = sleep
        self._faults = 0
        self._said = ""

    async def after(self, what: str, at_least: float = 0.0) -> None:
        wait = max(at_least, min(LONGEST_WAIT, 2.0 ** min(self._faults, 10)))
        self._faults += 1
        if what != self._said:
            log.warning("%s; trying again in %.0f s and then at most every %.0f s", what, wait, LONGEST_WAIT)
            self._said = what
        await self._sleep(wait)

    def over(self) -> None:
        if self._faults:
            log.warning("Telegram: all is well again after %d tries", self._faults)
        self._faults, self._said = 0, ""

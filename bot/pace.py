"""How fast a platform lets itself be written to, as arithmetic on moments: no clock, no waiting."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

from bot.model import Platform


class Limit(NamedTuple):
    """`rate` letters a second, of which `burst` may follow each other at once."""

    rate: float
    burst: int = 1


class Limits(NamedTuple):
    """What a platform allows to all its chats together, and to one of them."""

    overall: Limit
    chat: Limit


# Telegram's bot FAQ: about 30 messages a second overall, one a second in a chat, short bursts in a chat are let through.
# Slack's page on rate limits for chat.postMessage: one a second in a channel; of all channels "several hundred a minute".
# The small bursts of all chats together make good for timers that fire late; a Window keeps the second.
LIMITS: dict[Platform, Limits] = {
    "telegram": Limits(overall=Limit(30, burst=4), chat=Limit(1, burst=3)),
    "slack": Limits(overall=Limit(10, burst=2), chat=Limit(1)),
    "terminal": Limits(overall=Limit(1000), chat=Limit(1000)),
}


@dataclass(slots=True)
class Beat:
    """Spaces events to a limit (the generic cell rate algorithm). Moments are seconds on one clock that never goes back."""

    limit: Limit
    _next: float = field(default=-math.inf)

    @property
    def free_at(self) -> float:
        """The earliest moment at which one more is allowed."""
        return self._next - (self.limit.burst - 1) / self.limit.rate

    def took(self, now: float) -> None:
        self._next = max(now, self._next) + 1 / self.limit.rate


@dataclass(slots=True)
class Window:
    """Lets no second pass in which more than `most` letters arrive, at whatever end it is measured.

    A letter arrives somewhere between its leaving and its answer, so it counts from its leaving until a second after its answer.
    """

    most: int
    _under_way: int = 0
    _answered: deque[float] = field(default_factory=deque)

    @property
    def free_at(self) -> float:
        """The earliest moment at which one more may leave; infinity while that hangs on an answer."""
        places = self.most - self._under_way
        if places <= 0:
            return math.inf
        return self._answered[-places] + 1 if len(self._answered) >= places else -math.inf

    def left(self) -> None:
        """One is on its way, not to leave before `free_at` as it stood."""
        self._under_way += 1

    def answered(self, now: float) -> None:
        self._under_way -= 1
        self._answered.append(now)
        while len(self._answered) > self.most:
            self._answered.popleft()

    def stayed(self) -> None:
        """What was on its way did not leave after all."""
        self._under_way -= 1


def back_off(tries: int, first: float, most: float, chance: float) -> float:
    """Seconds to wait after `tries` failures in a row: doubling, never above `most`, spread by `chance` (0 to 1) over its upper half."""
    return min(most, first * 2.0 ** min(tries, 30)) * (0.5 + chance / 2)

"""How fast a platform lets itself be written to, as arithmetic on moments: no clock, no waiting."""

from __future__ import annotations

import math
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
LIMITS: dict[Platform, Limits] = {
    "telegram": Limits(overall=Limit(30), chat=Limit(1, burst=3)),
    "slack": Limits(overall=Limit(10), chat=Limit(1)),
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


def back_off(tries: int, first: float, most: float, chance: float) -> float:
    """Seconds to wait after `tries` failures in a row: doubling, never above `most`, spread by `chance` (0 to 1) over its upper half."""
    return min(most, first * 2.0 ** min(tries, 30)) * (0.5 + chance / 2)

"""How much of what others are paid for may be used: by one person in a day, by everybody in a month, both by UTC."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.model import PersonId, Spent, Usage


class Ledger(Protocol):
    """The store, as far as it counts what was used and knows what was agreed to."""

    def consents(self, person_id: PersonId) -> dict[str, bool]: ...

    def spend(self, person_id: PersonId, amount: int, what: Spent = ...) -> None: ...

    def spent(self, since: datetime, person_id: PersonId | None = None, what: Spent = ...) -> int: ...


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one person in a day, of everybody in a month. None: no limit."""

    day: int | None = None
    month: int | None = None


@dataclass(frozen=True, slots=True)
class Budget:
    """Everything here asks the database; for a thread."""

    what: Spent
    ledger: Ledger
    clock: Callable[[], datetime]
    limits: Limits

    def allows(self, person: PersonId, amount: int) -> bool:
        """Whether so much more stays within both limits."""
        day, month = self._since()
        return all(
            limit is None or self.ledger.spent(since, whose, self.what) + amount <= limit
            for limit, since, whose in ((self.limits.day, day, person), (self.limits.month, month, None))
        )

    def spend(self, person: PersonId, amount: int) -> None:
        self.ledger.spend(person, amount, self.what)

    def usage(self, person: PersonId) -> Usage:
        day, month = self._since()
        return Usage(self.ledger.spent(day, person, self.what), self.ledger.spent(month, person, self.what), self.limits.day)

    def _since(self) -> tuple[datetime, datetime]:
        day = self.clock().replace(hour=0, minute=0, second=0, microsecond=0)
        return day, day.replace(day=1)

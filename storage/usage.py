"""What a language model and whoever listens to voice notes were used for: numbers by person and moment, nobody's words."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, func, select

from bot.model import PersonId, Spent
from storage.tables import audit

ACTS: dict[Spent, str] = {"tokens": "model-tokens", "seconds": "voice-seconds"}


def spend(connection: Connection, person_id: PersonId, amount: int, what: Spent, at: datetime) -> None:
    connection.execute(audit.insert().values(person_id=person_id, at=at, act=ACTS[what], count=amount))


def spent(connection: Connection, since: datetime, person_id: PersonId | None, what: Spent) -> int:
    used = select(func.coalesce(func.sum(audit.c.count), 0)).where(audit.c.act == ACTS[what], audit.c.at >= since)
    return int(connection.scalar(used if person_id is None else used.where(audit.c.person_id == person_id)) or 0)

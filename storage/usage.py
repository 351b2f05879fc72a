"""What a language model was used for, in tokens: numbers by person and moment, nobody's words."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, func, select

from bot.model import PersonId
from storage.tables import audit

ACT = "model-tokens"


def spend(connection: Connection, person_id: PersonId, tokens: int, at: datetime) -> None:
    connection.execute(audit.insert().values(person_id=person_id, at=at, act=ACT, count=tokens))


def spent(connection: Connection, since: datetime, person_id: PersonId | None = None) -> int:
    used = select(func.coalesce(func.sum(audit.c.count), 0)).where(audit.c.act == ACT, audit.c.at >= since)
    return int(connection.scalar(used if person_id is None else used.where(audit.c.person_id == person_id)) or 0)

"""Rows of the logbook: entries with the revisions of their answers, and if-then plans.

Revisions are only ever added. An entry reads as its latest wording, in the order in which the steps were first answered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, func, select, update

from bot.model import Entry, Intention, Keep, Plan, Settle
from storage import partnerships
from storage.database import put
from storage.tables import entries, intentions, revisions
from storage.values import Sealer, readable

# Built once: every turn asks these, and half of a small statement's time is its building.
_ENTRIES = (
    select(entries)
    .where(entries.c.person_id == bindparam("person"))
    .order_by(entries.c.event_date.desc(), entries.c.written_at.desc(), entries.c.id.desc())
)
_LATEST_ENTRIES = _ENTRIES.limit(bindparam("limit"))
_REVISIONS = (
    select(revisions.c.entry_id, revisions.c.step, revisions.c.n, revisions.c.body)
    .where(revisions.c.person_id == bindparam("person"))
    .order_by(revisions.c.n)
)
_REVISIONS_OF = _REVISIONS.where(revisions.c.entry_id.in_(bindparam("entries", expanding=True)))
_INTENTIONS = select(intentions).where(intentions.c.person_id == bindparam("person")).order_by(intentions.c.made_at, intentions.c.id)
_OPEN_INTENTIONS = _INTENTIONS.where(intentions.c.settled_at.is_(None))


def keep(connection: Connection, sealer: Sealer, kept: Keep, at: datetime) -> None:
    blank = Entry(kept.entry, kept.guide, kept.event_date, at, energy=kept.energy, partnership=kept.partnership)
    _open_entry(connection, sealer, blank)
    latest = connection.scalar(
        select(func.max(revisions.c.n)).where(revisions.c.person_id == sealer.person, revisions.c.entry_id == kept.entry)
    )
    _revise(connection, sealer, kept.entry, [((latest or 0) + 1, kept.step, kept.text)], at)


def take_out(connection: Connection, sealer: Sealer, entry: str, step: str) -> None:
    """Erases an answer with every wording it had, and the entry when that was all there was in it."""
    theirs = (revisions.c.person_id == sealer.person) & (revisions.c.entry_id == entry)
    connection.execute(delete(revisions).where(theirs, revisions.c.step == step))
    if connection.scalar(select(func.count()).select_from(revisions).where(theirs)) == 0:
        connection.execute(delete(entries).where(entries.c.person_id == sealer.person, entries.c.id == entry))


def add(connection: Connection, sealer: Sealer, entry: Entry) -> None:
    """A whole entry as it was written elsewhere or earlier; one with a known id is left as it is."""
    if connection.scalar(select(entries.c.id).where(entries.c.person_id == sealer.person, entries.c.id == entry.id)) is not None:
        return
    _open_entry(connection, sealer, entry)
    answers = [(n, step, text) for n, (step, text) in enumerate(entry.answers, start=1)]
    _revise(connection, sealer, entry.id, answers, entry.written)


def _open_entry(connection: Connection, sealer: Sealer, entry: Entry) -> None:
    """Makes the entry, or brings a known one up to date; what the newcomer leaves open stays as it was."""
    row = {
        "person_id": sealer.person,
        "id": entry.id,
        "guide": entry.guide,
        "event_date": entry.event_date,
        "written_at": entry.written,
        "energy": entry.energy,
        "partnership_id": None if entry.partnership is None else partnerships.named(connection, sealer, entry.partnership),
    }
    put(connection, entries, row, changes=("event_date",), fills=("energy", "partnership_id"))


def _revise(connection: Connection, sealer: Sealer, entry: str, answers: list[tuple[int, str, str]], at: datetime) -> None:
    rows = [
        {
            "person_id": sealer.person,
            "entry_id": entry,
            "n": n,
            "step": step,
            "kind": "answer",
            "written_at": at,
            "body": sealer.seal(revisions.c.body, text, entry, n),
        }
        for n, step, text in answers
    ]
    if rows:
        connection.execute(revisions.insert(), rows)


def entries_of(connection: Connection, sealer: Sealer, names: Mapping[str, str], limit: int | None) -> tuple[Entry, ...]:
    """Newest first. `names` are the person's partnerships by id."""
    query = _ENTRIES if limit is None else _LATEST_ENTRIES
    rows = connection.execute(query, {"person": sealer.person, "limit": limit}).all()
    answers = _answers(connection, sealer, None if limit is None else [row.id for row in rows])
    return tuple(
        Entry(
            id=row.id,
            guide=row.guide,
            event_date=row.event_date,
            written=row.written_at,
            answers=answers.get(row.id, ()),
            energy=row.energy,
            partnership=names.get(row.partnership_id),
        )
        for row in rows
    )


def _answers(connection: Connection, sealer: Sealer, of: list[str] | None) -> dict[str, tuple[tuple[str, str], ...]]:
    """Each entry's answers in their latest wording; earlier wordings are not even opened, for a turn reads some 200 answers."""
    query = _REVISIONS if of is None else _REVISIONS_OF
    latest: dict[str, dict[str, tuple[str, int, bytes]]] = {}
    for entry, step, n, body in connection.execute(query, {"person": sealer.person, "entries": of}).all():
        latest.setdefault(entry, {})[step] = (step, n, body)
    return {entry: tuple(readable(steps.values(), _opened(sealer, entry))) for entry, steps in latest.items()}


def _opened(sealer: Sealer, entry: str) -> Callable[[tuple[str, int, bytes]], tuple[str, str]]:
    return lambda answer: (answer[0], sealer.open(revisions.c.body, answer[2], entry, answer[1]))


# --- if-then plans


def plan(connection: Connection, sealer: Sealer, planned: Plan, made: datetime) -> None:
    """A plan with a known id changes its words and its day, not when it was made."""
    row = {
        "person_id": sealer.person,
        "id": planned.id,
        "made_at": made,
        "due": planned.due,
        "text": sealer.seal(intentions.c.text, planned.text, planned.id),
    }
    put(connection, intentions, row, changes=("due", "text"))


def drop_plan(connection: Connection, sealer: Sealer, plan_id: str) -> None:
    connection.execute(delete(intentions).where(intentions.c.person_id == sealer.person, intentions.c.id == plan_id))


def settle(connection: Connection, sealer: Sealer, settled: Settle, at: datetime) -> None:
    """The first outcome stands; an unknown plan is none of ours."""
    connection.execute(
        update(intentions)
        .where(intentions.c.person_id == sealer.person, intentions.c.id == settled.id, intentions.c.settled_at.is_(None))
        .values(settled_at=at, outcome=sealer.seal(intentions.c.outcome, settled.outcome, settled.id))
    )


def intentions_of(connection: Connection, sealer: Sealer, open_only: bool) -> tuple[Intention, ...]:
    """In the order in which they were made."""
    rows = connection.execute(_OPEN_INTENTIONS if open_only else _INTENTIONS, {"person": sealer.person})
    return tuple(
        readable(rows, lambda row: Intention(row.id, sealer.open(intentions.c.text, row.text, row.id), made=row.made_at, due=row.due))
    )

"""Rows of the logbook: entries with the revisions of their answers, and if-then plans.

Revisions are only ever added, each to the end of the chain (chain.py): an answer, another wording of it, a thought that came later, a
taking back. An entry reads as its latest wording, in the order in which the steps were first answered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, select, update

from bot.model import Add, Entry, Intention, Keep, Mark, Plan, Settle, Thought
from storage import chain, partnerships
from storage.database import put
from storage.tables import entries, intentions, revisions
from storage.values import MARKS, Marks, Sealer, readable

# Built once: every turn asks these, and half of a small statement's time is its building.
_ENTRIES = (
    select(entries)
    .where(entries.c.person_id == bindparam("person"))
    .order_by(entries.c.event_date.desc(), entries.c.written_at.desc(), entries.c.id.desc())
)
_LATEST_ENTRIES = _ENTRIES.limit(bindparam("limit"))
_ADDED = ("thought", "retraction")
_ANSWERS = (
    select(revisions.c.entry_id, revisions.c.step, revisions.c.n, revisions.c.body)
    .where(revisions.c.person_id == bindparam("person"), revisions.c.kind.not_in(_ADDED))
    .order_by(revisions.c.n)
)
# Asked apart: they are few, and reading the moments of thousands of answers would take longer than opening them.
_ADDITIONS = (
    select(revisions.c.entry_id, revisions.c.kind, revisions.c.n, revisions.c.written_at, revisions.c.body)
    .where(revisions.c.person_id == bindparam("person"), revisions.c.kind.in_(_ADDED))
    .order_by(revisions.c.n)
)
_OF = revisions.c.entry_id.in_(bindparam("entries", expanding=True))
_ANSWERS_OF, _ADDITIONS_OF = _ANSWERS.where(_OF), _ADDITIONS.where(_OF)
_STEPS_OF = select(revisions.c.n, revisions.c.step).where(
    revisions.c.person_id == bindparam("person"), revisions.c.entry_id == bindparam("entry")
)
_ENTRY = select(entries).where(entries.c.person_id == bindparam("person"), entries.c.id == bindparam("entry"))
_MARKED = (
    update(entries).where(entries.c.person_id == bindparam("person"), entries.c.id == bindparam("entry")).values(marks=bindparam("sealed"))
)
_INTENTIONS = select(intentions).where(intentions.c.person_id == bindparam("person")).order_by(intentions.c.made_at, intentions.c.id)
_OPEN_INTENTIONS = _INTENTIONS.where(intentions.c.settled_at.is_(None))


def keep(connection: Connection, sealer: Sealer, kept: Keep, at: datetime) -> None:
    """An answer: the first one for its step, or a later wording of it."""
    blank = Entry(kept.entry, kept.guide, kept.event_date, at, energy=kept.energy, partnership=kept.partnership)
    _open_entry(connection, sealer, blank)
    row = connection.execute(_ENTRY, {"person": sealer.person, "entry": kept.entry}).one()
    _mark(connection, sealer, row, Marks(kept.phases, kept.people, kept.themes))
    n, steps = _so_far(connection, sealer, kept.entry)
    kind = "wording" if kept.step in steps else "answer"
    chain.append(connection, sealer, [chain.Revision(row.id, n + 1, kept.step, kind, at, row.event_date, row.guide, kept.text)])


def mark(connection: Connection, sealer: Sealer, marked: Mark) -> None:
    """Themes that were found later; an entry that is not there has none."""
    row = connection.execute(_ENTRY, {"person": sealer.person, "entry": marked.entry}).one_or_none()
    if row is not None:
        _mark(connection, sealer, row, Marks(themes=marked.themes))


def add_to(connection: Connection, sealer: Sealer, added: Add, at: datetime) -> None:
    """A later thought, or that the entry is taken back; an entry that is not there has neither."""
    row = connection.execute(_ENTRY, {"person": sealer.person, "entry": added.entry}).one_or_none()
    if row is None:
        return
    n, _ = _so_far(connection, sealer, added.entry)
    chain.append(connection, sealer, [chain.Revision(row.id, n + 1, added.kind, added.kind, at, row.event_date, row.guide, added.text)])


def take_out(connection: Connection, sealer: Sealer, entry: str, step: str) -> None:
    """Erases an answer with every wording it had, and the entry when that was all there was in it."""
    theirs = (revisions.c.person_id == sealer.person) & (revisions.c.entry_id == entry)
    connection.execute(delete(revisions).where(theirs, revisions.c.step == step))
    # marks quote what was written, so those of the entry go as well; and the chain, which had it, is made anew over what is left
    connection.execute(update(entries).where(entries.c.person_id == sealer.person, entries.c.id == entry).values(marks=None))
    chain.renew(connection, sealer)
    if connection.scalar(select(func.count()).select_from(revisions).where(theirs)) == 0:
        connection.execute(delete(entries).where(entries.c.person_id == sealer.person, entries.c.id == entry))


def add(connection: Connection, sealer: Sealer, entry: Entry) -> None:
    """A whole entry as it was written elsewhere or earlier; one with a known id is left as it is."""
    if connection.scalar(select(entries.c.id).where(entries.c.person_id == sealer.person, entries.c.id == entry.id)) is not None:
        return
    _open_entry(connection, sealer, entry)
    row = connection.execute(_ENTRY, {"person": sealer.person, "entry": entry.id}).one()
    _mark(connection, sealer, row, Marks(entry.phases, entry.people, entry.themes))
    place = (entry.event_date, entry.guide)
    answers = [
        chain.Revision(entry.id, n, step, "answer", entry.written, *place, text) for n, (step, text) in enumerate(entry.answers, start=1)
    ]
    chain.append(connection, sealer, answers)


def _so_far(connection: Connection, sealer: Sealer, entry: str) -> tuple[int, set[str]]:
    """The number of an entry's latest revision, and the steps that were answered."""
    rows = connection.execute(_STEPS_OF, {"person": sealer.person, "entry": entry}).all()
    return max((row.n for row in rows), default=0), {row.step for row in rows}


def _open_entry(connection: Connection, sealer: Sealer, entry: Entry) -> None:
    """Makes the entry, or brings a known one up to date; its day stays, and what the newcomer leaves open stays as it was."""
    row = {
        "person_id": sealer.person,
        "id": entry.id,
        "guide": entry.guide,
        "event_date": entry.event_date,
        "written_at": entry.written,
        "energy": entry.energy,
        "partnership_id": None if entry.partnership is None else partnerships.named(connection, sealer, entry.partnership),
    }
    put(connection, entries, row, changes=(), fills=("energy", "partnership_id"))


def _mark(connection: Connection, sealer: Sealer, row: Any, new: Marks) -> None:
    had = _marks(sealer, row)
    marks = Marks(
        had.phases or new.phases, tuple(dict.fromkeys([*had.people, *new.people])), tuple(dict.fromkeys([*had.themes, *new.themes]))
    )
    if marks != had:
        sealed = sealer.seal(entries.c.marks, MARKS.text(marks), row.id)
        connection.execute(_MARKED, {"person": sealer.person, "entry": row.id, "sealed": sealed})


def _marks(sealer: Sealer, row: Any) -> Marks:
    if row.marks is None:
        return Marks()
    return next(readable([row], lambda row: MARKS.value(sealer.open(entries.c.marks, row.marks, row.id))), Marks())


def entries_of(connection: Connection, sealer: Sealer, names: Mapping[str, str], limit: int | None) -> tuple[Entry, ...]:
    """Newest first. `names` are the person's partnerships by id."""
    query = _ENTRIES if limit is None else _LATEST_ENTRIES
    rows = connection.execute(query, {"person": sealer.person, "limit": limit}).all()
    written = _written(connection, sealer, None if limit is None else [row.id for row in rows])
    return tuple(_entry(sealer, row, names, written.get(row.id, _Written())) for row in rows)


def _entry(sealer: Sealer, row: Any, names: Mapping[str, str], written: _Written) -> Entry:
    marks = _marks(sealer, row)
    return Entry(
        id=row.id,
        guide=row.guide,
        event_date=row.event_date,
        written=row.written_at,
        answers=tuple(readable(written.latest.values(), lambda r: (r.step, _opened(sealer, r)))),
        energy=row.energy,
        partnership=names.get(row.partnership_id),
        phases=marks.phases,
        people=marks.people,
        themes=marks.themes,
        thoughts=tuple(readable(written.thoughts, lambda r: Thought(r.written_at, _opened(sealer, r)))),
        retracted=written.retracted,
    )


@dataclass(slots=True)
class _Written:
    """The rows of one entry by what they are to its reader; earlier wordings are not even opened, for a turn reads some 200 answers."""

    latest: dict[str, Any] = field(default_factory=dict)
    thoughts: list[Any] = field(default_factory=list)
    retracted: datetime | None = None


def _written(connection: Connection, sealer: Sealer, of: list[str] | None) -> dict[str, _Written]:
    answers, additions = (_ANSWERS, _ADDITIONS) if of is None else (_ANSWERS_OF, _ADDITIONS_OF)
    asked = {"person": sealer.person, "entries": of}
    found: dict[str, _Written] = {}
    for row in connection.execute(answers, asked).all():
        found.setdefault(row.entry_id, _Written()).latest[row.step] = row
    for added in connection.execute(additions, asked).all():
        entry = found.setdefault(added.entry_id, _Written())
        if added.kind == "thought":
            entry.thoughts.append(added)
        else:
            entry.retracted = added.written_at
    return found


def _opened(sealer: Sealer, row: Any) -> str:
    return sealer.open(revisions.c.body, row.body, row.entry_id, row.n)


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

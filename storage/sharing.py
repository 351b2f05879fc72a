"""What a broker shows their mentor: entries chosen one by one, as a copy under the broker's own key, and the mentor's words about them.

A mentor finds that something is shown to them, and its words for as long as its owner lets them: each time they are opened anew with the
owner's key. What was taken back, whose owner was forgotten or has ended their consent, and whose entry was erased, is not there any more,
nor is a letter with it that has not left yet: such a letter bears the share's id at the end of its key.
Between two people nothing is written but rows of the clock, which let the other one's own turn say what there is to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, bindparam, delete, select, update

from bot.model import Alias, Comment, Mentor, PersonId, Remark, Share, Shared, Shown
from storage import clock, people
from storage.database import put, see
from storage.tables import comments, due, entries, mentors, outbox, shares
from storage.values import ALIAS, Sealer
from storage.vault import Vault

CONSENT = "mentor"
AT_HAND = 50  # shares a turn looks at, the latest

# Built once: every turn asks these, and half of a small statement's time is its building.
_MENTOR = select(mentors).where(mentors.c.person_id == bindparam("person"))
_SHARED = (
    select(shares.c.id, shares.c.entry_id, shares.c.at, shares.c.read_at, entries.c.event_date)
    .join(entries, (entries.c.person_id == shares.c.person_id) & (entries.c.id == shares.c.entry_id))
    .where(shares.c.person_id == bindparam("person"))
    .order_by(shares.c.at.desc(), shares.c.id)
)
_SHOWN = (
    select(shares.c.id, shares.c.person_id)
    .where(shares.c.mentor_id == bindparam("person"))
    .order_by(shares.c.at.desc(), shares.c.id)
    .limit(AT_HAND)
)
_DAY = select(entries.c.event_date).where(entries.c.person_id == bindparam("person"), entries.c.id == bindparam("entry"))


@contextmanager
def _in_the_place_of(connection: Connection, whose: PersonId, back: PersonId) -> Iterator[None]:
    """What is done inside is about another person's rows. An error ends the transaction, so nothing has to be put right after one."""
    see(connection, whose)
    yield
    see(connection, back)


# --- its owner's side


def mentor_of(connection: Connection, vault: Vault, sealer: Sealer) -> Mentor | None:
    row = connection.execute(_MENTOR, {"person": sealer.person}).one_or_none()
    if row is None:
        return None
    with _in_the_place_of(connection, row.mentor_id, sealer.person):
        name = people.name_of(connection, vault, row.mentor_id)
    aliases = Alias((), ()) if row.aliases is None else ALIAS.value(sealer.open(mentors.c.aliases, row.aliases))
    shared = connection.execute(_SHARED, {"person": sealer.person})
    return Mentor(row.since, name, aliases, tuple(Shared(s.id, s.entry_id, s.event_date, s.at, s.read_at) for s in shared))


def set_mentor(connection: Connection, owner: PersonId, mentor: PersonId, at: datetime, act: str) -> None:
    """For the house. What another mentor was shown before is taken back."""
    _withdraw(connection, _of(connection, owner))
    put(connection, mentors, {"person_id": owner, "mentor_id": mentor, "since": at}, changes=("mentor_id", "since"))
    people.note(connection, owner, act, at)
    clock.put(connection, clock.DueRow(owner, "mentor", "", at))


def alias(connection: Connection, sealer: Sealer, aliases: Alias) -> None:
    sealed = sealer.seal(mentors.c.aliases, ALIAS.text(aliases))
    connection.execute(update(mentors).where(mentors.c.person_id == sealer.person).values(aliases=sealed))


def share(connection: Connection, sealer: Sealer, shown: Share, at: datetime) -> bool:
    """Shows an entry, once: what was shown of it before makes room. False without a mentor, a consent or such an entry."""
    mentor = connection.execute(_MENTOR, {"person": sealer.person}).one_or_none()
    there = connection.scalar(_DAY, {"person": sealer.person, "entry": shown.entry}) is not None
    if mentor is None or not there or not _agreed(connection, sealer.person):
        return False
    take_back(connection, sealer.person, at, entry=shown.entry, act=None)
    name = uuid4().hex
    row = {"id": name, "person_id": sealer.person, "mentor_id": mentor.mentor_id, "entry_id": shown.entry, "at": at}
    connection.execute(shares.insert().values(**row, body=sealer.seal(shares.c.body, shown.text, name)))
    people.note(connection, sealer.person, "shared", at)
    with _in_the_place_of(connection, mentor.mentor_id, sealer.person):
        clock.put(connection, clock.DueRow(mentor.mentor_id, "shared", name, at))
    return True


def take_back(
    connection: Connection,
    owner: PersonId,
    at: datetime,
    share: str | None = None,
    entry: str | None = None,
    act: str | None = "unshared",
) -> None:
    """One share, those of an entry, or all of them."""
    rows = [row for row in _of(connection, owner) if share in (None, row.id) and entry in (None, row.entry_id)]
    if rows:
        _withdraw(connection, rows, owner)
        if act:
            people.note(connection, owner, act, at)


def part(connection: Connection, owner: PersonId, at: datetime) -> None:
    """The owner has no mentor any more."""
    take_back(connection, owner, at)
    if connection.execute(delete(mentors).where(mentors.c.person_id == owner).returning(mentors.c.person_id)).first():
        people.note(connection, owner, "mentor-ended", at)


def remark(connection: Connection, sealer: Sealer, comment: str) -> Remark | None:
    """A mentor's words, as they came."""
    row = connection.execute(
        select(comments.c.body, shares.c.entry_id)
        .join(shares, shares.c.id == comments.c.share_id)
        .where(comments.c.id == comment, comments.c.person_id == sealer.person)
    ).one_or_none()
    if row is None:
        return None
    day = connection.execute(_DAY, {"person": sealer.person, "entry": row.entry_id}).scalar_one()
    return Remark(row.entry_id, day, sealer.open(comments.c.body, row.body, comment))


# --- the mentor's side


def shown_to(connection: Connection, vault: Vault, mentor: PersonId, only: str | None = None) -> tuple[Shown, ...]:
    """What is shown to a mentor, the latest first; with its words where it is the `only` one asked for."""
    rows = connection.execute(_SHOWN if only is None else _SHOWN.where(shares.c.id == only), {"person": mentor}).all()
    found: dict[str, Shown] = {}
    for owner in dict.fromkeys(row.person_id for row in rows):
        theirs = [row for row in rows if row.person_id == owner]
        with _in_the_place_of(connection, owner, mentor):
            if _agreed(connection, owner):
                found |= {shown.id: shown for shown in _shown(connection, vault, owner, theirs, opens=only is not None)}
    return tuple(found[row.id] for row in rows if row.id in found)


def _shown(connection: Connection, vault: Vault, owner: PersonId, rows: list[Any], *, opens: bool) -> Iterator[Shown]:
    sealer, who = people.sealer(connection, vault, owner), people.name_of(connection, vault, owner)
    wanted = {row.id for row in rows}
    for row in connection.execute(_SHARED, {"person": owner}).all():
        if row.id in wanted:
            yield Shown(
                row.id, who, day=row.event_date, read=row.read_at is not None, text=_text(connection, sealer, row.id) if opens else ""
            )


def _text(connection: Connection, sealer: Sealer, share: str) -> str:
    sealed = connection.execute(select(shares.c.body).where(shares.c.id == share)).scalar_one()
    return sealer.open(shares.c.body, sealed, share)


def read(connection: Connection, mentor: PersonId, share: str, at: datetime) -> bool:
    """Writes down, for its owner to see, that it is read now. False when it is not shown to this mentor any more."""
    owner = _owner(connection, mentor, share)
    if owner is None:
        return False
    with _in_the_place_of(connection, owner, mentor):
        connection.execute(update(shares).where(shares.c.id == share).values(read_at=at))
        people.note(connection, owner, "read", at)
    return True


def comment(connection: Connection, vault: Vault, mentor: PersonId, said: Comment, at: datetime) -> bool:
    """False when it is not shown to this mentor any more."""
    owner = _owner(connection, mentor, said.share)
    if owner is None:
        return False
    with _in_the_place_of(connection, owner, mentor):
        name = uuid4().hex
        sealed = people.sealer(connection, vault, owner).seal(comments.c.body, said.text, name)
        row = {"id": name, "person_id": owner, "mentor_id": mentor, "share_id": said.share, "at": at, "body": sealed}
        connection.execute(comments.insert().values(row))
        people.note(connection, owner, "commented", at)
        clock.put(connection, clock.DueRow(owner, "comment", name, at))
    return True


def resign(connection: Connection, mentor: PersonId, at: datetime) -> None:
    """They are nobody's mentor any more, and everybody whose they were is told."""
    for owner in connection.scalars(select(mentors.c.person_id).where(mentors.c.mentor_id == mentor)).all():
        with _in_the_place_of(connection, owner, mentor):
            part(connection, owner, at)
            clock.put(connection, clock.DueRow(owner, "mentor", "gone", at))


def is_mentor(connection: Connection, person: PersonId) -> bool:
    return connection.execute(select(mentors.c.person_id).where(mentors.c.mentor_id == person).limit(1)).first() is not None


def _owner(connection: Connection, mentor: PersonId, share: str) -> PersonId | None:
    """Whose it is, as long as they agree to its being shown."""
    whose = connection.scalar(select(shares.c.person_id).where(shares.c.id == share, shares.c.mentor_id == mentor))
    if whose is None:
        return None
    owner = PersonId(whose)
    with _in_the_place_of(connection, owner, mentor):
        return owner if _agreed(connection, owner) else None


# --- both sides


def forgotten(connection: Connection, person: PersonId, at: datetime) -> None:
    """For the house, before somebody is erased: what a mentor of theirs was about to be sent, and what others show them as a mentor."""
    for row in _of(connection, person):
        _call_back(connection, row)
    for owner in connection.scalars(select(mentors.c.person_id).where(mentors.c.mentor_id == person)).all():
        people.note(connection, owner, "mentor-ended", at)


def _agreed(connection: Connection, owner: PersonId) -> bool:
    return people.consents_of(connection, owner).get(CONSENT, False)


def _of(connection: Connection, owner: PersonId) -> list[Any]:
    return list(connection.execute(select(shares.c.id, shares.c.entry_id, shares.c.mentor_id).where(shares.c.person_id == owner)))


def _withdraw(connection: Connection, rows: Iterable[Any], owner: PersonId | None = None) -> None:
    """Nothing of these is left, on either side. Without an `owner` it is the house that does it."""
    for row in rows:
        remarks = select(comments.c.id).where(comments.c.share_id == row.id)
        connection.execute(delete(due).where(due.c.kind == "comment", due.c.ref.in_(remarks)))
        connection.execute(delete(shares).where(shares.c.id == row.id))
        if owner is None:
            _call_back(connection, row)
        else:
            with _in_the_place_of(connection, row.mentor_id, owner):
                _call_back(connection, row)


def _call_back(connection: Connection, row: Any) -> None:
    """The mentor is not told of it any more, and a letter with it does not leave."""
    connection.execute(delete(due).where(due.c.person_id == row.mentor_id, due.c.kind == "shared", due.c.ref == row.id))
    unsent = (outbox.c.person_id == row.mentor_id) & outbox.c.state.in_(("new", "sending")) & outbox.c.key.endswith(f"|{row.id}")
    connection.execute(update(outbox).where(unsent).values(state="let-go", body=None))

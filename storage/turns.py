"""How one turn is stored: its guards first, then the conversation, then its effects, all in the caller's transaction.

The guards make every effect happen once, whatever engine runs the turn and however often: the message must be undone, or
the due row still due, and the conversation must stand where the turn was decided from. Whoever comes second falls through.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple, assert_never

from sqlalchemy import Connection

from bot.model import Add, Advise, Consent, DueKind, Effect, Keep, Learn, Message, Plan, Platform, Remind, Say, Settle, TakeOut, Turn
from storage import clock, logbook, mail, people
from storage.values import Sealer


class Overtaken(Exception):
    """Somebody else stored this turn, or another one in between: nothing of it may stay."""


class Saved(NamedTuple):
    """A stored turn. `advised` are the keys of the letters that wait for a model's wording, in the order of their effects."""

    advised: tuple[str, ...] = ()


class Cause(NamedTuple):
    """What the turn answers: a message, something that fell due, or neither."""

    inbox_key: str | None
    due: tuple[DueKind, str] | None


def store(connection: Connection, sealer: Sealer, turn: Turn, version: int, at: datetime, cause: Cause, platform: Platform | None) -> Saved:
    if cause.inbox_key is not None and mail.done(connection, cause.inbox_key, at) != sealer.person:
        raise Overtaken
    if cause.due is not None and not clock.fire(connection, sealer.person, *cause.due, at):
        raise Overtaken
    if not people.advance(connection, sealer, turn.conversation, version, at):
        raise Overtaken
    _effects(connection, sealer, turn.effects, at)
    if cause.due is not None and not any(_sets(effect, cause.due) for effect in turn.effects):
        clock.take_off(connection, sealer.person, *cause.due)
    said = [effect for effect in turn.effects if isinstance(effect, Say | Advise)]
    if not said:
        return Saved()
    to = platform or people.latest_platform(connection, sealer.person)
    letters = list(_letters([effect.message for effect in said], _origin(sealer, version, at, cause)))
    advised = tuple(key for (key, _), effect in zip(letters, said, strict=True) if isinstance(effect, Advise))
    mail.post(connection, sealer, to, letters, at, advised)
    return Saved(advised)


def _effects(connection: Connection, sealer: Sealer, effects: Iterable[Effect], at: datetime) -> None:
    for effect in effects:
        match effect:
            case Say() | Advise():
                pass  # laid out together, at the end
            case Keep():
                logbook.keep(connection, sealer, effect, at)
            case Add():
                logbook.add_to(connection, sealer, effect, at)
            case TakeOut(entry, step):
                logbook.take_out(connection, sealer, entry, step)
            case Learn(person):
                people.learn(connection, sealer, person)
            case Plan():
                logbook.plan(connection, sealer, effect, at)
            case Settle():
                logbook.settle(connection, sealer, effect, at)
            case Remind(kind, when, ref):
                if when is None:
                    clock.take_off(connection, sealer.person, kind, ref)
                else:
                    clock.put(connection, clock.DueRow(sealer.person, kind, ref, when))
            case Consent():
                people.consent(connection, sealer.person, effect, at)
            case _:
                assert_never(effect)


def _sets(effect: Effect, due: tuple[DueKind, str]) -> bool:
    return isinstance(effect, Remind) and effect.at is not None and (effect.kind, effect.ref) == due


def _origin(sealer: Sealer, version: int, at: datetime, cause: Cause) -> str:
    if cause.inbox_key is not None:
        return cause.inbox_key
    if cause.due is not None:
        return "|".join(("due", *cause.due, sealer.person, at.isoformat()))
    return f"turn|{sealer.person}|{version}"


def _letters(said: list[Message], origin: str) -> Iterable[tuple[str, Message]]:
    return ((f"{origin}/{n}", message) for n, message in enumerate(said))

"""How one turn is stored: its guards first, then the conversation, then its effects, all in the caller's transaction.

The guards make every effect happen once, whatever engine runs the turn and however often: the message must be undone, or
the due row still due, and the conversation must stand where the turn was decided from. Whoever comes second falls through.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from string import Template
from typing import NamedTuple, assert_never

from sqlalchemy import Connection

from bot.model import (
    Accompany,
    Add,
    Advise,
    Alias,
    CloseDoor,
    Comment,
    Consent,
    Drop,
    DueKind,
    Effect,
    Forget,
    Join,
    Keep,
    Learn,
    Mark,
    MarkLater,
    Message,
    OfferCode,
    Part,
    Person,
    PersonId,
    Plan,
    Platform,
    Refused,
    Remind,
    Say,
    Settle,
    Share,
    Show,
    TakeBack,
    TakeOut,
    Turn,
)
from storage import clock, erasing, linking, logbook, mail, partnerships, people, sharing
from storage.database import HOUSE, see
from storage.values import Sealer
from storage.vault import Vault

_LEFT = timedelta(minutes=1)  # after which what is to be looked up for an answer was left by a crash


class Overtaken(Exception):
    """Somebody else stored this turn, or another one in between: nothing of it may stay."""


class Saved(NamedTuple):
    """A stored turn. `advised` are the keys of the letters that wait for a model's wording, in the order of their effects.

    `erased`: somebody was erased by it, and the erasure is to be finished.
    """

    advised: tuple[str, ...] = ()
    erased: bool = False


class Cause(NamedTuple):
    """What the turn answers: a message, something that fell due, or neither."""

    inbox_key: str | None
    due: tuple[DueKind, str] | None


def store(
    connection: Connection, vault: Vault, sealer: Sealer, turn: Turn, version: int, at: datetime, cause: Cause, platform: Platform | None
) -> Saved:
    if cause.inbox_key is not None and mail.done(connection, cause.inbox_key, at) != sealer.person:
        raise Overtaken
    if cause.due is not None and not clock.fire(connection, sealer.person, *cause.due, at):
        raise Overtaken
    if not people.advance(connection, sealer, turn.conversation, version, at):
        raise Overtaken
    origin = _origin(sealer, version, at, cause)
    if any(isinstance(effect, Forget | Join | CloseDoor | Accompany) for effect in turn.effects):
        see(connection, HOUSE)  # a door goes from one person to another, or two become mentor and broker
    leaving = next((effect for effect in turn.effects if isinstance(effect, Forget)), None)
    if leaving is not None:
        _forget(connection, vault, sealer, leaving, origin, at, cause, platform or people.latest_platform(connection, sealer.person))
        return Saved(erased=True)
    _effects(connection, vault, sealer, turn.effects, at)
    if cause.due is not None and not any(_sets(effect, cause.due) for effect in turn.effects):
        clock.take_off(connection, sealer.person, *cause.due)
    said = [(effect, message) for effect in turn.effects if (message := _said(connection, sealer, effect, at)) is not None]
    if not said:
        return Saved()
    door = platform or people.latest_platform(connection, sealer.person)
    to = _behind(connection, vault, sealer, turn.effects, door, at)
    letters = [
        (_key(key, effect), message) for (key, message), (effect, _) in zip(_letters([m for _, m in said], origin), said, strict=True)
    ]
    advised = tuple(key for (key, _), (effect, _) in zip(letters, said, strict=True) if isinstance(effect, Advise))
    mail.post(connection, to, door, letters, at, advised)
    return Saved(advised, erased=to is not sealer)


def _behind(connection: Connection, vault: Vault, sealer: Sealer, effects: Iterable[Effect], door: Platform, at: datetime) -> Sealer:
    """Who is behind the door once this turn is over: as before, somebody it was linked to, or nobody in particular."""
    for effect in effects:
        if isinstance(effect, Join):
            joined = linking.join(connection, vault, sealer, effect.code, door, at)
            if joined is None:
                raise Overtaken
            return joined
        if isinstance(effect, CloseDoor):
            return _close_door(connection, vault, sealer, door, at)
    return sealer


def _said(connection: Connection, sealer: Sealer, effect: Effect, at: datetime) -> Message | None:
    match effect:
        case Say(message) | CloseDoor(message):
            return message
        case Advise():
            return effect.message
        case OfferCode(letter, makes):
            return _filled(letter, {"code": linking.offer(connection, sealer, at, makes)})
        case Show(share, message):
            if not sharing.read(connection, sealer.person, share, at):
                raise Overtaken
            return message
    return None


def _filled(message: Message, slots: dict[str, object]) -> Message:
    return replace(message, text=Template(message.text).safe_substitute(slots))


def _forget(
    connection: Connection, vault: Vault, sealer: Sealer, leaving: Forget, origin: str, at: datetime, cause: Cause, platform: Platform
) -> None:
    """Everything goes at once, the key too; the receipt is carried by a nobody who has that one address and that one letter."""
    address = people.door_of(connection, sealer, platform)
    erasing.begin(connection, sealer.person, at, None if cause.inbox_key is None else vault.blind(cause.inbox_key).hex())
    counts = erasing.erase(connection, sealer.person, at)
    if leaving.receipt is not None and address is not None:
        bearer = _bearer(connection, vault, platform, address, at)
        mail.post(connection, bearer, platform, list(_letters([_filled(leaving.receipt, dict(counts))], origin)), at)


def _close_door(connection: Connection, vault: Vault, sealer: Sealer, platform: Platform, at: datetime) -> Sealer:
    address = people.door_of(connection, sealer, platform)
    if address is None or not linking.leave(connection, vault, sealer, platform, at):
        raise Overtaken
    return _bearer(connection, vault, platform, address, at)


def _bearer(connection: Connection, vault: Vault, platform: Platform, address: str, at: datetime) -> Sealer:
    bearer = people.enrol(connection, vault, platform, address, Person(PersonId("")), at)
    erasing.await_letter(connection, bearer, at)
    return people.sealer(connection, vault, bearer)


def _effects(  # noqa: PLR0915 - a table of effects is long, not complex
    connection: Connection, vault: Vault, sealer: Sealer, effects: Iterable[Effect], at: datetime
) -> None:
    for effect in effects:
        match effect:
            case Say(Message(file=str())):
                people.note(connection, sealer.person, "copied", at)
            case Say() | Advise() | OfferCode() | Show() | Join() | CloseDoor() | Forget():
                pass  # what is said is laid out together, at the end; who is at a door changes before that
            case Keep():
                logbook.keep(connection, sealer, effect, at)
            case Mark():
                logbook.mark(connection, sealer, effect)
            case MarkLater(entry, step):
                clock.put(connection, clock.DueRow(sealer.person, "marks", f"{entry} {step}", at + _LEFT))
            case Add():
                logbook.add_to(connection, sealer, effect, at)
            case TakeOut(entry, step):
                logbook.take_out(connection, sealer, entry, step)
                sharing.take_back(connection, sealer.person, at, entry=entry)
                people.note(connection, sealer.person, "taken-out", at)
            case Drop("plan", ref):
                logbook.drop_plan(connection, sealer, ref)
                people.note(connection, sealer.person, "dropped", at, "plan")
            case Drop(_, ref):
                partnerships.drop(connection, sealer, ref)
                people.note(connection, sealer.person, "dropped", at, "partnership")
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
            case Accompany(code):
                _must(linking.accompany(connection, sealer.person, code, at))
            case Alias():
                sharing.alias(connection, sealer, effect)
            case Share():
                _must(sharing.share(connection, sealer, effect, at))
            case TakeBack(share):
                sharing.take_back(connection, sealer.person, at, share)
            case Part("mentor"):
                sharing.part(connection, sealer.person, at)
            case Part():
                sharing.resign(connection, sealer.person, at)
            case Comment():
                _must(sharing.comment(connection, vault, sealer.person, effect, at))
            case Refused():
                people.note(connection, sealer.person, "refused", at)
            case _:
                assert_never(effect)


def _must(done: bool) -> None:
    """What it was decided from is not so any more."""
    if not done:
        raise Overtaken


def _sets(effect: Effect, due: tuple[DueKind, str]) -> bool:
    return isinstance(effect, Remind) and effect.at is not None and (effect.kind, effect.ref) == due


def _origin(sealer: Sealer, version: int, at: datetime, cause: Cause) -> str:
    if cause.inbox_key is not None:
        return cause.inbox_key
    if cause.due is not None:
        return "|".join(("due", *cause.due, sealer.person, at.isoformat()))
    return f"turn|{sealer.person}|{version}"


def _key(key: str, effect: Effect) -> str:
    """A letter that shows somebody else's entry is found by it, should the entry be taken back before it has left."""
    return f"{key}|{effect.share}" if isinstance(effect, Show) else key


def _letters(said: list[Message], origin: str) -> Iterable[tuple[str, Message]]:
    return ((f"{origin}/{n}", message) for n, message in enumerate(said))

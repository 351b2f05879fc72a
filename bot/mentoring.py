"""What a mentor is told, shown and asked; and how a mentor's words reach whoever they are for. Pure.

A mentor's words are put before the broker in quotation marks, as theirs. They are never read as a wish, a choice or an answer, and no
language model sees them. Neither side is written to while it is away, asleep, in a reflection, or while danger has the floor.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from bot import guiding
from bot.choosing import choice_in
from bot.draft import Draft
from bot.leaving import hold_place
from bot.model import Accompany, Choice, Context, DueKind, Event, Fell, Part, Pressed, Remind, Said, Show, Shown
from bot.rhythm import AFTERNOON, at_wall_clock, in_hours, morrow
from bot.tongue import held_in
from prompts.library import Library

KINDS: tuple[DueKind, ...] = ("mentor", "shared", "comment")
SPEAKING = timedelta(minutes=30)  # after an answer in a guide, in which nothing else is begun
CALM = timedelta(days=1)  # how long something waits while an alarm has the floor
OFFERED = 4


def opening(library: Library, context: Context, event: Event) -> str | None:
    """The share that is to be put before its mentor by this event."""
    choice = event.choice if isinstance(event, Pressed) else None
    if isinstance(event, Said) and any(choice.id.startswith("shown:") for choice in context.conversation.choices):
        words = library.in_language(held_in(library, context, event))
        picked = choice_in(event.text, context.conversation.choices, words.hear)
        choice = picked.id if picked else None
    return choice.split(":")[1] if choice and choice.startswith("shown:") else None


def joined(draft: Draft, code: str) -> None:
    """Somebody typed the code that makes them a mentor."""
    hold_place(draft)
    draft.person = replace(draft.person, welcomed=True)
    draft.do(Accompany(code))
    draft.say(draft.line("mentor.joined"), "notice")


# --- what reaches them by the other one's doing


def fell(draft: Draft, event: Fell) -> None:
    later = _better_later(draft)
    if later:
        draft.do(Remind(event.kind, later, event.ref))
    elif event.kind == "shared":
        _told_of_share(draft, event.ref)
    elif event.kind == "comment":
        _told_of_comment(draft)
    elif event.ref == "gone" or draft.context.mentor is None:
        draft.say(draft.line("mentor.gone"), "notice", draft.offered)
    else:
        draft.say(draft.line("mentor.here", who=draft.context.mentor.name or draft.line("mentor.unnamed")), "notice", draft.offered)


def _better_later(draft: Draft) -> datetime | None:
    rhythm, zone = draft.person.rhythm, draft.person.zone
    if draft.alarm:
        return draft.at + CALM
    if rhythm.away_until is not None and draft.today < rhythm.away_until:
        return at_wall_clock(rhythm.away_until, rhythm.reminder or AFTERNOON, zone)
    if draft.place and draft.at - draft.place.at < SPEAKING:
        return draft.at + SPEAKING
    return morrow(draft.at, rhythm.reminder or AFTERNOON, rhythm, zone) if zone and not in_hours(draft.at, zone) else None


def _told_of_share(draft: Draft, share: str) -> None:
    shown = next((each for each in draft.context.shown if each.id == share), None)
    if shown is None or shown.read:
        return
    hold_place(draft)
    draft.say(draft.line("shown.new", who=_who(draft, shown)), "notice", [_choice(draft, shown), draft.choice("later")])


def _told_of_comment(draft: Draft) -> None:
    remark = draft.context.remark
    if remark is None:
        return
    hold_place(draft)
    beside = Choice(f"beside:{remark.entry}:beside", draft.line("choice.beside"))
    draft.say(draft.line("mentor.asks", day=draft.day(remark.day), words=remark.text), "question", [beside, draft.choice("later")])


# --- the mentor's side


def _who(draft: Draft, shown: Shown) -> str:
    return shown.who or draft.line("shown.unnamed")


def _choice(draft: Draft, shown: Shown) -> Choice:
    return Choice(f"shown:{shown.id}:shown", draft.line("choice.shown"))


def _list(draft: Draft) -> None:
    hold_place(draft)
    shown = draft.context.shown[:OFFERED]
    if not shown:
        draft.say(draft.line("shown.none"), "reply", [draft.choice("resume")] if draft.held else [])
        return
    choices = [Choice(f"shown:{each.id}", draft.line("shown.row", who=_who(draft, each), day=draft.day(each.day))) for each in shown]
    draft.say(draft.line("shown.head"), "question", [*choices, draft.choice("later")])


def _open(draft: Draft, _what: str) -> None:
    hold_place(draft)
    shown = draft.context.open
    if shown is None:
        draft.say(draft.line("shown.gone"), "notice")
        return
    ask = Choice(f"comment:{shown.id}:comment", draft.line("choice.comment"))
    draft.say(draft.line("shown.page", who=_who(draft, shown), page=shown.text), "reply", [ask, draft.choice("later")])
    draft.recast(lambda message: Show(shown.id, message))


def _comment(draft: Draft, what: str) -> None:
    _start(draft, "mentor-question", what)


def _beside(draft: Draft, what: str) -> None:
    """The broker's own thought goes beside the entry, and to nobody."""
    _start(draft, "later-thought", what)


def _start(draft: Draft, guide: str, what: str) -> None:
    """A reflection that was interrupted for it can still be gone on with."""
    held = draft.held
    guiding.start(draft, guide, ref=what.partition(":")[0])
    draft.held = held


def _resign(draft: Draft) -> None:
    hold_place(draft)
    draft.do(Part("mentees"))
    draft.say(draft.line("mentor.resigned"), "reply", [draft.choice("resume")] if draft.held else [])


WISHES: dict[str, Callable[[Draft], None]] = {"shown": _list, "mentor-resign": _resign}

# by the first part of a choice's id
PICKED: dict[str, Callable[[Draft, str], None]] = {"shown": _open, "comment": _comment, "beside": _beside}

"""Takes a choice: a wish, something picked, or a choice of the step at hand. One that is off the table does nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from bot import (
    amending,
    coaching,
    floor,
    guiding,
    leaving,
    mending,
    mentoring,
    offers,
    outside,
    roles,
    sharing,
    timing,
    voicenotes,
    wishes,
)
from bot.asking import question
from bot.choosing import WAYS, choice_in, number_in, picked_with_words, points
from bot.draft import Draft
from bot.model import Choice, Refused

# Choices that name an entry or something shown: one that was never offered is somebody else's, or none.
NAMING = frozenset({"entry", "out", *leaving.PICKED, *sharing.PICKED, *mentoring.PICKED})

LATE = frozenset({"opt", "idea", "card", "thread", "guide", "group"})  # kinds of choices that can still be picked a reply later


def pressed(draft: Draft, choice_id: str) -> None:
    if floor.pressed(draft, choice_id):
        return
    kind, _, what = choice_id.partition(":")
    if choice_id not in {choice.id for choice in draft.offered}:
        if kind in NAMING:
            draft.do(Refused())
        expired(draft)
        return
    if choice_id == "do:keep-it":
        mending.on_with_it(draft, "deleted.kept")
    elif kind == "do":
        wishes.WISHES[what](draft)
    elif kind in _PICKED:
        _PICKED[kind](draft, what)
    elif draft.place:
        guiding.press(draft, Choice(choice_id, ""))
    else:
        expired(draft)  # a choice of a guide whose place has been given up meanwhile


def picked_late(draft: Draft, text: str) -> bool:
    """An option picked by its number with words beside it, or by its number alone a reply late. False where the text picks none."""
    hear = draft.words.hear
    for choices in (draft.offered, draft.earlier):
        options = [choice for choice in choices if choice.id.startswith(WAYS)]
        if options and options[0].id.startswith("opt:") and options[0].id.split(":")[1] != (draft.talk.card if draft.talk else None):
            continue  # the talk has gone over to another card
        if found := picked_with_words(text, options, hear):
            kind, _, what = found[0].id.partition(":")
            (outside.idea_picked if kind == "idea" else outside.option_picked)(draft, what, found[1])
            return True
    late = choice_in(text, draft.earlier, hear) if number_in(text, hear) or points(text, hear) else None
    if late and not draft.offered and late.id.partition(":")[0] in LATE:
        draft.offered = draft.earlier
        pressed(draft, late.id)
        return True
    return False


def expired(draft: Draft) -> None:
    if draft.place:
        text, choices = question(draft)
        draft.say(f"{draft.line('expired')}\n\n{text}", "question", choices)
    else:
        still = [choice for choice in draft.offered if choice.id.partition(":")[0] in ("do", *_PICKED)]
        draft.say(draft.line("expired"), "notice", still)


def _entry_picked(draft: Draft, what: str) -> None:
    if not amending.pressed(draft, what):
        expired(draft)


def _day_picked(draft: Draft, what: str) -> None:
    timing.away_until(draft, date.fromisoformat(what))


# What a picked choice does, by the first part of its id.
_PICKED: dict[str, Callable[[Draft, str], None]] = {
    "away": _day_picked,
    "entry": _entry_picked,
    "card": coaching.card_picked,
    "thread": coaching.thread_picked,
    "guide": guiding.walk,
    "group": offers.show_group,
    "phase": roles.phase_picked,
    "lens": roles.lens_picked,
    "broker": roles.broker_told,
    "out": mending.taken_out,
    "opt": outside.option_picked,
    "idea": outside.idea_picked,
    "voice": voicenotes.picked,
    **leaving.PICKED,
    **sharing.PICKED,
    **mentoring.PICKED,
}

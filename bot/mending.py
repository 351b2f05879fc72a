"""A message that was kept and is edited or deleted: what becomes of its words in the logbook."""

from __future__ import annotations

from dataclasses import replace

from bot import company, guiding, safety
from bot.asking import as_kept
from bot.draft import Draft
from bot.model import Choice, Edited, Keep, TakeOut


def edited(draft: Draft, event: Edited) -> None:
    """A message whose words became an answer was edited: the answer is revised, its first wording stays in the book."""
    kept = draft.kept_of(event.of)
    if kept is None:
        guiding.finish_in_place(draft, draft.line("edited.not-kept"))
        return
    draft.do(Keep(kept.entry, kept.guide, kept.step, as_kept(draft, kept.guide, kept.step, event.text), event_date=kept.day))
    if safety.alarmed(draft, event.text):
        return
    place = draft.place
    if place and place.entry == kept.entry:
        answers = tuple((step, event.text if step == kept.step else text) for step, text in place.answers)
        draft.place = replace(place, answers=answers)
    guiding.finish_in_place(draft, draft.line("edited"))


def deleted(draft: Draft, of: str) -> None:
    """A message whose words became an answer was deleted: whether the logbook lets go of it too is the person's to say."""
    kept = draft.kept_of(of)
    if kept is None or company.in_danger(draft):
        draft.leave_choices()
        return
    choices = (Choice(f"out:{kept.entry}:{kept.step}", draft.line("choice.take-out")), draft.choice("keep-it"))
    draft.say(draft.line("deleted.ask"), "question", choices)


def taken_out(draft: Draft, what: str) -> None:
    entry, _, step_id = what.rpartition(":")
    draft.do(TakeOut(entry, step_id))
    draft.let_go_of(entry, step_id)
    on_with_it(draft, "deleted.done")


def on_with_it(draft: Draft, key: str) -> None:
    """Says a line, and asks again what was open in a guide; what was offered before is off the table."""
    if draft.place:
        draft.ending = guiding.again(draft)
    guiding.finish(draft, draft.line(key))

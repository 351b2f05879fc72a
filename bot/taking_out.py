"""The logbook sent through the chat as a file: in which form, and that it comes. Pure; printing.py makes the file when it leaves."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

from bot.draft import Draft
from bot.guiding import finish
from bot.leaving import hold_place
from bot.model import Choice, Form, Message, Said, Say
from bot.spelling import in_words

READING: Form = "html"  # the form that is sent where no question would be in place


def ask(draft: Draft) -> None:
    """In the form that was named, else asks which; after something grave was told it asks nothing, and sends one that opens anywhere."""
    form = _named(draft) or (READING if draft.alarm else None)
    if form:
        _send(draft, form)
        return
    hold_place(draft)
    where = draft.line(f"export.where.{draft.context.platform}")
    draft.say(draft.line("export.which", where=where), "question", [*_choices(draft), draft.choice("as-it-is")])


def _named(draft: Draft) -> Form | None:
    if not isinstance(draft.event, Said):
        return None
    said = f" {in_words(draft.event.text)} "
    called = draft.words.hear.choices
    return next((form for form in get_args(Form) if any(f" {in_words(name)} " in said for name in called[f"export-{form}"])), None)


def _choices(draft: Draft) -> list[Choice]:
    return [draft.choice(f"export-{form}") for form in draft.context.forms]


def _send(draft: Draft, form: Form) -> None:
    name = draft.line(f"export.form.{form}")
    if form not in draft.context.forms:
        hold_place(draft)
        draft.say(draft.line("export.cannot", form=name), "question", [*_choices(draft), draft.choice("as-it-is")])
        return
    coming = draft.line("export.coming", form=name)
    if draft.ending:
        finish(draft, coming)
    else:
        draft.say(coming, "reply", [draft.choice("resume")] if draft.held else [])
    # laid out beside `say`, which would take the choices of the message before off the table
    draft.do(Say(Message("notice", draft.line("export.here"), file=form)))


def _as(form: Form) -> Callable[[Draft], None]:
    return lambda draft: _send(draft, form)


WISHES: dict[str, Callable[[Draft], None]] = {"export": ask, **{f"export-{form}": _as(form) for form in get_args(Form)}}

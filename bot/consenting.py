"""Asks whether a language model may be used, and lets it be taken back at any time. Nothing leaves before that was agreed to.

It is asked once of the coach's own accord, at a quiet moment; the wish brings it back.
"""

from __future__ import annotations

from collections.abc import Callable

from bot.alarms import alarm_in
from bot.draft import Draft
from bot.guiding import finish
from bot.model import Consent, Context, Event, Said, Usage
from prompts.library import Library

CONSENT = "model"  # what it is called where consents are kept
VERSION = 1  # of what is agreed to, as model.ask tells it; a change in what leaves is a new version, and is asked for anew


def may_offer(draft: Draft) -> bool:
    """Whether this is a moment to ask: a model is set up, it was never asked for, the person knows their way about, nothing is open."""
    waits = draft.context.model is not None and not draft.model_offered and CONSENT not in draft.context.granted
    return waits and draft.person.onboarded and draft.place is None and draft.ending is None and draft.alarm is None


def may_choose(library: Library, context: Context, event: Event) -> bool:
    """Whether a model may read this message to choose among cards: as for wording a reply to it, and never where danger is spoken of."""
    if not isinstance(event, Said) or context.model is None:
        return False
    draft = Draft(library, context, event)
    return draft.place is None and draft.may_advise and alarm_in(event.text, library.safeties(draft.language)) is None


def offer(draft: Draft) -> None:
    draft.model_offered = True
    if draft.context.model is None:
        finish(draft, draft.line("model.none"))
        return
    others = f" {draft.line('model.ask.others')}" if "languages" in draft.context.helps else ""
    asked = draft.line("model.ask", host=draft.host, others=others)
    if draft.ending:
        finish(draft, asked)
    else:
        draft.say(asked, "question", [draft.choice("model-on"), draft.choice("model-off")])


def agree(draft: Draft) -> None:
    draft.model_offered = True
    draft.do(Consent(CONSENT, VERSION, granted=True))
    draft.say(draft.line("model.on", host=draft.host))


def refuse(draft: Draft) -> None:
    """Also when nothing was agreed to: what is said is then simply true."""
    draft.model_offered = True
    draft.do(Consent(CONSENT, VERSION, granted=False))
    finish(draft, draft.line("model.off"))


def keep_out(draft: Draft) -> None:
    """The talk in hand, or else the entry that was kept last, is read by no model."""
    kept = draft.last_kept
    if draft.talk is None and kept is not None:
        draft.keep_out(kept.entry)
    finish(draft, draft.line("model.kept-out"))


def spent(draft: Draft) -> None:
    tokens, seconds = draft.context.spent, draft.context.listened
    voice = [_used(draft, "voice.spent", seconds)] if seconds else []
    model = _used(draft, "model.spent", tokens, host=draft.host) if tokens and draft.context.model else draft.line("model.none")
    finish(draft, " ".join([*voice, model]))


def _used(draft: Draft, key: str, usage: Usage, **more: str) -> str:
    told = {"today": str(usage.today), "month": str(usage.month)} | more
    return draft.line(key, **told) if usage.limit is None else draft.line(f"{key}.limit", limit=str(usage.limit), **told)


WISHES: dict[str, Callable[[Draft], None]] = {
    "model": offer,
    "model-on": agree,
    "model-off": refuse,
    "keep-out": keep_out,
    "spent": spent,
}

"""Taking back what was told: everything, one thing, a consent; and seeing what was done with it.

Everything goes after one plain question; a copy is offered before it, and the receipt is written by the store from what it erased.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime

from bot import rooms
from bot.asking import clip
from bot.draft import Draft
from bot.keeping import CONSENT, no_letters
from bot.model import Choice, Consent, Drop, Entry, Forget, Intention, Partnership, Remind, TakeBack, TakeOut
from bot.rhythm import today

SHOWN = 5  # entries, plans or partnerships offered at once; the latest
LABEL = 40  # characters of a plan that stand on a button
COUNTED = ("entries", "revisions", "intentions", "partnerships")  # tables the receipt names


def hold_place(draft: Draft) -> None:
    """A question of another kind comes in between: the guide that was open can be gone on with."""
    if draft.place:
        draft.held, draft.place = draft.place, None


# --- everything


def _delete(draft: Draft) -> None:
    hold_place(draft)
    draft.say(draft.line("forget.ask"), "question", [draft.choice(what) for what in ("forget-all", "forget-one", "as-it-is")])


def _forget_all(draft: Draft) -> None:
    if not draft.was_offered("do:forget-all"):
        _delete(draft)
        return
    counts = draft.line("forget.receipt", **{table: f"${table}" for table in COUNTED})
    elsewhere = draft.line(f"forget.history.{draft.context.platform}")
    draft.say(f"{counts}\n\n{elsewhere} {draft.line('forget.copies')}\n\n{draft.line('forget.bye')}", "notice")
    draft.recast(Forget)


def _as_it_is(draft: Draft) -> None:
    choices = [draft.choice("resume")] if draft.held else []
    draft.say(draft.line("as-it-is"), "reply", [*choices, draft.choice("reflect"), draft.choice("ask")])


# --- one thing


def _forget_one(draft: Draft) -> None:
    hold_place(draft)
    kinds = [kind for kind, there in _KINDS.items() if there(draft)]
    if not kinds:
        draft.say(draft.line("gone.nothing"), "reply")
        return
    draft.say(draft.line("gone.which"), "question", [draft.choice(f"forget-{kind}") for kind in kinds] + [draft.choice("as-it-is")])


def _offer(kind: str) -> Callable[[Draft], None]:
    def offer(draft: Draft) -> None:
        hold_place(draft)
        things = [Choice(f"gone:{kind}:{ref}", label) for ref, label in _THINGS[kind](draft)]
        if things:
            draft.say(draft.line(f"gone.{kind}"), "question", [*things, draft.choice("as-it-is")])
        else:
            draft.say(draft.line("gone.nothing"), "reply")

    return offer


def _entries(draft: Draft) -> Iterator[tuple[str, str]]:
    for entry in draft.context.entries[:SHOWN]:
        title = draft.words.guides[entry.guide].title if entry.guide in draft.words.guides else entry.guide
        yield entry.id, f"{draft.day(entry.event_date)}: {title}"


def _plans(draft: Draft) -> Iterator[tuple[str, str]]:
    for plan in draft.context.intentions[-SHOWN:]:
        yield plan.id, clip(plan.text, LABEL)


def _partnerships(draft: Draft) -> Iterator[tuple[str, str]]:
    for n, partnership in enumerate(draft.person.partnerships[-SHOWN:], max(0, len(draft.person.partnerships) - SHOWN)):
        yield str(n), clip(partnership.name, LABEL)


_THINGS: dict[str, Callable[[Draft], Iterator[tuple[str, str]]]] = {"entry": _entries, "plan": _plans, "partnership": _partnerships}
_KINDS: dict[str, Callable[[Draft], bool]] = {
    "entry": lambda draft: bool(draft.context.entries),
    "plan": lambda draft: bool(draft.context.intentions),
    "partnership": lambda draft: bool(draft.person.partnerships),
    "name": lambda draft: draft.person.name is not None,
}


def _forget_name(draft: Draft) -> None:
    hold_place(draft)
    draft.person = replace(draft.person, name=None)
    _gone(draft)


def one_picked(draft: Draft, what: str) -> None:
    """What was picked is said back before it goes; ids are ours and never a person's words."""
    kind, _, ref = what.partition(":")
    label = dict(_THINGS[kind](draft)).get(ref)
    if label is None:
        draft.say(draft.line("gone.nothing"), "reply")
        return
    sure = Choice(f"out!:{kind}:{ref}", draft.line("choice.take-out"))
    draft.say(draft.line("gone.ask", what=label), "question", [sure, draft.choice("as-it-is")])


def one_gone(draft: Draft, what: str) -> None:
    kind, _, ref = what.partition(":")
    match kind:
        case "entry":
            _take_out(draft, next((entry for entry in draft.context.entries if entry.id == ref), None))
        case "plan":
            _drop_plan(draft, next((plan for plan in draft.context.intentions if plan.id == ref), None))
        case _:
            _drop_partnership(draft, dict(enumerate(draft.person.partnerships)).get(int(ref)))
    _gone(draft)


def _gone(draft: Draft) -> None:
    draft.say(draft.line("gone.done"), "reply", [draft.choice("resume")] if draft.held else [])


def _take_out(draft: Draft, entry: Entry | None) -> None:
    if entry is None:
        return
    for step, _ in entry.answers:
        draft.do(TakeOut(entry.id, step))
        draft.let_go_of(entry.id, step)
    draft.aim = ""
    if draft.held and draft.held.entry == entry.id:
        draft.held = None


def _drop_plan(draft: Draft, plan: Intention | None) -> None:
    if plan is not None:
        draft.do(Drop("plan", plan.id))
        draft.do(Remind("follow-up", None, plan.id))


def _drop_partnership(draft: Draft, partnership: Partnership | None) -> None:
    if partnership is not None:
        left = tuple(each for each in draft.person.partnerships if each != partnership)
        draft.person = replace(draft.person, partnerships=left)
        rooms.forget(draft, partnership.name)
        draft.do(Drop("partnership", partnership.name))


# --- consents, and what was done


def _agreed(draft: Draft, kind: str) -> str:
    return draft.line(f"consent.{kind}") if f"consent.{kind}" in draft.words.lines else kind


def _on(draft: Draft, at: datetime) -> str:
    return draft.day(today(at, draft.person.zone))


def _consents(draft: Draft) -> None:
    granted = sorted(draft.context.granted)
    if not granted:
        _said(draft, draft.line("consents.none"))
        return
    since = {done.of: done.at for done in reversed(draft.context.doings) if done.act == "agreed"}
    rows = [
        draft.line("consents.row", what=_agreed(draft, kind), date=_on(draft, since[kind]))
        if kind in since
        else draft.line("consents.row.bare", what=_agreed(draft, kind))
        for kind in granted
    ]
    _said(draft, "\n".join([draft.line("consents.head"), *rows, draft.line("consents.foot")]))


def _take_back(draft: Draft) -> None:
    hold_place(draft)
    granted = sorted(draft.context.granted)
    if not granted:
        draft.say(draft.line("consents.none"), "reply")
    elif len(granted) == 1:
        taken_back(draft, granted[0])
    else:
        choices = [Choice(f"unagree:{kind}", _agreed(draft, kind)[:60]) for kind in granted]
        draft.say(draft.line("consents.which"), "question", [*choices, draft.choice("as-it-is")])


def taken_back(draft: Draft, kind: str) -> None:
    if kind == "nudges":
        no_letters(draft)
    else:
        draft.do(Consent(kind, CONSENT, granted=False))
    if kind == "mentor":
        draft.do(TakeBack())
    draft.say(draft.line("consents.taken-back", what=_agreed(draft, kind)), "reply", [draft.choice("resume")] if draft.held else [])


def _access(draft: Draft) -> None:
    rows = [
        draft.line("doings.row", date=_on(draft, done.at), what=_doing(draft, done.act, done.of))
        for done in draft.context.doings[: 2 * SHOWN]
    ]
    _said(draft, "\n".join([draft.line("doings.head"), *rows, draft.line("doings.foot")]) if rows else draft.line("doings.none"))


def _doing(draft: Draft, act: str, of: str) -> str:
    key = f"doing.{act}" if f"doing.{act}" in draft.words.lines else "doing.other"
    return draft.line(key, what=_agreed(draft, of) if of else "")


def _said(draft: Draft, text: str) -> None:
    """As wishes.finish does, for a text that ends without a question."""
    if draft.ending:
        question, choices = draft.ending
        draft.say(f"{text}\n\n{question}", "reply", choices)
    else:
        draft.say(text)


WISHES: dict[str, Callable[[Draft], None]] = {
    "delete": _delete,
    "forget-all": _forget_all,
    "forget-one": _forget_one,
    "forget-entry": _offer("entry"),
    "forget-plan": _offer("plan"),
    "forget-partnership": _offer("partnership"),
    "forget-name": _forget_name,
    "as-it-is": _as_it_is,
    "consents": _consents,
    "take-back": _take_back,
    "access": _access,
}

# by the first part of a choice's id
PICKED: dict[str, Callable[[Draft, str], None]] = {"gone": one_picked, "out!": one_gone, "unagree": taken_back}

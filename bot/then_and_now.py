"""Then and now: two entries of one partnership, about half a year apart, side by side, as a mentor lays two pages on the table. Pure.

The broker who re-read an old entry and saw that trust had grown is where this comes from. It shows two dated quotations, one of each, and
asks, never states, what changed: in the work, and between the people. An entry that speaks of danger, wrongdoing or harassment, or that was
taken back, is not used. Where there is no entry of that time, it says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from bot.draft import Draft
from bot.model import Entry
from bot.quoting import Quoted, best_quote, dark, light
from bot.week import OWN, raises

STUCK = ("stuck", "stalled")  # moments (hear.moments) in which an old page may show what has moved after all
HALF_A_YEAR = timedelta(days=182)
ABOUT = timedelta(days=10)
LATELY = timedelta(days=30)  # as far back as "now" goes


@dataclass(frozen=True, slots=True)
class Pair:
    """The same partnership twice; None where the entries name none."""

    partnership: str | None
    then: Quoted
    now: Quoted


def pair_of(draft: Draft, entries: Sequence[Entry], partnership: str | None = None) -> Pair | None:
    """The latest entry that can be quoted, and of those half a year before it in the same partnership the nearest."""
    quotable = [entry for entry in entries if may_be_quoted(draft, entry)]
    lately = [entry for entry in quotable if timedelta() <= draft.today - entry.event_date <= LATELY]
    for now in sorted(lately, key=lambda entry: (entry.event_date, entry.written), reverse=True):
        if partnership is not None and now.partnership != partnership:
            continue
        then = _half_a_year_before(quotable, now)
        quotes = (best_quote(then, draft.words.hear) if then else None, best_quote(now, draft.words.hear))
        if quotes[0] and quotes[1]:
            return Pair(now.partnership, quotes[0], quotes[1])
    return None


def _half_a_year_before(entries: Sequence[Entry], now: Entry) -> Entry | None:
    aimed = now.event_date - HALF_A_YEAR
    near = [entry for entry in entries if entry.partnership == now.partnership and abs(entry.event_date - aimed) <= ABOUT]
    return min(near, key=lambda entry: (abs(entry.event_date - aimed), entry.written), default=None)


def may_be_quoted(draft: Draft, entry: Entry) -> bool:
    """Not one that was taken back or answers the coach, nor one that speaks of danger, wrongdoing or harassment."""
    if entry.retracted or entry.guide in OWN:
        return False
    return not any(raises(draft, text) for _, text in entry.answers)


def compose(draft: Draft, pair: Pair) -> str:
    """What is shown, and one question about the work and the people."""
    return f"{shown(draft, pair)}\n\n{draft.line('then-now.ask')}"


def shown(draft: Draft, pair: Pair) -> str:
    """Two quotations with their dates, and a change held lightly."""
    hear = draft.words.hear
    turned = "lighter" if dark(pair.then.words, hear) and light(pair.now.words, hear) else "open"
    turned = "darker" if light(pair.then.words, hear) and dark(pair.now.words, hear) else turned
    head = draft.line("then-now.head" if pair.partnership else "then-now.head.bare", **_of(pair))
    quotes = draft.line(
        "then-now.quotes", then=_day(draft, pair.then.day), one=pair.then.words, now=_day(draft, pair.now.day), two=pair.now.words
    )
    return "\n\n".join([head, quotes, draft.line(f"then-now.{turned}")])


def _of(pair: Pair) -> dict[str, str]:
    return {"partnership": pair.partnership} if pair.partnership else {}


def _day(draft: Draft, day: date) -> str:
    told = draft.day(day)
    return told if day.year == draft.today.year else f"{told} {day.year}"


def nothing(draft: Draft, entries: Sequence[Entry]) -> str:
    """Why there is nothing to lay side by side: the book is too young, or that time is a blank page."""
    first = min((entry.event_date for entry in entries), default=None)
    if first is None or draft.today - first < HALF_A_YEAR - ABOUT:
        return draft.line("then-now.young")
    return draft.line("then-now.none", day=_day(draft, draft.today - HALF_A_YEAR))

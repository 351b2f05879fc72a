"""What somebody wants of their own logbook in plain words, and the answer: something found in it, with its days. Pure.

What is found is quoted word for word with its date, a few entries at a time, and ends in one question; "more" goes on. Which words ask
for what is data (hear.looking); ranking is recall.py's business, adding to an entry amending.py's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import date

from bot import rooms, then_and_now
from bot.draft import Draft
from bot.hearing import heard, means
from bot.model import PHASES, Choice, Context, Entry, Event, Fell, Person, Phase, Pressed, Said, Sought
from bot.offers import moment_in
from bot.periods import Period, month_meant, period_in
from bot.recall import quote_around, ranked, stems, text_of
from bot.rhythm import today
from bot.spelling import READ, expression, flat, in_words, words_in
from bot.tongue import held_in
from prompts.library import Library, Words

SHOWN = 4  # entries at a time: with their quotations a screen
LONGEST = 40  # words in which somebody asks for something; a longer text tells it
LOOKED_UP = frozenset({"find", "last", "then-and-now", "month"})  # what may be asked in passing, in the middle of a guide


@dataclass(frozen=True, slots=True)
class Asked:
    """Something wanted of the logbook. `rest` is what is to be written there, `period` the time that was named."""

    kind: str
    sought: Sought = field(default=Sought(), repr=False)
    rest: str = field(default="", repr=False)
    period: Period | None = None


def asked_in(text: str, words: Words, language: str, person: Person, today: date) -> Asked | None:
    """What a message wants of the logbook; None when it wants nothing of it."""
    if len(words_in(text)) > LONGEST:
        return None
    told = re.sub(r"\s+", " ", text[:READ]).strip(" ¿¡")
    flatly, looking = flat(told), words.hear.looking
    for kind, patterns in looking.asks.items():
        for pattern in patterns:
            if found := expression(pattern).match(flatly):
                groups = {name: told[slice(*found.span(name))].strip() for name, said in found.groupdict().items() if said}
                about, when = groups.get("about", ""), groups.get("when", "")
                period = period_in(when or about, language, looking, today, person.zone)
                if kind == "month":
                    period = month_meant(period, when, today)
                if kind in ("late", "month") and period is None:
                    continue
                if when and period is None and kind in ("find", "last", "share"):
                    about = " ".join(part for part in (about, when) if part)
                elif not when and period is not None:
                    about = about[: period.said[0]] + about[period.said[1] :]
                sought = _sought(about, period, words, person, latest=kind == "last")
                if kind == "find" and sought == Sought():
                    continue  # "show my entries" asks for the latest, without a search
                return Asked(kind, sought, groups.get("rest", ""), period)
    return None


def _sought(about: str, period: Period | None, words: Words, person: Person, latest: bool) -> Sought:
    partnership = rooms.named_in(about, person.partnerships)
    phase = _phase_in(about, words)
    if partnership:
        about = re.sub(rf"(?<!\w){re.escape(partnership.name)}(?!\w)", " ", about, flags=re.IGNORECASE)
    if phase:
        about = ""
    looked_for = " ".join(about.strip(" ?!.,;:\"'“”«»¿¡\u202f").split())
    telling = [word for word in words_in(looked_for) if word not in common(words)]
    if not telling and (partnership or phase or period):
        looked_for = ""
    return Sought(
        words=looked_for,
        since=period.first if period else None,
        until=period.last if period else None,
        partnership=partnership.name if partnership else None,
        phase=phase,
        latest=latest,
    )


def _phase_in(about: str, words: Words) -> Phase | None:
    return next((phase for phase in PHASES if in_words(words.variants(f"phase.{phase}")[0]) in in_words(about)), None)


def common(words: Words) -> frozenset[str]:
    hear = words.hear
    return frozenset({*hear.fillers, *hear.loose_ends, *hear.joints, *hear.subjects})


def wants_book(library: Library, context: Context, event: Event) -> str | None:
    """Whether the whole logbook is to be opened before this event is decided: the words to look for in it (which may be none), or None."""
    if isinstance(event, Pressed):
        if event.choice == "do:more-found" and context.conversation.sought:
            return context.conversation.sought.words
        return "" if event.choice in ("do:then-and-now", "do:catch-up") or event.choice.startswith(("entry:", "share")) else None
    place = context.conversation.place
    if not isinstance(event, Said):
        return None
    if place and place.guide == "wording":
        return ""
    language = held_in(library, context, event)
    words = library.in_language(language)
    asked = asked_in(event.text, words, language, context.person, today(event.at, context.person.zone))
    if asked:
        return asked.sought.words
    if any(choice.id.startswith("share") for choice in context.conversation.choices):
        return ""  # an entry on the table may be an old one
    if context.conversation.sought and means(event.text, words.hear.choices["more-found"], words.hear):
        return context.conversation.sought.words
    return "" if heard(event.text, words.hear.wishes, words.hear) in ("then-and-now", "catch-up") else None


def looks_back(library: Library, context: Context, event: Event) -> bool:
    """Whether the whole logbook is to be opened for a page of half a year ago: once a month, and when something is told to be stuck."""
    if isinstance(event, Fell):
        return event.kind == "then-and-now"
    if not isinstance(event, Said) or context.conversation.place:
        return False
    return moment_in(event.text, library.in_language(held_in(library, context, event)).hear) in then_and_now.STUCK


# --- the answer


def show(draft: Draft, sought: Sought) -> None:
    """A page of what was found."""
    found = ranked(draft.book, sought, draft.language, common(draft.words), dict(draft.context.near))
    if not found:
        say(draft, draft.line("found.none" if draft.book else "logbook.none"))
        return
    wanted = stems(sought.words, draft.language, common(draft.words))
    if sought.latest:
        entry = found[0]
        say(draft, draft.line("found.last", day=day_of(draft, entry), quote=quote_around(text_of(entry), wanted, draft.language)))
        return
    page = found[sought.page * SHOWN : (sought.page + 1) * SHOWN]
    left = len(found) - (sought.page + 1) * SHOWN
    rows = [_row(draft, entry, wanted) for entry in page]
    if sought.page == 0:
        rows.insert(0, draft.line("found.one") if len(found) == 1 else draft.line("found.many", count=str(len(found))))
    choices: tuple[Choice, ...] = ()
    if left > 0:
        draft.sought = replace(sought, page=sought.page + 1)
        choices = (draft.choice("more-found"),)
        rows.append(draft.line("found.left", count=str(left)))
    else:
        rows.append(draft.line("found.ask"))
    say(draft, "\n".join(rows), choices)


def more(draft: Draft) -> None:
    sought = draft.context.conversation.sought
    if sought is None:
        say(draft, draft.line("found.what"))
    else:
        show(draft, sought)


def _row(draft: Draft, entry: Entry, wanted: list[str]) -> str:
    quote = quote_around(text_of(entry), wanted, draft.language)
    return draft.line("found.row.retracted" if entry.retracted else "found.row", day=day_of(draft, entry), quote=quote)


def day_of(draft: Draft, entry: Entry) -> str:
    """With its year where that is another one."""
    told = draft.day(entry.event_date)
    return told if entry.event_date.year == draft.today.year else f"{told} {entry.event_date.year}"


def then_now(draft: Draft, sought: Sought = Sought()) -> None:  # noqa: B008 - it is frozen
    pair = then_and_now.pair_of(draft, draft.book, sought.partnership)
    say(draft, then_and_now.compose(draft, pair) if pair else then_and_now.nothing(draft, draft.book))


def say(draft: Draft, text: str, choices: tuple[Choice, ...] = ()) -> None:
    """In the middle of a guide its question comes back, and takes the place of ours."""
    if draft.ending:
        question, offered = draft.ending
        told = re.sub(r"\s*[^.!?\n]*\?\s*$", "", text)
        draft.say(f"{told}\n\n{question}", "reply", offered)
    else:
        draft.say(text, "reply", choices)

"""What a home page shows of a person: today, the week's aim, their steps, their partnerships, the last entries, the settings. Pure.

It holds finished sentences in the person's language; an adapter only lays them out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from string import Template

from bot.asking import clip
from bot.model import Choice, Context, Entry, Partnership
from bot.rhythm import day_in_words, moment_in_words, next_reminder, today
from bot.week import aims_of_week
from prompts.library import Library, Words

SHOWN = 5  # entries, and steps of one's own
ACTIONS = ("reflect", "ask", "logbook", "about-me")  # what a home page offers beside a note, as wishes


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    rows: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Overview:
    """`actions` are wishes by their labels; `note` is the label of the form for a note."""

    language: str
    welcomed: bool
    greeting: str = field(repr=False)
    sections: tuple[Section, ...]
    actions: tuple[Choice, ...]
    note: str


def overview(library: Library, context: Context, at: datetime) -> Overview:
    words = library.in_language(context.person.language)
    entries = [_entry(words, context, each) for each in context.entries[:SHOWN]]
    parts = (
        (_line(words, "home.today"), [_today(words, context, at)]),
        (words.guides["aims"].title, _aims(words, context, at)),
        (_line(words, "home.steps"), _steps(words, context)),
        (_line(words, "home.partnerships"), [_partnership(words, each) for each in context.person.partnerships]),
        (_line(words, "home.entries"), entries or [_line(words, "logbook.none")]),
        (_line(words, "home.settings"), _settings(words, context, at)),
    )
    dear = f", {context.person.name}" if context.person.name else ""
    return Overview(
        language=context.person.language,
        welcomed=context.person.welcomed,
        greeting=_line(words, "home.greeting", dear=dear),
        sections=tuple(Section(title, tuple(rows)) for title, rows in parts if rows),
        actions=tuple(Choice(f"wish:{wish}", _line(words, f"home.{wish}")) for wish in ACTIONS),
        note=_line(words, "home.note"),
    )


def _line(words: Words, key: str, /, **slots: str) -> str:
    return Template(words.variants(key)[0]).substitute({"dear": ""} | slots)


def _today(words: Words, context: Context, at: datetime) -> str:
    if context.conversation.place or context.conversation.held:
        return _line(words, "home.today.open")
    day = today(at, context.person.zone)
    return _line(words, "home.today.done" if any(entry.event_date == day for entry in context.entries) else "home.today.free")


def _aims(words: Words, context: Context, at: datetime) -> list[str]:
    """What was set for this week, and how."""
    aims = aims_of_week(context.entries, today(at, context.person.zone))
    answers = dict(aims.answers) if aims else {}
    return [_line(words, "summary.row", text=clip(answers[step])) for step in ("aim", "strategy") if step in answers]


def _steps(words: Words, context: Context) -> list[str]:
    language = context.person.language
    rows = [
        _line(words, "home.step", text=clip(step.text), date=day_in_words(step.due, language, words.formats))
        for step in context.intentions[:SHOWN]
    ]
    aim = context.conversation.aim
    return [_line(words, "home.aim", text=clip(aim)), *rows] if aim else rows


def _partnership(words: Words, partnership: Partnership) -> str:
    phases = ", ".join(_line(words, f"phase.{phase}") for phase in partnership.phases)
    if phases:
        return _line(words, "about.partnership", name=partnership.name, phases=phases)
    return _line(words, "about.partnership.bare", name=partnership.name)


def _entry(words: Words, context: Context, entry: Entry) -> str:
    title = words.guides[entry.guide].title if entry.guide in words.guides else entry.guide
    first = next((text for _, text in entry.answers), "")
    return _line(
        words, "logbook.row", date=day_in_words(entry.event_date, context.person.language, words.formats), title=title, text=clip(first)
    )


def _settings(words: Words, context: Context, at: datetime) -> list[str]:
    person = context.person
    upcoming = next_reminder(person.rhythm, person.zone, at) if person.zone else None
    rows = [_line(words, "about.zone", zone=person.zone)] if person.zone else []
    if person.broker:
        rows.append(_line(words, f"about.broker.{person.broker}"))
    if upcoming:
        rows.append(_line(words, "home.reminder", next=moment_in_words(upcoming, person.zone, person.language, words.formats)))
    else:
        rows.append(_line(words, "home.reminder.none"))
    return rows

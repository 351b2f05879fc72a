"""The logbook as a book: what stands on its pages, in which order and in which words. Pure; how a page looks is the formats' business.

A book is a row of blocks, and every block is plain text in the reader's language: a format neither translates nor decides. Answers are
printed as they were first written; another wording, a later thought and a taking back follow with their dates.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from string import Template
from typing import Literal, TypeVar

from bot.model import Entry, Intention, Person, Theme
from bot.rhythm import today
from prompts.library import Words

K = TypeVar("K", bound=str)
SHOWN = 12  # rows of a chart
WEEKS = 53  # weeks that the chart of weeks goes back

Style = Literal["plain", "answer", "quiet", "added", "struck"]


@dataclass(frozen=True, slots=True)
class Heading:
    """`level` from 1; `id` names the place for a link, and is empty for one that the contents do not list."""

    level: int
    text: str = field(repr=False)
    id: str = ""


@dataclass(frozen=True, slots=True)
class Paragraph:
    text: str = field(repr=False)
    style: Style = "plain"
    label: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars; `alt` says in words what they show."""

    title: str
    rows: tuple[tuple[str, int], ...] = field(repr=False)
    alt: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Table:
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Break:
    """A new page where there are pages."""


Block = Heading | Paragraph | Chart | Table | Break


@dataclass(frozen=True, slots=True)
class Labels:
    """The words of a format's own: what stands over the contents and in the search field."""

    contents: str
    search: str
    found: str
    none_found: str


@dataclass(frozen=True, slots=True)
class Book:
    language: str
    title: str = field(repr=False)
    blocks: tuple[Block, ...] = field(repr=False)
    labels: Labels
    made: datetime


@dataclass(frozen=True, slots=True)
class Written:
    """One revision of an entry, as it stands in the chain."""

    entry: str
    step: str
    kind: str
    at: datetime
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Sheaf:
    """All that a book is made of. `held`: whether the chain of originals held when it was made, `length` how many there are."""

    person: Person
    entries: tuple[Entry, ...] = field(repr=False)
    written: tuple[Written, ...] = field(repr=False)
    plans: tuple[Intention, ...] = field(repr=False)
    held: bool
    length: int
    last: str
    made: datetime


class BadFont(Exception):
    """A font file that cannot be used; the message says which and why."""


def texts_of(book: Book) -> Iterator[str]:
    """Everything that is printed."""
    for block in book.blocks:
        match block:
            case Heading(text=text):
                yield text
            case Paragraph(text=text, label=label):
                yield from (label, text)
            case Chart(title=title, rows=bars):
                yield from (title, *(name for name, _ in bars))
            case Table(head=head, rows=rows):
                yield from (*head, *(cell for row in rows for cell in row))
            case Break():
                pass


class Binder:
    """The words of a book, and the parts that every book has. `topics` are the names of the cards' topics."""

    def __init__(self, sheaf: Sheaf, words: Words, language: str, topics: Mapping[str, str]) -> None:
        self.sheaf = sheaf
        self.words = words
        self.language = language
        self._topics = topics
        self._by_entry: dict[str, list[Written]] = {}
        for written in sheaf.written:
            self._by_entry.setdefault(written.entry, []).append(written)

    def line(self, key: str, /, **slots: str) -> str:
        return Template(self.words.variants(key)[0]).substitute(slots)

    def day(self, day: date) -> str:
        from babel.dates import format_date

        return str(format_date(day, "long", locale=self.language))

    def short_day(self, day: date) -> str:
        from babel.dates import format_date

        return str(format_date(day, "medium", locale=self.language))

    def on(self, at: datetime) -> str:
        return self.day(today(at, self.sheaf.person.zone))

    def topic(self, topic: str) -> str:
        return self._topics.get(topic, topic)

    def guide(self, name: str) -> str:
        return self.words.guides[name].title if name in self.words.guides else name

    def question(self, guide: str, step: str) -> str:
        """What was asked; what was known at the time and is not now stands as "…"."""
        spoken = self.words.guides[guide].steps.get(step) if guide in self.words.guides else None
        said = [] if spoken is None else [spoken.say] if isinstance(spoken.say, str) else list(spoken.say)
        whole = next((each for each in said if "$" not in each), None)
        if whole is None and said:
            slots = dict.fromkeys(Template(said[0]).get_identifiers(), "…")
            whole = Template(said[0]).substitute(slots)
        return re.sub(r"\s*\([^()]*\)$", "", (whole or "").strip("… "))  # what may be skipped is for the chat

    def entry(self, entry: Entry, level: int) -> Iterable[Block]:
        head = self.line("book.entry", day=self.day(entry.event_date), title=self.guide(entry.guide))
        yield Heading(level, head, f"e-{entry.id}")
        if entry.retracted:
            yield Paragraph(self.line("book.retracted", day=self.on(entry.retracted)), "added")
        yield from (Paragraph(text, "quiet") for text in self._facts(entry))
        for written in self._by_entry.get(entry.id, []):
            if written.kind in ("thought", "wording", "retraction"):
                continue
            yield Paragraph(written.text, "struck" if entry.retracted else "answer", self._label(entry.guide, written))
        for written in self._by_entry.get(entry.id, []):
            if written.kind == "wording":
                yield Paragraph(written.text, "added", self.line("book.reworded", day=self.on(written.at)))
            elif written.kind == "thought":
                yield Paragraph(written.text, "added", self.line("book.thought", day=self.on(written.at)))
            elif written.kind == "retraction" and written.text:
                yield Paragraph(written.text, "added", self.line("book.retracted.why"))
        yield from (Paragraph(self.theme(theme), "quiet") for theme in entry.themes)

    def _label(self, guide: str, written: Written) -> str:
        """What was asked; for what became of a week's aims, which a guide of its own asks later, its title and day."""
        later = f"{guide}-{written.step}"
        if later in self.words.guides:
            return self.line("book.entry", day=self.on(written.at), title=self.guide(later))
        return self.question(guide, written.step)

    def theme(self, theme: Theme) -> str:
        stance = f" ({self.line(f'book.stance.{theme.stance}')})" if theme.stance else ""
        return f"{self.topic(theme.topic)}{stance}: “{theme.quote}”"

    def _facts(self, entry: Entry) -> Iterable[str]:
        if today(entry.written, self.sheaf.person.zone) != entry.event_date:
            yield self.line("book.late", day=self.on(entry.written))
        told = [entry.partnership] if entry.partnership else []
        told += [self.line(f"phase.{phase}") for phase in entry.phases]
        told += [self.line(f"book.energy.{entry.energy}")] if entry.energy else []
        if told:
            yield " · ".join(told)
        if entry.people:
            yield self.line("book.people", people=", ".join(entry.people))

    def week_head(self, monday: date) -> str:
        return self.line("book.week", day=self.day(monday))

    def chart(self, key: str, counted: Sequence[tuple[str, int]]) -> Iterable[Block]:
        if counted:
            title = self.line(key)
            yield Chart(title, tuple(counted), f"{title}: " + "; ".join(f"{name} {count}" for name, count in counted))

    def labels(self) -> Labels:
        return Labels(*(self.line(f"book.{key}") for key in ("contents", "search", "search.found", "search.none")))

    def certificate(self) -> Iterable[Block]:
        sheaf = self.sheaf
        yield Heading(2, self.line("book.chain"), "chain")
        if sheaf.held:
            yield Paragraph(self.line("book.chain.holds", count=str(sheaf.length), day=self.on(sheaf.made)))
            yield Paragraph(sheaf.last, "quiet")
        else:
            yield Paragraph(self.line("book.chain.broken"), "added")


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def by_week(entries: Iterable[Entry]) -> dict[date, list[Entry]]:
    """Entries in the order of what they are about, under the Monday of the week."""
    weeks: dict[date, list[Entry]] = {}
    for entry in sorted(entries, key=lambda entry: (entry.event_date, entry.written, entry.id)):
        weeks.setdefault(monday_of(entry.event_date), []).append(entry)
    return weeks


def bind(binder: Binder) -> Book:
    """The whole logbook: charts, weeks with their entries, plans, and the certificate of the chain."""
    sheaf = binder.sheaf
    name = sheaf.person.name
    title = binder.line("book.title", name=name) if name else binder.line("book.title.bare")
    weeks = by_week(sheaf.entries)
    blocks: list[Block] = [Heading(1, title), Paragraph(binder.line("book.made", day=binder.on(sheaf.made)), "quiet")]
    blocks += _profile(binder)
    if not weeks:
        blocks.append(Paragraph(binder.line("logbook.none")))
    blocks += charts(binder, weeks)
    for monday, entries in weeks.items():
        blocks.append(Heading(2, binder.week_head(monday), f"w-{monday.isoformat()}"))
        for entry in entries:
            blocks += binder.entry(entry, 3)
    if sheaf.plans:
        blocks.append(Heading(2, binder.line("book.plans"), "plans"))
        blocks += [Paragraph(plan.text, "answer", binder.line("book.plan", day=binder.day(plan.due))) for plan in sheaf.plans]
    blocks += binder.certificate()
    return Book(binder.language, title, tuple(blocks), binder.labels(), sheaf.made)


def _profile(binder: Binder) -> Iterable[Block]:
    person = binder.sheaf.person
    if person.zone:
        yield Paragraph(binder.line("book.zone", zone=person.zone), "quiet")
    if person.broker:
        yield Paragraph(binder.line(f"book.broker.{person.broker}"), "quiet")
    for each in person.partnerships:
        phases = ", ".join(binder.line(f"phase.{phase}") for phase in each.phases)
        yield Paragraph(" · ".join(part for part in (each.name, phases) if part), "quiet")


def charts(binder: Binder, weeks: Mapping[date, Sequence[Entry]]) -> Iterable[Block]:
    entries = [entry for week in weeks.values() for entry in week if not entry.retracted]
    shown = list(weeks)[-WEEKS:]
    yield from binder.chart(
        "book.chart.weeks", [(binder.short_day(monday), len(weeks[monday])) for monday in shown] if len(shown) > 1 else []
    )
    themes = Counter(theme.topic for entry in entries for theme in entry.themes)
    yield from binder.chart("book.chart.themes", _most(themes, binder.topic))
    phases = Counter(phase for entry in entries for phase in entry.phases)
    yield from binder.chart("book.chart.phases", _most(phases, lambda phase: binder.line(f"phase.{phase}")))


def _most(counted: Mapping[K, int], named: Callable[[K], str]) -> list[tuple[str, int]]:
    ordered = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    return [(named(key), count) for key, count in ordered[:SHOWN]]

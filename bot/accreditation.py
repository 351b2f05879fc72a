"""The logbook as it is handed in for accreditation: a cover sheet, week by week with its aims or a gap that shows, people and
organisations under other names, what was added later with its date, how far each criterion is covered, and the chain's certificate.

Which criteria there are, and which topics count for them, is data (prompts/schemes). Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from fnmatch import fnmatchcase
from itertools import takewhile
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from bot.aliases import Pseudonyms, ranks
from bot.book import Binder, Block, Book, Break, Heading, Paragraph, Sheaf, Table, by_week
from bot.model import Entry
from bot.spelling import flat
from prompts.library import Words

AIMS = "aims"  # the guide whose entries are a week's aims
QUOTES = 3  # dated quotations that stand for a criterion
PAGE = 257.0  # millimetres of an A4 page between its margins
T = TypeVar("T")


class Criterion(BaseModel):
    """`topics` are topics of the cards, or shapes of them such as principle-*."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    name: dict[str, str]
    topics: Annotated[list[str], Field(min_length=1)]


class Section(BaseModel):
    """A part of what is handed in, and what it counts for in percent. `answers` are shapes of guide.step; the first section that an answer
    fits has it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    name: dict[str, str]
    weight: Annotated[int, Field(gt=0, le=100)] | None = None
    answers: Annotated[list[str], Field(min_length=1)]


class Scheme(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    scheme: str
    title: dict[str, str]
    pages: tuple[int, int]
    sections: list[Section] = []
    criteria: list[Criterion]


@dataclass(frozen=True, slots=True)
class Portfolio:
    """What is handed in; `pages` is how many that will be, roughly, and `fits` whether the scheme asks for as many."""

    book: Book
    pages: int
    fits: bool
    gaps: tuple[date, ...] = field(default=())


def bind(binder: Binder, scheme: Scheme, pseudonyms: Pseudonyms) -> Portfolio:
    sheaf = _under_other_names(binder.sheaf, pseudonyms, binder.words)
    binder = Binder(sheaf, binder.words, binder.language, {topic: binder.topic(topic) for topic in _topics(sheaf)})
    title = scheme.title.get(binder.language) or scheme.title["en"]
    weeks = by_week(sheaf.entries)
    mondays = _all_weeks(weeks)
    body: list[Block] = []
    gaps = []
    for monday in mondays:
        entries = weeks.get(monday, [])
        body.append(Heading(2, binder.week_head(monday), f"w-{monday.isoformat()}"))
        aims = [entry for entry in entries if entry.guide == AIMS and not entry.retracted]
        if not aims:
            gaps.append(monday)
            body.append(Paragraph(binder.line("book.aims.none"), "added"))
        if not entries:
            body.append(Paragraph(binder.line("book.week.none"), "quiet"))
        for entry in [*aims, *(entry for entry in entries if entry not in aims)]:
            body += binder.entry(entry, 3)
    covered = (*_made_of(binder, scheme), *_coverage(binder, scheme))
    blocks = (*_cover(binder, title, mondays, gaps), Break(), *body, Break(), *covered, *binder.certificate())
    least, most = scheme.pages
    pages = _pages(blocks)
    return Portfolio(Book(binder.language, title, blocks, binder.labels(), sheaf.made), pages, least <= pages <= most, tuple(gaps))


def _topics(sheaf: Sheaf) -> set[str]:
    return {theme.topic for entry in sheaf.entries for theme in entry.themes}


def _under_other_names(sheaf: Sheaf, pseudonyms: Pseudonyms, words: Words) -> Sheaf:
    hide, titles = pseudonyms.hidden, ranks(words)
    entries = tuple(
        replace(
            entry,
            partnership=entry.partnership and hide(entry.partnership),
            people=tuple(dict.fromkeys(hide(name) for name in entry.people if name.islower() or flat(name) not in titles)),
            themes=tuple(replace(theme, quote=hide(theme.quote)) for theme in entry.themes),
        )
        for entry in sheaf.entries
    )
    written = tuple(replace(each, text=hide(each.text)) for each in sheaf.written)
    partnerships = tuple(replace(each, name=hide(each.name)) for each in sheaf.person.partnerships)
    return replace(sheaf, person=replace(sheaf.person, partnerships=partnerships), entries=entries, written=written, plans=())


def _all_weeks(weeks: Mapping[date, Sequence[Entry]]) -> list[date]:
    """Every week from the first to the last: one without a word is a gap that shows."""
    if not weeks:
        return []
    first, last = min(weeks), max(weeks)
    return [first + timedelta(days=7 * n) for n in range((last - first).days // 7 + 1)]


def _cover(binder: Binder, title: str, mondays: Sequence[date], gaps: Sequence[date]) -> Iterable[Block]:
    sheaf = binder.sheaf
    yield Heading(1, title)
    rows = [
        (binder.line("book.cover.by"), sheaf.person.name or "…"),
        (binder.line("book.cover.weeks"), str(len(mondays))),
        (binder.line("book.cover.entries"), str(len(sheaf.entries))),
        (binder.line("book.cover.gaps"), str(len(gaps))),
    ]
    if mondays:
        span = f"{binder.day(mondays[0])} – {binder.day(mondays[-1] + timedelta(days=6))}"
        rows.insert(1, (binder.line("book.cover.span"), span))
    yield Table((), tuple(rows))
    yield Paragraph(binder.line("book.cover.names"), "quiet")


def _made_of(binder: Binder, scheme: Scheme) -> Iterable[Block]:
    """How much of what was written belongs to each section."""
    if not scheme.sections:
        return
    guides = {entry.id: entry.guide for entry in binder.sheaf.entries if not entry.retracted}
    counted: Counter[str] = Counter()
    for written in binder.sheaf.written:
        place = f"{guides.get(written.entry)}.{written.step}"
        section = next((each.id for each in scheme.sections if any(fnmatchcase(place, shape) for shape in each.answers)), None)
        if section and written.entry in guides and written.kind == "answer":
            counted[section] += len(written.text.split())
    whole = counted.total() or 1
    yield Heading(2, binder.line("book.made-of"), "made-of")
    head = tuple(binder.line(f"book.made-of.{part}") for part in ("part", "weight", "share"))
    rows = [
        (
            each.name.get(binder.language) or each.name["en"],
            f"{each.weight} %" if each.weight else "–",
            f"{counted[each.id] * 100 // whole} %",
        )
        for each in scheme.sections
    ]
    yield Table(head, tuple(rows))


def _coverage(binder: Binder, scheme: Scheme) -> Iterable[Block]:
    yield Heading(2, binder.line("book.coverage"), "coverage")
    rows = []
    for criterion in scheme.criteria:
        shown = [
            (entry.event_date, theme)
            for entry in binder.sheaf.entries
            for theme in entry.themes
            if not entry.retracted and any(fnmatchcase(theme.topic, shape) for shape in criterion.topics)
        ]
        quotes = "\n".join(f"{binder.day(day)}: {binder.theme(theme)}" for day, theme in _spread(sorted(shown, key=lambda told: told[0])))
        name = criterion.name.get(binder.language) or criterion.name["en"]
        rows.append((name, str(len(shown)), quotes or binder.line("book.coverage.none")))
    head = tuple(binder.line(f"book.coverage.{part}") for part in ("criterion", "times", "quotes"))
    yield Table(head, tuple(rows))


def _spread(shown: Sequence[T]) -> Sequence[T]:
    """A few over the whole time: the first, the last, and those between."""
    if len(shown) <= QUOTES:
        return shown
    return [shown[n * (len(shown) - 1) // (QUOTES - 1)] for n in range(QUOTES)]


def _pages(blocks: Iterable[Block]) -> int:
    """Pages of a PDF of ours (adapters/book_pdf.py) that these take: the heights of its lines, added up."""
    pages, down = 1, 0.0
    blocks = tuple(blocks)
    for number, block in enumerate(blocks):
        height = _height(block)
        small = sum(1 for _ in takewhile(lambda each: isinstance(each, Paragraph) and each.style == "quiet", blocks[number + 1 :]))
        whole = 30.0 + 6.0 * small if isinstance(block, Heading) else 14.0  # what has to fit for the block to begin on this page
        if isinstance(block, Break) or down + whole > PAGE:
            pages, down = pages + 1, 0.0
        down += height
        pages, down = pages + int(down // PAGE), down % PAGE
    return pages


def _height(block: Block) -> float:
    """Millimetres."""
    match block:
        case Heading(level=level, text=text):
            return {1: 17.0, 2: 13.5}.get(level, 9.0) * _lines(text, 70)
        case Paragraph(text=text, style="quiet"):
            return 4.25 * _lines(text, 125) + 1.5
        case Paragraph(text=text, label=label):
            return 5.25 * _lines(text, 92) + 1.5 + (4.25 * _lines(label, 125) if label else 0.0)
        case Table(head=(), rows=rows):
            return sum(1.0 + 5.25 * max(_lines(cell, 65) for cell in row) for row in rows)
        case Table(rows=rows):
            return sum(6.75 + sum(5.25 if len(cell) < 60 else 4.25 + 5.25 * _lines(cell, 92) for cell in row[1:]) for row in rows)
        case _:
            return 0.0


def _lines(text: str, wide: int) -> int:
    return sum(max(1, -(-len(line) // wide)) for line in text.split("\n"))

"""A month of somebody's logbook in a few lines, on request and at no other time: how much there is, whom and what it is about, two or three
dated quotations, plans open and done, and one question. Pure.

It is made of the person's own entries and nothing else. What is quoted stands in an entry word for word. Entries that speak of danger,
wrongdoing or harassment are counted and never looked into; one that is to be read by no model is not quoted either.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date

from bot import finding
from bot.draft import KEPT_OUT, Draft
from bot.model import Brief, Context, Entry, Event, Said, Theme
from bot.periods import Period
from bot.quoting import Quoted, best_quote, in_short, quotable
from bot.rhythm import local
from bot.then_and_now import may_be_quoted
from bot.week import OWN, raises
from prompts.library import Library

SIZE = 900  # characters; two screens of a phone are a little more
QUOTES = 3
NAMED = 3  # partnerships
THEMES = 2
PLANS = 2  # open ones, and as many of those that were told of


def cards_for(library: Library, context: Context, event: Event) -> tuple[str, ...]:
    """The cards whose titles name the themes of a month that is asked for."""
    if not context.book:
        return ()
    draft = Draft(library, context, event)
    text = event.text if isinstance(event, Said) else ""
    asked = finding.asked_in(text, draft.words, draft.language, draft.person, draft.today)
    if asked is None or asked.kind != "month" or asked.period is None:
        return ()
    told = Counter(theme.card for entry in _scenes(draft, asked.period) if may_be_quoted(draft, entry) for theme in _topics(entry))
    return tuple(card for card, _ in sorted(told.items(), key=lambda row: (-row[1], row[0]))[:THEMES])


def _topics(entry: Entry) -> Iterator[Theme]:
    """One theme for each card that an entry is marked with."""
    return iter({theme.card: theme for theme in entry.themes if theme.stance is None}.values())


def _scenes(draft: Draft, period: Period) -> list[Entry]:
    """The entries of these days, oldest first, but for answers to the coach."""
    found = (entry for entry in draft.book if period.first <= entry.event_date <= period.last and entry.retracted is None)
    return sorted((entry for entry in found if entry.guide not in OWN), key=lambda entry: (entry.event_date, entry.written, entry.id))


def show(draft: Draft, period: Period) -> None:
    scenes = _scenes(draft, period)
    month = _name(draft, period.first)
    if not scenes:
        finding.say(draft, draft.line("month.none", month=month))
        return
    open_to_look = [entry for entry in scenes if may_be_quoted(draft, entry)]
    quoted = _quoted(draft, open_to_look)
    count = draft.line("entries.one") if len(scenes) == 1 else draft.line("entries.many", count=str(len(scenes)))
    head = draft.line("month.head", month=month, count=count)
    quotes = [draft.line("found.row", day=finding.day_of(draft, entry), quote=words.words) for entry, words in quoted]
    about = [*_partnerships(draft, open_to_look), *_themes(draft)]
    plans = [*_told(draft, period), *_open(draft, period)]
    question = draft.line("month.ask")
    while (about or plans) and len("\n".join([head, *about, *quotes, *plans, question])) > SIZE:
        (plans or about).pop()
    told = "\n".join([head, *about, *quotes, *plans])
    if draft.ending:
        finding.say(draft, f"{told}\n\n{question}")
    else:
        draft.say(f"{told}\n\n{question}", "reply", brief=_brief(draft, scenes, [entry for entry, _ in quoted], told, question))


def _name(draft: Draft, first: date) -> str:
    from babel.dates import format_date

    name = format_date(first, "LLLL", locale=draft.language)
    return name if first.year == draft.today.year else f"{name} {first.year}"


def _quoted(draft: Draft, entries: list[Entry]) -> list[tuple[Entry, Quoted]]:
    """The best words of the beginning, the middle and the end, in their order."""
    found = [
        (entry, quoted)
        for entry in entries
        if entry.id not in draft.kept_out and (quoted := best_quote(entry, draft.words.hear)) is not None
    ]
    parts = min(QUOTES, len(found))
    cuts = [found[n * len(found) // parts : (n + 1) * len(found) // parts] for n in range(parts)]
    return [max(part, key=lambda row: row[1].worth) for part in cuts]


def _partnerships(draft: Draft, entries: list[Entry]) -> list[str]:
    told = Counter(entry.partnership for entry in entries if entry.partnership)
    names = [f"{name} ({count})" for name, count in sorted(told.items(), key=lambda row: (-row[1], row[0]))[:NAMED]]
    return [draft.line("month.partnerships", names=", ".join(names))] if names else []


def _themes(draft: Draft) -> list[str]:
    titles = [passage.title for passage in draft.context.wanted]
    return [draft.line("month.themes", themes="; ".join(titles))] if titles else []


def _told(draft: Draft, period: Period) -> list[str]:
    """Plans of which it was told in this month what came of them, kept or not."""
    entries = sorted((entry for entry in draft.book if entry.guide == "follow-up"), key=lambda entry: (entry.event_date, entry.id))
    answers = [dict(entry.answers) for entry in entries if period.first <= entry.event_date <= period.last and entry.retracted is None]
    pairs = [(told["plan"], told["outcome"]) for told in answers if told.get("plan") and told.get("outcome")]
    hear = draft.words.hear
    kept = [pair for pair in pairs if all(_may_be_told(draft, text) for text in pair)][-PLANS:]
    return [draft.line("month.plan.told", plan=in_short(plan, hear), outcome=in_short(outcome, hear)) for plan, outcome in kept]


def _open(draft: Draft, period: Period) -> list[str]:
    made = [plan for plan in draft.context.intentions if period.first <= local(plan.made, draft.person.zone).date() <= period.last]
    texts = [plan.text for plan in made if _may_be_told(draft, plan.text)][-PLANS:]
    return [draft.line("month.plan.open", plan=in_short(text, draft.words.hear)) for text in texts]


def _may_be_told(draft: Draft, text: str) -> bool:
    return not raises(draft, text) and bool(quotable(text, draft.words.hear))


def _brief(draft: Draft, scenes: list[Entry], quoted: list[Entry], told: str, question: str) -> Brief | None:
    """What a model may word anew. None where one of the month's entries is to be read by no model, or nobody can tell any more."""
    if not quoted or len(draft.kept_out) >= KEPT_OUT or any(entry.id in draft.kept_out for entry in scenes):
        return None
    return Brief("month", draft.language, draft.person, "", told, question, entries=tuple(quoted))

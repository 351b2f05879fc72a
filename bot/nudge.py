"""The weekly letter, as a mentor would write it: out of the person's own entries and nothing else (coaching.md section 7).

Every letter has the same bones and another face each week: a first line that may be read on a lock screen, dated words of
theirs, what two entries have to do with each other (as a guess), something they did, last week's plan, one question a level
deeper than they wrote, and an easy way out. What they quote stands in an entry word for word. An entry that speaks of danger,
wrongdoing or harassment is never quoted, nor is one that gives orders.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from bot.draft import Draft
from bot.hearing import alarm_in, feels, turns_in
from bot.model import Cited, Entry, Passage
from bot.quoting import STEPS, Quoted, best_quote, cut, dark, light, sentences
from bot.spelling import flat, words_in
from bot.voice import Voice

WEEK = 7  # days that a letter looks back
FULL = 3  # entries from which a pattern may be guessed at
SIZE = 600  # characters of a letter at most
TELLING = 5  # letters of a word whose return is worth naming
FIT = 0.5  # a card's score from which it may be shown beside the week (as coaching.CLEAR)
OWN = frozenset({"follow-up", "weekly-letter", "aims"})  # guides whose entries are answers to the coach, not scenes


@dataclass(frozen=True, slots=True)
class Composed:
    """A letter; `question` is the one in it that waits for an answer, if any."""

    text: str
    question: str = ""
    sources: tuple[Cited, ...] = ()


class Week:
    """What somebody wrote in the week before a letter, oldest first, and the wordings that are this week's turn."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.hear = draft.words.hear
        since = draft.today - timedelta(days=WEEK)
        within = [entry for entry in reversed(draft.context.entries) if since < entry.event_date <= draft.today]
        recent = [entry for entry in within if entry.retracted is None]
        self.entries = [entry for entry in recent if entry.guide not in OWN and not _unspeakable(draft, entry)]
        self.outcomes = [entry for entry in recent if entry.guide == "follow-up" and not _unspeakable(draft, entry)]
        self._turn = draft.today.toordinal() // WEEK

    @property
    def empty(self) -> bool:
        """True when nothing at all was written, quotable or not."""
        since = self.draft.today - timedelta(days=WEEK)
        return not any(since < entry.event_date <= self.draft.today for entry in self.draft.context.entries)

    def line(self, key: str, /, **slots: str) -> str:
        """This week's wording of a line: they take turns week by week, so that a quarter goes by before one comes a third time."""
        variants = self.draft.words.variants(key)
        return self.draft.fill(variants[(self._turn + len(key)) % len(variants)], **slots)

    def rotated(self, things: Sequence[Callable[[Week], str | None]]) -> list[Callable[[Week], str | None]]:
        start = self._turn % len(things)
        return [*things[start:], *things[:start]]

    def day(self, day: date) -> str:
        from babel.dates import format_date

        return format_date(day, "EEEE", locale=self.draft.language)

    def quotes(self) -> list[Quoted]:
        """The most telling words of each entry, oldest first; an entry without any that can stand alone has none."""
        found = (best_quote(entry, self.hear) for entry in self.entries)
        return [quoted for quoted in found if quoted]

    def deed(self) -> Quoted | None:
        """The latest thing they say they did."""
        for entry in reversed(self.entries):
            for _, text in entry.answers:
                for sentence in sentences(text):
                    found = next((m for p in self.hear.deeds if (m := re.search(p, flat(sentence)))), None)
                    if found and not set(words_in(sentence)) & set(self.hear.darker):
                        return Quoted(entry.event_date, cut(sentence[found.start() :]), text)
        return None


def words_for_search(draft: Draft) -> str | None:
    """What to look up for the one card a letter may carry: the words of its latest quotation."""
    quotes = Week(draft).quotes()
    return quotes[-1].whole if quotes else None


def compose(draft: Draft) -> Composed:
    """The letter for this week, of at most SIZE characters."""
    week = Week(draft)
    quotes = week.quotes()
    if not quotes:
        text = week.line("letter.open-door" if week.empty else "letter.unquoted")
        return Composed(text, text.rpartition("\n\n")[2])
    if len(week.entries) < FULL:
        return _short(week, quotes[-1])
    return _full(week, quotes)


def _short(week: Week, quoted: Quoted) -> Composed:
    """One or two entries: one mirror, one question, and no pattern claimed."""
    head = week.line("letter.first")
    mirror = week.line("letter.moment", day=week.day(quoted.day), quote=quoted.words)
    extras = [*_credit(week, [quoted]), *_plan(week)]
    return _fitted(week, head, [mirror], extras, _question(week, quoted), _trial(week))


def _full(week: Week, quotes: list[Quoted]) -> Composed:
    patterns = [*week.rotated([_turned, _energy, _again, _doing]), _beside]
    pattern = next(text for text in (make(week) for make in patterns) if text)
    shown = [quoted for quoted in quotes if quoted.words in pattern]
    body = [pattern] if shown else [week.line("letter.moment", day=week.day(quotes[-1].day), quote=quotes[-1].words), pattern]
    extras = [*_credit(week, [*shown, quotes[-1]]), *_plan(week)]
    return _fitted(week, week.line("letter.first"), body, extras, _question(week, (shown or quotes)[-1]), _insight(week))


def _fitted(week: Week, head: str, body: list[str], extras: list[str], question: str, card: tuple[str, tuple[Cited, ...]]) -> Composed:
    """Puts the parts together; what does not fit on the screen is left out, the card first."""
    way_out = week.line("letter.way-out")

    def together(extras: Sequence[str]) -> str:
        return "\n\n".join([head, " ".join([*body, *extras]), question, way_out])

    while extras and len(together(extras)) > SIZE:
        extras = extras[:-1]
    text, sources = card
    if text and len(together([*extras, text])) <= SIZE:
        return Composed(together([*extras, text]), question, sources)
    return Composed(together(extras), question)


# --- what two entries have to do with each other, each held as a guess


def _turned(week: Week) -> str | None:
    """Something that went wrong early in the week and right later, or the other way."""
    quotes = week.quotes()
    for first in quotes:
        for later in reversed(quotes):
            if later.day <= first.day:
                continue
            slots = {"first": week.day(first.day), "one": first.words, "last": week.day(later.day), "two": later.words}
            if dark(first.words, week.hear) and light(later.words, week.hear):
                return week.line("letter.lighter", **slots)
            if light(first.words, week.hear) and dark(later.words, week.hear):
                return week.line("letter.darker", **slots)
    return None


def _energy(week: Week) -> str | None:
    felt = [(entry.event_date, entry.energy) for entry in week.entries if entry.energy in ("low", "good")]
    if len(felt) < 2 or felt[0][1] == felt[-1][1] or felt[0][0] == felt[-1][0]:
        return None
    key = "letter.energy.up" if felt[-1][1] == "good" else "letter.energy.down"
    return week.line(key, first=week.day(felt[0][0]), last=week.day(felt[-1][0]))


def _again(week: Week) -> str | None:
    """A name or a telling word that stands in two entries or more."""
    where: dict[str, list[date]] = {}
    spelled: Counter[tuple[str, str]] = Counter()
    for entry in week.entries:
        for word in _telling(" ".join(text for _, text in entry.answers), week):
            days = where.setdefault(word.casefold(), [])
            if entry.event_date not in days:
                days.append(entry.event_date)
            spelled[word.casefold(), word] += 1
    often = sorted((key for key, days in where.items() if len(days) > 1), key=lambda key: (-len(where[key]), -len(key), key))
    if not often:
        return None
    word = max((shown for key, shown in spelled if key == often[0]), key=lambda shown: (spelled[often[0], shown], shown))
    first, *_, last = where[often[0]]
    return week.line("letter.again", word=word, first=week.day(first), last=week.day(last))


def _telling(text: str, week: Week) -> Iterator[str]:
    hear = week.hear
    common = {*hear.fillers, *hear.loose_ends, *hear.joints, *hear.world, *hear.darker, *hear.lighter, *hear.everyday}
    whens = {word for when in hear.whens for word in when.split()}
    for sentence in sentences(text):
        for place, word in enumerate(re.findall(r"[^\W\d_]+", sentence)):
            name = word[:1].isupper() and place > 0 and len(word) > 2
            if (name or len(word) >= TELLING) and flat(word) not in common | whens and not _is_day(word, week):
                yield word


def _is_day(word: str, week: Week) -> bool:
    from babel.dates import get_day_names, get_month_names

    language = week.draft.language
    names = [*get_day_names("wide", locale=language).values(), *get_month_names("wide", locale=language).values()]
    return flat(word) in {flat(name) for name in names}


def _doing(week: Week) -> str | None:
    """Who acts in most of what was told: the writer, or the others."""
    acted = [_acts(entry, week) for entry in week.entries]
    if all(acted):
        return week.line("letter.doing.self")
    if not any(acted):
        return week.line("letter.doing.others")
    return None


def _acts(entry: Entry, week: Week) -> bool:
    told = [text for step, text in entry.answers if step in STEPS]
    return any(re.search(pattern, flat(text)) for text in told for pattern in week.hear.deeds)


def _beside(week: Week) -> str:
    quotes = week.quotes()
    first, last = quotes[0], quotes[-1]
    if first is last:
        return week.line("letter.one-thread", day=week.day(last.day), quote=last.words)
    return week.line("letter.beside", first=week.day(first.day), one=first.words, last=week.day(last.day), two=last.words)


# --- the other parts


def _credit(week: Week, shown: Sequence[Quoted]) -> list[str]:
    """Something done, in their words; where nothing is told as done, that it was written down. The act, never the person."""
    deed = week.deed()
    if deed and not any(deed.words in quoted.words for quoted in shown):
        return [week.line("letter.deed", deed=deed.words, day=week.day(deed.day))]
    if deed:
        return [week.line("letter.deed.shown")]
    return [week.line("letter.deed.wrote")]


def _plan(week: Week) -> list[str]:
    """Last week's if-then, or what came of it: kept or not, neither is praised."""
    if week.outcomes:
        told = dict(week.outcomes[-1].answers)
        plan, outcome = told.get("plan", ""), told.get("outcome", "")
        if plan and outcome:
            return [week.line("letter.plan.told", plan=cut(plan), outcome=cut(outcome))]
    today = week.draft.today
    plans = [plan for plan in week.draft.context.intentions if not _raises(week.draft, plan.text)]
    latest = max(plans, key=lambda plan: plan.made, default=None)
    if latest is None or latest.due > today + timedelta(days=WEEK):
        return []
    return [week.line("letter.plan", plan=cut(latest.text))]


def _question(week: Week, quoted: Quoted) -> str:
    """One level deeper than the entry: from facts to meaning, from meaning to the other's view, from there to what is taken for granted."""
    text, hear = quoted.whole, week.hear
    if any(re.search(pattern, flat(text)) for pattern in hear.viewpoints):
        return week.line("letter.ask.assumption")
    if feels(text, hear) or turns_in(text, hear):
        return week.line("letter.ask.viewpoint")
    return week.line("letter.ask.meaning")


def _insight(week: Week) -> tuple[str, tuple[Cited, ...]]:
    """For those who write often: what brokers' logbooks say about it."""
    found = _card(week)
    if found is None:
        return "", ()
    cited = Voice(week.draft, found, "").cited(1)
    return week.line("letter.insight", gist=found.gist), (_marked(cited),)


def _trial(week: Week) -> tuple[str, tuple[Cited, ...]]:
    """For those who write now and then: one small thing to try, with its price."""
    found = _card(week)
    option = next((option for option in found.options if option.source), None) if found else None
    if found is None or option is None:
        return "", ()
    voice = Voice(week.draft, found, "")
    cited = voice.cited(option.source)
    return week.line("letter.trial", offer=voice.offer(option), price=voice.filled(option.price)), (_marked(cited),)


def _marked(cited: Cited) -> Cited:
    return Cited(1, cited.card, cited.title, cited.topics, cited.where)


def _card(week: Week) -> Passage | None:
    best = next(iter(week.draft.context.passages), None)
    return best if best and best.score >= FIT and best.handoff == "none" else None


def _unspeakable(draft: Draft, entry: Entry) -> bool:
    """Danger, wrongdoing, harassment and orders to the coach, in any language: an entry may be older than a change of language."""
    return any(_raises(draft, text) for _, text in entry.answers)


def _raises(draft: Draft, text: str) -> bool:
    return alarm_in(text, draft.library.safeties(draft.language)) is not None

"""The weekly letter, as a mentor would write it: out of the person's own entries and nothing else (coaching.md section 7).

Every letter has the same bones and another face each week: a first line that may be read on a lock screen, dated words of
theirs, what two entries have to do with each other (as a guess), something they did, last week's plan, one question a level
deeper than they wrote, and an easy way out. What they quote stands in an entry word for word. An entry that speaks of danger,
wrongdoing or harassment is never quoted, nor is one that gives orders. docs/letters.md tells how it chooses.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from bot.draft import Draft
from bot.hearing import feels, turns_in
from bot.model import Brief, Cited, Entry
from bot.quoting import STEPS, Quoted, dark, in_short, light, quotable
from bot.spelling import any_in, expression, flat, words_in
from bot.voice import Voice
from bot.week import Week, deed_in

READ = 3  # entries that a model may read for it, the latest
FULL = 3  # entries from which a pattern may be guessed at
SIZE = 600  # characters of a letter at most
TELLING = 5  # letters of a word whose return is worth naming
SCENE = 5  # words of an entry from which it can be told who acts in it
# A card's score from which it is shown: a letter comes unasked, and of the best cards for the scenes in tests/letters, which ask nothing,
# few below this were to the point (docs/letters.md); a question may be answered from coaching.CLEAR on.
FIT = 0.95
RECENT = 0.4  # what a day nearer to the letter adds to the worth of a quotation


@dataclass(frozen=True, slots=True)
class Composed:
    """A letter; `question` is the one in it that waits for an answer, if any, and `told` what it says about the week."""

    text: str
    question: str = ""
    sources: tuple[Cited, ...] = ()
    told: str = ""


def words_for_search(draft: Draft) -> str | None:
    """What to look up for the one card a letter may carry: the answer that its question is about."""
    week = Week(draft)
    return _seen(week).focus.whole if week.quotes else None


def compose(draft: Draft) -> Composed:
    """The letter for this week, of at most SIZE characters."""
    week = Week(draft)
    if not week.quotes:
        key = "letter.open-door" if week.empty else "letter.unquoted" if week.silenced or not _thin(week) else "letter.thin"
        text = week.line(key)
        return Composed(text, text.rpartition("\n\n")[2])
    seen = _seen(week)
    card = _card(week)
    lead = [week.line("letter.first")]
    told = " ".join([*seen.told, *_credit(week, seen)])
    plan = _plan(week)
    asked = _question(week, seen.focus)
    back = _lowered(week, seen.focus, asked)
    end = [week.line("letter.way-out")]
    # the plan comes first, within or last; where the question would follow on something else, it says which day it is about
    orders = (
        [*lead, *plan, told, asked, *end],
        [*lead, " ".join([told, *plan]), back if plan else asked, *end],
        [*lead, told, *plan, back if plan else asked, *end],
    )
    parts = orders[week.turn % len(orders)]
    if card.text:
        with_card = [*parts[:-2], card.text, back, parts[-1]]
        if len("\n\n".join(with_card)) <= SIZE:
            draft.remember(f"{card.name}/letter")
            return Composed("\n\n".join(with_card), asked, card.sources, told)
    text = "\n\n".join(parts)
    if len(text) > SIZE:
        parts = [*lead, *plan, " ".join(seen.told), asked, *end]
        text = "\n\n".join(parts)
    if len(text) > SIZE:
        text = "\n\n".join([*lead, *plan, week.line("letter.moment", **_quoted(week, seen.focus)), asked, *end])
    return Composed(text, asked, told=told if told in text else "")


def brief_of(draft: Draft, composed: Composed) -> Brief | None:
    """What of a letter a model may word anew: what it tells of the week, its quotations as they are, and its question where that stands
    by itself. None for a letter that quotes nothing.
    """
    if not composed.told:
        return None
    if any(entry.id in draft.kept_out for entry in draft.context.entries):
        return None  # the letter may be about it
    entries = draft.context.entries[:READ]
    asked = composed.question if composed.question in composed.text else ""
    return Brief("letter", draft.language, draft.person, "", composed.told, asked, entries=entries)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the letter says about the week, the words it shows, and those among them that its question is about."""

    told: list[str]
    shown: list[Quoted]
    focus: Quoted


def _seen(week: Week) -> _Seen:
    latest = max(enumerate(week.quotes), key=lambda found: found[1].worth + RECENT * found[0])[1]
    moment = week.line("letter.moment", **_quoted(week, latest))
    if len(week.entries) < FULL:
        return _Seen([moment], [latest], latest)
    pattern = next((text for make in [*week.rotated([_turned, _energy, _again, _doing]), _beside] if (text := make(week))), None)
    shown = [quoted for quoted in week.quotes if pattern and quoted.words in pattern]
    if shown:
        return _Seen([pattern or ""], shown, shown[-1])
    return _Seen([moment, pattern] if pattern else [moment], [latest], latest)


def _quoted(week: Week, quoted: Quoted) -> dict[str, str]:
    return {"day": week.day(quoted.day), "quote": quoted.words}


def _thin(week: Week) -> bool:
    return all(len(words_in(text)) < SCENE for entry in week.entries for _, text in entry.answers)


# --- what two entries have to do with each other, each held as a guess


def _turned(week: Week) -> str | None:
    """Something that went wrong early in the week and right later, or the other way."""
    for first in week.quotes:
        for later in reversed(week.quotes):
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
    """Somebody or something that is named in two entries or more."""
    where: dict[str, list[date]] = {}
    spelled: Counter[tuple[str, str]] = Counter()
    named: set[str] = set()
    for entry in week.entries:
        told = [sentence for step, text in entry.answers if step in STEPS for sentence in quotable(text, week.hear)]
        for word, is_name in _telling(told, week):
            days = where.setdefault(word.casefold(), [])
            if entry.event_date not in days:
                days.append(entry.event_date)
            spelled[word.casefold(), word] += 1
            if is_name:
                named.add(word.casefold())
    often = sorted(
        (key for key, days in where.items() if len(days) > 1), key=lambda key: (-len(where[key]), key not in named, -len(key), key)
    )
    if not often:
        return None
    word = max((shown for key, shown in spelled if key == often[0]), key=lambda shown: (spelled[often[0], shown], shown))
    first, *_, last = where[often[0]]
    return week.line("letter.again", word=word, first=week.day(first), last=week.day(last))


def _telling(told: Sequence[str], week: Week) -> Iterator[tuple[str, bool]]:
    """Names, and things that stand after an article; whether each is a name."""
    hear = week.hear
    common = {*hear.fillers, *hear.loose_ends, *hear.joints, *hear.darker, *hear.lighter, *hear.everyday, *hear.general}
    world = set(hear.world) - set(hear.actors)
    for sentence in told:
        words = re.findall(r"[^\W\d_]+", sentence)
        for before, word, after in zip(["", *words], words, [*words[1:], ""], strict=False):
            if flat(word) in common | world or _is_day(word, week):
                continue
            name = bool(before) and word[:1].isupper() and len(word) > 2
            if name or (len(word) >= TELLING and flat(before) in hear.reading.determiners):
                yield word, name
                pair = f"{word} {after}"
                if (
                    len(after) >= TELLING and flat(after) not in common | world and pair in sentence
                ):  # "the youth workers" are not the youth
                    yield pair, name


def _is_day(word: str, week: Week) -> bool:
    from babel.dates import get_day_names, get_month_names

    language = week.draft.language
    names = [*get_day_names("wide", locale=language).values(), *get_month_names("wide", locale=language).values()]
    return flat(word).removesuffix("s") in {flat(name).removesuffix("s") for name in names}


def _doing(week: Week) -> str | None:
    """Who acts in everything that was told: the writer, or the others. Nothing is claimed of notes too short to tell."""
    if len(week.entries) < FULL or week.heavy or not all(_is_scene(entry) for entry in week.entries):
        return None
    if all(week.acts(entry) and _only_self(entry, week) for entry in week.entries):
        return week.line("letter.doing.self")
    if not any(_has_self(text, week) for entry in week.entries for _, text in entry.answers):
        return week.line("letter.doing.others")
    return None


def _only_self(entry: Entry, week: Week) -> bool:
    told = [sentence for step, text in entry.answers if step in STEPS for sentence in quotable(text, week.hear)]
    return all(_has_self(sentence, week) for sentence in told)


def _is_scene(entry: Entry) -> bool:
    return any(len(words_in(text)) >= SCENE for step, text in entry.answers if step in STEPS)


def _has_self(text: str, week: Week) -> bool:
    said = flat(text)
    patterns = (*week.hear.reading.selves, *week.hear.deeds, *week.hear.reading.diary)
    return any(expression(pattern).search(told) for pattern in patterns for told in (said, said.replace("'", " ")))


def _beside(week: Week) -> str | None:
    first, last = week.quotes[0], week.quotes[-1]
    if first is last:
        return None
    if first.day == last.day:
        return week.line("letter.beside.day", day=week.day(first.day), one=first.words, two=last.words)
    return week.line("letter.beside", first=week.day(first.day), one=first.words, last=week.day(last.day), two=last.words)


# --- the other parts


def _credit(week: Week, seen: _Seen) -> list[str]:
    """Something done, in their words; where nothing is told as done, that it was written down. The act, never the person."""
    deed = week.deed()
    if deed is None:
        return [week.line("letter.deed.wrote")]
    if any(quoted.overlaps(deed.words) for quoted in seen.shown[-1:]):
        return [week.line("letter.deed.shown")]
    if any(quoted.overlaps(deed.words) for quoted in seen.shown):
        return []
    return [week.line("letter.deed", deed=deed.words, day=week.day(deed.day))]


def _plan(week: Week) -> list[str]:
    """Last week's if-then, or what came of it: kept or not, neither is praised. Without one, the week's aim."""
    plan = week.plan()
    if plan is None:
        return _aim(week)
    if plan.outcome:
        return [week.line("letter.plan.told", plan=in_short(plan.text, week.hear), outcome=in_short(plan.outcome, week.hear))]
    return [week.line("letter.plan", plan=in_short(plan.text, week.hear))]


def _aim(week: Week) -> list[str]:
    aim = week.aim()
    if aim is None:
        return []
    if aim.outcome:
        return [week.line("letter.aim.told", aim=in_short(aim.text, week.hear), outcome=in_short(aim.outcome, week.hear))]
    return [week.line("letter.aim", aim=in_short(aim.text, week.hear))]


def _question(week: Week, quoted: Quoted) -> str:
    """One level deeper than the entry: from facts to meaning, from meaning to the other's view, from there to what is taken for granted.

    After days without strength it goes no deeper, and asks what would carry.
    """
    text, hear = quoted.whole, week.hear
    if week.heavy:
        return week.line("letter.ask.rest")
    if len(words_in(text)) < SCENE:
        return week.line("letter.ask.few")
    if any_in(hear.viewpoints, flat(text)):
        return week.line("letter.ask.assumption")
    words = quoted.words
    others = bool(set(words_in(words)) & {*hear.actors, *hear.reading.pointers}) or any(name for _, name in _telling([words], week))
    if others and (feels(words, hear) or turns_in(words, hear) or dark(words, hear)):
        return week.line("letter.ask.viewpoint")
    if feels(words, hear):
        return week.line("letter.ask.self")
    if deed_in(words, hear):
        return week.line("letter.ask.done")
    if light(words, hear):
        return week.line("letter.ask.good")
    return week.line("letter.ask.meaning")


def _lowered(week: Week, quoted: Quoted, asked: str) -> str:
    """The question with the day it is about before it: "Back to Thursday: what ..."."""
    start = len(asked) - len(asked.lstrip("¿"))
    low = asked[:start] + asked[start : start + 1].lower() + asked[start + 1 :]
    return week.line("letter.back", day=week.day(quoted.day), question=low)


@dataclass(frozen=True, slots=True)
class _Shown:
    text: str = ""
    sources: tuple[Cited, ...] = ()
    name: str = ""


def _card(week: Week) -> _Shown:
    """At most one card that is truly about the words in question, and was not in a letter lately.

    For those who write often it is what brokers' logbooks say; for those who write now and then one small thing to try, with its price.
    """
    best = next(iter(week.draft.context.passages), None)
    if best is None or best.score < FIT or best.handoff != "none" or not best.topics or week.heavy:
        return _Shown()
    if week.draft.heard_at(f"{best.card}/letter") >= 0:
        return _Shown()
    voice = Voice(week.draft, best, "")
    if len(week.entries) >= FULL:
        return _Shown(week.line("letter.insight", gist=best.gist), (_marked(voice.cited(1)),), best.card)
    option = next((option for option in best.options if option.source), None)
    if option is None:
        return _Shown()
    told = week.line("letter.trial", offer=voice.offer(option), price=voice.filled(option.price))
    return _Shown(told, (_marked(voice.cited(option.source)),), best.card)


def _marked(cited: Cited) -> Cited:
    return Cited(1, cited.card, cited.title, cited.topics, cited.where)

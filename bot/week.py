"""What somebody wrote in the week before a letter, and the wordings that are this week's turn."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from bot.alarms import alarm_in
from bot.draft import Draft
from bot.model import Entry
from bot.quoting import STEPS, Quoted, best_quote, quotable, shortened
from bot.rhythm import local
from bot.spelling import expression, flat, words_in
from prompts.library import Hear

WEEK = timedelta(days=7)  # that a letter looks back
OWN = frozenset({"follow-up", "weekly-letter", "aims"})  # guides whose entries are answers to the coach, not scenes
ACT = 4  # words of something done that can stand alone


def aims_of_week(entries: Iterable[Entry], today: date) -> Entry | None:
    """The aims written for the week of this day."""
    monday = today - timedelta(days=today.weekday())
    written = (entry for entry in entries if entry.guide == "aims" and entry.event_date >= monday and not entry.retracted)
    return max(written, key=lambda entry: entry.written, default=None)


@dataclass(frozen=True, slots=True)
class Plan:
    """An open plan, or one with what came of it."""

    text: str
    outcome: str = ""


class Week:
    """The entries are oldest first; those that raise an alarm are counted, and never looked into."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.hear: Hear = draft.words.hear
        written = [entry for entry in reversed(draft.context.entries) if self._is_of_it(entry)]
        told = [entry for entry in written if not _unspeakable(draft, entry)]
        self._aims = [entry for entry in told if entry.guide == "aims"]
        self.empty = not [entry for entry in written if entry.guide not in OWN]
        self.entries = [entry for entry in told if entry.guide not in OWN]
        self.silenced = len(told) < len(written)
        self._outcomes = [dict(entry.answers) for entry in told if entry.guide == "follow-up"]
        self.turn = draft.today.toordinal() // 7
        found = (best_quote(entry, self.hear) for entry in self.entries)
        self.quotes: list[Quoted] = [quoted for quoted in found if quoted]

    def _is_of_it(self, entry: Entry) -> bool:
        """Written since the letter before this one: what came in the evening after that letter belongs to this week."""
        if entry.retracted is not None or not self.draft.at - WEEK < entry.written <= self.draft.at:
            return False
        last, day = self.draft.letter_on, local(entry.written, self.draft.person.zone).date()
        return last is None or self.draft.today - last >= WEEK or day > last or last == self.draft.today

    # --- words

    def line(self, key: str, /, **slots: str) -> str:
        """This week's wording of a line: they take turns week by week. A weekday that opens a sentence has a capital."""
        variants = self.draft.words.variants(key)
        text = variants[(self.turn + len(key)) % len(variants)]
        days = {f"{slot}_opens": value[:1].upper() + value[1:] for slot, value in slots.items() if slot in ("day", "first", "last")}
        text = re.sub(r"(^|[.!?] )\$(day|first|last)\b", r"\1${\2_opens}", text)
        return self.draft.fill(text, **slots, **days)

    def rotated(self, things: Sequence[Callable[[Week], str | None]]) -> list[Callable[[Week], str | None]]:
        start = self.turn % len(things)
        return [*things[start:], *things[:start]]

    def day(self, day: date) -> str:
        """The name of a weekday; a week ago and more, with its date, for the name alone would be taken for a nearer day."""
        from babel.dates import format_date

        return self.draft.day(day) if self.draft.today - day >= WEEK else format_date(day, "EEEE", locale=self.draft.language)

    # --- what stands in it

    def deed(self) -> Quoted | None:
        """The latest thing they say they did, and did not regret."""
        for entry in reversed(self.entries):
            for step, text in entry.answers:
                if step not in STEPS:
                    continue
                for sentence in quotable(text, self.hear):
                    if words := deed_in(sentence, self.hear):
                        return Quoted(entry.event_date, words, text)
        return None

    def acts(self, entry: Entry) -> bool:
        told = [sentence for step, text in entry.answers if step in STEPS for sentence in quotable(text, self.hear)]
        return any(deed_in(sentence, self.hear, least=2) for sentence in told)

    @property
    def heavy(self) -> bool:
        """Low on the latest days: no time to be stretched."""
        felt = [entry.energy for entry in self.entries if entry.energy]
        return felt[-2:] == ["low", "low"] or (felt == ["low"])

    def aim(self) -> Plan | None:
        """The week's aim, with what became of it if that was told already."""
        answers = dict(self._aims[-1].answers) if self._aims else {}
        told = answers.get("aim", "")
        return Plan(told, answers.get("review", "")) if told and quotable(told, self.hear) else None

    def plan(self) -> Plan | None:
        """Last week's if-then or what came of it. A plan that has waited longer is not brought up again."""
        for told in reversed(self._outcomes):
            if told.get("plan") and told.get("outcome"):
                return Plan(told["plan"], told["outcome"])
        today, at = self.draft.today, self.draft.at
        near = [plan for plan in self.draft.context.intentions if abs(plan.due - today) < WEEK and at - plan.made < 2 * WEEK]
        open_ones = [plan for plan in near if not raises(self.draft, plan.text) and quotable(plan.text, self.hear)]
        return Plan(max(open_ones, key=lambda plan: plan.made).text) if open_ones else None


def deed_in(sentence: str, hear: Hear, least: int = ACT) -> str:
    """The words of a sentence that tell of an act of the writer's; empty for none, and for one that is regretted."""
    said = flat(sentence)
    found = next((match for pattern in (*hear.deeds, *hear.reading.diary) if (match := expression(pattern).search(said))), None)
    if found is None or set(words_in(sentence)) & {*hear.darker, *hear.reading.regrets} or "‘" in sentence:
        return ""
    words = shortened(sentence[found.start() :], hear)
    return words if len(words_in(words)) >= least else ""


def _unspeakable(draft: Draft, entry: Entry) -> bool:
    """Danger, wrongdoing, harassment and orders to the coach, in any language: an entry may be older than a change of language."""
    return any(raises(draft, text) for _, text in entry.answers)


def raises(draft: Draft, text: str) -> bool:
    return alarm_in(text, draft.library.safeties(draft.language)) is not None

"""What the step says at which somebody stands: its words with their slots filled, and what may be chosen there.

Choices are those of the step, the marks of a check, what may be picked from earlier marks, guides that fit the person, and one
offer beside the question. All of it follows from the place and the guide, so that a question asked again is the same question.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from bot import offers
from bot.draft import Draft
from bot.headings import heading_of
from bot.model import Choice, Entry, Place
from bot.rhythm import next_reminder
from prompts.library import Guide, Step, StepWords, Weight

CLIPPED = 90  # characters of an answer that a summary shows
OLD = timedelta(days=14)  # an entry is worth reading again from this age; with none so old, the oldest one is
ROWS = 4  # lines of a summary (coaching.md section 4)
ENOUGH_AFTER = 2  # marks, after which a check can be cut short in favour of picking one
MOSTLY = 0.6  # share of the marks on the scale from which they are "mostly" one

PICK_NOW, DEEPER, ALL_GUIDES = "step:pick-now", "step:deeper", "do:guides"


def here(draft: Draft) -> tuple[Step, StepWords]:
    """The step somebody stands at, and its words."""
    place = draft.here
    return draft.guide(place.guide).step(place.step), draft.spoken(place.guide).steps[place.step]


def question(draft: Draft, say: str | None = None) -> tuple[str, tuple[Choice, ...]]:
    """The words and choices of the step the person stands at; `say` stands in for its words."""
    place = draft.here
    step, spoken = here(draft)
    guide = draft.guide(place.guide)
    key = f"{place.guide}.{step.id}"
    choices = _choices(draft, step, spoken)
    lacking = (step.picks and not choices) or (step.rereads and _older_entry(draft) is None)
    variants = (spoken.say,) if isinstance(spoken.say, str) else tuple(spoken.say)
    text = draft.fill(say or (spoken.none if lacking and spoken.none else draft.pick(key, variants)), **slots(draft))
    if step.keeps == "mark":
        nth = [marked.id for marked in guide.marked].index(step.id) + 1
        text = draft.line("check.nth", n=str(nth), of=str(len(guide.marked)), question=text)
    return text, choices


def _choices(draft: Draft, step: Step, spoken: StepWords) -> tuple[Choice, ...]:
    place = draft.here
    key = f"{place.guide}.{step.id}"
    guide, words = draft.guide(place.guide), draft.spoken(place.guide)
    choices = [Choice(f"{key}:{choice.id}", spoken.choices[choice.id]) for choice in step.choices]
    if step.suggests:
        choices = [*offers.suggested(draft, step.suggests), *choices, draft.choice("guides")]
    if step.keeps == "mark":
        choices = [Choice(f"{key}:{mark}", words.scale[mark]) for mark in guide.scale]
        if len(marks(draft)) >= ENOUGH_AFTER:
            choices.append(Choice(PICK_NOW, draft.line("choice.pick-now")))
    if step.picks:
        given = marks(draft)
        choices = [Choice(f"{key}:{name}", words.steps[name].short or name) for name in given if given[name] in step.picks]
    if place.offer == DEEPER:
        choices.append(Choice(DEEPER, draft.line("choice.deeper")))
    elif place.offer:
        choices.append(offers.choice(draft, place.offer.removeprefix("guide:")))
    return tuple(choices)


def marks(draft: Draft) -> dict[str, str]:
    """The marks given in a check, by step; an answer in words of one's own is no mark."""
    place = draft.here
    guide, scale = draft.guide(place.guide), draft.spoken(place.guide).scale
    by_label = {label: mark for mark, label in scale.items()}
    told = dict(place.answers)
    return {step.id: by_label[told[step.id]] for step in guide.marked if told.get(step.id) in by_label}


def weight(draft: Draft) -> Weight:
    """Which end of the scale most of the marks are at. Only where the check goes on follows from it; it is never shown."""
    given, scale = Counter(marks(draft).values()), draft.guide(draft.here.guide).scale
    total = sum(given.values())
    if total and given[scale[0]] >= MOSTLY * total:
        return "mostly-first"
    if total and given[scale[-1]] >= MOSTLY * total:
        return "mostly-last"
    return "mixed"


def following(draft: Draft, step: Step) -> str:
    """The step after this one, when nothing else decides: the marks of a check lead on by what they were."""
    guide = draft.guide(draft.here.guide)
    return guide.after_marks(weight(draft)) if guide.marked and step is guide.marked[-1] else guide.after(step)


def slots(draft: Draft) -> dict[str, str]:
    """What the words of a step may name."""
    place, person = draft.here, draft.person
    upcoming = next_reminder(person.rhythm, person.zone, draft.at)
    old = _older_entry(draft)
    told = told_in(draft, draft.guide(place.guide), place)
    shown = told if len(told) <= ROWS else [told[0], *told[1 - ROWS :]]
    return {
        **{step: text for step, text in place.answers if not step.startswith("$")},
        "dear": draft.dear,
        "date": draft.day(draft.today),
        "summary": "\n".join(draft.line("summary.row", text=clip(text)) for text in shown),
        "next": draft.moment(upcoming) if upcoming else "",
        "frame": place.answer("$frame") or "",
        "partnership": person.partnerships[-1].name if person.partnerships else "",
        "old": clip(old.answers[0][1]) if old else "",
        "old_date": draft.day(old.event_date) if old else "",
    }


def told_in(draft: Draft, guide: Guide, place: Place) -> list[str]:
    """The person's own words in this guide, in the order of its steps; choices between headings and marks are not among them."""
    told = dict(place.answers)
    steps = [step for step in guide.steps if step.id in told and step.keeps in ("answer", "headings") and not step.choices]
    return [as_kept(draft, place.guide, step.id, told[step.id]) for step in steps]


def as_kept(draft: Draft, guide: str, step: str, text: str) -> str:
    """An answer as the logbook has it: one under a heading of the person's own begins with that heading."""
    heading = heading_of(step, draft.person.headings) if draft.has_headings(guide) else None
    return draft.line("headings.as-kept", heading=heading, text=text) if heading else text


def _older_entry(draft: Draft) -> Entry | None:
    """An entry worth reading again: the latest of those that are some weeks old, else the oldest one of an earlier day."""
    earlier = [entry for entry in draft.context.entries if entry.answers and entry.event_date < draft.today]
    old = [entry for entry in earlier if draft.today - entry.event_date >= OLD]
    return old[0] if old else earlier[-1] if earlier else None


def clip(text: str, room: int = CLIPPED) -> str:
    """A text on one line, cut at a word when it is long."""
    flat = " ".join(text.split())
    return flat if len(flat) <= room else flat[:room].rsplit(" ", 1)[0].rstrip(",;:.") + " …"

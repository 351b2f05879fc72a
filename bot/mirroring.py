"""The short mirror of an answer in a reflection: something that was in it and may not have been seen.

Looked for in this order: somebody who was in an earlier entry too; something grave that happened; the kinds of answers that this very
question gets, and those that any question gets; what else happened; a line for just this question; a knowledge card that fits a scene
closely; then the answer's own shape: something that comes back, a "but", a feeling. One that holds nothing of theirs has a
word of theirs put beside it; where nothing fits, none is said. A mirror guesses, never praises and never argues; it holds at most six
of the person's own words in a row, and no kind of it comes twice running while another one fits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta

from bot.draft import Draft
from bot.happening import heard_as, mirror_in, told_in
from bot.hearing import feels, says_any, tells_nothing, turns_in, who_in
from bot.quoting import light
from bot.spelling import words_in
from bot.theirs import made_theirs
from bot.voice import Voice
from prompts.library import Hear, Heard

TOLD = 8  # words from which an answer tells enough for a card to fit it, and not only a word of it
CLOSE = 0.75  # a passage's score from which its mirror may be held up to a scene that was not told for advice
LONGEST = 120  # characters (coaching.md section 4)
FEW = 5  # words; a shorter answer is no scene
LATELY = 12  # marks of what was said, about three messages
PAST = timedelta(days=60)  # how far back somebody is remembered


def mirror_at(draft: Draft, guide: str, step: str, answer: str) -> str:
    """What is said back to the answer to a step of a guide, at most LONGEST characters; empty where the guide asks for none."""
    of, spoken = draft.guide(guide).step(step).mirror, draft.spoken(guide).steps[step]
    if of is None:
        return ""
    key = f"flow.{guide}.{step}"
    said = (_seen_before(draft, answer) if draft.guide(guide).kept else None) or _grave(draft, answer)
    if said is None and (answered := _answered(draft, answer, spoken.answers, key)) is not None:
        return answered
    said = said or mirror_in(draft, answer) or _own(draft, answer, spoken.mirrors, key)
    return made_theirs(draft, answer, said or (_of_card(draft, answer) if of == "scene" else None) or _of_shape(draft, answer))


def mirror_of(draft: Draft, answer: str) -> str:
    """The same for a scene that was told, whatever was asked."""
    if (answered := _answered(draft, answer, (), "")) is not None:
        return answered
    return made_theirs(draft, answer, mirror_in(draft, answer) or _of_card(draft, answer) or _of_shape(draft, answer))


def _grave(draft: Draft, answer: str) -> str | None:
    """What happened, where it weighs more than what was asked."""
    told = told_in(draft, answer)
    return told.mirror() if told and told.grave and told.fresh else None


def _answered(draft: Draft, answer: str, kinds: Sequence[Heard], key: str) -> str | None:
    """By the kind of answer it is: to this question, else to any; None for no kind. What is heard as one is nothing else, so where all was
    said of it lately it is empty; and as its line tells what it is about, only what somebody said in it is put beside."""
    kind = heard_as(draft, answer, kinds, key) or heard_as(draft, answer, draft.words.answers, "flow.any")
    if kind is None:
        return None
    return made_theirs(draft, answer, kind.mirror(), only="said") if kind.fresh else ""


def _own(draft: Draft, answer: str, own: Sequence[str], key: str) -> str | None:
    """One of the mirrors of this very question, unless all were heard lately or the answer says nothing."""
    fresh = any(draft.heard_at(f"{key}#{n}") < 0 for n in range(len(own)))
    if not fresh or tells_nothing(answer, draft.words.hear):
        return None
    return draft.fitting(key, LONGEST, tuple(own))


def _seen_before(draft: Draft, answer: str) -> str | None:
    """Somebody who is in an earlier entry as well; said once in a while only."""
    if draft.said_lately("flow.before", LATELY):
        return None
    for who, known_by in _people_in(draft, answer):
        for entry in draft.context.entries:
            recent = timedelta(0) < draft.today - entry.event_date <= PAST
            if recent and entry.id != draft.here.entry and any(known_by <= set(words_in(text)) for _, text in entry.answers):
                date = draft.day(entry.event_date)
                return draft.fitting("flow.before", LONGEST, who=who, date=date)
    return None


def _people_in(draft: Draft, answer: str) -> Iterator[tuple[str, set[str]]]:
    """Whom an answer names, as they are called here and by which words: the mayor, Ana. "The partners" are everybody and nobody."""
    hear = draft.words.hear
    who = who_in(answer, hear)
    if who and words_in(who)[-1] not in hear.general:
        yield who, {words_in(who)[-1]}
    for name in re.findall(r"(?<=[a-zà-ÿ,;] )[A-ZÀ-Þ][\w’'-]+", answer):
        if not set(words_in(name)) & {*hear.general, *hear.fillers, *hear.hedges, *hear.not_names}:
            yield name, set(words_in(name))


def _of_card(draft: Draft, answer: str) -> str | None:
    best = draft.context.passages[0] if draft.context.passages else None
    if best is None or best.score < CLOSE or len(words_in(answer)) < TOLD:
        return None
    voice = Voice(draft, best, answer)
    theirs = {word for word in words_in(answer) if len(word) > 3} - set(draft.words.hear.fillers)
    fit = [part for part in voice.mirrors() if len(said := voice.part(part)) <= LONGEST and theirs & set(words_in(said))]
    fresh = voice.fresh(fit)
    return voice.use(fresh) if fresh else None


def _of_shape(draft: Draft, answer: str) -> str:
    """By the most telling shape the answer has that was not told of lately; empty where it has none."""
    name = next((shape for shape in _shapes(answer, draft.words.hear) if not draft.said_lately(f"flow.{shape}", LATELY)), None)
    return draft.fitting(f"flow.{name}", LONGEST) if name else ""


def _shapes(answer: str, hear: Hear) -> Iterator[str]:
    """The shapes that an answer has, the most telling first."""
    if len(words_in(answer)) < FEW and not feels(answer, hear):
        has = {"nothing": tells_nothing(answer, hear)}
    else:
        has = {
            "again": says_any(answer, hear.again),
            "asks": answer.rstrip().endswith("?"),
            "contrast": turns_in(answer, hear),
            "feeling": feels(answer, hear),
            "light": light(answer, hear),
        }
    yield from (name for name, there in has.items() if there)

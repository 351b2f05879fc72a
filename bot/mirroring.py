"""The short mirror of an answer in a reflection: something that was in it and may not have been seen.

Looked for in this order: somebody who was in an earlier entry too; a line written for just this question; what happened, where that was
heard; a knowledge card that fits a scene closely; then the answer's own shape: something that comes back, a "but", a feeling, a price.
One that holds nothing of theirs has a word of theirs put beside it; where nothing fits, none is said. A mirror guesses and
never praises; it holds at most six of the person's own words in a row, tells them back never twice running, and no kind of it comes
twice running while another one fits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Literal

from bot.draft import Draft
from bot.happening import mirror_in
from bot.hearing import feels, handed_back, says_any, shape_of, turns_in, who_in
from bot.quoting import dark, light
from bot.spelling import any_in, in_words, words_in
from bot.theirs import made_theirs
from bot.voice import Voice

TOLD = 8  # words from which an answer tells enough for a card to fit it, and not only a word of it
CLOSE = 0.75  # a passage's score from which its mirror may be held up to a scene that was not told for advice
LONGEST = 120  # characters (coaching.md section 4)
FEW = 5  # words; a shorter answer is no scene
LATELY = 12  # marks of what was said, about three messages
PAST = timedelta(days=60)  # how far back somebody is remembered


def mirror_of(draft: Draft, answer: str, of: Literal["scene", "thought"] = "scene", own: Sequence[str] = (), key: str = "") -> str:
    """At most LONGEST characters. `of`: whether the answer tells what happened or what somebody makes of it.

    `own` are the mirrors written for just this question, remembered under `key`.
    """
    known = _seen_before(draft, answer) or _own(draft, answer, own, key) or mirror_in(draft, answer)
    said = known or (_of_card(draft, answer) if of == "scene" else None) or _of_shape(draft, answer, of)
    return made_theirs(draft, answer, said)


def _own(draft: Draft, answer: str, own: Sequence[str], key: str) -> str | None:
    """One of the mirrors of this very question, unless all were heard lately or the answer says nothing."""
    fresh = any(draft.heard_at(f"{key}#{n}") < 0 for n in range(len(own)))
    if not fresh or shape_of(answer, draft.words.hear) == "nothing":
        return None
    return draft.fitting(key, LONGEST, tuple(own))


def _seen_before(draft: Draft, answer: str) -> str | None:
    """Somebody who is in an earlier entry as well; said once in a while only."""
    if draft.said_lately("flow.before", LATELY):
        return None
    place = draft.here
    for who, known_by in _people_in(draft, answer):
        for entry in draft.context.entries:
            recent = timedelta(0) < draft.today - entry.event_date <= PAST
            if recent and entry.id != place.entry and any(known_by <= set(words_in(text)) for _, text in entry.answers):
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


def _of_shape(draft: Draft, answer: str, of: str) -> str:
    """By the most telling shape the answer has that was not told of lately; empty where it has none."""
    back = "" if draft.said_lately("flow.back", LATELY // 2) else draft.said_back(answer)
    shapes = list(_shapes(draft, answer, back, of))
    name = next((shape for shape in shapes if not draft.said_lately(f"flow.{shape}", LATELY)), None)
    return draft.fitting(f"flow.{name}", LONGEST, back=back or _in_short(draft, answer)) if name else ""


def _in_short(draft: Draft, answer: str) -> str:
    """An answer of a few words as it is told back; empty where a verb would change."""
    hear, words = draft.words.hear, words_in(answer)
    whole = len(words) < FEW and "?" not in answer and (not hear.subjectless or words[0] in hear.reading.determiners)
    return (handed_back(answer.strip(" .,;!…"), hear) or "") if words and whole else ""


def _shapes(draft: Draft, answer: str, back: str, of: str) -> Iterator[str]:
    """The shapes that an answer has, the most telling first."""
    hear, words = draft.words.hear, words_in(answer)
    shape = shape_of(answer, hear)
    if len(words) < FEW and not feels(answer, hear):
        has = {
            "wide": any_in(hear.shapes.wide, in_words(answer)),
            "nothing": shape == "nothing",
            "short": shape != "nothing" and bool(_in_short(draft, answer)),
        }
    else:
        has = {
            "again": says_any(answer, hear.again),
            "asks": answer.rstrip().endswith("?"),
            "back": bool(back),
            "contrast": turns_in(answer, hear),
            "feeling": feels(answer, hear),
            "dark": dark(answer, hear),
            "light": light(answer, hear),
            "others": of == "scene" and shape == "others",
            "view": of == "thought" and shape == "others",
        }
    yield from (name for name, there in has.items() if there)

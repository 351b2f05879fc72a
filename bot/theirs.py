"""What is somebody's own in what they tell, in a few of their words: a quotation, a feeling, what somebody did.

A mirror that holds none of it fits anybody (rubric C1), so one is put beside it. Pure and lexical: what is not surely whole is left, and a
word of theirs stands alone, so that nothing is said of it which they did not say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from zlib import crc32

from bot.doings import doing_in
from bot.draft import Draft
from bot.happening import LONGEST, OWN
from bot.hearing import asks_plainly, feels, feels_with
from bot.spelling import any_in, flat, in_line, words_in
from prompts.library import Hear, Own

STEM = 5  # letters by which a word is known again
JUST_TOLD = 4  # marks of what was said, the last reply
TOLD_LATELY = 30  # marks of what was said, some eight replies: within them no word is handed back twice


def made_theirs(draft: Draft, text: str, mirror: str, longest: int = LONGEST, only: str = "") -> str:
    """A mirror with something of theirs beside it, where it holds nothing of the kind and there is room in `longest` characters; without
    a mirror what is theirs, with what may hang on it, or nothing. `only`: the one kind that may be put there."""
    hear = draft.words.hear
    if (mirror and holds(mirror, text, hear)) or (not mirror and (asks_plainly(text, hear) or text.rstrip().endswith("?"))):
        return mirror
    for kind, own, who in found_in(text, hear):
        if (only and kind != only) or (mirror and _speaks_of(mirror, kind, own, hear)):
            continue
        mark = _mark(own)
        if draft.lately(mark, TOLD_LATELY):
            continue
        key = _key(kind, alone=not mirror)
        slots = {"own": own, "who": who, "mirror": mirror}
        if draft.fits(key, longest, **slots):
            draft.remember(mark)
            return draft.fitting(key, longest, **slots)
    return mirror


def told_before(draft: Draft, asked: str) -> str:
    """Of what a talk told, the latest thing that was done or quoted and not just told back, as it stands; empty where there is none."""
    for line in reversed(asked.splitlines()):
        for kind, own, _ in found_in(line, draft.words.hear):
            if not kind.startswith("felt") and not draft.lately(_mark(own), JUST_TOLD):
                draft.remember(_mark(own))
                return f"{own}." if kind != "said" else draft.fill(draft.words.variants("theirs.said")[0], own=own, mirror="").strip()
    return ""


def _mark(own: str) -> str:
    return f"theirs:{crc32(flat(own).encode()):x}"  # not the words themselves: marks are no place for them


def _key(kind: str, *, alone: bool) -> str:
    if kind.startswith("doing."):
        return kind if alone else "theirs.doing"
    return f"theirs.{kind}.alone" if alone else f"theirs.{kind}"


def holds(mirror: str, text: str, hear: Hear) -> bool:
    """Whether a mirror names something that was told."""
    return bool(_telling(mirror, hear) & _telling(text, hear))


def _speaks_of(mirror: str, kind: str, own: str, hear: Hear) -> bool:
    """Whether a mirror speaks of the same feeling, or of the same person or thing, in words of its own."""
    if kind.startswith("felt"):
        return any_in(hear.own.felt[own], in_line(mirror))
    return words_in(own)[-1] in words_in(mirror)


def _telling(text: str, hear: Hear) -> set[str]:
    passed = {*hear.fillers, *hear.subjects, *hear.loose_ends}
    return {word[:STEM] for word in words_in(text) if word not in passed and (len(word) >= STEM or word.isdecimal())}


def found_in(text: str, hear: Hear) -> Iterator[tuple[str, str, str]]:
    """What is theirs in a text: its kind, the words, and whom it is about where it names somebody; the most telling first."""
    own = hear.own
    if said := _quoted(text):
        yield "said", said, ""
    doing, felt = doing_in(text, hear), _felt(text, hear, own)
    if felt and feels(text, hear):
        yield "felt", felt, ""
    if doing:
        yield f"doing.{doing.kind}", doing.said, doing.who
    if felt and not feels(text, hear) and (not own.whose or any_in(own.whose, in_line(text))):
        yield "felt.others", felt, ""


def _quoted(text: str) -> str:
    """What somebody said, as it was told in quotation marks."""
    found = re.search(r"[\"“”«»„]\s*([^\"“”«»„]{4,60}?)\s*[\"“”«»„]|(?<!\w)['‘](?=\w)([^'‘’]{4,60}?)['’](?!\w)", text)
    said = (found[1] or found[2]).rstrip(".,") if found else ""
    spoken = not re.search(r"[/@<>={}\\]|\w\.\w", said)  # and no address or code that was pasted
    return said if spoken and 1 < len(words_in(said)) <= OWN else ""


def _felt(text: str, hear: Hear, own: Own) -> str:
    """The feeling that is named, as a noun; none that is denied."""
    line = in_line(text)
    if not (feels(text, hear) or feels_with(text, hear)) or any_in(own.unfelt, line):
        return ""
    return next((noun for noun, patterns in own.felt.items() if any_in(patterns, line)), "")

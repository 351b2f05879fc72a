"""Tells apart the matters that one message lists, each in the person's own words (coaching.md section 2, S5).

Only what is listed is told apart: lines with numbers or dots, matters that are announced ("three things: …") or added to each other
("on top of that …"). A story with many people in it stays one story.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from bot.asking import clip
from bot.hearing import any_of, feels
from bot.model import Choice, Talk
from bot.spelling import READ, any_in, expression, flat, words_in
from prompts.library import Hear

MOST = 5  # matters that are named; of more, those that were given most words
TELLS = 3  # words of content that a matter has; a shorter piece belongs to the one before it
NAMED = 2  # the same where matters are plainly listed
PAIR = 2  # matters that are announced as two
SERIES = 3  # clauses in a row, each about somebody else, that make a list without saying so
PARTY = 4  # words in which somebody is named and nothing told of them
TOLD = 4  # words that these have on the average; a scene is told in fewer
STORY = 18  # words of a message in which "also" begins another matter; in a shorter one it adds to the same
NAME = (2, 5)  # words, least and most, by which a matter is named
WHOLE = 6  # words of a matter that is named whole
LOOSE = 8  # words by which one is named that opens with nobody: "on me demande un rapport"
BARE = 4  # words in which a matter is picked by its name alone
LABEL = 56  # characters of a matter that are shown

Reason = Literal["felt", "dated", "awaited", "told"]

_MARKED = re.compile(r"(?m)^[ \t]*(?:\d{1,2}[.):]|[-•*–])[ \t]+|(?<=\s)\(?\d\)[ \t]*")
_OUTSIDE = r"(?![^()]*\))"  # of brackets
_ENDS = re.compile(r"[.;!?\n]+(?=\s|$)|(?<!\d),(?!\d)" + _OUTSIDE + r"|\s[-–—](?=\s)")
_HEADED = re.compile(r"^[^:.!?\n]{3,60}:\s")  # a few words that something is listed under
_SENTENCES = re.compile(r"[.!?\n]+(?=\s|$)")
_TRIM = " \t\n.,;:!-–•*"


def threads_in(text: str, hear: Hear) -> tuple[str, ...]:
    """Two to five matters in their order, each one line of the message; none where it does not list any."""
    said = _unprefaced(_unasked(text[:READ], hear), hear)
    flatly = flat(said)
    announced = [found for pattern in hear.listing if (found := expression(pattern).search(flatly))]
    start = max((found.end() for found in announced), default=0)
    marks = list(_MARKED.finditer(said))
    if len(marks) > 1:
        lines = zip(marks, [*(mark.start() for mark in marks[1:]), len(said)], strict=True)
        return _most_told(tuple(filter(None, (_clean(said[mark.end() : end], hear) for mark, end in lines))), hear)
    if counted := _counted(said, flatly, hear):
        return _most_told(counted, hear)
    joined = (found for found in re.finditer(_begins(hear.adding), flatly) if found.start("from") >= start)
    adding = [(found.start("from"), found.end()) for found in joined if _tells_of(_SENTENCES.split(flatly[found.end() :])[0], hear)]
    sentences = [found.span() for found in _SENTENCES.finditer(said) if found.start() >= start]
    cuts = _clauses(said, start, hear)
    if announced:
        least = PAIR if set(words_in(announced[-1][0])) & {*hear.heads.pair} else SERIES
        added = _cut(said, start, adding, hear, TELLS) if len(adding) >= least - 1 else ()
        told = _cut(said, start, sentences, hear, NAMED)
        return _most_told(added if len(added) >= least else told if len(told) >= least else _cut(said, start, cuts, hear, NAMED), hear)
    if row := _listed_under(said, hear) or _series(said, sentences, cuts, bool(adding), hear) or _in_one_sentence(said, hear):
        return _most_told(row, hear)
    return _most_told(_cut(said, 0, adding, hear, TELLS), hear) if adding and len(words_in(said)) >= STORY else ()


def _counted(said: str, flatly: str, hear: Hear) -> tuple[str, ...]:
    """What is counted aloud: "one, the quarrel about the keys, two, my boss wants ..."; () where nothing is, or only the first."""
    for row in hear.heads.counts:
        marks, after = list[re.Match[str]](), 0
        for count in row:
            found = expression(rf"(?:^|[.,;:!?\n(-]\s*|\s(?:{any_of(hear.linking)})\s+){count}").search(flatly, after)
            if found is None:
                break
            marks.append(found)
            after = found.end()
        if len(marks) >= PAIR:
            ends = [*(mark.start() for mark in marks[1:]), len(said)]
            return tuple(filter(None, (_clean(said[mark.end() : end], hear) for mark, end in zip(marks, ends, strict=True))))
    return ()


def _tells_of(added: str, hear: Hear) -> bool:
    """Whether what is added says something, and is not one more of those who take part: "plus a cold-store company"."""
    words = words_in(added)
    return len(words) > PARTY or bool(hear.heads.ending.intersection(words))


def _unasked(text: str, hear: Hear) -> str:
    """A message without the question where to begin, on which it ends."""
    asked = re.search(r"(?:^|[:,;.!–-])\s*(?P<asked>[^:,;.!?\n]*\?)\s*$", text)
    return text[: asked.start("asked")].rstrip(" :,;–-") if asked and any_in(hear.heads.aside, flat(asked["asked"]).strip("¿ ")) else text


def _unprefaced(text: str, hear: Hear) -> str:
    """A message without the words that only announce it: "long one, sorry."; those that announce a list stay."""
    ends = _SENTENCES.search(text)
    head = flat(text[: ends.end()]) if ends else ""
    only = ends is not None and any_in(hear.heads.aside, head.strip(_TRIM)) and not any_in(hear.listing, head)
    return text[len(head) :].lstrip() if only else text


def _clauses(said: str, start: int, hear: Hear) -> list[tuple[int, int]]:
    """Where clauses end, and where an "and" puts another matter beside the one before: "and the farmers stopped coming"."""
    shape = rf"\s(?:{any_of(hear.linking)})\s+(?=(?:{any_of(hear.heads.openers)})\b){_OUTSIDE}"
    added = [words for words in hear.adding if words.partition(" ")[0] in hear.linking]  # "and on top of that the van ..."
    heaped = rf"\s(?:{any_of(added)}),?\s+(?=(?:{any_of(hear.heads.openers)})\b){_OUTSIDE}"
    found = [*_ENDS.finditer(said), *re.finditer(shape, flat(said)), *re.finditer(heaped, flat(said))]
    return sorted({each.span() for each in found if each.start() >= start})


def _listed_under(said: str, hear: Hear) -> tuple[str, ...]:
    """What is listed after a few words and a colon: "my list today: the van, the visas, a quarrel about keys"."""
    head = _HEADED.match(said)
    if head is None or len(list(_SENTENCES.finditer(said))) > 1:
        return ()
    cuts = _clauses(said, head.end(), hear)
    pieces = _cut(said, head.end(), cuts, hear, 1)
    named = all(len(words_in(piece)) <= LOOSE and flat(piece).split()[0] not in hear.heads.ending for piece in pieces)
    return pieces if len(pieces) >= SERIES and named else ()


def _series(said: str, sentences: Sequence[tuple[int, int]], cuts: Sequence[tuple[int, int]], added: bool, hear: Hear) -> tuple[str, ...]:
    """Clauses in a row, each of which opens with something or somebody of its own; () where one leans on another, as in a story.

    They stand in one sentence, or are sentences of which one is said to be added to the others.
    """
    whole = _cut(said, 0, sentences, hear, NAMED)
    pieces = whole if added and len(whole) >= SERIES else _cut(said, 0, cuts, hear, NAMED)
    opened = all(_opens(piece, hear) for piece in pieces)
    subjects = {words_in(name_of(piece, hear))[: NAME[0]] for piece in pieces}
    one = len([part for part in _SENTENCES.split(said) if words_in(part)]) == 1
    enough = len(words_in(" ".join(pieces))) >= TOLD * len(pieces) and len(words_in(said)) >= SERIES * TOLD
    return pieces if len(pieces) >= SERIES and opened and len(subjects) == len(pieces) and (one or added) and enough else ()


def _in_one_sentence(said: str, hear: Hear) -> tuple[str, ...]:
    """The same where one sentence among others holds them: "We are three. The bank ..., the college ... and the cooperative ..."."""
    rows = (_series(part.strip(), [], _clauses(part.strip(), 0, hear), False, hear) for part in _SENTENCES.split(said))
    told = (row for row in rows if row and all(len(words_in(piece)) >= TOLD for piece in row))
    return next((row for row in told if all(words_in(piece)[0] in hear.reading.determiners for piece in row)), ())


def _opens(piece: str, hear: Hear) -> bool:
    said = flat(piece)
    return re.match(rf"(?:{any_of(hear.heads.openers)})\b", said) is not None or (piece[:1].isupper() and piece[1:2].isupper())


def name_of(thread: str, hear: Hear) -> str:
    """What a matter is called: its first group of words, whole, up to where something begins to be said of it."""
    told = thread.split()
    headed = next((n + 1 for n, word in enumerate(told[: NAME[1]]) if word[-1] == ":"), 0)
    if headed:
        return " ".join(told[:headed]).strip(_TRIM)
    if len(told) <= WHOLE:
        return " ".join(told)
    flatly = [flat(word).strip(_TRIM + '"“”«»()') for word in told]
    end = 0
    for n in range(NAME[0], min(len(told), NAME[1] + 1)):
        soft = flatly[n] in hear.heads.joining
        if soft or told[n - 1][-1] in ",:;(" or _ends_before(flatly, n, hear):
            end = n
            if not soft:
                break
    loose = hear.heads.opening.union(hear.heads.ending, hear.heads.joining)
    for most in (end or NAME[1], LOOSE):
        end = max((n for n in range(1, min(most, len(told)) + 1) if flatly[n - 1] not in loose), default=0)
        if end >= NAME[0]:
            return " ".join(told[:end]).strip(_TRIM)
    return " ".join(told)


def _ends_before(words: Sequence[str], n: int, hear: Hear) -> bool:
    """A group of words ends before a verb or a word that joins, and before a verb that is only known by what follows it."""
    ended = words[n] in hear.heads.ending or words[n].partition("'")[0] + "'" in hear.heads.ending
    verb = n + 1 < len(words) and words[n + 1] in hear.heads.opening and words[n - 1] not in hear.heads.joining
    return ended or verb


def leading(threads: Sequence[str], hear: Hear, dated: Sequence[bool] = ()) -> tuple[int, Reason]:
    """Which matter one might begin with, and for what reason: the feeling in it, its day, that somebody waits for it, else that it is the
    one told most about. A reason that several share is none."""
    felt = [number for number, thread in enumerate(threads) if feels(thread, hear)]
    days = [number for number, day in enumerate(dated) if day]
    waits = [number for number, thread in enumerate(threads) if any_in(hear.heads.awaited, flat(thread))]
    reasons: list[tuple[Reason, list[int]]] = [("felt", felt), ("dated", days), ("awaited", waits)]
    for reason, numbers in reasons:
        if len(numbers) == 1:
            return numbers[0], reason
    return max(range(len(threads)), key=lambda number: (len(words_in(threads[number])), -number)), "told"


def choices_of(talk: Talk) -> list[Choice]:
    """Each with as much of what was said as a label holds: a name alone does not tell what is the matter."""
    return [Choice(f"thread:{number}", clip(thread, LABEL)) for number, thread in enumerate(talk.threads)]


def picked_in(talk: Talk | None, text: str, choice: str | None, hear: Hear) -> int | None:
    """The number of the matter that was picked, by its choice or by words out of it; None where none is to be picked."""
    if talk is None or not talk.threads:
        return None
    if choice and choice.startswith("thread:"):
        return int(choice.partition(":")[2])
    if talk.stage != "threads" and not _is_bare(text, talk.threads, hear):
        return None
    return _nearest(talk.threads, text, hear)


def _is_bare(text: str, threads: Sequence[str], hear: Hear) -> bool:
    """Whether a text is no more than the name of a matter that was listed: "the credit union"."""
    words = words_in(text)
    named = [word for word in words if word not in hear.filling]
    return len(words) <= BARE and bool(named) and "?" not in text and any(set(named) <= set(words_in(thread)) for thread in threads)


def left_of(talk: Talk | None, at: datetime) -> Talk | None:
    """What stays of a talk that has come to its end: the matters that were listed beside it."""
    return Talk("", "threads", at, at, "", threads=talk.threads) if talk and talk.threads else None


def _nearest(threads: Sequence[str], text: str, hear: Hear) -> int | None:
    """The matter that a text speaks of, by the words they share; None when that is none, or not clearly one."""
    said = set(words_in(text)) - {*hear.fillers, *hear.loose_ends, *hear.heads.ends}
    shared = [len(said & set(words_in(thread))) for thread in threads]
    best = max(shared, default=0)
    return shared.index(best) if best and shared.count(best) == 1 else None


def shown(thread: str, hear: Hear) -> str:
    """A matter as it is named to the person."""
    return clip(name_of(thread, hear), LABEL)


def _begins(adding: Sequence[str]) -> str:
    """An expression for the beginning of a sentence or clause that adds another matter. `from` stands where the matter before it ends."""
    words = "|".join(sorted(map(re.escape, adding), key=len, reverse=True)) or "(?!)"
    return rf"(?P<from>(?:^|[.,;:!?\n])\s*)(?:{words})\b[,:]?"


def _cut(said: str, start: int, cuts: Sequence[tuple[int, int]], hear: Hear, tells: int) -> tuple[str, ...]:
    """What lies between the cuts; what says too little goes to the one before it, as written, and what only sets the scene is none."""
    spans: list[tuple[int, int]] = []
    for begin, end in zip([start, *(after for _, after in cuts)], [*(before for before, _ in cuts), len(said)], strict=True):
        piece = said[begin:end]
        stands = _stands(piece, hear, tells)
        if said[end : end + 1] == "?" or any_in(hear.heads.aside, flat(_clean(piece, hear))):
            continue
        if spans and not stands:
            spans[-1] = (spans[-1][0], end)
        elif stands:
            spans.append((begin, end))
    return tuple(_clean(said[begin:end], hear) for begin, end in spans)


def _stands(piece: str, hear: Hear, tells: int) -> bool:
    """It says enough, and does not lean on what was said before: "so I do her work", "they're furious"."""
    words = words_in(_uncounted(piece, hear))
    leans = words[:1] and words[0] in hear.joints and words[0] not in hear.linking
    pointing = {*hear.reading.pointers} - {*hear.reading.determiners}
    leans = leans or (len(words) <= PARTY and words[:1] and words[0] in pointing)
    return not leans and len([word for word in words if word not in hear.fillers]) >= tells


def _uncounted(piece: str, hear: Hear) -> str:
    return _without(piece.strip(_TRIM), [*hear.linking, *hear.adding, *hear.heads.ordered])


def _without(line: str, leads: Sequence[str]) -> str:
    """A line without such words at its head."""
    found = re.match(rf"(?:(?:{any_of(leads)})\b[,:]?\s*)+", flat(line))
    return line[found.end() :].strip(_TRIM) if found and found.end() < len(line) else line


def _clean(piece: str, hear: Hear) -> str:
    """One line, without what joined it to the one before."""
    line = " ".join(piece.split()).strip(_TRIM)
    return _without(line, [*hear.joints, *hear.adding, *hear.heads.ordered])


def _most_told(threads: tuple[str, ...], hear: Hear) -> tuple[str, ...]:
    if len(threads) < 2:
        return ()
    kept = sorted(threads, key=lambda thread: (feels(thread, hear), len(words_in(thread))), reverse=True)[:MOST]
    return tuple(thread for thread in threads if thread in kept)

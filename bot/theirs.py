"""What is somebody's own in what they tell, in a few of their words: a quotation, a feeling, what somebody did.

A mirror that holds none of it fits anybody (rubric C1), so one is put beside it. Pure and lexical: what is not surely whole is left, and a
word of theirs stands alone, so that nothing is said of it which they did not say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from zlib import crc32

from bot.doings import BRIEF, PAIR, PLAIN, TELLING, doing_in, doings_in, fact_in, facts_in, lowered, run_of
from bot.draft import Draft
from bot.fragments import fragment_in
from bot.happening import LONGEST, OWN, Told, besides
from bot.hearing import asks_plainly, feels, feels_with, handed_back, without_introduction
from bot.recasting import clause_told, said_again
from bot.retelling import clauses_in, contrast_in, retold_in, weight_of
from bot.spelling import BETWEEN_SENTENCES, any_in, expression, flat, in_line, one_line, words_in
from prompts.library import Hear, Own

STEM = 5  # letters by which a word is known again
JUST_TOLD = 12  # marks of what was said, some two replies
PARTICULARS, SO_FAR, SHORT = 3, 160, 8  # of a talk that are told back together, in so many characters; words of a doing among them
TELLS = 3  # words of an amount that says something by itself: "two sets of minutes", not "6 pages"
FACTS, AGAINST = "theirs.facts", "theirs.against"
FELT = "theirs.felt.behind"
WEIGHTY = "doing.weighty"  # the kind of a clause that tells much and is of no other
ROOM = 150  # characters of a mirror that is made of two facts
ODD = 2  # words in quotation marks that name something oddly, unless somebody said them
PAIRED = 3.0  # what each of two clauses weighs that are told back beside each other
HEAVY = 4.0  # what a clause weighs that tells enough to stand among others
KNOWN = 2.0  # what it weighs besides that it is known what kind of doing something is
TOLD_LATELY = 30  # marks of what was said, some eight replies: within them no word is handed back twice


def made_theirs(draft: Draft, text: str, mirror: str, longest: int = LONGEST, only: str = "", told: Told | None = None) -> str:
    """A mirror with something of theirs beside it, where it holds nothing of the kind and there is room in `longest` characters; without
    a mirror what is theirs, with what may hang on it, or nothing. `only`: the one kind that may be put there. `told`: the happening whose
    mirror it is."""
    hear = draft.words.hear
    text = without_introduction(text, hear)
    if _fits_only(draft, mirror, text, told) if mirror else asks(text, hear):
        return mirror
    if not only and (again := said_again(draft, text, longest, mirror)):
        return again
    for kind, own, who in found_in(text, hear):
        if (only and kind != only) or (mirror and _speaks_of(mirror, kind, own, hear)):
            continue
        mark = _mark(own)
        if draft.lately(mark, TOLD_LATELY):
            continue
        heavy = kind == f"doing.{PLAIN}" and weight_of(own, hear) >= HEAVY
        key = WEIGHTY if heavy and not mirror else _key(kind, alone=not mirror)
        slots = {"own": own, "who": who, "mirror": mirror}
        if draft.fits(key, longest, **slots):
            draft.remember(mark)
            return draft.fitting(key, longest, **slots)
    return mirror


def felt_in(draft: Draft, text: str) -> str:
    """What is said of a feeling that was named behind what it is about; empty where there is none, or what is said again names it."""
    hear = draft.words.hear
    clause = clause_told(draft, text)
    felt = _felt(text, hear, hear.own) if clause and feels(text, hear) and not feels(clause, hear) else ""
    return draft.line(FELT, own=felt) if felt else ""


def so_far(draft: Draft, asked: str) -> str:
    """What a talk told, a particular a message: the first one and the latest two, in their order. Empty where there is none, or where all
    of them were just told back."""
    hear = draft.words.hear
    found = dict.fromkeys(piece for line in asked.splitlines() if (piece := _particular(draft, line, hear)))
    told = [*found][:1] + [*found][1:][1 - PARTICULARS :]
    between = draft.line("theirs.between")
    while told and not draft.fits(_row(told), SO_FAR, told=between.join(told)):
        told = told[:-1] if len(told) == 1 else [told[0], *told[2:]]
    if all(draft.lately(_mark(piece), JUST_TOLD) for piece in told):
        return ""
    for piece in told:
        draft.remember(_mark(piece))
    return draft.fitting(_row(told), SO_FAR, told=between.join(told))


def _row(told: Sequence[str]) -> str:
    return "theirs.so-far" if len(told) > 1 else "theirs.so-far.one"


def facts(draft: Draft, text: str) -> str:
    """Two things that were told, beside each other; empty where there are not two, or they were just told back, or something is asked."""
    hear = draft.words.hear
    if asks(text, hear):
        return ""
    pairs = [pair for pair in (facts_in(text, hear), _weightiest(text, hear)) if pair]
    return _beside(draft, text, FACTS, max(pairs, key=lambda pair: sum(weight_of(each, hear) for each in pair), default=()))


def against(draft: Draft, text: str) -> str:
    """Two things that were told in one sentence, the second against the first; empty where there are none, or as with `facts`."""
    hear = draft.words.hear
    pair = () if asks(text, hear) or draft.said_lately(AGAINST, JUST_TOLD) else contrast_in(text, hear)
    return _beside(draft, text, AGAINST, [_within(each, text, hear) for each in pair])


def _beside(draft: Draft, text: str, key: str, pair: Sequence[str]) -> str:
    slots = dict(zip(PAIR, pair, strict=False))
    if not slots or any(draft.lately(_mark(fact), TOLD_LATELY) for fact in slots.values()):
        return ""
    filled = {variant: draft.fill(variant, **slots) for variant in draft.words.variants(key)}
    own = tuple(variant for variant, said in filled.items() if len(said) <= ROOM and run_of(said, text) <= OWN)
    if not own:
        return ""
    for fact in slots.values():
        draft.remember(_mark(fact))
    said = draft.fitting(key, ROOM, own, **slots)
    return said[:1].upper() + said[1:]


def _weightiest(text: str, hear: Hear) -> list[str]:
    """The two weightiest clauses of a text in their order, the other as it stands behind one; none where there is but one."""
    told = [(place, clause) for place, clause in enumerate(clauses_in(text, hear)) if clause.weighs >= PAIRED]
    told = [each for each in told if len(words_in(each[1].said)) <= BRIEF]
    heaviest = sorted(sorted(told, key=lambda each: -each[1].weighs)[: len(PAIR)])
    if len(heaviest) < len(PAIR):
        return []
    one, other = (clause.said for _, clause in heaviest)
    return [one, _within(other, text, hear)]


def _within(said: str, text: str, hear: Hear) -> str:
    """What is told back as it stands in the middle of a sentence: a name keeps its capital."""
    first = words_in(said)[:1]
    small = first and first[0] in {*hear.subjects, *hear.addressed, *hear.reading.determiners, *hear.doings.pronouns}
    return said[:1].lower() + said[1:] if small or not re.search(rf"\b{re.escape(said[:3])}", text) else said


def opening(draft: Draft, text: str) -> str:
    """What was told in a message beside what is asked in it, as it stands: two facts, else what somebody did, else what was said in
    quotation marks, else its weightiest clause. Empty where there is none, or where it was just told back."""
    besides = without_introduction(text, draft.words.hear)
    sentences = (part.split(", ") if asks(part, draft.words.hear) else [part] for part in BETWEEN_SENTENCES.split(besides))
    told = " ".join(", ".join(part for part in parts if not asks(part, draft.words.hear)) for parts in sentences)
    if pair := facts(draft, told):
        return pair
    doing = doing_in(told, draft.words.hear)
    quoted = _quoted(told, draft.words.hear)
    own = doing.said if doing and len(words_in(doing.said)) <= BRIEF else draft.line("theirs.quoted", own=quoted) if quoted else ""
    own = own or retold_in(told, draft.words.hear)
    if not own or draft.lately(_mark(own), TOLD_LATELY):
        return ""
    draft.remember(_mark(own))
    return f"{own}."


def counted(draft: Draft, text: str) -> str:
    """Two amounts that are named in a text, told back; empty where there is one or none, or they were told back lately."""
    amounts = amounts_in(text, draft.words.hear)[: len(PAIR)]
    if len(amounts) < len(PAIR) or asks(text, draft.words.hear):
        return ""
    told = ", ".join(amounts)
    if draft.lately(_mark(told), TOLD_LATELY) or not draft.fits("theirs.amounts", LONGEST, told=told):
        return ""
    draft.remember(_mark(told))
    return draft.fitting("theirs.amounts", LONGEST, told=told)


def asks(text: str, hear: Hear) -> bool:
    return asks_plainly(text, hear) or text.rstrip().endswith("?")


def _particular(draft: Draft, line: str, hear: Hear) -> str:
    """The most telling thing of a message that can stand in a row of others: what the writer did, a quotation, an amount, a weighty
    clause, what somebody else did; empty for none."""
    done = [doing for doing in doings_in(line, hear) if len(words_in(doing.said)) <= SHORT]
    told = max((each for each in clauses_in(line, hear) if len(words_in(each.said)) <= SHORT), key=lambda each: each.weighs, default=None)
    own = [doing for doing in done if doing.kind == "own"]
    amounts = [amount for amount in amounts_in(line, hear) if len(words_in(amount)) >= TELLS]
    if own and not any(amount in own[-1].said for amount in amounts):
        return lowered(own[-1])
    if said := _quoted(line, hear):
        return draft.line("theirs.quoted", own=said)
    if amounts:
        return ", ".join(amounts[:2])
    if told and told.weighs >= HEAVY:
        return _within(told.said, line, hear)
    telling = [doing for doing in done if doing.kind in TELLING] or done
    return lowered(telling[-1]) if telling else ""


def amounts_in(text: str, hear: Hear) -> list[str]:
    """So many of something, as it was put: "two sets of minutes", "twelve staff"."""
    whole, line = one_line(text), in_line(text)
    found = sorted(each.span() for pattern in hear.own.amounts for each in expression(pattern).finditer(line))
    told = (handed_back(whole[slice(*span)], hear) for span in found)
    named = list(dict.fromkeys(each[:1].lower() + each[1:] for each in told if each))
    return [each for each in named if not any(each != other and each in other for other in named)]


def _mark(own: str) -> str:
    return f"theirs:{crc32(flat(own).encode()):x}"  # not the words themselves: marks are no place for them


def _key(kind: str, *, alone: bool) -> str:
    if kind.startswith("doing."):
        return kind if alone else "theirs.doing"
    return f"theirs.{kind}.alone" if alone else f"theirs.{kind}"


def _fits_only(draft: Draft, mirror: str, text: str, told: Told | None) -> bool:
    """Whether a mirror fits just this message. That of a happening is about what anybody tells of the kind, unless it names who, for how
    long or what it was."""
    if told is None:
        return holds(mirror, text, draft.words.hear)
    general = {*draft.words.hear.general}
    named = (told.span, told.what, "" if {*words_in(told.who)[-1:]} <= general else told.who)
    return any(each and flat(each) in flat(mirror) for each in named) or holds(mirror, besides(draft, text, told), draft.words.hear)


def holds(mirror: str, text: str, hear: Hear) -> bool:
    """Whether a mirror names something that was told."""
    return bool(_telling(mirror, hear) & _telling(text, hear))


def _speaks_of(mirror: str, kind: str, own: str, hear: Hear) -> bool:
    """Whether a mirror speaks of the same feeling, or of the same person or thing, in words of its own."""
    if kind.startswith("felt"):
        return any_in(hear.own.felt[own], in_line(mirror))
    return words_in(own)[-1] in words_in(mirror)


def _telling(text: str, hear: Hear) -> set[str]:
    return {word[:STEM] for word in words_in(text) if len(word) >= STEM or word.isdecimal()} - _common(hear)


@lru_cache(8)
def _common(hear: Hear) -> frozenset[str]:
    """The beginnings of words that tell nothing by themselves."""
    words = {*hear.own.common, *hear.fillers, *hear.subjects, *hear.loose_ends}
    return frozenset(form[:STEM] for word in words for form in words_in(word))


def found_in(text: str, hear: Hear) -> Iterator[tuple[str, str, str]]:
    """What is theirs in a text: its kind, the words, and whom it is about where it names somebody; the most telling first."""
    own = hear.own
    told = sorted(clauses_in(text, hear), key=lambda clause: -clause.weighs)
    said, tells = _quoted(text, hear), bool(told) and told[0].weighs >= HEAVY
    if said and not (tells and len(words_in(said)) <= ODD):
        yield "said", said, ""
    if part := fragment_in(text, hear):
        yield "answer", part, ""
    doing, felt = doing_in(text, hear), _felt(text, hear, own)
    if felt and feels(text, hear):
        yield "felt", felt, ""
    if doing and (not told or weight_of(doing.said, hear) + KNOWN * (doing.kind != PLAIN) >= told[0].weighs):
        yield f"doing.{doing.kind}", doing.said, doing.who
    if felt and not feels(text, hear) and (not own.whose or any_in(own.whose, in_line(text))):
        yield "felt.others", felt, ""
    for clause in told:
        yield f"doing.{PLAIN}", clause.said, ""
    if doing:
        yield f"doing.{doing.kind}", doing.said, doing.who
    elif fact := fact_in(text, hear):
        yield f"doing.{fact.kind}", fact.said, ""


def _quoted(text: str, hear: Hear) -> str:
    """What somebody said, as it was told in quotation marks; two words between them may only be an odd name for something."""
    found = re.search(r"[\"“”«»„]\s*([^\"“”«»„]{4,60}?)\s*[\"“”«»„]|(?<!\w)['‘](?=\w)([^'‘’]{4,60}?)['’](?!\w)", text)
    said = (found[1] or found[2]).rstrip(".,") if found else ""
    spoken = not re.search(r"[/@<>={}\\]|\w\.\w", said)  # and no address or code that was pasted
    reported = found is not None and bool({*words_in(text[: found.start()])[-2:]} & {*hear.reported})
    return said if spoken and ODD - reported < len(words_in(said)) <= OWN else ""


def _felt(text: str, hear: Hear, own: Own) -> str:
    """The feeling that is named, as a noun; none that is denied."""
    line = in_line(text)
    if not (feels(text, hear) or feels_with(text, hear)) or any_in(own.unfelt, line):
        return ""
    return next((noun for noun, patterns in own.felt.items() if any_in(patterns, line)), "")

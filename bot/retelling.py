"""What a message tells, a clause at a time, as it can be told back: in the second person, a little other than it was written.

Where nothing better is heard this is what a mirror holds (rubric C1), so it takes any whole clause and not only those whose verb is known
(doings.py). It says nothing that was not said: a clause is told whole, with a moment of it put first, or cut where it stays whole; what
asks, what is said to the coach, and what hangs on a condition that would be lost is left. Pure and lexical: how clauses begin, what is
never told back and what else a thing is called is data (hear.retelling).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple
from zlib import crc32

from bot.doings import QUOTED, RUN, named_in_capitals, respelt, run_of
from bot.hearing import at_hand, content_of, feels, handed_back, kinds_named
from bot.spelling import BETWEEN_SENTENCES, any_in, expression, flat, in_line, one_line, words_in
from prompts.library import Hear

LEAST, MOST = 3, 16  # words of what is told back
NAMED = 3  # words by which somebody or something is only named
SHORTEST = 4  # words of what is left of a clause that is cut
CONTENT = 4  # words of content that weigh; more of them make it no more telling
TELLS, LIGHT = 2.0, -1.0  # what a clause weighs at least to be told back, and beside one that does
NAMES, WEIGHTY, FAINT = 2.0, 1.5, 2.5  # what it weighs more for whom it names and what it says, and less for naming nothing
HALF = re.compile(r"(?:^|\s)[\"'“«]\w")  # a quotation that has lost its end
APART = " ,;:–—-()"  # what stands around a clause
LOST = 1.0  # what a clause weighs less for being cut
BY_NAME = re.compile(r"(?P<whom>[^,;:]{3,40}), (?:[A-ZÀ-Þ][\w'’-]+ ?){1,3}, (?P<next>(?=[a-zà-ÿ])[\w'’-]+)")  # "my boss, Rita, says"
HANGS = 2  # parts of a sentence in which a condition and what hangs on it stand


class Retold(NamedTuple):
    """`said` is told back, without a stop; the more it `weighs`, the more it tells."""

    said: str
    weighs: float


class Clause(NamedTuple):
    """A clause in the second person, how much more it weighs for where it stands (behind a "but", or as a reason), whether it surely
    is a `whole` one, and whether it was told as a `guess`."""

    said: str
    turned: float
    whole: bool
    guess: bool = False


def retold_in(text: str, hear: Hear) -> str:
    """The most telling clause of a text, told back without a stop; empty where none can be."""
    best = max(clauses_in(text, hear), key=lambda retold: retold.weighs, default=None)
    return best.said if best else ""


@at_hand
def clauses_in(text: str, hear: Hear) -> tuple[Retold, ...]:
    """Every clause of a text that can be told back, in their order."""
    return tuple(told for clause in turned_in(text, hear) if clause.whole and (told := _fitted(clause, text, hear)))


@at_hand
def turned_in(text: str, hear: Hear) -> tuple[Clause, ...]:
    """Every clause of a text that may be told, in the second person, however long it is and however little else was changed."""
    return tuple(_turned(text, hear)) if hear.retelling.verbs else ()


@at_hand
def contrast_in(text: str, hear: Hear) -> tuple[str, ...]:
    """Two clauses of one sentence, told back, of which the second turns against the first ("they say they listen, but every date is set
    far away"), without stops; empty for none."""
    for sentence in _sentences(text, hear) if hear.retelling.verbs else ():
        for (_, one), (joint, other) in pairwise(_clauses(sentence, hear)):
            pair = [*_both(one, other, text, hear)] if joint in hear.turns else []
            if len(pair) == len((one, other)) and max(told.weighs for told in pair) >= TELLS:
                return tuple(told.said for told in pair)
    return ()


def clause_about(text: str, named: str, hear: Hear) -> str:
    """The weightiest clause of a text, as it was written, about whom or what is only named ("the college, I think"); empty for none."""
    if not hear.retelling.verbs:
        return ""
    words = words_in(_without_trails(_without_leads(named, hear), hear))
    if not 1 < len(words) <= NAMED or words[0] not in hear.reading.determiners:
        return ""
    told = [clause.rstrip(" .!…") for sentence in _sentences(text, hear) for _, clause in _clauses(sentence, hear)]
    about = [clause for clause in told if set(words[1:]) < set(words_in(clause)) and len(words_in(clause)) > len(words) + 1]
    return max(about, key=lambda clause: weight_of(clause, hear), default="")


def named_first(text: str, hear: Hear) -> str:
    """A text that only names somebody and then says "they" of them, with the name in the place of each: "the women. they fetch it, and they
    are never asked"; any other as it is."""
    name, rest = (*BETWEEN_SENTENCES.split(text.strip(), maxsplit=1), "")[:2]
    words, head = words_in(name), words_in(rest)[:1]
    if not 1 < len(words) <= NAMED or words[0] not in hear.reading.determiners or not head or head[0] not in hear.doings.pronouns:
        return text
    named = name.strip(" .!…")
    opened = expression(rf"(^|[,;:.] |\b(?:{'|'.join((*hear.linking, *hear.turns))}) ){re.escape(head[0])}\b", re.IGNORECASE)
    return opened.sub(lambda found: f"{found[1]}{named}", rest)


def _both(one: str, other: str, text: str, hear: Hear) -> Iterator[Retold]:
    for clause in (one, other):
        turned = _second_person(clause, hear)
        if turned.said and turned.whole and (told := _fitted(turned, text, hear, LIGHT)):
            yield told


def _sentences(text: str, hear: Hear) -> Iterator[str]:
    """What tells in each sentence of a text: "what if he leaves, he has a temper" is told behind its question only."""
    clean = respelt(named_in_capitals(one_line(text), hear), hear.retelling.spelling)
    for sentence in BETWEEN_SENTENCES.split(re.sub(r"[\"“«„][^\"”»“]*[\"”»“]|(?<!\w)['‘][^'’]+['’](?!\w)", f" , {QUOTED} , ", clean)):
        if sentence.rstrip(" )\"'").endswith("?"):
            continue
        asks = any_in(hear.retelling.asks, in_line(sentence))
        told = re.split(r"[,;:]", sentence, maxsplit=1)[1:] if asks else [_without_name(sentence, hear)]
        if told and not any_in(hear.retelling.asks, in_line(told[0])):
            yield told[0]


def _turned(text: str, hear: Hear) -> Iterator[Clause]:
    for sentence in _sentences(text, hear):
        turned = False
        if (hanging := _hanging(sentence, hear)) and not _is_untold(hanging, hear) and (said := _turned_to_you(hanging, hear)):
            yield Clause(said, 0, False)
        termed = [*_termed(sentence, hear)]
        for joint, clause in _clauses(sentence, hear):
            turned = turned or joint in hear.turns
            if any(_without_trails(_without_leads(clause, hear), hear) in whole for whole in termed):
                continue
            told = _second_person(clause, hear)
            if told.said:
                yield told._replace(turned=turned + (joint in hear.retelling.reasons))
        for each in termed:
            if not _is_untold(each, hear) and (said := _turned_to_you(each, hear)):
                yield Clause(said, turned, True)


def _without_name(sentence: str, hear: Hear) -> str:
    """A sentence whose first words say who it is about, without the name set behind them: "One of the chairs, Rehema, told me"."""
    found, heads = BY_NAME.match(sentence), {*hear.reading.determiners}
    if found is None or words_in(found["whom"])[0] not in heads or flat(found["next"]) in heads:
        return sentence
    if _patterns(hear).joints.fullmatch(f", {flat(found['next'])}"):  # "the chair, Rehema, and the treasurer" are three
        return sentence
    return f"{found['whom']} {sentence[found.start('next') :]}"


def _parts(sentence: str, hear: Hear) -> list[tuple[str, str]]:
    """The parts of a sentence, each with the joint before it."""
    spans = [found.span() for found in _patterns(hear).joints.finditer(flat(sentence))]
    return [
        (flat(sentence[start:end]).strip(), sentence[end:upto].strip(APART))
        for (start, end), (upto, _) in zip([(0, 0), *spans], [*spans, (len(sentence), 0)], strict=True)
    ]


def _termed(sentence: str, hear: Hear) -> Iterator[str]:
    """What holds only on a term, together with it: "every time you try, they pull you back in", "they'll leave if you push"."""
    parts, patterns = _parts(sentence, hear), _patterns(hear)
    for (_, led), (joint, following) in pairwise(parts):
        part = _without_leads(led, hear)
        if QUOTED in f"{part}{following}" or _is_untold(part, hear) or _is_untold(following, hear):
            continue
        if not joint.strip(APART) and patterns.terms.match(flat(part)) and patterns.whole.match(in_line(following)):
            yield f"{part}, {_without_trails(following, hear)}"
        elif patterns.terms.fullmatch(joint) and patterns.whole.match(in_line(part)):
            yield f"{part} {joint} {_without_trails(following, hear)}"


def _clauses(sentence: str, hear: Hear) -> Iterator[tuple[str, str]]:
    """Parts of a sentence, each with the joint before it; one that hangs on a condition stands with it, or is left."""
    parts = _parts(sentence, hear)
    held, hangs = hear.retelling.conditions, bool(_patterns(hear).conditional.match(flat(sentence)))
    for place, (before, part) in enumerate(parts):
        joint, (after, following) = before.strip(APART), parts[place + 1] if place + 1 < len(parts) else ("", "")
        hangs = joint in held or (hangs and not joint)
        if not hangs and after not in held and QUOTED not in f"{part}{following}":  # after a comma, an "if" opens what comes next
            yield joint, part


def _hanging(sentence: str, hear: Hear) -> str:
    """What hangs on a condition, with it: "if he leaves the others won't come back"; empty where a sentence begins with none."""
    said = sentence.strip(APART)
    begins = next((found for pattern in hear.retelling.hangs if (found := expression(pattern).match(flat(said)))), None)
    hanging = said[begins.end() :] if begins else ""
    if "í" in hanging[:2].lower():  # a Spanish yes
        return ""
    return ", ".join(re.split(r"\s*[,;:–—]\s*", hanging, maxsplit=HANGS)[:HANGS])


def _second_person(clause: str, hear: Hear) -> Clause:
    """A clause in the second person, as a guess where what leads it in makes one of it; nothing said where it may not be told."""
    retelling, patterns = hear.retelling, _patterns(hear)
    bare = _without_leads(clause, hear)
    guess = any_in(retelling.guesses, flat(clause[: len(clause) - len(bare)]))
    clause = _without_trails(bare, hear)
    if _is_untold(clause, hear):
        return Clause("", 0, False)
    whole = bool(patterns.whole.match(in_line(clause)))
    if patterns.diary.match(in_line(clause)):
        clause, whole = f"{retelling.writer} {clause[:1].lower()}{clause[1:]}", True
    back = _turned_to_you(clause, hear)
    return Clause(back, 0, whole and len(words_in(back)) >= LEAST, guess)


def _without_leads(clause: str, hear: Hear) -> str:
    return clause[_patterns(hear).leads.match(flat(clause)).end() :]  # type: ignore[union-attr]  # what may be empty matches


def guessed(said: str, hear: Hear) -> str:
    """What was told as a guess, told back as one."""
    return f"{said}{hear.retelling.perhaps}"


def _without_trails(clause: str, hear: Hear) -> str:
    found = _patterns(hear).trails.search(flat(clause))
    return clause[: found.start() if found else None].strip(" .,;:!…'")


def _turned_to_you(clause: str, hear: Hear) -> str:
    """A clause as it is said to its writer; empty where it can't be."""
    turned = respelt(respelt(clause, hear.retelling.turned), hear.retelling.fresh)
    return handed_back(respelt(turned, hear.doings.spelling), hear) or ""


def _is_untold(clause: str, hear: Hear) -> bool:
    never = any_in((*hear.retelling.never, *hear.doings.untold, *hear.own.unfelt), in_line(clause))
    return bool(HALF.search(clause) or never or set(words_in(clause)) & {*hear.reading.sensitive})


def _fitted(clause: Clause, text: str, hear: Hear, least: float = TELLS) -> Retold | None:
    """A clause as it may be told back: other than it was written, no longer than that may be and no lighter than the `least`; None where
    it can't be."""
    for told, lost in _fitting(clause.said, hear):
        words = words_in(told)
        if len(words) <= MOST and run_of(told, text) <= RUN and words[-1] not in {*hear.loose_ends, *hear.reported}:
            weighs = weight_of(told, hear) - LOST * lost
            said = told[:1].upper() + told[1:]
            return Retold(guessed(said, hear) if clause.guess else said, weighs + clause.turned) if weighs >= least else None
    return None


def _fitting(said: str, hear: Hear) -> Iterator[tuple[str, bool]]:
    """A clause as it stands, with its moment first, with its end put beside it, and cut; with whether something of it is lost."""
    yield said, False
    patterns, line = _patterns(hear), flat(said)
    fronted = said
    if moment := patterns.moments.search(line):
        rest = f"{said[: moment.start()].rstrip()} {said[moment.end() :].strip()}".strip()
        if not {*words_in(rest)[-1:]} & {*hear.reading.negations}:  # "the women are never", and then nothing
            fronted = f"{moment[0].strip() and said[slice(*moment.span())].strip()}, {small(rest, hear)}"
            yield fronted, False
    tails = [*patterns.tails.finditer(line)]
    for tail in tails:
        yield f"{said[: tail.start()]}{hear.retelling.beside}{said[tail.start() :].strip()}", False
    verb = patterns.after_subject.match(line)
    if hear.retelling.then and verb and not {*words_in(verb[0])[-1:]} & {*hear.loose_ends}:  # not between "ne se" and its verb
        then = hear.retelling.then[crc32(line.encode()) % len(hear.retelling.then)]
        opened = f"{said[: verb.end()].rstrip()}{then} "
        yield f"{opened}{said[verb.end() :].strip()}", False
        for tail in tails:
            if tail.start() > verb.end():
                yield f"{opened}{said[verb.end() : tail.start()].strip()}{hear.retelling.beside}{said[tail.start() :].strip()}", False
    for whole in dict.fromkeys((said, fronted)):
        for cut in reversed([*patterns.cuts.finditer(flat(whole))]):
            shorter = whole[: cut.start()].rstrip(" ,")
            stub = any_in([*hear.doings.stubs, *hear.retelling.stubs], flat(shorter))
            if len(words_in(shorter)) >= SHORTEST and patterns.whole.match(flat(shorter)) and not stub:
                yield shorter, True


def weight_of(said: str, hear: Hear) -> float:
    """How much something that is told back tells: by its content, whom it names, and what it says with weight."""
    line = in_line(said)
    named = bool(kinds_named(said, hear)) or bool(re.search(r"(?<=\w )[A-ZÀ-Þ]", said))
    return (
        min(content_of(said, hear), CONTENT)
        + NAMES * named
        + feels(said, hear)
        + WEIGHTY * any_in(hear.retelling.weighty, line)
        - FAINT * any_in(hear.retelling.faint, line)
    )


def small(said: str, hear: Hear) -> str:
    """What stood at the head of a sentence, as it stands in the middle of one: only a name keeps its capital."""
    first = words_in(said)[:1]
    small = first and first[0] in {*hear.subjects, *hear.addressed, *hear.reading.determiners, *hear.doings.pronouns, *hear.filling}
    return said[:1].lower() + said[1:] if small else said


class _Patterns(NamedTuple):
    joints: re.Pattern[str]
    leads: re.Pattern[str]
    trails: re.Pattern[str]
    whole: re.Pattern[str]
    after_subject: re.Pattern[str]
    diary: re.Pattern[str]
    moments: re.Pattern[str]
    tails: re.Pattern[str]
    cuts: re.Pattern[str]
    conditional: re.Pattern[str]
    terms: re.Pattern[str]


@lru_cache(8)
def _patterns(hear: Hear) -> _Patterns:
    """The pieces of patterns of a language, put together."""
    retelling = hear.retelling

    def either(bits: list[str]) -> str:
        return "|".join(bits) or "(?!)"

    verb = rf"(?:{either(retelling.verbs)})(?!\w)"
    subject = rf"(?:{either(retelling.someone)})(?: (?!{verb})(?!(?:{either(retelling.between)})(?!\w))[\w'’-]+){{0,7}}?"
    return _Patterns(
        re.compile(rf"\s*(?:[,;:–—()…]+|\s-\s)\s*(?:(?:{either(retelling.joints)})(?!\w)\s*)?|\s+(?:{either(retelling.joints)})(?!\w)\s*"),
        re.compile(rf"(?:(?:{either(retelling.leads)})(?:(?<=')|(?!\w))[\s,]*)*"),
        re.compile(rf"(?:[\s,]+(?:{either(retelling.trails)})[\s.!…]*)+$"),
        re.compile(rf"(?:(?:{either(retelling.moments)}),? )?(?:(?:{either(retelling.subjects)})(?!\w)|{subject} {verb})"),
        re.compile(rf"{subject}(?= {verb})"),
        re.compile(rf"(?:{either(retelling.diary)})(?!\w)"),
        re.compile(rf"(?<=\w) (?:{either(retelling.moments)})(?!\w)"),
        re.compile(rf"(?<=\w) (?:{either(retelling.tails)})(?!\w)"),
        re.compile(rf"(?<=\w) (?:{either([*retelling.cuts, *hear.doings.cuts])})(?!\w)"),
        re.compile(rf"(?:(?:{either(retelling.leads)})(?:(?<=')|(?!\w))[\s,]*)*(?:{either(retelling.conditions)})(?!\w)"),
        re.compile(rf"(?:{either(retelling.terms)})(?!\w)"),
    )

"""What was done in what is told: "Pamela went quiet", "the company keeps the key", in the writer's words, told back to them.

A mirror that names who did what fits nobody else (rubric C1). Only whole clauses are taken that can be told back as they stand, or with a
verb of the writer's own that is known in both persons; a condition, a wish or a question is no doing. Pure and lexical: which words are
verbs, and of what kind, is data (hear.doings).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import pairwise, product
from typing import NamedTuple

from bot.hearing import at_hand, handed_back
from bot.sieve import needed
from bot.spelling import any_in, expression, flat, in_line, one_line, words_in
from prompts.library import Doings, Hear

LEAST, MOST = 2, 13  # words of a doing
ALONE = 3  # words of one whose doer is not named
SAYING = 4  # words from which it says something how it is with somebody
BEFORE = 3  # words that may stand before a name: "the director Mr Rahman said"
TELLING = frozenset({"refused", "asked", "said", "took", "thinks", "own"})  # kinds that tell more than that somebody was there
RUN = 6  # of theirs in a row that may be told back (coaching.md section 2.2, C1)
OWN = "own"  # the kind of what the writer did
PLAIN = "plain"  # the kind of what is only told back
PAIR = ("one", "other")  # things that are told back together
BRIEF = 9  # words of each of them
QUOTED = "\x1a"  # stands where something was quoted
NAME = re.compile(r"[A-ZÀ-Þ][\w’'-]+(?: [A-ZÀ-Þ][\w’'-]+){0,2}")


class Doing(NamedTuple):
    """`said` is told back, without a stop; `who` names them where it is more than a "he"."""

    kind: str
    said: str
    who: str


class Reader(NamedTuple):
    """How one kind of doing is read, of one subject or of `several`: with its subject (groups who, idle and verb), after a name (idle and
    verb), and `alone`."""

    kind: str
    several: bool
    with_subject: re.Pattern[str]
    after_name: re.Pattern[str]
    alone: re.Pattern[str] | None


class Patterns(NamedTuple):
    """What the pieces of patterns of a language make together. `own`: a head of the writer's own with its verb; `being`: one that is
    enough; `verb`: a first word; `names`: what is written with a capital (groups called and name)."""

    joints: re.Pattern[str]
    lead: re.Pattern[str]
    cuts: re.Pattern[str]
    own: re.Pattern[str]
    being: re.Pattern[str]
    verb: re.Pattern[str]
    names: re.Pattern[str]
    readers: tuple[Reader, ...]


@at_hand
def doing_in(text: str, hear: Hear) -> Doing | None:
    """The most telling doing of a text, or two of two people put beside each other; None where there is none."""
    found = doings_in(text, hear)
    for one, other in pairwise(found):
        if one.who and other.who and flat(one.who) != flat(other.who) and {one.kind, other.kind} & TELLING:
            both = f"{one.said}{hear.doings.beside}{lowered(other)}"
            if len(words_in(both)) <= MOST and run_of(both, text) <= RUN:
                return Doing("two", both, "")
    return max(reversed(found), key=lambda doing: 2 * bool(doing.who) + (doing.kind in TELLING), default=None)


@at_hand
def fact_in(text: str, hear: Hear) -> Doing | None:
    """The last short thing that a text says of somebody who is only a "they" in it; None for none."""
    return next((fact for clause in reversed([*_clauses(text, hear)]) if (fact := _of_them(clause, text, hear))), None)


def facts_in(text: str, hear: Hear) -> list[str]:
    """The two most telling things of a text that can be told back as they stand, in their order; none where there is but one.

    Besides what was done, whatever a short clause says of a "he" or "they" that was named before.
    """
    told: dict[str, Doing] = {}
    for clause in _clauses(text, hear):
        if doing := _fact(clause, text, hear):
            told.setdefault(doing.said, doing)
    if len(told) < len(PAIR):
        return []
    best = sorted(enumerate(told.values()), key=lambda each: (-_weight(each[1].kind), -each[0]))[: len(PAIR)]
    (_, one), (_, other) = sorted(best, key=lambda each: each[0])
    return [one.said, lowered(other)]


def _weight(kind: str) -> int:
    return 2 if kind == OWN else 1 if kind in TELLING else 0


def _fact(clause: str, text: str, hear: Hear) -> Doing | None:
    return doing if (doing := _doing(clause, text, hear)) and len(words_in(doing.said)) <= BRIEF else _of_them(clause, text, hear)


def _of_them(clause: str, text: str, hear: Hear) -> Doing | None:
    """What a short clause says of somebody who is only a "they" in it."""
    whole, line, doings = one_line(clause).strip(" .,;:!"), in_line(clause), hear.doings
    lead = _patterns(hear).lead.match(line)
    said = whole[lead.end() if lead else 0 :]
    words = words_in(said)
    them = words[:1] and words[0] in doings.pronouns and words[0] not in hear.reading.determiners
    if not them or not LEAST < len(words) <= RUN + 1 or any_in((*doings.unsure, *doings.untold), line) or f"{whole}?" in one_line(text):
        return None
    if words[-1] in {*hear.loose_ends, *hear.reported, *doings.open} - {*doings.closes}:
        return None
    back = handed_back(respelt(said, doings.spelling), hear)
    return Doing(PLAIN, back[:1].upper() + back[1:], "") if back and run_of(back, text) <= RUN else None


def doings_in(text: str, hear: Hear) -> list[Doing]:
    """Those of a text, in their order."""
    return list(_doings(text, hear))


@at_hand
def _doings(text: str, hear: Hear) -> tuple[Doing, ...]:
    found = (_doing(clause, text, hear) for clause in _clauses(text, hear))
    return tuple(doing for doing in found if doing)


def lowered(doing: Doing) -> str:
    """As it is told back in the middle of a sentence."""
    named = doing.who[:1].isupper()
    return doing.said if named else doing.said[:1].lower() + doing.said[1:]


def _clauses(text: str, hear: Hear) -> Iterator[str]:
    """Parts of a text between stops and joints. A name set apart ("his deputy, Pamela, went quiet") stands before what follows."""
    text = named_in_capitals(text, hear)
    told = re.sub(r"[\"“«„][^\"”»“]*[\"”»“]|(?<!\w)['‘][^'’]+['’](?!\w)", f" ; {QUOTED} ", text)  # what others said is no doing of theirs
    told = re.sub(rf"\b({_either(hear.titles)})\.", r"\1", told)
    parts = [part.strip(" '") for part in _patterns(hear).joints.split(told)]
    for part, after in pairwise([*parts, ""]):
        if after.startswith(QUOTED):
            continue  # half of a sentence whose other half was quoted
        if NAME.fullmatch(part) and after and not set(words_in(part)) & set(hear.doings.nobody):
            yield f"{part} {after}"
        elif not expression(rf"(?:{_either(hear.doings.complements)})").match(flat(after)):  # else half of what is told stands there
            yield part


@lru_cache(8)
def _patterns(hear: Hear) -> Patterns:
    doings, own = hear.doings, hear.doings.own
    idle, adverbs = (rf"(?:\s+(?:{_either(words)}))*" for words in (doings.idle, doings.adverbs))
    readers = []
    for kind, verbs in doings.kinds.items():
        for several, subjects, forms in ((False, doings.single, verbs.single), (True, doings.several, verbs.several)):
            verb = rf"(?P<idle>{idle}){adverbs}\s+{doings.clitics}(?P<verb>{_either([*verbs.past, *forms])})(?!\w)"
            alone = re.compile(rf"(?:{_either(verbs.alone)})(?!\w)") if several and verbs.alone else None
            readers.append(Reader(kind, several, re.compile(rf"(?P<who>{_either(subjects)}){verb}"), re.compile(verb), alone))
    besides = rf"(?:\s+(?:{_either((*doings.idle, *doings.adverbs))}))*"
    return Patterns(
        re.compile(rf"\s*(?:[.!?;:…]+(?=\s|$)|\n+|[,–—()]|\s-\s)\s*|\s+(?=(?:{_either(doings.joints)})(?:\s|$|[.,;!?]))", re.IGNORECASE),
        re.compile(rf"(?:(?:{_either(doings.leads)})\s+)*"),
        re.compile(rf"\s(?:{_either(doings.cuts)})(?:\s|$)"),
        re.compile(rf"(?P<before>{own.before})(?P<head>{_either(own.heads)}){besides}\s+(?:{_either(own.forms)})(?!\w)"),
        re.compile(rf"(?P<head>{_either(sorted(own.being, key=len, reverse=True))})(?!\w)(?!\s+(?:{_either(hear.reading.nots)})\b)"),
        re.compile(rf"(?P<before>{own.before or doings.clitics})(?P<verb>\w+)"),
        re.compile(rf"\b(?:(?:{_either(doings.called)})\s+(?P<called>\w+)|(?P<name>{_either(doings.names)})\b)"),
        tuple(readers),
    )


def _either(words: Iterable[str]) -> str:
    return "|".join(words) or "(?!)"


def _doing(clause: str, text: str, hear: Hear) -> Doing | None:
    whole, line, doings = one_line(clause), in_line(clause), hear.doings
    lead = _patterns(hear).lead.match(line)
    begins = lead.end() if lead else 0
    if (
        any_in((*doings.unsure, *doings.untold), line)
        or f"{line}?" in in_line(text).replace(" ?", "?")
        or _on_condition(line, text, doings)
    ):
        return None
    if any_in(doings.mine, line):
        return _own(whole, line, begins, text, hear)
    for reader in _patterns(hear).readers:
        found = reader.with_subject.match(line, begins)
        if found and _agrees(found, several=reader.several, hear=hear):
            return _told(reader.kind, whole[begins : found.end("who")], _spelt(whole, found, reader, doings), text, hear)
        named = None if reader.several else _named(reader.after_name, whole, line, begins, doings)
        if named:
            return _told(reader.kind, named[0][0], _spelt(whole, named[1], reader, doings), text, hear)
    return _alone(whole, line, begins, text, hear) or _own(whole, line, begins, text, hear)


def _on_condition(line: str, text: str, doings: Doings) -> bool:
    """Whether a condition stands before a clause, in its sentence: "if they refuse, I leave"."""
    if not doings.conditions or not line:
        return False
    before = in_line(text).partition(line)[0]
    return any_in(doings.conditions, expression(r"[.!?;:](?=\s|$)").split(before)[-1])


def _agrees(found: re.Match[str], *, several: bool, hear: Hear) -> bool:
    """Whether the verb has as many subjects as it says; a "no" or "never" before it does not tell."""
    verb, doings = found["verb"], hear.doings
    return not doings.plural or verb in hear.reading.negations or (expression(doings.plural).search(verb) is not None) == several


def _spelt(whole: str, found: re.Match[str], reader: Reader, doings: Doings) -> str:
    """What follows a subject, without what is idle, and with the accents that a verb of one subject was not given."""
    verb = whole[found.start("verb") : found.end("verb")]
    if not reader.several:
        verb = respelt(verb, doings.spelt)
    return f"{whole[found.end('idle') : found.start('verb')]}{verb}{whole[found.end('verb') :]}"


def respelt(said: str, spelling: Mapping[str, str]) -> str:
    """With words, given as patterns, as they are written."""
    small = said.lower()
    for found, back in spelling.items():
        letters = needed(found)
        if letters is None or any(run in small for run in letters):  # most of some hundred have none of theirs in it
            said = expression(rf"\b{found}\b", re.IGNORECASE).sub(back, said)
            small = said.lower()
    return said


def named_in_capitals(text: str, hear: Hear) -> str:
    """A text with its names as names are written, of the same length."""
    if not hear.doings.names:
        return text
    named = list(text)
    for found in _patterns(hear).names.finditer(flat(text)):
        begins = found.start(found.lastgroup or 0)
        named[begins] = text[begins].upper()
    return "".join(named)


def _alone(whole: str, line: str, begins: int, text: str, hear: Hear) -> Doing | None:
    """What somebody did who is not named in the clause."""
    if _relative(line[:begins], hear):
        return None
    for reader in _patterns(hear).readers:
        if reader.alone and (found := reader.alone.match(line, begins)):
            verb = respelt(whole[begins : found.end()], hear.doings.spelt)
            return _told(reader.kind, "", f"{verb}{whole[found.end() :]}", text, hear)
    return None


def _relative(lead: str, hear: Hear) -> bool:
    """Whether what follows is only part of a sentence: "what I brought"."""
    return lead.split()[-1:] in ([each] for each in hear.doings.relatives)


def _own(whole: str, line: str, begins: int, text: str, hear: Hear) -> Doing | None:
    own = hear.doings.own
    if _relative(line[:begins], hear):
        return None
    if found := _patterns(hear).own.match(line, begins):
        return _told(
            OWN,
            f"{respelt(whole[begins : found.end('before')], own.turned)}{own.heads[found['head']]}",
            whole[found.end("head") :],
            text,
            hear,
        )
    if found := _patterns(hear).being.match(line, begins):
        return _told(PLAIN, own.being[found["head"]], whole[found.end("head") :], text, hear)
    verb = _patterns(hear).verb.match(line, begins)
    if verb is None:
        return None
    mine = whole[verb.start("verb") : verb.end("verb")]
    ending = next((end for end in own.endings if mine.endswith(end)), "") if flat(mine) not in own.others else ""
    yours = own.verbs.get(flat(mine)) or (mine.removesuffix(ending) + own.endings[ending] if ending else "")
    before = respelt(whole[begins : verb.start("verb")], own.turned)
    return _told(OWN, f"{before}{yours}", whole[verb.end() :], text, hear) if yours else None


def _named(verb: re.Pattern[str], whole: str, line: str, begins: int, doings: Doings) -> tuple[re.Match[str], re.Match[str]] | None:
    """A name with a verb right after it, which stands at the beginning or a few words behind it."""
    for name in NAME.finditer(whole, begins):
        if len(whole[begins : name.start()].split()) > BEFORE:
            break
        if f" {line[begins : name.start()]}".endswith(tuple(f" {each}" for each in doings.behind)):
            continue
        if not set(words_in(name[0])) & set(doings.nobody) and (found := verb.match(line, name.end())):
            return name, found
    return None


def _told(kind: str, who: str, rest: str, text: str, hear: Hear) -> Doing | None:
    doings = hear.doings
    cuts = [found.start() for found in _patterns(hear).cuts.finditer(flat(rest))]
    subjects = dict.fromkeys((who, expression(doings.aside).sub("", who) if doings.aside else who))
    for ends, subject in product((len(rest), *reversed(cuts)), subjects):
        if any_in(doings.besides, flat(rest[:ends])):
            continue
        clause = respelt(f"{subject}{rest[:ends]}".strip(" .,;:!'"), doings.retells)
        if ends < len(rest) and any_in(doings.stubs, in_line(clause)):
            continue
        said = handed_back(respelt(clause, doings.spelling), hear)
        if said is None:
            return None
        words = words_in(said)
        if len(words) < (SAYING if kind == PLAIN else LEAST if who else ALONE) or {words[-1], flat(said.split()[-1])} & (
            {*hear.loose_ends, *hear.reported, *doings.open} - {*doings.closes}
        ):
            continue
        if len(words) <= MOST and run_of(said, text) <= RUN:
            named = _lowered(handed_back(who, hear) or "", hear) if _is_somebody(who, hear) else ""
            return Doing(
                "refused" if flat(who) in doings.none else kind, said[:1].upper() + said[1:], "" if kind in (OWN, PLAIN) else named
            )
    return None


def _is_somebody(who: str, hear: Hear) -> bool:
    """Whether a subject is a name or somebody in the work, and not a "he" or a thing."""
    return bool(set(words_in(who)) & set(hear.actors)) or (
        flat(who) not in hear.doings.pronouns
        and any(word[:1].isupper() and word.lower() not in hear.reading.determiners for word in who.split())
    )


def _lowered(who: str, hear: Hear) -> str:
    """As it stands in the middle of a sentence: a name keeps its capital."""
    if set(words_in(who)[:1]) & {flat(title) for title in hear.titles}:
        return who[:1].upper() + who[1:]
    subjects = (*hear.doings.single, *hear.doings.several)
    named = NAME.match(who) and not any(expression(each).match(flat(who)) for each in subjects)
    return who if named else who[:1].lower() + who[1:]


def run_of(said: str, text: str) -> int:
    """The longest run of words in a row that stand in a text too."""
    mine, longest = words_in(said), 0
    theirs = f" {' '.join(words_in(text))} "
    for start in range(len(mine)):
        while start + longest < len(mine) and f" {' '.join(mine[start : start + longest + 1])} " in theirs:
            longest += 1
    return longest

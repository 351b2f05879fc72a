"""Understands what somebody means by a few words: a control, a wish, a choice, an aside, a name.

Pure and lexical: the phrases are data (prompts/words), and here they are only compared. Long messages are never read as
a control, so that an answer which happens to contain "skip" stays an answer.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from bot.model import Choice
from bot.spelling import READ, bare, flat, in_words, words_in
from prompts.library import Hear, Safety

LONGEST_CONTROL = 9  # words; nobody says "back" in more than that, and answers soon get longer
TELLING = 4  # letters of at least one word by which a part of a label may be meant; "on" is in too many
SENTENCE = 5  # words from which a choice is looked for inside only when the sentence is about the person
BETWEEN = 4  # words that may stand where a phrase of alarm has "…"
LEARNERS = 2  # turns of phrase of somebody for whom the language is hard; one may be a slip
LONGEST_ECHO = 60  # characters
ECHO = (2, 6)  # words, least and most, that are handed back in quotation marks


def _core(text: str, fillers: frozenset[str]) -> tuple[str, ...]:
    words = words_in(text)
    return tuple(word for word in words if word not in fillers) or tuple(words)


@lru_cache(maxsize=64)
def _index(phrases: tuple[tuple[str, tuple[str, ...]], ...], fillers: frozenset[str]) -> Mapping[tuple[str, ...], str]:
    index: dict[tuple[str, ...], str] = {}
    for meaning, said in phrases:
        for phrase in said:
            words, core = tuple(words_in(phrase)), _core(phrase, fillers)
            index.setdefault(words, meaning)
            if len(core) > 1 or len(words) == 1:  # "not now" is no "not", nor is "what can you do" a "what"
                index.setdefault(core, meaning)
    return index


def _readings(text: str, fillers: frozenset[str]) -> Iterator[tuple[str, ...]]:
    """The words as they stand, then with fewer and fewer fillers at either end, and at last without any filler."""
    words = tuple(words_in(text))
    first = next((n for n, word in enumerate(words) if word not in fillers), len(words) - 1)
    last = next((n for n, word in enumerate(reversed(words)) if word not in fillers), len(words) - 1)
    for cut in range(min(first + last, len(words) - 1) + 1):
        for start in range(max(0, cut - last), min(first, cut) + 1):
            yield words[start : len(words) - (cut - start)]
    yield _core(text, fillers)


def keeps_out(text: str, hear: Hear) -> bool:
    """Whether the message, or a part of it, asks that no language model reads it."""
    said = f" {in_words(text)} "
    return any(f" {phrase} " in said for phrase in hear.keeps_out)


def heard(text: str, phrases: Mapping[str, Iterable[str]], hear: Hear) -> str | None:
    """The meaning whose phrase the text is, give or take filler words and politeness; None when it is none of them.

    Two phrases of one meaning may follow each other: "no time now, later".
    """
    words = words_in(text)
    if not words or len(words) > LONGEST_CONTROL:
        return None
    fillers = frozenset(hear.fillers)
    index = _index(tuple((meaning, tuple(said)) for meaning, said in phrases.items()), fillers)

    def meaning_of(part: str) -> str | None:
        return next((index[reading] for reading in _readings(part, fillers) if reading in index), None)

    meant = meaning_of(text)
    if meant:
        return meant
    parts = [part for part in re.split(r"[,.;:!?\n]+", text) if set(words_in(part)) - fillers]
    each = {meaning_of(part) for part in parts}
    return each.pop() if len(parts) > 1 and len(each) == 1 else None


def choice_in(text: str, choices: Iterable[Choice], hear: Hear) -> Choice | None:
    """The one choice that is meant by a number, by its label or a part of it, or by another word for it."""
    offered = list(choices)
    words = words_in(text)
    if not offered or not words or len(words) > LONGEST_CONTROL:
        return None
    core = _core(text, frozenset(hear.fillers))
    if choice := _by_place(text, core, offered, hear):
        return choice
    for choice in offered:
        if words == words_in(choice.label):
            return choice
    for choice in offered:
        synonyms = hear.choices.get(choice.id.rsplit(":", 1)[-1], [])
        if heard(text, {choice.id: synonyms}, hear):
            return choice
    fits = [choice for choice in offered if set(core) <= set(_core(choice.label, frozenset(hear.fillers)))]
    if len(fits) == 1 and max(map(len, core)) >= TELLING:
        return fits[0]
    return _named_inside(words, offered, hear)


def _by_place(text: str, core: tuple[str, ...], offered: list[Choice], hear: Hear) -> Choice | None:
    """The choice at a number or an ordinal; "the last" is the last of what is offered, not a way out of it such as "none of these"."""
    shape = rf"\(?(?:(?:{_any_of(hear.number_leads)}) ?|#)?(\d|{_any_of(hear.numbers)})\)?[.!]?(?:,? (?:{_any_of(hear.number_tails)}))?"
    if number := re.fullmatch(shape, flat(text).strip()):
        place = int(number[1]) if number[1].isdigit() else hear.numbers[number[1]]
        return offered[place - 1] if 1 <= place <= len(offered) else None
    named = [hear.ordinals[word] for word in core if word in hear.ordinals]
    if len(named) != 1 or len(core) > 2:
        return None
    ranked = [choice for choice in offered if not choice.id.startswith("do:")] or offered
    place = {-1: len(ranked), 0: len(ranked) // 2 + 1 if len(ranked) % 2 else 0}.get(named[0], named[0])
    return ranked[place - 1] if 1 <= place <= len(ranked) else None


def _any_of(words: Iterable[str]) -> str:
    """An expression for any of these words, the longest first."""
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True)) or "(?!)"


def _named_inside(words: list[str], offered: list[Choice], hear: Hear) -> Choice | None:
    """Another word for one choice of a guide, inside a short sentence about oneself: "I'm employed by one of them"."""
    said = f" {' '.join(words)} "
    if len(words) >= SENTENCE and not any(said.startswith(f" {' '.join(words_in(hedge))} ") for hedge in (*hear.hedges, *hear.at_work)):
        return None
    named = [
        choice
        for choice in offered
        if not choice.id.startswith(("do:", "opt:", "step:", "guide:", "group:"))
        and any(
            len(phrase) >= TELLING and f" {phrase} " in said for phrase in map(in_words, hear.choices.get(choice.id.rsplit(":", 1)[-1], []))
        )
    ]
    return named[0] if len(named) == 1 else None


def choices_in(text: str, choices: Iterable[Choice], hear: Hear) -> tuple[Choice, ...]:
    """Several choices at once: "1 and 3", "1-3", "all of them", or their words with commas or "and" between."""
    offered, several = list(choices), hear.several
    said = re.sub(rf"^(?:{_any_of(several.both)})\s+", "", flat(text).strip())
    if spanned := re.fullmatch(rf"(?:\w{{1,3}} )?(\d)\s*(?:[-–]|{_any_of(several.through)})\s*(?:\w{{1,2}} )?(\d)[.!]?", said):
        first, last = sorted(map(int, spanned.groups()))
        return tuple(offered[first - 1 : last]) if 1 <= first <= last <= len(offered) else ()
    if choice := choice_in(said, offered, hear):
        return (choice,)
    if set(words_in(said)) & set(several.everything) and len(words_in(said)) <= 3:
        return tuple(offered)
    found: set[str] = set()
    for part in re.split(r"[,;&+/]|(?<=\d)\s+(?=\d)", said):  # a label may itself hold an "and", so it is tried whole first
        whole = choice_in(part, offered, hear)
        bits = [bit for bit in re.split(rf"\b(?:{_any_of(several.between)})\b", part) if bit.strip()]
        each = [whole] if whole else [choice_in(bit, offered, hear) for bit in bits]
        if any(choice is None for choice in each):
            return ()
        found |= {choice.id for choice in each if choice}
    return tuple(choice for choice in offered if choice.id in found)


def aside_in(text: str, hear: Hear) -> str | None:
    """The question after words such as "wait, a question: ..."; None when the text has no such head."""
    said = text[:READ].strip()
    for pattern in hear.aside:
        if found := re.match(pattern, bare(said), re.IGNORECASE | re.DOTALL):
            return said[slice(*found.span("rest"))].strip()
    return None


def correction_in(text: str, hear: Hear) -> str | None:
    """What is put right after words such as "no, I got that wrong: ..."; None when the text has no such head."""
    said = text[:READ].strip()
    for pattern in hear.corrects:
        if found := re.match(pattern, flat(said), re.DOTALL):
            return said[slice(*found.span("rest"))].strip()
    return None


def asks_coach(text: str, hear: Hear) -> bool:
    """True when the last question in the text is put to the coach rather than to oneself."""
    said = flat(text[:READ]).strip().replace(" ?", "?")
    questions = [part for part in re.split(r"(?<=[.!?\n])\s+", said) if part.rstrip(' »"”').endswith("?")]
    if not questions:
        return False
    whole = questions[-1].lstrip('¿¡ «"“–-')
    clauses = [whole]
    for clause in re.split(r"[,;:]\s+|\s*¿", whole)[1:]:
        before = words_in(whole.split(clause)[0]) if clause else []
        if not set(before[-3:]) & set(hear.reported):  # "he asked me: what should we do?"
            clauses.append(clause.lstrip('¿¡ «"“'))
    return any(re.match(pattern, clause) for clause in clauses for pattern in hear.asking)


def name_in(text: str, hear: Hear) -> str | None:
    """A name to be called by: at most four words, no question, and nothing that looks like the start of a story."""
    said = "".join(c for c in text.strip() if unicodedata.category(c) not in ("So", "Sk", "Cf"))
    for pattern in hear.names:
        if found := re.match(pattern, bare(said), re.IGNORECASE):
            said = said[slice(*found.span("name"))].strip()
    ends = "".join(rf"(?<!\b{re.escape(title)})" for title in hear.titles)
    said = re.split(rf"[,;!\n]|{ends}\.", said)[0].strip(" \"'“”‘’«»¡")
    words = said.split()
    if not words or len(words) > 4 or len(said) > 60 or "?" in text or not re.search(r"[^\W\d_]", said):
        return None
    return None if words_in(said)[:1] and words_in(said)[0] in hear.not_names else said


def feels(text: str, hear: Hear) -> bool:
    """True when a word of feeling stands in the text."""
    said = in_words(text)
    return any(re.search(rf"\b{re.escape(word)}", said) for word in hear.feelings)


def who_in(text: str, hear: Hear) -> str | None:
    """Whom the text is about, said back to its writer: "one of my partners" becomes "one of your partners".

    The first noun phrase of a known kind of person or body, with its determiner and at most one word between.
    """
    said, who = flat(text[:READ]), hear.who
    for found in _named(who.shape, tuple(hear.actors)).finditer(said):
        parts = {name: text[slice(*found.span(name))] if found[name] else "" for name in ("lead", "whose", "middle", "actor")}
        if found["middle"] and found["middle"] in who.no_middle:
            continue
        if re.search(who.oneself, said[: found.start()]):
            return None  # "I'm the director" is about the writer
        if re.search(who.not_them, said[: found.start()]):
            continue
        whose = hear.whose.get(found["whose"], parts["whose"].lower())
        told = " ".join(part.strip() for part in (parts["lead"].lower(), whose, parts["middle"], parts["actor"]) if part)
        return re.sub(r"['’] ", "’", told)  # l’ and d’ stand close to what follows
    return None


@lru_cache(maxsize=16)
def _named(shape: str, actors: tuple[str, ...]) -> re.Pattern[str]:
    """With every group there, whether or not a language has use for it."""
    missing = "".join(f"(?P<{name}>(?!))?" for name in ("lead", "middle") if f"?P<{name}>" not in shape)
    return re.compile(missing + shape.replace("ACTORS", _any_of(actors)))


def echo_of(text: str, hear: Hear) -> str | None:
    """A few words worth handing back in quotation marks: from the clause that carries a feeling, or comes after a "but", or is longest.

    At most six words, so that it is never parroting (coaching.md 2.2, C1); None when nothing short enough makes sense alone.
    """
    said, flatly = text[:READ], flat(text[:READ])
    cuts = [found.span() for found in re.finditer(rf"[.,;:!?¿¡()«»\n–—]+|\b(?:{_any_of([*hear.joints, *hear.relatives])})(?!\w)", flatly)]
    heads = _any_of(hear.hedges)
    told = []
    for (start, end), (upto, _) in zip([(0, 0), *cuts], [*cuts, (len(said), 0)], strict=True):
        clause = said[end:upto].strip(" \"'“”‘’")
        hedged = re.match(rf"(?:(?:{heads})(?!\w)\s*)*", flat(clause))
        clause = clause[hedged.end() if hedged else 0 :]
        hedged = re.search(rf"(?:\s+(?:{heads})\b)+\s*$", flat(clause))
        clause = clause[: hedged.start() if hedged else None].strip()
        asks = said[upto : upto + 3].lstrip(" \"'”’»)").startswith("?") or any(re.match(pattern, flat(clause)) for pattern in hear.asking)
        if flatly[start:end] not in hear.relatives and not asks and _stands_alone(clause, hear):
            told.append(clause)
    turned = re.search(rf"\b(?:{_any_of(hear.turns)})\b", flatly)
    after_turn = [clause for clause in told if turned and clause in said[turned.end() :]]
    felt = [clause for clause in told if feels(clause, hear)]
    fits = [clause for clause in [*felt, *after_turn, *sorted(told, key=lambda c: -len(c.split()))] if len(words_in(clause)) <= ECHO[1]]
    return fits[0] if fits else None


def _stands_alone(clause: str, hear: Hear) -> bool:
    """Two words or more, not cut off at its end, more than a thing with its article, and not said to the coach."""
    words = flat(clause).split()
    if set(words) & set(hear.addressed):
        return False
    if len(words_in(clause)) < ECHO[0] or len(clause) > LONGEST_ECHO or words[-1] in hear.loose_ends:
        return False
    return len(words) > 2 or words[0] not in hear.loose_ends or words[0] in hear.subjects


def says_any(text: str, phrases: Iterable[str]) -> bool:
    """True when one of the phrases stands in the text, word for word."""
    said = f" {' '.join(words_in(text))} "
    return any(f" {' '.join(words_in(phrase))} " in said for phrase in phrases)


def turns_in(text: str, hear: Hear) -> bool:
    """True when the text turns in the middle: but, although, however."""
    return bool(set(words_in(text)) & set(hear.turns))


def act_in(text: str, hear: Hear) -> str | None:
    """What somebody does by a message, wherever in it they do it: complain about the coach, ask who can read this, tell their next step.

    The patterns are data, tried in their order over the text in lower case with straight apostrophes; None for none of them.
    """
    said = " ".join(flat(text[:READ]).split())
    return next((act for act, patterns in hear.acts.items() if any(re.search(pattern, said) for pattern in patterns)), None)


def away_in(text: str, hear: Hear) -> tuple[str, str] | None:
    """The day until which somebody says to be away, or else how long it lasts, as they put it; None when they say no such thing."""
    said = " ".join(flat(text[:READ]).split())
    found = next((found for pattern in hear.away if (found := re.search(pattern, said))), None)
    if found is None:
        return None
    named = found.groupdict()
    return (named.get("day") or "").strip(), (named.get("span") or "").strip()


def shape_of(answer: str, hear: Hear) -> str | None:
    """What an answer is made of: "nothing" happened, the writer "acted", "others" did; None for none of these."""
    said = in_words(answer)
    shapes = {"nothing": hear.shapes.nothing, "acted": hear.shapes.acted, "others": hear.shapes.others}
    return next((shape for shape, patterns in shapes.items() if any(re.search(pattern, said) for pattern in patterns)), None)


def is_learner(text: str, hear: Hear) -> bool:
    """True when the language is hard work for whoever wrote this: at least two turns of phrase that only learners use."""
    said = " ".join(flat(text[:READ]).split())
    return sum(bool(re.search(pattern, said)) for pattern in hear.learner) >= LEARNERS


def only_who_in(text: str, hear: Hear) -> str | None:
    """As `who_in`, but None when several kinds of people are named: a line made for one might be said of another."""
    return who_in(text, hear) if len(kinds_named(text, hear)) == 1 else None


def kinds_named(text: str, hear: Hear) -> set[str]:
    """The kinds of people and bodies that a text names, each in its singular."""
    return {word.removesuffix("s") for word in words_in(text)} & {actor.removesuffix("s") for actor in hear.actors}


def refers_back(text: str, hear: Hear) -> bool:
    """True when a text speaks of somebody or something only by a word such as "him" or "that"."""
    return bool(set(words_in(text)) & set(hear.refers)) and not kinds_named(text, hear)


def when_in(text: str, hear: Hear) -> str | None:
    """A word of time the person used, such as "again" or "this week"."""
    said = in_words(text)
    found = [when for when in hear.whens if re.search(rf"\b{re.escape(in_words(when))}\b", said)]
    return max(found, key=len) if found else None


def of_this_world(text: str, hear: Hear) -> bool:
    """True when a word of the brokers' world stands in the text, so that silence is about the sources and not about the topic."""
    return bool(set(words_in(text)) & set(hear.world))


def alarm_in(text: str, safeties: Sequence[tuple[str, Safety]]) -> tuple[str, str] | None:
    """What the text raises that must not be coached on, and in which language: danger, harassment, ethics or injection, in that order.

    `safeties` are those of every language, for people write in their own when it matters. Idioms ("that meeting nearly killed me") are
    taken out first. A false alarm costs one kind question; a missed one may cost more.
    """
    words = f" {in_words(text)} "
    if safeties:  # an idiom of the language that is spoken is one, whatever its words mean in another
        words = _meant(tuple(safeties[0][1].idioms)).sub("~ ", words)
    told = [(language, safety, _meant(tuple(safety.idioms)).sub("~ ", words)) for language, safety in safeties]
    for alarm in ("danger", "harassment", "ethics", "injection"):
        for language, safety, said in told:
            if _meant(tuple(getattr(safety, alarm))).search(said):
                return alarm, language
    return None


def strained(text: str, safeties: Sequence[tuple[str, Safety]]) -> bool:
    """True when somebody tells of being worn down, as by sleepless nights or tears, with no sign of danger."""
    words = f" {in_words(text)} "
    return any(_meant(tuple(safety.strain)).search(_meant(tuple(safety.idioms)).sub("~ ", words)) for _, safety in safeties)


def told_of_another(text: str, safety: Safety) -> bool:
    """True when what is told happened to somebody else, as far as the words show it."""
    words = f" {in_words(text)} "
    told, others = _meant(tuple(safety.told_of)).subn("~ ", words)
    return others > 0 and not _meant(tuple(safety.of_oneself)).search(told)


@lru_cache(maxsize=64)
def _meant(phrases: tuple[str, ...]) -> re.Pattern[str]:
    """Phrases with (a|b), (a)?, … and ^ as one expression over words that each end in a space."""
    if not phrases:
        return re.compile(r"(?!)")
    return re.compile("|".join(_expression(phrase) for phrase in sorted(phrases, key=len, reverse=True)))


def _expression(phrase: str) -> str:
    expression = "(?<= )"
    for part in re.findall(r"\([^)]*\)\??|\S+", phrase):
        if part == "…":
            expression += rf"(?:\S+ ){{0,{BETWEEN}}}?"
        elif part == "^":
            expression += "(?<=^ )"
        else:
            spoken = [in_words(word) for word in part.strip("()?").split("|")]
            expression += f"(?:(?:{'|'.join(map(re.escape, spoken))}) ){'?' if part.endswith(')?') else ''}"
    return expression

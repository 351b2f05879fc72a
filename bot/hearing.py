"""Understands what somebody means by a few words: a control, a wish, an aside, a name, an act; whose feeling it is, whom it is about.

Pure and lexical: the phrases are data (prompts/words), and here they are only compared. Long messages are never read as
a control, so that an answer which happens to contain "skip" stays an answer.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import takewhile

from bot.sieve import Sieve
from bot.spelling import BETWEEN_SENTENCES, READ, any_in, bare, expression, flat, in_line, in_words, one_line, words_in
from prompts.library import Hear, Phrases

LONGEST_CONTROL = 9  # words; nobody says "back" in more than that, and answers soon get longer
LONGEST_QUESTION = 14  # words of a question without its mark
LEARNERS = 2  # turns of phrase of somebody for whom the language is hard; one may be a slip
LONGEST_ECHO = 60  # characters
TELLING = 2  # words of content that a clause without a feeling needs to be worth handing back
OPENING = 3  # words in which a sentence shows who acts in it
OBJECT = 2  # words after a word of feeling in which the one who suffers it may stand
WHOLE = 4  # words that a sentence has which is told back
SIDES = 2  # who may see one matter differently
THOUGHT = 4  # words of a thought behind a thank-you
DENIAL = 3  # words of a "no" that says something besides
INTRODUCED = 3  # words of content that what is told beside an introduction has, to be told without it
OWN, STEM = 5, 6  # letters of a word that belongs to a matter of its own, and by how many of them it is known again
ECHO = (2, 6)  # words, least and most, that are handed back in quotation marks


Index = Mapping[tuple[str, ...], str]
"""From the words of a phrase to what it means."""

_ANY_CASE = re.IGNORECASE | re.DOTALL

# A message is put to the same questions again and again while it is understood: their answers are kept for a few messages.
at_hand = lru_cache(256)


def core_of(text: str, fillers: frozenset[str]) -> tuple[str, ...]:
    words = words_in(text)
    return tuple(word for word in words if word not in fillers) or words


@lru_cache(64)
def _index(phrases: Phrases, fillers: frozenset[str]) -> Index:
    index: dict[tuple[str, ...], str] = {}
    for meaning, said in phrases.items():
        for phrase in said:
            words, core = words_in(phrase), core_of(phrase, fillers)
            index.setdefault(words, meaning)
            if len(core) > 1 or len(words) == 1:  # "not now" is no "not", nor is "what can you do" a "what"
                index.setdefault(core, meaning)
    return index


@lru_cache(512)
def _index_of_one(said: tuple[str, ...], fillers: frozenset[str]) -> Index:
    return _index(Phrases({"": list(said)}), fillers)


@at_hand
def _readings(text: str, fillers: frozenset[str]) -> tuple[tuple[str, ...], ...]:
    """The words as they stand, then with fewer and fewer fillers at either end, and at last without any filler."""
    return tuple(_fewer_and_fewer(text, fillers))


def _fewer_and_fewer(text: str, fillers: frozenset[str]) -> Iterator[tuple[str, ...]]:
    words = words_in(text)
    first = next((n for n, word in enumerate(words) if word not in fillers), len(words) - 1)
    last = next((n for n, word in enumerate(reversed(words)) if word not in fillers), len(words) - 1)
    for cut in range(min(first + last, len(words) - 1) + 1):
        for start in range(max(0, cut - last), min(first, cut) + 1):
            yield words[start : len(words) - (cut - start)]
    yield core_of(text, fillers)


def keeps_out(text: str, hear: Hear) -> bool:
    """Whether the message, or a part of it, asks that no language model reads it."""
    return says_any(text, hear.keeps_out)


@at_hand
def _parts(text: str, fillers: frozenset[str]) -> tuple[str, ...]:
    return tuple(part for part in re.split(r"[,.;:!?\n]+", text) if not fillers.issuperset(words_in(part)))


def heard(text: str, phrases: Phrases, hear: Hear) -> str | None:
    """The meaning whose phrase the text is, give or take filler words and politeness; None when it is none of them.

    Two phrases of one meaning may follow each other: "no time now, later".
    """
    return _meaning(text, _index(phrases, hear.filling), hear.filling) if 0 < len(words_in(text)) <= LONGEST_CONTROL else None


def control_in(text: str, hear: Hear) -> str | None:
    """As `heard` among the words for moving about, with what is merely polite left off at either end: "thanks, let's stop for tonight"."""
    if control := heard(text, hear.controls, hear):
        return control
    words = _courteous(tuple(hear.courtesies))
    said = in_words(text)
    bare_of = words.sub("", said).strip()
    return heard(bare_of, hear.controls, hear) if bare_of and bare_of != said and len(said.split()) <= LONGEST_CONTROL else None


@lru_cache(8)
def _courteous(courtesies: tuple[str, ...]) -> re.Pattern[str]:
    any_one = any_of(courtesies)
    return re.compile(rf"^(?:(?:{any_one}) )+|(?: (?:{any_one}))+$")


def means(text: str, said: Iterable[str], hear: Hear) -> bool:
    """As `heard`, for phrases that all mean the same."""
    short = 0 < len(words_in(text)) <= LONGEST_CONTROL
    return short and _meaning(text, _index_of_one(tuple(said), hear.filling), hear.filling) is not None


def _meaning(text: str, index: Index, fillers: frozenset[str]) -> str | None:
    def of(part: str) -> str | None:
        return next((index[reading] for reading in _readings(part, fillers) if reading in index), None)

    if (meant := of(text)) is not None:
        return meant
    parts = _parts(text, fillers)
    each = {of(part) for part in parts}
    return each.pop() if len(parts) > 1 and len(each) == 1 else None


def any_of(words: Iterable[str]) -> str:
    """An expression for any of these words, the longest first."""
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True)) or "(?!)"


def aside_in(text: str, hear: Hear) -> str | None:
    """The question after words such as "wait, a question: ..."; None when the text has no such head."""
    said = text[:READ].strip()
    for pattern in hear.aside:
        if found := expression(pattern, _ANY_CASE).match(bare(said)):
            return said[slice(*found.span("rest"))].strip()
    return None


def correction_in(text: str, hear: Hear) -> str | None:
    """What is put right after words such as "no, I got that wrong: ..."; None when the text has no such head."""
    said = text[:READ].strip()
    for pattern in hear.corrects:
        if found := expression(pattern, re.DOTALL).match(flat(said)):
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
    return any(expression(pattern).match(clause) for clause in clauses for pattern in hear.asking)


def asks_plainly(text: str, hear: Hear) -> bool:
    """As `asks_coach`, and also where a short question begins as one and leaves out its mark; not for answers, which may begin so too."""
    said = flat(text[:READ]).strip().lstrip("¿ ")
    begun = begins_with(text, hear.questions) and any(expression(pattern).match(said) for pattern in hear.asking)
    return asks_coach(text, hear) or (begun and "?" not in text and len(words_in(text)) <= LONGEST_QUESTION)


def name_in(text: str, hear: Hear) -> str | None:
    """A name to be called by: at most four words, no question, and nothing that looks like the start of a story."""
    said = "".join(c for c in text.strip() if unicodedata.category(c) not in ("So", "Sk", "Cf"))
    for pattern in hear.names:
        if found := expression(pattern, re.IGNORECASE).match(bare(said)):
            said = said[slice(*found.span("name"))].strip()
    ends = "".join(rf"(?<!\b{re.escape(title)})" for title in hear.titles)
    said = re.split(rf"[,;!\n]|{ends}\.", said)[0].strip(" \"'“”‘’«»¡")
    words = said.split()
    if not words or len(words) > 4 or len(said) > 60 or "?" in text or not re.search(r"[^\W\d_]", said):
        return None
    return None if words_in(said)[:1] and words_in(said)[0] in hear.not_names else said


def feels(text: str, hear: Hear) -> bool:
    """True when a word of feeling stands in the text, and the feeling is the writer's own."""
    return "own" in _feelings_in(text, hear)


def feels_with(text: str, hear: Hear) -> bool:
    """True when the text speaks of what somebody else may feel."""
    return "theirs" in _feelings_in(text, hear)


@at_hand
def _feelings_in(text: str, hear: Hear) -> frozenset[str]:
    """Whose feelings the text names, but for those that are denied: "own", "theirs". A feeling belongs to whoever was named last before
    it in its clause: "he is ashamed" is his, "my boss is angry" the boss's; but "they frustrate me" is felt by the writer."""
    words = _felt(tuple(hear.feelings), tuple(hear.feelings_whole))
    told = set()
    for clause in re.split(r"[.,;:!?¿¡\n]+", text[:READ]):
        said = in_words(clause)
        if any_in(hear.own.unfelt, in_line(clause)):
            continue
        for found in words.finditer(said):
            following = takewhile(lambda word: word not in hear.reading.hinges, said[found.end() :].split()[:OBJECT])
            before, after = said[: found.start()], " ".join(following)
            own = max((m.end() for pattern in hear.reading.selves for m in expression(pattern).finditer(before)), default=-1)
            others = (_others(tuple(hear.others), tuple(hear.actors)), *map(expression, hear.reading.several))
            other = max((m.end() for each in others for m in each.finditer(before)), default=-1)
            suffers = any_in(hear.reading.selves, after)
            told.add("theirs" if other > own and not suffers else "own")
    return frozenset(told)


@lru_cache(16)
def _felt(beginnings: tuple[str, ...], whole: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{any_of(in_words(word) for word in beginnings)}|(?:{any_of(in_words(word) for word in whole)})\b)")


def begins_with_others(text: str, hear: Hear) -> bool:
    """True when the text begins with what somebody else does, and the writer is not in it."""
    said = in_words(text)
    found = _others(tuple(hear.others), tuple(hear.actors)).search(" ".join(said.split()[:OPENING]))
    return found is not None and not any_in(hear.reading.selves, said)


@lru_cache(16)
def _others(others: tuple[str, ...], actors: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{any_of(in_words(word) for word in (*others, *actors))})\b")


def speaks_of_oneself(text: str, hear: Hear) -> bool:
    """True when the writer is in it: "the secretary shouted at me"."""
    return any_in(hear.reading.selves, in_words(text))


def after_greeting(text: str, hear: Hear, greetings: Iterable[str]) -> str:
    """What follows a greeting at the head of a message; the whole message where it begins with none, or is nothing else.

    `greetings` are words that are nothing but one; after any other way of greeting ("morning") a stop has to follow.
    """
    said = text[:READ].strip()
    found = _greeting(tuple(hear.wishes.get("hello", []))).match(flat(said))
    if found is None or not words_in(found["rest"]) or not (found["stop"] or words_in(said)[0] in greetings):
        return text
    if means(said, hear.wishes.get("hello", []), hear):
        return text
    return said[slice(*found.span("rest"))]


@lru_cache(maxsize=8)
def _greeting(phrases: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?:{any_of(map(flat, phrases))})(?P<stop>\s*[,.!:;–-]+)?\s+(?P<rest>\S.*)$", re.DOTALL)


def introduced_in(text: str, hear: Hear) -> str | None:
    """The name in "my name is Fatou"; None for a text that introduces nobody."""
    said = text.strip()
    found = next((m for pattern in hear.introduces if (m := expression(pattern).match(flat(said)))), None)
    return name_in(said[slice(*found.span("name"))], hear) if found else None


def begins_with(text: str, phrases: Iterable[str]) -> bool:
    return f"{in_words(text)} ".startswith(_beginnings(tuple(phrases)))


@lru_cache(16)
def _beginnings(phrases: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{in_words(phrase)} " for phrase in phrases)


def denies(text: str, hear: Hear) -> bool:
    """True when a text begins by saying no to what was said, and goes on."""
    said = in_line(text)
    return len(words_in(text)) >= DENIAL and any(expression(pattern).match(said) for pattern in hear.denials)


def after_thanks(text: str, hear: Hear) -> str:
    """The thought of one's own that follows a thank-you; empty where there is none of four words or more."""
    said = one_line(text)
    found = next((m for pattern in hear.after_thanks if (m := expression(pattern).match(flat(said)))), None)
    rest = said[slice(*found.span("rest"))] if found else ""
    return f"{rest[:1].upper()}{rest[1:]}" if len(words_in(rest)) >= THOUGHT else ""


def undenied(text: str, hear: Hear) -> str:
    """A text without the clauses that only say what it is not about: "it's not the ministry, it's a bottler". Whole if that is all."""
    kept = []
    for clause in re.split(r"(?<=[.!?;,\n])\s*", text[:READ]):
        said = in_line(clause)
        if words_in(clause) and not any_in(hear.denied, said):
            kept.append(clause.strip())
    return " ".join(kept).strip(" ,;") or text


def pleads(text: str, hear: Hear) -> bool:
    """True when ideas are asked for, anywhere in a text and in any wording: "honestly, what would you do?"."""
    said = in_line(text)
    return any_in(hear.pleas, said)


def returned_in(text: str, hear: Hear) -> str | None:
    """What is said of an earlier matter after words such as "back to what we said: ..."; None when the text has no such head."""
    said = text[:READ].strip()
    for pattern in hear.returns:
        if found := expression(pattern, re.DOTALL).match(flat(said)):
            return said[slice(*found.span("rest"))].strip()
    return None


def content_of(text: str, hear: Hear) -> int:
    """How many words of a text are more than fillers."""
    return len([word for word in words_in(text) if word not in hear.fillers])


def without_introduction(text: str, hear: Hear) -> str:
    """A text without the sentences that only say who the writer is and with whom they work: what happened is in the others."""
    parts = BETWEEN_SENTENCES.split(text)
    told = [part for part in parts if not any_in(hear.presents_self, in_line(part))]
    rest = "\n".join(told)
    return rest if len(told) < len(parts) and content_of(rest, hear) >= INTRODUCED else text


def same_matter(earlier: str, text: str, hear: Hear) -> bool:
    """True when a text names something of its own that was named earlier: a word that few matters share."""
    return bool(shared_words(earlier, text, hear))


def shared_words(one: str, other: str, hear: Hear) -> set[str]:
    """The words that two texts share and few matters do, by their beginnings."""
    told, before = ({word[:STEM] for word in words_in(said) if len(word) >= OWN and word not in hear.shared} for said in (one, other))
    return told & before


@at_hand
def who_in(text: str, hear: Hear) -> str | None:
    """Whom the text is about, said back to its writer: "one of my partners" becomes "one of your partners".

    The first noun phrase of a known kind of person or body, with its determiner and at most one word between.
    """
    return next(_whos(text, hear), None)


def two_in(text: str, hear: Hear) -> tuple[str, str] | None:
    """As `who_in`, the two whom a text is about; None where it names more kinds of people than two, or fewer."""
    if len(kinds_named(text, hear)) != SIDES:
        return None
    named = {words_in(who)[-1].removesuffix("s"): who for who in _whos(text, hear)}
    one, two = (*named.values(), "", "")[:SIDES]
    return (one, two) if two else None


def _whos(text: str, hear: Hear) -> Iterator[str]:
    said, who = flat(text[:READ]), hear.who
    for found in _named(who.shape, tuple(hear.actors)).finditer(said):
        parts = {name: text[slice(*found.span(name))] if found[name] else "" for name in ("lead", "whose", "middle", "actor")}
        if found["middle"] and found["middle"] in who.no_middle:
            continue
        if expression(who.oneself).search(said[: found.start()]):
            return  # "I'm the director" is about the writer
        if expression(who.not_them).search(said[: found.start()]):
            continue
        whose = hear.whose.get(found["whose"], parts["whose"].lower())
        told = " ".join(part.strip() for part in (parts["lead"].lower(), whose, parts["middle"], parts["actor"]) if part)
        yield re.sub(r"['’] ", "’", told)  # l’ and d’ stand close to what follows


@lru_cache(maxsize=16)
def _named(shape: str, actors: tuple[str, ...]) -> re.Pattern[str]:
    """With every group there, whether or not a language has use for it."""
    missing = "".join(f"(?P<{name}>(?!))?" for name in ("lead", "middle") if f"?P<{name}>" not in shape)
    return re.compile(missing + shape.replace("ACTORS", any_of(actors)))


def echo_of(text: str, hear: Hear) -> str | None:
    """A few words worth handing back in quotation marks: from the clause that carries a feeling, or comes after a "but", or is longest.

    At most six words, so that it is never parroting (coaching.md 2.2, C1); None when nothing short enough makes sense alone.
    """
    said, flatly = text[:READ], flat(text[:READ])
    cuts, hedged_before, hedged_after = _joints(tuple(hear.joints), tuple(hear.relatives), tuple(hear.hedges))
    spans = [found.span() for found in cuts.finditer(flatly)]
    told = []
    for (start, end), (upto, _) in zip([(0, 0), *spans], [*spans, (len(said), 0)], strict=True):
        clause = said[end:upto].strip(" \"'“”‘’")
        hedged = hedged_before.match(flat(clause))
        clause = clause[hedged.end() if hedged else 0 :]
        hedged = hedged_after.search(flat(clause))
        clause = clause[: hedged.start() if hedged else None].strip()
        if _hangs_on(flatly, start, end, upto, hear):
            continue
        flatly_told = flat(clause)
        asking = any(expression(pattern).match(flatly_told) for pattern in hear.asking)
        asks = asking or said[upto : upto + 3].lstrip(" \"'”’»)").startswith("?")
        if flatly[start:end] not in hear.relatives and not asks and _stands_alone(clause, hear):
            told.append(clause)
    turned = re.search(rf"\b(?:{any_of(hear.turns)})\b", flatly)
    after_turn = [clause for clause in told if turned and clause in said[turned.end() :]]
    felt = [clause for clause in told if feels(clause, hear)]
    telling = [clause for clause in told if len({*words_in(clause)} - {*hear.fillers, *hear.subjects}) >= TELLING]
    fits = [clause for clause in [*felt, *after_turn, *sorted(telling, key=lambda c: -len(c.split()))] if len(words_in(clause)) <= ECHO[1]]
    return fits[0] if fits else None


@lru_cache(16)
def _joints(joints: tuple[str, ...], relatives: tuple[str, ...], hedges: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    """Where a text is cut into clauses, and the hedges at the beginning and at the end of one."""
    between, heads = any_of([*joints, *relatives]), any_of(hedges)
    cuts = rf"[.,;:!?¿¡()«»\n–—]+|\b(?:{between})(?!\w|'s\b)"
    return tuple(map(re.compile, (cuts, rf"(?:(?:{heads})(?!\w)\s*)*", rf"(?:\s+(?:{heads})\b)+\s*$")))


def sentence_of(text: str, hear: Hear) -> str | None:
    """A clause worth telling back that is also all of its sentence, but for a hedge before it: a piece of one may say something else."""
    clause = echo_of(text, hear)
    if clause is None:
        return None
    sentence = next((part for part in BETWEEN_SENTENCES.split(text[:READ]) if clause in part), "")
    rest = sentence.replace(clause, " ", 1)
    if len(words_in(clause)) < WHOLE or set(words_in(rest)) - _of_no_weight(hear):
        return None
    said_to_coach = pleads(sentence, hear) or any_in(hear.denied, flat(clause))
    return None if said_to_coach else clause


@lru_cache(8)
def _of_no_weight(hear: Hear) -> frozenset[str]:
    """Words that say nothing of their own beside a clause."""
    return frozenset({*hear.fillers, *hear.linking, *(word for hedge in (*hear.hedges, *hear.turns) for word in words_in(hedge))})


def _hangs_on(said: str, start: int, end: int, upto: int, hear: Hear) -> bool:
    """Whether a clause says something else when it stands alone: it hangs on an "if" or a "not yet" before it, or an "unless" after it."""
    before, joint = words_in(said[:start]), said[start:end].strip()
    after = words_in(said[upto : upto + 12])
    denied = bool(before) and joint in hear.joints and before[-1] in hear.reading.negations
    hinged = joint in hear.reading.reversals and joint not in hear.turns
    return denied or hinged or bool(after and after[0] in hear.reading.reversals and after[0] not in hear.turns)


def retold(clause: str, hear: Hear) -> str | None:
    """A clause as it is told back to whoever said it: "they laughed at me" is "they laughed at you". None where a verb would change."""
    return None if hear.subjectless and not begins_with_others(clause, hear) else handed_back(clause, hear)


def handed_back(phrase: str, hear: Hear) -> str | None:
    """As `retold`, for a part of a clause that has no subject of its own: "losing my job" is "losing your job"."""
    said = _mine(tuple(hear.retells)).sub(lambda found: hear.retells.get(found[0].lower(), found[0]), phrase)
    return None if speaks_of_oneself(said, hear) else said


@lru_cache(8)
def _mine(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{any_of(words)})\b(?!')", re.IGNORECASE)


def _stands_alone(clause: str, hear: Hear) -> bool:
    """Two words or more, not cut off at its end, more than a thing with its article, and not said to the coach."""
    words = flat(clause).split()
    if set(words) & set(hear.addressed):
        return False
    if len(words_in(clause)) < ECHO[0] or len(clause) > LONGEST_ECHO or words[-1] in hear.loose_ends:
        return False
    return len(words) > 2 or words[0] not in hear.loose_ends or words[0] in hear.subjects


def says_any(text: str, phrases: Iterable[str]) -> bool:
    """True when one of the phrases stands in the text, word for word; they are spelt as `in_words` gives them."""
    said = f" {in_words(text)} "
    return any(f" {phrase} " in said for phrase in phrases)


def turns_in(text: str, hear: Hear) -> bool:
    """True when the text turns in the middle: but, although, however."""
    return bool(set(words_in(text)) & set(hear.turns))


@at_hand
def act_in(text: str, hear: Hear) -> str | None:
    """What somebody does by a message, wherever in it they do it: complain about the coach, ask who can read this, tell their next step.

    The patterns are data, tried in their order over the text in lower case with straight apostrophes; None for none of them.
    """
    said = in_line(text)
    return next(_acts(hear).found_in(said), None)


@lru_cache(8)
def _acts(hear: Hear) -> Sieve:
    return Sieve(hear.acts)


def away_in(text: str, hear: Hear) -> tuple[str, str] | None:
    """The day until which somebody says to be away, or else how long it lasts, as they put it; None when they say no such thing."""
    said = in_line(text)
    found = next((found for pattern in hear.away if (found := expression(pattern).search(said))), None)
    if found is None:
        return None
    named = found.groupdict()
    return (named.get("day") or "").strip(), (named.get("span") or "").strip()


def reminded_in(text: str, hear: Hear) -> str | None:
    """When somebody says to be reminded, as they put it; None when they say no such thing."""
    said = in_line(text)
    found = next((found for pattern in hear.reminds if (found := expression(pattern).match(said))), None)
    return found["when"].strip() if found else None


def asked_to_remind(text: str, hear: Hear) -> tuple[str, str] | None:
    """When somebody wants to be reminded and of what, as they put it; None where they do not say both."""
    said = one_line(text)
    found = next((found for pattern in hear.reminds_of if (found := expression(pattern).match(flat(said)))), None)
    return (said[slice(*found.span("when"))].strip(), said[slice(*found.span("what"))].strip()) if found else None


def moved_in(text: str, hear: Hear) -> Iterator[tuple[str, str]]:
    """Where a text may name the day of something just planned anew: how ("day": moved to it, "right": corrected, "told": corrected, with
    more than the day in it), and as they put it."""
    said = in_line(text)
    for pattern in hear.moves:
        if found := expression(pattern).match(said):
            yield from ((how, day.strip(" ,")) for how, day in found.groupdict().items())


def either_in(text: str, hear: Hear) -> tuple[str, str] | None:
    """The two things of which somebody asks which comes first, as they put them; None where it asks no such thing."""
    said = one_line(text)
    found = next((found for pattern in hear.either if (found := expression(pattern).match(flat(said)))), None)
    if found is None:
        return None
    one, two = (said[slice(*found.span(name))].strip(" ,;:.?¿!").removesuffix(f" {hear.firstly}") for name in ("one", "two"))
    return (one, two) if one and two else None


def tells_nothing(answer: str, hear: Hear) -> bool:
    """Whether an answer says that there was nothing."""
    return any_in(hear.nothing, in_words(answer))


def is_learner(text: str, hear: Hear) -> bool:
    """True when the language is hard work for whoever wrote this: at least two turns of phrase that only learners use."""
    said = in_line(text)
    return sum(bool(expression(pattern).search(said)) for pattern in hear.learner) >= LEARNERS


@at_hand
def only_who_in(text: str, hear: Hear) -> str | None:
    """As `who_in`, but None when several kinds of people are named: a line made for one might be said of another."""
    return who_in(text, hear) if len(kinds_named(text, hear)) == 1 else None


def kinds_named(text: str, hear: Hear) -> set[str]:
    """The kinds of people and bodies that a text names, each in its singular."""
    return {word.removesuffix("s") for word in words_in(text)} & _actors(hear)


@lru_cache(8)
def _actors(hear: Hear) -> frozenset[str]:
    return frozenset(actor.removesuffix("s") for actor in hear.actors)


def refers_back(text: str, hear: Hear) -> bool:
    """True when a text speaks of somebody or something only by a word such as "him" or "that"."""
    return bool(set(words_in(text)) & set(hear.refers)) and not kinds_named(text, hear)


@at_hand
def when_in(text: str, hear: Hear) -> str | None:
    """A word of time the person used, such as "again" or "this week"."""
    said = in_words(text)
    found = [when for when, pattern in _whens(hear) if pattern.search(said)]
    return max(found, key=len) if found else None


@lru_cache(8)
def _whens(hear: Hear) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((when, re.compile(rf"\b{re.escape(in_words(when))}\b")) for when in hear.whens)


def of_this_world(text: str, hear: Hear) -> bool:
    """True when a word of the brokers' world stands in the text, so that silence is about the sources and not about the topic."""
    return bool(set(words_in(text)) & set(hear.world))

"""Understands what somebody means by a few words: a control, a wish, a choice, an aside, a name.

Pure and lexical: the phrases are data (prompts/words), and here they are only compared. Long messages are never read as
a control, so that an answer which happens to contain "skip" stays an answer.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from bot.model import Choice
from prompts.library import Hear, Safety

LONGEST_CONTROL = 9  # words; nobody says "back" in more than that, and answers soon get longer
TELLING = 4  # letters of at least one word by which a part of a label may be meant; "on" is in too many
ECHO = (2, 6)  # words, least and most, that are handed back in quotation marks
READ = 4000  # characters that are looked at: what a person types, not what they paste

_BIDI = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0xFEFF])


def clean(text: str) -> str:
    """What may be stored and shown: NFC, without control characters, direction overrides and halves of surrogate pairs.

    Tabs and line breaks stay. PostgreSQL refuses NUL, and UTF-8 cannot carry a lone surrogate.
    """
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").translate(_BIDI)
    kept = "".join(c for c in whole if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs", "Cn"))
    return unicodedata.normalize("NFC", kept.replace("\ufffd", "")).strip()


def words_in(text: str) -> list[str]:
    """Lower-case words; apostrophes are dropped, so that "don’t" is dont."""
    return re.findall(r"[^\W_]+|/\w+", text[:READ].lower().replace("’", "").replace("'", ""))


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
    first = next((n for n, word in enumerate(words) if word not in fillers), 0)
    last = next((n for n, word in enumerate(reversed(words)) if word not in fillers), 0)
    for cut in range(first + last + 1):
        for start in range(max(0, cut - last), min(first, cut) + 1):
            yield words[start : len(words) - (cut - start)]
    yield _core(text, fillers)


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
    number = re.fullmatch(r"\(?(?:number |option |no\.? ?|#)?(\d)\)?[.!]?", text.strip().lower())
    if number and 1 <= int(number[1]) <= len(offered):
        return offered[int(number[1]) - 1]
    ordinals = {"first": 0, "second": 1, "third": 2, "last": len(offered) - 1}
    fillers = frozenset(hear.fillers)
    core = _core(text, fillers)
    named = [ordinals[word] for word in core if word in ordinals]
    if len(named) == 1 and len(core) <= 2 and named[0] < len(offered):
        return offered[named[0]]
    for choice in offered:
        if words == words_in(choice.label):
            return choice
    for choice in offered:
        synonyms = hear.choices.get(choice.id.rsplit(":", 1)[-1], [])
        if heard(text, {choice.id: synonyms}, hear):
            return choice
    fits = [choice for choice in offered if set(core) <= set(_core(choice.label, fillers))]
    if len(fits) == 1 and max(map(len, core)) >= TELLING:
        return fits[0]
    # "I'm employed by one of them": another word for one choice of a guide, inside a short sentence
    said = f" {' '.join(words)} "
    named_inside = [
        choice
        for choice in offered
        if not choice.id.startswith(("do:", "opt:"))
        and any(len(phrase) >= TELLING and f" {phrase} " in said for phrase in hear.choices.get(choice.id.rsplit(":", 1)[-1], []))
    ]
    return named_inside[0] if len(named_inside) == 1 else None


def choices_in(text: str, choices: Iterable[Choice], hear: Hear) -> tuple[Choice, ...]:
    """Several choices at once: "1 and 3", or their words with commas or "and" between."""
    offered = list(choices)
    parts = [part for part in re.split(r"[,;&+/]|\band\b|\by\b|\bet\b|(?<=\d)\s+(?=\d)", text.lower()) if part.strip()]
    found = [choice_in(part, offered, hear) for part in parts]
    if not found or any(choice is None for choice in found):
        return ()
    return tuple(choice for choice in offered if choice in found)


def aside_in(text: str, hear: Hear) -> str | None:
    """The question after words such as "wait, a question: ..."; None when the text has no such head."""
    for pattern in hear.aside:
        if found := re.match(pattern, text[:READ].strip(), re.IGNORECASE | re.DOTALL):
            return found["rest"].strip()
    return None


def asks_coach(text: str, hear: Hear) -> bool:
    """True when the last question in the text is put to the coach rather than to oneself."""
    questions = [
        part for part in re.split(r"(?<=[.!?\n])\s+", text[:READ].strip().lower().replace("’", "'")) if part.rstrip().endswith("?")
    ]
    if not questions:
        return False
    clauses = [questions[-1], *re.split(r"[,;:]\s+", questions[-1])]
    return any(re.match(pattern, clause) for clause in clauses for pattern in hear.asking)


def name_in(text: str, hear: Hear) -> str | None:
    """A name to be called by: at most four words, no question, and nothing that looks like the start of a story."""
    said = text.strip()
    for pattern in hear.names:
        if found := re.match(pattern, said, re.IGNORECASE):
            said = found["name"].strip()
            break
    said = re.split(r"[,.;!\n]", said)[0].strip(" \"'“”")
    words = said.split()
    if not words or len(words) > 4 or len(said) > 60 or "?" in text or not re.search(r"[^\W\d_]", said):
        return None
    return said


def feels(text: str, hear: Hear) -> bool:
    """True when a word of feeling stands in the text."""
    said = " ".join(words_in(text))
    return any(re.search(rf"\b{re.escape(word)}", said) for word in hear.feelings)


def who_in(text: str, hear: Hear) -> str | None:
    """Whom the text is about, said back to its writer: "one of my partners" becomes "one of your partners".

    The first noun phrase of a known kind of person or body, with its determiner and at most one word between.
    """
    actors = "|".join(sorted(map(re.escape, hear.actors), key=len, reverse=True))
    found = re.search(rf"\b((?:one|two|some|both|all|none|most) of )?(my|our|the|a|an|one|two)\s+(?:([^\W\d_]+(?:-[^\W\d_]+)?)\s+)?({actors})\b", text[:READ], re.IGNORECASE)  # fmt: skip
    if not found:
        return None
    lead, determiner, middle, actor = found.groups()
    if middle and middle.lower() in {"of", "in", "and", "or", "to", "with", "for", "on", "at", "from", "is", "was", "who", "that", "than"}:
        return None
    if lead is None and determiner.lower() in ("a", "an"):
        determiner = "that"
    whose = hear.whose.get(determiner.lower(), determiner.lower())
    return " ".join(part for part in ((lead or "").strip().lower(), whose, middle, actor) if part)


def echo_of(text: str, hear: Hear) -> str | None:
    """A few words worth handing back in quotation marks: from the clause that carries a feeling, or comes after a "but", or is longest.

    At most six words, so that it is never parroting (coaching.md 2.2, C1); None when nothing short enough makes sense alone.
    """
    joints = "|".join(map(re.escape, hear.joints))
    clauses = [part.strip(" \"'“”") for part in re.split(rf"[.,;:!?()\n–—]+|\b(?:{joints})\b", text[:READ], flags=re.IGNORECASE)]
    heads = "|".join(sorted(map(re.escape, hear.hedges), key=len, reverse=True))
    bare = [
        re.sub(rf"(?:^|\s+)(?:(?:{heads})\b\s*)+$|^(?:(?:{heads})\b\s*)+", "", clause, flags=re.IGNORECASE).strip() for clause in clauses
    ]
    told = [clause for clause in bare if len(clause.split()) >= ECHO[0]]
    if not told:
        return None
    turned = re.search(rf"\b(?:{'|'.join(map(re.escape, hear.turns))})\b(.*)", text[:READ], re.IGNORECASE | re.DOTALL)
    after_turn = [clause for clause in told if turned and clause in turned[1]]
    felt = [clause for clause in told if feels(clause, hear)]
    fits = [clause for clause in [*felt, *after_turn, *sorted(told, key=lambda c: -len(c.split()))] if len(clause.split()) <= ECHO[1]]
    return fits[0] if fits else None


def when_in(text: str, hear: Hear) -> str | None:
    """A word of time the person used, such as "again" or "this week"."""
    said = " ".join(words_in(text))
    found = [when for when in hear.whens if re.search(rf"\b{re.escape(when)}\b", said)]
    return max(found, key=len) if found else None


def of_this_world(text: str, hear: Hear) -> bool:
    """True when a word of the brokers' world stands in the text, so that silence is about the sources and not about the topic."""
    return bool(set(words_in(text)) & set(hear.world))


def alarm_in(text: str, safety: Safety) -> str | None:
    """What the text raises that must not be coached on: danger, harassment, ethics or injection, in that order; else None.

    Idioms ("that meeting nearly killed me") are taken out first. A false alarm costs one kind question; a missed one may cost more.
    """
    said = f" {' '.join(words_in(text))} "
    for idiom in sorted(safety.idioms, key=len, reverse=True):
        said = said.replace(f" {' '.join(words_in(idiom))} ", " ~ ")
    for alarm in ("danger", "harassment", "ethics", "injection"):
        if any(f" {' '.join(words_in(phrase))} " in said for phrase in getattr(safety, alarm)):
            return alarm
    return None

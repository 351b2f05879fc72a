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
FOREIGN = (2, 0.25)  # common words of another language, how many at least and what share of all words
TELLING = 4  # letters of at least one word by which a part of a label may be meant; "on" is in too many
SENTENCE = 5  # words from which a choice is looked for inside only when the sentence is about the person
NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
BETWEEN = 4  # words that may stand where a phrase of alarm has "…"
LONGEST_ECHO = 60  # characters
ECHO = (2, 6)  # words, least and most, that are handed back in quotation marks
READ = 4000  # characters that are looked at: what a person types, not what they paste

_BIDI = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0xFEFF])


def clean(text: str) -> str:
    """What may be stored and shown: NFC, without control characters, direction overrides and halves of surrogate pairs.

    Tabs and line breaks stay, every break as one "\\n". PostgreSQL refuses NUL, and UTF-8 cannot carry a lone surrogate.
    """
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").translate(_BIDI)
    lines = re.sub("\r\n?|[\x0b\x0c\x85\u2028\u2029]", "\n", whole)
    kept = "".join(c for c in lines if c in "\n\t" or (unicodedata.category(c) not in ("Cc", "Cs") and not _is_nobody(c)))
    return unicodedata.normalize("NFC", kept).strip()


def _is_nobody(char: str) -> bool:
    """Code points that never will be characters, and the mark of one that was lost. An emoji newer than this Python is none of them."""
    return ord(char) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(char) <= 0xFDEF or char == "\ufffd"


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
    first = next((n for n, word in enumerate(words) if word not in fillers), len(words) - 1)
    last = next((n for n, word in enumerate(reversed(words)) if word not in fillers), len(words) - 1)
    for cut in range(min(first + last, len(words) - 1) + 1):
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
    core = _core(text, frozenset(hear.fillers))
    if choice := _by_place(text, core, offered):
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


def _by_place(text: str, core: tuple[str, ...], offered: list[Choice]) -> Choice | None:
    """The choice at a number or an ordinal."""
    number = re.fullmatch(rf"\(?(?:number |option |no\.? ?|#)?(\d|{'|'.join(NUMBERS)})\)?[.!]?(?: please)?", text.strip().lower())
    if number:
        place = int(number[1]) if number[1].isdigit() else NUMBERS.index(number[1]) + 1
        return offered[place - 1] if 1 <= place <= len(offered) else None
    ordinals = {"first": 0, "second": 1, "third": 2, "last": len(offered) - 1}
    if len(offered) % 2:
        ordinals["middle"] = len(offered) // 2
    named = [ordinals[word] for word in core if word in ordinals]
    return offered[named[0]] if len(named) == 1 and len(core) <= 2 and named[0] < len(offered) else None


def _named_inside(words: list[str], offered: list[Choice], hear: Hear) -> Choice | None:
    """Another word for one choice of a guide, inside a short sentence about oneself: "I'm employed by one of them"."""
    said = f" {' '.join(words)} "
    if len(words) >= SENTENCE and not any(said.startswith(f" {' '.join(words_in(hedge))} ") for hedge in (*hear.hedges, "i work")):
        return None
    named = [
        choice
        for choice in offered
        if not choice.id.startswith(("do:", "opt:"))
        and any(len(phrase) >= TELLING and f" {phrase} " in said for phrase in hear.choices.get(choice.id.rsplit(":", 1)[-1], []))
    ]
    return named[0] if len(named) == 1 else None


def choices_in(text: str, choices: Iterable[Choice], hear: Hear) -> tuple[Choice, ...]:
    """Several choices at once: "1 and 3", "1-3", "all of them", or their words with commas or "and" between."""
    offered = list(choices)
    said = text.strip().lower().removeprefix("both ")
    if spanned := re.fullmatch(r"(\d)\s*(?:[-–]|to|through)\s*(\d)[.!]?", said):
        first, last = sorted(map(int, spanned.groups()))
        return tuple(offered[first - 1 : last]) if 1 <= first <= last <= len(offered) else ()
    if choice := choice_in(said, offered, hear):
        return (choice,)
    if set(words_in(said)) & {"all", "everything"} and len(words_in(said)) <= 3:
        return tuple(offered)
    found: set[str] = set()
    for part in re.split(r"[,;&+/]|(?<=\d)\s+(?=\d)", said):  # a label may itself hold an "and", so it is tried whole first
        whole = choice_in(part, offered, hear)
        each = [whole] if whole else [choice_in(bit, offered, hear) for bit in re.split(r"\band\b|\by\b|\bet\b", part) if bit.strip()]
        if any(choice is None for choice in each):
            return ()
        found |= {choice.id for choice in each if choice}
    return tuple(choice for choice in offered if choice.id in found)


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
    clauses = [questions[-1]]
    for clause in re.split(r"[,;:]\s+", questions[-1])[1:]:
        before = words_in(questions[-1].split(clause)[0])
        if not set(before[-3:]) & set(hear.reported):  # "he asked me: what should we do?"
            clauses.append(clause)
    return any(re.match(pattern, clause) for clause in clauses for pattern in hear.asking)


def name_in(text: str, hear: Hear) -> str | None:
    """A name to be called by: at most four words, no question, and nothing that looks like the start of a story."""
    said = "".join(c for c in text.strip() if unicodedata.category(c) not in ("So", "Sk", "Cf"))
    for pattern in hear.names:
        if found := re.match(pattern, said, re.IGNORECASE):
            said = found["name"].strip()
    said = re.split(r"[,;!\n]|(?<!\bDr)(?<!\bMr)(?<!\bMs)(?<!\bMrs)(?<!\bSt)\.", said)[0].strip(" \"'“”‘’")
    words = said.split()
    if not words or len(words) > 4 or len(said) > 60 or "?" in text or not re.search(r"[^\W\d_]", said):
        return None
    return None if words_in(said)[:1] and words_in(said)[0] in hear.not_names else said


def feels(text: str, hear: Hear) -> bool:
    """True when a word of feeling stands in the text."""
    said = " ".join(words_in(text))
    return any(re.search(rf"\b{re.escape(word)}", said) for word in hear.feelings)


def who_in(text: str, hear: Hear) -> str | None:
    """Whom the text is about, said back to its writer: "one of my partners" becomes "one of your partners".

    The first noun phrase of a known kind of person or body, with its determiner and at most one word between.
    """
    actors = "|".join(sorted(map(re.escape, hear.actors), key=len, reverse=True))
    phrase = rf"\b((?:one|two|some|both|all|most) of )?(my|our|the|a|an|one|two)\s+(?:([^\W\d_]+(?:-[^\W\d_]+)?)\s+)?({actors})\b(?!['’]s)"
    for found in re.finditer(phrase, text[:READ], re.IGNORECASE):
        lead, determiner, middle, actor = found.groups()
        if middle and middle.lower() in {
            "of",
            "in",
            "and",
            "or",
            "to",
            "with",
            "for",
            "on",
            "at",
            "from",
            "is",
            "was",
            "who",
            "that",
            "than",
        }:
            continue
        if re.search(r"\b(?:i am|i['’]?m|i was)\s+$", text[: found.start()], re.IGNORECASE):
            return None  # "I'm the director" is about the writer
        if re.search(r"\b(?:as|none of|not)\s+$", text[: found.start()], re.IGNORECASE):
            continue
        if lead is None and determiner.lower() in ("a", "an"):
            determiner = "that"
        whose = hear.whose.get(determiner.lower(), determiner.lower())
        return " ".join(part for part in ((lead or "").strip().lower(), whose, middle, actor) if part)
    return None


def echo_of(text: str, hear: Hear) -> str | None:
    """A few words worth handing back in quotation marks: from the clause that carries a feeling, or comes after a "but", or is longest.

    At most six words, so that it is never parroting (coaching.md 2.2, C1); None when nothing short enough makes sense alone.
    """
    joints = "|".join(map(re.escape, [*hear.joints, *hear.relatives]))
    pieces = re.split(rf"([.,;:!?()\n–—]+|\b(?:{joints})\b)", text[:READ], flags=re.IGNORECASE)
    heads = "|".join(sorted(map(re.escape, hear.hedges), key=len, reverse=True))
    told = []
    for joint, piece in zip(["", *pieces[1::2]], pieces[::2], strict=True):
        clause = piece.strip(" \"'“”‘’")
        bare = re.sub(rf"(?:^|\s+)(?:(?:{heads})\b\s*)+$|^(?:(?:{heads})\b\s*)+", "", clause, flags=re.IGNORECASE).strip()
        asks = any(re.match(pattern, bare.lower()) for pattern in hear.asking)
        if joint.lower() not in hear.relatives and not asks and _stands_alone(bare, hear):
            told.append(bare)
    turned = re.search(rf"\b(?:{'|'.join(map(re.escape, hear.turns))})\b(.*)", text[:READ], re.IGNORECASE | re.DOTALL)
    after_turn = [clause for clause in told if turned and clause in turned[1]]
    felt = [clause for clause in told if feels(clause, hear)]
    fits = [clause for clause in [*felt, *after_turn, *sorted(told, key=lambda c: -len(c.split()))] if len(words_in(clause)) <= ECHO[1]]
    return fits[0] if fits else None


def _stands_alone(clause: str, hear: Hear) -> bool:
    """Two words or more, not cut off at its end, more than a thing with its article, and not said to the coach."""
    words = clause.lower().replace("’", "'").split()
    if set(words) & set(hear.addressed):
        return False
    if len(words_in(clause)) < ECHO[0] or len(clause) > LONGEST_ECHO or words[-1] in hear.loose_ends:
        return False
    return len(words) > 2 or words[0] not in hear.loose_ends or words[0] in ("i", "we", "he", "she", "they")


def turns_in(text: str, hear: Hear) -> bool:
    """True when the text turns in the middle: but, although, however."""
    return bool(set(words_in(text)) & set(hear.turns))


def act_in(text: str, hear: Hear) -> str | None:
    """What somebody does by a message, wherever in it they do it: complain about the coach, ask who can read this, tell their next step.

    The patterns are data, tried in their order over the text in lower case with straight apostrophes; None for none of them.
    """
    said = " ".join(text[:READ].lower().replace("’", "'").split())
    return next((act for act, patterns in hear.acts.items() if any(re.search(pattern, said) for pattern in patterns)), None)


def away_in(text: str, hear: Hear) -> tuple[str, str] | None:
    """The day until which somebody says to be away, or else how long it lasts, as they put it; None when they say no such thing."""
    said = " ".join(text[:READ].lower().replace("’", "'").split())
    found = next((found for pattern in hear.away if (found := re.search(pattern, said))), None)
    if found is None:
        return None
    named = found.groupdict()
    return (named.get("day") or "").strip(), (named.get("span") or "").strip()


def foreign_in(text: str, hear: Hear) -> str | None:
    """Another language that a message is written in, by its commonest words; None when it isn't, or when it is too short to tell."""
    words = words_in(text)
    found = {language: sum(word in common for word in words) for language, common in hear.foreign.items()}
    language = max(found, key=lambda name: found[name], default="")
    if not language or found[language] < FOREIGN[0] or found[language] < FOREIGN[1] * len(words):
        return None
    return language if found[language] > sum(word in hear.fillers for word in words) else None


def only_who_in(text: str, hear: Hear) -> str | None:
    """As `who_in`, but None when several kinds of people are named: a line made for one might be said of another."""
    named = {word.removesuffix("s") for word in words_in(text)} & {actor.removesuffix("s") for actor in hear.actors}
    return who_in(text, hear) if len(named) == 1 else None


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
    said = _meant(tuple(safety.idioms)).sub("~ ", f" {' '.join(words_in(text))} ")
    for alarm in ("danger", "harassment", "ethics", "injection"):
        if _meant(tuple(getattr(safety, alarm))).search(said):
            return alarm
    return None


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
            spoken = [" ".join(words_in(word)) for word in part.strip("()?").split("|")]
            expression += f"(?:(?:{'|'.join(map(re.escape, spoken))}) ){'?' if part.endswith(')?') else ''}"
    return expression

"""Looks at a model's words before anybody sees them, and names what is wrong. Pure; the lists it goes by are data (prompts/coach).

Nothing is mended here: a fault is named to the model once, and after that the composed reply is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from bot.model import Brief, Move
from bot.spelling import any_in, clean, flat, in_words, words_in
from bot.tongue import TongueOf
from bot.wording import ROOM, Wording
from prompts.book import Bounds

SLACK = 50  # characters that a model may go beyond what it was told; falling back for ten of them would help nobody
SHORT = 300  # characters of a reply that only mirrors and asks
LONGEST_SENTENCE = 28  # words; the rubric's ceiling
COPIED = 7  # words in a row of the person's own that make a mirror a parrot's (rubric C1)
LONGER = 135  # percent of what English takes that other languages may
SHARED = 2  # words of content that an option keeps of what the card says
LOOKS_BACK: tuple[Move, ...] = ("letter", "month")  # moves that quote the person's own entries
BECAUSE = (3, 25)  # words copied from the option

_MARKUP = re.compile(
    r"<[/!a-z?@#]|&(?:\w+|#\d+);|[`|\\]|\*\*|__|\]\(|!\[|^\s*[#>•-]\s|\bjavascript:|\bdata:\w+/|[\[\]{}]", re.IGNORECASE | re.MULTILINE
)
_LINK = re.compile(r"https?:|\bwww\.|\b[\w-]+\.(?:com|org|net|io|ai|co|info|app|dev|me|gov|edu|ly|xyz)\b|\S@\S|/\w+/\w", re.IGNORECASE)
_HIDDEN = re.compile(r"[\u00ad\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ue000-\uf8ff]|[\U000e0000-\U000e007f]")
_ENCODED = re.compile(r"[A-Za-z0-9+/=_-]{24,}")
_PICTURES = re.compile(r"[\u2600-\u27bf\U0001f000-\U0001faff]")
_ASKED = re.compile("[?؟？]")
_SENTENCE = re.compile(r"[.!?؟…\n]+")


def faults(
    brief: Brief, wording: Wording, bounds: Bounds, known: Iterable[str], tongue_of: TongueOf, stand_ins: Iterable[str]
) -> list[str]:
    """What is wrong with a wording, for the model to mend. `known` are all texts it was given; `stand_ins` are those for names."""
    return list(dict.fromkeys(_faults(brief, wording, bounds, list(known), tongue_of, frozenset(map(flat, stand_ins)))))


def _faults(
    brief: Brief, wording: Wording, bounds: Bounds, known: list[str], tongue_of: TongueOf, stand_ins: frozenset[str]
) -> Iterator[str]:
    text = "\n".join(wording.parts)
    yield from _unclean(text)
    yield from _shape(brief, wording)
    yield from _options(brief, wording)
    if brief.into is None:
        yield from _manner(text, bounds)
    language = brief.into or brief.language
    if any(tongue_of(part) not in (None, language) for part in (*wording.parts, text)) or (brief.into and tongue_of(text) is None):
        yield "write in the language that was asked for"
    if set(wording.cards) - {passage.card for passage in brief.passages}:
        yield "cards names an id that was not given"
    if stand_ins & set(words_in(text)):
        yield "a stand-in for a name is left over"
    if foreign := _figures(text, known) if brief.into else _foreign(text, known, bounds):
        yield f"nobody named {foreign}; leave out names, figures and sources that were not given"
    if brief.move in LOOKS_BACK:
        yield from _quotations(brief, wording)
    elif _copied(wording.mirror, brief.said):
        yield "the mirror repeats what they wrote; say it in fresh words"


def _unclean(text: str) -> Iterator[str]:
    if _MARKUP.search(text) or _HIDDEN.search(text) or _ENCODED.search(text) or clean(text) != text.strip():
        yield "plain words only: no markup, brackets, code or hidden characters"
    if _LINK.search(text):
        yield "no links and no addresses"
    if _PICTURES.search(text):
        yield "no emoji"


def _shape(brief: Brief, wording: Wording) -> Iterator[str]:
    text = "\n".join(wording.parts)
    frame = len(brief.before) + len(brief.after) + sum(len(offer.tail) + 6 for offer in brief.offers)
    limit = _longest(brief, frame)
    if len(text) + (frame if brief.offers else 0) > limit:
        yield f"at most {limit - (frame if brief.offers else 0)} characters altogether"
    if brief.move == "letter" and not brief.question:
        if "?" in text or wording.question:
            yield "no question here: question is to be empty"
    elif len(_ASKED.findall(text)) != 1 or not _ASKED.search(wording.question.rstrip(' ”»"')[-1:]):
        yield "exactly one question, in question, and nothing after it"
    if brief.mirror and not wording.mirror.strip():
        yield "mirror is empty"
    if wording.step and brief.move != "own-step":
        yield "step is to be empty here"
    if wording.guide:
        yield "guide is to be empty here"
    if any(len(words_in(sentence)) > LONGEST_SENTENCE for sentence in _SENTENCE.split(text)):
        yield "shorter sentences, under twenty words"


def _longest(brief: Brief, frame: int) -> int:
    """Characters of a reply, what stands around the model's words included."""
    if brief.move in LOOKS_BACK:
        return len(brief.mirror) + len(brief.question) + SLACK
    limit = max(ROOM, frame + SHORT) + SLACK if brief.offers else SHORT
    return limit * LONGER // 100 if brief.into else limit


_QUOTED = re.compile(r"[“«\"]\s*([^”»\"]+?)\s*[”»\"]")


def _quotations(brief: Brief, wording: Wording) -> Iterator[str]:
    """What is quoted of somebody's entries stands there as it was written, and nothing else stands in quotation marks."""
    if _QUOTED.findall(wording.mirror) != _QUOTED.findall(brief.mirror):
        yield "the quotations of the composed mirror, word for word, in the same order, and no others"


def _options(brief: Brief, wording: Wording) -> Iterator[str]:
    given = {offer.number: offer for offer in brief.offers}
    if sorted(option.number for option in wording.options) != sorted(given):
        yield f"options are to be exactly these numbers: {', '.join(map(str, given)) or 'none'}"
        return
    if brief.offers and brief.passages and brief.passages[0].card not in wording.cards:
        yield f"cards is to name {brief.passages[0].card}, where the options come from"
    for option in wording.options:
        offer = given[option.number]
        source = in_words(f"{offer.offer} {offer.price}")
        because = in_words(option.because)
        if not option.offer.strip() or not option.price.strip():
            yield f"option {option.number} needs an offer and a price"
        if not BECAUSE[0] <= len(because.split()) <= BECAUSE[1] or f" {because} " not in f" {source} ":
            yield f"because of option {option.number} is to be copied word for word from that option"
        if brief.into is None and len(_stems(f"{option.offer} {option.price}") & _stems(f"{offer.offer} {offer.price}")) < SHARED:
            yield f"option {option.number} says something else than the option it stands for"


def _manner(text: str, bounds: Bounds) -> Iterator[str]:
    said, words = flat(text), f" {in_words(text)} "
    if any_in(bounds.orders, said):
        yield "no orders"
    if any(f" {phrase} " in words for phrase in bounds.flattery):
        yield "no flattery"
    if any_in(bounds.claims, said):
        yield "claim nothing that was done, or to be somebody"
    if any_in(bounds.unsourced, said):
        yield "no studies, experts or percentages"


def _foreign(text: str, known: list[str], bounds: Bounds) -> str | None:
    """A name or a figure that stands in none of the texts that were given."""
    given = {word for each in known for word in words_in(each)}
    for sentence in _SENTENCE.split(text):
        for number, word in enumerate(re.findall(r"[^\W_]+", sentence)):
            told = words_in(word)
            strange = any(c.isdigit() for c in word) or (number > 0 and word[0].isupper() and flat(word) not in bounds.common)
            if strange and not set(told) <= given:
                return str(word)
    return None


def _figures(text: str, known: list[str]) -> str | None:
    """A figure that stands in none of the texts that were given, in a language in which names cannot be told."""
    given = {word for each in known for word in words_in(each)}
    return next((word for word in words_in(text) if any(c.isdigit() for c in word) and word not in given), None)


def _copied(mirror: str, said: str) -> bool:
    words, theirs = words_in(mirror), f" {in_words(said)} "
    return any(f" {' '.join(words[n : n + COPIED])} " in theirs for n in range(len(words) - COPIED + 1))


def _stems(text: str) -> set[str]:
    """Words of content, by their first five letters: enough to see that two texts speak of one thing."""
    return {word[:5] for word in words_in(text) if len(word) > 3}

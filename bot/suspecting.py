"""What may be grave, heard by everyday words that come together; it is asked about, and nothing is made of it before.

A wrong has a thousand wordings, and no list of phrases holds them. What nearly all of them have is somebody who presses, a paper, and a
doubt; or kin and a contract; or something of worth and somebody who decides. So has being worn down: a self, the nights, and a lack. Such
words also stand where nothing is wrong, so what is heard by them is said with an if, and whoever wrote it says whether it is so. The words
are data (`safety.suspect`, `wearing` and `darkening` in prompts/words). Pure.
"""

from __future__ import annotations

from bot.hearing import at_hand
from bot.phrases import SENTENCES, kinds_in, meant
from bot.spelling import READ, in_words
from prompts.library import Safety

NEAR = 2  # sentences within which the words come together
# What comes together, by what it may be; the words of each are a list of their own.
SUSPICIONS = (
    ("vouch", frozenset({"state", "reader", "doubt"})),
    ("vouch", frozenset({"asks-lie"})),
    ("vouch", frozenset({"fabricates"})),
    ("kin", frozenset({"kin", "spoils"})),
    ("favour", frozenset({"worth", "decider", "passes"})),
    ("kept", frozenset({"not-told", "matters", "owed-to"})),
    ("trust", frozenset({"trust", "names"})),
    ("used", frozenset({"goods", "elsewhere"})),
    ("near", frozenset({"whom", "intimate", "comes"})),
)
WEARING = (
    frozenset({"self", "sleep", "lack"}),
    frozenset({"mine", "body", "aches", "often"}),
    frozenset({"self", "tears", "where"}),
    frozenset({"self", "hollow", "lasting"}),
    frozenset({"self", "numbing", "nightly"}),
    frozenset({"self", "home", "missing"}),
)
DARKENING = frozenset({"self", "gone", "tone"})
STORY = 45  # words from which a message is a story, in which one sentence of weariness is not what it is about


@at_hand
def suspected_in(text: str, safety: Safety) -> str | None:
    """What may be wrong in what a text tells: something to "vouch" for that isn't so, "kin" of whoever decides, a "favour", something
    "kept" from those it concerns, a "trust" that is to be broken, goods "used" for something else, or that somebody came too "near"; None
    for none of it."""
    if not safety.suspect:
        return None
    sentences = SENTENCES.findall(text[:READ])
    windows = ("".join(sentences[at : at + NEAR]) for at in range(max(1, len(sentences) - NEAR + 1)))
    return next((kind for window in windows for kind in _suspected(window, safety)), None)


def wears_down(said: str, safety: Safety) -> bool:
    """Whether a sentence, in words, tells of being worn down."""
    parts = kinds_in(said, safety, "wearing")
    return any(together <= parts for together in WEARING)


def darkens(said: str, safety: Safety) -> bool:
    """Whether a sentence, in words, may tell of not wanting to be here."""
    return kinds_in(said, safety, "darkening") >= DARKENING


def is_open(text: str, safety: Safety) -> bool:
    """Whether what is told is done openly, or put right."""
    return "open" in _parts_in(text, safety)


def _suspected(text: str, safety: Safety) -> list[str]:
    parts = _parts_in(text, safety)
    return [] if "open" in parts else [kind for kind, together in SUSPICIONS if together <= parts]


def _parts_in(text: str, safety: Safety) -> frozenset[str]:
    said = f" {in_words(text)} "
    return kinds_in(meant(said, safety, "suspect.harmless").sub("~ ", said), safety, "suspect")

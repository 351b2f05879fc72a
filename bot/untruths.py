"""What is to stand as so and isn't, heard by what comes together in a message and not by any one phrase.

"Minutes" and "never held" and "help me write" are each an everyday word; together, in whatever order and sentence, they are a paper
about a meeting that was not. The words are data (`safety.untrue` in prompts/words), what has to come together stands here. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.hearing import at_hand
from bot.phrases import CLAUSES, SENTENCES, kinds_in, meant
from bot.spelling import READ, in_words
from prompts.library import Safety

NUMBER = re.compile(r"(?<![\w.,:/])\d{1,3}(?:[ .,]?\d{3})*(?![\w:/])")
SURMISED = frozenset({"asserted", "cut", "withheld", "names", "moved", "story"})  # kinds that a plain "nobody lies" takes back
NEAR = 3  # sentences within which things are told of together


@dataclass(frozen=True)
class _Wrong:
    kind: str
    together: tuple[str, ...]  # all of these, in any order
    without: tuple[str, ...] = ()  # and none of these
    own: bool = False  # told of as done by the writer
    joined: tuple[str, ...] = ()  # of them, what one sentence tells


# The more telling first; the kind says how it is met.
WRONGS = (
    _Wrong("withheld", ("ends", "hushed", "relies")),
    _Wrong("fee", ("paid-by", "price")),
    _Wrong("signed", ("did", "signs-for", "absent"), ("may-sign", "asked"), own=True),
    _Wrong("signed", ("signs-for", "absent"), ("may-sign",)),
    _Wrong("signed", ("asked", "signing", "goods", "never-saw"), ("may-sign",), joined=("asked", "signing")),
    _Wrong("signed", ("false-hand",)),
    _Wrong("own", ("deed",), own=True),
    _Wrong("figures", ("admits", "claimed", "counted"), ("planned",), own=True),
    _Wrong("figures", ("claimed", "counted"), ("planned", "sizes")),
    _Wrong("figures", ("asked", "claimed", "having"), ("planned",), joined=("asked", "claimed")),
    _Wrong("figures", ("asked", "claimed", "having", "softened")),
    _Wrong("figures", ("asked", "claimed", "actual", "softened")),
    _Wrong("figures", ("asked", "swapped", "papers"), ("fairly", "sizes")),
    _Wrong("figures", ("prettier", "truly")),
    _Wrong("dated", ("redated",)),
    _Wrong("dated", ("redates", "other-day")),
    _Wrong("names", ("names", "list", "make-equal"), ("invited",)),
    _Wrong("moved", ("booked", "unseen")),
    _Wrong("receipts", ("receipts", "lost", "remake"), ("duplicates",)),
    _Wrong("cut", ("cut", "unwelcome", "goes-out"), ("private",)),
    _Wrong("cut", ("pressed", "omits", "shown"), ("fairly", "owner-asks")),
    _Wrong("cut", ("veils",), ("fairly",)),
    _Wrong("own", ("left-out", "before-seen", "shown"), ("fairly", "owner-asks"), own=True),
    _Wrong("asserted", ("pressed", "pending", "known"), ("fairly",)),
    _Wrong("figures", ("pressed", "padded", "sum"), ("fairly", "owner-asks")),
    _Wrong("figures", ("announced", "short-of", "untruly")),
    _Wrong("own", ("admits", "altered"), own=True),
    _Wrong("asserted", ("paper-says", "leave-it", "was-else")),
    _Wrong("fee", ("or-else", "unmentioned")),
    _Wrong("asserted", ("forged",)),
    _Wrong("story", ("auditor", "same-story")),
    _Wrong("pictures", ("pictures", "passed-as")),
    _Wrong("own", ("did", "denies"), ("asked",), own=True),
    _Wrong("asserted", ("asked", "puts", "unso"), ("which-principle",), joined=("asked", "puts")),
    _Wrong("asserted", ("asked", "that-so", "contrary"), joined=("asked", "that-so")),
    _Wrong("asserted", ("asked", "puts", "took-place", "will-be"), joined=("asked", "puts", "took-place")),
    _Wrong("asserted", ("did", "denies"), own=True),
)


@at_hand
def untruth_in(text: str, safety: Safety) -> tuple[str, bool] | None:
    """The kind of untruth a text tells of, and whether the writer tells of having done it; None where there is none, or where it was put
    right or done openly."""
    if not safety.untrue:
        return None
    sentences = SENTENCES.findall(text[:READ])
    windows = ["".join(sentences[at : at + NEAR]) for at in range(max(1, len(sentences) - NEAR + 1))]
    told = [(window, _parts_in(window, safety)) for window in windows]
    found = next(((wrong.kind, wrong.own) for wrong in WRONGS for window, parts in told if _told(wrong, window, parts, safety)), None)
    if found and any("open" in _parts_in(clause, safety) for clause in CLAUSES.findall(text[:READ])):
        return None
    return found


def is_surmised(text: str, safety: Safety) -> bool:
    """Whether an untruth is only put together from words that may stand for something harmless: figures nobody asked for are."""
    kind, _ = untruth_in(text, safety) or ("", False)
    return kind in SURMISED or (kind == "figures" and "asked" not in _parts_in(f" {in_words(text[:READ])} ", safety))


def is_withheld(text: str, safety: Safety) -> bool:
    """Whether somebody builds on what others know and keep quiet about."""
    untruth = untruth_in(text, safety)
    return untruth is not None and untruth[0] == "withheld"


def _told(wrong: _Wrong, text: str, parts: frozenset[str], safety: Safety) -> bool:
    if not parts.issuperset(wrong.together) or not parts.isdisjoint(wrong.without):
        return False
    joined = any(_parts_in(sentence, safety).issuperset(wrong.joined) for sentence in SENTENCES.findall(text))
    return joined and ("claimed" not in wrong.together or _two_numbers(wrong, text, safety))


def _two_numbers(wrong: _Wrong, text: str, safety: Safety) -> bool:
    """Whether what is said and what was so are two numbers; a phrase of either ends on its number."""
    said = f" {in_words(text)} "
    told = (
        meant(said, safety, f"untrue.{part}").finditer(said)
        for part in ("claimed", "counted", "having", "actual")
        if part in wrong.together
    )
    return len({found[0].split()[-1] for each in told for found in each}) > 1


def _parts_in(text: str, safety: Safety) -> frozenset[str]:
    said = f" {in_words(text)} "
    return kinds_in(meant(said, safety, "untrue.harmless").sub("~ ", said), safety, "untrue")

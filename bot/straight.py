"""Hears what is asked straight out in the middle of a talk: the stage, a principle, whose job something is, tell or leave. Pure.

What is answered is answering.py's; roles.py asks here too, for such an answer may cite a card.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.hearing import at_hand
from bot.model import PHASES, Phase
from bot.spelling import BETWEEN_SENTENCES, any_in, expression, in_line, one_line, words_in
from prompts.library import Hear

LONGEST = 60  # words of a message in which somebody asks; a longer one is a story that holds a question
CITING = ("stage", "principle")  # kinds whose answer names its source


@dataclass(frozen=True, slots=True)
class Asked:
    """A kind of question, and what it is about, in their words; "" where they name nothing."""

    kind: str
    what: str = ""


@at_hand
def straight_in(text: str, hear: Hear) -> Asked | None:
    """The first kind of question, in the order of the words file, that a message puts; None for a message that puts none."""
    said, line = one_line(text), in_line(text)
    if len(words_in(text)) > LONGEST:
        return None
    for kind, shape in hear.straight.items():
        found = next((m for pattern in shape.heard if (m := expression(pattern).search(line))), None)
        if found and not any_in(shape.unless, line):
            what = said[slice(*found.span("what"))] if found.groupdict().get("what") else ""
            return Asked(kind, what.strip(" ,.;:!?¿¡"))
    return None


def cites(text: str, hear: Hear) -> bool:
    """Whether a message asks something whose answer names its source."""
    asked = straight_in(text, hear)
    return asked is not None and asked.kind in CITING


def stages_in(told: str, hear: Hear) -> tuple[Phase, ...]:
    """The stages that what was told speaks of, in their order. What is not signed yet is still being built."""
    line = in_line(told)
    return tuple(phase for phase in PHASES if any_in(hear.stages.get(phase, ()), line))


def principle_in(text: str, told: str, hear: Hear) -> str | None:
    """The principle that is named in a question, else the one that what was told touches."""
    named = (kind for kind, signs in hear.principles.items() if any_in(signs.named, in_line(text)))
    shown = (kind for kind, signs in hear.principles.items() if any_in(signs.shows, in_line(told)))
    return next(named, None) or next(shown, None)


def question_of(text: str, hear: Hear) -> str:
    """The last sentence of a message that ends as a question; empty where none does. What only echoes the coach's own at
    its head ("whose friendship?") asks nothing."""
    parts = BETWEEN_SENTENCES.split(text.strip())
    told = parts[1:] if len(parts) > 1 and any_in(hear.echoed, in_line(parts[0])) else parts
    return next((part.strip() for part in reversed(told) if part.rstrip(' "”»)').endswith("?")), "")


def affirms(text: str, hear: Hear) -> bool:
    """Whether a message is made of nothing but words for yes: "yes fine", "ok oui", "sí, porfa"."""
    words = words_in(text)
    return bool(words) and len(words) <= 7 and _wholly(words, hear) and any(word in hear.assent.core for word in words)


def _wholly(words: tuple[str, ...], hear: Hear) -> bool:
    whole = {words_in(phrase) for phrase in (*hear.assent.core, *hear.assent.beside)}
    reach = {0}
    for end in range(1, len(words) + 1):
        if any(words[start:end] in whole for start in reach):
            reach.add(end)
    return len(words) in reach

"""Headings that somebody chose for their logbook: read from what they wrote, and made into the steps of their daily reflection."""

from __future__ import annotations

import re

from prompts.library import Guide, GuideWords, Step, StepWords

MOST = 7
LONGEST = 60  # characters of one heading
FIRST = "heading"


def headings_in(text: str) -> tuple[str, ...]:
    """The headings of a message: what stands after a colon, or all of it, parted by commas, semicolons, lines or strokes."""
    head, colon, rest = text.partition(":")
    parts = re.split(r"[,;\n|•·]+|\s[-–—]\s", rest if colon and rest.strip() else head)
    named = [re.sub(r"^(?:\s*\d+[.)]|\s*[-–*])\s*|[\s.!?]+$", "", part).strip(" \"'“”‘’«»") for part in parts]
    short = (" ".join(name.split())[:LONGEST].rstrip() for name in named)
    return tuple(dict.fromkeys(name for name in short if name))[:MOST]


def expanded(guide: Guide, headings: tuple[str, ...]) -> Guide:
    """The guide with its heading step once for each heading; the first keeps its name, so that the roads to it hold."""
    steps: list[Step] = []
    for step in guide.steps:
        many = len(headings) if step.keeps == "heading" else 0
        steps += [
            step.model_copy(update={"id": _name(n), "keeps": "answer", "mirror": "thought" if n + 1 < many else None}) for n in range(many)
        ] or [step]
    return guide.model_copy(update={"steps": steps})


def spoken(words: GuideWords, headings: tuple[str, ...]) -> GuideWords:
    """The words of such a guide, with each heading in its own question."""
    said = words.steps[FIRST]
    variants = [said.say] if isinstance(said.say, str) else said.say
    steps = {name: step for name, step in words.steps.items() if name != FIRST}
    for n, heading in enumerate(headings):
        # $ begins a slot; in a heading it is only a $
        filled = variants[n % len(variants)].replace("$heading", heading.replace("$", "$$"))
        steps[_name(n)] = StepWords(say=filled, smaller=said.smaller)
    return words.model_copy(update={"steps": steps})


def heading_of(step: str, headings: tuple[str, ...]) -> str | None:
    """The heading that a step asks for."""
    return next((heading for n, heading in enumerate(headings) if _name(n) == step), None)


def _name(number: int) -> str:
    return FIRST if number == 0 else f"{FIRST}-{number + 1}"

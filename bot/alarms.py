"""What must not be coached on, heard in somebody's words: danger, harassment, wrongdoing, injection, and being worn down.

Pure and lexical: phrases and idioms are data (`safety` in prompts/words). What is said then is safety.py's business.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from bot.spelling import in_words
from prompts.library import Safety

BETWEEN = 4  # words that may stand where a phrase of alarm has "…"


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

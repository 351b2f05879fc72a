"""What must not be coached on, heard in somebody's words: danger, threats, harassment, wrongdoing, injection, and being worn down.

And what may come while one of them has the floor. Pure and lexical: phrases and idioms are data (`safety` in prompts/words). What is
said then is safety.py's and staying.py's business.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from bot.hearing import any_of, at_hand
from bot.phrases import CLAUSES, PARTS, SENTENCES, kinds_in, meant, stands
from bot.spelling import READ, flat, in_words, words_in
from bot.suspecting import STORY, darkens, wears_down
from bot.untruths import untruth_in
from prompts.library import Safety

CRY = 14  # words up to which "everything is going wrong" is all that is told; behind it stands else what goes wrong, and that is work
SURE = 2  # kinds of sign of harm at home that are more than a question
CAME_BY = frozenset({"note", "message", "call", "person", "unsigned"})  # parts of a threat that say how it came
AIMED_AT = {"children": "children", "colleague": "other", "house": "home", "family": "plain"}  # whom it aims at, and its kind by that


def alarm_in(text: str, safeties: Sequence[tuple[str, Safety]]) -> tuple[str, str] | None:
    """What the text raises that must not be coached on, and in which language: danger, threat, harassment, ethics or injection, in that
    order.

    `safeties` are those of every language, for people write in their own when it matters. Idioms ("that meeting nearly killed me") are
    taken out first. A false alarm costs one kind question; a missed one may cost more.
    """
    told = [(language, safety, _undenied(said, safety)) for language, safety, said in _told(text, safeties)]
    for alarm in ("danger", "threat", "harassment", "ethics", "injection"):
        for language, safety, said in told:
            if (alarm == "danger" and _announced(said, safety)) or (alarm == "harassment" and _done_to_others(said, safety)):
                continue
            heard = _without_mistaken(said, safety, alarm)
            heard = _without_errands(heard, safety) if alarm == "harassment" else heard
            if stands(heard, safety, alarm) or (alarm == "danger" and len(_home_signs(said, safety)) >= SURE):
                return alarm, language
            if (alarm == "threat" and menaced(said, safety)) or (alarm == "ethics" and untruth_in(text, safety)):
                return alarm, language
    return None


def veiled(text: str, safety: Safety) -> str | None:
    """What is only hinted at, and asked about: one sign of harm at "home", a danger "denied" before anybody asked, "kin" who were given a
    contract; None for none of them."""
    said = _literally(f" {in_words(text)} ", safety)
    if _home_signs(_undenied(said, safety), safety):
        return "home"
    return next((sign for sign in ("denied", "kin") if stands(said, safety, sign)), None)


def home_signs(text: str, safety: Safety) -> frozenset[str]:
    """The kinds of sign that somebody is hurt or controlled where they live."""
    return _home_signs(_affirmed(text, safety), safety)


def harmed_in(text: str, safety: Safety) -> frozenset[str]:
    """The parts of harm to people by what they drink, eat or work with: "found", "doubtful", "goes-on", "source", "ended"."""
    return kinds_in(_literally(f" {in_words(text)} ", safety), safety, "harm")


def hurt_at_home(text: str, safety: Safety) -> bool:
    """Whether it is the writer who is hurt or controlled at home."""
    beaten = "beaten" in facts_in(text, safety)
    return beaten or (bool(home_signs(text, safety)) and says(text, "mine", safety))


def _home_signs(said: str, safety: Safety) -> frozenset[str]:
    signs = kinds_in(said, safety, "home")
    return signs | kinds_in(said, safety, "at_home") if stands(said, safety, "household") else signs


def _affirmed(text: str, safety: Safety) -> str:
    """The words of a text without its idioms, and without what is denied in it."""
    return _undenied(_literally(f" {in_words(text)} ", safety), safety)


def _undenied(said: str, safety: Safety) -> str:
    return meant(said, safety, "denied").sub("~ ", said)


def _told(text: str, safeties: Sequence[tuple[str, Safety]]) -> list[tuple[str, Safety, str]]:
    """The words of a text for each language, without its idioms; an idiom of the first is none in any, whatever its words mean there."""
    words = f" {in_words(text)} "
    if safeties:
        words = _literally(words, safeties[0][1])
    return [(language, safety, _literally(words, safety)) for language, safety in safeties]


def menaced(said: str, safety: Safety) -> bool:
    """Whether words hold a threat by its parts: it came from outside, harm is in it, and it aims at somebody or nobody put a name to it."""
    parts = _parts_of_menace(said, safety)
    return "harm" in parts and bool(parts & CAME_BY) and bool(parts & {*AIMED_AT, "unsigned"})


def _announced(said: str, safety: Safety) -> bool:
    """Whether a danger is one that others announce, to the writer or to somebody beside them: then it is a threat."""
    if stands(said, safety, "plainly") or not menaced(said, safety):
        return False
    return stands(said, safety, "to_others") or "colleague" in _parts_of_menace(said, safety)


def _done_to_others(said: str, safety: Safety) -> bool:
    """Whether it is violence to somebody near the work that is told of, and nothing that was done to the writer."""
    return stands(said, safety, "violence") and not stands(said, safety, "ours")


def _without_errands(said: str, safety: Safety) -> str:
    """The words without a message at an odd hour, where what is carried to and fro is work: that is a burden, and no harassment. Nothing of
    it is taken away where they also tell what was said of them, or what it does to them."""
    only_work = stands(said, safety, "errands") and not stands(said, safety, "still")
    return meant(said, safety, "late").sub("~ ", said) if only_work else said


def only_late(text: str, safety: Safety) -> bool:
    """Whether nothing but the hour of a message sounds like harassment in a text."""
    said = _affirmed(text, safety)
    rest = meant(said, safety, "late").sub("~ ", said)
    return not any(stands(rest, safety, what) for what in ("harassment", "still"))


def surely(text: str, alarm: str, safety: Safety) -> bool:
    """Whether a text tells outright of something that must not be coached on, and it is not only put together from what stands in it."""
    said = _affirmed(text, safety)
    return stands(said, safety, alarm)


def mistaken(text: str, kind: str, safety: Safety) -> bool:
    """Whether somebody says that what they told was taken for something that it is not: `plainly` for what, or only `briefly` that it is
    not so. Whoever doubts it in the same breath, or tells what it does to them, has not said so."""
    if says(text, "still", safety):
        return False
    said = (f" {in_words(part)} " for part in PARTS.findall(text[:READ]))
    return any(stands(part, safety, f"mistaken.{kind}") for part in said)


@at_hand
def _parts_of_menace(said: str, safety: Safety) -> frozenset[str]:
    return kinds_in(said, safety, "menace")


def threatened_by(text: str, safety: Safety) -> str:
    """What is done to frighten the writer: the first kind of threat that is told of, or "plain". Whoever it aims at comes before how it
    came: a note under the door that speaks of the children is about them."""
    said = f" {in_words(text)} "
    told = next((kind for kind in safety.threat if stands(said, safety, f"threat.{kind}")), "plain")
    parts = _parts_of_menace(said, safety)
    if told == "pressure" or "harm" not in parts:
        return told
    aimed = next((kind for part, kind in AIMED_AT.items() if part in parts), told)
    return aimed if told == "plain" or aimed == "children" else told


def came_as(text: str, safety: Safety) -> frozenset[str]:
    """The ways in which something frightening came: "note", "message", "call", "person", "unsigned"."""
    return _parts_of_menace(f" {in_words(text)} ", safety) & CAME_BY


def perils_in(text: str, safety: Safety) -> frozenset[str]:
    """What a message tells while somebody is threatened, by kind. Police that is one's own family is no police to keep away from."""
    found = kinds_in(f" {in_words(text)} ", safety, "peril")
    return found - {"unsafe"} if "own-police" in found else found


def strained(text: str, safeties: Sequence[tuple[str, Safety]]) -> bool:
    """True when somebody tells of being worn down, as by sleepless nights or tears, with no sign of danger; not when somebody else is, or
    when they say that it is no such thing."""
    if any(stands(said, safety, "not_worn") for _, safety, said in _told(text, safeties)):
        return False
    told = [each for sentence in SENTENCES.findall(text[:READ]) for each in _told(sentence, safeties)]
    if any(stands(said, safety, "strain") and not _spent_by_others(said, safety) for _, safety, said in told):
        return True
    if len(words_in(text)) <= CRY and any(stands(said, safety, "adrift") for _, safety, said in told):
        return True
    own = safeties[0][0] if safeties and len(words_in(text)) < STORY else None
    return any(language == own and wears_down(said, safety) for language, safety, said in told)


def _spent_by_others(said: str, safety: Safety) -> bool:
    """Whether a sentence speaks of others and not of the writer."""
    return stands(said, safety, "theirs") and not stands(said, safety, "ours")


def hinted(text: str, safety: Safety) -> str | None:
    """A hint at something graver: "spent" strength, a "doubt" about what it is all for that ends a sentence, figures that are to "gloss"
    over something, somebody who is "feared", being "belittled" before others, what was "entrusted", that they are to
    tell what partners said ("informs"), being "overheard" by whoever is above, "violence" done to somebody near, or feeling "unwell" with
    nothing told of why; None for none of them."""
    parts = [text, *SENTENCES.findall(text[:READ])]
    hints = ("spent", "doubt", "gloss", "feared", "violence", "belittled", "entrusted", "informs", "overheard", "unwell")
    heard = next((hint for hint in hints if any(says(part, hint, safety) for part in parts)), None)
    dark = heard is None and any(darkens(_affirmed(part, safety), safety) for part in parts)
    return "spent" if dark else heard


def says(text: str, what: str, safety: Safety) -> bool:
    """True when one of the phrases of a list is in the text, once its idioms are taken out."""
    said = _literally(f" {in_words(text)} ", safety)
    return stands(said, safety, what)


def came_in(text: str, safety: Safety) -> Iterator[str]:
    """What a message holds that is written while something grave has the floor, the most telling first; a kind that only seems to stand
    there is taken out before (`mistaken` by its name)."""
    said = f" {in_words(text)} "
    return (kind for kind in safety.came if stands(_without_mistaken(said, safety, kind), safety, f"came.{kind}"))


def _without_mistaken(said: str, safety: Safety, kind: str) -> str:
    return meant(said, safety, f"mistaken.{kind}").sub("~ ", said) if kind in safety.mistaken else said


def facts_in(text: str, safety: Safety) -> Iterator[str]:
    """What a first message tells besides what it raises: a deadline, an order from above, how it was done. The most telling first."""
    said = f" {in_words(text)} "
    return (kind for kind in safety.facts if stands(said, safety, f"facts.{kind}"))


def deed_in(text: str, safety: Safety) -> str | None:
    """A step of their own with its moment, in their own words; None where none is told, and for a question."""
    clauses = [clause.strip() for clause in CLAUSES.findall(text[:READ])]
    told = [clause for clause in clauses if not clause.endswith("?") and says(clause, "deed", safety)]
    return " ".join(told).strip(" .;:!,") or None


def named_in(text: str, safety: Safety, kind: str) -> str | None:
    """Whom or what somebody names to turn to, said back to them: "my union rep" becomes "your union rep". `kind`: people or channels."""
    flatly = flat(text[:READ])
    found = _naming(tuple(safety.owners), tuple(getattr(safety, kind))).search(flatly)
    if found is None:
        return None
    named = text[slice(*found.span("named"))]
    owner = safety.owners[flat(found["owner"]).strip()] if found["owner"] else ""
    return f"{owner} {named}".replace("’ ", "’").strip()


def passed_over(text: str, safety: Safety, kind: str) -> bool:
    """Whether whoever is named is one who was not told: "not my boss either"."""
    flatly = flat(text[:READ])
    found = _naming(tuple(safety.owners), tuple(getattr(safety, kind))).search(flatly)
    before = f" {in_words(flatly[: found.start()])} " if found else ""
    return stands(before, safety, "not_them")


@lru_cache(maxsize=32)
def _naming(owners: tuple[str, ...], named: tuple[str, ...]) -> re.Pattern[str]:
    owner = rf"\b(?P<owner>{any_of(map(flat, owners))})(?:(?<=')|\s+)"
    return re.compile(rf"(?:{owner})?\b(?P<named>(?:(?(owner)[^\W\d_]+\s+))?(?:{any_of(map(flat, named))}))\b")


def thing_in(text: str, safety: Safety) -> str:
    """What stands outside somebody's door, or was left there, as it is said back: "two men" before "men"; empty where none is named."""
    said = f" {in_words(text)} "
    found = [(said.find(f" {in_words(word)} "), -len(word), word) for word in safety.things]
    return next((safety.things[word] for at, _, word in sorted(found) if at >= 0), "")


def gender_in(text: str, safety: Safety) -> str | None:
    """Whether somebody named is a "she" or a "he"; None where nothing shows it, or both are named."""
    found = [gender for gender in ("she", "he") if says(text, gender, safety)]
    return found[0] if len(found) == 1 else None


def told_of_another(text: str, safety: Safety) -> bool:
    """True when what is told happened to somebody else, as far as the words show it."""
    words = f" {in_words(text)} "
    told, others = meant(words, safety, "told_of").subn("~ ", words)
    return others > 0 and not stands(told, safety, "of_oneself")


def _literally(words: str, safety: Safety) -> str:
    return meant(words, safety, "idioms").sub("~ ", words)

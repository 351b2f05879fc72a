"""Who stands by somebody in a grave matter, and where they are: kept until the matter is over, so that what is said next follows from it.

Whoever was named is spoken of, and is not asked for a second time; and somebody who is indoors with the danger outside stays there. The
lines that are said are staying.py's and floor.py's.
"""

from __future__ import annotations

import re
from dataclasses import replace

from bot.alarms import came_as, facts_in, gender_in, hurt_at_home, named_in, says, threatened_by
from bot.draft import Draft
from bot.model import Grave, Say, Side
from bot.spelling import words_in

QUESTION = re.compile(r"[^.!?:\n]*\?\W*$")
NEAR: tuple[Side, ...] = ("here", "coming")
NEARING: dict[str, Side] = {"told": "told", "coming": "coming", "here": "here", "unaware": "unaware"}  # what a message may tell of it
UNSEEN = frozenset({"note", "message", "call"})  # ways in which a threat comes without anybody standing at the door
ANY = "beside"  # the ending of a line that fits wherever the one who was named is
# The endings of the lines that fit how near they are.
FITTING: dict[Side, tuple[str, ...]] = {"unaware": ("unaware",), **{side: (side, ANY) for side in ("named", "told", "coming", "here")}}


def kept(draft: Draft) -> Grave:
    """What is borne in mind of the matter; nothing yet, where it was heard by somebody else than our lists."""
    return draft.grave or Grave(draft.alarm or "strain")


def helper(draft: Draft) -> str:
    return draft.grave.helper if draft.grave else ""


def endings(draft: Draft) -> tuple[str, ...]:
    """By what the lines end that speak of whoever was named; none while nobody was."""
    return FITTING.get(draft.grave.side, ()) if draft.grave and draft.grave.helper else ()


def side_in(draft: Draft, text: str) -> str:
    """What a message tells of somebody's being near: a side, "away" or "elsewhere"; empty for nothing."""
    safety = draft.words.safety
    return next((side for side in safety.sides if says(text, f"sides.{side}", safety)), "")


def noted(draft: Draft, text: str) -> None:
    """Takes in what a message tells of whoever was named before, and of where the writer is."""
    grave, side = kept(draft), side_in(draft, text)
    if side == "elsewhere":
        grave = replace(grave, indoors=False)
    elif "outside" in facts_in(text, draft.words.safety):
        grave = replace(grave, indoors=True)
    if grave.helper and side in NEARING and not _of_another(draft, text):
        grave = replace(grave, side=NEARING[side])
    if grave != kept(draft):
        draft.grave = grave


def _of_another(draft: Draft, text: str) -> bool:
    """Whether a message speaks of somebody else than the one who was named."""
    named = named_in(text, draft.words.safety, "people")
    return named is not None and not set(words_in(named)) & set(words_in(helper(draft)))


def named(draft: Draft, text: str, who: str, side: Side = "") -> None:
    """Somebody was named to help. Whoever is part of what was told is none: "my boss wants me to sign" and then "my boss"."""
    grave = kept(draft)
    if of_the_matter(draft, who):
        return
    draft.grave = replace(grave, helper=who, side=side or NEARING.get(side_in(draft, text), "named"))


def of_the_matter(draft: Draft, who: str) -> bool:
    """Whether somebody is part of what was told, and so none to help."""
    return bool(set(words_in(who)[-1:]) & set(words_in(kept(draft).told)))


def lost(draft: Draft, text: str) -> None:
    """Whoever was named cannot be reached, or made little of it: others may be asked for, until something else is heard from there."""
    if draft.grave and not _of_another(draft, text):
        draft.grave = replace(draft.grave, side="")


def indoors(draft: Draft, text: str = "") -> bool:
    """Whether the danger is outside and they are in: all that is said of where to be follows from it."""
    safety, grave = draft.words.safety, draft.grave
    if side_in(draft, text) == "elsewhere":
        return False
    threat = grave.told if grave is not None and grave.alarm in ("threat", "threat-eased") else ""
    told = bool(threat) and threatened_by(threat, safety) == "home" and not came_as(threat, safety) & UNSEEN
    return told or (grave is not None and grave.indoors) or "outside" in facts_in(text, safety)


def slots(draft: Draft) -> dict[str, str]:
    """Whoever was named, as a line takes them up, and the words for them; empty while nobody was."""
    who = helper(draft)
    if not who:
        return {}
    gender = gender_in(who, draft.words.safety) or "other"
    return {
        "helper": who,
        "Helper": who[:1].upper() + who[1:],
        "they": draft.line(f"safety.they.{gender}"),
        "them": draft.line(f"safety.them.{gender}"),
    }


def kids(draft: Draft, text: str = "") -> dict[str, str]:
    """Whose children were spoken of, for the lines about them: "your daughter" where it is one, as it was told."""
    safety, told = draft.words.safety, f"{kept(draft).told} {text}"
    words = set(words_in(told))
    one = named_in(told, safety, "young") or ""
    alone = len(words & set(safety.young)) == 1 and not words & set(safety.several) and len(words_in(one)) > 1
    who = one if alone else draft.line("safety.kids")
    return {"kids": who, "Kids": who[:1].upper() + who[1:]}


def at_home(draft: Draft) -> bool:
    """Whether what was told is that the writer is hurt or controlled where they live."""
    return hurt_at_home(kept(draft).told, draft.words.safety)


def spoken_of(draft: Draft, key: str) -> str | None:
    """The wording of a line that speaks of whoever was named, once each; None where nobody was, or it was said."""
    keys = (f"{key}.{ending}" for ending in endings(draft))
    return next((line for each in keys if each in draft.words.lines if (line := draft.fresh(each, **slots(draft)))), None)


def not_asked_again(draft: Draft, talk: str) -> None:
    """Where the message of this turn ends by asking who could help, and somebody was named, it asks about that person instead."""
    if not endings(draft):
        return

    def about_them(text: str) -> str:
        found = QUESTION.search(text)
        if found is None or not says(found[0], "seeks", draft.words.safety):
            return text
        asked = next((line for key in (f"safety.{talk}", "safety.came") if (line := spoken_of(draft, f"{key}.asked"))), None)
        return f"{text[: found.start()].rstrip()} {asked}" if asked else text

    draft.recast(lambda message: Say(replace(message, text=about_them(message.text))))

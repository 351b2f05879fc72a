"""Keeping company with somebody whose life may be in danger: what their next words are met with, until they say that they are safe.

No work, no card and no cheer; the lines that are said back otherwise are staying.py's.
"""

from __future__ import annotations

import re
from datetime import timedelta

from bot import beside, staying
from bot.alarms import came_in, says
from bot.draft import Draft
from bot.hearing import heard, of_this_world, says_any
from bot.spelling import words_in

OUT_OF_REACH = frozenset({"sought", "arrived", "shelter", "only-once"})  # what is told of harm at home and answered before all else
SHORT = 8  # words of a message that says only once more that one is safe, or only that one wants to turn to the work
ASKED = 2  # marks of what was said in one reply
DAY = timedelta(hours=24)  # after this the person is asked once how they are, and the talk is theirs again


def in_danger(draft: Draft) -> bool:
    """Whether a sign of danger has the floor, from oneself or from others."""
    return draft.alarm in ("asked-danger", "asked-safe", "threat")


def took_back(draft: Draft) -> None:
    """What was half taken back is asked about once more."""
    draft.alarm = "asked-safe"
    home = beside.at_home(draft) and draft.unheard("safety.danger.back.home")
    draft.say(draft.once("safety.danger.back.home" if home else "safety.danger.back"), "safety")


def still_safe(draft: Draft, text: str) -> bool:
    """Said once more, after a danger was eased: that they are safe. It is taken as that, and not as work."""
    said = says_safe(draft, text) or takes_back(draft, text)
    return len(words_in(text)) <= SHORT and not of_this_world(text, draft.words.hear) and said


def says_safe(draft: Draft, text: str) -> bool:
    """In any language, as is what takes a sign of danger back: people fall into their own."""
    return any(says_any(text, safety.safe_now) for _, safety in draft.library.safeties(draft.language))


def takes_back(draft: Draft, text: str) -> bool:
    return any(says_any(text, safety.takes_back) for _, safety in draft.library.safeties(draft.language))


def keep(draft: Draft) -> None:
    """Somebody in danger opened the chat or pressed a button: nothing of work, the person is asked about."""
    if draft.alarm == "threat":
        draft.say(draft.line("safety.threat.stay"), "safety")
    elif draft.alarmed_at and draft.at - draft.alarmed_at > DAY:
        draft.alarm, draft.alarmed_at = "eased", draft.at
        draft.say(draft.line("safety.danger.after"), "safety")
    else:
        draft.say(draft.line("safety.danger.stay"), "safety")


def goes_on(draft: Draft, text: str, wish: str | None, *, again: bool) -> bool:
    """The next words after a sign of danger. `again`: they hold another one."""
    if beside.at_home(draft) and set(came_in(text, draft.words.safety)) & OUT_OF_REACH:
        staying.stay(draft, text)  # a door elsewhere, or being there, says more than that they are safe
        return True
    denied = _head(text)
    no = draft.alarm == "asked-danger" and heard(denied, draft.words.hear.wishes, draft.words.hear) == "no"
    safe = (
        says_safe(draft, text)
        or (no and beside.at_home(draft))
        or (draft.alarm == "asked-danger" and says(denied, "half", draft.words.safety))
    )
    back = takes_back(draft, text) or (draft.alarm == "asked-safe" and says(text, "this_only", draft.words.safety))
    if back and not safe:  # a "no" to what was asked counts, and so does taking it back once more when asked again
        asked_again = any(not draft.unheard(key) for key in ("safety.danger.back", "safety.misread.ask"))
        safe = no or (draft.alarm == "asked-safe" and asked_again)
    out_now = beside.at_home(draft) and "out-now" in came_in(text, draft.words.safety) and draft.unheard("safety.danger.gap")
    if not again and (safe or out_now or wish == {"asked-danger": "no", "asked-safe": "good"}.get(draft.alarm or "")):
        _out_of_danger(draft, text)
    elif back:
        took_back(draft)
    elif _ambiguous(draft, text):
        draft.say(draft.once("safety.danger.unsure"), "safety")
    elif _unsafe(draft, text) and draft.unheard("safety.danger.unsafe"):
        draft.remember("safety.danger.unsafe#0")
        alone = "nobody" in came_in(text, draft.words.safety)
        draft.say(draft.once(f"safety.danger.unsafe{'.other' if _by_another(draft) else '.alone' if alone else ''}"), "safety")
    else:
        if draft.alarm == "asked-danger" and _by_another(draft) and not beside.at_home(draft):
            draft.alarm = "told"  # it is somebody else's, and nobody is to be asked who is with them
        staying.stay(draft, text, again=again and draft.alarm == "told")
    return True


def _head(text: str) -> str:
    """What stands before the first stop: "no" of "no, it's the work"."""
    return re.split(r"[,.;!]", text)[0]


def _by_another(draft: Draft) -> bool:
    """Whether the danger is one from somebody else, or to somebody else."""
    told = beside.kept(draft).told
    return says(told, "to_others", draft.words.safety) and not says(told, "plainly", draft.words.safety)


def _ambiguous(draft: Draft, text: str) -> bool:
    """Whether the answer to being asked if they are safe can be a yes, and can be that they will ring."""
    bare = draft.alarm == "asked-safe" and next(came_in(text, draft.words.safety), "") == "ack"
    return bare and draft.unheard("safety.danger.unsure")


def _out_of_danger(draft: Draft, text: str) -> None:
    """They say that they are safe, and what else they say with it is answered: who is there, that it is low, that it was the work."""
    safety = draft.words.safety
    kinds = set(came_in(text, safety))
    if beside.at_home(draft) and draft.unheard("safety.danger.gap"):  # nobody strikes at this moment; that is no end of it
        draft.say(draft.once("safety.danger.gap"), "safety")
        return
    staying.names(draft, text)
    draft.alarm, draft.alarmed_at = "eased", draft.at
    there = beside.helper(draft) if draft.grave and draft.grave.side in beside.NEAR else ""
    about_work = says(text, "misread", safety) or of_this_world(text, draft.words.hear)
    key = next(
        ending
        for ending, fits in (
            (".low", "low" in kinds),
            (f".{draft.grave.side}" if draft.grave else "", bool(there)),
            (".near", bool(kinds & {"coming", "somebody-near"}) and beside.side_in(draft, text) in beside.NEAR),
            (".half", any(says(part, "half", safety) for part in (text, _head(text)))),
            (".work", about_work),
            ("", True),
        )
        if fits
    )
    said = draft.line(f"safety.danger.eased{key}" if key != ".low" else "safety.danger.low", **beside.slots(draft) if there else {})
    draft.say(said, "safety", [draft.choice("ask"), draft.choice("later")])


def _unsafe(draft: Draft, text: str) -> bool:
    """Whether somebody says that it is so: by a yes to the question itself, or by a short answer to being asked if they are safe which did
    not say so and is not about work."""
    if draft.alarm == "asked-danger":
        asked = any(
            draft.said_lately(key, ASKED)
            for key in ("safety.danger", "safety.danger.other", "safety.danger.beaten", "safety.danger.home", "safety.danger.again")
        )
        if asked and beside.at_home(draft) and beside.side_in(draft, text) == "here":
            return True  # the one who does it
        return asked and any(says(part, "admits", draft.words.safety) for part in (text, _head(text)))
    return len(words_in(text)) <= SHORT and not of_this_world(text, draft.words.hear)

"""What is told while somebody is threatened, each met by a line of its own: what is held is what was threatened, and how it came.

Violence that was done makes it graver, and nobody to whom it was done is taken for a helper. What is half taken back is answered and
held; whoever wants to spare others the fear, or fears that they will decide, is offered another door. floor.py asks here first.
"""

from __future__ import annotations

from dataclasses import replace

from bot import beside, staying
from bot.alarms import came_in, perils_in, says, threatened_by
from bot.draft import Draft
from bot.hearing import heard
from bot.spelling import READ, words_in

# In this order; "corrected" only beside violence or a helper who is none.
PERILS = ("violent", "calls-off", "unsafe", "safer", "kids-safe", "go", "spares", "halved")
EASING = ("safer", "kids-safe")
BESIDE_A_STEP = frozenset({"spares", "halved", "safer", "kids-safe", "go"})  # a step of theirs says more


def meets(draft: Draft, text: str, *, again: bool) -> bool:
    """Answers what is told while a threat has the floor; False where none of it is in the message. `again`: it holds a further threat."""
    if draft.last_said == "safety.threat.work-day" and not again and (key := _safe_there(draft, text)):
        draft.say(draft.line(key), "safety")
        return True
    perils = perils_in(text, draft.words.safety)
    if "corrected" in perils and _of_somebody_hurt(draft, perils):
        draft.grave = replace(beside.kept(draft), helper="", side="")
        return _say(draft, "corrected", text)
    if again and "violent" not in perils:
        staying.names(draft, text)
        _remember(draft, text)
        return False
    if staying.step_in(draft, text):
        perils -= BESIDE_A_STEP
    if asks_for_work(draft, text) and not says(text, "duty", draft.words.safety) and _somebody_knows(draft, text):
        return _say(draft, "work-day", text)
    return any(_say(draft, kind, text) for kind in PERILS if kind in perils)


def _safe_there(draft: Draft, text: str) -> str | None:
    """The line for a yes or a no to whether they can be seen where the work takes them; after a yes the talk is theirs again."""
    hear = draft.words.hear
    begins = "" if beside.side_in(draft, text) else " ".join(words_in(text)[:1])  # "yes, my cousin is here" says who is there
    wish = heard(text, hear.wishes, hear) or heard(begins, hear.wishes, hear)
    if wish in ("good", "agrees"):
        draft.alarm = None
        return "safety.threat.is-safe"
    return "safety.threat.not-safe" if wish == "no" else None


def tells_of_violence(draft: Draft, text: str) -> bool:
    """Whether it is violence to others that is told of, and nothing that somebody means to do to themselves."""
    return "violent" in perils_in(text, draft.words.safety) and not says(text, "plainly", draft.words.safety)


def asks_for_work(draft: Draft, text: str) -> bool:
    safety = draft.words.safety
    return "work" in perils_in(text, safety) or "work" in came_in(text, safety) or says(text, "duty", safety)


def aim(draft: Draft) -> str:
    """What was threatened, by its kind: the children before all else."""
    return threatened_by(beside.kept(draft).told, draft.words.safety)


def _of_somebody_hurt(draft: Draft, perils: frozenset[str]) -> bool:
    return "violent" in perils or bool(beside.helper(draft)) or draft.last_said.startswith("safety.threat.violent")


def _somebody_knows(draft: Draft, text: str) -> bool:
    """Whether somebody was told by now, or is with them; whoever is named in this very message is taken in."""
    staying.names(draft, text)
    side = beside.kept(draft).side
    return side in ("told", *beside.NEAR) or (draft.alarm == "threat-eased" and side != "unaware")


def _remember(draft: Draft, text: str) -> None:
    """A further threat is kept with the first, so that what is said next holds both."""
    grave = beside.kept(draft)
    draft.grave = replace(grave, told=f"{grave.told}\n{text}"[-READ:])


def _say(draft: Draft, kind: str, text: str) -> bool:
    lead, aimed = f"safety.threat.{kind}", aim(draft)
    key = next((key for key in (f"{lead}.{aimed}", lead) if key in draft.words.lines and draft.unheard(key)), None)
    if key is None:
        return False
    opening = _opening(draft, kind, text)
    said = draft.fresh(key, of=draft.line(f"safety.threat.of.{aimed}", **beside.kids(draft)), **beside.kids(draft))
    if said is None:
        return False
    if kind == "violent":
        _remember(draft, text)
    if kind in EASING or kind == "work-day":
        draft.alarm = "threat-eased"
    draft.say(f"{opening} {said}".strip(), "safety")
    return True


def _opening(draft: Draft, kind: str, text: str) -> str:
    """A clause before the line: who is with them, or that the work they ask for isn't forgotten."""
    if kind != "work-day":
        return draft.line("safety.threat.unheard") if kind != "go" and asks_for_work(draft, text) else ""
    here = draft.grave is not None and draft.grave.side == "here" and draft.unheard("safety.threat.here")
    return draft.once("safety.threat.here", **beside.slots(draft)) if here and beside.helper(draft) else ""

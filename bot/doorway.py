"""One person, two doors: a code is shown at one of them and typed at the other, or a door is closed again.

What a code comes to, the store has looked up before; here it is only said. Nothing of two people is ever merged: a door goes over only when
nothing was kept behind it.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from bot import mentoring
from bot.draft import Draft
from bot.leaving import hold_place
from bot.model import CloseDoor, Join, OfferCode

_CODE = re.compile(r"\W*([A-Za-z]{4}[ -]?[0-9]{6})\W*")


def code_in(text: str) -> str | None:
    """A message that is a code and nothing else."""
    found = _CODE.fullmatch(text) if len(text) < 40 else None
    return found[1] if found else None


def claimed(draft: Draft, code: str) -> None:
    """Somebody typed a code."""
    outcome = draft.context.claimed
    if outcome == "mentor":
        mentoring.joined(draft, code)
        return
    if outcome != "good":
        draft.say(draft.line(f"link.{outcome}"), "notice", draft.offered)
        return
    draft.place = draft.held = None
    draft.do(Join(code))
    told = [draft.line("link.good")]
    if not draft.person.welcomed:  # what can be seen here was not said yet; whether a model reads along, the logbook's owner was told
        told.append(draft.line(f"privacy.{draft.context.platform}.model"))
    draft.say("\n\n".join(told), "notice")


def _link(draft: Draft) -> None:
    hold_place(draft)
    draft.say(draft.line("link.offer", code="$code"), "reply")
    draft.recast(OfferCode)


def _unlink(draft: Draft) -> None:
    hold_place(draft)
    if len(draft.context.doors) < 2:
        draft.say(draft.line("unlink.only"), "reply")
    else:
        draft.say(draft.line("unlink.ask"), "question", [draft.choice("unlink-yes"), draft.choice("as-it-is")])


def _unlink_yes(draft: Draft) -> None:
    if not draft.was_offered("do:unlink-yes"):
        _unlink(draft)
        return
    draft.say(draft.line("unlink.done"), "notice")
    draft.recast(CloseDoor)


WISHES: dict[str, Callable[[Draft], None]] = {"link": _link, "unlink": _unlink, "unlink-yes": _unlink_yes}

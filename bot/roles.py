"""What to do in which phase, and what to watch for from inside or from outside: lines of our own over sources that are looked up.

The lines are words (role.PHASE, lens.KIND); which card they rest on is prompts/roles.yaml. A phase that is unknown is asked for,
and several at once are told side by side, because that is how partnerships are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from bot import rooms
from bot.draft import Draft
from bot.hearing import act_in, says_any
from bot.model import PHASES, Broker, Choice, Cited, Context, Event, Phase, Pressed, Said
from bot.straight import cites
from bot.tongue import held_in
from bot.voice import Voice
from prompts.library import Hear, Library, Role

LONGEST = 22  # words in which somebody asks for their role; a longer text is a story


def wanted_cards(library: Library, context: Context, event: Event) -> tuple[str, ...]:
    """The knowledge cards that the answer to this event will cite."""
    roles = library.roles
    hear = library.in_language(held_in(library, context, event)).hear
    if isinstance(event, Said) and cites(event.text, hear):
        return tuple(dict.fromkeys(role.card for role in (*roles.phases.values(), *roles.principles)))
    asks = isinstance(event, Said) and asks_role(event.text, hear)
    presses = isinstance(event, Pressed) and event.choice.startswith(("phase:", "lens:", "broker:"))
    if not (asks or presses):
        return ()
    every = [*roles.phases.values(), *roles.lenses.values(), *roles.several]
    return tuple(dict.fromkeys(role.card for role in every))


def asks_role(text: str, hear: Hear) -> bool:
    """Whether a message asks for one's role or for what to watch for, and is no longer than such a question."""
    return act_in(text, hear) in ("role", "lens") and len(text.split()) <= LONGEST


def role(draft: Draft, text: str = "") -> None:
    """The role at a stage: the stage that was named, else those of the person's partnerships, else the one they pick."""
    hear = draft.words.hear
    named = [phase for phase in PHASES if says_any(text, hear.phases.get(phase, ()))]
    known = rooms.phases_of(rooms.at_hand(draft.context))
    phases = named or [phase for phase in PHASES if phase in known]
    if len(phases) == 1:
        _show(draft, phases[0])
    elif phases:
        _several(draft, phases)
    else:
        draft.say(draft.line("role.which"), "reply", [choice_of(draft, phase) for phase in PHASES])


def phase_picked(draft: Draft, name: str) -> None:
    """Shows the role in a phase; it is remembered where there is one partnership and nothing is known of it yet."""
    phase = next(phase for phase in PHASES if phase == name)
    theirs = draft.person.partnerships
    if len(theirs) == 1 and not theirs[0].phases:
        draft.person = replace(draft.person, partnerships=(replace(theirs[0], phases=(phase,)),))
    _show(draft, phase)


def _show(draft: Draft, phase: Phase) -> None:
    text, cited = told(draft, f"role.{phase}", [draft.library.roles.phases[phase]])
    kinds: tuple[Broker, ...] = (draft.person.broker,) if draft.person.broker else ("internal", "external")
    draft.say(text, "reply", [Choice(f"lens:{kind}", draft.line(f"choice.lens.{kind}")) for kind in kinds], cited)


def _several(draft: Draft, phases: list[Phase]) -> None:
    head, cited = told(draft, "role.several", draft.library.roles.several)
    rows = [draft.line(f"role.several.row.{phase}") for phase in phases]
    text = "\n".join([head, *rows, "", draft.line("role.several.question")])
    draft.say(text, "reply", [choice_of(draft, phase) for phase in phases], cited)


def choice_of(draft: Draft, phase: Phase) -> Choice:
    return Choice(f"phase:{phase}", draft.line(f"choice.phase.{phase}"))


def lens(draft: Draft, text: str = "") -> None:
    """What insiders or independents report: the kind that was named, else the person's own, else the one they pick."""
    kinds: tuple[Broker, ...] = ("internal", "external")
    named = [kind for kind in kinds if says_any(text, draft.words.hear.kinds.get(kind, ()))]
    if len(named) == 1:
        told_of_themselves = says_any(text, draft.words.hear.oneself)
        (broker_told if told_of_themselves else lens_picked)(draft, named[0])
    elif draft.person.broker:
        lens_picked(draft, draft.person.broker)
    else:
        draft.say(draft.line("lens.which"), "reply", [Choice(f"broker:{kind}", draft.line(f"choice.broker.{kind}")) for kind in kinds])


def broker_told(draft: Draft, name: str) -> None:
    """Somebody said where they broker from: it is remembered, and not asked again."""
    kind: Broker = "internal" if name == "internal" else "external"
    draft.person = replace(draft.person, broker=kind)
    lens_picked(draft, kind)


def lens_picked(draft: Draft, name: str) -> None:
    kind: Broker = "internal" if name == "internal" else "external"
    text, cited = told(draft, f"lens.{kind}", [draft.library.roles.lenses[kind]])
    draft.say(text, "reply", (), cited)


def told(draft: Draft, key: str, roles: Sequence[Role], **slots: str) -> tuple[str, tuple[Cited, ...]]:
    """A line with its sources. Where a card cannot be had nothing is cited, and the marks are taken out."""
    text = draft.line(key, ours=draft.line("ours"), **slots)
    cards = {passage.card: passage for passage in draft.context.wanted}
    if any(role.card not in cards for role in roles):
        return re.sub(r" ?\[\d\]", "", text), ()
    cited = [Voice(draft, cards[role.card], "").cited(number) for role in roles for number in role.sources]
    return text, tuple(replace(source, mark=mark) for mark, source in enumerate(cited, 1))

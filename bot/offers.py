"""Which guide would fit: to what somebody has just told, to where they stand, or to what they ask for by name or purpose.

An offer is a choice beside what is asked anyway; nobody is ever taken anywhere by it. Starting a guide is guiding.py's business.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from bot import rooms, then_and_now
from bot.draft import Draft
from bot.hearing import any_of, means, refers_back, says_any
from bot.model import Choice, Said
from bot.sieve import Sieve
from bot.spelling import any_in, in_line, words_in
from prompts.library import Guide, Hear

DRAINED = "drained"
LATEST = 3  # entries whose moments say what may be worth a longer look
ASKING = 14  # words in which somebody asks for a guide; more are a story
SHORTEST_TITLE = 2  # words of a title that are enough to mean it inside a sentence
TOLD_AFTER = 4  # words after a but that tell of something
SHOWN = 2  # guides that are named when one is asked for in the middle of a talk
GROUPS = ("day", "stuck", "self", "long", "check", "own")


@lru_cache(64)
def moment_in(text: str, hear: Hear) -> str | None:
    """The kind of moment a text tells of (hear.moments), the first in their order; None for none of them. Of "nothing
    special, but he stayed for tea" it is what follows the but."""
    kind = next(_moments(hear).found_in(in_line(text)), None)
    but = re.search(rf"\b(?:{any_of(hear.turns)})\b", in_line(text)) if kind == "nothing" else None
    rest = in_line(text)[but.end() :] if but else ""
    return next(_moments(hear).found_in(rest), None) if len(words_in(rest)) >= TOLD_AFTER else kind


@lru_cache(8)
def _moments(hear: Hear) -> Sieve:
    return Sieve(hear.moments)


def fitting(draft: Draft, text: str) -> str | None:
    """The guide that helps with what a text tells of."""
    kind = moment_in(text, draft.words.hear)
    return next((guide.guide for guide in listed(draft) if kind in guide.fits), None) if kind else None


def listed(draft: Draft) -> list[Guide]:
    """The guides that may be chosen, in the order of their groups."""
    guides = draft.library.guides.values()
    return [guide for group in GROUPS for guide in guides if guide.group == group]


def choice(draft: Draft, name: str) -> Choice:
    spoken = draft.spoken(name)
    label = draft.line("choice.guide", title=spoken.title, good_for=spoken.good_for or "")
    return Choice(f"guide:{name}", label)


def walk(draft: Draft, text: str) -> list[Choice]:
    """As choices beside a coaching reply: to walk through what was told with the guide that fits it; and where something is stuck, to see
    a page of half a year ago beside one of now."""
    name = fitting(draft, text)
    choices = [Choice(f"guide:{name}", draft.line("choice.walk", title=draft.spoken(name).title))] if name else []
    if moment_in(text, draft.words.hear) in then_and_now.STUCK and then_and_now.pair_of(draft, draft.book):
        choices.append(draft.choice("then-and-now"))
    return choices


def suggested(draft: Draft, most: int) -> list[Choice]:
    """Longer guides for somebody with time: by their last entries, by the phases of their partnerships, and in rotation."""
    used = [entry.guide for entry in draft.context.entries]

    def longest_ago(guide: Guide) -> tuple[int, int]:
        ago = -used.index(guide.guide) if guide.guide in used else -len(used) - 1
        return ago, (order.index(guide.guide) - draft.today.toordinal()) % len(order)

    open_to = [g for g in listed(draft) if g.kind == "reflection" and g.guide != draft.here.guide and g.guide not in used[:1]]
    order = [guide.guide for guide in open_to]
    told = [" ".join(text for _, text in entry.answers) for entry in draft.context.entries[:LATEST]]
    phases = set(rooms.phases_of(rooms.at_hand(draft.context)))
    by_entries = [name for text in told if (name := fitting(draft, text)) in order]
    apt = [g for g in open_to if DRAINED not in g.fits and (not g.phases or not phases or phases & set(g.phases))]
    in_turn = sorted(apt, key=longest_ago)
    by_phase = [guide.guide for guide in in_turn if phases & set(guide.phases)]
    chosen = dict.fromkeys([*by_entries[:1], *by_phase[:1], *(guide.guide for guide in in_turn)])
    return [choice(draft, name) for name in list(chosen)[:most] if name]


# --- asked for


def asked_for(draft: Draft, text: str) -> str | None:
    """The guide that a message asks for: by one of its names or wishes, by its title inside a sentence, or by what it is good for."""
    hear = draft.words.hear
    said = words_in(text)
    if not said or len(said) > ASKING:
        return None
    names = {name: draft.spoken(name).opens for name in draft.library.guides if draft.spoken(name).opens}
    for name, opens in names.items():
        if means(text, opens, hear):
            return name
    for guide in listed(draft):
        title = _title(draft.spoken(guide.guide).title)
        if len(title) >= SHORTEST_TITLE and _stands_in(title, said):
            return guide.guide
    if not any(_stands_in(words_in(word), said) for word in hear.guide_words):
        return None
    named = {
        name: max((len(words_in(wish)) for wish in opens if _stands_in(words_in(wish), said)), default=0) for name, opens in names.items()
    }
    best = max(named, key=lambda name: named[name], default="")
    return best if best and named[best] else next((g.guide for g in listed(draft) if moment_in(text, hear) in g.fits), None)


def titled(draft: Draft, text: str) -> str | None:
    """The guide whose title a message is, and nothing else."""
    said = words_in(text)
    return next(
        (guide.guide for guide in listed(draft) if len(said) >= SHORTEST_TITLE and _title(draft.spoken(guide.guide).title) == said), None
    )


@lru_cache(256)
def _title(title: str) -> tuple[str, ...]:
    """The words of a guide's title, which every message is compared with."""
    return words_in(title)


def asks_for_list(draft: Draft, text: str) -> bool:
    """A guide is asked for in a word such as "exercise", and none is known for it."""
    said = words_in(text)
    wants = any_in(draft.words.hear.wants_guide, " ".join(said))
    return wants and len(said) <= ASKING


def _stands_in(part: tuple[str, ...], whole: tuple[str, ...]) -> bool:
    return any(whole[n : n + len(part)] == part for n in range(len(whole) - len(part) + 1)) if part else False


def answer_for(draft: Draft) -> None:
    """Some guide or check was asked for, and not by its name: the one that fits what was talked of, else all there are."""
    text = draft.event.text if isinstance(draft.event, Said) else ""
    check = says_any(text, draft.words.hear.check_words)
    told = draft.talk.asked if draft.talk and refers_back(text, draft.words.hear) else ""
    kind = moment_in(told, draft.words.hear)
    fits = [guide for guide in listed(draft) if kind in guide.fits and (guide.kind == "check" or not check)] if kind else []
    if fits:
        spoken = [draft.spoken(guide.guide) for guide in fits]
        text = draft.line("guides.fitting", title=spoken[0].title, about=spoken[0].about)
        draft.say(text, "reply", [*_labels(draft, fits[:SHOWN]), draft.choice("guides")])
    elif check:
        draft.say(draft.line("guides.checks"), "reply", _labels(draft, [guide for guide in listed(draft) if guide.kind == "check"]))
    else:
        show_list(draft, draft.line("guides.unknown"))


# --- the list


def show_list(draft: Draft, head: str = "") -> None:
    """All guides by title under their headings; a heading can be picked, a title be said."""
    groups = _groups(draft)
    rows = [
        draft.line("guides.row", group=draft.line(f"group.{group}"), titles=", ".join(draft.spoken(g.guide).title for g in guides))
        for group, guides in groups.items()
    ]
    choices = [Choice(f"group:{group}", draft.line(f"group.{group}")) for group in groups]
    draft.say("\n".join([head or draft.line("guides.head"), *rows, draft.line("guides.foot")]), "reply", choices)


def show_group(draft: Draft, group: str) -> None:
    guides = _groups(draft).get(group, [])
    spoken = [draft.spoken(guide.guide) for guide in guides]
    rows = [draft.line("guides.group.row", title=words.title, about=words.about) for words in spoken]
    head = draft.line("guides.group", group=draft.line(f"group.{group}"))
    draft.say("\n".join([*rows, "", head]), "reply", _labels(draft, guides))


def _labels(draft: Draft, guides: Iterable[Guide]) -> list[Choice]:
    return [Choice(f"guide:{guide.guide}", draft.spoken(guide.guide).title) for guide in guides]


def _groups(draft: Draft) -> dict[str, list[Guide]]:
    guides = listed(draft)
    return {group: found for group in GROUPS if (found := [guide for guide in guides if guide.group == group])}

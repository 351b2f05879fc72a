"""The coach's own ideas, where no card is sure: two small things, each with its price, to be picked as the options of a card are.

They are for the kind of matter that was surely told of: one word that might mean anything tells of none, and then they are of those that
fit any. What was told so far is said first. All of them are data (prompts/ideas).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from bot.draft import Draft
from bot.exploring import walk
from bot.happening import told_in
from bot.model import Choice, Said
from bot.recasting import kind_told, said_again
from bot.reply import near_to, options_shown, speak, times, titled, with_used
from bot.spelling import any_in, in_line, words_in
from bot.theirs import opening, so_far
from prompts.library import Idea

TITLES = 2  # cards that are named beside ideas of the coach's own
TRIED, TRIES = "tried:", 3  # what a talk remembers of ideas that were offered, and how often there may be some
SEEN = 200  # characters of what was told, said again before ideas
PLEA = 16  # words of a message that asks and tells no story: what it names is what it is about
SURELY = 3  # messages that tell of a kind of matter by one cue; told in the last one, by two cues or by exact words it counts as much


def suggest(draft: Draft, seen: str = "", most: int = 2) -> None:
    """Ideas of the coach's own, after what it has seen, else after what the talk told so far; the cards that may be near stand beside them
    by their titles. None comes twice lately: when all were told, that is said."""
    talk = draft.talk
    tried = times(talk, TRIED) if talk else TRIES
    found = [*islice(_open(draft, talk.asked), most)] if talk and tried < TRIES else []
    if talk is None or not found:
        draft.say(draft.line("advise.no-more"), "reply", walk(draft, talk.asked) if talk else ())
        return
    draft.talk = with_used(replace(talk, card="", stage="explore", at=draft.at), f"{TRIED}{tried}")
    said = draft.event.text if isinstance(draft.event, Said) else ""
    known = options_shown(talk) or bool(near_to(draft, talk, 1))  # something of others was shown, or stands beside
    of_others = any_in(draft.library.ideas_in(draft.language).others, in_line(said))
    one = ".one" if len(found) == 1 else ""
    lead = draft.line(f"ideas.lead{one if one or not of_others else '.more' if known else '.others'}")
    rows = [f"{idea.offer} {idea.price} {draft.line('ours')}" for _, idea in found]
    shown = f"{lead} {rows[0]}" if one else "\n".join([lead, *(f"{n}. {row}" for n, row in enumerate(rows, 1))])
    for mark, _ in found:
        draft.remember(mark)
    choices = [Choice(mark, idea.name) for mark, idea in found]
    seen = seen or said_again(draft, said, SEEN) or opening(draft, said) or so_far(draft, talk.asked) or _mirrored(draft, talk.asked)
    speak(draft, [seen, shown], draft.line(f"ideas.question{one}"), [*choices, *titled(draft, talk, TITLES)])


def _mirrored(draft: Draft, asked: str) -> str:
    """The latest thing that surely happened and has a mirror left; empty for none."""
    happened = (told_in(draft, line) for line in reversed(asked.splitlines()))
    return next((told.mirror() for told in happened if told and told.fresh and not told.plain), "")


def _open(draft: Draft, asked: str) -> Iterator[tuple[str, Idea]]:
    """The ideas that were not heard lately, with the marks by which they are known: those of the kinds of matter told of, the surest first,
    then those that fit any."""
    bank = draft.library.ideas_in(draft.language)
    begin = len(words_in(asked)) % len(bank.any)  # two talks need not begin alike
    turned = [*range(begin, len(bank.any)), *range(begin)]
    of_kind = ((f"idea:{kind}:{n}", idea) for kind in _kinds(draft, asked) for n, idea in enumerate(bank.matters[kind].ideas))
    for mark, idea in (*of_kind, *((f"idea:any:{n}", bank.any[n]) for n in turned)):
        if draft.heard_at(mark) < 0:
            yield mark, idea


def _kinds(draft: Draft, asked: str) -> list[str]:
    """The kinds of matter that were surely told of: the exact ones first, among them the one most spoken of, and of as many the latest."""
    said = draft.event.text if isinstance(draft.event, Said) else ""
    matters = draft.library.ideas_in(draft.language).matters
    counts: Counter[str] = Counter()
    last = next((line for line in reversed(asked.splitlines()) if line != said), "")
    for told in dict.fromkeys([*asked.splitlines(), said]):
        happened, again, line = told_in(draft, told), kind_told(draft, told), in_line(told)
        for kind, matter in matters.items():
            by_words, deed = any_in(matter.heard, line), happened if happened and happened.name in matter.told else None
            plainly = matter.said or deed or (told == said and len(words_in(said)) <= PLEA)
            just_told = told == last and deed is not None and not deed.plain
            sure = again in matter.again or (by_words and plainly) or just_told
            counts[kind] += SURELY + (told in (last, said)) if sure else by_words or deed is not None  # what was told last goes first
    sure = [kind for kind, count in counts.most_common() if count >= SURELY]
    return sorted(sure, key=lambda kind: not matters[kind].said)


def is_exact(draft: Draft, asked: str) -> bool:
    """Whether what was told is surely of a kind that is heard by exact words: then its ideas are nearer than a card that is only near."""
    matters = draft.library.ideas_in(draft.language).matters
    return any(matters[kind].said for kind in _kinds(draft, asked))


def names_matter(draft: Draft, plea: str) -> bool:
    """Whether a plea itself names a kind of matter for which there is an idea left."""
    line, matters = in_line(plea), draft.library.ideas_in(draft.language).matters
    return any(
        any_in(matter.heard, line) and any(draft.heard_at(f"idea:{kind}:{n}") < 0 for n in range(len(matter.ideas)))
        for kind, matter in matters.items()
    )

"""Which words the knowledge is searched for before an event is decided; None where nothing has to be found. Pure.

Retrieval stays outside the core, so it is asked for beforehand; and it may have to wait for the index, so nothing is asked for that
the coach answers without: a greeting, a name, a button, a word for moving about.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot import finding, nudge, outside, wishes
from bot.choosing import choice_in
from bot.draft import Draft
from bot.hearing import aside_in, asks_coach, asks_plainly, content_of, heard, name_in, refers_back, undenied, without_introduction
from bot.keeping import LONGEST_PLACE
from bot.mirroring import TOLD
from bot.model import Context, Event, Fell, Pressed, Said, Talk
from bot.spelling import any_in, in_line, words_in
from bot.threads import picked_in
from bot.tongue import held_in
from prompts.library import Hear, Library

TELLING = 3  # words of content by which a plea for ideas says more of the matter
# Acts and wishes that need a card.
SEARCHED = frozenset({"ideas", "one", "meaning", "state", "step", "another", "no", "none-of-these", "good"})


def lookup(library: Library, context: Context, event: Event) -> str | None:
    """The words to search the knowledge for before this event is decided; None when nothing needs to be found."""
    hear = library.in_language(held_in(library, context, event)).hear
    sought = _sought(library, context, event, hear)
    return sought if sought is None else without_introduction(sought, hear)


def _sought(library: Library, context: Context, event: Event, hear: Hear) -> str | None:
    conversation = context.conversation
    if isinstance(event, Fell):
        return nudge.words_for_search(Draft(library, context, event)) if event.kind == "nudge" else None
    if isinstance(event, Pressed):
        return _for_choice(conversation.talk, event.choice)
    if not isinstance(event, Said) or not words_in(event.text) or finding.wants_book(library, context, event) is not None:
        return None
    if conversation.place:
        return _in_guide(library, context, event, hear)
    if len(event.text) > outside.LONG:
        return None
    choice = choice_in(event.text, conversation.choices, hear)
    return _for_choice(conversation.talk, choice.id) if choice else _outside(context, event, hear, _others(library, context, event))


def card_in_hand(library: Library, context: Context, event: Event) -> str | None:
    """The card of the talk that an event goes on with; None where it goes on with none."""
    conversation = context.conversation
    if isinstance(event, Said) and not conversation.place:
        hear = library.in_language(held_in(library, context, event)).hear
        talk = None if len(event.text) > outside.LONG else outside.reading(conversation, event.text, event, hear).talk
        talk = talk or conversation.talk  # an alarm or a choice may still leave the talk as it is
    else:
        talk = conversation.talk if isinstance(event, Said | Pressed) else None
    return talk.card or None if talk else None


def _for_choice(talk: Talk | None, choice: str) -> str | None:
    kind, _, what = choice.partition(":")
    if talk is None:
        return None
    if kind == "thread":
        return talk.threads[int(what)] if int(what) < len(talk.threads) else None
    return talk.asked if choice in ("do:another", "do:ideas", "do:stay") or kind == "card" else None


def _others(library: Library, context: Context, event: Said) -> Sequence[str]:
    return library.ideas_in(held_in(library, context, event)).others


def _outside(context: Context, event: Said, hear: Hear, others: Sequence[str]) -> str | None:
    """`others`: how it is asked what others did, which names no matter of its own."""
    read = outside.reading(context.conversation, event.text, event, hear)
    talk, wish, act = read.talk, read.wish, read.act
    if talk and act == "plea" and content_of(read.said, hear) >= TELLING and not any_in(others, in_line(read.said)):
        return f"{talk.asked}\n{undenied(read.said, hear)}"
    if talk and (wish in SEARCHED or act in ("ideas", "one", "leaning", "plea")):
        return talk.asked
    if wish or not words_in(read.said) or (act in wishes.WISHES and act not in SEARCHED):
        return None
    thread = picked_in(talk, read.said, None, hear)
    if talk and thread is not None:
        return talk.threads[thread]
    goes_on = read.said == event.text and (refers_back(event.text, hear) or not asks_plainly(event.text, hear))
    said = undenied(read.said, hear) if talk and talk.card else read.said
    if talk and talk.stage in ("explore", "threads") and goes_on:  # what is answered belongs to what was told before
        return f"{talk.asked}\n{said}"
    return said


def _in_guide(library: Library, context: Context, event: Said, hear: Hear) -> str | None:
    """A scene may be mirrored by a card, and a question is answered in passing; a name, a place or a mark need no card."""
    draft = Draft(library, context, event)
    text, place = event.text, draft.here
    if place.guide not in library.guides or not draft.guide(place.guide).has(place.step):
        return text
    step, aside = draft.guide(place.guide).step(place.step), aside_in(text, hear)
    meant = aside or text
    if heard(meant, hear.controls, hear) or heard(meant, hear.wishes, hear) not in (None, "ask"):
        return None
    if aside or asks_coach(text, hear):
        return meant
    if step.keeps == "answer" and not step.choices:
        return text if step.mirror == "scene" and len(words_in(text)) >= TOLD else None
    if step.keeps == "name" and name_in(text, hear) is not None:
        return None
    return text if len(words_in(text)) > LONGEST_PLACE else None

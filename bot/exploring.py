"""Asks back, with no model: says that something was heard, names the threads of it, and asks one open question.

Nothing is offered here. What is heard is said in the shape of what was told (something missing, something that comes back, a "but",
somebody else's fear), in a few of the person's own words, or by whom it is about; plainly only where nothing else fits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from bot import offers
from bot.draft import Draft
from bot.hearing import (
    begins_with_others,
    echo_of,
    feels,
    feels_with,
    guesses,
    kinds_named,
    only_who_in,
    says_any,
    shape_of,
    turns_in,
)
from bot.model import Choice, Passage, Talk
from bot.reply import brief, speak, with_used
from bot.spelling import words_in
from bot.threads import choices_of, leading, shown
from bot.voice import Voice
from prompts.library import Hear

STORY = 18  # words from which a message tells a story: another one in the middle of a talk, or several threads at once
THREADS = 3  # threads that are named (rubric S5)
MANY, KINDS = 22, 3  # words, and kinds of people in them, from which a message holds several matters
QUOTING = ("explore.echo", "explore.short", "explore.theirs.echo")
JUST_SAID = 5  # marks of what was said, a reply or two
SHORT = 4  # words of a message that is said back whole
TELLING = 8  # words from which a message shows who moves and who is moved


# --- that it was heard


def heard_in(draft: Draft, talk: Talk, text: str, *, bare: bool = True) -> str:
    """A mirror of a message; never two quotations running. Without `bare`, empty where only a general line would fit."""
    hear = draft.words.hear
    echo = None if any(draft.said_lately(key, JUST_SAID) for key in QUOTING) else echo_of(text, hear)
    if feels(text, hear):
        return draft.line("explore.echo", echo=echo) if echo and feels(echo, hear) else draft.line("explore.feeling")
    if echo and turns_in(text, hear):
        return draft.line("explore.echo", echo=echo)
    if echo and feels_with(text, hear) and (feels(echo, hear) or feels_with(echo, hear)) and draft.unheard("explore.theirs.echo"):
        return draft.line("explore.theirs.echo", echo=echo)
    shape = next((name for name in _shapes(text, hear, talk) if draft.unheard(f"explore.{name}")), None)
    if shape:
        return draft.line(f"explore.{shape}")
    said = ""
    if (who := only_who_in(text, hear)) and draft.unheard("explore.who"):
        said = draft.line("explore.who", who=who)
    elif echo:
        said = draft.line("explore.echo", echo=echo)
    elif 0 < len(words_in(text)) <= SHORT and "?" not in text and draft.unheard("explore.short"):
        said = draft.line("explore.short", said=text.strip(" .,;:!?¡¿"))
    elif bare:
        said = draft.line("explore.bare")
    return said[:1].upper() + said[1:]


def _shapes(text: str, hear: Hear, talk: Talk) -> Iterator[str]:
    if feels_with(text, hear):
        yield "theirs"
    if talk.stage not in ("explore", "threads") and guesses(text, hear):
        yield "guess"
    if says_any(text, hear.again):
        yield "again"
    if says_any(text, hear.absence):
        yield "absent"
    if turns_in(text.lstrip().partition(" ")[2], hear):  # a "but" at its head turns against what was said before
        yield "contrast"
    if len(words_in(text)) >= TELLING and only_who_in(text, hear) is None and (shape := shape_of(text, hear)) in ("others", "acted"):
        yield shape
    elif len(words_in(text)) > SHORT and only_who_in(text, hear) is None and begins_with_others(text, hear):
        yield "others"


# --- asking back


def ask_back(draft: Draft, talk: Talk, passage: Passage | None, text: str) -> None:
    """A mirror and a question only. `passage` is None where no card is sure enough to speak."""
    if passage:
        voice = Voice(draft, passage, text)
        draft.talk = talk
        said, question, choices = voice.use(voice.mirrors()[0]), voice.ask(), list[Choice]()
    else:
        said, draft.talk = heard_in(draft, talk, text), talk
        first = talk.began == draft.at and len(words_in(text)) < TELLING
        key = "explore.feeling.question" if feels(text, draft.words.hear) else f"explore.question{'.first' if first else ''}"
        question, choices = draft.line(key), walk(draft, talk.asked)
    speak(draft, [said], question, choices, brief=brief(draft, "ask-back", passage, text, said, question))


def opened(draft: Draft, text: str) -> None:
    """There is a problem, and with whom; nothing more is known yet."""
    draft.talk = Talk("", "explore", draft.at, draft.at, text)
    who = only_who_in(text, draft.words.hear)
    said = draft.line("explore.who", who=who) if who else ""
    speak(draft, [said[:1].upper() + said[1:]], draft.line("opening" if who else "opening.bare"))


def walk(draft: Draft, text: str) -> list[Choice]:
    """A guide that fits what was told, as one more way to go on; offered once a talk."""
    talk = draft.talk
    if draft.ending or (talk and "guide" in talk.used):
        return []
    choices = offers.walk(draft, text)
    if talk and choices:
        draft.talk = with_used(talk, "guide")
    return choices


# --- threads


def holds_several(text: str, hear: Hear) -> bool:
    """Several matters in one message, by how many kinds of people it names: the person picks where to begin (rubric S5)."""
    return len(words_in(text)) >= MANY and len(kinds_named(text, hear)) >= KINDS


def offer_threads(draft: Draft, talk: Talk, text: str) -> None:
    """What one matter may be about, by up to three cards that know it: the person picks."""
    said, draft.talk = heard_in(draft, talk, text), replace(talk, stage="threads")
    choices = [Choice(f"card:{passage.card}", passage.title) for passage in draft.context.passages[:THREADS]]
    key = "threads.question" if len(words_in(text)) >= STORY else "threads.nearest"
    speak(draft, [said], draft.line(key), [*choices, draft.choice("none-of-these")])


def name_threads(draft: Draft, talk: Talk) -> None:
    """Several matters that were listed: each is named in the person's own words, one is proposed, and the person picks (rubric S5)."""
    first, felt = leading(talk.threads, draft.words.hear)
    draft.talk = replace(talk, stage="threads")
    key = "threads.begin.felt" if felt else "threads.begin.told"
    question = draft.line(key, thread=shown(talk.threads[first]))
    speak(draft, [draft.line("threads.own")], question, choices_of(talk))


def no_thread(draft: Draft) -> None:
    """None of the threads is it: back to their own words."""
    draft.talk = None
    draft.say(draft.line("threads.none"))

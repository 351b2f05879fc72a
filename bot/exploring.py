"""Asks back, with no model: says that something was heard, names the threads of it, and asks one open question.

Nothing is offered here. What is heard is said in the shape of what was told (something missing, something that comes back, a "but",
somebody else's fear), in a few of the person's own words, or by whom it is about; plainly only where nothing else fits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from bot import offers
from bot.draft import Draft
from bot.happening import mirror_in, told_in
from bot.hearing import (
    feels,
    feels_with,
    kinds_named,
    only_who_in,
)
from bot.model import Choice, Passage, Talk
from bot.reply import BARRED, brief, open_to, speak, with_used
from bot.spelling import words_in
from bot.threads import choices_of, leading, shown
from bot.voice import Voice
from prompts.library import Hear

STORY = 18  # words from which a message tells a story: another one in the middle of a talk, or several threads at once
THREADS = 3  # threads that are named (rubric S5)
MANY, KINDS = 22, 3  # words, and kinds of people in them, from which a message holds several matters
QUOTING = ("explore.back", "explore.theirs.back")
JUST_SAID = 5  # marks of what was said, a reply or two
BACK, ENOUGH = "back:", 2  # what a talk remembers of each question back, and how many there are before one for a step of their own
TELLING = 8  # words from which a message shows who moves and who is moved


# --- that it was heard


def heard_in(draft: Draft, text: str, *, bare: bool = True) -> str:
    """A mirror of a message: what happened, where that was heard, else its shape. Without `bare`, empty where nothing else would fit.

    The person's own words are told back at most every other time.
    """
    hear = draft.words.hear
    if happened := mirror_in(draft, text):
        return happened
    back = "" if any(draft.said_lately(key, JUST_SAID) for key in QUOTING) else draft.said_back(text)
    if feels(text, hear):
        return draft.line("explore.back", back=back) if back and feels(back, hear) else draft.line("explore.feeling")
    if back and feels_with(text, hear) and (feels(back, hear) or feels_with(back, hear)) and draft.unheard("explore.theirs.back"):
        return draft.line("explore.theirs.back", back=back)
    shape = next((name for name in _shapes(text, back, hear) if draft.unheard(f"explore.{name}")), None)
    if shape:
        return draft.line(f"explore.{shape}", back=back)
    if bare and (who := only_who_in(text, hear)) and draft.unheard("explore.who"):
        said = draft.line("explore.who", who=who)
        return said[:1].upper() + said[1:]
    return draft.line("explore.bare") if bare else ""


def _shapes(text: str, back: str, hear: Hear) -> Iterator[str]:
    if feels_with(text, hear):
        yield "theirs"
    if back:
        yield "back"


# --- asking back


def ask_back(draft: Draft, talk: Talk, passage: Passage | None, text: str, *, ideas: bool = False) -> None:
    """A mirror and a question only. `passage` is None where no card is sure enough to speak; `ideas`: one may be asked for all the same."""
    if passage:
        voice = Voice(draft, passage, text)
        draft.talk = talk
        said, question, choices = voice.use(voice.mirrors()[0]), voice.ask(), list[Choice]()
    else:
        said = heard_in(draft, text, bare=talk.began == draft.at)
        draft.talk, question = _on_with_it(draft, talk, text)
        choices = [*([draft.choice("ideas")] if ideas else []), *walk(draft, talk.asked)]
    speak(draft, [said], question, choices, brief=brief(draft, "ask-back", passage, text, said, question))


def _on_with_it(draft: Draft, talk: Talk, text: str) -> tuple[Talk, str]:
    """After a few questions back in one talk the next is for a step of their own: being heard is for something."""
    times = sum(part.startswith(BACK) for part in talk.used)
    talk = with_used(talk, f"{BACK}{times}")
    if times and times % ENOUGH == 0 and draft.unheard("own.question"):
        return replace(talk, stage="own"), draft.line("own.question")
    return talk, question_on(draft, talk, text)


def question_on(draft: Draft, talk: Talk, text: str) -> str:
    """An open question about what was told: of what happened, where that was heard, else of a general kind."""
    if (told := told_in(draft, text)) and told.asks_on:
        return told.question()
    first = talk.began == draft.at and len(words_in(text)) < TELLING
    return draft.line("explore.feeling.question" if feels(text, draft.words.hear) else f"explore.question{'.first' if first else ''}")


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
    """What one matter may be about, by up to three cards that know it: the person picks. Without a text nothing is mirrored."""
    said, draft.talk = heard_in(draft, text) if text else "", with_used(replace(talk, stage="threads"), "threads")
    choices = [Choice(f"card:{passage.card}", passage.title) for passage in open_to(draft, talk)[:THREADS]]
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
    """None of the threads is it: they are not offered again, and it is back to the person's own words."""
    barred = [f"{BARRED}{choice.id.partition(':')[2]}" for choice in draft.offered if choice.id.startswith("card:")]
    draft.talk = with_used(replace(draft.talk, card="", stage="explore", at=draft.at), *barred) if draft.talk else None
    draft.say(draft.line("threads.none"))

"""A message in a language that the coach does not speak, where a model may help: found by an English gist, answered in its language.

    message → gist (English, with the model's sense of danger) → search → composed in English, as ever → said in their language, or as it is

The gist is a search text and nothing else: no wish, no answer and no choice is ever read in it. Danger, wrongdoing and harassment are
looked for in the message, in the gist, and in what the model says of it. Pure.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from bot import raising
from bot.alarms import alarm_in
from bot.draft import Draft
from bot.exploring import ask_back
from bot.model import Context, Event, Gist, Said, Talk
from bot.options import advise
from bot.outside import LONG
from bot.pseudonyms import Names
from bot.reply import CLEAR, brief, speak
from bot.spelling import flat
from bot.tongue import TongueOf
from bot.wording import fenced
from prompts.book import Book
from prompts.library import Library

USE = "languages"  # in BROKERCOACH_MODEL_FOR
SAID = 1500  # characters of what the person wrote, the latest of them
LONGEST = 400  # characters of a gist


class English(BaseModel):
    """What a message is about."""

    model_config = ConfigDict(extra="forbid")

    english: str
    safety: Literal["none", "danger", "ethics", "harassment"]


def may_translate(library: Library, context: Context, event: Event) -> bool:
    """Whether a model may read this message to say in English what it is about: outside a guide, as for wording a reply to it."""
    if USE not in context.helps or not isinstance(event, Said) or context.tongue is None or context.tongue in library.words:
        return False
    draft = Draft(library, context, event)
    plain = draft.place is None and draft.person.welcomed and len(event.text) <= LONG
    return plain and draft.may_advise and alarm_in(event.text, library.safeties(draft.language)) is None


def request(book: Book, said: str, names: Names, fence: str) -> tuple[str, str]:
    """The instructions and the fenced data. Raises ValueError when a name is left in what would leave."""
    return fenced(book.gist, {"message": names.hide_well(said[-SAID:])}, fence)


def gist_of(answer: English, language: str, names: Names, tongue_of: TongueOf) -> Gist | None:
    """What holds of an answer; None where it is no English, or too much of it. What it says of danger holds in any case."""
    stand_ins = {flat(name) for name in names.stand_ins}
    text = " ".join(word for word in answer.english.split() if flat(word).strip(".,;:!?'\"") not in stand_ins)
    fits = 0 < len(text) <= LONGEST and tongue_of(text) in (None, "en")
    return Gist(language, text if fits else "", answer.safety) if fits or answer.safety != "none" else None


def answer(draft: Draft, gist: Gist) -> None:
    """Composed in English, by the gist alone; a model says it in their language, and otherwise it is led in by a line in that language."""
    found = alarm_in(gist.text, draft.library.safeties("en"))
    alarm = gist.safety if gist.safety != "none" else found[0] if found and found[0] != "injection" else None
    if alarm:
        draft.speak(draft.person.language)
        raising.met(draft, gist.text, alarm, draft.language)
        return
    best = next(iter(draft.context.passages), None)
    # "quiet": it is not offered to be gone on with, for that would show the gist as if they had said it
    talk = Talk(best.card if best else "", "explore", draft.at, draft.at, gist.text, ("quiet",))
    if best and best.score >= CLEAR:
        advise(draft, talk, best, "")
    elif best:
        ask_back(draft, talk, None, "")
    else:
        said, question = draft.line("silent"), draft.line("silent.question")
        speak(draft, [said], question, brief=brief(draft, "ask-back", None, "", said, question))
    foreign = draft.library.languages.foreign.get(gist.language)
    draft.say_in(gist.language, foreign.says if foreign else draft.line("foreign"))

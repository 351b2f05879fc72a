"""What a language model is asked, the shape of what it answers, and the message that becomes of it. Pure.

The model gets a brief as data: what the person wrote, the cards found, a few entries, the reply as composed. It gives back the parts
it has worded anew. Numbers, marks, sources, cautions and choices stay the composed reply's own.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import replace
from string import Template
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from bot.model import Brief, Message, Passage
from bot.pseudonyms import Names
from prompts.book import Book

LONGEST = 1500  # characters of what the person wrote, the latest of them
OURS = ("move", "role", "phases", "id", "strength")  # keys under which ids and enumerations stand, which are nobody's words
NOTED = 350  # characters of an entry
ROOM = 550  # characters of a reply that fit one phone screen; coaching.py has the reason
BYTES_A_TOKEN = 3  # fewer than any tokeniser in use makes of our three languages, so that a guess is never too low


class OptionWords(BaseModel):
    """An option in the model's words; `because` is copied from the option as composed."""

    model_config = ConfigDict(extra="forbid")

    number: int
    offer: str
    price: str
    because: str


class Wording(BaseModel):
    """The parts of a reply in the model's words. Every field is always there: strict schemas know no optional ones."""

    model_config = ConfigDict(extra="forbid")

    mirror: str
    options: list[OptionWords]
    question: str
    cards: list[str]
    step: str
    guide: str
    safety: Literal["none", "danger", "ethics", "harassment"]

    @property
    def parts(self) -> tuple[str, ...]:
        """All that would be shown, in its order."""
        return tuple(
            part for part in (self.mirror, *(p for o in self.options for p in (o.offer, o.price)), self.step, self.question) if part
        )


def tokens_in(text: str) -> int:
    """About how many tokens a text is, rather too many than too few; offline."""
    return -(-len(text.encode("utf-8", "replace")) // BYTES_A_TOKEN)


def material(brief: Brief) -> dict[str, Any]:
    """All that a model may know, before names are taken out."""
    return {
        "move": brief.move,
        "broker": {"role": brief.person.broker, "phases": sorted({phase for p in brief.person.partnerships for phase in p.phases})},
        "they_wrote": brief.said[-LONGEST:],
        "logbook": [" / ".join(text for _, text in entry.answers)[:NOTED] for entry in brief.entries],
        "cards": [_card(passage) for passage in brief.passages],
        "composed": {
            "mirror": brief.mirror,
            "options": [{"number": offer.number, "offer": offer.offer, "price": offer.price} for offer in brief.offers],
            "question": brief.question,
        },
    }


def texts_in(value: Any, but: Collection[str] = ()) -> list[str]:
    """Every text of a JSON value, but for what stands under these keys."""
    if isinstance(value, str):
        return [value]
    inner = [each for key, each in value.items() if key not in but] if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for each in inner for text in texts_in(each, but)]


def hidden(brief: Brief, names: Names) -> dict[str, Any]:
    """What a model may know, with stand-ins for names. Raises ValueError when one is left: then nothing may leave."""
    found: dict[str, Any] = names.hide_all(material(brief), OURS)
    if names.leaks("\n".join(texts_in(found, OURS))):
        raise ValueError("a name is left")
    return found


def request(book: Book, brief: Brief, names: Names, language: str, fence: str) -> tuple[str, str]:
    """The instructions and the fenced data. `language` is the language's own name. Raises ValueError as `hidden` does."""
    return fenced(
        book.reply,
        hidden(brief, names),
        fence,
        language=language,
        address=book.bounds[brief.language].address,
        limit=str(ROOM),
        example=", ".join(names.stand_ins[:2]) or "such as Balovi",
    )


def fenced(told: str, data: Any, fence: str, **slots: str) -> tuple[str, str]:
    """Instructions with their slots filled, and data that stands between two fences as JSON."""
    return Template(told).substitute(slots, fence=fence), f"{fence}\n{json.dumps(data, ensure_ascii=False)}\n{fence}"


def again(faults: list[str]) -> str:
    """Asks once more, naming what was wrong."""
    return "That cannot be shown. Send the whole object again with these mended: " + "; ".join(faults)


def restored(wording: Wording, names: Names) -> Wording:
    """The wording with the names back in it."""
    options = [
        option.model_copy(update={part: names.restore(getattr(option, part)) for part in ("offer", "price", "because")})
        for option in wording.options
    ]
    told = {part: names.restore(getattr(wording, part)).strip() for part in ("mirror", "question", "step")}
    return wording.model_copy(update={"options": options, **told})


def laid_out(brief: Brief, message: Message, wording: Wording) -> Message:
    """The message in the model's words, laid out as the composed one is."""
    if brief.move in ("letter", "month"):
        text = message.text.replace(brief.mirror, wording.mirror, 1)
        return replace(message, text=text.replace(brief.question, wording.question, 1) if brief.question else text)
    words = {option.number: option for option in wording.options}
    rows = []
    for offer in brief.offers:
        said = words[offer.number]
        number = f"{offer.number}. " if len(brief.offers) > 1 else ""
        rows.append(f"{number}{_ended(said.offer)} {_ended(said.price)} {offer.tail}")
    middle = "\n".join(part for part in (brief.before, *rows, brief.after) if part)
    paragraphs = [part for part in (wording.mirror, middle, wording.step if brief.move == "own-step" else "") if part]
    apart = "\n\n" if middle or wording.step else " "
    return replace(message, text=apart.join([*paragraphs, wording.question]))


def _ended(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "…", "”", "»", "۔", "。")) else f"{text}."


def _card(passage: Passage) -> dict[str, Any]:
    return {
        "id": passage.card,
        "title": passage.title,
        "gist": passage.gist,
        "mirrors": list(passage.mirrors),
        "questions": list(passage.questions),
        "challenge": passage.challenge,
        "if_then": passage.if_then,
        "strength": passage.strength,
    }

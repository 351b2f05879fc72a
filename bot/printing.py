"""A person's logbook as a file, in any of the forms: what the commands write down, and what a letter carries along.

A letter's file is made at the moment it leaves, from the store and in memory, so that it lies nowhere on a disk. It is the logbook of
whoever is behind the letter's address at that moment, and never anybody else's.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from string import Template
from typing import assert_never

from bot.book import Binder, Book, Sheaf, Written, bind
from bot.door import Copy, NotSent, Press
from bot.manager import origin
from bot.model import Form, Letter, PersonId
from prompts.library import Library, Words
from storage.store import Store, StoreDown, Unreadable

NEEDS: dict[Form, tuple[str, ...]] = {
    "html": (),
    "pdf": ("fpdf", "pymupdf_fonts", "uharfbuzz"),
    "docx": ("docx",),
    "md": (),
    "json": (),
}  # modules by form
Progress = Callable[[int, int], None]

log = logging.getLogger(__name__)


def forms_here() -> tuple[Form, ...]:
    """The forms whose libraries are installed."""
    return tuple(form for form, modules in NEEDS.items() if all(find_spec(module) for module in modules))


def binder_of(store: Store, library: Library, person: PersonId, at: datetime) -> Binder:
    """What a person's book is made of, in their language. A break in the chain is printed, and stops nobody."""
    import yaml

    from knowledge.card import load_cards
    from knowledge.lint import TOPICS
    from storage.export import break_in, written_in

    record = store.record(person)
    language = record.profile.language
    names: dict[str, str] = yaml.safe_load(TOPICS.read_text(encoding="utf-8"))
    if language != "en":
        names |= {topic: card.words[language].title for card in load_cards() if language in card.words for topic in card.topics}
    whole = record.chain
    sheaf = Sheaf(
        person=record.profile,
        entries=tuple(store.entries(person)),
        written=tuple(Written(each.entry, each.step, each.kind, each.written, each.text) for each in written_in(record)),
        plans=tuple(store.intentions(person, open_only=False)),
        held=break_in(record) is None,
        length=whole.length if whole else 0,
        last=whole.last if whole else "",
        made=at,
    )
    return Binder(sheaf, library.in_language(language), language, names)


def as_json(store: Store, person: PersonId, at: datetime) -> bytes:
    from storage.export import to_json

    return to_json(store.record(person), at).encode()


def printed(book: Book, form: Form, progress: Progress = lambda _done, _everything: None, font: Path | None = None) -> tuple[bytes, int]:
    """The file for readers, and how many characters of it have no font. Raises ModuleNotFoundError, and NoFont for a font of one's own."""
    match form:
        case "md":
            from adapters.book_markdown import render as as_markdown

            return as_markdown(book), 0
        case "html":
            from adapters.book_html import render as as_html

            return as_html(book), 0
        case "docx":
            from adapters.book_word import render as as_word

            return as_word(book, progress), 0
        case "pdf":
            from adapters.book_pdf import render as as_pdf

            return as_pdf(book, progress, font)
        case "json":
            raise ValueError("JSON is for taking in again, not for readers")
        case _:
            assert_never(form)


def press_of(store: Store, library: Library, clock: Callable[[], datetime]) -> Press:
    """Makes the files of letters, one at a time, so that a long logbook takes one processor and not all of them."""
    one_at_a_time = asyncio.Lock()

    async def press(letter: Letter) -> Copy:
        async with one_at_a_time:
            return await asyncio.to_thread(_copy, store, library, letter, clock())

    return press


def _copy(store: Store, library: Library, letter: Letter, at: datetime) -> Copy:
    words, whom, form = library.in_language("en"), "", letter.message.file
    data, missing = b"", 0
    try:
        person = store.person_at(letter.platform, letter.address)
        if person is not None and form is not None:
            words, whom = library.in_language(person.language), person.id
            data, missing = _whole(store, library, person.id, form, at)
    except Exception as error:  # noqa: BLE001 - whatever printing does, the letter goes out once and says so
        if isinstance(error, StoreDown) and not isinstance(error, Unreadable):
            raise NotSent(str(error)) from None
        log.error("a logbook could not be printed: %s at %s", type(error).__name__, origin(error))  # noqa: TRY400 - its text may quote it
    return Copy(
        name=f"{_line(words, 'export.name')}-{at.date().isoformat()}.{form}",
        instead=_line(words, "export.instead", person=whom),
        data=data,
        note=_line(words, "export.boxes", count=str(missing)) if missing else "",
    )


def _whole(store: Store, library: Library, person: PersonId, form: Form, at: datetime) -> tuple[bytes, int]:
    return (as_json(store, person, at), 0) if form == "json" else printed(bind(binder_of(store, library, person, at)), form)


def _line(words: Words, key: str, **slots: str) -> str:
    return Template(words.variants(key)[0]).substitute(slots)

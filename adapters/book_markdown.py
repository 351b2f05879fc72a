"""A book in Markdown. What a person wrote is text and stays text: nothing in it becomes a heading, a link, a list or HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.book import Block, Book, Break, Chart, Heading, Paragraph, Table

# whatever has a sense in CommonMark or GitHub's Markdown, or in HTML; at the start of a line also what makes lists, headings and quotes
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>&|~#!$])")
_AT_START = re.compile(r"^(\s*)([-+=>]|\d+(?=[.)]))", re.MULTILINE)


def render(book: Book) -> bytes:
    lines = [line for block in book.blocks for line in _lines(block)]
    return ("\n".join(lines).strip("\n") + "\n").encode("utf-8", "replace")


def _lines(block: Block) -> Iterator[str]:
    match block:
        case Heading(level=level, text=text):
            yield f"{'#' * min(level, 6)} {_inline(text)}"
        case Paragraph(text=text, style=style, label=label):
            if label:
                yield f"*{_inline(label)}*"
                yield ""
            if style == "answer":
                yield from (f"> {line}" if line else ">" for line in _text(text).split("\n"))
            elif style == "struck":
                yield from (f"> ~~{line}~~" if line else ">" for line in _text(text).split("\n"))
            else:
                yield _text(text)
        case Chart(title=title, rows=rows):
            yield f"**{_inline(title)}**"
            yield ""
            yield from (f"- {_inline(name)}: {count}" for name, count in rows)
        case Table(head=head, rows=rows):
            width = max((len(row) for row in rows), default=len(head))
            yield f"| {' | '.join(_cell(cell) for cell in head or ('',) * width)} |"
            yield f"|{' --- |' * width}"
            yield from (f"| {' | '.join(_cell(cell) for cell in row)} |" for row in rows)
        case Break():
            yield "---"
    yield ""


def _text(text: str) -> str:
    return _AT_START.sub(_escaped_start, _SPECIAL.sub(r"\\\1", text))


def _escaped_start(found: re.Match[str]) -> str:
    blank, mark = found.groups()
    return f"{blank}{mark}\\" if mark.isdigit() else f"{blank}\\{mark}"


def _inline(text: str) -> str:
    return _text(" ".join(text.split()))


def _cell(text: str) -> str:
    return "<br>".join(_inline(line) for line in text.split("\n"))

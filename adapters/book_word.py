"""A book as a Word document, with styles of Word's own, so that it can be edited on and gets a table of contents there."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import BytesIO
from typing import TYPE_CHECKING, Any

from bot.book import Block, Book, Break, Chart, Heading, Paragraph, Table

if TYPE_CHECKING:
    from docx.document import Document

# XML 1.0 section 2.2: what may stand in a document; python-docx raises ValueError for anything else
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BAR = 30  # characters of the longest bar


def render(book: Book, progress: Callable[[int, int], None]) -> bytes:
    import docx
    from docx.shared import Pt

    document = docx.Document()
    document.styles["Normal"].font.size = Pt(11)
    properties = document.core_properties
    properties.title, properties.author, properties.comments = clean(book.title)[:255], "", ""
    properties.created = properties.modified = book.made.replace(tzinfo=None)
    properties.language = book.language
    heading = False  # whether only small print stands between here and a heading
    for number, block in enumerate(book.blocks, 1):
        _add(document, block, below_heading=heading)
        heading = isinstance(block, Heading) or (heading and isinstance(block, Paragraph) and block.style == "quiet")
        progress(number, len(book.blocks))
    file = BytesIO()
    document.save(file)
    return file.getvalue()


def clean(text: str) -> str:
    return _NOT_XML.sub("", text)


def _add(document: Document, block: Block, below_heading: bool) -> None:
    match block:
        case Heading(level=level, text=text):
            document.add_heading(clean(text), 0 if level == 1 else level - 1)
        case Paragraph(text=text, style=style, label=label):
            if label:
                asked = document.add_paragraph()
                asked.paragraph_format.keep_with_next = True
                asked.paragraph_format.space_after = 0
                _small(asked.add_run(clean(label)))
            paragraph = document.add_paragraph()
            if style in ("answer", "struck", "added"):
                from docx.shared import Mm

                paragraph.paragraph_format.left_indent = Mm(5)
            elif style == "quiet":
                paragraph.paragraph_format.space_after = 0 if below_heading else None
                paragraph.paragraph_format.keep_with_next = below_heading
            _write(paragraph, text, style)
        case Chart(title=title, rows=rows):
            document.add_heading(clean(title), 2)
            most = max((count for _, count in rows), default=1) or 1
            _table(document, [(name, "█" * max(1, round(_BAR * count / most)), str(count)) for name, count in rows])
        case Table(head=head, rows=rows):
            _table(document, [head, *rows] if head else list(rows), bold_first=bool(head))
        case Break():
            document.add_page_break()  # type: ignore[no-untyped-call]


def _write(paragraph: Any, text: str, style: str) -> None:
    run = paragraph.add_run(clean(text))
    if style == "struck":
        run.font.strike = True
    elif style == "quiet":
        _small(run)


def _small(run: Any) -> None:
    from docx.shared import Pt, RGBColor

    run.font.size = Pt(9)
    run.font.color.rgb = RGBColor(0x55, 0x55, 0x55)


def _table(document: Document, rows: list[tuple[str, ...]], bold_first: bool = False) -> None:
    if not rows:
        return
    table = document.add_table(rows=0, cols=max(map(len, rows)))
    table.style = "Light Grid"
    for number, row in enumerate(rows):
        for cell, text in zip(table.add_row().cells, row, strict=False):
            run = cell.paragraphs[0].add_run(inert(clean(text)))
            run.bold = bold_first and number == 0
    document.add_paragraph()


def inert(text: str) -> str:
    """A table is easily pasted into a spreadsheet, which takes a cell that begins so for a formula (OWASP, CSV injection)."""
    return f"'{text}" if text[:1] in "=+-@\t\r" and text else text

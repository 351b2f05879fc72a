"""Takes the text out of a PDF, page by page. It knows lines only: what is a paragraph, a title or a running head is worked out from them.

Pictures, forms, scripts and files within it are left alone.
"""

from __future__ import annotations

import contextlib
import io
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from knowledge.blocks import CLOSES, MOST_TEXT, Block, Refused, clean

MOST_PAGES = 2000
FEW_LETTERS = 10  # a page with fewer has no text: a scan, a picture
RUNNING = 3  # pages from which a line that stands on most of them is a running head and not text


def pdf_blocks(data: bytes) -> Iterator[Block]:
    import logging

    from pypdf import PdfReader

    logging.getLogger("pypdf").setLevel(logging.CRITICAL + 1)  # it tells of every small fault
    reader = PdfReader(io.BytesIO(data))
    if reader.is_encrypted:
        raise Refused("is encrypted; save a copy without the password")
    root: Any = reader.trailer["/Root"]
    count = root["/Pages"].get("/Count", 0)
    if isinstance(count, int) and count > MOST_PAGES:  # before pypdf goes through all of them
        raise Refused(f"has {count} pages, more than {MOST_PAGES}; split it")
    if len(reader.pages) > MOST_PAGES:
        raise Refused(f"has more than {MOST_PAGES} pages; split it")
    pages = list(_lines(reader))
    bare = sum(sum(map(str.isalpha, "".join(lines))) < FEW_LETTERS for lines in pages)
    if bare == len(pages) or (bare > 2 and bare > len(pages) / 2):
        raise Refused(f"is scanned, it seems: {bare} of its {len(pages)} pages hold no text; run OCR first")
    titles = _titles(reader)
    running = _running(pages)
    for number, lines in enumerate(pages, 1):
        heading: tuple[str, ...] = ()
        for paragraph in _paragraphs([line for line in lines if _shape(line) not in running], titles):
            if paragraph in titles:
                heading = (paragraph,)
            else:
                yield Block(f"page {number}", heading, paragraph)


def _lines(reader: Any) -> Iterator[list[str]]:
    """Of every page its lines."""
    size = 0
    for page in reader.pages:
        lines = [clean(line) for line in _patiently(page.extract_text).splitlines()]
        size += sum(map(len, lines))
        if size > MOST_TEXT:
            raise Refused(f"holds more than {MOST_TEXT // 10**6} million characters of text; split it")
        if not any(lines):
            _not_a_bomb(page)
        yield lines


def _not_a_bomb(page: Any) -> None:
    """pypdf takes no text from a page that unpacks to more than its limit, and does not say so; it would pass for a scan."""
    from pypdf.errors import LimitReachedError, PyPdfError

    try:
        page.get_contents()
    except LimitReachedError as error:
        raise Refused("has a page that unpacks to far more than any page holds; it may be a zip bomb") from error
    except (PyPdfError, ValueError, TypeError, KeyError, AttributeError):
        return  # a page that cannot be read holds no text either


def _patiently(read: Callable[[], str], patience: int = 10) -> str:
    """A page that takes longer was made to, or is a drawing of a whole city."""
    import signal

    if not hasattr(signal, "setitimer"):  # Windows; there the time for the whole file has to do
        return read()

    def stop(*_: object) -> None:
        raise TooLong

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, patience)
    try:
        return read()
    except TooLong:
        raise Refused(f"has a page that takes longer than {patience} seconds to read") from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


class TooLong(BaseException):
    """Not an Exception, so that no library takes it for a fault of the file."""


def _titles(reader: Any) -> frozenset[str]:
    """The titles in the table of contents that readers show at the side; a broken one is as good as none."""
    from pypdf.errors import PyPdfError

    titles: list[str] = []

    def gather(entries: list[Any], depth: int) -> None:
        for entry in entries:
            if isinstance(entry, list) and depth < 10:
                gather(entry, depth + 1)
            elif not isinstance(entry, list) and entry.title:
                titles.append(clean(str(entry.title)))

    with contextlib.suppress(PyPdfError, KeyError, ValueError, TypeError, AttributeError, IndexError, RecursionError):
        gather(reader.outline, 0)
    return frozenset(titles)


def _shape(line: str) -> str:
    return re.sub(r"\d+", "#", line)


def _running(pages: list[list[str]]) -> frozenset[str]:
    """Lines at the head or foot of most pages, but for their numbers."""
    edges: Counter[str] = Counter()
    for lines in pages:
        full = [line for line in lines if line]
        margin = min(2, len(full) // 3)
        edges.update({_shape(line) for line in full[:margin] + full[len(full) - margin :]})
    return frozenset(shape for shape, times in edges.items() if times >= max(RUNNING, len(pages) / 2)) | {"#"}


def _paragraphs(lines: list[str], titles: frozenset[str]) -> Iterator[str]:
    """PDF knows lines only: a paragraph ends at an empty line, at a title, at a bullet, and at a short line that closes a sentence."""
    widest = max(map(len, lines), default=0)
    held = ""
    for line in lines:
        if held and (not line or line in titles or re.match(r"[•▪◦‣–—*-]\s|\(?\d{1,2}[.)]\s", line)):
            yield held
            held = ""
        broken = re.search(r"[a-zß-ÿ]-$", held) and re.match(r"[a-zß-ÿ]", line)
        held = held[:-1] + line if broken else f"{held} {line}".strip()
        if line in titles or (line.endswith(CLOSES) and len(line) < 0.8 * widest):
            yield held
            held = ""
    yield held

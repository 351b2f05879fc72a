"""Takes the text out of a file: PDF, DOCX, Markdown and plain text, as blocks with the place where they stand.

Works on bytes in memory and knows no path, no network and no program: nothing that a file holds or points to is opened, run or fetched.
It runs in a process of its own with little memory and time (reading.py), so a hostile file can at worst end that process.
"""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Callable, Iterator
from typing import Any

from knowledge.blocks import CLOSES, MOST_TEXT, Block, Refused, clean

MOST_PARTS, MOST_UNPACKED, MOST_XML = 5000, 200 * 2**20, 20 * 2**20  # of a DOCX; lxml takes ten times the size of an XML part
BOMB = 100  # times smaller than its content: pictures hardly shrink, and the XML of a long text shrinks 10 to 20 times

# Letters and signs of Western European languages beyond ASCII; a text in Latin-1 or Windows-1252 holds nothing else.
WESTERN = frozenset("àâäáãåæçéèêëíìîïñóòôöõøœúùûüýÿßÀÂÄÁÃÅÆÇÉÈÊËÍÌÎÏÑÓÒÔÖÕØŒÚÙÛÜÝªº¿¡«»°§€£©®·…–—‘’“”„•\xa0\xad")


def blocks_of(kind: str, data: bytes) -> Iterator[Block]:
    """Raises Refused, and whatever the libraries raise for a damaged file."""
    total = 0
    for block in READERS[kind](data):
        text = clean(block.text)
        if not text:
            continue
        total += len(text)
        if total > MOST_TEXT:
            raise Refused(f"holds more than {MOST_TEXT // 10**6} million characters of text; split it")
        yield Block(clean(block.where)[:160], tuple(title[:120] for title in map(clean, block.heading) if title), text)


# --- text


def decoded(data: bytes) -> str:
    """The text of a file, where its encoding is certain."""
    with contextlib.suppress(UnicodeDecodeError):
        if data.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
            return _text(data.decode("utf-32"))
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            return _text(data.decode("utf-16"))
        if b"\0" not in data:
            return _text(data.decode("utf-8-sig"))
        for encoding, zeros, letters in (("utf-16-le", data[1::2], data[::2]), ("utf-16-be", data[::2], data[1::2])):
            if len(data) % 2 == 0 and zeros.count(0) > 0.4 * len(zeros) and not letters.count(0):
                return _text(data.decode(encoding))
    if b"\0" in data:
        raise Refused("is not text: it holds zero bytes")
    with contextlib.suppress(UnicodeDecodeError):
        text = data.decode("cp1252")
        if _is_western(text):
            return _text(text)
    raise Refused("is in no encoding that is certain; save it as UTF-8")


def _text(text: str) -> str:
    if len(text) > MOST_TEXT:
        raise Refused(f"holds more than {MOST_TEXT // 10**6} million characters of text; split it")
    strange = sum(text.count(sign) for sign in map(chr, (*range(8), *range(14, 27), *range(28, 32), 127)))
    if strange > len(text) / 1000:
        raise Refused("is not text: it holds control characters")
    return text


def _is_western(text: str) -> bool:
    """Whether bytes read as Windows-1252 make sense so: its letters, not too many of them, and common words of a language we know."""
    from knowledge.words import FEW, TELLTALE, words_in

    high = [sign for sign in text if ord(sign) > 127]
    common = {word for words in TELLTALE.values() for word in words.split() if len(word) > 1}
    return set(high) <= WESTERN and len(high) < 0.15 * len(text) and len(common & set(words_in(text))) >= FEW


def text_blocks(data: bytes) -> Iterator[Block]:
    lines: list[str] = []
    start = 1
    for number, line in enumerate(re.split(r"\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]", decoded(data)), 1):
        # A file without blank lines is cut at sentence ends, so that the line that is named is not far off.
        if not line.strip() or len(lines) >= 40 or (len(lines) >= 8 and lines[-1].rstrip().endswith(CLOSES)):
            yield Block(f"line {start}", (), " ".join(lines))
            lines = []
        if line.strip():
            start = start if lines else number
            lines.append(line)
    yield Block(f"line {start}", (), " ".join(lines))


# --- Markdown


def markdown_blocks(data: bytes) -> Iterator[Block]:
    from markdown_it import MarkdownIt

    text = decoded(data)
    front = re.match(r"---[ \t]*\r?\n.*?\r?\n(---|\.\.\.)[ \t]*(\r?\n|$)", text, re.DOTALL)
    if front:  # the settings of some program; its lines are kept as blank ones, so that line numbers stay true
        text = "\n" * front.group().count("\n") + text[front.end() :]
    path: list[tuple[int, str]] = []
    level = 0
    cells: list[str] | None = None
    line = 1
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        line = token.map[0] + 1 if token.map else line
        if token.type == "heading_open":
            level = int(token.tag[1:])
        elif token.type == "tr_open":
            cells = []
        elif token.type == "tr_close" and cells is not None:
            yield _under(path, line, " | ".join(cells))
            cells = None
        elif token.type == "inline":
            said = _inline(token)
            if level:
                path = [(above, title) for above, title in path if above < level] + [(level, said)]
                level = 0
            elif cells is not None:
                cells.append(said)
            else:
                yield _under(path, line, said)
        elif token.type in ("fence", "code_block"):
            yield _under(path, line, token.content)


def _under(path: list[tuple[int, str]], line: int, text: str) -> Block:
    titles = tuple(title for _, title in path)
    return Block(" › ".join(titles) or f"line {line}", titles, text)


def _inline(token: Any) -> str:
    """What a reader would see: no HTML, no addresses, no descriptions of pictures."""
    shown = {"softbreak": " ", "hardbreak": " "}
    kept = ("text", "code_inline", "text_special")
    return "".join(shown.get(child.type, child.content if child.type in kept else "") for child in token.children or ())


# --- DOCX


def docx_blocks(data: bytes) -> Iterator[Block]:
    _check_package(data)
    from docx import Document
    from docx.oxml.ns import qn

    document: Any = Document(io.BytesIO(data))
    styles = {style.style_id: style.name for style in document.styles if style.name}
    paragraph, row, moved = qn("w:p"), qn("w:tr"), qn("w:moveFrom")
    signs = {qn("w:tab"): " ", qn("w:br"): " ", qn("w:cr"): " ", qn("w:noBreakHyphen"): "-"}
    twin = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"  # the same text once more, for old programs
    path: list[tuple[int, str]] = []
    cells: list[str] = []
    within = None
    for number, element in enumerate(document.element.body.iter(paragraph), 1):
        above = [parent.tag for parent in element.iterancestors()]
        if twin in above:
            continue
        said = ""
        for part in element.iter(qn("w:t"), *signs):
            owner = next(parent for parent in part.iterancestors() if parent.tag in (paragraph, moved))
            if owner is element:
                said += signs.get(part.tag) or part.text or ""
        here = next(element.iterancestors(row), None)
        if cells and here is not within:
            yield _placed(path, number - 1, " | ".join(cells))
            cells = []
        within = here
        level = _level(styles.get(element.style or "", ""))
        if here is not None:
            cells += [said] if said.strip() else []
        elif level and said.strip():
            path = [(n, title) for n, title in path if n < level] + [(level, clean(said))]
        else:
            yield _placed(path, number, said)
    yield _placed(path, 0, " | ".join(cells))


def _placed(path: list[tuple[int, str]], number: int, text: str) -> Block:
    titles = tuple(title for _, title in path)
    return Block(" › ".join(titles) or f"paragraph {number}", titles, text)


def _level(style: str) -> int:
    """Word keeps the names of its own styles in English, whatever language it speaks."""
    found = re.fullmatch(r"heading ([1-9])", style.lower())
    return int(found.group(1)) if found else int(style.lower() == "title")


def _check_package(data: bytes) -> None:
    """Looks at what a DOCX declares before anything of it is unpacked."""
    import zipfile

    try:
        package = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise Refused("is damaged: its content list cannot be read") from error
    parts = package.infolist()
    unpacked = sum(part.file_size for part in parts)
    if len(parts) > MOST_PARTS:
        raise Refused(f"has {len(parts)} parts, more than {MOST_PARTS}: a zip bomb")
    if unpacked > MOST_UNPACKED:
        raise Refused(f"unpacks to {unpacked // 2**20} MB, more than {MOST_UNPACKED // 2**20} MB; make its pictures smaller or split it")
    for part in parts:
        _check_part(part.filename, part.file_size, part.compress_size)
        if part.flag_bits & 1:
            raise Refused("is encrypted; save a copy without the password")
        if part.filename.lower().endswith((".xml", ".rels")):
            _check_xml(package.read(part))
    if "word/document.xml" not in package.namelist() or "[Content_Types].xml" not in package.namelist():
        raise Refused("is not a DOCX inside")


def _check_part(name: str, size: int, packed: int) -> None:
    if size > BOMB * max(packed, 10_000):
        raise Refused(f"a part of it unpacks to {size // 2**20} MB, {size // max(packed, 1)} times its size: a zip bomb")
    if name.startswith(("/", "\\")) or ".." in re.split(r"[/\\]", name):
        raise Refused("holds a part whose name leads out of it")
    if name.lower().endswith((".xml", ".rels")) and size > MOST_XML:
        raise Refused(f"holds {size // 2**20} MB of XML in one part, more than {MOST_XML // 2**20} MB; split it")


def _check_xml(data: bytes) -> None:
    """No document type, so no entities (the standard of DOCX forbids both), and no encoding that could hide one."""
    plain = data.replace(b"\0", b"")  # so that UTF-16 is seen through
    declared = re.match(rb"""[^<]{0,4}<\?xml[^>]*?encoding\s*=\s*["']([^"']*)""", plain)
    if b"<!DOCTYPE" in plain or b"<!ENTITY" in plain:
        raise Refused("declares XML entities, which no DOCX may")
    if declared and declared.group(1).lower() not in (b"utf-8", b"utf-16", b"us-ascii", b"ascii"):
        raise Refused("holds XML in an encoding that no DOCX may have")


def _pdf_blocks(data: bytes) -> Iterator[Block]:
    from knowledge.pdf import pdf_blocks

    return pdf_blocks(data)


READERS: dict[str, Callable[[bytes], Iterator[Block]]] = {
    "PDF": _pdf_blocks,
    "DOCX": docx_blocks,
    "Markdown": markdown_blocks,
    "text": text_blocks,
}

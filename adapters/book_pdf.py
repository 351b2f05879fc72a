"""A book as PDF, by fpdf2 with fonts embedded: FiraGO has Latin, Cyrillic, Greek, Arabic, Hebrew, Thai, Georgian and Devanagari.

For Chinese, Japanese, Korean and emoji it takes a font of the machine's where there is one, or that which `font` names. What no font at
hand has is counted: an emoji stands by its name, any other character as a box. Nothing is fetched, and no text is a link or markup.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import takewhile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from bot.book import BadFont, Block, Book, Break, Chart, Heading, Paragraph, Table, texts_of

if TYPE_CHECKING:
    from fpdf import FPDF

SIZES = {1: 22, 2: 15, 3: 12}
BODY, SMALL = 10.5, 8.5
BOX = "□"
# Where systems keep a font with Chinese, Japanese and Korean: Debian's fonts-noto-cjk, -droid-fallback and -wqy-microhei, macOS, Windows
SYSTEM_FONTS = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/Library/Fonts/Arial Unicode.ttf",
    "/System/Library/Fonts/Supplemental/Arial Unicode.ttf",
    "C:/Windows/Fonts/msyh.ttc",
    "C:/Windows/Fonts/malgun.ttf",
    "C:/Windows/Fonts/msgothic.ttc",
)
# Debian's fonts-noto-color-emoji, Fedora, Arch, macOS, Windows
EMOJI_FONTS = (
    "/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf",
    "/usr/share/fonts/google-noto-color-emoji-fonts/Noto-COLRv1.ttf",
    "/usr/share/fonts/noto/NotoColorEmoji.ttf",
    "/System/Library/Fonts/Apple Color Emoji.ttc",
    "C:/Windows/Fonts/seguiemj.ttf",
)
_BAR = 90.0  # millimetres of the longest bar
_COLUMN = 50.0  # millimetres to the second column of a table
_SHORT = 60  # characters of a cell that fit there
# Scripts whose letters join, turn or run from the right, and emoji that join: only these are shaped, which takes several times as long
_SHAPED = re.compile(
    "[\u0590-\u08ff\u0900-\u0dff\u0e00-\u0e7f\u200d\ufb1d-\ufdff\ufe0f\ufe70-\ufeff\U0001f1e6-\U0001f1ff\U0001f3fb-\U0001f3ff]"
)
_UNSEEN = ("Cc", "Cf", "Cs", "Cn", "Co", "Mn", "Me")  # categories of what is left out where no font has it


def render(book: Book, progress: Callable[[int, int], None], font: Path | None = None) -> tuple[bytes, int]:
    """The file, and how many characters are in no font at hand. Raises BadFont."""
    with _fonts() as files:
        page = _Page(book, files, font)
        for number, block in enumerate(book.blocks, 1):
            page.add(block, book.blocks[number:])
            progress(number, len(book.blocks))
        return bytes(page.pdf.output()), page.missing


@contextmanager
def _fonts() -> Iterator[dict[str, Path]]:
    """The fonts as files, which is how fpdf2 takes them; they are the package's own and hold nothing private."""
    from pymupdf_fonts import myfont

    with TemporaryDirectory(prefix="brokercoach-") as folder:
        files = {}
        for name in ("figo", "figbo", "notosbo", "symbol2"):
            try:
                data = myfont(name)  # type: ignore[no-untyped-call]
            except ValueError:
                continue
            files[name] = Path(folder) / f"{name}.ttf"
            files[name].write_bytes(data)
        yield files


class _Page:
    def __init__(self, book: Book, files: dict[str, Path], font: Path | None) -> None:
        from fpdf import FPDF

        class Numbered(FPDF):
            def footer(self) -> None:
                self.set_y(-14)
                self.set_font("body", "", SMALL)
                self.set_text_color(110)
                self.cell(0, 6, f"{self.page_no()}", align="C")
                self.set_text_color(0)

        pdf: FPDF = Numbered(format="A4")
        self.pdf = pdf
        self.missing = 0
        self._widths: dict[tuple[str, str, float], float] = {}
        self._language = book.language
        pdf.set_creation_date(book.made)
        pdf.set_lang(book.language)
        pdf.set_auto_page_break(True, margin=20)
        pdf.set_margins(22, 20, 22)
        pdf.add_font("body", "", files["figo"])
        pdf.add_font("body", "B", files["figbo"])
        more = [("symbols", files["symbol2"])] if "symbol2" in files else []
        if font is not None:
            more.insert(0, ("own", font))
        for name, file in more:
            try:
                pdf.add_font(name, "", file)
            except Exception as error:  # noqa: BLE001 - fontTools raises whatever a spoilt font makes it raise
                raise BadFont(f"{file}: not a font that can be embedded ({type(error).__name__}); name a .ttf or .otf file") from None
        families = ["body", *(name for name, _ in more)]
        self._known = {code for name in families for code in self._codes(name)}
        # emoji lead, so that they are all of one kind
        pdf.set_fallback_fonts([*self._from_system(book), *families[1:]], exact_match=False)
        pdf.set_title(self.printable(book.title))
        pdf.add_page()

    def _from_system(self, book: Book) -> list[str]:
        """The system's fonts that have something of what is wanted; one that cannot be embedded is as good as none."""
        wanted = {ord(char) for text in texts_of(book) for char in text} - self._known
        found: list[str] = []
        for number, file in enumerate(file for file in (*SYSTEM_FONTS, *EMOJI_FONTS) if Path(file).is_file()):
            if not any(unicodedata.category(chr(code))[0] in "LNPS" for code in wanted):
                break
            name = f"system{number}"
            with suppress(Exception):
                self.pdf.add_font(name, "", file)
                codes = self._codes(name)
                if codes & wanted:
                    self._known |= codes
                    wanted = wanted - codes
                    found.insert(0, name)
        return found

    def _codes(self, family: str) -> set[int]:
        fonts: Any = self.pdf.fonts
        return set(fonts[family].cmap) if hasattr(fonts[family], "cmap") else set(fonts[family].ttfont.getBestCmap())

    def printable(self, text: str) -> str:
        """The text in characters that a font at hand has."""
        return self._printed(text)[0]

    def _printed(self, text: str) -> tuple[str, int]:
        """The same, and how many characters are in none."""
        text, missing = unicodedata.normalize("NFC", text).replace("\t", "    "), 0
        if not {ord(char) for char in text if char != "\n"} <= self._known:
            text, missing = self._with_names(text)
        kept = []
        for char in text:
            if char == "\n" or ord(char) in self._known:
                kept.append(char)
            elif unicodedata.category(char) in _UNSEEN or char in "\u2028\u2029":
                continue
            elif unicodedata.category(char) == "Zs":
                kept.append(" ")
            else:
                missing += 1
                kept.append(BOX)
        return "".join(kept), missing

    def _with_names(self, text: str) -> tuple[str, int]:
        """Emoji that no font has, by what they are called in the reader's language; and how many."""
        import emoji

        missing = 0

        def named(shown: str, _: object) -> str:
            nonlocal missing
            if all(ord(char) in self._known or unicodedata.category(char) in _UNSEEN for char in shown):
                return shown
            missing += 1
            return emoji.demojize(shown, delimiters=("(", ")"), language=self._language).replace("_", " ")

        return emoji.replace_emoji(text, named), missing

    def add(self, block: Block, following: Sequence[Block] = ()) -> None:
        pdf = self.pdf
        match block:
            case Heading(level=level, text=text):
                # a heading takes along what stands small below it, and the beginning of the first answer
                small = sum(1 for _ in takewhile(lambda each: isinstance(each, Paragraph) and each.style == "quiet", following))
                if pdf.will_page_break(30 + 6 * small):
                    pdf.add_page()
                if level < 3:
                    pdf.start_section(self.printable(text).replace("\n", " ")[:120], level - 1)
                pdf.ln(2 if level > 2 else 5)
                self._write(text, SIZES.get(level, 12), "B")
                pdf.ln(1)
            case Paragraph(text=text, style=style, label=label):
                if label:
                    if pdf.will_page_break(14):  # no question stands alone at the foot of a page
                        pdf.add_page()
                    self._write(label, SMALL, color=90)
                indent = 5 if style in ("answer", "struck", "added") else 0
                self._write(text, SMALL if style == "quiet" else BODY, indent=indent, color=110 if style in ("quiet", "struck") else 0)
                pdf.ln(1.5)
            case Chart(title=title, rows=rows):
                self._chart(title, rows)
            case Table(head=head, rows=rows):
                self._table(head, rows)
            case Break():
                pdf.add_page()

    def _write(self, text: str, size: float, style: str = "", indent: float = 0, color: int = 0) -> None:
        pdf = self.pdf
        shown, missing = self._printed(text)
        self.missing += missing
        shaped = bool(_SHAPED.search(shown))
        pdf.set_font("body", style, size)
        pdf.set_text_color(color)
        for part in shown.split("\n"):
            first = next((unicodedata.bidirectional(c) for c in part if unicodedata.bidirectional(c) in ("L", "R", "AL")), "L")
            pdf.set_text_shaping(shaped, direction=None if not shaped else "ltr" if first == "L" else "rtl")
            for line in self._lines(part, pdf.epw - indent, (style, size)):
                pdf.set_x(pdf.l_margin + indent)
                pdf.cell(0, size * 0.5, line, align="L" if first == "L" else "R", new_x="LMARGIN", new_y="NEXT")
        pdf.set_text_color(0)

    def _lines(self, text: str, room: float, face: tuple[str, float]) -> Iterator[str]:
        """Broken where words end, and inside a word that is wider than the page. fpdf2 breaks lines itself, but measures each anew for
        every character of it, which takes ten times as long as all the rest."""
        blank = self._width(" ", face)
        line: list[str] = []
        used = 0.0
        for word in text.split(" "):
            wide = self._width(word, face)
            if line and used + blank + wide > room:
                yield " ".join(line)
                line, used = [], 0.0
            while wide > room:
                fits = 1
                while self._width(word[: fits + 1], face) <= room:
                    fits += 1
                yield word[:fits]
                word = word[fits:]  # noqa: PLW2901 - what is left of it
                wide = self._width(word, face)
            used += wide + (blank if line else 0.0)
            line.append(word)
        yield " ".join(line)

    def _width(self, word: str, face: tuple[str, float]) -> float:
        key = (word, *face)
        if key not in self._widths:
            self._widths[key] = self.pdf.get_string_width(word)
        return self._widths[key]

    def _table(self, head: tuple[str, ...], rows: tuple[tuple[str, ...], ...]) -> None:
        """Cells under one another, each after what it is: a quotation reads better over the whole width. Without a head, in two columns."""
        for first, *others in rows:
            if self.pdf.will_page_break(14):
                self.pdf.add_page()
            top = self.pdf.get_y()
            if head:
                self._write(first, BODY, "B")
                for name, cell in zip(head[1:], others, strict=True):
                    top = self.pdf.get_y()
                    self._write(name, SMALL, indent=5, color=90)
                    if short := len(cell) < _SHORT and self.pdf.get_y() > top:
                        self.pdf.set_y(top)
                    self._write(cell, BODY, indent=_COLUMN if short else 5)
                self.pdf.ln(1.5)
                continue
            self._write(first, BODY, color=90)
            for cell in others:
                self.pdf.set_y(top)
                self._write(cell, BODY, indent=_COLUMN)
            self.pdf.ln(1)

    def _chart(self, title: str, rows: tuple[tuple[str, int], ...]) -> None:
        pdf = self.pdf
        self._write(title, 12, "B")
        most = max((count for _, count in rows), default=1) or 1
        for name, count in rows:
            if pdf.will_page_break(6):
                pdf.add_page()
            y = pdf.get_y()
            pdf.set_text_shaping(bool(_SHAPED.search(name)))
            pdf.set_font("body", "", SMALL)
            pdf.set_fill_color(70, 110, 140)
            pdf.rect(pdf.l_margin + 62, y + 1, max(1.0, _BAR * count / most), 3.2, style="F")
            shown, missing = self._printed(name)
            self.missing += missing
            pdf.cell(60, 5, shown if len(shown) < 40 else shown[:38] + "…")
            pdf.set_x(pdf.l_margin + 62 + max(1.0, _BAR * count / most) + 2)
            pdf.cell(10, 5, str(count), new_x="LMARGIN", new_y="NEXT")
        pdf.ln(3)

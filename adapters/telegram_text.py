"""How a message looks in Telegram: HTML and plain parts of at most 4,096 UTF-16 units, with buttons under the last one. Pure.

Nothing that a person wrote becomes markup, a link, a mention or the inside of a button's data.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from itertools import accumulate

import regex

from bot.model import Choice, Cited, Message

LONGEST = 4096  # Telegram's limit is counted in code points or in UTF-16 units, depending on whom one asks; UTF-16 fits both
LABEL = 40  # characters of a button that a phone shows in one row; longer choices are told in full above the buttons
DATA = 64  # bytes that a button's data may have
JOINER = "\u2060"  # word joiner: seen by nobody, and no link goes through it

_graphemes: Callable[[str], list[str]] = regex.compile(r"\X").findall  # type: ignore[no-untyped-call]
# What Telegram would turn into a mention or a link by itself.
_CATCHY = re.compile(r"(?<=@)(?=\w)|(?<=\w\.)(?=[^\W\d_]{2})|(?<=:)(?=//)")
_BREAKS = (r"\n\s*\n\s*", r"\n\s*", r"[.!?…][)\"'”’»]*\s+", r"\s+")  # where a text is parted, the best place first


@dataclass(frozen=True, slots=True)
class Button:
    data: str
    label: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Part:
    """One message of Telegram's. `plain` says the same as `html`, without markup."""

    html: str = field(repr=False)
    plain: str = field(repr=False)
    buttons: tuple[Button, ...] = field(default=(), repr=False)


def to_message(message: Message) -> tuple[Part, ...]:
    """The parts to be sent, in order; none when there is nothing to be seen."""
    harmless = (lambda text: text) if message.kind == "safety" else defused  # a helpline's address is ours, and worth a tap
    listed = any(len(label) > LABEL or not _sendable(choice) for choice, label in _numbered(message.choices))
    text = message.text
    if listed:
        text = "\n\n".join((text, "\n".join(label for _, label in _numbered(message.choices))))
    parts = [Part(html.escape(piece, quote=False), piece) for piece in pieces(harmless(text)) if piece.strip()]
    parts = _with_sources(parts, harmless("\n".join(map(_source, message.sources))))
    if parts and message.choices:
        buttons = tuple(Button(choice.id, _fitted(label)) for choice, label in _numbered(message.choices) if _sendable(choice))
        parts[-1] = Part(parts[-1].html, parts[-1].plain, buttons)
    return tuple(parts)


def _numbered(choices: tuple[Choice, ...]) -> Iterator[tuple[Choice, str]]:
    """Choices as they are shown: whoever types the number means the choice."""
    for number, choice in enumerate(choices, 1):
        yield choice, f"{number}. {choice.label}"


def _sendable(choice: Choice) -> bool:
    return 1 <= len(choice.id.encode()) <= DATA


def _fitted(label: str) -> str:
    """A label of at most LABEL characters, cut between graphemes."""
    if len(label) <= LABEL:
        return label
    kept = ""
    for grapheme in _graphemes(label):
        if len(kept) + len(grapheme) >= LABEL:
            break
        kept += grapheme
    return f"{kept.rstrip()}…"


def _source(cited: Cited) -> str:
    return f"[{cited.mark}] {cited.title} · {cited.where}"


def _with_sources(parts: list[Part], sources: str) -> list[Part]:
    """Sources fold away under the last part, or follow in parts of their own where they do not fit."""
    for piece in pieces(sources):
        if not piece.strip():
            continue
        folded = f"<blockquote expandable>{html.escape(piece, quote=False)}</blockquote>"
        last = parts[-1] if parts else None
        if last and units(last.plain) + units(piece) + 2 <= LONGEST:
            parts[-1] = Part(f"{last.html}\n\n{folded}", f"{last.plain}\n\n{piece}")
        else:
            parts.append(Part(folded, piece))
    return parts


def defused(text: str) -> str:
    """The same to the eye, but nothing in it becomes a mention or a link."""
    return _CATCHY.sub(JOINER, text)


# --- parting


def units(text: str) -> int:
    """Length in UTF-16 code units."""
    return len(text) + sum(char > "\uffff" for char in text)


def pieces(text: str, limit: int = LONGEST) -> list[str]:
    """Parts a text at paragraphs, else lines, sentences, words, graphemes; joined again the pieces are the text.

    A grapheme longer than the limit, which no language has, is parted between code points.
    """
    found: list[str] = []
    while units(text) > limit:
        head = _whole_graphemes(text, limit)
        whole = set(accumulate(map(len, _graphemes(head))))
        cut = next((place for pattern in _BREAKS if (place := _last_end(pattern, head, whole)) > len(head) // 2), len(head))
        found.append(text[:cut])
        text = text[cut:]
    if text:
        found.append(text)
    return found


def _last_end(pattern: str, text: str, among: Collection[int]) -> int:
    """Where the pattern last ends at one of these places: a space that carries an accent of its own is no place to part at."""
    return max((match.end() for match in re.finditer(pattern, text) if match.end() in among), default=0)


def _whole_graphemes(text: str, limit: int) -> str:
    """The longest beginning of a text that fits and ends between two graphemes."""
    size = end = 0
    for grapheme in _graphemes(text[: limit + 1]):
        size += units(grapheme)
        if size > limit:
            break
        end += len(grapheme)
    if end:
        return text[:end]
    size = 0
    for end, char in enumerate(text):
        size += units(char)
        if size > limit:
            return text[:end]
    return text

"""Messages as Slack's blocks. Pure.

A text is escaped, split where a reader would pause, and laid out in as many posts as Slack's sizes ask for: nothing is cut away but
the labels of buttons, and then the whole labels stand above them. Whatever a person wrote is shown, and never acts: no mention
calls anybody, no link hides where it leads.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import regex

from bot.model import Choice, Cited, Message

Block = dict[str, Any]

# Slack's limits (docs.slack.dev, Block Kit reference); characters are counted as UTF-16 units, the stricter reading
SECTION = 3000
BLOCKS = 50
POST = 12_000  # of all texts and values in a post; Slack answers msg_blocks_too_long a little above 13,000
LABEL = 75
BUTTONS = 5  # more choices than these become a list to pick from
OPTIONS = 40  # Slack takes 100 in a list, but not within the limit of a post
OPTION_VALUE = 150
ELEMENTS = 10  # of a context block
CITED = 600  # of one source
NOTICE = 3000  # of the text that a notification or a screen reader gets instead of the blocks

FEEDBACK = "feedback"
CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class Post:
    """One chat.postMessage: the blocks, and the text for whatever cannot show them. `text` is escaped."""

    text: str = field(repr=False)
    blocks: tuple[Block, ...] = field(repr=False)


def to_message(message: Message) -> tuple[Post, ...]:
    """The posts of a message, in order; its choices come with the last of them."""
    body = [_section(part) for part in split(escaped(message.text), SECTION) if part.strip()]
    tail = [*_choices(message.choices), *_sources(message.sources)]
    if message.kind == "reply" and message.sources:
        tail.append(_feedback())
    return tuple(Post(_notice(blocks), tuple(blocks)) for blocks in _packed([*body, *tail]))


def escaped(text: str) -> str:
    """The three characters by which Slack's mark-up begins (docs.slack.dev, Formatting message text)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def units(text: str) -> int:
    return len(text) + sum(ord(character) > 0xFFFF for character in text)


def split(text: str, limit: int) -> Iterator[str]:
    """Parts of at most `limit` units that make up the text when put together again.

    It parts between paragraphs, lines, sentences or words, whichever comes first and leaves the part half full, else between two
    characters as they are seen; never within an escape.
    """
    while units(text) > limit:
        head = _fitting(text, limit)
        cut = next((at for pause in _PAUSES if (at := _last(pause, head)) > len(head) // 2), len(head))
        yield text[:cut]
        text = text[cut:]
    if text:
        yield text


_PAUSES = tuple(map(re.compile, (r"\n\s*\n", r"\n", r"[.!?…]\s+", r"\s+")))
_SEEN: Any = regex.compile(r"&(?:amp|lt|gt);|\X")  # type: ignore[no-untyped-call]


def _last(pause: re.Pattern[str], text: str) -> int:
    return max((found.end() for found in pause.finditer(text)), default=0)


def _fitting(text: str, limit: int) -> str:
    """As many whole characters as fit; of one that is longer than a whole part, what fits."""
    end = used = 0
    for seen in _SEEN.finditer(text):
        used += units(seen[0])
        if used > limit:
            break
        end = seen.end()
    return text[:end] if end else text[: limit // 2]


def _section(text: str) -> Block:
    return {"type": "section", "text": mrkdwn(text)}


def mrkdwn(text: str) -> Block:
    """Of a text that is escaped already. Verbatim: Slack makes no link and no mention of what looks like one."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def plain(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": False}


_BLANKS = re.compile(r"[ \t\r\n]+")


def label(text: str, limit: int = LABEL) -> str:
    """At most `limit` units, with a sign that something is missing."""
    text = _BLANKS.sub(" ", text).strip() or "…"  # not what French puts before a colon
    return text if units(text) <= limit else _fitting(text, limit - 1).rstrip() + "…"


def _choices(choices: Sequence[Choice]) -> Iterator[Block]:
    if any(units(choice.label) > LABEL for choice in choices):
        rows = "\n".join(f"{n}. {escaped(choice.label)}" for n, choice in enumerate(choices, 1))
        yield from (_section(part) for part in split(rows, SECTION) if part.strip())
    if len(choices) <= BUTTONS or any(len(choice.id) > OPTION_VALUE for choice in choices):
        for start in range(0, len(choices), BUTTONS):
            some = choices[start : start + BUTTONS]
            yield {"type": "actions", "elements": [button(f"{CHOICE}:{start + n}", each) for n, each in enumerate(some)]}
        return
    for start in range(0, len(choices), OPTIONS):
        some = choices[start : start + OPTIONS]
        options = [{"text": plain(label(each.label)), "value": each.id} for each in some]
        picker: Block = {"type": "static_select", "action_id": f"{CHOICE}:{start}", "options": options}
        picker["placeholder"] = plain(f"{start + 1} – {start + len(some)}")
        yield {"type": "actions", "elements": [picker]}


def button(action: str, choice: Choice) -> Block:
    return {"type": "button", "action_id": action, "text": plain(label(choice.label)), "value": choice.id}


def answered(blocks: Sequence[Mapping[str, Any]], chosen: str) -> list[Block]:
    """The blocks of a posted message once one of its choices was made: the choices are gone, and what was chosen stands there."""
    shown = {"type": "context", "elements": [mrkdwn(f"✓ {escaped(label(chosen))}")]}
    found: list[Block] = []
    for block in blocks:
        if not _offers(block):
            found.append(dict(block))
        elif shown not in found:
            found.append(shown)
    return found


def _offers(block: Mapping[str, Any]) -> bool:
    elements = block.get("elements") if block.get("type") == "actions" else ()
    return any(str(each.get("action_id", "")).partition(":")[0] == CHOICE for each in elements or ())


def _sources(sources: Sequence[Cited]) -> Iterator[Block]:
    shown = [mrkdwn(next(split(escaped(f"[{each.mark}] {each.title} · {each.where}"), CITED), "…")) for each in sources]
    for start in range(0, len(shown), ELEMENTS):
        yield {"type": "context", "elements": shown[start : start + ELEMENTS]}


def _feedback() -> Block:
    ways = {"positive_button": ("👍", "good"), "negative_button": ("👎", "bad")}
    buttons = {way: {"text": plain(sign), "value": value} for way, (sign, value) in ways.items()}
    return {"type": "context_actions", "elements": [{"type": "feedback_buttons", "action_id": FEEDBACK, **buttons}]}


def _packed(blocks: Iterable[Block]) -> Iterator[list[Block]]:
    post: list[Block] = []
    for block in blocks:
        if post and (len(post) == BLOCKS or sum(map(weight, post)) + weight(block) > POST):
            yield post
            post = []
        post.append(block)
    if post:
        yield post


def weight(part: Any) -> int:
    """Units of every text and value in a block."""
    if isinstance(part, str):
        return units(part)
    if isinstance(part, dict):
        return sum(map(weight, part.values()))
    return sum(map(weight, part)) if isinstance(part, list) else 0


def _notice(blocks: Sequence[Block]) -> str:
    told = next((block["text"]["text"] for block in blocks if block["type"] == "section"), "…")
    return next(split(told, NOTICE), "…")

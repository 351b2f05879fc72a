"""The home tab and the form for a note, from an overview. Pure."""

from __future__ import annotations

from typing import Any

from adapters.slack_blocks import BLOCKS, SECTION, Block, button, escaped, label, mrkdwn, plain, split
from bot.model import Choice
from bot.overview import Overview
from prompts.library import Words

HEADER = 150  # units of a header block
TITLE = 24  # units of a form's title and of its two buttons
NOTE = 3000  # characters that Slack's field takes
NOTE_FORM = "note"
WISH = "wish"
FIELD, INPUT = "note", "text"


def home(overview: Overview) -> dict[str, Any]:
    """The view of somebody the coach has met."""
    blocks: list[Block] = [_section(escaped(overview.greeting)), {"type": "actions", "elements": _actions(overview)}, {"type": "divider"}]
    for section in overview.sections:
        blocks.append({"type": "header", "text": plain(label(section.title, HEADER))})
        blocks += [_section(part) for part in split(escaped("\n".join(section.rows)), SECTION) if part.strip()]
    return {"type": "home", "blocks": blocks[: 2 * BLOCKS]}  # a home tab takes 100


def strangers_home(words: Words) -> dict[str, Any]:
    """The view of somebody who has not written yet."""
    return {"type": "home", "blocks": [_section(escaped(words.variants("home.stranger")[0]))]}


def note_form(words: Words) -> dict[str, Any]:
    """The form for a note that becomes no message."""

    def line(key: str) -> str:
        return words.variants(f"note.{key}")[0]

    field = {"type": "plain_text_input", "action_id": INPUT, "multiline": True, "max_length": NOTE}
    return {
        "type": "modal",
        "callback_id": NOTE_FORM,
        "title": plain(label(line("title"), TITLE)),
        "submit": plain(label(line("save"), TITLE)),
        "close": plain(label(line("leave"), TITLE)),
        "blocks": [
            {"type": "context", "elements": [mrkdwn(escaped(line("about")))]},
            {"type": "input", "block_id": FIELD, "label": plain(line("label")), "element": field},
        ],
    }


def _actions(overview: Overview) -> list[Block]:
    asked = [button(f"{WISH}:{n}", choice) for n, choice in enumerate(overview.actions)]
    return [*asked, button(NOTE_FORM, Choice(NOTE_FORM, overview.note))]


def _section(text: str) -> Block:
    return {"type": "section", "text": mrkdwn(text)}

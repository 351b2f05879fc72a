"""The same replay says the same words in the terminal, in Telegram and in Slack, shaped for each."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from three_doors import Seen, seen

from adapters.replay import read_script
from bot.manager import Finder
from prompts.library import Library

SCENARIOS = Path(__file__).with_name("scenarios")
SCREENS = Path(__file__).parent.parent / "docs" / "screens"
PLAYED = (
    "the_daily_crossing",
    "complaints_in_private_lead_to_an_if_then",
    "editing_a_message_revises_its_answer",
    "a_longer_guide_in_french_goes_to_a_plan_with_a_day",
    "a_whole_talk_in_spanish",
)


@pytest.mark.parametrize("name", PLAYED)
async def test_a_replay_says_the_same_words_at_each_door(name: str, tmp_path: Path, library: Library, found: Callable[[], Finder]) -> None:
    script = read_script(SCENARIOS / f"{name}.yaml")
    rows = {}
    for platform in ("terminal", "telegram", "slack"):
        (tmp_path / platform).mkdir()
        shown, _ = await seen(platform, script, tmp_path / platform, library, found)
        rows[platform] = [replace(each, text=_but_for_the_owner(each.text, platform, library)) for each in shown]

    assert len(rows["terminal"]) == len(rows["telegram"]) == len(rows["slack"]) > 3
    for here, there, elsewhere in zip(*rows.values(), strict=True):
        if here.mine:
            assert here == there == elsewhere
        else:
            assert there.text == _in_telegram(here)
            assert [label.rstrip("…") for label in there.labels] == _cut(_numbered(here, "."), there.labels)
            assert elsewhere.text == _in_slack(here, elsewhere)
            assert [label.rstrip("…") for label in elsewhere.labels] == _cut(_plain(here), elsewhere.labels)
            assert elsewhere.sources == here.sources


async def test_the_pictures_in_the_docs_show_what_is_said_today(tmp_path: Path, library: Library, found: Callable[[], Finder]) -> None:
    """The terminal's picture is text; the others are drawn with it."""
    drawn = _without_spaces(html.unescape(re.sub(r"<[^>]+>", "", (SCREENS / "terminal.svg").read_text(encoding="utf-8"))))
    shown, _ = await seen("terminal", read_script(SCREENS / "evening.yaml"), tmp_path, library, found)
    missing = [each.text for each in shown if _without_spaces(each.text) not in drawn]

    assert not missing, "draw them anew: python docs/screens/draw.py"


def _without_spaces(text: str) -> str:
    return "".join(text.split())


def _but_for_the_owner(text: str, platform: str, library: Library) -> str:
    """Who can see what differs from door to door, and is said in the welcome."""
    for words in library.words.values():
        text = text.replace(words.variants(f"privacy.{platform}")[0], "…")
    return text


def _plain(seen: Seen) -> list[str]:
    return [label.split("  ", 1)[1] for label in seen.labels]


def _numbered(seen: Seen, dot: str) -> list[str]:
    return [f"{n}{dot} {label}" for n, label in enumerate(_plain(seen), 1)]


def _cut(whole: list[str], shown: tuple[str, ...]) -> list[str]:
    """Whole labels, cut where a button shows less of them."""
    assert len(whole) == len(shown)
    return [long[: len(short.rstrip("…"))] if short.endswith("…") else long for long, short in zip(whole, shown, strict=True)]


def _in_telegram(seen: Seen) -> str:
    """Long choices stand above the buttons, sources below the text."""
    listed = _numbered(seen, ".") if any(len(label) > 40 for label in _numbered(seen, ".")) else []
    return "\n\n".join(filter(None, (seen.text, "\n".join(listed), "\n".join(seen.sources))))


def _in_slack(here: Seen, there: Seen) -> str:
    cut = any(label.endswith("…") for label in there.labels)
    return here.text + ("\n".join(_numbered(here, ".")) if cut else "")

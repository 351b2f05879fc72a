"""What the README shows is what the coach says."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from adapters.replay import VirtualClock
from adapters.terminal import to_inbound, to_message
from bot.detector import open_detector
from bot.manager import Finder, Manager
from bot.model import Letter, Person, PersonId
from prompts.library import Library
from storage.store import Store

README = Path(__file__).parent.parent / "README.md"
START = datetime(2026, 3, 2, 15, tzinfo=UTC)


def _shown() -> list[tuple[str, str]]:
    """The talk in the README, in order: who speaks, and what, with its choices and sources, in one line."""
    blocks = re.findall(r"^```\n(.*?)^```", README.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    talk = next(block for block in blocks if "coach ›" in block)
    _, *parts = re.split(r"^(coach|you) ›", talk, flags=re.MULTILINE)
    return [(who, " ".join(text.split())) for who, text in zip(parts[::2], parts[1::2], strict=True)]


async def test_the_talk_in_the_readme_goes_as_it_is_shown(tmp_path: Path, library: Library, found: Callable[[], Finder]) -> None:
    clock = VirtualClock(START)
    store = Store.open(f"sqlite:///{tmp_path / 'brokercoach.db'}", tmp_path / "key", clock)
    aisha = Person(PersonId(""), name="Aisha", zone="Africa/Nairobi", language="en", welcomed=True, onboarded=True)
    store.enrol("terminal", "me", aisha)
    manager = Manager(library, store, found, clock, open_detector())
    said: list[str] = []

    async def hear(letter: Letter) -> None:
        said.append(" ".join(line for _, line in to_message(letter.message)))

    shown = _shown()
    assert shown[0][0] == "coach"
    await manager.handle(replace(to_inbound("", "me", clock(), opened=True), key="0"))
    for number, (who, text) in enumerate(shown, 1):
        if who == "you":
            await manager.handle(replace(to_inbound(text, "me", clock()), key=str(number)))
        else:
            said.clear()
            await manager.deliver("terminal", hear)
            assert " ".join(" ".join(said).split()) == text
    store.close()

"""Conversations from beginning to end, played from files through the real manager, store, clock and knowledge.

Each file in scenarios/ is a replay script; what must and must not be said stands in it. Between any two messages everything
goes through the database and back, so that no state can hide in memory.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from passages import cards

from adapters.replay import Player, Script, VirtualClock, ear_of, read_script
from bot.detector import open_detector
from bot.manager import Adviser, Finder, Manager
from bot.review import review
from prompts.library import Library
from prompts.signals import load_signals
from storage.store import Store

TOLD_AGAIN = {"C12"}  # scenarios go back, repeat themselves and play one day several times, as no talk does
SCENARIOS = sorted(Path(__file__).with_name("scenarios").glob("*.yaml"))


async def played(
    script: Script,
    home: Path,
    library: Library,
    found: Callable[[], Finder],
    adviser: Callable[[Store, VirtualClock], Adviser] | None = None,
) -> tuple[list[dict[str, Any]], Player]:
    clock = VirtualClock(script.start)
    home.mkdir(exist_ok=True)  # noqa: ASYNC240 - nobody waits for it
    store = Store.open(f"sqlite:///{home / 'brokercoach.db'}", home / "key", clock)
    try:
        worded = adviser(store, clock) if adviser else None
        player = Player(script, Manager(library, store, found, clock, open_detector(), worded, ear_of(script, store)), store, clock)
        lines = [line async for line in player.play()]
        return [*lines, player.final()], player
    finally:
        store.close()


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
async def test_a_scenario_goes_as_its_file_says(path: Path, tmp_path: Path, library: Library, found: Callable[[], Finder]) -> None:
    holds(*await played(read_script(path), tmp_path, library, found))


def holds(lines: list[dict[str, Any]], player: Player) -> None:
    """Whether a conversation went as its file says, and as every conversation goes."""
    assert not player.faults, "\n".join(player.faults)
    assert not player.notes, player.notes
    said = [line for line in lines if line.get("direction") == "out"]
    assert said
    for line in said:
        assert line["text"].strip(), line
        assert "$" not in line["text"], f"a slot was left empty: {line['text']}"
        assert line["chars"] <= 1100, f"longer than two screens: {line['text']}"
        for mark in re.findall(r"\[(\d)\]", line["text"]):
            assert int(mark) <= len(line["sources"]), f"[{mark}] has no source: {line['text']}"
    languages = {person.language or "en" for person in player.script.people.values()}
    alarms, _ = review([line for line in lines if "n" in line], load_signals(), {card.id for card in cards()}, min(languages))
    assert not [alarm for alarm in alarms if alarm.item not in TOLD_AGAIN]


@pytest.mark.parametrize("path", SCENARIOS[:6], ids=lambda path: path.stem)
async def test_two_runs_of_one_script_say_the_same_bytes(path: Path, tmp_path: Path, library: Library, found: Callable[[], Finder]) -> None:
    homes = [tmp_path / "one", tmp_path / "two"]
    runs = []
    for home in homes:
        lines, _ = await played(read_script(path), home, library, found)
        runs.append(json.dumps(lines, sort_keys=True))

    assert runs[0] == runs[1]

"""Small talk and the first small questions are answered without the knowledge: in a fresh home its index may not be there yet."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import pytest

from adapters.replay import VirtualClock
from bot.manager import Manager
from bot.model import Inbound, Letter
from prompts.library import Library
from storage.store import Store


def nothing_is_found() -> NoReturn:
    raise AssertionError("the knowledge was asked")


@pytest.mark.parametrize(
    ("said", "ends_on"),
    [
        (["hello", "Maria", "Nairobi"], "three minutes"),
        (["bonjour", "Aïcha", "Dakar"], "trois minutes"),
        (["hola", "Rosa", "Lima"], "minutos"),
        (["hi", "my name is Tom", "thanks", "skip", "bye"], ""),
    ],
)
async def test_a_greeting_and_a_name_need_no_knowledge(said, ends_on, tmp_path: Path, library: Library):
    clock = VirtualClock(datetime(2026, 3, 4, 15, tzinfo=UTC))
    store = Store.open(f"sqlite:///{tmp_path / 'brokercoach.db'}", tmp_path / "key", clock)
    try:
        manager, letters = Manager(library, store, nothing_is_found, clock), list[Letter]()

        async def send(letter: Letter) -> None:
            letters.append(letter)

        for number, text in enumerate(said):
            await manager.handle(Inbound(key=f"{number}", platform="terminal", address="me", at=clock(), text=text))
        await manager.deliver("terminal", send)

        wrong = {words.variants("wrong")[0] for words in library.words.values()}
        assert len(letters) >= len(said)
        assert not wrong & {letter.message.text for letter in letters}
        assert ends_on in letters[-1].message.text
    finally:
        store.close()

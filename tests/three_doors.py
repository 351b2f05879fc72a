"""One replay on each platform: what stands on a person's screen there, taken from what the adapters really send."""

from __future__ import annotations

import html
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from fake_slack import SECRET, TEAM, fake_slack
from fake_slack import TOKEN as SLACK_TOKEN
from fake_telegram import TOKEN, telegram
from rich.console import Console

from adapters.replay import Player, Script, VirtualClock
from adapters.slack import Slack
from adapters.slack_calls import Account
from adapters.telegram import Telegram
from adapters.telegram_text import JOINER
from adapters.terminal import show, to_message
from bot.detector import open_detector
from bot.manager import Finder, Manager
from bot.model import Letter, Platform
from prompts.library import Library
from storage.store import Store

ADDRESSES: dict[Platform, str] = {"terminal": "me", "telegram": "4711", "slack": f"{TEAM}:U4711"}
WIDTH = 84


@dataclass(frozen=True)
class Seen:
    """One message on a screen: what was typed or pressed (`mine`), or a letter as it was sent, in however many parts."""

    mine: bool
    text: str  # all that is to be read but the labels of buttons and the sources, where they stand apart
    labels: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    pressed: bool = False
    raw: Any = None  # Telegram's or Slack's own arguments of each part; for the terminal the Letter


Put = Callable[[Letter], Awaitable[Seen]]


async def seen(
    platform: Platform, script: Script, place: Path, library: Library, found: Callable[[], Finder]
) -> tuple[list[Seen], dict[str, Any]]:
    """A script of one person, played; and their home page in Slack, when it is played there."""
    clock = VirtualClock(script.start)
    store = Store.open(f"sqlite:///{place / 'three.db'}", place / "key", clock)
    manager = Manager(library, store, found, clock, open_detector())
    try:
        async with _door(platform, library, manager) as put:
            through = _Through(manager, put)
            lines = [line async for line in Player(_at(script, platform), through, store, clock).play()]
            letters = iter(through.letters)
            home = await manager.overview("slack", ADDRESSES["slack"]) if platform == "slack" else None
            return [_mine(line) if line["direction"] == "in" else next(letters) for line in lines], {"overview": home}
    finally:
        store.close()


def _mine(line: dict[str, Any]) -> Seen:
    return Seen(True, line["text"], pressed=line["kind"] == "pressed")


def _at(script: Script, platform: Platform) -> Script:
    [person] = script.people.values()
    who = ADDRESSES[platform]
    turns = [turn.model_copy(update={"who": who if turn.who else None}) for turn in script.turns]
    return script.model_copy(update={"people": {who: person.model_copy(update={"platform": platform})}, "turns": turns})


class _Through:
    """The manager, with every letter also sent through a door."""

    def __init__(self, manager: Manager, put: Put) -> None:
        self.handle, self.tick = manager.handle, manager.tick
        self._manager = manager
        self._put = put
        self.letters: list[Seen] = []

    async def deliver(self, platform: Any, send: Any) -> int:
        async def both(letter: Letter) -> None:
            await send(letter)
            self.letters.append(await self._put(letter))

        return await self._manager.deliver(platform, both)


@asynccontextmanager
async def _door(platform: Platform, library: Library, manager: Manager) -> AsyncIterator[Put]:
    if platform == "telegram":
        async with telegram() as fake:
            bot = Telegram(TOKEN, library.words, api=fake.base, sleep=_at_once)

            async def to_telegram(letter: Letter) -> Seen:
                before = len(fake.sent)
                await bot.send(letter)
                parts = fake.sent[before:]
                labels = tuple(button["text"] for part in parts for button in part["buttons"])
                return Seen(False, "".join(part["shown"] for part in parts).replace(JOINER, ""), labels, raw=parts)

            yield to_telegram
            await bot.close()
    elif platform == "slack":
        async with fake_slack() as slack:

            async def overview(address: str) -> Any:
                return await manager.overview("slack", address)

            app = Slack(Account(SLACK_TOKEN, signing_secret=SECRET, api=slack.api), library, overview, manager._clock)

            async def to_slack(letter: Letter) -> Seen:
                before = len(slack.posts)
                await app.send(letter)
                return _as_read(slack.posts[before:])

            yield to_slack
            await app.close()
    else:

        async def to_terminal(letter: Letter) -> Seen:
            console = Console(file=StringIO(), width=WIDTH, force_terminal=True)
            show(console, "coach", letter.message)
            roles = [*to_message(letter.message)]
            told = {role: tuple(line for each, line in roles if each == role) for role in ("text", "choice", "source")}
            return Seen(False, *told["text"], told["choice"], told["source"], raw=letter)

        yield to_terminal


def _as_read(posts: list[dict[str, Any]]) -> Seen:
    blocks = [block for post in posts for block in post["blocks"]]
    text = "".join(html.unescape(block["text"]["text"]) for block in blocks if block["type"] == "section")
    labels, sources = [], []
    for block in blocks:
        for element in block.get("elements", ()):
            if block["type"] == "context":
                sources.append(html.unescape(element["text"]))
            elif block["type"] == "actions":
                labels += [each["text"]["text"] for each in element.get("options") or [element]]
    return Seen(False, text, tuple(labels), tuple(sources), raw=posts)


async def _at_once(_: float) -> None:
    return

"""The terminal: the first adapter, and the embedded default. Lines become messages; messages become lines.

Works in a window, piped, at 40 columns and without colour. What is typed is not kept in a history file.
Nothing is decided here.
"""

from __future__ import annotations

import asyncio
import codecs
import os
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any, Protocol, TextIO, TypeVar
from uuid import uuid4

from rich.console import Console
from rich.text import Text

from bot.door import Copy, Press
from bot.model import Inbound, Letter, Message
from prompts.library import Words

WIDEST = 84  # columns; longer lines are hard to read
TICK = 20.0  # seconds between two looks at the clock while nobody types
PATIENCE = 0.4  # seconds after which a wait shows what it is waiting for

T = TypeVar("T")


class Coach(Protocol):
    """What the terminal needs of the manager."""

    async def handle(self, inbound: Inbound) -> None: ...

    async def resume(self) -> None: ...

    async def tick(self) -> None: ...

    async def deliver(self, platform: Any, send: Callable[[Letter], Awaitable[None]], address: str | None = ...) -> int: ...


def to_inbound(text: str, address: str, at: datetime, opened: bool = False) -> Inbound:
    """One typed line, or the opening of the chat. The terminal has no event ids of its own, so each gets a fresh one."""
    return Inbound(key=uuid4().hex, platform="terminal", address=address, at=at, text=text, opened=opened)


def to_message(message: Message) -> Iterator[tuple[str, str]]:
    """The lines of a message with the role each plays: text, choice or source."""
    yield "text", message.text
    for number, choice in enumerate(message.choices, 1):
        yield "choice", f"{number}  {choice.label}"
    for cited in message.sources:
        yield "source", f"[{cited.mark}] {cited.title} · {cited.where}"


def show(console: Console, coach: str, message: Message) -> None:
    """Prints a message, with `coach` before it as the name of who speaks."""
    console.print()
    for role, line in to_message(message):
        if role == "text":
            console.print(Text.assemble((f"{coach} › ", "bold green"), line))
        else:
            console.print(Text(f"  {line}", style="cyan" if role == "choice" else "dim"))
    console.print()


def _as_latin(error: UnicodeError) -> tuple[str, int]:
    """Bytes that are not in the input's encoding are most likely an older file's: they are read as Windows wrote them."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error("brokercoach.latin", _as_latin)


async def typed() -> AsyncIterator[str]:
    """Lines of the input until it ends. They are read in threads that nobody waits for, so that a silent pipe holds up no leaving.

    Through a file of its own: Python's own stdin, locked by such a thread, would abort the program's end.
    """
    if sys.stdin is None:  # closed by whoever started us
        return
    loop = asyncio.get_running_loop()
    with open(sys.stdin.fileno(), encoding=sys.stdin.encoding, errors="brokercoach.latin", closefd=False) as lines:  # noqa: ASYNC230
        while line := await _read(lines, loop):
            yield line.rstrip("\r\n")


async def _read(lines: TextIO, loop: asyncio.AbstractEventLoop) -> str:
    got: asyncio.Future[str] = loop.create_future()

    def hand_over(line: str) -> None:
        if not got.done():
            got.set_result(line)

    def read() -> None:
        line = ""
        with suppress(OSError, ValueError):  # a terminal that hung up, a folder instead of a file: there is nothing more to come
            line = lines.readline()
        with suppress(RuntimeError):  # the chat was left meanwhile
            loop.call_soon_threadsafe(hand_over, line)

    threading.Thread(target=read, name="typed", daemon=True).start()
    return await got


def _kept(folder: Path, copy: Copy) -> Path:
    """The file, readable for its owner alone; nothing that is there is written over."""
    name = Path(copy.name)
    for n in count(1):
        path = folder / (copy.name if n == 1 else f"{name.stem}-{n}{name.suffix}")
        with suppress(FileExistsError), os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(copy.data)
            return path
    raise AssertionError


class Terminal:
    """One person's chat. `building` tells how far the index is while it is being built: (done, all), else None.

    `note` is what the person should know about how the coach runs, once there is something; it is shown once, on stderr. `press` makes the
    files of letters, which are written into the folder that the chat was started in.
    """

    def __init__(
        self,
        coach: Coach,
        words: Words,
        address: str,
        clock: Callable[[], datetime],
        building: Callable[[], tuple[int, int] | None] = lambda: None,
        note: Callable[[], str | None] = lambda: None,
        press: Press | None = None,
    ) -> None:
        self._coach = coach
        self._words = words
        self._address = address
        self._clock = clock
        self._building = building
        self._note = note
        self._press = press
        self._noted = False
        self._console = Console(highlight=False, soft_wrap=False)
        self._console.width = min(self._console.width, WIDEST)
        self._sending = asyncio.Lock()

    async def run(self) -> None:
        """Chats until the input ends or somebody leaves. Raises StoreDown where it cannot go on."""
        await self._waited_for(self._coach.resume(), self._line("terminal.thinking"))
        await self._coach.tick()
        if not await self._deliver():
            await self._take(to_inbound("", self._address, self._clock(), opened=True))
        if sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty():
            await self._in_a_window()
        else:
            await self._piped()

    async def _in_a_window(self) -> None:
        from prompt_toolkit import PromptSession
        from prompt_toolkit.history import DummyHistory
        from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
        from prompt_toolkit.patch_stdout import patch_stdout

        keys = KeyBindings()

        @keys.add("escape", "enter")
        def _(event: KeyPressEvent) -> None:
            event.current_buffer.insert_text("\n")

        session: PromptSession[str] = PromptSession(history=DummyHistory(), key_bindings=keys)
        self._console.print(Text(self._line("terminal.hint"), style="dim"))
        ticking = asyncio.create_task(self._tick_along())
        try:
            while True:
                with patch_stdout(raw=True):
                    text = await session.prompt_async(f"{self._line('terminal.you')} › ")
                await self._take(to_inbound(text, self._address, self._clock()))
        except (EOFError, KeyboardInterrupt, asyncio.CancelledError) as end:
            self._console.print(Text(self._line("terminal.left"), style="dim"))
            if isinstance(end, asyncio.CancelledError):
                raise
        finally:
            ticking.cancel()
            with suppress(asyncio.CancelledError):
                await ticking

    async def _piped(self) -> None:
        async for line in typed():
            await self._take(to_inbound(line, self._address, self._clock()))

    async def _tick_along(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            await self._coach.tick()
            await self._deliver()

    async def _take(self, inbound: Inbound) -> None:
        await self._waited_for(self._coach.handle(inbound), self._line("terminal.thinking"))
        if not self._noted and (note := self._note()):
            self._noted = True
            sys.stderr.write(f"brokercoach: {note}\n")
        await self._deliver()

    async def _waited_for(self, work: Awaitable[T], shown: str) -> T:
        """Waits for a turn or a file; a wait that can be felt shows what it is for."""
        task = asyncio.ensure_future(work)
        done, _ = await asyncio.wait({task}, timeout=PATIENCE)
        if not done and self._console.is_terminal:
            with self._console.status(shown, spinner="dots") as status:
                while not task.done():
                    if progress := self._building():
                        status.update(self._line("terminal.building", done=str(progress[0]), all=str(progress[1])))
                    await asyncio.wait({task}, timeout=PATIENCE)
        elif not done and self._building():
            sys.stderr.write(self._line("terminal.building", done="0", all="…") + "\n")
        return await task

    async def _deliver(self) -> int:
        async with self._sending:
            return await self._coach.deliver("terminal", self._show, self._address)

    async def _show(self, letter: Letter) -> None:
        if letter.message.file and self._press:
            letter = replace(letter, message=await self._saved(letter, self._press))
        show(self._console, self._line("terminal.coach"), letter.message)

    async def _saved(self, letter: Letter, press: Press) -> Message:
        """Writes a letter's file down, and says where it is."""
        copy = await self._waited_for(press(letter), self._line("terminal.printing"))
        told = copy.instead
        with suppress(OSError):
            if copy.data:
                path = await asyncio.to_thread(_kept, Path.cwd(), copy)
                told = "\n".join(part for part in (letter.message.text, self._line("export.saved", path=str(path)), copy.note) if part)
        return replace(letter.message, text=told)

    def _line(self, key: str, **slots: str) -> str:
        line = self._words.variants(key)[0]
        for name, value in slots.items():
            line = line.replace(f"${name}", value)
        return line

"""A letter's file on its way to Telegram: made, shown to be on its way meanwhile, and sent as a document beside the letter's text."""

from __future__ import annotations

import asyncio
import html
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial

from telegram import Bot, InputFile
from telegram.constants import ChatAction, FileSizeLimit, MessageLimit, ParseMode
from telegram.error import BadRequest, NetworkError

from adapters.telegram_faults import BROKEN, NOBODY
from adapters.telegram_text import defused, units
from bot.door import Press
from bot.model import Letter

AGAIN = 4.0  # seconds after which the sign of life is given again; Telegram shows it for five
PATIENCE = 120.0  # seconds that the upload may take


class Files:
    def __init__(self, bot: Bot, press: Press) -> None:
        self._bot = bot
        self._press = press

    async def send(self, letter: Letter, topic: int | None, say: Callable[[str], Awaitable[None]]) -> None:
        """`say` sends a text in the place of a file that could not be made or is not taken. Raises what the library raises, and NotSent."""
        async with self._shown(letter.address, topic):
            copy = await self._press(letter)
            told = "\n\n".join(part for part in (letter.message.text, copy.note) if part)
            if not copy.data or len(copy.data) > FileSizeLimit.FILESIZE_UPLOAD:
                await say(copy.instead)
                return
            if units(told) > MessageLimit.CAPTION_LENGTH:
                await say(told)
                told = ""
            document = partial(
                self._bot.send_document,
                letter.address,
                InputFile(copy.data, filename=copy.name),
                caption=html.escape(defused(told), quote=False),
                parse_mode=ParseMode.HTML,
                disable_content_type_detection=True,
                write_timeout=PATIENCE,
                read_timeout=PATIENCE,
            )
            try:
                try:
                    await document(message_thread_id=topic)
                except BadRequest as error:
                    if not topic or "thread not found" not in error.message.lower():
                        raise
                    await document()
            except NetworkError as error:  # a bad request is one of them to the library
                if not _is_refusal(error):
                    raise
                await say(copy.instead)

    @asynccontextmanager
    async def _shown(self, address: str, topic: int | None) -> AsyncIterator[None]:
        """Shows that a file is on its way, as long as its block lasts."""
        task = asyncio.create_task(self._show(address, topic))
        try:
            yield
        finally:
            task.cancel()

    async def _show(self, address: str, topic: int | None) -> None:
        while True:
            with suppress(*BROKEN):
                await self._bot.send_chat_action(address, ChatAction.UPLOAD_DOCUMENT, message_thread_id=topic)
            await asyncio.sleep(AGAIN)


def _is_refusal(error: NetworkError) -> bool:
    """Whether Telegram says that it will not have this file, and will not the next time either."""
    what = error.message.lower()
    return "too large" in what or (isinstance(error, BadRequest) and not any(sign in what for sign in NOBODY))

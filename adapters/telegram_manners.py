"""What the coach does in Telegram beside conversations: the menu of commands, the description, buttons that had their answer, groups.

Courtesies all of them: they run beside the letters, each is tried once, and if one fails nothing is lost.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from telegram import Bot, BotCommand, BotCommandScopeAllPrivateChats, CallbackQuery, LinkPreviewOptions, Message, Update

from adapters.telegram_faults import BROKEN, kind
from adapters.telegram_intake import Called, called_in_group
from adapters.telegram_text import LONGEST, defused, units

if TYPE_CHECKING:
    from prompts.library import Words

ONCE = timedelta(days=1)  # between two lines to one group
REMEMBERED = 1000  # groups
COMMAND = "telegram.command."

log = logging.getLogger(__name__)


def answered(message: Message, data: str | None) -> str | None:
    """A message with the label of the button that was pressed below it; None where that is not known, or does not fit."""
    rows = message.reply_markup.inline_keyboard if message.reply_markup else ()
    label = next((button.text for row in rows for button in row if data and button.callback_data == data), None)
    told = f"{message.text}\n\n✓ {defused(label.partition('. ')[2] or label)}" if message.text and label else ""
    return told if 0 < units(told) <= LONGEST else None


class Manners:
    def __init__(self, bot: Bot, words: Mapping[str, Words], clock: Callable[[], datetime]) -> None:
        self._bot = bot
        self._words = words
        self._clock = clock
        self._told: OrderedDict[int, datetime] = OrderedDict()
        self._under_way: set[asyncio.Task[None]] = set()

    def introduce(self) -> None:
        self._beside(self._introduce())

    def after(self, update: Update) -> None:
        """Once an update is dealt with."""
        self._beside(self._after(update))

    async def close(self) -> None:
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    def _beside(self, what: Coroutine[Any, Any, object]) -> None:
        async def lossy() -> None:
            try:
                await what
            except BROKEN as error:
                log.debug("a courtesy failed: %s", kind(error))

        task = asyncio.create_task(lossy())
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _after(self, update: Update) -> None:
        if update.callback_query:
            await self._pressed(update.callback_query)
        elif called := called_in_group(update, self._bot.id, self._bot.username):
            await self._decline(called)

    async def _pressed(self, query: CallbackQuery) -> None:
        """Ends the button's waiting, and takes away buttons that have had their answer; the one that was pressed stays to be read."""
        self._beside(self._bot.answer_callback_query(query.id))
        message = query.message
        if message is None:
            return
        chat, number = message.chat.id, message.message_id
        if isinstance(message, Message) and (told := answered(message, query.data)):
            bare = LinkPreviewOptions(is_disabled=True)
            await self._bot.edit_message_text(told, chat, number, entities=message.entities, link_preview_options=bare)
        else:
            await self._bot.edit_message_reply_markup(chat, number, reply_markup=None)

    async def _decline(self, called: Called) -> None:
        """One line a day to a group."""
        now = self._clock()
        last = self._told.pop(called.group, None)
        told = last is not None and now - last < ONCE
        self._told[called.group] = last if last is not None and told else now
        if len(self._told) > REMEMBERED:
            self._told.popitem(last=False)
        if not told:
            words = self._words.get((called.language or "en")[:2]) or self._words["en"]
            await self._bot.send_message(called.group, words.variants("telegram.group")[0])

    async def _introduce(self) -> None:
        """In each language, and in English for all others; written only where it differs from what stands there."""
        everywhere = BotCommandScopeAllPrivateChats()
        for language, words in [(None, self._words["en"]), *self._words.items()]:
            commands = [BotCommand(key.removeprefix(COMMAND), words.variants(key)[0]) for key in words.lines if key.startswith(COMMAND)]
            if list(await self._bot.get_my_commands(everywhere, language)) != commands:
                await self._bot.set_my_commands(commands, everywhere, language)
            description = words.variants("telegram.description")[0]
            if (await self._bot.get_my_description(language)).description != description:
                await self._bot.set_my_description(description, language)

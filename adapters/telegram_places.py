"""Where in a private chat a letter belongs: in which topic, and to which message further up."""

from __future__ import annotations

import logging
from collections import OrderedDict
from typing import Any

from telegram import Bot, Message, ReplyParameters
from telegram.constants import ForumTopicLimit
from telegram.error import BadRequest, NetworkError

from adapters.telegram_faults import NOBODY, kind
from adapters.telegram_intake import topic_in
from adapters.telegram_wire import BEFORE_SENDING
from bot.model import Inbound, Letter

REMEMBERED = 5000  # chats, topics, or letters

log = logging.getLogger(__name__)


class Places:
    def __init__(self) -> None:
        self._rooms: OrderedDict[str, str] = OrderedDict()
        self._about: OrderedDict[str, int] = OrderedDict()

    def wrote(self, inbound: Inbound, message: Message | None) -> None:
        """A person wrote, edited or pressed. What is said to an edit or to a voice note hangs on that message, for they may have gone on
        writing since.
        """
        remember(self._rooms, inbound.address, inbound.room or "")
        if message and (inbound.edits or inbound.voice):
            remember(self._about, inbound.address, message.message_id)
        else:
            self._about.pop(inbound.address, None)

    def topic(self, address: str) -> int | None:
        """The topic in which a person wrote last."""
        return topic_in(self._rooms.get(address), address)

    def about(self, address: str) -> ReplyParameters | None:
        message = self._about.get(address)
        return ReplyParameters(message, allow_sending_without_reply=True) if message else None

    def told(self, address: str) -> None:
        self._about.pop(address, None)


class Opening:
    """Makes topics, each once: a letter that comes again finds the one that was made for it."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._made: OrderedDict[tuple[str, str], int] = OrderedDict()

    async def topic(self, letter: Letter) -> int | None:
        """None where none can be made, or nobody knows whether one was: two of a name are worse than none. Raises what the library raises
        where it can be tried again.
        """
        name = (letter.message.opens or "")[: ForumTopicLimit.MAX_NAME_LENGTH]
        which = (letter.address, name)
        if which not in self._made:
            try:
                made = await self._bot.create_forum_topic(letter.address, name)
            except (TypeError, ValueError, KeyError, AttributeError):  # it answered, in a shape that the library does not know
                return None
            except NetworkError as error:  # a bad request is one of them to the library
                refused = isinstance(error, BadRequest)
                nobody = refused and any(sign in error.message.lower() for sign in NOBODY)
                if nobody or (not refused and isinstance(error.__cause__, BEFORE_SENDING)):
                    raise
                log.info("no topic could be made in a chat: %s", kind(error))
                return None
            remember(self._made, which, made.message_thread_id)
        return self._made[which]


def remember(memory: OrderedDict[Any, Any], key: Any, value: Any) -> None:
    memory.pop(key, None)
    memory[key] = value
    if len(memory) > REMEMBERED:
        memory.popitem(last=False)

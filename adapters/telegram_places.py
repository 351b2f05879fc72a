"""Where in a private chat the next letter belongs: in which topic, and to which message further up."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from telegram import Message, ReplyParameters

from bot.model import Inbound

REMEMBERED = 5000  # chats, or letters


class Places:
    def __init__(self) -> None:
        self._topics: OrderedDict[str, int] = OrderedDict()
        self._about: OrderedDict[str, int] = OrderedDict()

    def wrote(self, inbound: Inbound, message: Message | None) -> None:
        """A person wrote, edited or pressed: they are answered in the topic where they did, and what is said to an edit or to a voice
        note hangs on that message, for they may have gone on writing since.
        """
        if topic := getattr(message, "message_thread_id", None):
            remember(self._topics, inbound.address, topic)
        elif inbound.press is None:
            self._topics.pop(inbound.address, None)
        if message and (inbound.edits or inbound.voice):
            remember(self._about, inbound.address, message.message_id)
        else:
            self._about.pop(inbound.address, None)

    def topic(self, address: str) -> int | None:
        return self._topics.get(address)

    def no_topic(self, address: str) -> None:
        """The topic is gone: from now on the chat itself is written to."""
        self._topics.pop(address, None)

    def about(self, address: str) -> ReplyParameters | None:
        message = self._about.get(address)
        return ReplyParameters(message, allow_sending_without_reply=True) if message else None

    def told(self, address: str) -> None:
        self._about.pop(address, None)


def remember(memory: OrderedDict[Any, Any], key: Any, value: Any) -> None:
    memory.pop(key, None)
    memory[key] = value
    if len(memory) > REMEMBERED:
        memory.popitem(last=False)

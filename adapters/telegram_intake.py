"""What comes in from Telegram: an update becomes an Inbound, or nothing. Pure.

Private chats only. What was said in a group is not looked at, beyond whether the coach was called there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from hashlib import blake2b
from typing import Any

from telegram import MaybeInaccessibleMessage, Message, MessageEntity, Update
from telegram.constants import ChatMemberStatus, ChatType

from adapters.telegram_notes import note_in
from bot.model import Brought, Inbound, Letter

WANTED = ("message", "edited_message", "callback_query", "my_chat_member")
GROUPS = (ChatType.GROUP, ChatType.SUPERGROUP)
THERE = (ChatMemberStatus.MEMBER, ChatMemberStatus.ADMINISTRATOR)
GENERAL = 1  # what stands outside of all topics may come with this number, to which nothing can be sent
FORGED = "forged"  # stands for data that none of our buttons carries; nothing on the table is called so

_COMMAND = re.compile(r"^(/\w+)@\w+")
_DATA = re.compile(r"[\x21-\x7e]{1,64}")


def read(data: Any, now: datetime, salt: bytes = b"", *, rooms: bool = False) -> tuple[Update, Inbound | None] | None:
    """None when it is no update, or one of a shape that the library or this house does not know. `rooms`: private chats have topics."""
    if not isinstance(data, Mapping) or type(data.get("update_id")) is not int:
        return None
    try:
        update = Update.de_json(dict(data), None)
        return update, to_inbound(update, now, salt, rooms=rooms)
    except Exception:  # noqa: BLE001 - the library checks nothing, so an unknown shape can break anywhere
        return None


def to_inbound(update: Update, now: datetime, salt: bytes = b"", *, rooms: bool = False) -> Inbound | None:
    """None for everything that is not a person's own message in a private chat.

    `salt` keeps the chat's number, which is the person's, from being read off the keys.
    """
    if update.callback_query:
        return _press(update, now, salt, rooms)
    message = update.edited_message or update.message
    if message is None or message.chat.type != ChatType.PRIVATE or message.from_user is None or message.from_user.is_bot:
        return None
    key = _key(message, salt)
    room = room_of(message) or ("" if rooms else None)
    came = partial(Inbound, platform="telegram", address=str(message.chat.id), language=message.from_user.language_code, room=room)
    text = _text(message)
    if update.edited_message:
        at = min(message.edit_date or now, now)
        own = text and not message.forward_origin
        return came(key=f"{key}-{update.update_id}", at=at, text=text, edits=key) if own else None
    at = min(message.date, now)
    if room and (name := _named(message)):
        return came(key=key, at=at, names=name)
    if brought := _brought(message):
        album = message.media_group_id
        voice = note_in(message, room) if brought == "voice" else None
        return came(key=_hashed(f"album|{message.chat.id}|{album}", salt) if album else key, at=at, brought=brought, voice=voice)
    return came(key=key, at=at, text=text) if text else None


def room_of(message: MaybeInaccessibleMessage) -> str | None:
    """The topic of a private chat in which a message stands; the chat is part of its name, for its number means another in another chat."""
    topic = message.message_thread_id if isinstance(message, Message) and message.is_topic_message else None
    return f"{message.chat.id}/{topic}" if topic and topic != GENERAL else None


def topic_in(room: str | None, address: str) -> int | None:
    """The number of the topic that a room is in this chat."""
    chat, _, topic = (room or "").partition("/")
    return int(topic) if chat == address and topic.isdecimal() else None


def made_room(letter: Letter, topic: int, now: datetime, salt: bytes) -> Inbound:
    """That a topic was made for a letter."""
    key, room = _hashed(f"topic|{letter.address}|{topic}", salt), f"{letter.address}/{topic}"
    return Inbound(key=key, platform="telegram", address=letter.address, at=now, room=room, names=letter.message.opens)


def _named(message: Message) -> str | None:
    """What a topic is called from now on; None for anything else, and where its name only repeats what was written first."""
    if message.forum_topic_created and not message.forum_topic_created.is_name_implicit:
        return message.forum_topic_created.name
    return message.forum_topic_edited.name if message.forum_topic_edited else None


def _press(update: Update, now: datetime, salt: bytes, rooms: bool) -> Inbound | None:
    """Its data is one of ours, or forged; whether it is still on the table is not known here."""
    query = update.callback_query
    chat = query.message.chat if query and query.message else None
    if query is None or query.message is None or chat is None or chat.type != ChatType.PRIVATE or chat.id != query.from_user.id:
        return None
    choice = query.data if query.data and _DATA.fullmatch(query.data) else FORGED
    key, language = _hashed(f"press|{query.id}", salt), query.from_user.language_code
    room = room_of(query.message) or ("" if rooms else None)
    return Inbound(key=key, platform="telegram", address=str(chat.id), at=now, press=choice, language=language, room=room)


def _text(message: Message) -> str:
    return _COMMAND.sub(r"\1", message.text or message.caption or "")


def _brought(message: Message) -> Brought | None:
    """What was sent instead of words. A file's caption is the person's own words, and goes before the file."""
    if message.voice or message.video_note:
        return "voice"
    if message.forward_origin:
        return "forward"
    if message.text or message.caption:
        return None
    return "file" if message.effective_attachment or message.checklist else None


def _key(message: Message, salt: bytes) -> str:
    return _hashed(f"message|{message.chat.id}|{message.message_id}", salt)


def _hashed(text: str, salt: bytes) -> str:
    return blake2b(text.encode("utf-8", "replace"), key=salt[:64], digest_size=12).hexdigest()


@dataclass(frozen=True, slots=True)
class Called:
    """A group in which the coach was called, and the language of whoever called."""

    group: int
    language: str | None = None


def called_in_group(update: Update, bot_id: int, bot_name: str) -> Called | None:
    """Where somebody should hear that the coach works in private chats alone: it was added, answered, named or sent a command."""
    member = update.my_chat_member
    if member:
        came = member.new_chat_member.status in THERE and member.old_chat_member.status not in THERE
        return Called(member.chat.id, member.from_user.language_code) if came and member.chat.type in GROUPS else None
    message = update.message
    if message is None or message.chat.type not in GROUPS or message.from_user is None or message.from_user.is_bot:
        return None
    answered = message.reply_to_message.from_user if message.reply_to_message else None
    named = f"@{bot_name}".lower()
    words = [word.lower() for word in message.parse_entities([MessageEntity.MENTION, MessageEntity.BOT_COMMAND]).values()]
    called = any(word.endswith(named) or "@" not in word for word in words) or (answered is not None and answered.id == bot_id)
    return Called(message.chat.id, message.from_user.language_code) if called else None

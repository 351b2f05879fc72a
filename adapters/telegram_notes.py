"""Where a voice note lies on Telegram. Pure."""

from __future__ import annotations

from telegram import Message

from bot.model import VoiceNote


def note_in(message: Message, room: str | None = None) -> VoiceNote | None:
    """The person's own voice note; None for somebody else's, handed on."""
    sound = message.voice or message.video_note
    if sound is None or message.forward_origin:
        return None
    told = sound.to_dict()  # the attribute is a number or a timedelta, by a setting of the library's
    return VoiceNote("telegram", str(message.chat.id), sound.file_id, int(told.get("duration", 0)), sound.file_size or 0, room)

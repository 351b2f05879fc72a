"""Fetches voice notes from Telegram into memory. Nothing is written to disk, nothing is decided here."""

from __future__ import annotations

from telegram import Bot
from telegram.error import BadRequest, TelegramError

from adapters.telegram import base_url
from adapters.telegram_faults import BROKEN
from adapters.telegram_wire import Wire
from bot.door import Gone, NotSent, TooBig
from bot.model import VoiceNote

PATIENCE = 20.0  # seconds between two pieces of it


class TelegramVoices:
    def __init__(self, token: str, api: str | None = None) -> None:
        base = base_url(token, api)
        self._files = base.removesuffix("bot") + "file/bot"
        self._base, self._token = base, token

    async def fetch(self, note: VoiceNote, most: int) -> bytes:
        """Raises Gone, TooBig or NotSent."""
        wire = Wire(PATIENCE)
        try:
            file = await Bot(self._token, base_url=self._base, base_file_url=self._files, request=wire).get_file(note.ref)
            if (file.file_size or 0) > most:
                raise TooBig
            sound = bytes(await file.download_as_bytearray())
        except BadRequest as error:
            raise (TooBig if "too big" in error.message.lower() else Gone) from None
        except (*BROKEN, TelegramError, RuntimeError) as error:  # the library raises RuntimeError where no path to the file was told
            raise NotSent(type(error).__name__) from None
        finally:
            await wire.shutdown()
        if len(sound) > most:
            raise TooBig
        return sound

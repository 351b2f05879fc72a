"""Fetches voice notes from Slack into memory. Nothing is written to disk, nothing is decided here.

Needs the scope files:read, and uses it for nothing else.
"""

from __future__ import annotations

from urllib.parse import urlsplit

import aiohttp

from adapters.slack_calls import PATIENCE, Calls
from bot.door import Gone, NotSent, TooBig, Unreachable
from bot.model import VoiceNote

OURS = ".slack.com"  # hosts that may be shown our token, beside the Web API's own


class SlackVoices:
    def __init__(self, calls: Calls, api: str) -> None:
        self._calls = calls
        self._api = api

    async def fetch(self, note: VoiceNote, most: int) -> bytes:
        """Raises Gone, TooBig or NotSent."""
        team, _, user = note.address.partition(":")
        try:
            client = await self._calls.client(team)
            told = await self._calls.make(team, client.files_info(file=note.ref))
        except Unreachable:
            raise Gone from None
        except NotSent:
            raise
        except Exception as error:  # noqa: BLE001 - in the door's words for letters, of which these two are all that matters here
            raise NotSent(type(error).__name__) from None
        file = told.get("file") or {}
        where = str(file.get("url_private_download") or file.get("url_private") or "")
        if file.get("user") != user or not self._is_slacks(where):
            raise Gone
        return await self._sound(where, str(client.token), most)

    def _is_slacks(self, where: str) -> bool:
        place, api = urlsplit(where), urlsplit(self._api)
        return (place.scheme, place.netloc) == (api.scheme, api.netloc) or (
            place.scheme == "https" and (place.hostname or "").endswith(OURS)
        )

    async def _sound(self, where: str, token: str, most: int) -> bytes:
        sound = bytearray()
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE * 3)) as session,
                session.get(where, headers={"Authorization": f"Bearer {token}"}, allow_redirects=False) as answer,
            ):
                if answer.status >= 500:
                    raise NotSent(f"status {answer.status}")
                if answer.status != 200 or answer.content_type == "text/html":  # the page to log in, where the scope is missing
                    raise Gone
                async for piece in answer.content.iter_chunked(1 << 16):
                    sound += piece
                    if len(sound) > most:
                        raise TooBig
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise NotSent(type(error).__name__) from None
        return bytes(sound)

"""Has a voice note listened to: fetched from its platform, turned into text, and let go. The sound is in memory only, and only here.

    consent → fetched → consent once more → transcriber → words
Consent is read right before anything is fetched and again before anything leaves. Whatever goes wrong is a word for it, never an exception.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol

from bot.budget import Budget, Ledger, Limits
from bot.door import Gone, TooBig
from bot.model import Heard, PersonId, Platform, Usage, VoiceNote
from bot.spelling import clean, words_in
from bot.voicenotes import BIGGEST, length, too_long

CONSENT = "transcription"
PATIENCE = 60.0  # seconds for fetching and listening; five minutes of speech take a hosted model about ten
AT_ONCE = 4  # notes listened to at the same time, of up to 20 MB each
LONGEST = 8000  # characters of what was heard; five minutes of fast speech are some 5,000

log = logging.getLogger(__name__)

Fetch = Callable[[VoiceNote, int], Awaitable[bytes]]
"""Brings the sound of a note, of so many bytes at most. Raises Gone, TooBig, or NotSent when the platform cannot be reached."""


def _now() -> datetime:
    return datetime.now(UTC)


class NotHeard(Exception):
    """Nobody turned the sound into text. The text names the kind of trouble, never what was said."""


class Transcriber(Protocol):
    """`host` is where the sound goes, as the person agreed to; empty when it stays on this machine."""

    @property
    def host(self) -> str: ...

    async def text_of(self, sound: bytes) -> str:
        """Raises NotHeard."""
        ...


class Ear:
    def __init__(
        self,
        transcriber: Transcriber,
        fetches: Mapping[Platform, Fetch],
        ledger: Ledger,
        patience: float = PATIENCE,
        limits: Limits | None = None,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        """`limits` are in seconds of sound."""
        self._transcriber = transcriber
        self._fetches = fetches
        self._ledger = ledger
        self._budget = Budget("seconds", ledger, clock, limits or Limits())
        self._patience = patience
        self._places = asyncio.Semaphore(AT_ONCE)
        self.counts: Counter[str] = Counter()
        self.host = transcriber.host

    async def hear(self, person: PersonId, note: VoiceNote) -> Heard:
        """Never raises, save when cancelled."""
        try:
            async with asyncio.timeout(self._patience), self._places:
                heard = await self._hear(person, note)
        except Gone:
            heard = Heard(fault="gone")
        except TooBig:
            heard = Heard(fault="too-long")
        except Exception as error:  # noqa: BLE001 - a platform's or a provider's; their texts may hold an address or a word
            log.warning("a voice note could not be listened to: %s", error if isinstance(error, NotHeard) else type(error).__name__)
            heard = Heard(fault="down")
        self.counts[heard.fault or "heard"] += 1
        return heard

    async def _hear(self, person: PersonId, note: VoiceNote) -> Heard:
        if too_long(note):
            return Heard(fault="too-long")
        fetch = self._fetches.get(note.platform)
        if fetch is None:
            return Heard(fault="gone")
        if not await self._agreed(person):
            return Heard(fault="no-consent")
        if not await asyncio.to_thread(self._budget.allows, person, length(note)):
            return Heard(fault="budget")
        sound = await fetch(note, BIGGEST)
        if not await self._agreed(person):
            return Heard(fault="no-consent")
        text = clean(await self._transcriber.text_of(sound))[:LONGEST]
        seconds = length(replace(note, size=len(sound)))
        await asyncio.to_thread(self._budget.spend, person, seconds)
        self.counts["seconds"] += seconds
        return Heard(text) if words_in(text) else Heard(fault="empty")

    def usage(self, person: PersonId) -> Usage:
        """Blocks; for a thread."""
        return self._budget.usage(person)

    async def _agreed(self, person: PersonId) -> bool:
        return bool((await asyncio.to_thread(self._ledger.consents, person)).get(CONSENT))

"""The two who turn sound into text: any endpoint that speaks OpenAI's transcription API, and faster-whisper on this machine.

Neither writes the sound anywhere. Their libraries are loaded when the first voice note comes.
"""

from __future__ import annotations

import asyncio
import importlib.util
import threading
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from bot.listening import NotHeard, Transcriber
from bot.llm import OPENAI, RETRIES, host_of, keep_quiet
from bot.settings import Settings

TIMEOUT = 45.0  # seconds for one note

# how sound begins, and what its file is called: the endpoint tells formats by their names
_SHAPES = ((0, b"OggS", "ogg"), (4, b"ftyp", "m4a"), (0, b"RIFF", "wav"), (0, b"\x1a\x45\xdf\xa3", "webm"), (0, b"ID3", "mp3"))
USUAL = {"openai": "whisper-1", "local": "small"}


@dataclass
class OpenAI:
    model: str
    base: str
    key: str | None = field(repr=False, default=None)
    timeout: float = TIMEOUT
    _client: Any = field(default=None, repr=False)

    @property
    def host(self) -> str:
        return host_of("openai:", self.base)

    async def text_of(self, sound: bytes) -> str:
        try:
            if self._client is None:
                self._client = await asyncio.to_thread(self._open)
            told = await self._client.audio.transcriptions.create(
                model=self.model, file=(f"voice.{_shape(sound)}", sound), response_format="json", timeout=self.timeout
            )
        except NotHeard:
            raise
        except Exception as error:  # noqa: BLE001 - the SDK raises bare JSON errors on garbage; their texts may quote what was said
            raise NotHeard(f"{self.host}: {type(error).__name__}") from None
        if not isinstance(text := getattr(told, "text", None), str):
            raise NotHeard(f"{self.host}: an answer of an unknown shape")
        return text

    def _open(self) -> Any:
        try:
            import openai
        except ImportError:
            raise NotHeard("not installed: install brokercoach[llm]") from None
        keep_quiet()
        quiet = openai.DefaultAsyncHttpxClient(trust_env=False)
        return openai.AsyncOpenAI(base_url=self.base, api_key=self.key or "none", max_retries=RETRIES, http_client=quiet)


@dataclass
class Local:
    """faster-whisper, one note at a time; `model` is one of its names (fetched by the library on first use) or a folder."""

    model: str
    host: str = ""
    _opened: Any = field(default=None, repr=False)
    _one_at_a_time: threading.Lock = field(default_factory=threading.Lock, repr=False)

    async def text_of(self, sound: bytes) -> str:
        return await asyncio.to_thread(self._text_of, sound)

    def _text_of(self, sound: bytes) -> str:
        with self._one_at_a_time:
            try:
                if self._opened is None:
                    from faster_whisper import WhisperModel

                    self._opened = WhisperModel(self.model, device="cpu", compute_type="int8")
                pieces, _ = self._opened.transcribe(BytesIO(sound), vad_filter=True)
                return " ".join(piece.text.strip() for piece in pieces)
            except ImportError:
                raise NotHeard("not installed: install brokercoach[voice]") from None
            except Exception as error:  # noqa: BLE001 - as above
                raise NotHeard(type(error).__name__) from None


def open_transcriber(settings: Settings) -> Transcriber | None:
    """Whom settings name; None for nobody. Loads nothing."""
    if settings.transcribe == "off":
        return None
    model = settings.transcribe_model or USUAL[settings.transcribe]
    if settings.transcribe == "local":
        return Local(model)
    base = settings.transcribe_api or OPENAI
    key = settings.transcribe_key
    if key is None and (settings.model or "").startswith("openai:") and (settings.model_api or OPENAI) == base:
        key = settings.model_key  # one account for both
    return OpenAI(model, base, key.get_secret_value().strip() if key else None)


def missing(settings: Settings) -> str | None:
    """What is to be installed for what settings name; None when it is there."""
    library, extra = {"openai": ("openai", "llm"), "local": ("faster_whisper", "voice")}.get(settings.transcribe, ("", ""))
    return f"brokercoach[{extra}]" if library and importlib.util.find_spec(library) is None else None


def _shape(sound: bytes) -> str:
    return next((name for start, mark, name in _SHAPES if sound[start : start + len(mark)] == mark), "ogg")

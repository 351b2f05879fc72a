"""Where voice notes lie and who listens to them, on loopback: Telegram's files, Slack's files, and OpenAI's transcription."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

SOUND = b"OggS" + b"a sound that is nowhere else " * 40


@dataclass
class FakeVoices:
    """`mood` is how the one who listens answers; one for all, or one for each in turn, the last staying."""

    said: str = "they all wait for me and nothing moves unless I push it"
    mood: str | list[str] = "ok"
    sound: bytes = SOUND
    size: int | None = None
    lies: bool = True
    file: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    listened: list[bytes] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)  # tokens shown for a file
    fetched: Any = lambda: None
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    may_go: asyncio.Event = field(default_factory=asyncio.Event)
    base: str = ""

    async def _get_file(self, request: web.Request) -> web.Response:
        self.asked.append("getFile")
        if not self.lies:
            return web.json_response({"ok": False, "error_code": 400, "description": "Bad Request: wrong file_id"}, status=400)
        size = len(self.sound) if self.size is None else self.size
        told = {"file_id": "f", "file_unique_id": "u", "file_size": size, "file_path": "voice/file_1.oga"}
        return web.json_response({"ok": True, "result": told})

    async def _files_info(self, request: web.Request) -> web.Response:
        self.asked.append("files.info")
        if not self.lies:
            return web.json_response({"ok": False, "error": "file_not_found"})
        told = {"id": "F1", "user": "U1", "url_private_download": f"{self.base}/slack/voice.mp4"} | self.file
        return web.json_response({"ok": True, "file": told})

    async def _sound(self, request: web.Request) -> web.Response:
        self.asked.append(request.path.rpartition("/")[2])
        self.shown.append(request.headers.get("Authorization", ""))
        self.fetched()
        return web.Response(body=self.sound, content_type="audio/ogg")

    async def _transcribe(self, request: web.Request) -> web.StreamResponse:
        self.listened.append(await request.read())
        mood = self.mood if isinstance(self.mood, str) else self.mood.pop(0) if len(self.mood) > 1 else self.mood[0]
        if mood == "waits":
            self.reached.set()
            await self.may_go.wait()
        if mood.isdigit():
            return web.json_response({"error": {"message": self.said}}, status=int(mood), headers={"Retry-After": "0"})
        if mood == "reset":
            assert request.transport
            request.transport.close()
        odd = {"html": "<html>hotel</html>", "garbage": '{"text": so sorry', "list": "[]", "number": '{"text": 7}', "nothing": ""}
        if mood in odd:
            return web.Response(text=odd[mood], content_type="application/json")
        return web.json_response({"text": self.said})


@asynccontextmanager
async def fake_voices(**more: Any) -> AsyncIterator[FakeVoices]:
    fake = FakeVoices(**more)
    app = web.Application(client_max_size=1 << 25)
    app.router.add_route("*", "/bot{token}/getFile", fake._get_file)
    app.router.add_route("*", "/file/bot{token}/{path:.*}", fake._sound)
    app.router.add_route("*", "/api/files.info", fake._files_info)
    app.router.add_route("*", "/slack/{path:.*}", fake._sound)
    app.router.add_route("*", "/v1/audio/transcriptions", fake._transcribe)
    async with TestServer(app, host="127.0.0.1") as server:
        fake.base = str(server.make_url("")).rstrip("/")
        try:
            yield fake
        finally:
            fake.may_go.set()

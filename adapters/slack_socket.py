"""Socket Mode: Slack hands us its payloads over a WebSocket that we open, so no public address is needed.

Written here and not taken from the SDK, whose client goes on knocking with a used-up ticket when the first knock fails, always at the
same pace. Here each try gets a fresh ticket, tries grow apart up to a minute, and where Slack announces that it will close a
connection the next one is opened while the old one is still heard. An envelope is acknowledged once its message is stored.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.door import Refused

FIRST, LONGEST = 1.0, 60.0  # seconds between two tries
BEAT = 10.0  # seconds between two pings; a connection that answers none is given up
LASTED = 30.0  # a connection that held so long was a good one: the next tries begin quickly again

log = logging.getLogger(__name__)

Envelope = dict[str, Any]
Take = Callable[[Envelope], Awaitable[dict[str, Any] | None]]


class NotTaken(Exception):
    """An envelope could not be stored: it is not acknowledged, and Slack hands it over again."""


class Socket:
    def __init__(self, client: AsyncWebClient, token: str, take: Take, alive: Callable[[], None], first: float = FIRST) -> None:
        """`take` stores what an envelope holds and returns what Slack is to be told with the acknowledgement; it raises NotTaken.

        `alive` is told whenever Slack is heard of.
        """
        self._client = client
        self._token = token
        self._take = take
        self._alive = alive
        self._known = False
        self._first = first
        self._taking: set[asyncio.Task[None]] = set()
        self._open: set[asyncio.Task[bool]] = set()
        self._said = ""

    async def run(self) -> None:
        """Keeps a connection open until cancelled. Raises Refused for a token that has never opened one."""
        wait = self._first
        async with aiohttp.ClientSession() as session:
            try:
                while True:
                    began = asyncio.get_running_loop().time()
                    at_once = await self._one(session)
                    if at_once or asyncio.get_running_loop().time() - began > LASTED:
                        wait = self._first
                    if not at_once:
                        await asyncio.sleep(wait)
                        wait = min(wait * 2, LONGEST)
            finally:
                await _end(self._open)
                await _end(self._taking)

    async def _one(self, session: aiohttp.ClientSession) -> bool:
        """Opens a connection and waits until another is wanted; whether that is at once."""
        try:
            answer = await self._client.apps_connections_open(app_token=self._token)
            ws = await session.ws_connect(str(answer["url"]), heartbeat=BEAT, max_msg_size=16 * 1024 * 1024)
        except SlackApiError as error:
            code = str(error.response.get("error") or error.response.status_code)
            if code in _WRONG_TOKEN and not self._known:
                raise Refused(
                    f"Slack refuses BROKERCOACH_SLACK_APP_TOKEN ({code}); it must be a token of this app with connections:write"
                ) from None
            self._tell(code)
            await asyncio.sleep(_asked_to_wait(error))
            return False
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            self._tell(type(error).__name__)
            return False
        moving = asyncio.Event()
        hearing = asyncio.create_task(self._hear(ws, moving))
        self._open.add(hearing)
        hearing.add_done_callback(self._open.discard)
        hearing.add_done_callback(lambda _: moving.set())
        await moving.wait()
        return not hearing.done() or hearing.result()

    async def _hear(self, ws: aiohttp.ClientWebSocketResponse, moving: asyncio.Event) -> bool:
        """Hears a connection to its end; whether the next may be opened at once."""
        try:
            async for message in ws:
                envelope = _read(message)
                self._alive()
                if envelope.get("type") == "hello":
                    self._known, self._said = True, ""
                elif envelope.get("type") == "disconnect":
                    reason = envelope.get("reason")
                    if reason not in ("warning", "refresh_requested"):  # too_many_websockets, link_disabled
                        self._tell(str(reason))
                        return False
                    moving.set()  # Slack closes this one soon, and may still hand something over
                elif "envelope_id" in envelope:
                    task = asyncio.create_task(self._answer(ws, envelope))
                    self._taking.add(task)
                    task.add_done_callback(self._taking.discard)
            return moving.is_set()
        finally:
            await asyncio.shield(_quietly_close(ws))

    async def _answer(self, ws: aiohttp.ClientWebSocketResponse, envelope: Envelope) -> None:
        try:
            payload = await self._take(envelope)
        except NotTaken:
            return
        receipt = {"envelope_id": envelope["envelope_id"]} | ({"payload": payload} if payload else {})
        with suppress(ConnectionError, aiohttp.ClientError, RuntimeError):  # closed meanwhile: handed over again, and known by its key
            await ws.send_str(json.dumps(receipt))

    def _tell(self, fault: str) -> None:
        """Once for each fault, not once for each try."""
        if fault != self._said:
            self._said = fault
            remedy = _REMEDIES.get(fault, "it is tried again, up to a minute apart")
            log.warning("no connection to Slack's Socket Mode (%s); %s", fault, remedy)


# The token itself is wrong, and waiting helps nothing.
_WRONG_TOKEN = frozenset(
    {"invalid_auth", "not_authed", "not_allowed_token_type", "token_revoked", "account_inactive", "missing_scope", "no_permission"}
)
_REMEDIES = {
    "too_many_websockets": "Slack allows ten connections of an app; stop another copy that runs with this token",
    "link_disabled": "switch Socket Mode on in the app's settings",
}


def _read(message: aiohttp.WSMessage) -> Envelope:
    if message.type is not aiohttp.WSMsgType.TEXT:
        return {}
    try:
        envelope = json.loads(message.data)
    except (ValueError, RecursionError):
        return {}
    return envelope if isinstance(envelope, dict) else {}


def _asked_to_wait(error: SlackApiError) -> float:
    try:
        return min(float(error.response.headers.get("Retry-After", 0)), LONGEST)
    except ValueError:
        return 0.0


async def _quietly_close(ws: aiohttp.ClientWebSocketResponse) -> None:
    with suppress(ConnectionError, aiohttp.ClientError, RuntimeError):
        await ws.close()


async def _end(tasks: set[Any]) -> None:
    some = list(tasks)
    for task in some:
        task.cancel()
    await asyncio.gather(*some, return_exceptions=True)

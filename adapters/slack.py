"""Slack: the door to people's private messages there. Nothing is decided here.

    Socket Mode or signed HTTP → slack_listeners.py → accept (stored) → only then acknowledged
    letter → to_message → conversations.open, chat.postMessage

What is lossy by design goes past the inbox and the outbox (slack_manners.py): the home page, suggested prompts, "is thinking", lines
for one pair of eyes. It runs beside the acknowledgement and may fail without a trace but a log line.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any

import aiohttp
from aiohttp import web
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack_blocks import Post, to_message
from adapters.slack_calls import Account, Calls, settings_faults
from adapters.slack_faults import BadBlocks, Refusal, meant
from adapters.slack_files import share
from adapters.slack_http import guarded
from adapters.slack_install import Installations, Installing
from adapters.slack_listeners import Listeners, Whereabouts
from adapters.slack_manners import Manners
from adapters.slack_socket import FIRST, LONGEST, Socket
from bot.door import Accept, Press, Refused, Unreachable
from bot.model import Letter, Message, Platform
from bot.overview import Overview
from prompts.library import Library

PATH = "/slack/events"

log = logging.getLogger(__name__)


class Slack:
    platform: Platform = "slack"

    def __init__(
        self,
        account: Account,
        library: Library,
        overview: Callable[[str], Awaitable[Overview | None]],
        clock: Callable[[], datetime],
        installations: Installations | None = None,
        first_wait: float = FIRST,
        press: Press | None = None,
    ) -> None:
        """`overview` gives what is shown to whoever is at an address, None for a stranger; `first_wait` is the pause before a lost
        connection is tried again, which then doubles. `press` makes the files of letters.
        """
        faults = settings_faults(account)
        if faults:
            raise Refused("; ".join(faults))
        quieten()
        self._account = account
        self._clock = clock
        self._installations = installations
        self._first_wait = first_wait
        self._press = press
        self.heard_at: datetime | None = None
        self._thinking: set[str] = set()
        self._posted: dict[str, int] = {}  # parts of a letter that have arrived, until all have
        self._where = Whereabouts()
        self._calls = Calls(account, installations, clock)
        self._manners = Manners(self._calls, library, overview)
        self._listeners = Listeners(account, self._calls, self._manners, self._where, clock)

    # --- taking in

    async def listen(self, accept: Accept) -> None:
        """Raises Refused when Slack does not know our tokens."""
        self._listeners.accept = accept
        works = [asyncio.create_task(self._introduce()), asyncio.create_task(self._stay())]
        try:
            done, _ = await asyncio.wait(works, return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                task.result()
        finally:
            self._listeners.accept = None
            for task in works:
                task.cancel()
            await asyncio.gather(*works, return_exceptions=True)

    async def _introduce(self) -> None:
        """Learns the bot's own user, so that Bolt lets its messages pass by; until then they are known by their bot_id.

        Raises Refused for a token that Slack does not know.
        """
        if not self._account.bot_token:
            return
        client = self._calls.bare(self._account.bot_token)
        wait = self._first_wait
        while True:
            try:
                self._listeners.bot_user = (await client.auth_test()).get("user_id")
            except (SlackApiError, aiohttp.ClientError, TimeoutError, OSError) as error:
                if isinstance(error, SlackApiError) and isinstance(meant(error), Refusal):
                    code = error.response.get("error")
                    raise Refused(f"Slack refuses BROKERCOACH_SLACK_BOT_TOKEN ({code}); copy it anew from OAuth & Permissions") from None
                await asyncio.sleep(wait)
                wait = min(wait * 2, LONGEST)
            else:
                self._alive()
                return

    async def _stay(self) -> None:
        if self._account.app_token:
            client = self._calls.bare()
            await Socket(client, self._account.app_token, self._listeners.envelope, self._alive, self._first_wait).run()
        await asyncio.Event().wait()

    def _alive(self) -> None:
        self.heard_at = self._clock()

    def routes(self) -> list[web.RouteDef]:
        """Where Slack sends its signed requests, and where workspaces install the coach; nothing with Socket Mode."""
        account = self._account
        if account.app_token or not account.signing_secret:
            return []
        found = [web.post(PATH, guarded(SignatureVerifier(account.signing_secret), self._requested))]
        if not account.bot_token and account.client_id and account.client_secret and self._installations:
            client = self._calls.bare()
            found += Installing(client, account.client_id, account.client_secret, self._installations, self._clock).routes()
        return found

    async def _requested(self, request: web.Request, body: str) -> web.Response:
        self._alive()
        return await self._listeners.request(request, body)

    # --- sending

    async def send(self, letter: Letter) -> None:
        """A letter of several posts that was interrupted goes on where it stopped."""
        team, user = letter.address.split(":", 1)
        client = await self._calls.client(team)
        channel = await self._channel(client, letter.address, user)
        spot = self._where.spots.get(letter.address)
        thread = spot.thread if spot and spot.channel == channel else None
        said: Message | None = letter.message
        if letter.message.file and self._press:
            said = await self._shared(client, letter, channel, thread, self._press)
        for n, post in enumerate(to_message(said) if said else ()):
            if n < self._posted.get(letter.key, 0):
                continue
            await self._post(client, letter.address, channel, thread, post)
            self._posted[letter.key] = n + 1
        self._posted.pop(letter.key, None)
        self._manners.turned(letter.address)
        if letter.address in self._thinking:
            self._thinking.discard(letter.address)
            self._manners.beside(self._manners.status(letter.address, spot, ""))

    async def _channel(self, client: AsyncWebClient, address: str, user: str) -> str:
        known = self._where.channels
        if address not in known:
            answer = await self._make(address, client.conversations_open(users=[user]))
            known[address] = answer["channel"]["id"]
        return known[address]

    async def _post(self, client: AsyncWebClient, address: str, channel: str, thread: str | None, post: Post) -> None:
        quiet: dict[str, Any] = {"unfurl_links": False, "unfurl_media": False, "mrkdwn": False, "parse": "none"}
        whole = client.chat_postMessage(channel=channel, thread_ts=thread, text=post.text, blocks=list(post.blocks), **quiet)
        try:
            await self._make(address, whole)
        except BadBlocks:
            log.warning("Slack refused the blocks of a letter; it goes out as plain text")
            told = "\n\n".join(block["text"]["text"] for block in post.blocks if block["type"] == "section") or post.text
            await self._make(address, client.chat_postMessage(channel=channel, thread_ts=thread, text=told, **quiet))

    async def _shared(self, client: AsyncWebClient, letter: Letter, channel: str, thread: str | None, press: Press) -> Message | None:
        """Shares a letter's file; what is to be said in its place where it could not be made or is not taken."""
        await self.thinking(letter.address)
        copy = await press(letter)
        told = "\n\n".join(part for part in (letter.message.text, copy.note) if part)
        if copy.data and await share(client, partial(self._make, letter.address), channel, thread, copy, told):
            return None
        return Message(letter.message.kind, copy.instead)

    async def _make(self, address: str, request: Awaitable[Any]) -> Any:
        try:
            return await self._calls.make(address.partition(":")[0], request)
        except Unreachable:
            self._where.channels.pop(address, None)  # it may have been the channel, and the next one is asked for anew
            raise

    async def thinking(self, address: str) -> None:
        self._thinking.add(address)
        with suppress(Exception):  # a sign of life, and no more
            shown = (await self._manners.words(address)).variants("slack.thinking")[0]
            await self._manners.status(address, self._where.spots.get(address), shown)

    async def close(self) -> None:
        await self._manners.close()


def quieten() -> None:
    """Bolt and the SDK log bodies at INFO and whole events at DEBUG: only their warnings pass."""
    for name in ("slack_bolt", "slack_sdk"):
        logger = logging.getLogger(name)
        logger.setLevel(max(logger.level, logging.WARNING))

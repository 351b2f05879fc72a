"""Telegram: one bot account as a door. Types, requests and formatting are python-telegram-bot's; taking in is ours, for its own
Updater confirms messages that are in memory only.

    long polling   getUpdates → accept (stored) → the next getUpdates confirms what was stored
    webhook        secret compared → body read → accept (stored) → 200; 5xx only if it could not be stored, so that it comes again

No text, no token and no answer of the server reaches a log from here. Nothing is decided here.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import os
import re
from collections import OrderedDict, defaultdict
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode, urlsplit

from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    Update,
)
from telegram.constants import ChatAction, ParseMode
from telegram.error import BadRequest, InvalidToken, RetryAfter

from adapters.telegram_faults import BROKEN, TOKEN_REFUSED, Patience, meant, seconds, told
from adapters.telegram_files import Files
from adapters.telegram_intake import WANTED, made_room, read, topic_in
from adapters.telegram_manners import Manners
from adapters.telegram_places import Opening, Places, remember
from adapters.telegram_text import Part, to_message
from adapters.telegram_wire import Wire
from bot.door import Accept, NotSent, Press, Refused
from bot.model import Inbound, Letter, Message, Platform

if TYPE_CHECKING:
    from aiohttp import web

    from prompts.library import Words

API = "https://api.telegram.org"
POLL = 30  # seconds that a request for updates waits at Telegram's
TRIES = 8  # of storing one update while others can be stored; then it is let go, so that it does not hold up everybody
AT_ONCE = 8  # messages that are stored side by side; so they reach the disk together, and wait for a database together
BODY = 1 << 20  # bytes of a webhook's body; Telegram's own updates are far smaller
HOOK = "/telegram"  # where the webhook listens when its URL has no path

log = logging.getLogger(__name__)
T = TypeVar("T")


class Telegram:
    """`words` by language are for what is said outside conversations: the menu of commands, the description, the line for groups."""

    platform: Platform = "telegram"

    def __init__(
        self,
        token: str,
        words: Mapping[str, Words],
        *,
        api: str | None = None,
        webhook: str | None = None,
        secret: str | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        poll: int = POLL,
        patience: float = 20.0,
        press: Press | None = None,
    ) -> None:
        """`patience`: seconds that Telegram has for an answer; `press` makes the files of letters. Raises Refused for a token or a secret
        of an impossible shape.
        """
        # The library's own way to have times as timedelta; without it every 429 comes with a warning.
        os.environ.setdefault("PTB_TIMEDELTA", "true")
        logging.getLogger("telegram").setLevel(logging.CRITICAL + 1)  # it logs what it cannot parse word by word
        base = base_url(token, api)
        self._webhook = webhook
        self._salt = sha256(token.encode()).digest()
        self._secret = secret_for(token, secret)
        self._clock = clock
        self._sleep = sleep
        self._poll = poll
        self._asking, self._telling = Wire(patience), Wire(patience, connections=32)
        self._bot = Bot(token, base_url=base, request=self._telling, get_updates_request=self._asking)
        self._manners = Manners(self._bot, words, clock)
        self._files = Files(self._bot, press) if press else None
        self.heard_at: datetime | None = None
        self._accept: Accept | None = None
        self._tries: dict[int, int] = {}
        self._few = asyncio.Semaphore(AT_ONCE)
        self._places, self._opening = Places(), Opening(self._bot)
        self._rooms = False  # whether private chats with this bot have topics
        self._progress: OrderedDict[str, int] = OrderedDict()

    # --- taking in

    async def listen(self, accept: Accept) -> None:
        """Raises Refused when Telegram does not know the token."""
        self._rooms = bool((await self._outlived(self._bot.get_me)).has_topics_enabled)
        self._accept = accept
        self._manners.introduce()
        if self._webhook:
            hook = partial(self._bot.set_webhook, self._webhook, secret_token=self._secret, allowed_updates=WANTED, max_connections=20)
            await self._outlived(hook)
            await asyncio.Event().wait()
        await self._outlived(self._bot.delete_webhook)
        offset: int | None = None
        store = Patience(self._sleep)
        while True:
            batch = await self._outlived(partial(self._updates, offset))
            # What was confirmed is forgotten at Telegram's. Asking without an offset from then on also finds ids that begin anew, lower.
            offset, whole = await self._take(batch)
            if whole:
                store.over()
            else:
                await store.after("a message could not be stored and stays at Telegram's")

    async def _outlived(self, ask: Callable[[], Awaitable[T]]) -> T:
        """What Telegram answers in the end, however long it is away. Raises Refused."""
        patience = Patience(self._sleep)
        while True:
            try:
                answer = await ask()
            except InvalidToken:
                raise Refused(TOKEN_REFUSED) from None
            except RetryAfter as error:
                await patience.after("Telegram asks to wait", seconds(error))
            except BROKEN as error:
                await patience.after(told(error))
            else:
                patience.over()
                self.heard_at = self._clock()
                return answer

    async def _updates(self, offset: int | None) -> list[dict[str, Any]]:
        """As they come: Bot.get_updates parses them all at once, and one of an unknown shape would hold up every other for good."""
        asked = {"timeout": self._poll, "allowed_updates": json.dumps(WANTED)} | ({"offset": offset} if offset is not None else {})
        wait = self._asking.read_timeout + self._poll
        batch: Any = await self._asking.post(f"{self._bot.base_url}/getUpdates?{urlencode(asked)}", read_timeout=wait)
        if not isinstance(batch, list):
            raise TypeError("not a list of updates")
        return [data for data in batch if isinstance(data, dict) and type(data.get("update_id")) is int]

    async def _take(self, batch: list[dict[str, Any]]) -> tuple[int | None, bool]:
        """The offset up to which everything is stored, and whether that is the whole batch.

        People's messages are stored side by side, those of one person as they came: where one could not be stored, none of theirs is
        taken before it.
        """
        by_person: defaultdict[str, list[tuple[int, Update, Inbound]]] = defaultdict(list)
        for data in batch:
            known = read(data, self._clock(), self._salt, rooms=self._rooms)
            if known is None:
                log.warning("an update of an unknown shape was passed over")
                continue
            update, inbound = known
            if inbound:
                by_person[inbound.address].append((data["update_id"], update, inbound))
            else:
                self._taken(update, None)
        ends = await asyncio.gather(*map(self._stored_in_order, by_person.values()))
        failed = {number for number, _ in ends if number is not None}
        some = any(stored for _, stored in ends)
        self._tries = {number: self._tries.get(number, 0) + some for number in failed}
        first = next((place for place, data in enumerate(batch) if data["update_id"] in failed), len(batch))
        return batch[first - 1]["update_id"] + 1 if first else None, not failed

    async def _stored_in_order(self, theirs: list[tuple[int, Update, Inbound]]) -> tuple[int | None, int]:
        """Stores one person's messages up to one that could not be stored; the number of that update, and how many were stored."""
        stored = 0
        for number, update, inbound in theirs:
            if self._tries.get(number, 0) >= TRIES:
                log.error("a message that could not be stored %d times is let go", TRIES)
                continue
            async with self._few:
                if not await self._stored(inbound):
                    return number, stored
            stored += 1
            self._taken(update, inbound)
        return None, stored

    async def _stored(self, inbound: Inbound) -> bool:
        if self._accept is None:
            return False
        try:
            await self._accept(inbound)
        except Exception as error:  # noqa: BLE001 - whatever it was: it is not stored, so Telegram must keep it
            log.error("a message could not be stored: %s", type(error).__name__)  # noqa: TRY400 - its text may hold a person's words
            return False
        return True

    def _taken(self, update: Update, inbound: Inbound | None) -> None:
        self._manners.after(update)
        if inbound:
            self._places.wrote(inbound, update.effective_message)

    # --- the webhook

    def routes(self) -> list[web.RouteDef]:
        """For the web server; none with long polling."""
        from aiohttp import web

        return [web.post(urlsplit(self._webhook).path.rstrip("/") or HOOK, self._hooked)] if self._webhook else []

    async def _hooked(self, request: web.Request) -> web.Response:
        from aiohttp import web

        given = request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")
        if not hmac.compare_digest(given.encode("utf-8", "surrogateescape"), self._secret.encode()):
            return web.Response(status=403)
        if self._accept is None:  # not listening yet; Telegram repeats
            return web.Response(status=503)
        body = bytearray()
        async for chunk in request.content.iter_chunked(1 << 16):
            body += chunk
            if len(body) > BODY:
                return web.Response(status=413)
        try:
            data = json.loads(bytes(body))
        except (ValueError, RecursionError):
            return web.Response(status=400)
        if not isinstance(data, dict) or type(data.get("update_id")) is not int:
            return web.Response(status=400)
        self.heard_at = self._clock()
        _, whole = await self._take([data])
        return web.Response(status=200 if whole else 503)

    # --- sending

    async def send(self, letter: Letter) -> None:
        """A letter of several parts that was interrupted goes on where it stopped."""
        topic = topic_in(letter.message.room, letter.address)
        if letter.message.opens:
            topic = await self._opened(letter)
            if topic is None:
                return
        if letter.message.file and self._files:
            await self._arrived(self._files.send(letter, topic, partial(self._say, letter.address, topic)))
            return
        for number, part in enumerate(to_message(letter.message)):
            if number < self._progress.get(letter.key, 0):
                continue
            if number:
                await self._sleep(1.0)  # about one message a second is allowed in a chat; letters are paced by whoever sends them
            await self._arrived(self._send(letter.address, topic, part))
            remember(self._progress, letter.key, number + 1)
        self._progress.pop(letter.key, None)

    async def _opened(self, letter: Letter) -> int | None:
        """The topic that a letter is to open, once the coach knows of it. Raises in the door's words."""
        try:
            topic = await self._opening.topic(letter)
        except BROKEN as error:
            raise meant(error) from None
        if topic and not await self._stored(made_room(letter, topic, self._clock(), self._salt)):
            raise NotSent("the topic could not be told of")
        return topic

    async def _arrived(self, sending: Awaitable[None]) -> None:
        """Returns when it did; raises in the door's words."""
        try:
            await sending
        except (TypeError, ValueError, AttributeError) as error:
            # It answered 200 and with JSON, so the letter is there; only the library does not know this shape of a message.
            log.warning("Telegram's answer to a letter is of an unknown shape: %s", type(error).__name__)
        except BROKEN as error:
            raise meant(error) from None

    async def _say(self, address: str, topic: int | None, text: str) -> None:
        for part in to_message(Message("notice", text)):
            await self._send(address, topic, part)

    async def _send(self, address: str, topic: int | None, part: Part) -> None:
        """Where the topic is not there any more, to the chat itself."""
        rows = [[InlineKeyboardButton(button.label, callback_data=button.data)] for button in part.buttons]
        post = partial(
            self._bot.send_message,
            address,
            reply_markup=InlineKeyboardMarkup(rows) if rows else None,
            link_preview_options=LinkPreviewOptions(is_disabled=True),
            reply_parameters=self._places.about(address),
        )
        try:
            await post(part.html, parse_mode=ParseMode.HTML, message_thread_id=topic)
        except BadRequest as error:
            what = error.message.lower()
            if "parse entities" in what:
                await post(part.plain, message_thread_id=topic)
            elif topic and "thread not found" in what:
                await post(part.html, parse_mode=ParseMode.HTML)
            else:
                raise
        self._places.told(address)

    async def thinking(self, address: str) -> None:
        with suppress(*BROKEN):
            await self._bot.send_chat_action(address, ChatAction.TYPING, message_thread_id=self._places.topic(address))

    async def close(self) -> None:
        await self._manners.close()
        for request in (self._asking, self._telling):
            await request.shutdown()


def secret_for(token: str, secret: str | None) -> str:
    """By which Telegram proves itself to the webhook: the one that is set, else one made from the token. Raises Refused."""
    if secret and not re.fullmatch(r"[\w-]{1,256}", secret, re.ASCII):
        raise Refused("BROKERCOACH_TELEGRAM_SECRET may hold up to 256 of A-Z a-z 0-9 _ - only; choose another, or leave it out")
    return secret or hmac.new(sha256(token.encode()).digest(), b"webhook", sha256).hexdigest()


def base_url(token: str, api: str | None) -> str:
    """Where the Bot API is, without the token. Raises Refused for a token that cannot be one."""
    if not re.fullmatch(r"\d+:[\w-]+", token, re.ASCII):
        raise Refused(TOKEN_REFUSED)
    return f"{(api or API).rstrip('/')}/bot"

"""A Bot API on loopback for the tests, with a queue of updates as Telegram's and a script of faults.

It refuses what Telegram refuses: HTML that does not parse, texts too long or empty, a button's data above 64 bytes, a topic that is not
there, a second poller.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

TOKEN = "123456:AAfakefakefakefakefakefakefakefake-_"  # noqa: S105 - nobody's
BOT = {"id": 123456, "is_bot": True, "first_name": "Coach", "username": "CoachBot", "can_join_groups": True}
TAGS = {"b", "i", "u", "s", "a", "code", "pre", "blockquote", "tg-spoiler"}


@dataclass
class Fault:
    """What happens to the next call of a method. `after`: the call has its effect, only its answer is lost or replaced."""

    status: int = 0
    body: Any = None
    drop: bool = False
    after: bool = False
    times: int = 1
    chat: int | None = None


class _Shown(HTMLParser):
    """Reads Telegram's HTML as Telegram does: what is shown, and whether it parses at all."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.open: list[str] = []
        self.wrong = ""

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag not in TAGS:
            self.wrong = self.wrong or f'unsupported start tag "{tag}"'
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong = self.wrong or "unexpected end tag"

    def handle_data(self, data: str) -> None:
        self.text += data


def shown(text: str, mode: str | None) -> str:
    """What a person sees. Raises ValueError for HTML that Telegram would refuse."""
    if mode != "HTML":
        return text
    reader = _Shown()
    reader.feed(text)
    reader.close()
    if reader.wrong or reader.open:
        raise ValueError(reader.wrong or "can't find end tag")
    return reader.text


@dataclass
class FakeTelegram:
    updates: list[dict[str, Any]] = field(default_factory=list)
    sent: list[dict[str, Any]] = field(default_factory=list)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    faults: dict[str, list[Fault]] = field(default_factory=lambda: defaultdict(list))
    webhook: dict[str, Any] = field(default_factory=dict)
    commands: dict[str | None, Any] = field(default_factory=dict)
    descriptions: dict[str | None, str] = field(default_factory=dict)
    token: str = TOKEN
    topics_on: bool = False  # a setting of the bot's, for all its private chats
    topics: dict[tuple[int, int], str] = field(default_factory=dict)  # names, by chat and number
    polling: set[object] = field(default_factory=set)
    base: str = ""
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    _next: int = 500
    _message: int = 10

    # --- what a person does

    def add(self, update: dict[str, Any], update_id: int | None = None) -> int:
        self._next = self._next + 1 if update_id is None else update_id
        self.updates.append({"update_id": self._next, **update})
        self._tell()
        return self._next

    def message(self, text: str | None = None, chat: int = 7, **more: Any) -> dict[str, Any]:
        self._message += 1
        own = {"chat": {"id": chat, "type": "private", "first_name": "A"}, "from": person(chat)}
        said = {"text": text} if text is not None else {}
        return {"message_id": self._message, "date": 1_770_000_000, **own, **said, **more}

    def topic(self, name: str, chat: int = 7, *, implicit: bool = False) -> int:
        """A person makes one; `implicit` as Telegram does for a message that is written outside of all."""
        message = self.message(chat=chat)
        number = message["message_id"]
        self.topics[chat, number] = name
        made = {"name": name, "icon_color": 7322096} | ({"is_name_implicit": True} if implicit else {})
        self.add({"message": message | self.inside(number) | {"forum_topic_created": made}})
        return number

    @staticmethod
    def inside(topic: int | None) -> dict[str, Any]:
        """What a message in a topic says of it."""
        return {"message_thread_id": topic, "is_topic_message": True} if topic else {}

    def say(self, text: str, chat: int = 7, **more: Any) -> dict[str, Any]:
        message = self.message(text, chat, **more)
        self.add({"message": message})
        return message

    def edit(self, message: dict[str, Any], text: str) -> int:
        return self.add({"edited_message": {**message, "text": text, "edit_date": message["date"] + 60}})

    def press(self, data: str, chat: int = 7, by: int | None = None, number: int = 1, on: dict[str, Any] | None = None) -> int:
        """`on` is what was sent; without it Telegram does not say what stood on the message."""
        message = {"message_id": 9, "date": 1_770_000_000, "chat": {"id": chat, "type": "private", "first_name": "A"}, "text": "?"}
        if on:
            quote = {"type": "expandable_blockquote", "offset": 0, "length": 4}
            keyboard = {"inline_keyboard": [[button] for button in on["buttons"]]}
            message |= {"message_id": on["message_id"], "text": on["shown"], "entities": [quote], "reply_markup": keyboard}
            message |= self.inside(on["topic"])
        return self.add(
            {
                "callback_query": {
                    "id": f"{chat}{number}{self._next}",
                    "from": person(by or chat),
                    "message": message,
                    "chat_instance": "1",
                    "data": data,
                }
            }
        )

    def hang_up(self) -> None:
        """Whoever polled is dead. Their request goes on waiting here, and counts no more."""
        self.polling.clear()

    # --- what a test waits for

    def _tell(self) -> None:
        self.changed.set()

    async def until(self, true: Any, seconds: float = 30.0) -> None:
        """Waits until something is true, looking again after every call."""
        async with asyncio.timeout(seconds):
            while not true():
                self.changed.clear()
                await self.changed.wait()

    def texts(self, chat: int = 7) -> list[str]:
        return [message["shown"] for message in self.sent if message["chat"] == chat]

    def texts_in(self, topic: int | None, chat: int = 7) -> list[str]:
        return [message["shown"] for message in self.sent if message["chat"] == chat and message["topic"] == topic]

    def called(self, method: str) -> list[dict[str, Any]]:
        return [args for name, args in self.calls if name == method]

    # --- the server

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        args: dict[str, Any] = dict(request.query)
        if request.content_type in ("application/x-www-form-urlencoded", "multipart/form-data"):
            args |= dict(await request.post())
        self.calls.append((method, args))
        try:
            return await self._faulty(request, method, args)
        finally:
            self._tell()

    async def _faulty(self, request: web.Request, method: str, args: dict[str, Any]) -> web.StreamResponse:
        if request.match_info["token"] != self.token:
            return _failed(401, "Unauthorized")
        waiting = [f for f in self.faults[method] if f.times > 0 and (f.chat is None or str(f.chat) == args.get("chat_id"))]
        fault = waiting[0] if waiting else None
        if fault:
            fault.times -= 1
            if fault.after:
                await self._done(method, args)
            if fault.drop and request.transport:
                request.transport.close()
                return web.Response()
            if isinstance(fault.body, str):
                return web.Response(status=fault.status, text=fault.body, content_type="text/html")
            return web.json_response(fault.body or {"ok": False, "error_code": fault.status, "description": "?"}, status=fault.status)
        return await self._done(method, args)

    async def _done(self, method: str, args: dict[str, Any]) -> web.StreamResponse:
        handler = getattr(self, f"_on_{method.lower()}", None)
        return await handler(args) if handler else _ok(True)

    async def _on_getme(self, _: dict[str, Any]) -> web.Response:
        return _ok(BOT | ({"has_topics_enabled": True} if self.topics_on else {}))

    async def _on_createforumtopic(self, args: dict[str, Any]) -> web.Response:
        if not self.topics_on:
            return _failed(400, "Bad Request: the chat is not a forum")
        if not 1 <= len(args["name"]) <= 128:
            return _failed(400, "Bad Request: TOPIC_TITLE_EMPTY")
        self._message += 1
        self.topics[int(args["chat_id"]), self._message] = args["name"]
        return _ok({"message_thread_id": self._message, "name": args["name"], "icon_color": 7322096})

    def _topic(self, args: dict[str, Any]) -> int | None:
        """The topic that a letter is for. Raises LookupError for one that is not there."""
        number = int(args["message_thread_id"]) if "message_thread_id" in args else None
        if number and (int(args["chat_id"]), number) not in self.topics:
            raise LookupError
        return number

    async def _on_getupdates(self, args: dict[str, Any]) -> web.Response:
        if self.webhook:
            return _failed(
                409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
            )
        if self.polling:
            return _failed(409, "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running")
        own = object()
        self.polling.add(own)
        try:
            if "offset" in args:
                places = [n for n, update in enumerate(self.updates) if update["update_id"] < int(args["offset"])]
                del self.updates[: max(places, default=-1) + 1]
            with_patience = asyncio.get_running_loop().time() + min(float(args.get("timeout", 0)), 30)
            while not self.updates and (left := with_patience - asyncio.get_running_loop().time()) > 0:
                self.changed.clear()
                try:
                    await asyncio.wait_for(self.changed.wait(), left)
                except TimeoutError:
                    break
            return _ok(self.updates[: int(args.get("limit", 100))])
        finally:
            self.polling.discard(own)

    async def _on_sendmessage(self, args: dict[str, Any]) -> web.Response:
        try:
            text = shown(args["text"], args.get("parse_mode"))
        except ValueError as error:
            return _failed(400, f"Bad Request: can't parse entities: {error}")
        if not text.strip():
            return _failed(400, "Bad Request: message text is empty")
        if len(text.encode("utf-16-le")) // 2 > 4096:
            return _failed(400, "Bad Request: message is too long")
        markup = json.loads(args.get("reply_markup", "{}")).get("inline_keyboard", [])
        buttons = [button for row in markup for button in row]
        if any(len(button["callback_data"].encode()) > 64 for button in buttons):
            return _failed(400, "Bad Request: BUTTON_DATA_INVALID")
        try:
            topic = self._topic(args)
        except LookupError:
            return _failed(400, "Bad Request: message thread not found")
        self._message += 1
        chat = int(args["chat_id"])
        letter = {
            "chat": chat,
            "topic": topic,
            "shown": text,
            "raw": args,
            "buttons": buttons,
            "message_id": self._message,
            "at": time.monotonic(),
        }
        self.sent.append(letter)
        return _ok({"message_id": self._message, "date": 1_770_000_000, "chat": {"id": chat, "type": "private"}, "from": BOT, "text": text})

    async def _on_senddocument(self, args: dict[str, Any]) -> web.Response:
        caption = shown(args.get("caption", ""), args.get("parse_mode"))
        if len(caption.encode("utf-16-le")) // 2 > 1024:
            return _failed(400, "Bad Request: message caption is too long")
        if not (data := args["document"].file.read()):
            return _failed(400, "Bad Request: file must be non-empty")
        self._message += 1
        chat, name = int(args["chat_id"]), args["document"].filename
        self.sent.append({"chat": chat, "shown": caption, "raw": args, "file": (name, data), "message_id": self._message})
        document = {"file_id": "f", "file_unique_id": "f", "file_name": name}
        whom = {"chat": {"id": chat, "type": "private"}, "from": BOT}
        return _ok({"message_id": self._message, "date": 1_770_000_000, **whom, "document": document})

    async def _on_editmessagetext(self, args: dict[str, Any]) -> web.Response:
        old = next((each for each in self.sent if str(each["message_id"]) == args["message_id"]), None)
        if old is None:
            return _failed(400, "Bad Request: message to edit not found")
        old |= {"shown": args["text"], "buttons": [], "entities": json.loads(args.get("entities", "[]"))}
        return await self._shown_again(old)

    async def _on_editmessagereplymarkup(self, args: dict[str, Any]) -> web.Response:
        old = next((each for each in self.sent if str(each["message_id"]) == args["message_id"]), None)
        if old is None:
            return _failed(400, "Bad Request: message to edit not found")
        old["buttons"] = []
        return await self._shown_again(old)

    async def _shown_again(self, old: dict[str, Any]) -> web.Response:
        chat = {"id": old["chat"], "type": "private"}
        return _ok({"message_id": old["message_id"], "date": 1_770_000_000, "chat": chat, "from": BOT, "text": old["shown"]})

    async def _on_setwebhook(self, args: dict[str, Any]) -> web.Response:
        self.webhook = args
        return _ok(True)

    async def _on_deletewebhook(self, _: dict[str, Any]) -> web.Response:
        self.webhook = {}
        return _ok(True)

    async def _on_getwebhookinfo(self, _: dict[str, Any]) -> web.Response:
        why = {name: value for name, value in self.webhook.items() if name == "last_error_message"}
        return _ok({"url": self.webhook.get("url", ""), "has_custom_certificate": False, "pending_update_count": len(self.updates), **why})

    async def _on_getmycommands(self, args: dict[str, Any]) -> web.Response:
        return _ok(self.commands.get(args.get("language_code"), []))

    async def _on_setmycommands(self, args: dict[str, Any]) -> web.Response:
        self.commands[args.get("language_code")] = json.loads(args["commands"])
        return _ok(True)

    async def _on_getmydescription(self, args: dict[str, Any]) -> web.Response:
        return _ok({"description": self.descriptions.get(args.get("language_code"), "")})

    async def _on_setmydescription(self, args: dict[str, Any]) -> web.Response:
        self.descriptions[args.get("language_code")] = args["description"]
        return _ok(True)


def person(number: int, **more: Any) -> dict[str, Any]:
    return {"id": number, "is_bot": False, "first_name": "A", **more}


def _ok(result: Any) -> web.Response:
    return web.json_response({"ok": True, "result": result})


def _failed(status: int, description: str, **parameters: Any) -> web.Response:
    body = {"ok": False, "error_code": status, "description": description}
    return web.json_response(body | ({"parameters": parameters} if parameters else {}), status=status)


def flood(seconds: int, chat: int | None = None, times: int = 1) -> Fault:
    body = {
        "ok": False,
        "error_code": 429,
        "description": f"Too Many Requests: retry after {seconds}",
        "parameters": {"retry_after": seconds},
    }
    return Fault(429, body, chat=chat, times=times)


def refusal(status: int, description: str, **more: Any) -> Fault:
    return Fault(status, {"ok": False, "error_code": status, "description": description}, **more)


@asynccontextmanager
async def telegram() -> AsyncIterator[FakeTelegram]:
    fake = FakeTelegram()
    app = web.Application(client_max_size=1 << 24)
    app.router.add_route("*", "/bot{token}/{method}", fake._answer)
    async with TestServer(app, host="127.0.0.1") as server:
        fake.base = str(server.make_url("")).rstrip("/")
        yield fake

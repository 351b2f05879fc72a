"""Slack on loopback for the tests: a Web API with a script of faults, Socket Mode over a real WebSocket, and signed requests.

It refuses what Slack refuses: blocks beyond the documented limits, an unknown token, a channel that is not there.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import urlencode

from aiohttp import ClientSession, WSMsgType, web
from aiohttp.test_utils import TestServer

TEAM, OTHER = "T1", "T2"
TOKEN = "xoxb-fake-token-of-one"  # noqa: S105 - nobody's
OTHER_TOKEN = "xoxb-fake-token-of-another"  # noqa: S105 - nobody's
APP_TOKEN = "xapp-fake-app-token"  # noqa: S105 - nobody's
SECRET = "fake-signing-secret"  # noqa: S105 - nobody's
SCOPES = "app_mentions:read,assistant:write,chat:write,commands,files:read,files:write,im:history,im:write"
NEXT = count(1)


@dataclass
class Fault:
    """What happens to the next calls of a method. `drop`: the line is cut, `after` the call took its effect."""

    error: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    drop: bool = False
    after: bool = False
    times: int = 1
    skip: int = 0  # calls that are let pass first
    raw: str | None = None


# --- what a block may be (docs.slack.dev/reference/block-kit)


def units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def faults_in(blocks: Any, most: int = 50) -> list[str]:  # noqa: C901, PLR0912
    """Why Slack would answer invalid_blocks; nothing when it would not."""
    faults: list[str] = []
    if not isinstance(blocks, list):
        return ["no list of blocks"]
    if not 1 <= len(blocks) <= most:
        faults.append(f"{len(blocks)} blocks")
    if _weight(blocks) > 13_000:
        faults.append("msg_blocks_too_long")
    for block in blocks:
        match block.get("type"):
            case "section":
                faults += _text(block.get("text"), 3000, "section")
            case "header":
                faults += _text(block.get("text"), 150, "header", plain=True)
            case "divider":
                pass
            case "context":
                if not 1 <= len(block["elements"]) <= 10:
                    faults.append("context elements")
                for element in block["elements"]:
                    faults += _text(element, 3000, "context")
            case "actions":
                elements = block["elements"]
                if not 1 <= len(elements) <= 25:
                    faults.append("actions elements")
                if len({element["action_id"] for element in elements}) < len(elements):
                    faults.append("twice the same action_id")
                for element in elements:
                    faults += _element(element)
            case "context_actions":
                for element in block["elements"]:
                    for way in ("positive_button", "negative_button"):
                        faults += _text(element[way]["text"], 75, "feedback", plain=True)
            case "input":
                faults += _text(block.get("label"), 2000, "label", plain=True)
                if block["element"]["type"] != "plain_text_input" or not 1 <= block["element"].get("max_length", 1) <= 3000:
                    faults.append("input element")
            case other:
                faults.append(f"unknown block {other}")
    return faults


def _element(element: dict[str, Any]) -> list[str]:
    faults = [] if units(element["action_id"]) <= 255 else ["action_id"]
    if element["type"] == "button":
        faults += _text(element["text"], 75, "button", plain=True)
        if not 1 <= len(element.get("value", "")) <= 2000:
            faults.append("button value")
    elif element["type"] == "static_select":
        faults += _text(element["placeholder"], 150, "placeholder", plain=True)
        if not 1 <= len(element["options"]) <= 100:
            faults.append("options")
        for option in element["options"]:
            faults += _text(option["text"], 75, "option", plain=True)
            if not 1 <= len(option["value"]) <= 150:
                faults.append("option value")
    else:
        faults.append(f"unknown element {element['type']}")
    return faults


def _text(part: Any, limit: int, where: str, plain: bool = False) -> list[str]:
    if not isinstance(part, dict) or part.get("type") != ("plain_text" if plain else "mrkdwn"):
        return [f"{where}: no text of its kind"]
    text = part["text"]
    if not text.strip() or units(text) > limit:
        return [f"{where}: {units(text)} characters"]
    return []


def _weight(part: Any) -> int:
    if isinstance(part, str):
        return units(part)
    if isinstance(part, dict):
        return sum(map(_weight, part.values()))
    return sum(map(_weight, part)) if isinstance(part, list) else 0


# --- the server


@dataclass
class FakeSlack:
    calls: list[tuple[str, dict[str, Any], str]] = field(default_factory=list)
    posts: list[dict[str, Any]] = field(default_factory=list)
    faults: dict[str, list[Fault]] = field(default_factory=lambda: defaultdict(list))
    tokens: dict[str, str] = field(default_factory=lambda: {TOKEN: TEAM, OTHER_TOKEN: OTHER})
    scopes: str = SCOPES
    scopes_of: dict[str, str] = field(default_factory=dict)  # of a token that has others
    base: str = ""
    sockets: list[web.WebSocketResponse] = field(default_factory=list)
    opened: int = 0
    acks: list[dict[str, Any]] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    uploads: dict[str, bytes] = field(default_factory=dict)  # what was put, shared or not
    upload_status: list[int] = field(default_factory=list)  # of the next uploads
    files: list[dict[str, Any]] = field(default_factory=list)  # what was shared
    greets: list[dict[str, Any]] = field(default_factory=list)  # sent to the next connections in the place of hello

    @property
    def api(self) -> str:
        return f"{self.base}/api/"

    def _tell(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()

    async def until(self, holds: Any, seconds: float = 10) -> None:
        """Waits for something to become true, looking whenever something happened here."""
        async with asyncio.timeout(seconds):
            while not holds():
                changed = self.changed
                waiting = asyncio.ensure_future(changed.wait())
                await asyncio.wait({waiting}, timeout=0.05)
                waiting.cancel()

    def called(self, method: str) -> list[dict[str, Any]]:
        return [arguments for name, arguments, _ in self.calls if name == method]

    def fail(self, method: str, **fault: Any) -> None:
        self.faults[method].append(Fault(**fault))

    async def _api(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        arguments = await _arguments(request)
        fault = next(iter(self.faults[method]), None)
        if fault and fault.skip:
            fault.skip, fault = fault.skip - 1, None
        if fault:
            fault.times -= 1
            if fault.times <= 0:
                self.faults[method].remove(fault)
        self.calls.append((method, arguments, token))
        answer = {"ok": False, "error": fault.error} if fault and not fault.after else self._answer(method, arguments, token)
        self._tell()
        if fault and fault.drop:
            assert request.transport
            request.transport.abort()
            return web.Response()
        if fault and fault.raw is not None:
            return web.Response(status=fault.status, text=fault.raw, content_type="text/html")
        status, headers = (fault.status, fault.headers) if fault else (200, {})
        return web.json_response(answer, status=status, headers={"x-oauth-scopes": self.scopes_of.get(token, self.scopes)} | headers)

    def _answer(self, method: str, arguments: dict[str, Any], token: str) -> dict[str, Any]:  # noqa: C901, PLR0912 - a table of methods
        if method == "apps.connections.open":
            if token != APP_TOKEN:
                return {"ok": False, "error": "invalid_auth"}
            self.opened += 1
            return {"ok": True, "url": f"{self.base.replace('http', 'ws')}/link?ticket={self.opened}"}
        if method == "oauth.v2.access":
            team = {"id": arguments["code"].removeprefix("code-of-"), "name": "A"}
            return {
                "ok": True,
                "access_token": TOKEN,
                "token_type": "bot",
                "bot_user_id": "UBOT",
                "app_id": "A1",
                "scope": SCOPES,
                "team": team,
                "authed_user": {"id": "U1"},
            }
        if token not in self.tokens:
            return {"ok": False, "error": "invalid_auth"}
        match method:
            case "auth.test":
                return {
                    "ok": True,
                    "team_id": self.tokens[token],
                    "user_id": "UBOT",
                    "bot_id": "B1",
                    "user": "coach",
                    "team": "A",
                    "url": "x",
                }
            case "conversations.open":
                return {"ok": True, "channel": {"id": f"D{arguments['users']}"}}
            case "chat.postMessage":
                if "blocks" in arguments and (wrong := faults_in(arguments["blocks"])):
                    return {"ok": False, "error": "invalid_blocks", "errors": wrong}
                if units(arguments.get("text") or "") > 40_000:
                    return {"ok": False, "error": "msg_too_long"}
                self.posts.append(arguments | {"token": token, "ts": stamp()})
                return {"ok": True, "channel": arguments["channel"], "ts": self.posts[-1]["ts"]}
            case "chat.update":
                old = next((each for each in self.posts if each.get("ts") == arguments["ts"]), None)
                if old is None:
                    return {"ok": False, "error": "message_not_found"}
                if wrong := faults_in(arguments["blocks"]):
                    return {"ok": False, "error": "invalid_blocks", "errors": wrong}
                old["blocks"] = arguments["blocks"]
                return {"ok": True, "channel": arguments["channel"], "ts": arguments["ts"]}
            case "files.getUploadURLExternal":
                number = f"F{next(NEXT)}"
                return {"ok": True, "file_id": number, "upload_url": f"{self.base}/upload/{number}"}
            case "files.completeUploadExternal":
                missing = [file["id"] for file in arguments["files"] if file["id"] not in self.uploads]
                if missing:
                    return {"ok": False, "error": "file_not_found"}
                self.files += [arguments | {"name": file["title"], "data": self.uploads[file["id"]]} for file in arguments["files"]]
                return {"ok": True, "files": arguments["files"]}
            case "views.publish" | "views.open":
                wrong = faults_in(arguments["view"]["blocks"], 100)
                return {"ok": False, "error": "invalid_arguments", "errors": wrong} if wrong else {"ok": True, "view": {"id": "V1"}}
            case "chat.postEphemeral" | "assistant.threads.setStatus" | "assistant.threads.setSuggestedPrompts":
                return {"ok": True}
            case _:
                return {"ok": False, "error": "unknown_method"}

    async def _upload(self, request: web.Request) -> web.Response:
        status = self.upload_status.pop(0) if self.upload_status else 200
        if status == 200:
            self.uploads[request.match_info["file"]] = (await request.post())["file"].file.read()  # type: ignore[union-attr]
        return web.Response(status=status, text="OK")

    async def _link(self, request: web.Request) -> web.StreamResponse:
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        if self.greets:
            await ws.send_json(self.greets.pop(0))
        else:
            await ws.send_json({"type": "hello", "num_connections": 1})
            self.sockets.append(ws)
        self._tell()
        async for message in ws:
            if message.type is WSMsgType.TEXT:
                self.acks.append(json.loads(message.data))
                self._tell()
        if ws in self.sockets:
            self.sockets.remove(ws)
        self._tell()
        return ws

    async def _answered(self, request: web.Request) -> web.Response:
        self.calls.append(("response_url", await request.json(), ""))
        self._tell()
        return web.json_response({"ok": True})

    # --- handing over

    async def envelope(self, payload: dict[str, Any], kind: str = "events_api", envelope_id: str | None = None) -> str:
        """Sends an envelope over the newest connection; its id."""
        await self.until(lambda: self.sockets)
        envelope_id = envelope_id or f"e{next(NEXT)}"
        await self.sockets[-1].send_json({"type": kind, "envelope_id": envelope_id, "payload": payload, "accepts_response_payload": True})
        return envelope_id

    async def taken(self, envelope_id: str) -> dict[str, Any]:
        """The acknowledgement of an envelope, once it has come."""
        await self.until(lambda: any(ack["envelope_id"] == envelope_id for ack in self.acks))
        return next(ack for ack in self.acks if ack["envelope_id"] == envelope_id)


async def _arguments(request: web.Request) -> dict[str, Any]:
    if request.content_type == "application/json":
        return dict(await request.json())
    found = dict(request.query) | {key: str(value) for key, value in (await request.post()).items()}
    return {key: json.loads(value) if value[:1] in ("[", "{") else value for key, value in found.items()}


@asynccontextmanager
async def fake_slack() -> AsyncIterator[FakeSlack]:
    fake = FakeSlack()
    app = web.Application()
    app.router.add_route("*", "/api/{method}", fake._api)
    app.router.add_post("/upload/{file}", fake._upload)
    app.router.add_get("/link", fake._link)
    app.router.add_post("/respond", fake._answered)
    async with TestServer(app) as server:
        fake.base = str(server.make_url("")).rstrip("/")
        yield fake
        for ws in list(fake.sockets):
            await ws.close()


# --- payloads as Slack sends them


def event(inner: dict[str, Any], team: str = TEAM, event_id: str | None = None, **more: Any) -> dict[str, Any]:
    return {
        "type": "event_callback",
        "team_id": team,
        "api_app_id": "A1",
        "event": inner,
        "event_id": event_id or f"Ev{next(NEXT)}",
        "event_time": int(time.time()),
        "authorizations": [{"team_id": team, "user_id": "UBOT", "is_bot": True, "is_enterprise_install": False}],
        **more,
    }


def said(text: str, user: str = "U1", team: str = TEAM, ts: str | None = None, **more: Any) -> dict[str, Any]:
    inner = {"type": "message", "channel": f"D{user}", "channel_type": "im", "user": user, "text": text, "ts": ts or stamp(), **more}
    return event(inner, team)


def stamp() -> str:
    return f"{1_770_000_000 + next(NEXT)}.000100"


def edited(original: dict[str, Any], text: str) -> dict[str, Any]:
    before = original["event"]
    after = {**before, "text": text, "edited": {"user": before["user"], "ts": stamp()}}
    inner = {
        "type": "message",
        "subtype": "message_changed",
        "hidden": True,
        "channel": before["channel"],
        "channel_type": "im",
        "ts": stamp(),
    }
    return event(inner | {"message": after, "previous_message": before}, original["team_id"])


def deleted(original: dict[str, Any]) -> dict[str, Any]:
    before = original["event"]
    inner = {
        "type": "message",
        "subtype": "message_deleted",
        "hidden": True,
        "channel": before["channel"],
        "channel_type": "im",
        "ts": stamp(),
    }
    return event(inner | {"deleted_ts": before["ts"], "previous_message": before}, original["team_id"])


def pressed(value: str, action: str = "choice:0", user: str = "U1", team: str = TEAM, **more: Any) -> dict[str, Any]:
    return {
        "type": "block_actions",
        "team": {"id": team, "domain": "a"},
        "user": {"id": user, "team_id": team},
        "api_app_id": "A1",
        "trigger_id": f"t{next(NEXT)}",
        "container": {"type": "message", "message_ts": "1770000000.000200", "channel_id": f"D{user}"},
        "channel": {"id": f"D{user}"},
        "actions": [{"type": "button", "action_id": action, "block_id": "b", "value": value, "action_ts": stamp()}],
        **more,
    }


def pressed_on(post: dict[str, Any], label: str, user: str = "U1", team: str = TEAM) -> dict[str, Any]:
    """A press of the button with this label, as Slack sends it with the whole message."""
    rows = [block for block in post["blocks"] if block["type"] == "actions"]
    button = next(each for row in rows for each in row["elements"] if label in each["text"]["text"])
    payload = pressed(button["value"], button["action_id"], user, team, message={"type": "message", "bot_id": "B1", **post})
    payload["container"]["message_ts"] = post["ts"]
    payload["actions"][0]["text"] = button["text"]
    return payload


def commanded(text: str, user: str = "U1", team: str = TEAM) -> dict[str, str]:
    return {
        "command": "/coach",
        "text": text,
        "user_id": user,
        "team_id": team,
        "channel_id": "C1",
        "trigger_id": f"t{next(NEXT)}",
        "api_app_id": "A1",
    }


def noted(text: str, user: str = "U1", team: str = TEAM) -> dict[str, Any]:
    view = {
        "id": f"V{next(NEXT)}",
        "callback_id": "note",
        "type": "modal",
        "hash": "1",
        "state": {"values": {"note": {"text": {"type": "plain_text_input", "value": text}}}},
    }
    return {"type": "view_submission", "team": {"id": team}, "user": {"id": user, "team_id": team}, "api_app_id": "A1", "view": view}


def pointed(text: str, by: str, user: str, base: str, team: str = TEAM) -> dict[str, Any]:
    return {
        "type": "message_action",
        "callback_id": "reflect",
        "team": {"id": team},
        "user": {"id": user, "team_id": team},
        "channel": {"id": "C1"},
        "trigger_id": f"t{next(NEXT)}",
        "action_ts": stamp(),
        "response_url": f"{base}/respond",
        "message": {"type": "message", "user": by, "text": text, "ts": stamp()},
    }


# --- signed requests


def signed(body: str | bytes, secret: str = SECRET, at: float | None = None, kind: str = "application/json") -> dict[str, Any]:
    """What a client's post takes: the body with the headers that Slack would put to it."""
    raw = body.encode() if isinstance(body, str) else body
    stamp_ = str(int(time.time() if at is None else at))
    mac = hmac.new(secret.encode(), b"v0:" + stamp_.encode() + b":" + raw, hashlib.sha256).hexdigest()
    return {"data": raw, "headers": {"Content-Type": kind, "X-Slack-Request-Timestamp": stamp_, "X-Slack-Signature": f"v0={mac}"}}


def form(payload: dict[str, Any]) -> str:
    """An interaction, as Slack posts it."""
    return urlencode({"payload": json.dumps(payload)})


async def post(session: ClientSession, url: str, payload: dict[str, Any], **more: str) -> int:
    """Posts an event; the status of the answer."""
    request = signed(json.dumps(payload))
    request["headers"] |= more
    async with session.post(url, **request) as answer:
        await answer.read()
        return answer.status

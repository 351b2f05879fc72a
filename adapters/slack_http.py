"""Signed requests: what is looked at before Bolt sees anything.

Bolt answers 500 to a time stamp that is no number and to a signature that is not ASCII, lets a body that is not JSON raise through its
dispatch, and logs the body of a request with a wrong signature. None of that may happen, so the same looks are taken here first.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web
from slack_sdk.signature import SignatureVerifier

LARGEST = 1024 * 1024  # bytes; Slack's own payloads stay far below
_NUMBER = re.compile(r"[0-9]{1,12}", re.ASCII)


class Refused(Exception):
    """A request that is not Slack's, or not in the shape that Slack sends; `status` says which."""

    def __init__(self, status: int) -> None:
        super().__init__(f"refused with {status}")
        self.status = status


async def looked_at(request: web.Request, verifier: SignatureVerifier) -> str:
    """The body of a request that Slack signed and that holds what Slack sends. Raises Refused."""
    if (request.content_length or 0) > LARGEST:
        raise Refused(413)
    raw = await _read(request)
    stamp, signature = request.headers.get("X-Slack-Request-Timestamp"), request.headers.get("X-Slack-Signature")
    if not stamp or not signature:
        raise Refused(401)
    if not _NUMBER.fullmatch(stamp) or not signature.isascii():
        raise Refused(400)
    try:
        body = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused(400) from None
    if not verifier.is_valid(body, stamp, signature):
        raise Refused(401)
    _shape(body, request.content_type)
    return body


async def _read(request: web.Request) -> bytes:
    raw = bytearray()
    async for chunk in request.content.iter_chunked(64 * 1024):
        raw += chunk
        if len(raw) > LARGEST:
            raise Refused(413)
    return bytes(raw)


def _shape(body: str, content_type: str) -> None:
    """Raises Refused unless the body is what Bolt can take apart."""
    try:
        if content_type == "application/json" or body.startswith("{"):
            payload = json.loads(body)
        else:
            form = parse_qs(body, keep_blank_values=True)
            payload = json.loads(form["payload"][0]) if "payload" in form else form
    except (ValueError, RecursionError):
        raise Refused(400) from None
    if not isinstance(payload, dict) or not _known(payload):
        raise Refused(400)


def _known(payload: dict[str, Any]) -> bool:
    event = payload.get("event")
    if payload.get("type") == "event_callback" or event is not None:
        return isinstance(event, dict) and isinstance(event.get("type"), str)
    return "actions" not in payload or (isinstance(payload["actions"], list) and all(isinstance(each, dict) for each in payload["actions"]))


def guarded(verifier: SignatureVerifier, take: Callable[[web.Request, str], Awaitable[web.Response]]) -> Callable[..., Any]:
    """An aiohttp handler that hands on what may pass, and answers the rest without a word of it in any log."""

    async def handle(request: web.Request) -> web.Response:
        try:
            body = await looked_at(request, verifier)
        except Refused as refused:
            return web.Response(status=refused.status)
        return await take(request, body)

    return handle

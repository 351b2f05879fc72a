"""A letter's file on its way to Slack: made, put where Slack says, and then shared in the conversation, which alone makes it arrive."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack_blocks import escaped
from adapters.slack_faults import Declined, NoAnswer
from bot.door import Copy, NotSent

PATIENCE = 120.0  # seconds that the upload may take

Make = Callable[[Awaitable[Any]], Awaitable[Any]]


async def share(client: AsyncWebClient, make: Make, channel: str, thread: str | None, copy: Copy, told: str) -> bool:
    """False where Slack will not have the file, now or later: a scope is missing, files are switched off, there is no room.

    `make` makes a call and says in the door's words how it failed; those are raised.
    """
    try:
        place = await make(client.files_getUploadURLExternal(filename=copy.name, length=len(copy.data)))
        if not await _put(str(place["upload_url"]), copy):
            return False
    except Declined:
        return False
    except NoAnswer as error:
        raise NotSent(str(error)) from None  # what was only put there has not arrived anywhere
    files: list[dict[str, str | None]] = [{"id": str(place["file_id"]), "title": copy.name}]
    try:
        await make(client.files_completeUploadExternal(files=files, channel_id=channel, thread_ts=thread, initial_comment=escaped(told)))
    except Declined:
        return False
    return True


async def _put(url: str, copy: Copy) -> bool:
    form = aiohttp.FormData()
    form.add_field("file", copy.data, filename=copy.name, content_type="application/octet-stream")
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(PATIENCE)) as session,
            session.post(url, data=form, allow_redirects=False) as answer,
        ):
            status = answer.status
    except (aiohttp.ClientError, TimeoutError, OSError):
        raise NotSent("no connection to Slack's files") from None
    if status == 429 or status >= 500:
        raise NotSent(f"Slack's files answer {status}")
    return status == 200

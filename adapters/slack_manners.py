"""What Slack shows beside the conversation: the home page, a form, prompts, choices that were made, "is thinking", lines for one pair
of eyes.

All of it is lossy by design: it runs beside the acknowledgement and may fail without a trace but a log line.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any

from slack_sdk.errors import SlackApiError

from adapters.slack_blocks import answered, escaped
from adapters.slack_calls import Calls
from adapters.slack_faults import NO_STATUS
from adapters.slack_home import home, note_form, strangers_home
from adapters.slack_intake import Chosen, Spot
from bot.overview import ACTIONS, Overview
from prompts.library import Library, Words

HOMES = 1000  # home pages that are kept as they should be
REST = 1.0  # seconds between a letter and a look at the home page, so that one look does for a whole turn
PACE = 0.6  # seconds between two pages: Slack's page on rate limits gives views.publish "100+ per minute"

log = logging.getLogger(__name__)


class Manners:
    def __init__(self, calls: Calls, library: Library, overview: Callable[[str], Awaitable[Overview | None]]) -> None:
        self._calls = calls
        self._library = library
        self._overview = overview
        self._no_status = False  # this workspace's plan or app shows no status
        self._beside: set[asyncio.Task[None]] = set()
        self._homes: OrderedDict[str, dict[str, Any] | None] = OrderedDict()  # by whom they were opened, and what they show
        self._stale: set[str] = set()  # whose home page is about to be looked at again
        self._publishing = asyncio.Lock()

    async def close(self) -> None:
        some = list(self._beside)
        for task in some:
            task.cancel()
        await asyncio.gather(*some, return_exceptions=True)

    async def words(self, address: str) -> Words:
        known = None
        with suppress(Exception):  # the language of a line that may be lost is not worth a fault
            known = await self._overview(address)
        return self._library.in_language(known.language if known else "en")

    async def known(self, who: str) -> bool:
        """Whether they have met the coach. Raises what asking raises."""
        known = await self._overview(who)
        return known is not None and known.welcomed

    # --- the home page

    def home_opened(self, who: str) -> None:
        self._homes.pop(who, None)
        self._homes[who] = None
        if len(self._homes) > HOMES:
            self._homes.popitem(last=False)
        self.beside(self._publish(who))

    def turned(self, who: str) -> None:
        """A turn of theirs is over. A home page that was never opened needs no look: it is made when it is."""
        if who in self._homes and who not in self._stale:
            self._stale.add(who)
            self.beside(self._refresh(who))

    async def _refresh(self, who: str) -> None:
        await asyncio.sleep(REST)
        self._stale.discard(who)
        await self._publish(who)

    async def _publish(self, who: str) -> None:
        """Publishes what differs from what is shown, one page after the other."""
        async with self._publishing:
            known, (team, user) = await self._overview(who), who.split(":", 1)
            view = home(known) if known and known.welcomed else strangers_home(await self.words(who))
            if view == self._homes.get(who):
                return
            await (await self._calls.client(team)).views_publish(user_id=user, view=view)
            if who in self._homes:
                self._homes[who] = view
            await asyncio.sleep(PACE)

    # --- messages

    async def answered(self, who: str, chosen: Chosen) -> None:
        """The choices of a message make room for the one that was made."""
        client = await self._calls.client(who.partition(":")[0])
        await client.chat_update(channel=chosen.channel, ts=chosen.ts, text=chosen.text, blocks=answered(chosen.blocks, chosen.label))

    async def open_note(self, who: str, trigger: str) -> None:
        view = note_form(await self.words(who))
        await (await self._calls.client(who.partition(":")[0])).views_open(trigger_id=trigger, view=view)

    async def suggest(self, who: str, channel: str | None) -> None:
        if not channel:
            return
        words = await self.words(who)
        prompts = [{"title": label, "message": label} for label in (words.variants(f"home.{wish}")[0] for wish in ACTIONS)]
        client = await self._calls.client(who.partition(":")[0])
        await client.assistant_threads_setSuggestedPrompts(channel_id=channel, prompts=prompts, title=words.variants("slack.prompts")[0])

    async def say_aside(self, who: str, channel: str, key: str) -> None:
        team, user = who.split(":", 1)
        text = escaped((await self.words(who)).variants(key)[0])
        await (await self._calls.client(team)).chat_postEphemeral(channel=channel, user=user, text=text)

    async def respond(self, who: str, respond: Any, key: str) -> None:
        await respond(text=escaped((await self.words(who)).variants(key)[0]), response_type="ephemeral", replace_original=False)

    async def status(self, address: str, spot: Spot | None, shown: str) -> None:
        if spot is None or self._no_status:
            return
        client = await self._calls.client(address.partition(":")[0])
        try:
            await client.assistant_threads_setStatus(channel_id=spot.channel, thread_ts=spot.thread or spot.ts, status=shown)
        except SlackApiError as error:
            self._no_status = error.response.get("error") in NO_STATUS
            raise

    def beside(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(_lossy(work))
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)


async def _lossy(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except SlackApiError as error:
        log.warning("Slack did not do something on the side: %s", error.response.get("error"))
    except Exception as error:  # noqa: BLE001 - never more than a log line
        log.warning("something on the side failed: %s", type(error).__name__)

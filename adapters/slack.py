"""Slack: the door to people's private messages there. Nothing is decided here.

    Socket Mode or signed HTTP → Bolt → Inbound → accept (stored) → only then acknowledged
    letter → to_message → conversations.open, chat.postMessage

Only private messages are taken in. In a channel there is one polite line that nobody else sees, and nothing is stored; no channel's
history is ever read. Slack repeats what is not acknowledged, and the inbox knows it by its key.

What is lossy by design goes past the inbox and the outbox: the home page, suggested prompts, "is thinking", lines for one pair of
eyes. It runs beside the acknowledgement and may fail without a trace but a log line.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any
from weakref import WeakValueDictionary

import aiohttp
from aiohttp import web
from slack_bolt import BoltResponse
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.async_authorize import AsyncAuthorize
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

from adapters import slack_intake as intake
from adapters.slack_blocks import CHOICE, FEEDBACK, Post, escaped, to_message
from adapters.slack_calls import Account, Calls, NotStored, settings_faults
from adapters.slack_faults import BadBlocks, Refusal, meant
from adapters.slack_files import share
from adapters.slack_home import NOTE_FORM, WISH
from adapters.slack_http import guarded
from adapters.slack_install import Installations, Installing
from adapters.slack_manifest import COMMAND, POINT
from adapters.slack_manners import Manners
from adapters.slack_socket import FIRST, LONGEST, Envelope, NotTaken, Socket
from bot.door import Accept, Press, Refused, Unreachable
from bot.model import Inbound, Letter, Message, Platform
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
        self._account = account
        self._library = library
        self._overview = overview
        self._clock = clock
        self._installations = installations
        self._first_wait = first_wait
        self._press = press
        self._salt = (account.signing_secret or account.app_token or "").encode()
        self._accept: Accept | None = None
        self._bot_user: str | None = None
        self.heard_at: datetime | None = None
        self._channels: dict[str, str] = {}
        self._spots: dict[str, intake.Spot] = {}
        self._thinking: set[str] = set()
        self._posted: dict[str, int] = {}  # parts of a letter that have arrived, until all have
        self._in_order: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._calls = Calls(account, installations)
        self._manners = Manners(self._calls, library, overview)
        quieten()
        self._bolt = self._app()

    # --- the door

    async def listen(self, accept: Accept) -> None:
        """Raises Refused when Slack does not know our tokens."""
        self._accept = accept
        works = [asyncio.create_task(self._introduce()), asyncio.create_task(self._stay())]
        try:
            done, _ = await asyncio.wait(works, return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                task.result()
        finally:
            self._accept = None
            for task in works:
                task.cancel()
            await asyncio.gather(*works, return_exceptions=True)

    async def _stay(self) -> None:
        if self._account.app_token:
            client = self._calls.bare()
            await Socket(client, self._account.app_token, self._take_envelope, self._alive, self._first_wait).run()
        await asyncio.Event().wait()

    def _alive(self) -> None:
        self.heard_at = self._clock()

    def routes(self) -> list[web.RouteDef]:
        """Where Slack sends its signed requests, and where workspaces install the coach; nothing with Socket Mode."""
        account = self._account
        if account.app_token or not account.signing_secret:
            return []
        found = [web.post(PATH, guarded(SignatureVerifier(account.signing_secret), self._take_request))]
        if not account.bot_token and account.client_id and account.client_secret and self._installations:
            client = self._calls.bare()
            found += Installing(client, account.client_id, account.client_secret, self._installations, self._clock).routes()
        return found

    async def send(self, letter: Letter) -> None:
        team, user = letter.address.split(":", 1)
        client = await self._calls.client(team)
        channel = await self._channel(client, letter.address, user)
        spot = self._spots.get(letter.address)
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
        if letter.address in self._thinking:
            self._thinking.discard(letter.address)
            self._manners.beside(self._manners.status(letter.address, spot, ""))

    async def thinking(self, address: str) -> None:
        self._thinking.add(address)
        with suppress(Exception):  # a sign of life, and no more
            shown = (await self._manners.words(address)).variants("slack.thinking")[0]
            await self._manners.status(address, self._spots.get(address), shown)

    async def close(self) -> None:
        await self._manners.close()

    # --- what comes in

    def _app(self) -> AsyncApp:
        app = AsyncApp(
            logger=logging.getLogger("slack_bolt"),
            signing_secret=self._account.signing_secret or "",
            authorize=_Authorize(self._identity),  # type: ignore[arg-type]  # it may be None, for a workspace that is not known
            process_before_response=True,  # a listener stores, and only its end is the acknowledgement
            raise_error_for_unhandled_request=True,  # or else Bolt logs what it does not know
            request_verification_enabled=bool(self._account.signing_secret) and not self._account.app_token,
        )
        app.event("message")(self._on_message)
        app.event("app_mention")(self._on_mention)
        app.event("app_home_opened")(self._on_opened)
        app.event("app_uninstalled")(self._on_uninstalled)
        app.event("tokens_revoked")(self._on_revoked)
        app.action(re.compile(rf"^({CHOICE}|{WISH}|{FEEDBACK})(:|$)"))(self._on_press)
        app.action(NOTE_FORM)(self._on_note_wanted)
        app.view(NOTE_FORM)(self._on_note)
        app.command(COMMAND)(self._on_command)
        app.shortcut(POINT)(self._on_pointing)
        app.error(self._on_fault)
        return app

    async def _take_envelope(self, envelope: Envelope) -> dict[str, Any] | None:
        payload = envelope.get("payload")
        if not isinstance(payload, dict):
            return None
        response = await self._dispatch(lambda: AsyncBoltRequest(mode="socket_mode", body=payload))
        if response.status >= 500:
            raise NotTaken
        if not response.body:
            return None
        content = response.headers.get("content-type", [""])[0]
        return dict(_json(response.body)) if content.startswith("application/json") else {"text": response.body}

    async def _take_request(self, request: web.Request, body: str) -> web.Response:
        self._alive()
        headers: Any = request.headers
        response = await self._dispatch(lambda: AsyncBoltRequest(body=body, query=request.query_string, headers=headers))
        return await to_aiohttp_response(response)

    async def _dispatch(self, request: Callable[[], AsyncBoltRequest]) -> BoltResponse:
        try:
            return await self._bolt.async_dispatch(request())
        except Exception as error:  # noqa: BLE001 - a shape that Slack does not send; repeated, it would not get better
            log.error("a payload could not be read: %s", type(error).__name__)  # noqa: TRY400
            return BoltResponse(status=400, body="")

    async def _identity(self, enterprise_id: str | None, team_id: str | None) -> AuthorizeResult | None:
        """Who we are in a workspace; None where we are not installed. No call leaves for it."""
        token = await self._calls.token(team_id or "")
        if token is None:
            return None
        return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, bot_token=token, bot_user_id=self._bot_user)

    async def _on_fault(self, error: Exception) -> BoltResponse:
        if isinstance(error, NotStored):
            return BoltResponse(status=503, body="")
        if not isinstance(error, BoltUnhandledRequestError):
            log.error("something from Slack could not be taken in: %s", type(error).__name__)
        return BoltResponse(status=200, body="")

    async def _store(self, inbound: Inbound) -> None:
        """In the order in which it came, for each person; together for different people."""
        lock = self._in_order.setdefault(inbound.address, asyncio.Lock())
        async with lock:
            if self._accept is None:
                raise NotStored
            try:
                await self._accept(inbound)
            except Exception as error:  # noqa: BLE001 - whatever it was, the message is not stored
                log.warning("a message could not be stored (%s); Slack will hand it over again", type(error).__name__)
                raise NotStored from None

    async def _on_message(self, body: dict[str, Any]) -> None:
        event = body["event"]
        inbound = intake.of_message(body, self._clock(), self._salt)
        if inbound is None:
            return
        if inbound.edits is None and inbound.deletes is None:
            self._spots[inbound.address] = intake.spot_of(body)
            self._channels[inbound.address] = event["channel"]
        await self._store(inbound)

    async def _on_mention(self, body: dict[str, Any]) -> None:
        event, team = body["event"], body.get("team_id")
        if team and event.get("user") and event.get("channel") and not event.get("bot_id"):
            self._manners.beside(self._manners.say_aside(intake.address(team, event["user"]), event["channel"], "slack.elsewhere"))

    async def _on_opened(self, body: dict[str, Any]) -> None:
        event, team = body["event"], body.get("team_id")
        if not team or not event.get("user"):
            return
        who = intake.address(team, event["user"])
        if event.get("tab") == "messages":
            self._manners.beside(self._manners.suggest(who, event.get("channel")))
            await self._greet(who)
        else:
            self._manners.beside(self._manners.publish(who))

    async def _greet(self, who: str) -> None:
        try:
            known = await self._overview(who)
        except Exception:  # noqa: BLE001 - as above
            raise NotStored from None
        if known is None or not known.welcomed:
            await self._store(intake.of_opening(who, self._clock(), self._salt))

    async def _on_press(self, ack: Any, body: dict[str, Any], respond: Any) -> None:
        inbound = intake.of_press(body, self._clock(), self._salt)
        if inbound is not None:
            await self._store(inbound)
        elif (who := intake.whose(body)) and str(body["actions"][0].get("action_id")) == FEEDBACK:
            self._manners.beside(self._manners.respond(who, respond, "slack.thanks"))
        await ack()

    async def _on_note_wanted(self, ack: Any, body: dict[str, Any]) -> None:
        if who := intake.whose(body):
            self._manners.beside(self._manners.open_note(who, body.get("trigger_id") or ""))
        await ack()

    async def _on_note(self, ack: Any, body: dict[str, Any]) -> None:
        if inbound := intake.of_note(body, self._clock(), self._salt):
            await self._store(inbound)
        await ack()

    async def _on_command(self, ack: Any, body: dict[str, Any]) -> None:
        inbound = intake.of_command(body, self._clock(), self._salt)
        if inbound is None:
            await ack()
            return
        await self._store(inbound)
        await ack(text=escaped((await self._manners.words(inbound.address)).variants("slack.received")[0]))

    async def _on_pointing(self, ack: Any, body: dict[str, Any], respond: Any) -> None:
        inbound, who = intake.of_pointing(body, self._clock(), self._salt), intake.whose(body)
        if inbound is not None:
            await self._store(inbound)
        if who is not None:
            self._manners.beside(self._manners.respond(who, respond, "slack.received" if inbound else "slack.not-yours"))
        await ack()

    # --- workspaces that leave

    async def _on_uninstalled(self, body: dict[str, Any]) -> None:
        await self._let_go(body)

    async def _on_revoked(self, body: dict[str, Any]) -> None:
        if (body["event"].get("tokens") or {}).get("bot"):  # of people's own tokens we hold none
            await self._let_go(body)

    async def _let_go(self, body: dict[str, Any]) -> None:
        """May come twice, and in either order; an installation made after it stays."""
        team = body.get("team_id")
        if not team:
            return
        if self._installations and not self._account.bot_token:
            # Slack's time is cut to whole seconds
            at = datetime.fromtimestamp((body.get("event_time") or self._clock().timestamp()) + 1, UTC)
            try:
                await asyncio.to_thread(self._installations.slack_uninstall, team, at)
            except Exception:  # noqa: BLE001 - as above
                raise NotStored from None
        else:
            self._calls.let_go(team)
        for address in [each for each in self._channels if each.startswith(f"{team}:")]:
            self._channels.pop(address, None)
            self._spots.pop(address, None)

    # --- what goes out

    async def _channel(self, client: AsyncWebClient, address: str, user: str) -> str:
        if address not in self._channels:
            answer = await self._make(address, client.conversations_open(users=[user]))
            self._channels[address] = answer["channel"]["id"]
        return self._channels[address]

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
            self._channels.pop(address, None)  # it may have been the channel, and the next one is asked for anew
            raise

    # --- who we are

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
                self._bot_user = (await client.auth_test()).get("user_id")
            except (SlackApiError, aiohttp.ClientError, TimeoutError, OSError) as error:
                if isinstance(error, SlackApiError) and isinstance(meant(error), Refusal):
                    code = error.response.get("error")
                    raise Refused(f"Slack refuses BROKERCOACH_SLACK_BOT_TOKEN ({code}); copy it anew from OAuth & Permissions") from None
                await asyncio.sleep(wait)
                wait = min(wait * 2, LONGEST)
            else:
                self._alive()
                return


class _Authorize(AsyncAuthorize):
    """Bolt's way of asking who we are."""

    def __init__(self, identity: Callable[[str | None, str | None], Awaitable[AuthorizeResult | None]]) -> None:
        self._ask = identity

    async def __call__(self, *, enterprise_id: str | None, team_id: str | None, **_: Any) -> AuthorizeResult | None:
        return await self._ask(enterprise_id, team_id)


def _json(text: str) -> Any:
    import json

    return json.loads(text)


def quieten() -> None:
    """Bolt and the SDK log bodies at INFO and whole events at DEBUG: only their warnings pass."""
    for name in ("slack_bolt", "slack_sdk"):
        logger = logging.getLogger(name)
        logger.setLevel(max(logger.level, logging.WARNING))

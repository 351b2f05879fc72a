"""What Slack hands over, whichever way it came: Bolt takes it apart, it becomes an Inbound and is stored, and only then is it acknowledged.

Only private messages are taken in. In a channel there is one polite line that nobody else sees, and nothing is stored. Slack repeats
what is not acknowledged, and the inbox knows it by its key.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from weakref import WeakValueDictionary

from aiohttp import web
from slack_bolt import BoltResponse
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.async_authorize import AsyncAuthorize
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.request.async_request import AsyncBoltRequest

from adapters import slack_intake as intake
from adapters.slack_blocks import CHOICE, FEEDBACK, escaped
from adapters.slack_calls import Account, Calls, NotStored
from adapters.slack_home import NOTE_FORM, WISH
from adapters.slack_manifest import COMMAND, POINT
from adapters.slack_manners import Manners
from adapters.slack_socket import Envelope, NotTaken
from bot.door import Accept
from bot.model import Inbound

log = logging.getLogger(__name__)


@dataclass
class Whereabouts:
    """Where in Slack people write, by their address: their private channel, and the place in it."""

    channels: dict[str, str] = field(default_factory=dict)
    spots: dict[str, intake.Spot] = field(default_factory=dict)

    def forget(self, team: str) -> None:
        for known in (self.channels, self.spots):
            for address in [each for each in known if each.startswith(f"{team}:")]:
                del known[address]


class Listeners:
    """Stores through `accept`, which is None while nobody listens."""

    def __init__(self, account: Account, calls: Calls, manners: Manners, where: Whereabouts, clock: Callable[[], datetime]) -> None:
        self.accept: Accept | None = None
        self.bot_user: str | None = None
        self._account = account
        self._calls = calls
        self._manners = manners
        self._where = where
        self._clock = clock
        self._salt = (account.signing_secret or account.app_token or "").encode()
        self._in_order: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._bolt = self._app()

    async def envelope(self, envelope: Envelope) -> dict[str, Any] | None:
        """What Slack is to be told with the acknowledgement. Raises NotTaken."""
        payload = envelope.get("payload")
        if not isinstance(payload, dict):
            return None
        response = await self._dispatch(lambda: AsyncBoltRequest(mode="socket_mode", body=payload))
        if response.status >= 500:
            raise NotTaken
        if not response.body:
            return None
        content = response.headers.get("content-type", [""])[0]
        return dict(json.loads(response.body)) if content.startswith("application/json") else {"text": response.body}

    async def request(self, request: web.Request, body: str) -> web.Response:
        headers: Any = request.headers
        response = await self._dispatch(lambda: AsyncBoltRequest(body=body, query=request.query_string, headers=headers))
        return await to_aiohttp_response(response)

    async def _dispatch(self, request: Callable[[], AsyncBoltRequest]) -> BoltResponse:
        try:
            return await self._bolt.async_dispatch(request())
        except Exception as error:  # noqa: BLE001 - a shape that Slack does not send; repeated, it would not get better
            log.error("a payload could not be read: %s", type(error).__name__)  # noqa: TRY400
            return BoltResponse(status=400, body="")

    def _app(self) -> AsyncApp:
        app = AsyncApp(
            name="brokercoach",  # without one, Bolt reads the source of all that calls it: a third of a second
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
        app.event("app_uninstalled")(self._let_go)
        app.event("tokens_revoked")(self._on_revoked)
        app.action(re.compile(rf"^({CHOICE}|{WISH}|{FEEDBACK})(:|$)"))(self._on_press)
        app.action(NOTE_FORM)(self._on_note_wanted)
        app.view(NOTE_FORM)(self._on_note)
        app.command(COMMAND)(self._on_command)
        app.shortcut(POINT)(self._on_pointing)
        app.error(self._on_fault)
        return app

    async def _identity(self, enterprise_id: str | None, team_id: str | None) -> AuthorizeResult | None:
        """Who we are in a workspace; None where we are not installed. No call leaves for it."""
        token = await self._calls.token(team_id or "")
        if token is None:
            return None
        return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, bot_token=token, bot_user_id=self.bot_user)

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
            if self.accept is None:
                raise NotStored
            try:
                await self.accept(inbound)
            except Exception as error:  # noqa: BLE001 - whatever it was, the message is not stored
                log.warning("a message could not be stored (%s); Slack will hand it over again", type(error).__name__)
                raise NotStored from None
        self._calls.heard_from(inbound.address.partition(":")[0])

    # --- one listener for each kind

    async def _on_message(self, body: dict[str, Any]) -> None:
        inbound = intake.of_message(body, self._clock(), self._salt)
        if inbound is None:
            return
        if inbound.edits is None and inbound.deletes is None:
            self._where.spots[inbound.address] = intake.spot_of(body)
            self._where.channels[inbound.address] = body["event"]["channel"]
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
        if event.get("tab") != "messages":
            self._manners.home_opened(who)
            return
        self._manners.beside(self._manners.suggest(who, event.get("channel")))
        try:
            known = await self._manners.known(who)
        except Exception:  # noqa: BLE001 - the store is away, and a first opening is not to be lost
            raise NotStored from None
        if not known:
            await self._store(intake.of_opening(who, self._clock(), self._salt))

    async def _on_press(self, ack: Any, body: dict[str, Any], respond: Any) -> None:
        inbound = intake.of_press(body, self._clock(), self._salt)
        if inbound is not None:
            await self._store(inbound)
            if chosen := intake.chosen(body):
                self._manners.beside(self._manners.answered(inbound.address, chosen))
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

    async def _on_revoked(self, body: dict[str, Any]) -> None:
        if (body["event"].get("tokens") or {}).get("bot"):  # of people's own tokens we hold none
            await self._let_go(body)

    async def _let_go(self, body: dict[str, Any]) -> None:
        """May come twice, and in either order; an installation made after it stays. Raises NotStored."""
        team = body.get("team_id")
        if not team:
            return
        # Slack's time is cut to whole seconds
        at = datetime.fromtimestamp((body.get("event_time") or self._clock().timestamp()) + 1, UTC)
        await self._calls.let_go(team, at)
        self._where.forget(team)


class _Authorize(AsyncAuthorize):
    """Bolt's way of asking who we are."""

    def __init__(self, identity: Callable[[str | None, str | None], Awaitable[AuthorizeResult | None]]) -> None:
        self._ask = identity

    async def __call__(self, *, enterprise_id: str | None, team_id: str | None, **_: Any) -> AuthorizeResult | None:
        return await self._ask(enterprise_id, team_id)

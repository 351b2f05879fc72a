"""Calls of Slack's Web API: with whose token, and how they fail, in the door's words.

Each call has a connection of its own and the SDK repeats nothing, so that a connection that did not come about means that nothing was sent.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack_faults import NoAnswer, Refusal, meant
from adapters.slack_install import Installations
from bot.door import Later, NotSent, Unreachable

API = "https://slack.com/api/"
PATIENCE = 10  # seconds that a call may take
REFUSED = timedelta(minutes=1)  # between two tries with a token that was refused

log = logging.getLogger(__name__)


class NotStored(Exception):
    """What came in could not be stored: Slack is told so, and repeats it."""


@dataclass(frozen=True, slots=True)
class Account:
    """One Slack app. With a `bot_token` it serves that workspace alone, without one whichever is among the installations."""

    bot_token: str | None = field(default=None, repr=False)
    app_token: str | None = field(default=None, repr=False)
    signing_secret: str | None = field(default=None, repr=False)
    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    api: str = API


def settings_faults(account: Account) -> list[str]:
    """What can be seen of the settings without asking Slack."""
    found = []
    if account.bot_token and not account.bot_token.startswith("xoxb-"):
        found.append("BROKERCOACH_SLACK_BOT_TOKEN must be the bot token of the app (xoxb-..., from OAuth & Permissions)")
    if account.app_token and not account.app_token.startswith("xapp-"):
        found.append("BROKERCOACH_SLACK_APP_TOKEN must be an app-level token (xapp-..., from Basic Information)")
    if not account.app_token and not account.signing_secret:
        found.append("Slack needs BROKERCOACH_SLACK_APP_TOKEN (Socket Mode) or BROKERCOACH_SLACK_SIGNING_SECRET (signed HTTP)")
    if not account.bot_token and not (account.client_id and account.client_secret and account.signing_secret):
        found.append("without BROKERCOACH_SLACK_BOT_TOKEN, _SLACK_CLIENT_ID, _SLACK_CLIENT_SECRET and _SLACK_SIGNING_SECRET are needed")
    return found


class Calls:
    def __init__(self, account: Account, installations: Installations | None, clock: Callable[[], datetime]) -> None:
        self._account = account
        self._installations = installations
        self._clock = clock
        self._shut: dict[str, tuple[str, datetime]] = {}  # workspaces that refused a token: which, and until when it is not tried again
        self._left: set[str] = set()  # the one workspace, once it has uninstalled us

    def bare(self, token: str | None = None) -> AsyncWebClient:
        return AsyncWebClient(token, base_url=self._account.api, timeout=PATIENCE, retry_handlers=[])

    async def token(self, team: str) -> str | None:
        """Raises NotStored."""
        if self._account.bot_token or self._installations is None:
            return self._account.bot_token
        try:
            return await asyncio.to_thread(self._installations.slack_token, team)
        except Exception:  # noqa: BLE001 - whatever it was, the token cannot be read now
            raise NotStored from None

    async def client(self, team: str) -> AsyncWebClient:
        """Raises Unreachable where we are not installed, Later where the token was refused a moment ago, NotSent."""
        try:
            token = await self.token(team)
        except NotStored:
            raise NotSent("the installations cannot be read") from None
        if token is None or team in self._left:
            raise Unreachable(f"the coach is not installed in {team}")
        refused, until = self._shut.get(team, ("", self._clock()))
        wait = (until - self._clock()).total_seconds()
        if refused == token and wait > 0:
            raise Later(wait)
        return self.bare(token)

    async def let_go(self, team: str, at: datetime) -> None:
        """A workspace has uninstalled us: its token is as good as none. Raises NotStored."""
        if self._account.bot_token or self._installations is None:
            self._left.add(team)
            return
        try:
            await asyncio.to_thread(self._installations.slack_uninstall, team, at)
        except Exception:  # noqa: BLE001 - as above
            raise NotStored from None

    def heard_from(self, team: str) -> None:
        """Somebody there writes to us, so we are installed there."""
        self._left.discard(team)

    async def make(self, team: str, request: Awaitable[Any]) -> Any:
        """Makes a call and says in the door's words how it failed. The SDK repeats nothing of its own."""
        try:
            return await request
        except SlackApiError as error:
            fault = meant(error)
            if isinstance(fault, Refusal):
                fault = await self._refused(team, str(error.response.get("error")))
            raise fault from None
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            raise NotSent("no connection to Slack") from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise NoAnswer(type(error).__name__) from None

    async def _refused(self, team: str, code: str) -> Later:
        """Nothing is sent to this workspace for a while. Said once for each token, not once for each letter."""
        token = await self.token(team)
        if token:
            if self._shut.get(team, ("", None))[0] != token:
                log.error("Slack refuses the token of workspace %s (%s); letters wait until it is installed anew", team, code)
            self._shut[team] = token, self._clock() + REFUSED
        return Later(REFUSED.total_seconds())

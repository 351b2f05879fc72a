"""Several workspaces: each installs the coach by OAuth, and its token is kept sealed.

Bolt's own flow does the talking; here it gets a store that keeps a workspace's bot token and nothing else, and a state that is signed
and not stored, so that nothing is written before somebody has really installed.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import secrets
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.oauth.installation_store import Bot, Installation
from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore
from slack_sdk.oauth.state_store.async_state_store import AsyncOAuthStateStore
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack_manifest import SCOPES

INSTALL, BACK = "/slack/install", "/slack/oauth_redirect"
WHILE = 600  # seconds that an installation may take


log = logging.getLogger(__name__)


class Installations(Protocol):
    """The workspaces that have installed the coach, with their tokens. Synchronous; called in a thread."""

    def slack_install(self, team: str, token: str, at: datetime) -> None: ...

    def slack_token(self, team: str) -> str | None: ...

    def slack_uninstall(self, team: str, at: datetime) -> None: ...


class Installing:
    """The two pages of the flow: one that leads to Slack, one that Slack leads back to."""

    def __init__(
        self,
        client: AsyncWebClient,
        client_id: str,
        client_secret: str,
        installations: Installations,
        clock: Callable[[], datetime],
    ) -> None:
        settings = AsyncOAuthSettings(
            client_id=client_id,
            client_secret=client_secret,
            scopes=list(SCOPES),
            install_path=INSTALL,
            redirect_uri_path=BACK,
            installation_store=_Kept(installations, clock),
            state_store=_Signed(client_secret.encode()),
            state_expiration_seconds=WHILE,
        )
        self._flow = AsyncOAuthFlow(settings=settings, client=client)

    def routes(self) -> list[web.RouteDef]:
        return [web.get(INSTALL, self._lead), web.get(BACK, self._back)]

    async def _lead(self, request: web.Request) -> web.Response:
        return await to_aiohttp_response(await self._flow.handle_installation(_bolt(request)))

    async def _back(self, request: web.Request) -> web.Response:
        try:
            return await to_aiohttp_response(await self._flow.handle_callback(_bolt(request)))
        except Exception as error:  # noqa: BLE001 - Slack is away or the database is: nothing is installed, and the way can be gone again
            log.error("a workspace could not be installed: %s", type(error).__name__)  # noqa: TRY400
            return web.Response(status=503)


def _bolt(request: web.Request) -> AsyncBoltRequest:
    headers: Any = request.headers
    return AsyncBoltRequest(body="", query=request.query_string, headers=headers)


class _Kept(AsyncInstallationStore):
    """Only what sending needs. A person's own token, if Slack gave one, is not kept."""

    def __init__(self, installations: Installations, clock: Callable[[], datetime]) -> None:
        self._installations = installations
        self._clock = clock

    async def async_save(self, installation: Installation) -> None:
        if installation.team_id and installation.bot_token:
            await asyncio.to_thread(self._installations.slack_install, installation.team_id, installation.bot_token, self._clock())

    async def async_save_bot(self, bot: Bot) -> None:
        if bot.team_id and bot.bot_token:
            await asyncio.to_thread(self._installations.slack_install, bot.team_id, bot.bot_token, self._clock())


class _Signed(AsyncOAuthStateStore):
    """A state that proves itself: when it was made, and our signature. Bolt binds it to the browser by a cookie."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    async def async_issue(self, *_: Any, **__: Any) -> str:
        made = f"{int(time.time())}.{secrets.token_urlsafe(16)}"
        return f"{made}.{self._mac(made)}"

    async def async_consume(self, state: str) -> bool:
        made, _, mac = state.rpartition(".")
        stamp = made.partition(".")[0]
        genuine = hmac.compare_digest(self._mac(made).encode(), mac.encode("utf-8", "replace"))
        return genuine and stamp.isdecimal() and 0 <= time.time() - int(stamp) <= WHILE

    def _mac(self, made: str) -> str:
        return hmac.new(self._key, made.encode("utf-8", "replace"), hashlib.sha256).hexdigest()

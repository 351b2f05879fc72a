"""Asks Slack whether the settings are right, for `brokercoach doctor`. Sends nothing to anybody."""

from __future__ import annotations

from collections.abc import Mapping

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack_calls import PATIENCE, Account, settings_faults
from adapters.slack_install import INSTALL
from adapters.slack_manifest import SCOPES

SETTING = "BROKERCOACH_SLACK_BOT_TOKEN"


async def faults(account: Account, installed: Mapping[str, str | None] | None = None) -> list[str]:
    """What is wrong, each with its remedy; nothing when all is well.

    `installed` are the tokens of workspaces that installed the coach, None for one that cannot be read; they count where no bot token is
    set.
    """
    found = settings_faults(account)
    if found:
        return found
    try:
        if account.bot_token:
            found += await _bot(account, account.bot_token, SETTING, "copy it anew from OAuth & Permissions")
        else:
            for team, token in (installed or {}).items():
                found += await _workspace(account, team, token)
        found += await _app(account)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        found.append(f"Slack at {account.api} cannot be reached ({type(error).__name__}); look at the network, or at BROKERCOACH_SLACK_API")
    return found


async def _workspace(account: Account, team: str, token: str | None) -> list[str]:
    anew = f"let somebody there install the app again at {INSTALL}"
    if token is None:
        return [f"the token of workspace {team} cannot be read with this key; bring the key back, or {anew}"]
    return await _bot(account, token, f"the token of workspace {team}", anew, f" in workspace {team}")


async def _bot(account: Account, token: str, which: str, remedy: str, where: str = "") -> list[str]:
    try:
        answer = await AsyncWebClient(token, base_url=account.api, timeout=PATIENCE, retry_handlers=[]).auth_test()
    except SlackApiError as error:
        return [f"Slack refuses {which} ({_code(error)}); {remedy}"]
    granted = set(str(answer.headers.get("x-oauth-scopes", "")).replace(" ", "").split(","))
    missing = [scope for scope in SCOPES if scope not in granted]
    return [f"the Slack app lacks {', '.join(missing)}{where}; paste slack-manifest.yaml again and reinstall the app"] if missing else []


async def _app(account: Account) -> list[str]:
    if not account.app_token:
        return []
    try:
        client = AsyncWebClient(base_url=account.api, timeout=PATIENCE, retry_handlers=[])
        await client.apps_connections_open(app_token=account.app_token)
    except SlackApiError as error:
        return [f"Slack refuses BROKERCOACH_SLACK_APP_TOKEN ({_code(error)}); make one with connections:write under Basic Information"]
    return []


def _code(error: SlackApiError) -> str:
    data = error.response.data if hasattr(error.response, "data") else None
    return str(data.get("error")) if isinstance(data, dict) and data.get("error") else f"status {error.response.status_code}"

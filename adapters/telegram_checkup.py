"""Asks Telegram how things stand with the bot, for `brokercoach doctor`. Changes nothing."""

from __future__ import annotations

import os
from urllib.parse import SplitResult, urlsplit

from telegram import Bot, User, WebhookInfo
from telegram.error import InvalidToken

from adapters.telegram_faults import BROKEN, TOKEN_REFUSED, told
from adapters.telegram_wire import Wire
from bot.door import Refused

PATIENCE = 10.0  # seconds
PORTS = (443, 80, 88, 8443)  # to which Telegram's own servers deliver (core.telegram.org/bots/webhooks)


def fits(webhook: str, api: str) -> None:
    """Raises Refused for an address to which Telegram would deliver nothing. A Bot API server of one's own delivers to any."""
    place = urlsplit(webhook)
    if not place.hostname or place.scheme not in ("https", "http"):
        raise Refused("BROKERCOACH_TELEGRAM_WEBHOOK is no address; it looks like https://coach.example/telegram")
    if api.startswith("https://api.telegram.org") and (place.scheme != "https" or (_port(place) or 443) not in PORTS):
        ports = ", ".join(map(str, PORTS))
        raise Refused(f"BROKERCOACH_TELEGRAM_WEBHOOK must be a public https address; Telegram delivers to the ports {ports}")


def _port(place: SplitResult) -> int | None:
    try:
        return place.port
    except ValueError:
        return -1


async def checkup(token: str, base: str, webhook: str | None) -> str:
    """How the bot is called and takes in. Raises Refused with what is wrong and its remedy."""
    if webhook:
        fits(webhook, base)
    os.environ.setdefault("PTB_TIMEDELTA", "true")
    request = Wire(PATIENCE)
    try:
        bot = Bot(token, base_url=base, request=request)
        me, hook = await bot.get_me(), await bot.get_webhook_info()
    except InvalidToken:
        raise Refused(TOKEN_REFUSED) from None
    except BROKEN as error:
        raise Refused(told(error)) from None
    finally:
        await request.shutdown()
    return _told_of(me, hook, webhook)


def _told_of(me: User, hook: WebhookInfo, webhook: str | None) -> str:
    place = urlsplit(hook.url).hostname  # its path may be somebody's secret
    if hook.url and hook.url != webhook:
        where = "this webhook instead of the one in BROKERCOACH_TELEGRAM_WEBHOOK" if webhook else "a webhook"
        raise Refused(f"{where} is set for @{me.username}: {place}; `brokercoach serve` replaces it, so stop whoever runs there first")
    if hook.last_error_message:
        raise Refused(f"Telegram could not deliver to the webhook at {place}: {hook.last_error_message}; it keeps trying for a day")
    topics = ", with topics" if me.has_topics_enabled else ""
    if not webhook:
        return f"@{me.username} by long polling{topics}"
    return (
        f"@{me.username} by webhook at {place}{topics}" if hook.url else f"@{me.username}{topics}; the webhook will be set when it serves"
    )

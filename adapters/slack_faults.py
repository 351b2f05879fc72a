"""What Slack's answers mean for a letter, in the door's words. Slack's own texts stay out of them."""

from __future__ import annotations

import logging

from slack_sdk.errors import SlackApiError

from bot.door import Later, NotSent, Unreachable

# Error codes of the Web API (docs.slack.dev/reference/methods/chat.postMessage), by what they mean for a letter
_NO_ENTRY = frozenset({"invalid_auth", "account_inactive", "token_revoked", "token_expired", "not_authed", "team_access_not_granted"})
_NOBODY = frozenset(
    {"channel_not_found", "is_archived", "user_not_found", "user_disabled", "user_not_visible", "users_not_found", "cannot_dm_bot"}
    | {"messages_tab_disabled", "not_in_channel", "no_user", "invalid_user_combination"}
)
_MAYBE = frozenset({"fatal_error", "internal_error", "request_timeout", "service_unavailable"})  # Slack: "may have been partly done"
NO_STATUS = frozenset({"unknown_method", "missing_scope", "not_allowed", "feature_not_enabled", "method_not_supported_for_channel_type"})
_BLOCKS = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "invalid_attachments"})

log = logging.getLogger(__name__)


class NoAnswer(Exception):
    """A letter left, and nobody knows whether it arrived."""


class BadBlocks(NotSent):
    """Slack refuses a letter for its layout."""


class Declined(NotSent):
    """Slack's own word that it will not do this, whatever the reason."""


class Refusal(NotSent):
    """A token that opens nothing any more, which says nothing of whom the letter is for."""


def meant(error: SlackApiError) -> Exception:
    """What the answer of a call means for a letter. Slack's own text stays out of it."""
    response = error.response
    status = int(getattr(response, "status_code", None) or getattr(response, "status", None) or 0)
    data = getattr(response, "data", None)
    code = str(data.get("error") or "") if isinstance(data, dict) else ""
    if status == 429 or code in ("ratelimited", "rate_limited"):
        return Later(_seconds(getattr(response, "headers", {}).get("Retry-After")))
    if code in _NO_ENTRY:
        return Refusal(code)
    if code in _NOBODY:
        return Unreachable(code)
    if code in _BLOCKS:
        return BadBlocks(code)
    if status >= 500 or code in _MAYBE or not code:
        return NoAnswer(code or f"status {status}")
    if code == "missing_scope":
        log.error("the Slack app lacks a scope; install it again from slack-manifest.yaml")
    return Declined(code)


def _seconds(header: str | None) -> float:
    try:
        return max(1.0, float(header or 1))
    except ValueError:
        return 1.0

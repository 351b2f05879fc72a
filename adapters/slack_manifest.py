"""The app's manifest, which an operator pastes into Slack: made from what the code listens to and from the English words.

`python -m adapters.slack_manifest` prints it; slack-manifest.yaml beside this project is that text, and a test holds the two together.
"""

from __future__ import annotations

import sys
from typing import Any

import yaml

from adapters.slack_blocks import label
from bot.overview import ACTIONS
from prompts.library import Words, load_library

COMMAND = "/coach"
POINT = "reflect"  # the callback id of the message shortcut
EVENTS = ("app_home_opened", "app_mention", "app_uninstalled", "message.im", "tokens_revoked")
# Nothing that reads a channel's history, and nothing that reads who people are.
SCOPES = ("app_mentions:read", "assistant:write", "chat:write", "commands", "files:read", "files:write", "im:history", "im:write")
ABOUT = 140  # units of the short description


def manifest(words: Words) -> dict[str, Any]:
    """The manifest for Socket Mode, the default; for signed HTTP an operator adds the request URLs (docs/slack.md)."""

    def line(key: str) -> str:
        return words.variants(key)[0]

    prompts = [{"title": line(f"home.{wish}"), "message": line(f"home.{wish}")} for wish in ACTIONS]
    return {
        "display_information": {
            "name": "brokercoach",
            "description": label(line("slack.about"), ABOUT),
            "long_description": " ".join((line("slack.about"), line("home.stranger"), line("privacy.slack"))),
        },
        "features": {
            "app_home": {"home_tab_enabled": True, "messages_tab_enabled": True, "messages_tab_read_only_enabled": False},
            "bot_user": {"display_name": "brokercoach", "always_online": True},
            "agent_view": {"agent_description": line("slack.about"), "suggested_prompts": prompts},
            "shortcuts": [
                {"name": line("slack.shortcut"), "type": "message", "callback_id": POINT, "description": line("slack.shortcut.about")}
            ],
            "slash_commands": [
                {"command": COMMAND, "description": line("slack.command"), "usage_hint": line("slack.command.hint"), "should_escape": True}
            ],
        },
        "oauth_config": {"scopes": {"bot": list(SCOPES)}},
        "settings": {
            "event_subscriptions": {"bot_events": list(EVENTS)},
            "interactivity": {"is_enabled": True},
            "org_deploy_enabled": False,
            "socket_mode_enabled": True,
            "token_rotation_enabled": False,
        },
    }


def as_yaml() -> str:
    head = "# The Slack app's manifest: made by `python -m adapters.slack_manifest`, not by hand. What to do with it: docs/slack.md.\n"
    return head + yaml.safe_dump(manifest(load_library().in_language("en")), allow_unicode=True, sort_keys=False, width=120)


if __name__ == "__main__":
    sys.stdout.write(as_yaml())

"""Where a voice note lies in Slack. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.model import VoiceNote


def note_in(event: Mapping[str, Any], address: str) -> VoiceNote | None:
    """The first sound among the files of a message."""
    for file in event.get("files") or ():
        if isinstance(file, Mapping) and str(file.get("mimetype", "")).startswith("audio/") and file.get("id"):
            seconds = -(-int(file.get("duration_ms") or 0) // 1000)
            return VoiceNote("slack", address, str(file["id"]), seconds, int(file.get("size") or 0))
    return None

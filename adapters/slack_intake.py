"""What Slack sends, as the coach's messages. Pure: payloads in, an Inbound or None out.

Keys: a message is known by its channel and its time, which Slack repeats with every delivery and names when it is edited or deleted;
everything else by what is unique in it. They are hashed with the account's salt, so that nobody's id can be read off them. An address is
team:user, so that a person is the same in whatever channel.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

from adapters.slack_blocks import CHOICE, FEEDBACK
from adapters.slack_home import FIELD, INPUT, WISH
from adapters.slack_notes import note_in
from bot.model import Brought, Inbound

Body = Mapping[str, Any]

_WRITTEN = (None, "file_share", "me_message", "thread_broadcast")  # subtypes of a message that a person wrote


@dataclass(frozen=True, slots=True)
class Spot:
    """Where in Slack a person wrote last: `thread` is set when that was in a thread."""

    channel: str
    ts: str
    thread: str | None


def address(team: str, user: str) -> str:
    return f"{team}:{user}"


def whose(body: Body) -> str | None:
    """The address of whoever pressed, commanded or pointed; None for a payload without a person."""
    user, team = body.get("user"), body.get("team")
    user_id = user.get("id") if isinstance(user, Mapping) else body.get("user_id")
    team_id = team.get("id") if isinstance(team, Mapping) else body.get("team_id")
    if not team_id and isinstance(user, Mapping):
        team_id = user.get("team_id")  # on an Enterprise Grid the team may be empty
    return address(team_id, user_id) if user_id and team_id else None


def of_message(body: Body, now: datetime, salt: bytes = b"") -> Inbound | None:
    """A message event of a private chat; None for what no person wrote, or what changed nothing."""
    event, team = body["event"], body.get("team_id") or ""
    subtype = event.get("subtype")
    if not is_private(event) or not team:
        return None
    if subtype == "message_changed":
        return _edited(body, event, team, now, salt)
    if subtype == "message_deleted":
        return _deleted(event.get("previous_message") or {}, event, team, now, salt)
    if subtype not in _WRITTEN or not _by_person(event):
        return None
    text, brought = words(event.get("text") or ""), _brought(event)
    who = address(team, event["user"])
    return Inbound(
        key=_key(team, event["channel"], event["ts"], salt),
        platform="slack",
        address=who,
        at=_moment(event["ts"], now),
        text=text,
        brought=None if text else brought,
        voice=note_in(event, who) if brought == "voice" and not text else None,
    )


def is_private(event: Body) -> bool:
    """Whether it happened in a private chat; where the kind of channel is not said, its id begins with D."""
    kind = event.get("channel_type")
    return kind == "im" or (kind is None and str(event.get("channel", "")).startswith("D"))


def spot_of(body: Body) -> Spot:
    event = body["event"]
    thread = event.get("thread_ts")
    return Spot(event["channel"], event["ts"], thread if thread != event["ts"] else None)


def _edited(body: Body, event: Body, team: str, now: datetime, salt: bytes) -> Inbound | None:
    message, before = event.get("message") or {}, event.get("previous_message") or {}
    if message.get("subtype") == "tombstone":  # deleted, though its thread lives on
        return _deleted(before, {**event, "deleted_ts": message.get("ts")}, team, now, salt)
    if not _by_person(message) or message.get("text") == before.get("text"):  # Slack unfurled a link, or a thread grew
        return None
    text = words(message.get("text") or "")
    if not text:  # what was written beside a file was taken away, and the file stays
        return None
    of = _key(team, event["channel"], message["ts"], salt)
    edit = (message.get("edited") or {}).get("ts") or body.get("event_id")
    who = address(team, message["user"])
    return Inbound(key=_hashed(f"{of}|{edit}", salt), platform="slack", address=who, at=now, text=text, edits=of)


def _deleted(before: Body, event: Body, team: str, now: datetime, salt: bytes) -> Inbound | None:
    ts = event.get("deleted_ts") or before.get("ts")
    if not _by_person(before) or not ts:
        return None
    of = _key(team, event["channel"], ts, salt)
    return Inbound(key=_hashed(f"{of}|deleted", salt), platform="slack", address=address(team, before["user"]), at=now, deletes=of)


def _by_person(message: Body) -> bool:
    return bool(message.get("user")) and not message.get("bot_id") and message["user"] != "USLACKBOT"


def _brought(event: Body) -> Brought | None:
    files = event.get("files") or ()
    if not files:
        shared = any(each.get("is_share") for each in event.get("attachments") or () if isinstance(each, Mapping))
        return "forward" if shared else None
    return "voice" if any(str(each.get("mimetype", "")).startswith("audio/") for each in files if isinstance(each, Mapping)) else "file"


def of_press(body: Body, now: datetime, salt: bytes = b"") -> Inbound | None:
    """A pressed button or a picked option; None where no choice was made."""
    action, who = body["actions"][0], whose(body)
    picked = action.get("selected_option") or {}
    value = action.get("value") or picked.get("value")
    kind = str(action.get("action_id", "")).partition(":")[0]
    if who is None or not value:
        return None
    place = body.get("container") or {}
    pressed = (who, place.get("message_ts") or place.get("view_id"), action["action_id"], action.get("action_ts"))
    key = _hashed("|".join(map(str, pressed)), salt)
    if kind == CHOICE:
        return Inbound(key=key, platform="slack", address=who, at=now, press=value)
    if kind == WISH:
        return Inbound(key=key, platform="slack", address=who, at=now, wish=value.removeprefix(f"{WISH}:"))
    if kind == FEEDBACK and value == "bad":  # as if they had said that the coach took a wrong turn
        return Inbound(key=key, platform="slack", address=who, at=now, wish="wrong-turn")
    return None


@dataclass(frozen=True, slots=True)
class Chosen:
    """The message whose choice was made, and how the choice was called."""

    channel: str
    ts: str
    label: str = field(repr=False)
    blocks: Sequence[Mapping[str, Any]] = field(repr=False)
    text: str = field(repr=False)


def chosen(body: Body) -> Chosen | None:
    """None where no choice of a message was made, or where Slack does not say of which."""
    action, message, place = body["actions"][0], body.get("message"), body.get("container") or {}
    said = (action.get("selected_option") or action).get("text")
    if str(action.get("action_id", "")).partition(":")[0] != CHOICE or not isinstance(message, Mapping) or not isinstance(said, Mapping):
        return None
    channel, ts, blocks = place.get("channel_id"), place.get("message_ts"), message.get("blocks")
    if not channel or not ts or not isinstance(blocks, list) or not said.get("text"):
        return None
    return Chosen(channel, ts, str(said["text"]), blocks, str(message.get("text") or ""))


def of_command(body: Body, now: datetime, salt: bytes = b"") -> Inbound | None:
    """/coach TEXT is as if TEXT had been written; without a text, as if the chat had been opened."""
    who, text = whose(body), words(body.get("text") or "")
    if who is None:
        return None
    return Inbound(key=_hashed(f"{who}|{body.get('trigger_id')}", salt), platform="slack", address=who, at=now, text=text, opened=not text)


def of_note(body: Body, now: datetime, salt: bytes = b"") -> Inbound | None:
    """The form for a note, sent off."""
    who, view = whose(body), body["view"]
    typed = view["state"]["values"][FIELD][INPUT].get("value") or ""
    return (
        None
        if who is None
        else Inbound(key=_hashed(f"{who}|{view['id']}", salt), platform="slack", address=who, at=now, text=typed, entry=True)
    )


def of_pointing(body: Body, now: datetime, salt: bytes = b"") -> Inbound | None:
    """A message that somebody wants to reflect on; None when it is not their own."""
    who, message = whose(body), body["message"]
    if who is None or not _by_person(message) or message["user"] != body["user"]["id"] or not words(message.get("text") or ""):
        return None
    key = _hashed(f"{who}|{body.get('trigger_id') or body.get('action_ts')}", salt)
    return Inbound(key=key, platform="slack", address=who, at=now, text=words(message["text"]))


def of_opening(who: str, now: datetime, salt: bytes = b"") -> Inbound:
    """Somebody opened the chat for the first time. The key is always the same, so they are greeted once."""
    return Inbound(key=_hashed(f"{who}|opened", salt), platform="slack", address=who, at=now, opened=True)


_MARKED = re.compile(r"<([^<>|]*)(?:\|([^<>]*))?>")


def words(text: str) -> str:
    """What was typed, from Slack's mark-up: links and mentions as they read, escapes undone."""
    return html.unescape(_MARKED.sub(_as_it_reads, text)).strip()


def _as_it_reads(found: re.Match[str]) -> str:
    target, shown = found[1], found[2]
    if target[:1] in ("@", "#"):
        return f"{target[0]}{shown.lstrip('@#') if shown else target[1:]}"
    if target[:1] == "!":
        return shown or f"@{target[1:].partition('^')[0]}"
    return str(shown or target.removeprefix("mailto:"))


def _key(team: str, channel: str, ts: str, salt: bytes) -> str:
    return _hashed(f"{team}|{channel}|{ts}", salt)


def _hashed(text: str, salt: bytes) -> str:
    return blake2b(text.encode("utf-8", "replace"), key=salt[:64], digest_size=12).hexdigest()


def _moment(ts: str, now: datetime) -> datetime:
    """When a message was written, by Slack's clock, but never in our future."""
    try:
        return min(datetime.fromtimestamp(float(ts), UTC), now)
    except (ValueError, OverflowError, OSError):
        return now

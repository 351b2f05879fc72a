"""`brokercoach serve` against a Slack that somebody else wrote: npm's local-slack, by Socket Mode with faults by mitmproxy in between, and
by signed requests.

    python tests/emulators/slack_run.py

Needs node's npm and gcc, a Linux on x64, and a package index once; what is not there is named and skipped. Exit code 1 if an act fails.
The emulator knows no agent surface (suggested prompts, "is thinking"), no limits, no OAuth and no redelivery: for those see
tests/test_slack.py.
"""

from __future__ import annotations

import asyncio
import json
import platform
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import httpx
from rig import (
    HERE,
    Acts,
    Coach,
    Line,
    Skipped,
    coach,
    expect,
    free_port,
    home_in,
    knowledge,
    limited,
    line_to,
    needs,
    npm_package,
    quiet_town,
    staged,
    started,
    until,
)

BOT, APP, SECRET = "xoxb-emulator-token", "xapp-emulator-token", "emulator-signing-secret"
USER = "U01ALICE"
SCENE = "The mayor and the company both came late to the pump meeting and blamed each other for it."
T = TypeVar("T")


@dataclass
class Alice:
    """Somebody at the emulator, in a private chat with the coach."""

    api: str
    coach: Coach
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=20))
    channel: str = USER
    read: int = 0

    def control(self, what: str, **body: Any) -> dict[str, Any]:
        told: dict[str, Any] = self.http.post(f"{self.api}/_control/{what}", json=body).raise_for_status().json()
        assert told.get("ok"), (what, told)
        return told

    def sockets(self) -> int:
        """How many the coach has ever had."""
        log = self.http.get(f"{self.api}/_control/log").raise_for_status().json()["log"]
        return sum("socket connected" in each["summary"] for each in log)

    def connected(self, sockets: int) -> None:
        """The emulator hands nothing over twice, so a socket has to stand before she writes."""
        until(lambda: self.sockets() >= sockets, "the socket", 60)

    def replies(self) -> list[dict[str, Any]]:
        told = self.http.get(f"{self.api}/_control/messages/{self.channel}").raise_for_status().json()
        return [each for each in told["messages"] if each.get("bot_id")]

    def heard(self) -> list[str]:
        """What came since, once there is something and the coach has no more to say."""
        until(lambda: len(self.replies()) > self.read and self.coach.still(), "an answer", 60)
        new = self.replies()[self.read :]
        self.read += len(new)
        return ["\n".join(block["text"]["text"] for block in each.get("blocks", ()) if block["type"] == "section") for each in new]

    def says(self, text: str) -> dict[str, Any]:
        message: dict[str, Any] = self.control("message", channel=self.channel, user=USER, text=text)["message"]
        self.channel = message.get("channel") or self.channel
        return message

    def write(self, text: str) -> str:
        self.says(text)
        return "\n".join(self.heard())

    def offered(self, reply: dict[str, Any]) -> list[dict[str, Any]]:
        rows = [block for block in reply.get("blocks", ()) if block["type"] == "actions"]
        return [{**element, "block_id": row.get("block_id", "")} for row in rows for element in row["elements"]]

    def press(self, label: str) -> str:
        """A button of the last message; it goes away with that."""
        last = self.replies()[-1]
        action = next((each for each in self.offered(last) if label.lower() in each["text"]["text"].lower()), None)
        assert action, f"no button {label!r} among {[each['text']['text'] for each in self.offered(last)]}"
        self.control("interact", channel=self.channel, messageTs=last["ts"], user=USER, action=action)
        said = "\n".join(self.heard())
        gone = lambda: not any(self.offered(each) for each in self.replies() if each["ts"] == last["ts"])  # noqa: E731
        until(gone, "the pressed buttons to go away")
        return said

    def window(self, looks: Callable[[aiohttp.ClientWebSocketResponse, dict[str, Any]], Awaitable[T]]) -> T:
        """Her screen, which speaks over a web socket: what `looks` makes of its state."""

        async def looked() -> T:
            async with aiohttp.ClientSession() as session, session.ws_connect(f"{self.api}/ui") as ws:
                return await looks(ws, json.loads((await ws.receive(20)).data)["state"])

        return asyncio.run(looked())

    def home(self) -> str:
        """Her home page, as it stands."""

        async def views(_: Any, state: dict[str, Any]) -> str:
            return json.dumps(state.get("homeViews") or "", ensure_ascii=False)

        return self.window(views)

    def fills_in(self, values: dict[str, Any]) -> None:
        """Sends off the form that lies open, which then goes away."""

        async def sent(ws: aiohttp.ClientWebSocketResponse, state: dict[str, Any]) -> None:
            assert state.get("modalStack"), "no form is open"
            await ws.send_json({"t": "view_submit", "user": USER, "values": values})
            async with asyncio.timeout(30):
                while json.loads((await ws.receive()).data) != {"t": "view", "stack": []}:
                    continue

        self.window(sent)


# --- what is played


def getting_to_know(alice: Alice) -> None:
    expect(alice.write("hello"), "software", "What shall I call you")
    expect(alice.write("Alice"), "?")
    alice.write(quiet_town())
    expect(alice.press("17:30"), "17:30")
    while offered := alice.offered(alice.replies()[-1]):  # whatever else is asked: its first choice
        alice.press(offered[0]["text"]["text"])
    alice.write("Water for All")
    alice.write("skip")


def reflecting_with_buttons_and_an_edit(alice: Alice) -> None:
    alice.write("reflect")
    alice.press("OK")
    told = alice.says(SCENE)
    alice.heard()
    alice.control("edit-message", channel=alice.channel, ts=told["ts"], user=USER, text="The mayor came late to the pump meeting.")
    expect("\n".join(alice.heard()), "logbook")
    alice.control("delete-message", channel=alice.channel, ts=told["ts"], user=USER)
    expect("\n".join(alice.heard()), "deleted")
    expect(alice.press("Take it out"), "Taken out")
    alice.write("stop")


def asking(alice: Alice) -> None:
    alice.write("one of my partners attacks everyone by email, what do I do?")
    kinds = [block["type"] for block in alice.replies()[-1]["blocks"]]
    assert "context" in kinds, kinds


def the_home_page_and_a_note_that_becomes_no_message(alice: Alice) -> None:
    alice.control("open-home", user=USER)
    until(lambda: "Water for All" in alice.home(), "the home page")
    button = {"type": "button", "action_id": "note", "block_id": "home", "value": "note"}
    alice.control("interact", channel=alice.channel, messageTs=alice.replies()[-1]["ts"], user=USER, action=button)
    until(lambda: alice.window(_open_forms), "the form")
    alice.fills_in({"note": {"text": {"type": "plain_text_input", "value": "The pump was paid twice"}}})
    expect("\n".join(alice.heard()), "logbook")
    until(lambda: "The pump was paid twice" in alice.home(), "the note to show on the home page, which nobody opened anew")


async def _open_forms(_: Any, state: dict[str, Any]) -> int:
    return len(state.get("modalStack") or ())


def the_slash_command(alice: Alice) -> None:
    alice.control("command", channel=alice.channel, user=USER, command="/coach", text="thank you")
    alice.heard()


def asked_to_wait(line: Line, alice: Alice) -> None:
    flood = {"ok": False, "error": "ratelimited"}
    line.fault(path="chat.postMessage", status=429, headers={"Retry-After": "2"}, body=flood)
    began = time.monotonic()
    expect(alice.write("when is my reminder"), "17:30")
    assert time.monotonic() - began >= 2, "it did not wait as long as it was asked to"


def the_connection_broke_before_a_letter_left(line: Line, alice: Alice) -> None:
    line.fault(path="chat.postMessage", kill=True)
    expect(alice.write("who are you"), "software")


def the_answer_to_a_letter_was_lost(line: Line, alice: Alice) -> None:
    line.fault(path="chat.postMessage", kill=True, after=True)
    alice.says("help")
    once, again = alice.heard()
    assert once == again, "Slack has no way to tell, so it comes twice"


def slack_answers_503(line: Line, alice: Alice) -> None:
    line.fault(path="chat.postMessage", status=503, body="<html>upstream</html>")
    expect(alice.write("who are you"), "software")


def the_socket_is_closed_and_refreshed(line: Line, alice: Alice) -> None:
    for what in ({"inject": {"type": "disconnect", "reason": "refresh_requested"}}, {"kill": True}):
        before = alice.sockets()
        line.sockets(**what)
        alice.connected(before + 1)
        expect(alice.write("who are you"), "software")


# --- the emulator


def build(place: Path) -> Path:
    """What keeps the emulator, which listens everywhere, on loopback. Raises Skipped."""
    shim = place / "loopback_bind.so"
    made = ["gcc", "-shared", "-fPIC", "-O2", "-o", str(shim), str(HERE / "loopback_bind.c"), "-ldl"]
    if subprocess.run(made, capture_output=True, check=False, timeout=60).returncode:
        raise Skipped("gcc cannot build what keeps the emulator on loopback")
    return shim


def workspace(place: Path, **how: str) -> Path:
    app = {
        "appId": "A01APP",
        "botUserId": "U0BOT",
        "botName": "brokercoach",
        "botToken": BOT,
        "appToken": APP,
        "signingSecret": SECRET,
        **how,
    }
    users = [{"id": USER, "name": "alice", "real_name": "Alice", "email": "alice@example.com"}]
    file = place / "workspace.yaml"
    domain = {"name": "Test", "domain": "test", "teamId": "T01TEST"}
    file.write_text(json.dumps({"workspace": domain, "apps": [app], "users": users, "channels": []}))
    return file


def playing(stack: ExitStack, place: Path) -> Acts:
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise Skipped("local-slack runs on Linux x64 only")
    needs("npm", "gcc")
    program = npm_package("local-slack-linux-x64", "0.1.8") / "bin" / "local-slack"
    index, shim = knowledge(), build(place)
    limited()
    acts = Acts(place / "coach.log")
    for mode in ("Socket Mode", "signed requests"):
        with ExitStack() as once:
            within(once, acts, place, mode, partial(_emulator, program, shim), index)
    acts.nothing_private_in(BOT, APP, SECRET, "The mayor and the company", "Alice", "paid twice")
    acts.skip("suggested prompts, status, OAuth, redelivery, too many sockets", "the emulator has none; shown by tests/test_slack.py")
    return acts


def _emulator(program: Path, shim: Path, stack: ExitStack, config: Path, log: Path) -> str:
    command = (program, "--config", config, "--base-host", "127.0.0.1")
    env = {"PATH": "/usr/bin:/bin", "LD_PRELOAD": str(shim)}
    return started(stack, lambda port: (*command, "--port", port), "/_control/state", log, env=env)


def within(stack: ExitStack, acts: Acts, place: Path, mode: str, start: Callable[[ExitStack, Path, Path], str], index: Path) -> None:
    own, by_socket = free_port(), mode == "Socket Mode"
    folder = place / mode.replace(" ", "-")
    home, others = home_in(folder, index), folder / "others.log"
    how = {"mode": "socket"} if by_socket else {"mode": "events", "requestUrl": f"http://127.0.0.1:{own}/slack/events"}
    emulator = start(stack, workspace(folder, **how), others)
    line = stack.enter_context(line_to(emulator, others)) if by_socket else Line(emulator)
    trust = {"BROKERCOACH_SLACK_APP_TOKEN": APP} if by_socket else {"BROKERCOACH_SLACK_SIGNING_SECRET": SECRET}
    settings = {"BROKERCOACH_SLACK_BOT_TOKEN": BOT, "BROKERCOACH_SLACK_API": f"{line.address}/api/", **trust}
    alice = Alice(emulator, stack.enter_context(coach(home, place / "coach.log", own, **settings)))
    if by_socket:
        alice.connected(1)
    acts.play(f"getting to know each other, by {mode}", lambda: getting_to_know(alice))
    acts.play("a reflection with buttons, an answer edited, then deleted", lambda: reflecting_with_buttons_and_an_edit(alice))
    acts.play("a question, with its sources below", lambda: asking(alice))
    acts.play("the home page, and a note that becomes no message", lambda: the_home_page_and_a_note_that_becomes_no_message(alice))
    acts.play("the slash command", lambda: the_slash_command(alice))
    if not by_socket:
        return
    for act in (
        asked_to_wait,
        the_connection_broke_before_a_letter_left,
        the_answer_to_a_letter_was_lost,
        slack_answers_503,
        the_socket_is_closed_and_refreshed,
    ):
        name = act.__name__.replace("_", " ")
        if line.missing:
            acts.skip(name, f"{line.missing}; shown by tests/test_slack.py instead")
        else:
            acts.play(name, partial(act, line, alice))


if __name__ == "__main__":
    raise SystemExit(staged("Slack", playing))

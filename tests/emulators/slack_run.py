"""`brokercoach serve` against a Slack that somebody else wrote: npm's local-slack, by Socket Mode and by signed requests.

    python tests/emulators/slack_run.py

Needs node's npm and gcc, a Linux on x64, and a package index once; what is not there is named and skipped. The package goes to
.emulators in the project (or BROKERCOACH_EMULATORS); everything listens on 127.0.0.1 and is ended by its own id. Exit code 1 if a
step fails. The emulator knows no agent surface (suggested prompts, "is thinking"), no limits, no OAuth and no redelivery: for those
see tests/test_slack.py.
"""

from __future__ import annotations

import asyncio
import json
import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

HERE = Path(__file__).parent
PROJECT = HERE.parent.parent
PLACE = Path(os.environ.get("BROKERCOACH_EMULATORS", PROJECT / ".emulators"))
PACKAGE, VERSION = "local-slack-linux-x64", "0.1.8"
BOT, APP, SECRET = "xoxb-emulator-token", "xapp-emulator-token", "emulator-signing-secret"
USER = "U01ALICE"


class Skipped(Exception):
    """Something is not there on this machine; the message says what."""


def install() -> tuple[Path, Path]:
    """The emulator, and what keeps it on loopback. Raises Skipped."""
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise Skipped(f"{PACKAGE} runs on Linux x64 only")
    for tool in ("npm", "gcc"):
        if not shutil.which(tool):
            raise Skipped(f"{tool} is not installed")
    PLACE.mkdir(exist_ok=True)
    program = PLACE / "node_modules" / PACKAGE / "bin" / "local-slack"
    if not program.is_file():
        print(f"installing {PACKAGE}@{VERSION} into {PLACE}", file=sys.stderr)
        quiet = ["--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error"]
        command = ["npm", "install", *quiet, "--prefix", str(PLACE), f"{PACKAGE}@{VERSION}"]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            raise Skipped(f"npm cannot install {PACKAGE}@{VERSION}: no network, or no such package in the registry that npm asks")
    shim = PLACE / "loopback_bind.so"
    made = ["gcc", "-shared", "-fPIC", "-O2", "-o", str(shim), str(HERE / "loopback_bind.c"), "-ldl"]
    if subprocess.run(made, capture_output=True, check=False).returncode:
        raise Skipped("gcc cannot build what keeps the emulator on loopback")
    return program, shim


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(command: list[str], log: Path, **env: str) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, cwd=log.parent, env={**os.environ, **env})
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()


@dataclass
class Alice:
    """Somebody at the emulator, in a private chat with the coach."""

    base: str
    http: aiohttp.ClientSession
    channel: str = USER
    seen: int = 0

    async def control(self, what: str, **body: Any) -> dict[str, Any]:
        async with self.http.post(f"{self.base}/_control/{what}", json=body) as answer:
            told: dict[str, Any] = await answer.json()
            assert told.get("ok"), (what, told)
            return told

    async def say(self, text: str) -> tuple[dict[str, Any], str]:
        """What she wrote, and what the coach answered."""
        message = (await self.control("message", channel=self.channel, user=USER, text=text))["message"]
        self.channel = message.get("channel") or self.channel
        return message, await self.heard()

    async def press(self, label: str) -> str:
        last = (await self.theirs())[-1]
        for block in last["blocks"]:
            for element in block.get("elements", ()) if block["type"] == "actions" else ():
                if element["type"] == "button" and label in element["text"]["text"]:
                    action = {**element, "block_id": block.get("block_id", "")}
                    await self.control("interact", channel=self.channel, messageTs=last["ts"], user=USER, action=action)
                    return await self.heard()
        raise AssertionError(f"no button {label!r} in {[block['type'] for block in last['blocks']]}")

    async def theirs(self) -> list[dict[str, Any]]:
        async with self.http.get(f"{self.base}/_control/messages/{self.channel}") as answer:
            return [each for each in (await answer.json())["messages"] if each.get("bot_id")]

    async def heard(self, seconds: float = 240) -> str:
        """The coach's next words; the first may have to wait for the index."""
        end = time.monotonic() + seconds
        while len(found := await self.theirs()) <= self.seen:
            assert time.monotonic() < end, f"no answer within {seconds:g} s"
            await asyncio.sleep(0.1)
        await asyncio.sleep(0.3)
        found = await self.theirs()
        new, self.seen = found[self.seen :], len(found)
        return "\n".join(block["text"]["text"] for each in new for block in each.get("blocks", ()) if block["type"] == "section")

    @asynccontextmanager
    async def window(self) -> AsyncIterator[tuple[aiohttp.ClientWebSocketResponse, dict[str, Any]]]:
        """What her screen shows: the emulator's own page speaks this way."""
        async with self.http.ws_connect(f"{self.base}/ui") as ws:
            yield ws, json.loads((await ws.receive()).data)["state"]

    async def state(self, holds: Callable[[dict[str, Any]], Any], what: str) -> Any:
        end = time.monotonic() + 20
        while True:
            async with self.window() as (_, state):
                if found := holds(state):
                    return found
            assert time.monotonic() < end, what
            await asyncio.sleep(0.2)


async def walk(alice: Alice) -> None:
    """Each step prints what it showed. Raises AssertionError."""

    def step(what: str) -> None:
        print(f"    {what}", flush=True)

    _, said = await alice.say("hello")
    assert "software" in said, said
    _, said = await alice.say("Alice")
    assert "?" in said
    await alice.say("Nairobi")
    await alice.press("17:30")
    await alice.press("right")
    await alice.press("outside")
    await alice.say("Water for All")
    await alice.say("skip")
    step("onboarding, by words and buttons")

    await alice.say("reflect")
    await alice.press("OK")
    told, _ = await alice.say("The mayor and the company both came late to the pump meeting and blamed each other for it.")
    await alice.control("edit-message", channel=alice.channel, ts=told["ts"], user=USER, text="The mayor came late to the pump meeting.")
    said = await alice.heard()
    assert "logbook" in said, said
    step("a reflection with buttons, and an answer that was edited")
    await alice.control("delete-message", channel=alice.channel, ts=told["ts"], user=USER)
    said = await alice.heard()
    assert "deleted" in said, said
    said = await alice.press("Take it out")
    assert "Taken out" in said, said
    await alice.say("stop")
    step("an answer whose message was deleted, taken out of the logbook")

    _, said = await alice.say("one of my partners attacks everyone by email, what do I do?")
    last = (await alice.theirs())[-1]
    assert any(block["type"] == "context" for block in last["blocks"]), last
    step("a question, with its sources below")

    await alice.control("open-home", user=USER)
    home = await alice.state(lambda state: state.get("homeViews") and json.dumps(state["homeViews"]), "no home page")
    assert "Water for All" in home, home
    step("the home page")

    await alice.control("command", channel=alice.channel, user=USER, command="/coach", text="thank you")
    await alice.heard()
    step("the slash command")


@asynccontextmanager
async def emulated(program: Path, shim: Path, place: Path, mode: str) -> AsyncIterator[tuple[Alice, Path]]:
    port, own = free_port(), free_port()
    base = f"http://127.0.0.1:{port}"
    app = {"appId": "A01APP", "botUserId": "U0BOT", "botName": "brokercoach", "botToken": BOT, "appToken": APP, "signingSecret": SECRET}
    app |= {"mode": "socket"} if mode == "socket" else {"mode": "events", "requestUrl": f"http://127.0.0.1:{own}/slack/events"}
    users = [{"id": USER, "name": "alice", "real_name": "Alice", "email": "alice@example.com"}]
    workspace = {"name": "Test", "domain": "test", "teamId": "T01TEST"}
    config = place / "workspace.yaml"
    config.write_text(json.dumps({"workspace": workspace, "apps": [app], "users": users, "channels": []}))
    settings = {
        "BROKERCOACH_HOME": str(place / "home"),
        "BROKERCOACH_SLACK_BOT_TOKEN": BOT,
        "BROKERCOACH_SLACK_API": f"{base}/api/",
        "BROKERCOACH_PORT": str(own),
        "PYTHONPATH": str(PROJECT),
    }
    settings |= {"BROKERCOACH_SLACK_APP_TOKEN": APP} if mode == "socket" else {"BROKERCOACH_SLACK_SIGNING_SECRET": SECRET}
    slack = [str(program), "--config", str(config), "--port", str(port), "--base-host", "127.0.0.1"]
    async with AsyncExitStack() as stack:
        stack.enter_context(running(slack, place / "slack.log", LD_PRELOAD=str(shim)))
        http = await stack.enter_async_context(aiohttp.ClientSession())
        await answers(http, f"{base}/_control/state")
        log = place / "coach.log"
        stack.enter_context(running([sys.executable, "-m", "bot", "serve"], log, **settings))
        await answers(http, f"http://127.0.0.1:{own}/livez")
        if mode == "socket":
            await asyncio.sleep(1)  # the emulator hands nothing over twice, so the socket has to stand before she writes
        yield Alice(base, http), log


async def answers(http: aiohttp.ClientSession, url: str) -> None:
    end = time.monotonic() + 60
    while True:
        try:
            async with http.get(url) as answer:
                if answer.status < 500:
                    return
        except aiohttp.ClientError:
            pass
        assert time.monotonic() < end, f"nothing at {url}"
        await asyncio.sleep(0.1)


def main() -> int:
    try:
        program, shim = install()
    except Skipped as why:
        print(f"slack: skipped, {why}")
        return 0
    failed = 0
    for mode in ("socket", "signed requests"):
        print(f"slack by {mode}")
        with tempfile.TemporaryDirectory() as folder:

            async def one(mode: str = mode, place: Path = Path(folder)) -> None:
                async with emulated(program, shim, place, mode) as (alice, log):
                    try:
                        await walk(alice)
                    except BaseException:
                        print(log.read_text(errors="replace")[-2000:], file=sys.stderr)
                        raise

            try:
                asyncio.run(one())
            except (AssertionError, aiohttp.ClientError) as error:
                failed += 1
                print(f"    FAILED: {error or type(error).__name__}")
    print("slack: skipped, for the emulator has none of it: suggested prompts, status, limits, OAuth, redelivery, too many sockets")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

"""`brokercoach serve` against a Bot API that somebody else wrote: npm's telegram-test-api, with faults by mitmproxy in between.

    python tests/emulators/telegram_run.py

Needs node and npm, and a package index once; what is not there is named and skipped. The packages go to .emulators in the project
(or BROKERCOACH_EMULATORS); everything listens on 127.0.0.1 and is ended by its own id. Exit code 1 if a step fails.
"""

from __future__ import annotations

import html
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

HERE = Path(__file__).parent
PROJECT = HERE.parent.parent
PLACE = Path(os.environ.get("BROKERCOACH_EMULATORS", PROJECT / ".emulators"))
SERVER = "telegram-test-api@4.2.1"
PROXY = "mitmproxy==11.0.2"  # in an environment of its own: its pins fit nobody else's
TOKEN = "666:AAemulatoremulatoremulatoremulator-_"  # noqa: S105 - nobody's


class Skipped(Exception):
    """Something is not there on this machine; the message says what."""


def install() -> tuple[Path, Path | None, str]:
    """The folder of the emulator, mitmdump, and why there is none. Raises Skipped."""
    for tool in ("node", "npm"):
        if not shutil.which(tool):
            raise Skipped(f"{tool} is not installed")
    PLACE.mkdir(exist_ok=True)
    if not (PLACE / "node_modules" / "telegram-test-api").is_dir():
        print(f"installing {SERVER} into {PLACE}", file=sys.stderr)
        done = subprocess.run(
            ["npm", "install", "--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error", "--prefix", PLACE, SERVER],
            capture_output=True,
            check=False,
        )
        if done.returncode:
            raise Skipped(f"npm cannot install {SERVER}: no network, or no such package in the registry that npm asks")
    mitmdump = PLACE / "mitm" / "bin" / "mitmdump"
    if not mitmdump.is_file():
        print(f"installing {PROXY} into {PLACE}", file=sys.stderr)
        pip = [PLACE / "mitm" / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", PROXY]
        for command in ([sys.executable, "-m", "venv", PLACE / "mitm"], pip):
            if subprocess.run(command, capture_output=True, check=False).returncode:
                return PLACE, None, f"pip cannot install {PROXY}"
    return PLACE, mitmdump, ""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(true: Callable[[], Any], what: str, seconds: float = 30) -> Any:
    end = time.monotonic() + seconds
    while not (found := true()):
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds:g} s for {what}")
        time.sleep(0.05)
    return found


@contextmanager
def running(*command: Any, log: Path, **more: Any) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("ab") as file, subprocess.Popen(list(map(str, command)), stdout=file, stderr=file, **more) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


@dataclass
class Person:
    """Somebody in a private chat with the bot: writes, presses, edits, and reads what comes."""

    api: str
    number: int
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=20))
    read: int = 0

    def _say(self, route: str, **more: Any) -> None:
        me = {"id": self.number, "first_name": "Aisha", "is_bot": False}
        chat = {"id": self.number, "type": "private", "first_name": "Aisha"}
        body = {"botToken": TOKEN, "from": me, "chat": chat, "date": int(time.time()), **more}
        self.http.post(f"{self.api}/{route}", json=body).raise_for_status()

    def _history(self) -> list[dict[str, Any]]:
        return self.http.post(f"{self.api}/getUpdatesHistory", json={"token": TOKEN}).json()["result"]

    def replies(self) -> list[dict[str, Any]]:
        return [each for each in self._history() if str(each.get("message", {}).get("chat_id")) == str(self.number)]

    def own(self, text: str) -> int:
        """The number of the last message of mine that says this."""
        mine = [each["messageId"] for each in self._history() if each.get("message", {}).get("text") == text]
        return int(mine[-1])

    def reply(self) -> str:
        """The next message that has not been read yet."""
        replies = until(lambda: (found := self.replies())[self.read :] and found, "a reply")
        self.read += 1
        return html.unescape(replies[self.read - 1]["message"]["text"])

    def silence(self, seconds: float) -> bool:
        time.sleep(seconds)
        return len(self.replies()) == self.read

    def write(self, text: str) -> str:
        if text.startswith("/"):
            self._say("sendCommand", text=text, entities=[{"type": "bot_command", "offset": 0, "length": len(text)}])
        else:
            self._say("sendMessage", text=text)
        return self.reply()

    def edit(self, text: str, new: str) -> str:
        self._say("sendMessage", text=new, edit_of=self.own(text))
        return self.reply()

    def press(self, label: str) -> str:
        last = self.replies()[self.read - 1]
        buttons = [button for row in last["message"].get("reply_markup", {}).get("inline_keyboard", []) for button in row]
        data = next((button["callback_data"] for button in buttons if label.lower() in button["text"].lower()), None)
        assert data, f"no button {label!r} among {[button['text'] for button in buttons]}"
        chat = {"id": self.number, "type": "private", "first_name": "Aisha"}
        self._say("sendCallback", data=data, message={"message_id": last["messageId"], "chat": chat, "date": int(time.time()), "text": "?"})
        return self.reply()


@dataclass
class Stage:
    """The emulator, the proxy if there is one, and the coach's own settings."""

    emulator: str
    proxy: str | None
    home: Path
    log: Path

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("BROKERCOACH_", "PYTHON"))}
        own = {"BROKERCOACH_HOME": str(self.home), "BROKERCOACH_TELEGRAM_TOKEN": TOKEN, "BROKERCOACH_PORT": "0", "PYTHONPATH": str(PROJECT)}
        api = {"BROKERCOACH_TELEGRAM_API": self.proxy or self.emulator}
        return kept | own | api

    def read_the_cards(self) -> None:
        """Once, so that no reply waits for it."""
        command = [sys.executable, "-m", "bot", "search", "hello"]
        subprocess.run(command, cwd=self.home, env=self._environment(), capture_output=True, check=True)

    @contextmanager
    def coach(self, **more: str) -> Iterator[subprocess.Popen[bytes]]:
        environment = self._environment() | more
        with running(sys.executable, "-m", "bot", "serve", log=self.log, cwd=self.home, env=environment) as process:
            yield process

    def fault(self, **fault: Any) -> None:
        httpx.post(f"{self.proxy}/__faults", json=fault).raise_for_status()


def expect(text: str, *parts: str) -> None:
    for part in parts:
        assert part.lower() in text.lower(), f"{part!r} is not in: {text}"


# --- what is played


def getting_to_know(aisha: Person) -> None:
    expect(aisha.write("/start"), "I'm brokercoach", "Telegram carries our messages", "What shall I call you")
    aisha.write("Aisha")
    expect(aisha.write("Nairobi"), "?")
    expect(aisha.press("17:30"), "17:30")
    aisha.press("1.")
    aisha.press("1.")
    aisha.write("Water")
    aisha.write("1")
    aisha.write("no")


def reflecting_with_buttons_and_an_edit(aisha: Person) -> None:
    aisha.write("/reflect")
    aisha.press("ok")
    scene = "The mayor and the company sat at one table at last"
    aisha.write(scene)
    expect(aisha.edit(scene, f"{scene}, with <tea> & maps"), "Changed in your logbook")
    aisha.write("They may trust the minutes more than each other")
    aisha.write("skip")
    expect(aisha.write("/logbook"), "with <tea> & maps")


def asking(aisha: Person) -> None:
    answer = aisha.write("one of my partners attacks everyone by email, what do I do?")
    expect(answer, "[1]", "<blockquote expandable>", "?")


def an_old_button_does_nothing(aisha: Person) -> None:
    chat = {"id": aisha.number, "type": "private", "first_name": "Aisha"}
    aisha._say("sendCallback", data="crossing.energy:low", message={"message_id": 1, "chat": chat, "date": int(time.time()), "text": "?"})
    expect(aisha.reply(), "earlier question")


def deleting(aisha: Person) -> None:
    expect(aisha.write("/delete"), "eras")


def faults(stage: Stage, aisha: Person) -> None:
    flood = {"ok": False, "error_code": 429, "description": "Too Many Requests", "parameters": {"retry_after": 1}}
    stage.fault(path="sendMessage", status=429, body=flood)
    expect(aisha.write("hello"), "?")
    stage.fault(path="getUpdates", status=502, body="<html>Bad Gateway</html>", times=3)
    expect(aisha.write("when is my reminder"), "17:30")
    stage.fault(path="getUpdates", kill=True, after=True)
    expect(aisha.write("who are you"), "software")
    stage.fault(path="sendMessage", kill=True, after=True)
    first = aisha.write("help")
    expect(aisha.reply(), first[:40])  # the answer was lost, so it came twice
    stage.fault(
        path="getUpdates",
        status=409,
        body={"ok": False, "error_code": 409, "description": "Conflict: terminated by other getUpdates request"},
    )
    expect(aisha.write("thanks"), "")


def main() -> int:
    failed = 0
    try:
        place, mitmdump, why = install()
    except Skipped as skipped:
        print(f"skipped  Telegram against telegram-test-api: {skipped}")
        return 0
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="brokercoach-emulator-")))
        log, port, through = home / "log", free_port(), free_port()
        stack.enter_context(running("node", HERE / "telegram_server.js", port, place, log=log))
        proxy = None
        if mitmdump:
            addon = HERE / "fault_addon.py"
            options = ["--mode", f"reverse:http://127.0.0.1:{port}", "--listen-host", "127.0.0.1", "-p", through, "-s", addon, "-q"]
            stack.enter_context(running(mitmdump, *options, "--set", f"confdir={home}", log=log))
            proxy = f"http://127.0.0.1:{through}"
        stage = Stage(f"http://127.0.0.1:{port}", proxy, home, log)
        for address in filter(None, (stage.emulator, stage.proxy)):
            until(lambda: _answers(address), f"the server at {address}")  # noqa: B023 - used at once

        stage.read_the_cards()

        def play(name: str, act: Callable[[], None]) -> None:
            nonlocal failed
            began = time.monotonic()
            try:
                act()
                print(f"ok       {name} ({time.monotonic() - began:.1f} s)")
            except (AssertionError, httpx.HTTPError) as fault:
                failed += 1
                print(f"FAILED   {name}: {fault}")

        aisha = Person(stage.emulator, 4711)
        with stage.coach():
            play("getting to know each other", lambda: getting_to_know(aisha))
            play("a reflection with buttons, and an answer that is edited", lambda: reflecting_with_buttons_and_an_edit(aisha))
            play("a question, answered with its sources", lambda: asking(aisha))
            play("a button of an earlier question", lambda: an_old_button_does_nothing(aisha))
            if stage.proxy:
                play("429, 502, 409, an answer lost on each side", lambda: faults(stage, aisha))
            else:
                print(f"skipped  faults: {why}")
        aisha._say("sendMessage", text="who are you")
        with stage.coach():
            play("a message from while the coach was down", lambda: expect(aisha.reply(), "software"))
            play("erasing", lambda: deleting(aisha))
        hook = free_port()
        where = {"BROKERCOACH_TELEGRAM_WEBHOOK": f"http://127.0.0.1:{hook}/telegram", "BROKERCOACH_PORT": str(hook)}
        with stage.coach(**where):
            until(lambda: _answers(f"http://127.0.0.1:{hook}/livez"), "the webhook's server")
            time.sleep(1.0)  # until the webhook is set, which the emulator does not show
            play("by webhook, with its secret", lambda: expect(Person(stage.emulator, 4712).write("/start"), "I'm brokercoach"))
        written = log.read_text(errors="replace")
        play("no token and no words in the log", lambda: _clean(written))
        if failed:
            print(written[-4000:], file=sys.stderr)
    print("not played: voice, files, groups, topics (the emulator has none); they are tested against the project's own fake")
    return 1 if failed else 0


def _answers(address: str) -> bool:
    try:
        return httpx.get(address, timeout=2).status_code < 600
    except httpx.HTTPError:
        return False


def _clean(log: str) -> None:
    for private in (TOKEN.partition(":")[2], "The mayor and the company", "Aisha"):
        assert private not in log, "the log holds what it must not"


if __name__ == "__main__":
    raise SystemExit(main())

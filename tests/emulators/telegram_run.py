"""`brokercoach serve` against a Bot API that somebody else wrote: npm's telegram-test-api, with faults by mitmproxy in between.

    python tests/emulators/telegram_run.py

Needs node and npm, and a package index once; what is not there is named and skipped. Exit code 1 if an act fails. The emulator knows no
voice, files, groups or topics: for those see tests/test_telegram.py.
"""

from __future__ import annotations

import html
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from rig import (
    HERE,
    Acts,
    Coach,
    Line,
    coach,
    expect,
    free_port,
    home_in,
    knowledge,
    limited,
    line_to,
    node,
    npm_package,
    quiet_town,
    staged,
    started,
    until,
)

TOKEN = "666:AAemulatoremulatoremulatoremulator-_"  # noqa: S105 - nobody's
SCENE = "The mayor and the company sat at one table at last"


@dataclass
class Person:
    """Somebody in a private chat with the bot: writes, presses, edits, and reads what comes."""

    api: str
    number: int
    coach: Coach
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=20))
    read: int = 0

    def _say(self, route: str, **more: Any) -> None:
        me = {"id": self.number, "first_name": "Aisha", "is_bot": False}
        body = {"botToken": TOKEN, "from": me, "chat": self._chat, "date": int(time.time()), **more}
        self.http.post(f"{self.api}/{route}", json=body).raise_for_status()

    @property
    def _chat(self) -> dict[str, Any]:
        return {"id": self.number, "type": "private", "first_name": "Aisha"}

    def _history(self) -> list[dict[str, Any]]:
        told: list[dict[str, Any]] = self.http.post(f"{self.api}/getUpdatesHistory", json={"token": TOKEN}).json()["result"]
        return told

    def replies(self) -> list[dict[str, Any]]:
        return [each for each in self._history() if str(each.get("message", {}).get("chat_id")) == str(self.number)]

    def heard(self) -> list[str]:
        """What came since, once there is something and the coach has no more to say."""
        until(lambda: len(self.replies()) > self.read and self.coach.still(), "an answer", 60)
        new = self.replies()[self.read :]
        self.read += len(new)
        return [html.unescape(each["message"]["text"]) for each in new]

    def write(self, text: str) -> str:
        if text.startswith("/"):
            self._say("sendCommand", text=text, entities=[{"type": "bot_command", "offset": 0, "length": len(text)}])
        else:
            self._say("sendMessage", text=text)
        return "\n".join(self.heard())

    def edit(self, text: str, new: str) -> str:
        mine = [each["messageId"] for each in self._history() if each.get("message", {}).get("text") == text]
        self._say("sendMessage", text=new, edit_of=int(mine[-1]))
        return "\n".join(self.heard())

    def offered(self, reply: dict[str, Any]) -> list[dict[str, Any]]:
        return [button for row in reply["message"].get("reply_markup", {}).get("inline_keyboard", []) for button in row]

    def press(self, label: str) -> str:
        """A button of the last message; it goes away with that."""
        last = self.replies()[-1]
        data = next((each["callback_data"] for each in self.offered(last) if label.lower() in each["text"].lower()), None)
        assert data, f"no button {label!r} among {[each['text'] for each in self.offered(last)]}"
        said = self.touch(data, last["messageId"])
        gone = lambda: not any(self.offered(each) for each in self.replies() if each["messageId"] == last["messageId"])  # noqa: E731
        until(gone, "the pressed buttons to go away")
        return said

    def touch(self, data: str, message: int) -> str:
        self._say("sendCallback", data=data, message={"message_id": message, "chat": self._chat, "date": int(time.time()), "text": "?"})
        return "\n".join(self.heard())


# --- what is played


def getting_to_know(aisha: Person) -> None:
    expect(aisha.write("/start"), "I'm brokercoach", "Telegram carries our messages", "What shall I call you")
    aisha.write("Aisha")
    expect(aisha.write(quiet_town()), "?")
    expect(aisha.press("17:30"), "17:30")
    while aisha.offered(aisha.replies()[-1]):  # whatever else is asked: its first choice
        aisha.press("1.")
    aisha.write("Water")
    aisha.write("skip")


def reflecting_with_buttons_and_an_edit(aisha: Person) -> None:
    aisha.write("/reflect")
    aisha.press("ok")
    aisha.write(SCENE)
    expect(aisha.edit(SCENE, f"{SCENE}, with <tea> & maps"), "Changed in your logbook")
    aisha.write("They may trust the minutes more than each other")
    aisha.write("skip")
    expect(aisha.write("/logbook"), "with <tea> & maps")


def asking(aisha: Person) -> None:
    expect(aisha.write("one of my partners attacks everyone by email, what do I do?"), "[1]", "<blockquote expandable>", "?")


def an_old_button_does_nothing(aisha: Person) -> None:
    expect(aisha.touch("crossing.energy:low", 1), "earlier question")


def asked_to_wait(line: Line, aisha: Person) -> None:
    flood = {"ok": False, "error_code": 429, "description": "Too Many Requests", "parameters": {"retry_after": 2}}
    line.fault(path="sendMessage", status=429, body=flood)
    began = time.monotonic()
    expect(aisha.write("hello"), "?")
    assert time.monotonic() - began >= 2, "it did not wait as long as it was asked to"


def telegram_is_away(line: Line, aisha: Person) -> None:
    line.fault(path="getUpdates", status=502, body="<html>Bad Gateway</html>", times=2)
    expect(aisha.write("when is my reminder"), "17:30")
    line.fault(path="getUpdates", kill=True)
    expect(aisha.write("who are you"), "software")


def the_updates_were_lost_on_the_way(line: Line, aisha: Person) -> None:
    line.fault(path="getUpdates", kill=True, after=True)
    expect(aisha.write("who are you"), "software")


def the_answer_to_a_letter_was_lost(line: Line, aisha: Person) -> None:
    line.fault(path="sendMessage", kill=True, after=True)
    aisha._say("sendMessage", text="help")
    once, again = aisha.heard()
    expect(again, once[:40])  # Telegram has no way to tell, so it came twice


def another_program_polls(line: Line, aisha: Person) -> None:
    conflict = {"ok": False, "error_code": 409, "description": "Conflict: terminated by other getUpdates request"}
    line.fault(path="getUpdates", status=409, body=conflict)
    expect(aisha.write("who are you"), "software")


def erasing(aisha: Person) -> None:
    expect(aisha.write("/delete"), "eras")
    expect(aisha.press("1."), "Erased: entries: 1")


def playing(stack: ExitStack, place: Path) -> Acts:
    program, package = node(), npm_package("telegram-test-api", "4.2.1")
    home, log, others = home_in(place, knowledge()), place / "coach.log", place / "others.log"
    limited()
    emulator = started(stack, lambda port: (program, HERE / "telegram_server.js", port, package.parents[1]), "", others)
    line = stack.enter_context(line_to(emulator, others))
    serve = partial(coach, home, log, BROKERCOACH_TELEGRAM_TOKEN=TOKEN, BROKERCOACH_TELEGRAM_API=line.address)
    acts = Acts(log)
    with serve() as serving:
        aisha = Person(emulator, 4711, serving)
        acts.play("getting to know each other", lambda: getting_to_know(aisha))
        acts.play("a reflection with buttons, and an answer that is edited", lambda: reflecting_with_buttons_and_an_edit(aisha))
        acts.play("a question, answered with its sources", lambda: asking(aisha))
        acts.play("a button of an earlier question", lambda: an_old_button_does_nothing(aisha))
        for act in (
            asked_to_wait,
            telegram_is_away,
            the_updates_were_lost_on_the_way,
            the_answer_to_a_letter_was_lost,
            another_program_polls,
        ):
            name = act.__name__.replace("_", " ")
            if line.missing:
                acts.skip(name, f"{line.missing}; shown by tests/test_telegram.py instead")
            else:
                acts.play(name, partial(act, line, aisha))
    aisha._say("sendMessage", text="who are you")
    with serve() as serving:
        aisha.coach = serving
        acts.play("a message from while the coach was down", lambda: expect("\n".join(aisha.heard()), "software"))
        acts.play("erasing", lambda: erasing(aisha))
    hook = free_port()
    with serve(hook, BROKERCOACH_TELEGRAM_WEBHOOK=f"http://127.0.0.1:{hook}/telegram") as serving:
        until(lambda: httpx.get(f"{emulator}/bot{TOKEN}/getWebhookInfo").json()["result"]["url"], "the webhook to be set", 60)
        acts.play("by webhook, with its secret", lambda: expect(Person(emulator, 4712, serving).write("/start"), "I'm brokercoach"))
    acts.nothing_private_in(TOKEN.partition(":")[2], "The mayor and the company", "Aisha")
    acts.skip("voice, files, groups, topics", "the emulator has none; shown by tests/test_telegram.py")
    return acts


if __name__ == "__main__":
    raise SystemExit(staged("Telegram", playing))

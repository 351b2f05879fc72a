"""The chat API of OpenAI on loopback, as far as the coach uses it, in whatever mood a test wants. Keeps every byte that arrives."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Worded = Callable[[dict[str, Any]], dict[str, Any]]


def worded(data: dict[str, Any]) -> dict[str, Any]:
    """A sound answer: the composed reply's own parts, said slightly otherwise."""
    composed = data["composed"]
    options = [
        {
            "number": option["number"],
            "offer": f"One way: {option['offer'][0].lower()}{option['offer'][1:]}",
            "price": option["price"],
            "because": " ".join(option["offer"].split()[:5]),
        }
        for option in composed["options"]
    ]
    return {
        "mirror": "It sounds as though a good deal hangs on this for you." if composed["mirror"] else "",
        "options": options,
        "question": "What would be a first sign that it moves?",
        "cards": [card["id"] for card in data["cards"][:1]],
        "step": "",
        "guide": "",
        "safety": "none",
    }


def untagged(data: dict[str, Any]) -> dict[str, Any]:
    """That nothing of what is offered fits."""
    return {"tags": [], "safety": "none"}


def waiting(data: dict[str, Any]) -> dict[str, Any]:
    """That a message in another language says that everybody waits."""
    return {"english": "they all wait for me and nothing moves unless I push it", "safety": "none"}


def warmed(lead: str, **parts: Callable[[dict[str, Any]], Any]) -> Worded:
    """A letter or a month said with one sentence before it; `parts` spoil what a test wants spoilt, out of what was composed."""

    def answer(data: dict[str, Any]) -> dict[str, Any]:
        told = data["composed"]
        warm = {"mirror": f"{lead} {told['mirror']}", "question": told["question"], "cards": []}
        return worded(data) | warm | {name: part(told) for name, part in parts.items()}

    return answer


@dataclass
class FakeModel:
    """`mood` is one for all requests, or one for each in turn, the last staying. `answer` words the reply when the mood is ok."""

    mood: str | list[str] = "ok"
    answer: Worded = worded
    picks: list[str] = field(default_factory=list)
    tags: Worded = untagged
    gist: Worded = waiting
    slow: float = 0.0
    bodies: list[bytes] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    reached: threading.Event = field(default_factory=threading.Event)
    may_go: threading.Event = field(default_factory=threading.Event)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def received(self) -> str:
        """Everything that arrived, as text."""
        return "\n".join([*self.heads, *(json.dumps(json.loads(body), ensure_ascii=False) for body in self.bodies)])

    def asked(self, number: int = -1) -> dict[str, Any]:
        """The data of a request."""
        content = json.loads(self.bodies[number])["messages"][1]["content"]
        found: dict[str, Any] = json.loads(re.fullmatch(r"(==\w+==)\n(.*)\n\1", content, re.DOTALL)[2])  # type: ignore[index]
        return found

    def answered(self) -> dict[str, Any]:
        """What it says to the latest request: a wording; where cards are to be chosen, which; what an entry or a message is about."""
        data = self.asked()
        if "offered" in data:
            return self.tags(data)
        if "message" in data:
            return self.gist(data)
        return {"cards": self.picks} if "candidates" in data else self.answer(data)

    def next_mood(self) -> str:
        if isinstance(self.mood, str):
            return self.mood
        return self.mood.pop(0) if len(self.mood) > 1 else self.mood[0]


@contextmanager
def fake_model(**more: Any) -> Iterator[FakeModel]:
    fake = FakeModel(**more)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *args: Any) -> None:
            pass

        def do_GET(self) -> None:
            self.do_POST()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            fake.heads.append(f"{self.command} {self.path} {self.headers}")
            fake.bodies.append(body or b"{}")
            _answer(self, fake, fake.next_mood())

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign] - a reader that has hung up is what some moods are for
    fake.port = server.server_address[1]
    threading.Thread(target=lambda: server.serve_forever(0.02), daemon=True).start()
    try:
        yield fake
    finally:
        fake.may_go.set()
        server.shutdown()
        server.server_close()


def _answer(handler: BaseHTTPRequestHandler, fake: FakeModel, mood: str) -> None:
    if fake.slow:
        time.sleep(fake.slow)
    if mood == "waits":
        fake.reached.set()
        fake.may_go.wait(30)
        mood = "ok"
    if mood == "timeout":
        fake.may_go.wait(30)
        return
    if mood == "reset":
        handler.close_connection = True
        handler.connection.close()
        return
    if mood.isdigit():
        _send(handler, int(mood), json.dumps({"error": {"message": "no", "type": "x", "code": "x"}}).encode(), "application/json")
        return
    if mood == "html":
        _send(handler, 200, b"<html><body>Welcome to the hotel's wireless</body></html>", "text/html")
        return
    if mood == "empty":
        _send(handler, 200, b"", "application/json")
        return
    if mood == "half":
        whole = _completion(json.dumps(fake.answered()))
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(whole)))
        handler.end_headers()
        handler.wfile.write(whole[: len(whole) // 2])
        handler.close_connection = True
        return
    content = {
        "garbage": lambda: "{'mirror': so sorry, ]",
        "nothing": lambda: "",
        "megabyte": lambda: json.dumps(fake.answer(fake.asked()) | {"mirror": "very " * 210_000}),
    }.get(mood, lambda: json.dumps(fake.answered()))()
    _send(handler, 200, _completion(content, refusal="I cannot help with that." if mood == "refusal" else None), "application/json")


def _completion(content: str, refusal: str | None = None) -> bytes:
    message = {"role": "assistant", "content": None if refusal else content, "refusal": refusal}
    usage = {"prompt_tokens": 900, "completion_tokens": 100, "total_tokens": 1000}
    choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
    told = {"id": "c1", "object": "chat.completion", "created": 1, "model": "fake", "choices": [choice], "usage": usage}
    return json.dumps(told).encode()


def _send(handler: BaseHTTPRequestHandler, status: int, body: bytes, kind: str) -> None:
    handler.send_response(status)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)

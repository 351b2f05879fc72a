"""The language model's door against an endpoint that somebody else wrote: npm's @copilotkit/aimock, for chat and for transcription.

    python tests/emulators/model_run.py

Needs node's npm, and a package index once; what is not there is named and skipped. Exit code 1 if a step fails. What a model makes of a
prompt it cannot tell: its answers are those that our own fake gave to the same request.
"""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent.parent), str(HERE.parent)]

from rig import Acts, limited, node, npm_package, staged, started  # noqa: E402

PACKAGE, VERSION = "@copilotkit/aimock", "1.43.0"
OLDEST = (20, 15)  # of node that it asks for
STORY = "Wanjiru signed without telling the partners and now the clinic feels cheated"
SPOKEN = "they all wait for me"
# how the endpoint may fail, by what is told to the emulator
FAULTS: dict[str, tuple[str, dict[str, Any]]] = {
    "a refused key": ("/error", {"status": 401, "body": {"message": "bad key", "type": "invalid_request_error"}}),
    "a limit of the provider": ("/chaos", {"rateLimitRate": 1}),
    "errors of the server": ("/chaos", {"dropRate": 1}),
    "answers that are no JSON": ("/chaos", {"malformedRate": 1}),
    "a line that is cut": ("/chaos", {"disconnectRate": 1}),
    "answers that come too late": ("/chaos", {"latencyMs": 4000}),
}


def tell(base: str, path: str, body: Any = None, method: str = "POST") -> Any:
    answer = httpx.request(method, f"{base}/__aimock{path}", json=body, timeout=10).raise_for_status()
    return answer.json() if answer.content else None


async def rehearsed(folder: Path) -> tuple[str, str]:
    """What a sound model would answer to the request for the story, and the composed reply to it."""
    from fake_model import fake_model, worded
    from model_house import house_of, model_at

    # in which also the libraries are loaded: on a busy machine that alone may take as long as a person would wait
    with fake_model() as fake, house_of(folder / "rehearsed", [model_at(fake.url, timeout=60)], patience=120) as house:
        house.known("aisha")
        await house.say("aisha", STORY)
        answer = json.dumps(worded(fake.asked()))
    with house_of(folder / "plain", []) as house:
        house.known("aisha", agrees=False)
        return answer, await house.say("aisha", STORY)


async def without_consent(base: str, folder: Path, composed: str) -> None:
    from model_house import house_of, model_at

    with house_of(folder / "without", [model_at(f"{base}/v1", timeout=3)]) as house:
        house.known("ben", agrees=False)
        assert await house.say("ben", STORY) == composed
    assert tell(base, "/journal", method="GET") == []


async def worded(base: str, folder: Path) -> None:
    from model_house import house_of, model_at

    with house_of(folder / "up", [model_at(f"{base}/v1", timeout=3)]) as house:
        house.known("aisha")
        said = await house.say("aisha", STORY)
    assert said.startswith("It sounds as though a good deal hangs on this"), said
    sent = tell(base, "/journal", method="GET")
    assert len(sent) == 1
    assert "Wanjiru" not in json.dumps(sent)


async def failing(base: str, folder: Path, composed: str, path: str, fault: dict[str, Any]) -> None:
    from model_house import house_of, model_at

    tell(base, path, fault)
    with house_of(folder / next(iter(fault)), [model_at(f"{base}/v1", timeout=1.5)]) as house:
        house.known("aisha")
        said = await house.say("aisha", STORY)
    tell(base, "/chaos", method="DELETE")
    assert said.endswith(composed), said


async def listening(base: str) -> None:
    from bot.transcribing import OpenAI

    assert await OpenAI("whisper-1", f"{base}/v1", "sk-none").text_of(b"OggS and more") == SPOKEN


def play(stack: ExitStack, place: Path) -> Acts:
    runs, program = node(OLDEST), npm_package(PACKAGE, VERSION) / "dist" / "cli.js"
    limited()
    log = place / "coach.log"
    acts = Acts(log)
    fixtures = place / "fixtures.json"
    fixtures.write_text(
        json.dumps({"fixtures": [{"match": {"endpoint": "transcription"}, "response": {"transcription": {"text": SPOKEN}}}]})
    )
    options = ("-h", "127.0.0.1", "-f", fixtures, "--log-level", "warn")
    base = started(stack, lambda port: (runs, program, *options, "-p", port), "/__aimock/journal", log)
    answer, composed = asyncio.run(rehearsed(place))
    tell(base, "/fixtures", {"fixtures": [{"match": {"userMessage": "they_wrote"}, "response": {"content": answer}}]})
    acts.play("without consent nothing leaves", lambda: asyncio.run(without_consent(base, place, composed)))
    acts.play("a reply is worded, and no name leaves", lambda: asyncio.run(worded(base, place)))
    for what, (path, fault) in FAULTS.items():
        failed = failing(base, place, composed, path, fault)
        acts.play(f"{what}: the composed reply comes", lambda failed=failed: asyncio.run(failed))
    acts.play("a voice note is turned into text", lambda: asyncio.run(listening(base)))
    return acts


if __name__ == "__main__":
    sys.exit(staged("the language model", play))

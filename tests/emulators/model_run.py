"""The language model's door against an endpoint that somebody else wrote: npm's @copilotkit/aimock, for chat and for transcription.

    python tests/emulators/model_run.py

Needs node's npm, and a package index once; what is not there is named and skipped. The package goes to .emulators in the project (or
BROKERCOACH_EMULATORS); it listens on 127.0.0.1 and is ended by its own id. Exit code 1 if a step fails. What a model makes of a prompt it
cannot tell: its answers are those our own fake gave to the same request.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

HERE = Path(__file__).parent
PROJECT = HERE.parent.parent
sys.path[:0] = [str(PROJECT), str(HERE.parent)]
PLACE = Path(os.environ.get("BROKERCOACH_EMULATORS", PROJECT / ".emulators"))
PACKAGE, VERSION = "@copilotkit/aimock", "1.43.0"
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


class Skipped(Exception):
    """Something is not there on this machine; the message says what."""


def install() -> Path:
    """The emulator's program. Raises Skipped."""
    for tool in ("npm", "node"):
        if not shutil.which(tool):
            raise Skipped(f"{tool} is not installed")
    place = PLACE / "aimock"
    program = place / "node_modules" / PACKAGE / "dist" / "cli.js"
    if not program.is_file():
        place.mkdir(parents=True, exist_ok=True)
        print(f"installing {PACKAGE}@{VERSION} into {place}", file=sys.stderr)
        quiet = ["--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error"]
        command = ["npm", "install", *quiet, "--prefix", str(place), f"{PACKAGE}@{VERSION}"]
        if subprocess.run(command, capture_output=True, check=False, timeout=240).returncode or not program.is_file():
            raise Skipped(f"npm cannot install {PACKAGE}@{VERSION}: no network, or no such package in the registry that npm asks")
    return program


@contextmanager
def running(program: Path, folder: Path) -> Iterator[str]:
    """The address of the emulator."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    fixtures = folder / "fixtures.json"
    fixtures.write_text(
        json.dumps({"fixtures": [{"match": {"endpoint": "transcription"}, "response": {"transcription": {"text": SPOKEN}}}]})
    )
    command = ["node", str(program), "-h", "127.0.0.1", "-p", str(port), "-f", str(fixtures), "--log-level", "warn"]
    with (folder / "aimock.log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log, cwd=folder) as process:
        base = f"http://127.0.0.1:{port}"
        try:
            end = time.monotonic() + 30
            while True:
                try:
                    httpx.get(f"{base}/__aimock/journal", timeout=2)
                    break
                except httpx.HTTPError:
                    if time.monotonic() > end or process.poll() is not None:
                        raise Skipped("aimock does not start here") from None
                    time.sleep(0.1)
            yield base
        finally:
            process.terminate()


def tell(base: str, path: str, body: Any = None, method: str = "POST") -> Any:
    answer = httpx.request(method, f"{base}/__aimock{path}", json=body, timeout=10).raise_for_status()
    return answer.json() if answer.content else None


async def rehearsed(folder: Path) -> tuple[str, str]:
    """What a sound model would answer to the request for the story, and the composed reply to it."""
    from fake_model import fake_model, worded
    from model_house import house_of, model_at

    with fake_model() as fake, house_of(folder / "rehearsed", [model_at(fake.url)]) as house:
        house.known("aisha")
        await house.say("aisha", STORY)
        answer = json.dumps(worded(fake.asked()))
    with house_of(folder / "plain", []) as house:
        house.known("aisha", agrees=False)
        return answer, await house.say("aisha", STORY)


async def played(base: str, folder: Path) -> None:
    from model_house import house_of, model_at

    from bot.transcribing import OpenAI

    answer, composed = await rehearsed(folder)
    tell(base, "/fixtures", {"fixtures": [{"match": {"userMessage": "they_wrote"}, "response": {"content": answer}}]})
    with house_of(folder / "up", [model_at(f"{base}/v1", timeout=3)]) as house:
        house.known("ben", agrees=False)
        assert await house.say("ben", STORY) == composed
        assert tell(base, "/journal", method="GET") == []
        print("ok       without consent nothing leaves")
        house.known("aisha")
        said = await house.say("aisha", STORY)
        assert said.startswith("It sounds as though a good deal hangs on this"), said
        sent = tell(base, "/journal", method="GET")
        assert len(sent) == 1
        assert "Wanjiru" not in json.dumps(sent)
        print("ok       a reply is worded, and no name left")
    for what, (path, fault) in FAULTS.items():
        tell(base, path, fault)
        with house_of(folder / what, [model_at(f"{base}/v1", timeout=1.5)]) as house:
            house.known("aisha")
            said = await house.say("aisha", STORY)
            assert said.endswith(composed), f"{what}: {said}"
        tell(base, "/chaos", method="DELETE")
        print(f"ok       {what}: the composed reply comes")
    assert await OpenAI("whisper-1", f"{base}/v1", "sk-none").text_of(b"OggS and more") == SPOKEN
    print("ok       a voice note is turned into text")


def main() -> int:
    try:
        program = install()
        with TemporaryDirectory(prefix="brokercoach-emulator-") as folder, running(program, Path(folder)) as base:
            asyncio.run(asyncio.wait_for(played(base, Path(folder)), 150))
    except Skipped as why:
        print(f"skipped  the language model against aimock: {why}")
        return 0
    except (AssertionError, TimeoutError, httpx.HTTPError) as fault:
        print(f"FAILED   {fault or type(fault).__name__}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

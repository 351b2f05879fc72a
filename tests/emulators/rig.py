"""What the runs against emulators share: packages, processes on loopback, faults on the line, the coach itself, and what held.

Packages go to .emulators in the project (or BROKERCOACH_EMULATORS). Everything listens on 127.0.0.1 and is ended by its own id.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

HERE = Path(__file__).parent
PROJECT = HERE.parent.parent
PLACE = Path(os.environ.get("BROKERCOACH_EMULATORS", PROJECT / ".emulators"))
PROXY = "mitmproxy==11.0.2"  # in an environment of its own: its pins fit nobody else's
NODE = ("node", "22.23.3")  # npm's own package of it, for what the system's is too old for
ASKING, INSTALLING = 45, 240  # seconds that a package index may take for a word, and for a package
READING = 900  # seconds that the cards may take where their index is to be built
LIMIT = 300  # seconds for everything that is played
PORTS = 3  # tries to get a port that is still free when it is taken

FAULTS = (AssertionError, httpx.HTTPError, OSError, subprocess.SubprocessError)  # an act did not hold, or its people could not act


class Skipped(Exception):
    """Something is not to be had on this machine; the message says what."""


class TooLong(BaseException):
    """The whole run did not end in time. Not an Exception, so that no act takes it for a fault of its own."""


def needs(*tools: str) -> None:
    for tool in tools:
        if not shutil.which(tool):
            raise Skipped(f"{tool} is not installed")


def npm_package(name: str, version: str) -> Path:
    """Its folder. Raises Skipped."""
    place = PLACE / f"{name}-{version}"  # each in a place of its own, for npm takes away what it did not install itself
    folder = place / "node_modules" / name
    if not folder.is_dir():
        what, quiet = f"{name}@{version}", ("--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error")
        asked = ("npm", "view", what, "version", "--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-timeout=15000")
        _install(what, [*asked], ASKING)  # where no index answers, npm would go on trying for minutes
        _install(what, ["npm", "install", *quiet, "--prefix", place, what])
    return folder


def node(at_least: tuple[int, int] = (18, 0)) -> Path:
    """A program that is new enough: the system's, or else npm's own. Raises Skipped."""
    needs("node", "npm")
    told = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False, timeout=60).stdout
    found = tuple(map(int, re.findall(r"\d+", told)[:2]))
    return Path("node") if found >= at_least else npm_package(*NODE) / "bin" / "node"


def mitmdump() -> Path:
    """Raises Skipped."""
    program = PLACE / "mitm" / "bin" / "mitmdump"
    if not program.is_file():
        _install(PROXY, [sys.executable, "-m", "venv", PLACE / "mitm"])
        _install(PROXY, [program.with_name("python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", PROXY])
    return program


def _install(what: str, command: list[Any], seconds: int = INSTALLING) -> None:
    print(f"{what}: up to {seconds} s for a package index", file=sys.stderr)
    PLACE.mkdir(parents=True, exist_ok=True)
    try:
        done = subprocess.run(list(map(str, command)), capture_output=True, check=False, timeout=seconds, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        raise Skipped(f"{what} could not be had within {seconds} s") from None
    if done.returncode:
        raise Skipped(f"{what} cannot be installed: no network, or no such package in the index that is asked")


def knowledge() -> Path:
    """A home with the index, built at most once: the tests' own where they have run. Raises Skipped."""
    cached = PROJECT / ".pytest_cache" / "d" / "knowledge"
    home = cached if (cached / "index").is_dir() else PLACE / "knowledge"
    home.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "bot", "search", "hello"]
    try:
        subprocess.run(command, cwd=home, env=_environment(BROKERCOACH_HOME=str(home)), capture_output=True, check=True, timeout=READING)
    except subprocess.TimeoutExpired:
        raise Skipped(f"the index was not built within {READING} s") from None
    return home / "index"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(true: Callable[[], Any], what: str, seconds: float = 30) -> Any:
    end = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < end, f"waited {seconds:g} s for {what}"
        time.sleep(0.05)
    return found


def answers(address: str) -> bool:
    try:
        return httpx.get(address, timeout=2).status_code < 600
    except httpx.HTTPError:
        return False


@contextmanager
def running(*command: Any, log: Path, **more: Any) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("ab") as file, subprocess.Popen(list(map(str, command)), stdout=file, stderr=file, cwd=log.parent, **more) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()


def started(stack: ExitStack, command: Callable[[int], Sequence[Any]], path: str, log: Path, **more: Any) -> str:
    """The address of a program that takes a port and answers at `path`; another port is tried where somebody else was quicker."""
    for _ in range(PORTS):
        address = f"http://127.0.0.1:{(port := free_port())}"
        process = stack.enter_context(running(*command(port), log=log, **more))
        until(lambda: process.poll() is not None or answers(f"{address}{path}"), f"{command(port)[0]} to start", 60)  # noqa: B023 - used at once
        if process.poll() is None:
            return address
    raise AssertionError(f"{command(0)[0]} ended by itself:\n{log.read_text(errors='replace')[-1000:]}")


# --- the coach


def _environment(**settings: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("BROKERCOACH_", "PYTHON"))}
    return kept | {"PYTHONPATH": str(PROJECT)} | settings


@dataclass
class Coach:
    """A running `brokercoach serve`."""

    address: str

    def still(self) -> bool:
        """Whether nothing that came in waits for its turn, and no letter waits to leave."""
        counted = httpx.get(f"{self.address}/metrics", timeout=10).text
        waiting = re.findall(r"^brokercoach_(?:inbox_undone|outbox_unsent) (\S+)$", counted, re.MULTILINE)
        return len(waiting) == 2 and not any(map(float, waiting))


@contextmanager
def coach(home: Path, log: Path, port: int = 0, **settings: str) -> Iterator[Coach]:
    """Serves until the block ends; `port` 0 takes any."""
    before = log.stat().st_size if log.exists() else 0
    environment = _environment(BROKERCOACH_HOME=str(home), BROKERCOACH_PORT=str(port), **settings)
    with running(sys.executable, "-m", "bot", "serve", log=log, env=environment) as process:

        def address() -> str | None:
            assert process.poll() is None, "the coach ended by itself"
            said = log.read_bytes()[before:].decode(errors="replace")
            found = re.search(r"health and metrics at (http://\S+)", said)
            return found[1] if found else None

        serving = Coach(until(address, "the coach to serve", 120))
        yield serving


# --- faults on the line


@dataclass
class Line:
    """Between the coach and an emulator, with a script of faults; where mitmproxy cannot be had, a plain one, and `missing` says why."""

    address: str
    missing: str = ""

    def fault(self, **fault: Any) -> None:
        """fault_addon.py says what there is."""
        httpx.post(f"{self.address}/__faults", json=fault, timeout=10).raise_for_status()

    def sockets(self, **what: Any) -> None:
        """Does something to the open web sockets."""
        httpx.post(f"{self.address}/__sockets", json=what, timeout=10).raise_for_status()


@contextmanager
def line_to(emulator: str, log: Path) -> Iterator[Line]:
    try:
        program = mitmdump()
    except Skipped as why:
        yield Line(emulator, str(why))
        return
    fixed = ("--mode", f"reverse:{emulator}", "--listen-host", "127.0.0.1", "-s", HERE / "fault_addon.py", "-q")
    with ExitStack() as stack:
        command = (program, *fixed, "--set", f"confdir={log.parent}")
        yield Line(started(stack, lambda port: (*command, "-p", port), "/__faults", log))


# --- what is played


def quiet_town() -> str:
    """Where 17:30, the hour of the reminder, is not now."""
    return "Lima" if datetime.now(UTC).hour == 14 else "Nairobi"


def expect(text: str, *parts: str) -> None:
    for part in parts:
        assert part.lower() in text.lower(), f"{part!r} is not in: {text}"


class Acts:
    """Plays one act after the other, and says of each whether it held."""

    def __init__(self, log: Path) -> None:
        self.failed = ""  # the names of the acts that did
        self._log = log

    def play(self, name: str, act: Callable[[], object]) -> None:
        began = time.monotonic()
        try:
            act()
        except FAULTS as fault:
            self.failed = ", ".join(filter(None, (self.failed, name)))
            print(f"FAILED   {name}: {fault or type(fault).__name__}", flush=True)
        else:
            print(f"ok       {name} ({time.monotonic() - began:.1f} s)", flush=True)

    def skip(self, name: str, why: str) -> None:
        print(f"skipped  {name}: {why}", flush=True)

    def nothing_private_in(self, *private: str) -> None:
        written = self._log.read_text(errors="replace")
        self.play("no token and no words in the log", lambda: _clean(written, private))


def _clean(written: str, private: tuple[str, ...]) -> None:
    assert not any(each in written for each in private), "the log holds what it must not"


def staged(platform: str, play: Callable[[ExitStack, Path], Acts]) -> int:
    """The exit code: 0 where all held or nothing could be played, 1 where something failed or the time was up."""
    with TemporaryDirectory(prefix="brokercoach-emulator-") as folder:
        try:
            with ExitStack() as stack:
                failed = play(stack, Path(folder)).failed
        except Skipped as why:
            print(f"skipped  {platform} against its emulator: {why}")
            return 0
        except TooLong:
            failed = f"not done within {LIMIT} s"
        except FAULTS as fault:
            failed = str(fault) or type(fault).__name__
        finally:
            signal.alarm(0)
        if not failed:
            return 0
        print(f"FAILED   {platform}: {failed}", flush=True)
        for log in sorted(Path(folder).rglob("*.log")):
            print(f"--- {log.name}\n{log.read_text(errors='replace')[-4000:]}", file=sys.stderr)
        return 1


def limited() -> None:
    """From here on the run has LIMIT seconds; whatever hangs then is ended, and counts as a failure."""

    def up(*_: Any) -> None:
        raise TooLong

    for number in (signal.SIGALRM, signal.SIGTERM):
        signal.signal(number, up)
    signal.alarm(LIMIT)


def home_in(place: Path, index: Path) -> Path:
    """A home where nobody has been yet, with the index."""
    home = place / "home"
    home.mkdir(parents=True)
    (home / "index").symlink_to(index)
    return home

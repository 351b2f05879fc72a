"""What the tests share: the real library, store and knowledge, and a guard that lets nobody out of this machine."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from bot.manager import Finder
from bot.model import Inbound
from prompts.library import Library, load_library
from storage.store import Store

# What a shell starts in the background ignores Ctrl-C, and so would every process that a test starts and interrupts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


# Tests do not time: whichever example comes first compiles the patterns of a language, which takes a second.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(autouse=True, scope="session")
def no_network() -> Iterator[None]:
    """Connections leave for loopback and unix sockets only."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and str(address[0]) not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"a test reached for the network: {address!r}")
        connect(self, address)

    socket.socket.connect = guarded  # type: ignore[method-assign]
    yield
    socket.socket.connect = connect  # type: ignore[method-assign]


def waiting(store: Store, key: str) -> Inbound | None:
    """The message of a key, as its turn gets it; None when it is done or unknown."""
    person = dict(store.pending()).get(key)
    return None if person is None else store.gather(person, key).inbound


@pytest.fixture(scope="session")
def library() -> Library:
    return load_library()


@pytest.fixture(scope="session")
def knowledge_home(request: pytest.FixtureRequest) -> Path:
    """A home whose index is built once and kept in pytest's cache; it is built anew when the cards change."""
    return Path(request.config.cache.mkdir("knowledge"))


@pytest.fixture(scope="session")
def finder(knowledge_home: Path) -> Finder:
    from knowledge.search import Finder as Search

    return Search.open(knowledge_home)


@pytest.fixture(scope="session")
def found(finder: Finder) -> Callable[[], Finder]:
    """The finder as the manager takes it: a call that gives it."""
    return lambda: finder


# --- the real program, started as a process

PROJECT = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Ran:
    """What a process left: its exit code and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


@contextmanager
def own_logging() -> Iterator[None]:
    """Logging as at the start of a process; what is set up inside ends with the block."""
    root, known = logging.getLogger(), [each for each in logging.root.manager.loggerDict.values() if isinstance(each, logging.Logger)]
    handlers, levels = root.handlers, {each: each.level for each in (root, *known)}
    root.handlers = []
    try:
        yield
    finally:
        root.handlers = handlers
        for each in (root, *(each for each in logging.root.manager.loggerDict.values() if isinstance(each, logging.Logger))):
            each.setLevel(levels.get(each, logging.NOTSET))


@dataclass(frozen=True, slots=True)
class Home:
    """A home for the program, and the ways to start it there: without the settings, colours and width of whoever runs the tests."""

    path: Path
    bytecode: Path  # kept over the runs of the tests: a start takes half as long with it

    @property
    def place(self) -> Path:
        """The folder the program is started in."""
        return self.path.parent

    @property
    def database(self) -> Path:
        return self.path / "brokercoach.db"

    @property
    def key(self) -> Path:
        return self.path / "key"

    def env(self, **more: str) -> dict[str, str]:
        ours = ("BROKERCOACH_", "PYTHON", "LC_", "COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "LANG", "TERM", "VIRTUAL_ENV")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        own = {"HOME": str(self.place), "BROKERCOACH_HOME": str(self.path), "LANG": "C.UTF-8", "TERM": "xterm-256color"}
        python = {"PYTHONPATH": str(PROJECT), "PYTHONPYCACHEPREFIX": str(self.bytecode)}
        return kept | own | python | more

    def start(self, *args: str, before: str = "", **more: Any) -> subprocess.Popen[bytes]:
        """Starts `brokercoach ARGS`; `before` is Python that the process runs first, about itself."""
        program = [sys.executable, "-m", "bot", *args]
        if before:
            lines = ["import runpy, sys", before, "sys.argv[0] = 'brokercoach'", "runpy.run_module('bot', run_name='__main__')"]
            program = [sys.executable, "-c", "\n".join(lines), *args]
            more["env"] = {"PYTHONDONTWRITEBYTECODE": "1"} | more.get("env", {})  # a limited process would leave half of it for the others
        environment = self.env(**more.pop("env", {}))
        pipe = subprocess.PIPE
        return subprocess.Popen(program, cwd=self.place, env=environment, **({"stdin": pipe, "stdout": pipe, "stderr": pipe} | more))

    def run(self, *args: str, typed: str | bytes = "", before: str = "", **env: str) -> Ran:
        """Runs `brokercoach ARGS` to its end, with `typed` on its input.

        In a process of its own where that tells: a talk is left while threads run, and Python reads some variables at its start only.
        Elsewhere within this one, for a start costs more than most commands.
        """
        apart = args[:1] in (("chat",), ("serve",)) or before or any(name.startswith(("PYTHON", "LC_", "TMPDIR")) for name in env)
        if not apart:
            return self._run_here(args, typed.encode() if isinstance(typed, str) else typed, env)
        with self.start(*args, before=before, env=env) as process:
            try:
                out, err = process.communicate(typed.encode() if isinstance(typed, str) else typed, timeout=120)
            finally:
                process.kill()
        encoding = env.get("PYTHONIOENCODING", "utf-8")
        return Ran(process.returncode, out.decode(encoding), err.decode(encoding))

    def run_apart(self, *args: str) -> Ran:
        """The same in a process of its own, whatever the command."""
        with self.start(*args) as process:
            out, err = process.communicate(timeout=120)
        return Ran(process.returncode, out.decode(), err.decode())

    def _run_here(self, args: tuple[str, ...], typed: bytes, env: dict[str, str]) -> Ran:
        from bot.cli import KNOWLEDGE, run

        for thread in threading.enumerate():
            if thread.name == KNOWLEDGE:  # while one is at work the program leaves at once, and here that would be pytest
                thread.join()
        stdin, stdout, stderr = (TextIOWrapper(BytesIO(sent), "utf-8", write_through=True) for sent in (typed, b"", b""))
        before = sys.argv, sys.stdin, dict(os.environ)
        code: Any = 0
        with chdir(self.place), redirect_stdout(stdout), redirect_stderr(stderr), own_logging():
            try:
                sys.argv, sys.stdin = ["brokercoach", *args], stdin
                os.environ.clear()
                os.environ.update(self.env(**env))
                run()
            except SystemExit as end:
                code = end.code
            finally:
                os.environ.clear()
                sys.argv, sys.stdin, kept = before
                os.environ.update(kept)
        out, err = (stream.buffer.getvalue().decode() for stream in (stdout, stderr))  # type: ignore[attr-defined]
        return Ran(code or 0, out, err)

    def chat(self, *lines: str, person: str = "me", **env: str) -> Ran:
        return self.run("chat", "--person", person, typed="".join(f"{line}\n" for line in lines), **env)

    @contextmanager
    def store(self) -> Iterator[Store]:
        store = Store.open(f"sqlite:///{self.database}", self.key)
        try:
            yield store
        finally:
            store.close()

    def digest(self) -> dict[str, str]:
        """What stands in the database and the key, as a proof that nobody touched them."""
        return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in (self.database, self.key) if file.is_file()}


@pytest.fixture(scope="session")
def bytecode(request: pytest.FixtureRequest) -> Path:
    return Path(request.config.cache.mkdir("bytecode"))


@pytest.fixture(scope="session")
def reading(tmp_path_factory: pytest.TempPathFactory, bytecode: Path, knowledge_home: Path, finder: Finder) -> Home:
    """A home with the tests' own index, for whatever only reads it."""
    home = Home(tmp_path_factory.mktemp("reading") / "home", bytecode)
    home.path.mkdir()
    (home.path / "index").symlink_to(knowledge_home / "index")
    return home


@pytest.fixture
def fresh(tmp_path: Path, bytecode: Path) -> Home:
    """A home where nobody ever was: no database, no key, no index."""
    return Home(tmp_path / "home", bytecode)


def with_index(path: Path, knowledge_home: Path, bytecode: Path) -> Home:
    """A home with a copy of the index that the tests share; only the model's graph, 90 MB that never change, is linked."""
    index = path / "index"
    shutil.copytree(knowledge_home / "index", index, ignore=shutil.ignore_patterns("*.onnx"))
    for graph in (knowledge_home / "index").glob("*.onnx"):
        (index / graph.name).symlink_to(graph)
    return Home(path, bytecode)


@pytest.fixture
def new_home(tmp_path: Path, bytecode: Path, knowledge_home: Path, finder: Finder) -> Callable[[str], Home]:
    """Makes homes with a built index where nobody has been yet."""
    return lambda name: with_index(tmp_path / name, knowledge_home, bytecode)


@pytest.fixture
def home(new_home: Callable[[str], Home]) -> Home:
    """A home with a built index where nobody has been yet."""
    return new_home("home")

"""With a Chroma server instead of the embedded one, everything is found alike; without it, the remedy is named and words go on.

The server is a real `chroma run` that this test starts on a free port of loopback, and nobody else's.
"""

from __future__ import annotations

import contextlib
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

pytest.importorskip("onnxruntime")

from knowledge import chroma
from knowledge.card import CARDS
from knowledge.documents import change, kept, root_of
from knowledge.embedder import Embedder
from knowledge.index import IndexDown
from knowledge.ingest import gather
from knowledge.search import Finder

COMMAND = Path(sys.executable).with_name("chroma")
if not COMMAND.exists():
    pytest.skip(f"there is no {COMMAND}", allow_module_level=True)

FEW = ("attacks-by-email", "trust-takes-time", "key-person-leaves", "drifting-apart-pause", "keeping-a-logbook")
MESSAGES = (
    "he sends nasty mails to everybody",
    "they do not trust each other",
    "which headings does a logbook have?",
    "what is the capital of Peru",
)
CHAIR = "The chair of the steering group changes every year. Nobody holds the chair twice in a row, so that no partner owns the meetings."
ASKED = "who will chair the steering group next year?"


@dataclass(frozen=True, slots=True)
class Server:
    url: str
    process: subprocess.Popen[bytes]

    def names(self) -> set[str]:
        import chromadb

        with chromadb.HttpClient(host="127.0.0.1", port=int(self.url.rsplit(":", 1)[1])) as client:
            return {collection.name for collection in client.list_collections()}

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


def free_port() -> int:
    with contextlib.closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def started(folder: Path) -> Server:
    """A server that answers, and keeps in `folder` what it is told: so it is ours."""
    port = free_port()
    process = subprocess.Popen(
        [str(COMMAND), "run", "--host", "127.0.0.1", "--port", str(port), "--path", str(folder)],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    server = Server(f"http://127.0.0.1:{port}", process)
    deadline = time.monotonic() + 60
    while True:
        assert process.poll() is None, "the server has ended"
        assert time.monotonic() < deadline, "the server does not answer"
        with contextlib.suppress(chroma.Unreadable):
            chroma.reach(server.url)
            break
    mark = f"ours-{secrets.token_hex(8)}"
    import numpy as np

    chroma.put(server.url, mark, np.eye(3, dtype=np.float32), [{"a": "b"}] * 3)
    assert mark.encode() in b"".join(path.read_bytes() for path in folder.glob("chroma.sqlite3*")), "another server has taken the port"
    return server


@pytest.fixture
def start(tmp_path) -> Iterator[Callable[[str], Server]]:
    servers: list[Server] = []

    def begin(name: str) -> Server:
        (tmp_path / name).mkdir()
        servers.append(started(tmp_path / name))
        return servers[-1]

    yield begin
    for server in servers:
        server.end()


@pytest.fixture
def cards(tmp_path) -> Path:
    folder = tmp_path / "cards"
    folder.mkdir()
    for name in FEW:
        shutil.copy(CARDS / f"{name}.yaml", folder)
    return folder


@pytest.fixture
def new_place(tmp_path, knowledge_home: Path) -> Callable[[str], Path]:
    """Makes homes that have the model's graph and nothing else."""
    Embedder.open(knowledge_home / "index")

    def make(name: str) -> Path:
        (tmp_path / name / "index").mkdir(parents=True)
        for graph in (knowledge_home / "index").glob("*.onnx"):
            (tmp_path / name / "index" / graph.name).symlink_to(graph)
        return tmp_path / name

    return make


def take(home: Path, url: str | None) -> None:
    path = home / "chair.txt"
    path.write_text(CHAIR, encoding="utf-8")
    new, _ = gather([path], (), "", date(2026, 3, 2))
    change(home, new, embedder=Embedder.open(home / "index"), chroma_url=url)


def test_everything_is_found_alike_with_a_server_and_embedded(start, new_place, cards):
    server, ours, theirs = start("data"), new_place("embedded"), new_place("served")
    embedded, served = Finder.open(ours, folder=cards), Finder.open(theirs, server.url, folder=cards)
    take(ours, None)
    take(theirs, server.url)
    for message in (*MESSAGES, ASKED):
        assert served.find(message) == embedded.find(message)
        assert served.legs(message) == embedded.legs(message)
        assert served.quotes(message) == embedded.quotes(message)
    assert served.quotes(ASKED)
    assert not list((theirs / "index").rglob("chroma"))


def test_what_is_on_the_server_is_read_and_not_built_again(start, new_place, cards):
    server, home = start("data"), new_place("home")
    first = Finder.open(home, server.url, folder=cards)
    take(home, server.url)
    told: list[object] = []
    again = Finder.open(home, server.url, lambda *done: told.append(done), cards)
    assert told == []
    assert [again.find(message) for message in MESSAGES] == [first.find(message) for message in MESSAGES]
    assert again.quotes(ASKED) == first.quotes(ASKED) != ()


def test_a_change_takes_the_place_of_what_was_there_and_of_nobody_elses(start, new_place, cards):
    server, one, other = start("data"), new_place("one"), new_place("other")
    before = server.names()
    for home in (one, other):
        Finder.open(home, server.url, folder=cards)
        take(home, server.url)
    both = server.names()
    assert len(both - before) == 4
    (cards / "trust-takes-time.yaml").unlink()
    Finder.open(one, server.url, folder=cards)
    change(
        one,
        gone={document.sha256 for document in kept(root_of(one)).documents},
        embedder=Embedder.open(one / "index"),
        chroma_url=server.url,
    )
    after = server.names()
    assert len(after - both) == 1
    assert len(both - after) == 2
    shutil.copy(CARDS / "trust-takes-time.yaml", cards)
    told: list[object] = []
    assert Finder.open(other, server.url, lambda *done: told.append(done), cards).quotes(ASKED)
    assert told == []


def test_a_server_that_has_gone_is_named_with_the_remedy_and_stops_nobody_who_has_read(start, new_place, cards):
    server, home = start("data"), new_place("home")
    finder = Finder.open(home, server.url, folder=cards)
    take(home, server.url)
    before = [(finder.find(message), finder.quotes(message)) for message in (*MESSAGES, ASKED)]
    server.end()
    assert [(finder.find(message), finder.quotes(message)) for message in (*MESSAGES, ASKED)] == before
    told: list[object] = []
    with pytest.raises(IndexDown, match="BROKERCOACH_CHROMA"):
        Finder.open(home, server.url, lambda *done: told.append(done), cards)
    assert told == []
    with pytest.raises(IndexDown, match="BROKERCOACH_CHROMA"):
        take(home, server.url)
    by_words = Finder.by_words(cards, home)
    assert by_words.find("he sends nasty mails to everybody")[0].card == "attacks-by-email"
    assert by_words.quotes("who holds the chair of the steering group, and when do the meetings end?")


def test_a_server_that_has_lost_everything_gets_it_again(start, new_place, cards):
    server, home = start("data"), new_place("home")
    finder = Finder.open(home, server.url, folder=cards)
    take(home, server.url)
    before = finder.quotes(ASKED)
    for name in server.names():
        if name.startswith("brokercoach-"):
            import chromadb

            with chromadb.HttpClient(host="127.0.0.1", port=int(server.url.rsplit(":", 1)[1])) as client:
                client.delete_collection(name)
    again = Finder.open(home, server.url, folder=cards)
    assert again.find(MESSAGES[0]) == finder.find(MESSAGES[0])
    assert again.quotes(ASKED) == before
    assert again.fault is None


def test_a_home_moves_from_the_folder_to_a_server_and_back(start, new_place, cards):
    server, home = start("data"), new_place("home")
    take(home, None)
    before = Finder.open(home, folder=cards).quotes(ASKED)
    told: list[tuple[int, int]] = []
    served = Finder.open(home, server.url, lambda *done: told.append(done), cards)
    assert told[0][0] == told[0][1] > 0, "its vectors were made again and not taken along"
    assert served.quotes(ASKED) == before != ()
    assert not list((home / "index").rglob("chroma"))
    back = Finder.open(home, folder=cards)
    assert back.find(MESSAGES[0]) == served.find(MESSAGES[0])
    assert back.quotes(ASKED) == before


def test_the_program_searches_with_a_server_and_names_the_remedy_without(start, home):
    server = start("data")
    ran = home.run("search", "they do not trust each other", "--json", BROKERCOACH_CHROMA=server.url)
    assert ran.code == 0
    assert ran.rows[0]["card"]
    server.end()
    gone = home.run("search", "they do not trust each other", BROKERCOACH_CHROMA=server.url.replace("http://", "http://me:a-token@"))
    assert gone.code == 1
    assert "BROKERCOACH_CHROMA" in gone.err
    assert "a-token" not in gone.err
    assert "Traceback" not in gone.err

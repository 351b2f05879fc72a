"""An index is there whole or not at all: whatever happens to its files, it is built anew, and when it cannot be, the remedy is named."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

pytest.importorskip("onnxruntime")

from knowledge.card import CARDS, BadCards
from knowledge.embedder import Embedder
from knowledge.index import CURRENT, LOCK, IndexDown, open_index
from knowledge.search import Finder

MESSAGE = "he sends nasty mails to everybody, with the whole group in copy"
FEW = ("attacks-by-email", "trust-takes-time", "key-person-leaves", "drifting-apart-pause", "keeping-a-logbook")


@pytest.fixture
def cards(tmp_path) -> Path:
    """A handful of cards: an index of them takes a second."""
    folder = tmp_path / "cards"
    folder.mkdir()
    for name in FEW:
        shutil.copy(CARDS / f"{name}.yaml", folder)
    return folder


@pytest.fixture
def home(tmp_path, knowledge_home: Path) -> Path:
    """A home that has the model's graph and nothing else."""
    Embedder.open(knowledge_home / "index")
    home = tmp_path / "home"
    (home / "index").mkdir(parents=True)
    for graph in (knowledge_home / "index").glob("*.onnx"):
        (home / "index" / graph.name).symlink_to(graph)
    return home


@pytest.fixture(scope="module")
def built_once(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("built") / "index"


@pytest.fixture
def built(home, cards, built_once) -> Path:
    """A home with an index of the cards."""
    if not built_once.exists():
        Finder.open(home, folder=cards)
        shutil.copytree(home / "index", built_once, symlinks=True)
    shutil.rmtree(home / "index")
    shutil.copytree(built_once, home / "index", symlinks=True)
    return home


def found(home: Path, cards: Path) -> list[str]:
    return [passage.card for passage in Finder.open(home, folder=cards).find(MESSAGE)]


def folder_of(home: Path) -> Path:
    return home / "index" / str(json.loads((home / "index" / CURRENT).read_text())["folder"])


def test_it_is_built_once_and_then_read(home, cards):
    told: list[tuple[int, int]] = []
    Finder.open(home, folder=cards, progress=lambda done, everything: told.append((done, everything)))
    assert told[0][0] == 0
    assert told[-1][0] == told[-1][1] > 200
    told.clear()
    Finder.open(home, folder=cards, progress=lambda done, everything: told.append((done, everything)))
    assert told == []


def wreck_nothing_but_the_pointer(home):
    (home / "index" / CURRENT).unlink()


def wreck_the_pointer(home):
    (home / "index" / CURRENT).write_bytes(b"\x00\xff{")


def wreck_a_pointer_of_another_shape(home):
    (home / "index" / CURRENT).write_text("[1, 2]")


def wreck_the_whole_folder(home):
    shutil.rmtree(home / "index")


def wreck_the_cards(home):
    path = folder_of(home) / "cards.json"
    path.write_bytes(path.read_bytes()[:-100])


def wreck_the_words(home):
    path = folder_of(home) / "words.sqlite"
    data = bytearray(path.read_bytes())
    data[len(data) // 3 : len(data) // 2] = bytes(len(data) // 2 - len(data) // 3)
    path.write_bytes(data)


def wreck_the_vectors(home):
    shutil.rmtree(folder_of(home) / "chroma")


def wreck_the_database_of_the_vectors(home):
    path = folder_of(home) / "chroma" / "chroma.sqlite3"
    data = bytearray(path.read_bytes())
    data[len(data) // 3 :] = b"\xa5" * (len(data) - len(data) // 3)
    path.write_bytes(data)


def wreck_the_database_by_half(home):
    path = folder_of(home) / "chroma" / "chroma.sqlite3"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def wreck_the_lock(home):
    (home / "index" / LOCK).write_bytes(b"nonsense" * 1000)
    (home / "index" / CURRENT).unlink()


def wreck_by_stopping_halfway(home):
    half = home / "index" / "0123456789abcdef-00000000"
    half.mkdir()
    (half / "cards.json").write_text("{")
    (home / "index" / CURRENT).unlink()
    (home / "index" / f"{CURRENT}.new").write_text("{")


@pytest.mark.parametrize(
    "wreck",
    [
        wreck_nothing_but_the_pointer,
        wreck_the_pointer,
        wreck_a_pointer_of_another_shape,
        wreck_the_whole_folder,
        wreck_the_cards,
        wreck_the_words,
        wreck_the_vectors,
        wreck_the_database_of_the_vectors,
        wreck_the_database_by_half,
        wreck_the_lock,
        wreck_by_stopping_halfway,
    ],
)
def test_a_wrecked_index_is_built_anew(built, cards, wreck):
    before = found(built, cards)
    assert before[0] == "attacks-by-email"
    wreck(built)
    assert found(built, cards) == before
    kept = {path.name for path in (built / "index").iterdir() if path.is_dir()}
    assert kept == {folder_of(built).name}


def test_a_changed_card_is_found_by_its_new_words_and_the_old_index_goes(built, cards):
    first = folder_of(built)
    path = cards / "keeping-a-logbook.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("asks:\n  en:\n", "asks:\n  en:\n    - zwieback xylophone quagmire\n"))
    finder = Finder.open(built, folder=cards)
    assert finder.legs("zwieback xylophone quagmire")["fused"].cards[0][0] == "keeping-a-logbook"
    assert not first.exists()


def test_a_new_index_takes_the_vectors_of_the_old_one(built, cards):
    (cards / "keeping-a-logbook.yaml").unlink()
    told: list[int] = []
    Finder.open(built, folder=cards, progress=lambda done, _: told.append(done))
    assert told[0] == told[-1] > 0


def test_an_index_by_words_alone_and_one_with_vectors_do_not_mix(built, cards):
    assert open_index(built, cards).vectors is None
    assert Finder.open(built, folder=cards).missing == ()
    assert open_index(built, cards).vectors is None


def test_a_bad_card_is_named(home, cards):
    (cards / "trust-takes-time.yaml").write_text("id: 7\n")
    with pytest.raises(BadCards, match=r"trust-takes-time\.yaml"):
        Finder.open(home, folder=cards)


def test_a_home_that_cannot_be_written_names_the_remedy(tmp_path, cards):
    home = tmp_path / "home"
    home.mkdir()
    (home / "index").write_text("a file where the folder should be")
    with pytest.raises(IndexDown, match="BROKERCOACH_HOME"):
        Finder.open(home, folder=cards)


def test_another_process_that_builds_is_waited_for_and_then_named(home, cards):
    with sqlite3.connect(home / "index" / LOCK, isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(IndexDown, match="Another process is building"):
            open_index(home, cards, patience=0.05)
        other.execute("ROLLBACK")
    other.close()
    assert open_index(home, cards, patience=0.05).cards.keys() == set(FEW)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://127.0.0.1:port"])
def test_a_server_that_is_not_there_names_the_remedy(home, cards, url):
    with pytest.raises(IndexDown, match="BROKERCOACH_CHROMA"):
        Finder.open(home, url, folder=cards)


def test_where_the_index_is_down_words_alone_still_find(cards):
    finder = Finder.by_words(cards)
    assert finder.find(MESSAGE)[0].card == "attacks-by-email"
    assert finder.rank("what is the weather like in Rome tomorrow").topics == ()

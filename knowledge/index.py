"""Compiles the cards into what a search needs, and keeps it in HOME/index.

    minilm-*.onnx        the model's graph (embedder.py)
    current.json         which folder is in use, and what it was made of: written last, so an index is there whole or not at all
    FINGERPRINT-xxxxxxxx/cards.json, words.sqlite, chroma/

The fingerprint stands for the cards, the topics, the model and the place of the vectors: when it changes, or anything is missing or
damaged, a new folder is built beside the old one and takes its place. Everything here can be deleted at any time.
No message that anybody ever searched for is written here.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import secrets
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from knowledge import chroma
from knowledge.card import CARDS, LANGUAGES, Card, load_cards
from knowledge.embedder import Embedder, WrongWeights
from knowledge.words import Words, write

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FORMAT = 1  # raise it when what is written changes
PATIENCE = 120.0  # seconds to wait for another process that is building, which takes a third of that
TOPICS, OFFTOPIC = Path(__file__).with_name("topics.yaml"), Path(__file__).with_name("offtopic.yaml")
CURRENT, LOCK = "current.json", "building.lock"

Progress = Callable[[int, int], None]


class IndexDown(Exception):
    """The index can neither be read nor built; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text that has a vector: something of a card, the label of a topic, or a message that is none of our business."""

    kind: str  # ask, title, gist, topic, offtopic
    owner: str  # the id of the card or topic; empty for offtopic
    language: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Index:
    """A built index, read. `vectors` has a row for each of `texts`, and is None where search is by words alone."""

    cards: dict[str, dict[str, Any]]
    texts: tuple[Text, ...]
    words: Words
    vectors: NDArray[np.float32] | None


def open_index(
    home: Path,
    folder: Path = CARDS,
    embedder: Embedder | None = None,
    chroma_url: str | None = None,
    progress: Progress | None = None,
) -> Index:
    """The index of these cards, built first if there is none or it is not of these cards.

    Raises IndexDown, and BadCards when cards have to be read and cannot be.
    """
    root = home / "index"
    print_ = fingerprint(folder, embedder, chroma_url)
    found = _read(root, print_, chroma_url)
    if found:
        return found
    try:
        root.mkdir(parents=True, exist_ok=True)
        with _alone(root):
            found = _read(root, print_, chroma_url)  # another process may have built it while we waited
            if found:
                return found
            build(root, load_cards(folder), embedder, chroma_url, progress, print_)
    except (OSError, sqlite3.Error, chroma.Unreadable, WrongWeights) as error:
        raise IndexDown(_remedy(root, chroma_url, error)) from error
    found = _read(root, print_, chroma_url)
    if not found:
        raise IndexDown(_remedy(root, chroma_url, OSError("what was written does not read back")))
    return found


def fingerprint(folder: Path, embedder: Embedder | None, chroma_url: str | None) -> str:
    """Of everything that an index is made of. Reads the files' bytes only: 130 cards take a few milliseconds."""
    digest = hashlib.sha256(f"{FORMAT} {embedder.name if embedder else None} {chroma_url}".encode())
    for path in (TOPICS, OFFTOPIC, *sorted(folder.glob("*.yaml"))):
        data = path.read_bytes()
        digest.update(f"\0{path.name} {len(data)}\0".encode())
        digest.update(data)
    return digest.hexdigest()[:16]


def build(
    root: Path,
    cards: Sequence[Card],
    embedder: Embedder | None,
    chroma_url: str | None,
    progress: Progress | None,
    print_: str,
) -> None:
    """Builds beside what is there, makes it the current one, then sweeps away the rest."""
    name = f"{print_}-{secrets.token_hex(4)}"
    place = root / name
    place.mkdir()
    texts = texts_of(cards)
    compiled = {
        "cards": {card.id: card.model_dump(mode="json", exclude={"asks"}) for card in cards},
        "texts": [asdict(text) for text in texts],
    }
    (place / "cards.json").write_text(json.dumps(compiled, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
    write(place / "words.sqlite", {card.id: _columns(card) for card in cards})
    files = ("cards.json", "words.sqlite")
    current: dict[str, Any] = {"fingerprint": print_, "folder": name, "sums": {file: _sum((place / file).read_bytes()) for file in files}}
    if embedder:
        done = 0

        def step(count: int) -> None:
            nonlocal done
            done += count
            if progress:
                progress(done, len(texts))

        vectors = embedder.embed([text.text for text in texts], step)
        metadatas = [{"kind": text.kind, "card" if text.kind != "topic" else "topic": text.owner, "language": text.language} for text in texts]
        chroma.put(chroma_url or place / "chroma", _collection(name), vectors, metadatas)
        current |= {"collection": _collection(name), "vectors": len(texts), "vectors_sum": _sum(vectors.tobytes())}
    new = root / f"{CURRENT}.new"
    new.write_text(json.dumps(current, indent=1), encoding="utf-8")
    os.replace(new, root / CURRENT)
    for old in root.iterdir():
        if old.is_dir() and old != place:
            shutil.rmtree(old, ignore_errors=True)
    if embedder and chroma_url:
        with contextlib.suppress(chroma.Unreadable):
            chroma.drop(chroma_url, _collection(""), keep=_collection(name))


def texts_of(cards: Sequence[Card]) -> tuple[Text, ...]:
    """Every text that gets a vector of its own."""
    texts = []
    for card in cards:
        for language, words in card.words.items():
            texts += [Text("title", card.id, language, words.title), Text("gist", card.id, language, words.gist)]
        texts += [Text("ask", card.id, language, ask) for language, asks in card.asks.items() for ask in asks]
    used = {topic for card in cards for topic in card.topics}
    labels = yaml.safe_load(TOPICS.read_text(encoding="utf-8"))
    texts += [Text("topic", topic, "en", label) for topic, label in labels.items() if topic in used]
    anchors = yaml.safe_load(OFFTOPIC.read_text(encoding="utf-8"))
    texts += [Text("offtopic", "", language, line) for language, lines in anchors.items() for line in lines]
    return tuple(texts)


def _columns(card: Card) -> dict[str, dict[str, str]]:
    columns: dict[str, dict[str, str]] = {}
    for language in LANGUAGES:
        words, asks = card.words.get(language), card.asks.get(language)  # type: ignore[call-overload]
        columns[language] = {"asks": "\n".join(asks or [])}
        if words:
            columns[language] |= {"title": words.title, "gist": words.gist}
    return columns


def _read(root: Path, print_: str, chroma_url: str | None) -> Index | None:
    """What is kept, if it is of this fingerprint and undamaged."""
    try:
        current = json.loads((root / CURRENT).read_bytes())
        if current["fingerprint"] != print_:
            return None
        place = root / str(current["folder"])
        data = {file: (place / file).read_bytes() for file in current["sums"]}
        if any(_sum(data[file]) != wanted for file, wanted in current["sums"].items()):
            return None
        compiled = json.loads(data["cards.json"])
        vectors = None
        if "collection" in current:
            vectors = chroma.get(chroma_url or place / "chroma", current["collection"], current["vectors"])
            if _sum(vectors.tobytes()) != current["vectors_sum"]:
                return None
        texts = tuple(Text(**text) for text in compiled["texts"])
        return Index(compiled["cards"], texts, Words(place / "words.sqlite"), vectors)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, sqlite3.Error, chroma.Unreadable):
        return None


@contextlib.contextmanager
def _alone(root: Path) -> Iterator[None]:
    """One builder at a time: SQLite's lock on an empty file, which goes with the process that holds it."""
    lock = sqlite3.connect(root / LOCK, timeout=PATIENCE, isolation_level=None)
    try:
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.DatabaseError as error:
            if "not a database" not in str(error):
                raise
            (root / LOCK).write_bytes(b"")
            lock.execute("BEGIN EXCLUSIVE")
        yield
    finally:
        lock.close()


def _collection(name: str) -> str:
    """Several homes may share a server, so a collection carries whose it is; only our own are ever dropped."""
    ours = hashlib.sha256(f"{platform.node()} {os.getuid() if hasattr(os, 'getuid') else ''}".encode()).hexdigest()[:8]
    return f"brokercoach-{ours}-{name}"


def _sum(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _remedy(root: Path, chroma_url: str | None, error: Exception) -> str:
    cause = " ".join(str(error).split())
    if isinstance(error, WrongWeights):
        return cause
    if chroma_url and isinstance(error, chroma.Unreadable):
        return f"Chroma cannot be used ({cause}). Check BROKERCOACH_CHROMA, or unset it to keep the vectors in {root}."
    if isinstance(error, sqlite3.OperationalError) and "locked" in cause:
        return f"Another process is building {root}. Wait until it is done, or end it and start again."
    return f"{root} cannot be written ({cause}). Give write permission and free space, or name another folder in BROKERCOACH_HOME."

"""Compiles the cards into what a search needs, and keeps it in HOME/index.

    minilm-*.onnx        the model's graph (embedder.py)
    current.json         which folder is in use, and what it was made of: written last, so an index is there whole or not at all
    MARK-xxxxxxxx/       cards.json, words.sqlite, chroma/
    documents/           an operator's own documents (documents.py), which are left alone here

The mark stands for the cards, the topics, the model and the place of the vectors: when it changes, or anything is missing or damaged,
a new folder is built beside the old one and takes its place. Everything but documents/ can be deleted at any time.
No message that anybody ever searched for is written here.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import platform
import secrets
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from knowledge import chroma
from knowledge.card import CARDS, LANGUAGES, Card, load_cards
from knowledge.embedder import Embedder
from knowledge.gloss import Gloss, glosses_of
from knowledge.minilm import WrongWeights
from knowledge.words import Words, write

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

FORMAT = 10  # raise it when what is written here changes
PATIENCE = 120.0  # seconds to wait while another process builds; that takes it 20 to 60
TOPICS, OFFTOPIC, VAGUE = (Path(__file__).with_name(f"{name}.yaml") for name in ("topics", "offtopic", "vague"))
GLOSSARIES = tuple(Path(__file__).with_name(f"{name}.yaml") for name in ("glossary", "everyday"))  # the first that has a word is heard
CURRENT, LOCK = "current.json", "building.lock"
DOCUMENTS = "documents"

Progress = Callable[[int, int], None]


class IndexDown(Exception):
    """The index can neither be read nor built; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text that has a vector: something of a card, the label of a topic, or a message that is vague or none of our business."""

    kind: str  # ask, title, gist, topic, offtopic, vague
    owner: str  # the id of the card or topic; empty for the last two
    language: str  # that it was written in
    text: str = field(repr=False)  # in English, or glossed (gloss.py), as the model reads it
    topic: str = ""  # of an ask that is for one topic of its card


@dataclass(frozen=True, slots=True)
class Index:
    """A built index, read. `vectors` has a row for each of `texts`, and is None where search is by words alone."""

    cards: dict[str, dict[str, Any]]
    texts: tuple[Text, ...]
    words: Words
    vectors: Vectors | None = None


def open_index(
    home: Path,
    folder: Path = CARDS,
    embedder: Callable[[], Embedder | None] | None = None,
    chroma_url: str | None = None,
    progress: Progress | None = None,
    patience: float = PATIENCE,
) -> Index:
    """The index of the cards in `folder`, built first if there is none or it is of other cards.

    `embedder` is called once the index has been looked at, so that a model can load meanwhile; None is for search by words alone.
    Raises IndexDown, and BadCards when the cards have to be read and cannot be.
    """
    root = home / "index"
    mark = mark_of(folder, Embedder.name if embedder else None, chroma_url)
    try:
        found = _read(root, chroma_url, mark)
        model = embedder() if embedder else None
        if found:
            return found
        root.mkdir(parents=True, exist_ok=True)
        with alone(root, patience):
            found = _read(root, chroma_url, mark)  # another process may have built it while we waited
            if found:
                return found
            cards = load_cards(folder)
            if model and chroma_url:
                chroma.reach(chroma_url)  # before half a minute is spent on vectors that nobody would take
            build(root, mark, cards, model, chroma_url, progress)
        found = _read(root, chroma_url, mark)
    except (OSError, sqlite3.Error, chroma.Unreadable, WrongWeights) as error:
        raise IndexDown(remedy(root, error, chroma_url)) from error
    if not found:
        raise IndexDown(remedy(root, OSError("what was written does not read back"), chroma_url))
    return found


def index_in_memory(folder: Path = CARDS) -> Index:
    """Search by words alone, with nothing kept on a disk: what is left where the index is down."""
    cards = load_cards(folder)
    glosses = glosses_of(glossaries())
    db = sqlite3.connect(":memory:", check_same_thread=False)
    fill(db, cards, glosses)
    return Index({card.id: compiled_card(card) for card in cards}, (), Words(db, glosses))


def mark_of(folder: Path, model: str | None, chroma_url: str | None) -> str:
    """Stands for everything that an index is made of. Looks at the files' bytes only, which takes a few milliseconds."""
    digest = hashlib.sha256(f"{FORMAT} {model} {chroma_url}".encode())
    for path in (TOPICS, OFFTOPIC, VAGUE, *GLOSSARIES, *sorted(folder.glob("*.yaml"))):
        data = path.read_bytes()
        digest.update(f"\0{path.name} {len(data)}\0".encode())
        digest.update(data)
    return digest.hexdigest()[:16]


def build(
    root: Path,
    mark: str,
    cards: Sequence[Card],
    embedder: Embedder | None = None,
    chroma_url: str | None = None,
    progress: Progress | None = None,
) -> None:
    """Builds a new index beside what is there, makes it the current one, then sweeps the others away."""
    name = f"{mark}-{secrets.token_hex(4)}"
    place = root / name
    place.mkdir()
    read = glossaries()
    glosses = glosses_of(read)
    texts = texts_of(cards, glosses)
    compiled = {"cards": {card.id: compiled_card(card) for card in cards}, "texts": [asdict(text) for text in texts], "glossaries": read}
    (place / "cards.json").write_text(json.dumps(compiled, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
    with contextlib.closing(sqlite3.connect(place / "words.sqlite")) as db:
        fill(db, cards, glosses)
    current: dict[str, Any] = {"mark": mark, "folder": name}
    if embedder:
        vectors = _embed(texts, embedder, _known(root, chroma_url, embedder), progress)
        about = [{"kind": text.kind, "language": text.language, "owner": text.owner} for text in texts]
        collection = f"brokercoach-{whose(root)}-{name}"
        chroma.put(chroma_url or place / "chroma", collection, vectors, about)
        current |= {"model": embedder.name, "collection": collection, "vectors": len(texts), "sum": _sum(vectors.tobytes())}
    current["sums"] = {file: _sum((place / file).read_bytes()) for file in ("cards.json", "words.sqlite")}
    new = root / f"{CURRENT}.new"
    new.write_text(json.dumps(current, indent=1), encoding="utf-8")
    new.replace(root / CURRENT)
    for old in root.iterdir():
        if old.is_dir() and old != place and old.name != DOCUMENTS:
            shutil.rmtree(old, ignore_errors=True)
    if embedder and chroma_url:
        with contextlib.suppress(chroma.Unreadable):
            chroma.drop(chroma_url, f"brokercoach-{whose(root)}-", keep=collection)


def texts_of(cards: Sequence[Card], glosses: Mapping[str, Gloss]) -> tuple[Text, ...]:
    """Every text that gets a vector of its own. A card's asks in French and Spanish get none unless they are a topic's: as glosses they add
    nothing to what those find, and a fifth to the time that the index takes (docs/retrieval.md)."""
    texts = []
    for card in cards:
        for language, words in card.words.items():
            texts += [Text("title", card.id, language, words.title), Text("gist", card.id, language, words.gist)]
        texts += [Text("ask", card.id, "en", ask) for ask in card.asks["en"]]
        for topic, by_language in card.asks_by_topic.items():
            texts += [Text("ask", card.id, language, ask, topic) for language, asks in by_language.items() for ask in asks]
    texts += [Text("topic", topic, "en", label) for topic, label in _labels(cards).items()]
    texts += [Text("offtopic", "", language, line) for language, lines in lines_in(OFFTOPIC).items() for line in lines]
    texts += [Text("vague", "", language, line) for language, lines in lines_in(VAGUE).items() for line in lines]
    return tuple(replace(text, text=_english(text.text, text.language, glosses)) for text in texts)


def remedy(root: Path, error: Exception, chroma_url: str | None = None) -> str:
    cause = " ".join(str(error).split())
    if isinstance(error, WrongWeights):
        return cause
    if chroma_url and isinstance(error, chroma.Unreadable):
        return f"The Chroma server cannot be used ({cause}). Check BROKERCOACH_CHROMA, or unset it to keep the vectors in {root}."
    if isinstance(error, sqlite3.OperationalError) and "locked" in cause:
        return f"Another process is building {root}. Wait until it is done, or end it, and start again."
    return f"{root} cannot be written ({cause}). Give write permission and free space, or name another folder in BROKERCOACH_HOME."


def lines_in(path: Path) -> dict[str, list[str]]:
    lines: dict[str, list[str]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return lines


def glossaries() -> list[dict[str, list[str]]]:
    return [lines_in(path) for path in GLOSSARIES]


def compiled_card(card: Card) -> dict[str, Any]:
    return card.model_dump(mode="json", exclude={"asks", "asks_by_topic"})


def fill(db: sqlite3.Connection, cards: Sequence[Card], glosses: Mapping[str, Gloss]) -> None:
    """What the cards and their topics are found by when one goes by words."""
    topics = {topic: {language: {"asks": ""} for language in LANGUAGES} for card in cards for topic in (*card.topics, *card.asks_by_topic)}
    for card in cards:
        for topic, asked in card.asks_by_topic.items():
            for language, asks in asked.items():
                topics[topic][language]["asks"] += "\n".join(["", *asks])
    for topic, label in _labels(cards).items():
        topics[topic]["en"]["title"] = label
    write(
        db,
        {card.id: _glossed(columns_of(card), glosses) for card in cards},
        {topic: _glossed(columns, glosses) for topic, columns in topics.items()},
        others_of(glosses),
    )


def columns_of(card: Card) -> dict[str, dict[str, str]]:
    """The texts of a card by language and column."""
    columns: dict[str, dict[str, str]] = {}
    for language in LANGUAGES:
        columns[language] = {"asks": "\n".join(card.asked_in(language))}
        if words := card.words.get(language):  # type: ignore[call-overload]
            columns[language] |= {"title": words.title, "gist": words.gist}
    return columns


def _glossed(columns: dict[str, dict[str, str]], glosses: Mapping[str, Gloss]) -> dict[str, dict[str, str]]:
    """The English texts together with the glosses of all others, so that each language helps the rest."""
    for language in glosses:
        for column, lines in columns[language].items():
            glossed = "\n".join(_english(line, language, glosses) for line in lines.split("\n"))
            columns["en"][column] = f"{columns['en'].get(column, '')}\n{glossed}"
    return columns


def _labels(cards: Sequence[Card]) -> dict[str, str]:
    labels: dict[str, str] = yaml.safe_load(TOPICS.read_text(encoding="utf-8"))
    used = {topic for card in cards for topic in card.topics}
    return {topic: label for topic, label in labels.items() if topic in used}


def others_of(glosses: Mapping[str, Gloss]) -> dict[str, list[str]]:
    """What is none of our business, likewise."""
    others = lines_in(OFFTOPIC)
    return others | {"en": [_english(line, language, glosses) for language, lines in others.items() for line in lines]}


def _english(text: str, language: str, glosses: Mapping[str, Gloss]) -> str:
    return glosses[language].english(text) if language in glosses else text


def _embed(texts: Sequence[Text], embedder: Embedder, known: dict[str, Any], progress: Progress | None) -> Vectors:
    """A row for each text. Those that the last index had are taken from it, so that editing one card takes a second."""
    import numpy as np

    new = [text.text for text in texts if text.text not in known]
    done = len(texts) - len(new)

    def step(count: int) -> None:
        nonlocal done
        done += count
        if progress:
            progress(done, len(texts))

    step(0)
    known = known | dict(zip(new, embedder.embed(new, step), strict=True))
    return np.array([known[text.text] for text in texts], dtype=np.float32)


def _known(root: Path, chroma_url: str | None, embedder: Embedder) -> dict[str, Any]:
    """Vectors of the index that is about to be replaced, be they where the new ones go or, when a server is new, still in the folder."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        if json.loads((root / CURRENT).read_bytes()).get("model") == embedder.name:
            old = _read(root, chroma_url) or (_read(root, None) if chroma_url else None)
            if old and old.vectors is not None:
                old.words.close()
                return dict(zip((text.text for text in old.texts), old.vectors, strict=True))
    return {}


def _read(root: Path, chroma_url: str | None, mark: str | None = None) -> Index | None:
    """What is kept, if it is undamaged, and of this mark where one is given."""
    try:
        current = json.loads((root / CURRENT).read_bytes())
        if mark and current["mark"] != mark:
            return None
        place = root / str(current["folder"])
        data = {file: (place / file).read_bytes() for file in current["sums"]}
        if any(_sum(data[file]) != wanted for file, wanted in current["sums"].items()):
            return None
        compiled = json.loads(data["cards.json"])
        vectors = None
        if "collection" in current:
            vectors = chroma.get(chroma_url or place / "chroma", current["collection"], current["vectors"])
            if _sum(vectors.tobytes()) != current["sum"]:
                return None
        texts = tuple(Text(**text) for text in compiled["texts"])
        return Index(compiled["cards"], texts, Words.open(place / "words.sqlite", glosses_of(compiled["glossaries"])), vectors)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, sqlite3.Error, chroma.Unreadable):
        return None


@contextlib.contextmanager
def alone(root: Path, patience: float) -> Iterator[None]:
    """One builder at a time: SQLite's lock on an empty file, which ends with the process that holds it."""
    with contextlib.closing(sqlite3.connect(root / LOCK, timeout=patience, isolation_level=None)) as lock:
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.DatabaseError as error:
            if "not a database" not in str(error):
                raise
            (root / LOCK).write_bytes(b"")
            lock.execute("BEGIN EXCLUSIVE")
        yield


def give_back() -> None:
    """Memory that is free again goes back to the system: opening the model and Chroma leaves 60 MB of it, which glibc would keep."""
    with contextlib.suppress(ImportError, AttributeError, OSError, TypeError):  # there is no glibc here
        import ctypes

        ctypes.CDLL(None).malloc_trim(0)


def whose(root: Path) -> str:
    """Several machines, and several homes on one of them, may share a server: only what is our own is ever dropped there."""
    return hashlib.sha256(f"{platform.node()} {root.resolve()}".encode("utf-8", "surrogateescape")).hexdigest()[:8]


def _sum(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()

"""Keeps the pieces of an operator's own documents in HOME/index/documents, apart from the index of the cards, which is built anew at will.

    current.json    which folder is in use, and what its vectors were made with: written last, so a change is there whole or not at all
    xxxxxxxx/       documents.sqlite (the pieces, and which words are in which), chroma/ (their vectors, unless a server keeps them)

A change writes a new folder beside the old one and takes its place: whoever searches meanwhile reads on undisturbed, and of what was
removed nothing is left. Where documents are only added, the new folder is a copy of the old one with more in it. Vectors can be made
again from the pieces at any time; the pieces only from the files, which are not kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import shutil
import sqlite3
import sys
from array import array
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from knowledge import chroma
from knowledge.embedder import Embedder
from knowledge.index import CURRENT, DOCUMENTS, PATIENCE, IndexDown, Progress, alone, remedy, whose
from knowledge.pieces import Piece
from knowledge.words import COMMON_WORDS, stemmed, words_in

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

FORMAT = 1  # raise it when what is written here changes
SQL = "documents.sqlite"
STOP = frozenset().union(*COMMON_WORDS.values())
SLICE = 64  # pieces embedded at a time, between two steps of the bar


@dataclass(frozen=True, slots=True)
class Document:
    """A document that was taken in. `added` is the day."""

    sha256: str
    name: str
    kind: str
    licence: str
    added: str
    pieces: int


@dataclass(frozen=True, slots=True)
class New:
    """A document to be taken in. `vectors` has a row for each piece, and is None where search is by words alone."""

    document: Document
    pieces: tuple[Piece, ...]
    vectors: Vectors | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """What is there now. `vectors` is None where there are none, or they were made by another model or cannot be read."""

    place: Path
    documents: tuple[Document, ...]
    vectors: Vectors | None = None
    collection: str = ""  # of the vectors

    def open(self) -> sqlite3.Connection:
        """For reading, from any one thread at a time."""
        path = f"{(self.place / SQL).resolve().as_uri()}?mode=ro&immutable=1"
        return sqlite3.connect(path, uri=True, check_same_thread=False)


def root_of(home: Path) -> Path:
    return home / "index" / DOCUMENTS


def stamp(root: Path) -> tuple[int, int]:
    """Changes when the documents do; costs a few microseconds."""
    with contextlib.suppress(OSError):
        facts = (root / CURRENT).stat()
        return facts.st_mtime_ns, facts.st_ino
    return 0, 0


def kept(root: Path, model: str | None = None, chroma_url: str | None = None) -> Kept | None:
    """What is there, with the vectors that `model` made; None where nothing was ever taken in. Raises IndexDown when it is damaged."""
    for _ in range(3):  # another process may change it between our reading where it is and our reading it
        try:
            current = json.loads((root / CURRENT).read_bytes())
            place = root / str(current["folder"])
            _check(place / SQL, current)
            vectors = _vectors(place, current, model, chroma_url) if model else None
            return Kept(place, _documents(place), vectors, current.get("collection", ""))
        except FileNotFoundError:
            if not (root / CURRENT).exists():
                return None
        except (OSError, ValueError, KeyError, TypeError, AttributeError, sqlite3.Error) as error:
            cause = " ".join(str(error).split())
            raise IndexDown(f"{root} is damaged ({cause}). Move it away and ingest the documents again.") from error
    raise IndexDown(f"{root} is not whole. Move it away and ingest the documents again.")


def change(
    home: Path,
    new: Sequence[New] = (),
    gone: Collection[str] = (),
    embedder: Embedder | None = None,
    chroma_url: str | None = None,
    progress: Progress | None = None,
    patience: float = PATIENCE,
) -> None:
    """Takes documents in, and those with these sums out. Vectors that are missing, or of another model, are made. Raises IndexDown."""
    root = root_of(home)
    try:
        root.mkdir(parents=True, exist_ok=True)
        with alone(root, patience):
            if embedder and chroma_url:
                chroma.reach(chroma_url)
            model = embedder.name if embedder else None
            old = kept(root, model, chroma_url)
            if old and old.vectors is None and chroma_url:
                old = kept(root, model)  # the server is new, and they may be in the folder still
            if old and not gone and not chroma_url and (old.vectors is not None or not embedder):
                _extend(root, old, new, embedder, progress)
            else:
                _write(root, _merged(old, new, gone), embedder, chroma_url, progress)
    except (OSError, sqlite3.Error, chroma.Unreadable) as error:
        raise IndexDown(remedy(root, error, chroma_url)) from error


def embed(pieces: Sequence[Piece], embedder: Embedder, step: Callable[[int], None] | None = None) -> Vectors:
    """A row for each piece. `step` is told how many more are done."""
    import numpy as np

    from knowledge.minilm import SIZE

    vectors = np.zeros((len(pieces), SIZE), dtype=np.float32)
    # By length, since the embedder takes texts of one length together: slices of the whole would hold few of each.
    order = sorted(range(len(pieces)), key=lambda n: len(pieces[n].text))
    for start in range(0, len(order), SLICE):
        rows = order[start : start + SLICE]
        vectors[rows] = embedder.embed([pieces[row].in_context for row in rows], step)
    return vectors


def _check(path: Path, current: dict[str, Any]) -> None:
    if current["format"] != FORMAT:
        raise ValueError("another version of the program has written it")
    if _sum(path) != current["sum"]:
        raise ValueError("its sum is wrong")


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _documents(place: Path) -> tuple[Document, ...]:
    with contextlib.closing(Kept(place, ()).open()) as db:
        rows = db.execute("SELECT sha256, name, kind, licence, added, pieces FROM document ORDER BY rowid").fetchall()
    return tuple(Document(*row) for row in rows)


def _vectors(place: Path, current: dict[str, Any], model: str | None, chroma_url: str | None) -> Vectors | None:
    if current.get("model") != model or current.get("server") != _mark(chroma_url):
        return None
    with contextlib.suppress(chroma.Unreadable):
        vectors = chroma.get(chroma_url or place / "chroma", current["collection"], current["vectors"])
        if hashlib.sha256(vectors.tobytes()).hexdigest() == current["vectors_sum"]:
            return vectors
    return None


def _merged(old: Kept | None, new: Sequence[New], gone: Collection[str]) -> list[New]:
    merged = []
    if old:
        with contextlib.closing(old.open()) as db:
            for document in old.documents:
                rows = db.execute("SELECT id, place, heading, text FROM piece WHERE sha256 = ? ORDER BY id", (document.sha256,)).fetchall()
                if document.sha256 not in gone:
                    pieces = tuple(Piece(place, tuple(json.loads(heading)), text) for _, place, heading, text in rows)
                    own = old.vectors[rows[0][0] : rows[0][0] + len(rows)] if old.vectors is not None else None
                    merged.append(New(document, pieces, own))
    known = {one.document.sha256 for one in merged}
    return merged + [one for one in new if one.document.sha256 not in known]


def _write(root: Path, every: list[New], embedder: Embedder | None, chroma_url: str | None, progress: Progress | None) -> None:
    """A new folder with all of them, which takes the place of the old one."""
    name = secrets.token_hex(4)
    place = root / name
    place.mkdir()
    pieces = [piece for one in every for piece in one.pieces]
    with contextlib.closing(sqlite3.connect(place / SQL)) as db, db:
        _create(db)
        _add(db, every, 0)
    current: dict[str, Any] = {"format": FORMAT, "folder": name, "sum": _sum(place / SQL)}
    collection = f"brokercoach-documents-{whose(root)}-{name}"
    if embedder and pieces:
        bare = sum(len(one.pieces) for one in every if one.vectors is None)
        step = _counting(progress, bare + len(pieces))
        vectors = _completed(every, embedder, step)
        about = [{"document": one.document.sha256} for one in every for _ in one.pieces]
        chroma.put(chroma_url or place / "chroma", collection, vectors, about, step)
        current |= {"model": embedder.name, "server": _mark(chroma_url), "collection": collection, "vectors": len(pieces)}
        current["vectors_sum"] = hashlib.sha256(vectors.tobytes()).hexdigest()
    _take_place(root, place, current)
    if embedder and chroma_url:
        with contextlib.suppress(chroma.Unreadable):
            chroma.drop(chroma_url, f"brokercoach-documents-{whose(root)}-", keep=collection)


def _extend(root: Path, old: Kept, new: Sequence[New], embedder: Embedder | None, progress: Progress | None) -> None:
    """A new folder with a copy of what there is and, added to it, what there is not: the rest is neither read nor embedded again."""
    known = {document.sha256 for document in old.documents}
    fresh = [one for one in new if one.document.sha256 not in known]
    if not fresh:
        return
    count = sum(document.pieces for document in old.documents)
    pieces = sum(len(one.pieces) for one in fresh)
    place = root / secrets.token_hex(4)
    place.mkdir()
    shutil.copyfile(old.place / SQL, place / SQL)
    with contextlib.closing(sqlite3.connect(place / SQL)) as db, db:
        _add(db, fresh, count)
    current: dict[str, Any] = {"format": FORMAT, "folder": place.name, "sum": _sum(place / SQL)}
    if embedder and old.vectors is not None:
        import numpy as np

        step = _counting(progress, sum(len(one.pieces) for one in fresh if one.vectors is None) + pieces)
        vectors = _completed(fresh, embedder, step)
        about = [{"document": one.document.sha256} for one in fresh for _ in one.pieces]
        shutil.copytree(old.place / "chroma", place / "chroma")
        chroma.extend(place / "chroma", old.collection, vectors, about, count, step)
        current |= {"model": embedder.name, "server": None, "collection": old.collection, "vectors": count + pieces}
        current["vectors_sum"] = hashlib.sha256(np.concatenate([old.vectors, vectors]).tobytes()).hexdigest()
    _take_place(root, place, current)


def _take_place(root: Path, place: Path, current: dict[str, Any]) -> None:
    new = root / f"{CURRENT}.new"
    with new.open("w", encoding="utf-8") as file:
        json.dump(current, file, indent=1)
        file.flush()
        os.fsync(file.fileno())  # unlike the cards, this cannot be made again
    new.replace(root / CURRENT)
    for old in root.iterdir():
        if old.is_dir() and old != place:
            shutil.rmtree(old, ignore_errors=True)


def _create(db: sqlite3.Connection) -> None:
    db.execute("CREATE TABLE document (sha256 PRIMARY KEY, name, kind, licence, added, pieces)")
    db.execute("CREATE TABLE piece (id INTEGER PRIMARY KEY, sha256, place, heading, text)")
    db.execute("CREATE INDEX piece_of ON piece (sha256)")
    # Which pieces have a word: their ids, packed. Every piece that shares a word is scored, exactly, in a fraction of a millisecond; FTS5
    # takes 26 ms to rank the 9,000 of 10,000 pieces that have one of twelve words.
    db.execute("CREATE TABLE word (stem PRIMARY KEY, pieces, rows) WITHOUT ROWID")


def _add(db: sqlite3.Connection, new: Sequence[New], row: int) -> None:
    """Adds documents; `row` is how many pieces there are."""
    within: dict[str, array[int]] = {}
    known: dict[str, dict[str, str]] = {language: {} for language in COMMON_WORDS}
    for one in new:
        facts = one.document
        values = (facts.sha256, facts.name, facts.kind, facts.licence, facts.added, len(one.pieces))
        db.execute("INSERT INTO document VALUES (?, ?, ?, ?, ?, ?)", values)
        language = language_of(one.pieces)
        for piece in one.pieces:
            db.execute("INSERT INTO piece VALUES (?, ?, ?, ?, ?)", (row, facts.sha256, piece.where, json.dumps(piece.heading), piece.text))
            telling = telling_words(" ".join([*piece.heading, piece.text]))
            for stem in dict.fromkeys(stemmed(" ".join(telling), language, known[language])):
                within.setdefault(stem, array("I")).append(row)
            row += 1
    add = (
        "INSERT INTO word VALUES (?, ?, ?) "
        "ON CONFLICT DO UPDATE SET pieces = pieces + excluded.pieces, rows = CAST(rows || excluded.rows AS BLOB)"
    )
    db.executemany(add, ((stem, len(rows), packed(rows)) for stem, rows in sorted(within.items())))


def telling_words(text: str) -> list[str]:
    """Without those that say nothing about what a text is about: the common ones, and single letters."""
    return [word for word in words_in(text) if word not in STOP and (len(word) > 1 or word.isdigit())]


def packed(rows: array[int]) -> bytes:
    return (array("I", rows) if sys.byteorder == "little" else _swapped(rows)).tobytes()


def unpacked(data: bytes) -> array[int]:
    rows = array("I", data)
    return rows if sys.byteorder == "little" else _swapped(rows)


def _swapped(rows: array[int]) -> array[int]:
    swapped = array("I", rows)
    swapped.byteswap()
    return swapped


def language_of(pieces: Sequence[Piece]) -> str:
    """Of a whole document, by its common words: single pieces may be lists or tables."""
    words = words_in(" ".join(piece.text for piece in pieces[:50]))
    counts = {language: sum(word in telltale for word in words) for language, telltale in COMMON_WORDS.items()}
    return max(counts, key=lambda language: counts[language])


def _completed(every: list[New], embedder: Embedder, step: Callable[[int], None]) -> Vectors:
    """The vectors of all, with those made that are missing."""
    import numpy as np

    made = iter(embed([piece for one in every if one.vectors is None for piece in one.pieces], embedder, step))
    rows = [one.vectors if one.vectors is not None else np.array([next(made) for _ in one.pieces]) for one in every if one.pieces]
    return np.ascontiguousarray(np.concatenate(rows), dtype=np.float32)


def _counting(progress: Progress | None, everything: int) -> Callable[[int], None]:
    done = 0

    def step(count: int) -> None:
        nonlocal done
        done += count
        if progress:
            progress(done, everything)

    return step


def _mark(chroma_url: str | None) -> str | None:
    """Stands for the address of a server, which may hold a token and is not to be written down."""
    return hashlib.sha256(chroma_url.encode()).hexdigest()[:16] if chroma_url else None

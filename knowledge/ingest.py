"""Takes an operator's own documents in, and out again: `brokercoach ingest`.

paths → files_in → open_file → read (in a process of its own) → pieces_of, here; then documents.change embeds and keeps them.
A file that is refused stops nothing but itself.
What a document says is data: it is quoted with its name and place, and never followed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from knowledge.blocks import Refused, clean
from knowledge.documents import Document, New
from knowledge.embedder import Embedder
from knowledge.index import IndexDown, Progress
from knowledge.minilm import WrongWeights
from knowledge.pieces import pieces_of
from knowledge.reading import File, files_in, name_of, open_file, read

Fate = Literal["added", "known", "refused", "removed"]
SHORTEST = 8  # characters of a document's sum that name it


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file: of a refused one `reason` says why, of a known one under which name it is there."""

    name: str
    fate: Fate
    sha256: str = ""
    pieces: int = 0
    reason: str = ""


def gather(
    paths: Sequence[Path], known: Iterable[Document], licence: str, today: date, progress: Progress | None = None
) -> tuple[list[New], list[Outcome]]:
    """Reads files and folders. `progress` is told (done, all) in files."""
    names = {document.sha256: document.name for document in known}
    new: list[New] = []
    outcomes: list[Outcome] = []
    every = list(files_in(paths))
    for number, (path, against) in enumerate(every):
        if progress:
            progress(number, len(every))
        file = None
        try:
            file = _opened(path, against)
            if file.sha256 in names:
                outcomes.append(Outcome(file.name, "known", file.sha256, reason=names[file.sha256]))
                continue
            new.append(_taken(file, clean(licence), today))
            names[file.sha256] = file.name
            outcomes.append(Outcome(file.name, "added", file.sha256, len(new[-1].pieces)))
        except Refused as refused:
            outcomes.append(Outcome(name_of(path), "refused", file.sha256 if file else "", reason=str(refused)))
    if progress:
        progress(len(every), len(every))
    return new, outcomes


def _opened(path: Path, against: str | None) -> File:
    if against:
        raise Refused(against)
    return open_file(path)


def _taken(file: File, licence: str, today: date) -> New:
    pieces = pieces_of(read(file))
    if not pieces:
        raise Refused("holds no text that could be quoted")
    return New(Document(file.sha256, file.name, file.kind, licence, today.isoformat(), len(pieces)), pieces)


def open_embedder(home: Path) -> Embedder | None:
    """None where search is by words alone. Raises IndexDown."""
    try:
        return Embedder.open(home / "index")
    except WrongWeights as error:
        raise IndexDown(str(error)) from error


def named(wanted: Sequence[str], known: Sequence[Document]) -> tuple[list[Document], list[Outcome]]:
    """Documents to be taken out, each named by its file name, by a path to the same file, or by the beginning of its sum."""
    gone: dict[str, Document] = {}
    outcomes: list[Outcome] = []
    for name in wanted:
        fitting = _fitting(name, known)
        if not fitting:
            outcomes.append(Outcome(clean(name), "refused", reason="is not among the documents; --list shows them"))
        elif len(fitting) > 1:
            sums = ", ".join(document.sha256[:12] for document in fitting)
            outcomes.append(Outcome(clean(name), "refused", reason=f"is the name of several; name one by its sum: {sums}"))
        else:
            gone[fitting[0].sha256] = fitting[0]
    removed = [Outcome(document.name, "removed", document.sha256, document.pieces) for document in gone.values()]
    return list(gone.values()), removed + outcomes


def _fitting(name: str, known: Sequence[Document]) -> list[Document]:
    if len(name) >= SHORTEST:
        by_sum = [document for document in known if document.sha256.startswith(name.lower())]
        if by_sum:
            return by_sum
    path = Path(name)
    try:
        same = open_file(path).sha256
    except Refused:
        same = ""
    return [document for document in known if document.sha256 == same] or [document for document in known if document.name == name_of(path)]

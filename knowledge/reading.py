"""Reads an operator's files: which ones, are they what they say, and then, in a process of its own, their text.

Every file that is not taken in is refused with a reason. A refusal is quick and takes little memory: size, kind and content are looked at
before anything is unpacked, and the process that unpacks may take 300 MB and two minutes. What a file holds is data: nothing of it is run.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from knowledge.blocks import Block, Refused, clean
from knowledge.formats import blocks_of

MOST_BYTES = 50 * 2**20
MEMORY, PATIENCE = 300 * 2**20, 120  # bytes and seconds for one file
NEEDED = ("PATH", "PYTHONPATH", "PYTHONPYCACHEPREFIX", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR", "TEMP")  # no tokens
FULL = 3  # what the process that reads ends with when its memory is full
KINDS = {".pdf": "PDF", ".docx": "DOCX", ".md": "Markdown", ".markdown": "Markdown", ".txt": "text", ".text": "text"}
TAKEN = "PDF, DOCX, Markdown (.md) and text (.txt) are taken"
# What a file really is, by its first bytes. Text has none.
MAGIC = {
    b"%PDF-": "PDF",
    b"PK\x03\x04": "ZIP",
    b"\xd0\xcf\x11\xe0": "an old or encrypted Office file",
    b"{\\rtf": "RTF",
    b"\x89PNG": "a picture",
    b"GIF8": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"\x7fELF": "a program",
    b"MZ\x90": "a program",
    b"\x1f\x8b": "a compressed file",
    b"BZh": "a compressed file",
    b"\xfd7zXZ": "a compressed file",
    b"7z\xbc\xaf": "a compressed file",
    b"SQLite format 3": "a database",
}


@dataclass(frozen=True, slots=True)
class File:
    """A file that may be read: its name (never where it lay), the sum of its bytes, what it is, and its bytes."""

    name: str
    sha256: str
    kind: str
    data: bytes = field(repr=False)


def name_of(path: Path) -> str:
    return clean(path.name.encode("utf-8", "replace").decode("utf-8"))[:120] or "?"


def files_in(paths: Sequence[Path]) -> Iterator[tuple[Path, str | None]]:
    """Every file that is named or lies in a folder that is named, and why it is refused, if it is. Follows no link out of a folder."""
    for path in paths:
        if path.is_dir():
            yield from _folder(path)
        else:
            yield path, None


def _folder(folder: Path) -> Iterator[tuple[Path, str | None]]:
    whole = folder.resolve()
    faults: list[OSError] = []
    for place, folders, files in os.walk(folder, onerror=faults.append):
        here = Path(place)
        for name in sorted(folders):
            if name.startswith("."):
                yield here / name, "is a hidden folder; name it if you mean it"
            elif (here / name).is_symlink():
                yield here / name, "is a link to a folder; name the folder itself"
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = here / name
            if name.startswith("."):
                yield path, "is hidden; name it if you mean it"
            elif path.is_symlink() and not path.resolve().is_relative_to(whole):
                yield path, "is a link out of the folder; name the file itself"
            else:
                yield path, None
    for fault in faults:
        yield Path(fault.filename or folder), f"cannot be opened ({fault.strerror})"


def open_file(path: Path) -> File:
    """Raises Refused."""
    kind = KINDS.get(path.suffix.lower())
    try:
        path.lstat()
        if not kind:
            raise Refused(f"is of a kind that is not taken ({clean(path.suffix) or 'no extension'}); {TAKEN}")
        # Without O_NONBLOCK a named pipe would hold us until somebody writes to it.
        with os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)), "rb") as file:
            facts = os.fstat(file.fileno())
            if not stat.S_ISREG(facts.st_mode):
                raise Refused("is not a file")
            if facts.st_size > MOST_BYTES:
                raise Refused(f"has {facts.st_size // 2**20} MB, more than {MOST_BYTES // 2**20} MB; split it")
            data = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise Refused(f"cannot be opened ({getattr(error, 'strerror', None) or 'its name cannot be used'})") from error
    if len(data) > MOST_BYTES:
        raise Refused(f"grew beyond {MOST_BYTES // 2**20} MB while it was read")
    if not data.strip():
        raise Refused("is empty")
    found = next((what for magic, what in MAGIC.items() if data.startswith(magic)), "")
    if kind == "PDF" and b"%PDF-" in data[:1024]:
        found = "PDF"
    if found != {"PDF": "PDF", "DOCX": "ZIP"}.get(kind, ""):
        raise Refused(f"is not {kind} inside but {found or 'something else'}; its extension is wrong")
    return File(name_of(path), hashlib.sha256(data).hexdigest(), kind, data)


def read(file: File) -> tuple[Block, ...]:
    """The text of a file, taken out by another process. Raises Refused."""
    command = [sys.executable, "-m", "knowledge.reading", file.kind]
    place = Path(__file__).parent.parent
    env = {name: value for name, value in os.environ.items() if name in NEEDED}
    try:
        done = subprocess.run(  # noqa: S603 - ourselves
            command, input=file.data, capture_output=True, timeout=PATIENCE, cwd=place, env=env, check=False
        )
    except subprocess.TimeoutExpired:
        raise Refused(f"takes longer than {PATIENCE} seconds to read") from None
    if done.returncode == FULL or (done.returncode and b"MemoryError" in done.stderr):
        raise Refused(f"takes more than {MEMORY // 2**20} MB of memory to read")
    try:
        told = json.loads(done.stdout)
    except ValueError:
        told = {}
    if done.returncode or "blocks" not in told:
        raise Refused(told.get("refused") or f"is damaged, or no {file.kind} that can be read")
    return tuple(Block(where, tuple(heading), text) for where, heading, text in told["blocks"])


def _answer(kind: str) -> dict[str, object]:
    """What the other process says: the blocks, or why there are none."""
    try:
        blocks = [(block.where, block.heading, block.text) for block in blocks_of(kind, sys.stdin.buffer.read())]
    except Refused as refused:
        return {"refused": str(refused)}
    except MemoryError:
        os._exit(FULL)  # there may be too little left to say so
    except ModuleNotFoundError:
        return {"refused": "cannot be read here: install brokercoach[documents]"}
    return {"blocks": blocks} if blocks else {"refused": "holds no text"}


def _main() -> None:
    try:
        import resource
    except ImportError:
        pass  # Windows knows no such limits
    else:
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    json.dump(_answer(sys.argv[1]), sys.stdout)


if __name__ == "__main__":
    _main()

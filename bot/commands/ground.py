"""What every command stands on: settings, the store, and how things are said. Messages go to stderr, data to stdout."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from bot.model import PersonId
    from bot.settings import Settings
    from storage.store import Store

Json = Annotated[bool, typer.Option("--json", help="One JSON object per line on stdout.")]
PersonOption = Annotated[str, typer.Option("--person", help="The person's id, as `brokercoach people` lists it.")]


def note(message: str) -> None:
    sys.stderr.write(f"brokercoach: {message}\n")
    sys.stderr.flush()


def fail(message: str) -> NoReturn:
    note(message)
    raise SystemExit(1)


def settings_of() -> Settings:
    from bot.parts import set_up_logging
    from bot.settings import Settings

    settings = Settings()
    set_up_logging(settings.log)
    return settings


@contextmanager
def store_of(settings: Settings) -> Iterator[Store]:
    from bot.parts import open_store

    store = open_store(settings)
    try:
        yield store
    finally:
        store.close()


def person_of(store: Store, person: str) -> PersonId:
    known = next((somebody.id for somebody in store.people() if somebody.id == person), None)
    if known is None:
        fail(f"nobody here has the id {person}; `brokercoach people` lists the ids")
    return known


def out(row: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")


def row_out(row: dict[str, Any], said: str, as_json: bool) -> None:
    if as_json:
        out(row)
    else:
        sys.stdout.write(f"{said}\n")


def rows_of(path: Path, needed: set[str]) -> list[dict[str, Any]]:
    rows = []
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")  # splitlines() would split at what JSON allows within a text
    except (OSError, UnicodeDecodeError) as error:
        fail(f"{path}: cannot be read ({type(error).__name__})")
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            fail(f"{path}: line {number} is not JSON")
        if not isinstance(row, dict) or needed - row.keys():
            fail(f"{path}: line {number} needs the keys {', '.join(sorted(needed))}")
        rows.append(row)
    return rows


def finder_of(settings: Settings) -> Any:
    """The knowledge, with a progress bar on stderr while its index is built."""
    from knowledge.search import Finder

    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with bar() as progress:
        finder = Finder.open(settings.home, settings.chroma, progress)
    if finder.fault:
        sys.stderr.write(f"brokercoach: {finder.fault}\n")
    if finder.missing:
        sys.stderr.write(
            f"brokercoach: searching by words alone, not by meaning; not installed: {', '.join(finder.missing)}. Install brokercoach[rag]\n"
        )
    return finder


@contextmanager
def bar(what: str = "Reading the cards") -> Iterator[Callable[[int, int], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=None, visible=False)
        yield lambda done, everything: bar.update(task, completed=done, total=everything, visible=True)

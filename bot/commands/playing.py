"""Commands about scripted conversations: playing them, and looking over what was said."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.commands.ground import Json, fail, finder_of, out, row_out, rows_of, settings_of

if TYPE_CHECKING:
    from adapters.replay import Player, Script
    from bot.manager import Finder
    from bot.settings import Settings


def replay(
    script: Annotated[Path, typer.Argument(metavar="FILE.yaml")],
    as_json: Json = False,
    home: Annotated[Path | None, typer.Option("--home", help="Keep what is played there; otherwise it is thrown away.")] = None,
) -> None:
    """Play a scripted conversation on a virtual time, through the real manager, store and clock."""
    settings = settings_of()
    script_read = _script(script)
    with _stage(settings, finder_of(settings), script_read, home) as player:
        asyncio.run(_play(player, as_json))
    sys.stderr.writelines(f"{note}\n" for note in [*player.notes, *player.faults])
    if player.faults:
        raise SystemExit(1)


def _script(path: Path) -> Script:
    from adapters.replay import BadScript, read_script

    try:
        return read_script(path)
    except BadScript as error:
        fail(str(error))


@contextmanager
def _stage(settings: Settings, finder: Finder, script: Script, home: Path | None = None) -> Iterator[Player]:
    """A house of its own for one script, thrown away afterwards unless it has a home."""
    from adapters.replay import Player, VirtualClock, ear_of
    from bot.parts import build, open_store

    with tempfile.TemporaryDirectory(prefix="brokercoach-") as thrown_away:
        clock = VirtualClock(script.start)
        place = settings.model_copy(update={"home": home or Path(thrown_away), "database": None, "key_file": None})
        store = open_store(place, clock)
        try:
            out_of_it = {"transcribe": "off"} | ({"model": None} if script.model == "none" else {})
            if script.model != "none" and not settings.model:
                sys.stderr.write("brokercoach: the script wants a language model and BROKERCOACH_MODEL names none; played without\n")
            named = settings.model_copy(update=out_of_it)
            manager, _ = build(lambda: finder, store, named, clock, script.model_works, ear_of(script, store))
            yield Player(script, manager, store, clock)
        finally:
            store.close()


def review(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Replay scripts (.yaml), or what `replay --json` printed.")],
    as_json: Json = False,
) -> None:
    """Look over transcripts for what a program can see of good coaching. It is an alarm, not a mark: a reader decides."""
    from bot.review import Measures, tally
    from bot.review import review as look
    from knowledge.card import load_cards
    from prompts.signals import load_signals

    settings = settings_of()
    finder = finder_of(settings) if any(file.suffix in (".yaml", ".yml") for file in files) else None
    signals, cards = load_signals(), {card.id for card in load_cards()}
    everything, alarmed = Measures(), []
    for file in files:
        lines, language = _transcript(file, settings, finder)
        alarms, measures = look(lines, signals, cards, language)
        everything.add(measures)
        alarmed += alarms
        for alarm in alarms:
            row = {"file": str(file), "n": alarm.n, "item": alarm.item, "what": alarm.what}
            row_out(row, f"{file} {alarm.n}: {alarm.item}, {alarm.what}", as_json)
    total = {"alarms": tally(alarmed), "measures": everything.as_dict()}
    row_out(total, "\n".join(f"{name}: {value}" for name, value in {**total["alarms"], **total["measures"]}.items()), as_json)


def _transcript(file: Path, settings: Settings, finder: Finder | None) -> tuple[list[dict[str, Any]], str]:
    """The lines of a conversation, played or read, and the language it is in."""
    if finder is None or file.suffix not in (".yaml", ".yml"):
        return [row for row in rows_of(file, set()) if "n" in row], "en"
    script = _script(file)
    with _stage(settings, finder, script) as player:
        lines = asyncio.run(_all_of(player))
    languages = {person.language for person in script.people.values() if person.language}
    return lines, languages.pop() if len(languages) == 1 else "en"


async def _all_of(player: Player) -> list[dict[str, Any]]:
    return [line async for line in player.play()]


async def _play(player: Player, as_json: bool) -> None:
    async for line in player.play():
        if as_json:
            out(line)
        else:
            _show(line)
    if as_json:
        out(player.final())


def _show(line: dict[str, Any]) -> None:
    head = f"{line['at'][:16].replace('T', ' ')}  {line['who']} {'←' if line['direction'] == 'out' else '→'}"
    body = line["text"].replace("\n", "\n    ")
    sys.stdout.write(f"{head}\n    {body}\n")
    if line["choices"]:
        sys.stdout.write("    " + "  ".join(f"({n}) {label}" for n, label in enumerate(line["choices"], 1)) + "\n")
    for source in line["sources"]:
        sys.stdout.write(f"    · {source['card']}: {source['where']}\n")
    sys.stdout.write("\n")

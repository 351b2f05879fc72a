"""Commands that talk: in the terminal, as a script, on the platforms."""

from __future__ import annotations

import asyncio
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.commands.ground import Json, fail, finder_of, note, out, settings_of, store_of

if TYPE_CHECKING:
    from adapters.terminal import Terminal
    from bot.cluster import Cluster
    from bot.parts import LazyFinder
    from bot.serving import House
    from bot.settings import Settings

_NOTHING = "no platform is configured; set BROKERCOACH_TELEGRAM_TOKEN or BROKERCOACH_SLACK_BOT_TOKEN, or talk here with: brokercoach chat"


def chat(person: Annotated[str, typer.Option("--person", help="Whose chat it is, when several people share this machine.")] = "me") -> None:
    """Talk to the coach in this terminal. Everything is kept between two visits."""
    from adapters.terminal import Terminal
    from bot.parts import build, now, open_finder

    settings = settings_of()
    with store_of(settings) as store:
        finder = open_finder(settings)
        manager, library = build(finder, store)
        known = store.person_at("terminal", person)
        words = library.in_language(known.language if known else "en")
        terminal = Terminal(manager, words, person, now, building=lambda: finder.progress, note=lambda: finder.note)
        finder.start()
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            asyncio.run(_talk(terminal, finder))
        except KeyboardInterrupt:
            sys.stderr.write("\n")


async def _talk(terminal: Terminal, finder: LazyFinder) -> None:
    try:
        await terminal.run()
    finally:
        finder.let_go()  # here and not later: asyncio waits for its threads before it ends


def serve(
    workers_only: Annotated[
        bool, typer.Option("--workers-only", help="Take turns for other `serve` on the same PostgreSQL: no intake, no sending, no clock.")
    ] = False,
) -> None:
    """Start every platform that is configured, the clock and the outgoing queue; SIGTERM ends it in order."""
    settings = settings_of()
    if (settings.cluster or workers_only) and not settings.database_url.startswith("postgresql"):
        fail("several processes need PostgreSQL; set BROKERCOACH_DATABASE to postgresql://user@host/name, or leave out BROKERCOACH_CLUSTER")
    try:
        _serve(settings, workers_only)
    except ImportError as error:
        fail(f"{error.name} is not installed; for serving install: pip install 'brokercoach[telegram,slack]'")


def _serve(settings: Settings, workers_only: bool) -> None:
    from bot.door import Refused
    from bot.intake import BadList, allowed
    from bot.parts import build, doors, now, open_finder
    from bot.serving import AlreadyServed, House
    from bot.serving import serve as run
    from bot.web import PortTaken

    with store_of(settings) as store:
        finder = open_finder(settings)
        manager, library = build(finder, store)
        try:
            opened = doors(settings, library, manager, store)
            if not opened and not workers_only:
                fail(_NOTHING)
            house = House(manager, library, store, opened, now, allowed(settings.allowed), finder.opened)
            finder.start()
            try:
                asyncio.run(run(house, settings.host, settings.port, note, _cluster(settings, house, workers_only)))
            finally:
                finder.let_go()
        except (Refused, BadList, PortTaken, AlreadyServed) as error:
            fail(str(error))


def _cluster(settings: Settings, house: House, workers_only: bool) -> Cluster | None:
    if not (settings.cluster or workers_only):
        return None
    from bot.cluster import Cluster

    return Cluster(house, settings.database_url, workers_only=workers_only)


def replay(
    script: Annotated[Path, typer.Argument(metavar="FILE.yaml")],
    as_json: Json = False,
    home: Annotated[Path | None, typer.Option("--home", help="Keep what is played there; otherwise it is thrown away.")] = None,
) -> None:
    """Play a scripted conversation on a virtual time, through the real manager, store and clock."""
    from adapters.replay import BadScript, Player, VirtualClock, read_script
    from bot.parts import build, open_store

    settings = settings_of()
    try:
        played = read_script(script)
    except BadScript as error:
        fail(str(error))
    finder = finder_of(settings)
    with tempfile.TemporaryDirectory(prefix="brokercoach-") as thrown_away:
        clock = VirtualClock(played.start)
        place = settings.model_copy(update={"home": home or Path(thrown_away), "database": None, "key_file": None})
        store = open_store(place, clock)
        try:
            manager, _ = build(lambda: finder, store, clock)
            player = Player(played, manager, store, clock)
            asyncio.run(_play(player, as_json))
        finally:
            store.close()
    sys.stderr.writelines(f"{note}\n" for note in [*player.notes, *player.faults])
    if player.faults:
        raise SystemExit(1)


async def _play(player: Any, as_json: bool) -> None:
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

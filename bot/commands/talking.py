"""Commands that talk: in the terminal and on the platforms."""

from __future__ import annotations

import asyncio
import signal
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.ground import fail, note, settings_of, store_of

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
    from bot.printing import press_of

    settings = settings_of()
    with store_of(settings) as store:
        finder = open_finder(settings)
        manager, library = build(finder, store, settings)
        press = press_of(store, library, now)
        known = store.person_at("terminal", person)
        words = library.in_language(known.language if known else "en")
        terminal = Terminal(manager, words, person, now, building=lambda: finder.progress, note=lambda: finder.note, press=press)
        if sys.stdin and sys.stdin.isatty():  # somebody is about to type; what comes by a pipe may well need no knowledge
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
        manager, library = build(finder, store, settings)
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

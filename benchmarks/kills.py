"""Kills the real `serve` with SIGKILL while people write in Telegram and Slack, again and again, and counts.

    alone     one process on SQLite, killed
    clock     the same, and at each start its clock is wrong by up to 26 hours, forward or back, while reminders fall due
    together  two processes on one PostgreSQL, of which one is killed each time
    database  one process on PostgreSQL, and PostgreSQL is killed
    cluster   the same, and the process is one that may share its database

The moments are drawn at random. `--aimed` aims them at where it hurts: right after a letter arrived, before that is written down.

Reckons after every 20 kills and prints it, so that a run that is broken off counts as well, and reckons also when something hangs or
breaks: then it says what, and how the queues stand. `--into` adds each reckoning to a file as a line of JSON, and `--sum` adds up what
such files hold. Ends with 1 if a message was lost, doubled, out of order or unanswered, or sent twice without being marked, or if at
random moments more than 2 % of what was under way was sent twice.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import asdict, fields
from datetime import time as clock_time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness import Reckoning

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "tests")]
IN_A_ROW = 20  # kills between two reckonings
MOST_TWICE = 0.02  # of the messages and letters under way at the kills


async def main(asked: argparse.Namespace, index: Path) -> bool:
    from conftest import with_index
    from harness import BOTH, stage
    from postgres import serving
    from strikes import database_killed, killed, one_of_two_killed

    from bot.model import Rhythm

    def tell(_: int) -> None:
        nonlocal kills
        kills += 1
        sys.stderr.write(f"\r{kills}/{asked.kills}")

    kills, began, holds = 0, time.monotonic(), True
    until = began + 60 * asked.minutes
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="brokercoach-kills-")))
        server = stack.enter_context(serving()) if asked.how in ("together", "database", "cluster") else None
        strike = {
            "alone": killed,
            "clock": killed,
            "together": one_of_two_killed,
            "database": partial(database_killed, server=server),
            "cluster": partial(database_killed, server=server, **BOTH),
        }[asked.how]
        clock = folder / "clock" if asked.how == "clock" else None
        home = with_index(folder / "home", index, folder / "bytecode")
        pace = {"aimed": float(asked.aimed), "pause": asked.pause, "at_once": asked.at_once}
        async with stage(home, server.database() if server else "", slack=True, clock=clock, slim=asked.slim, **pace) as on:
            people = [*range(100, 250), *(f"U{n}" for n in range(150))]
            on.welcome(people, rhythm=Rhythm(clock_time(15, 0) if clock else None, workdays=tuple(range(7))))
            rng = random.Random(asked.seed)  # noqa: S311 - to be repeated
            while holds and kills < asked.kills and time.monotonic() < until:
                reckoning = await strike(on, kills=min(IN_A_ROW, asked.kills - kills), rng=rng, tell=tell, until=until)
                told(reckoning, f"{kills} kills in {(time.monotonic() - began) / 60:.1f} minutes, {asked.how}, seed {asked.seed}")
                holds = reckoning.holds()
    if asked.into:
        with asked.into.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"how": asked.how, "seed": asked.seed, **asdict(reckoning)}) + "\n")
    return holds and (asked.aimed or few_twice(reckoning))


def few_twice(reckoning: Reckoning) -> bool:
    return reckoning.sent_twice <= MOST_TWICE * reckoning.in_flight


def told(reckoning: Reckoning, heading: str) -> None:
    numbers = asdict(reckoning)
    broke = numbers.pop("broke")
    print(f"\n{heading}")
    print(", ".join(f"{number} {what.replace('_', ' ')}" for what, number in numbers.items()), flush=True)
    if broke:
        print(f"broke off: {broke}", flush=True)


def summed(files: Iterable[Path]) -> bool:
    """Whether all that is in these files held."""
    from harness import Reckoning

    rows = [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    numbers = [field.name for field in fields(Reckoning) if field.name != "broke"]

    def total(of: list[dict[str, Any]]) -> Reckoning:
        counts = {name: sum(row[name] for row in of) for name in numbers}
        return Reckoning(**counts, broke="; ".join(row["broke"] for row in of if row["broke"]))

    for how in sorted({row["how"] for row in rows}):
        told(total([row for row in rows if row["how"] == how]), how)
    every = total(rows)
    told(every, "all")
    return every.holds() and few_twice(every)


if __name__ == "__main__":
    from knowledge.search import Finder

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kills", nargs="?", type=int, default=1000)
    parser.add_argument("--how", choices=("alone", "clock", "together", "database", "cluster"), default="alone")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop killing after so long")
    parser.add_argument("--aimed", action="store_true", help="kill right after a letter arrived")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--slim", action="store_true", help="search by words alone: it starts sooner, so that more falls between two kills")
    parser.add_argument("--home", type=Path, metavar="DIR", help="use the index of this home instead of building one")
    parser.add_argument("--pause", type=float, default=5.0, metavar="SECONDS", help="between two kills, at the most, beside the start")
    parser.add_argument("--at-once", type=int, default=3, metavar="PEOPLE", help="who write five messages each before every kill")
    parser.add_argument("--into", type=Path, metavar="FILE", help="add the reckoning to this file")
    parser.add_argument("--sum", type=Path, nargs="+", metavar="FILE", help="add up what is in these files, and do nothing else")
    given = parser.parse_args()
    if given.sum:
        sys.exit(not summed(given.sum))
    with tempfile.TemporaryDirectory(prefix="brokercoach-index-") as place:
        index = given.home or Path(place)
        Finder.open(index)
        ok = asyncio.run(main(given, index))
    sys.exit(not ok)

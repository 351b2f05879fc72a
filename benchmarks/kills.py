"""Kills the real `serve` with SIGKILL a thousand times (or as often as the first argument says) while people write, and counts.

Prints the reckoning and ends with 1 if a message was lost, doubled or out of order, or sent twice without being marked.
"""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "tests")]


async def main(kills: int, index: Path) -> bool:
    from conftest import with_index
    from harness import killed, stage

    with tempfile.TemporaryDirectory(prefix="brokercoach-kills-") as folder:
        home = with_index(Path(folder) / "home", index, Path(folder) / "bytecode")
        async with stage(home) as on:
            on.welcome(range(100, 400))
            tell = lambda n: sys.stderr.write(f"\r{n}/{kills}")  # noqa: E731
            reckoning = await killed(on, kills, random.Random(1), tell)  # noqa: S311 - to be repeated exactly
    print(f"\n{reckoning}")
    return reckoning.holds()


if __name__ == "__main__":
    from knowledge.search import Finder

    with tempfile.TemporaryDirectory(prefix="brokercoach-index-") as place:
        Finder.open(Path(place))
        ok = asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000, Path(place)))
    sys.exit(not ok)

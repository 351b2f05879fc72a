"""Measures what a language model adds: the time of ours around a call, the time until the answer when its endpoint is dead, and the tokens
of a turn. The endpoint is a fake on loopback that answers at once, so what is measured is everything but the model.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from measuring import HERE, Ground, spread

OPENING = "something on my mind"
QUERIES = HERE / "queries_dev.jsonl"


@dataclass
class Timed:
    """A model that notes how long each call took, and how many tokens were sent."""

    model: Any
    seconds: list[float] = field(default_factory=list)
    tokens: list[int] = field(default_factory=list)

    @property
    def host(self) -> str:
        return str(self.model.host)

    async def ask(self, turns: Any, *more: Any) -> Any:
        self.tokens.append(turns.tokens)
        begun = time.perf_counter()
        try:
            return await self.model.ask(turns, *more)
        finally:
            self.seconds.append(time.perf_counter() - begun)


async def _worded(house: Any, timed: Timed, texts: list[str]) -> list[float]:
    """Seconds that wording took for each reply that was asked for, without the calls."""
    took: list[float] = []
    word = house.adviser.word

    async def noted(*brief: Any) -> Any:
        before, begun = sum(timed.seconds), time.perf_counter()
        try:
            return await word(*brief)
        finally:
            took.append(time.perf_counter() - begun - (sum(timed.seconds) - before))

    house.adviser.word = noted
    for n, text in enumerate(texts):
        house.known(f"{len(texts)}-{n}")
        for line in (text, OPENING, text):
            await house.say(f"{len(texts)}-{n}", line)
    return took


async def _measured(finder: Any, texts: list[str]) -> dict[str, Any]:
    from fake_model import fake_model
    from model_house import house_of, model_at

    with tempfile.TemporaryDirectory() as folder, fake_model() as fake:
        timed = Timed(model_at(fake.url))
        with house_of(Path(folder) / "up", [timed], finder=finder) as house:
            await _worded(house, timed, texts[:2])  # libraries and vocabulary are read with the first one
            first = len(timed.seconds)
            overhead = await _worded(house, timed, texts[2:])
            counts = house.adviser.counts
        dead = Timed(model_at("http://127.0.0.1:9/v1"))
        with house_of(Path(folder) / "dead", [dead], finder=finder) as house:
            await _worded(house, dead, texts[:3])
    return {
        "overhead_ms": spread(overhead),
        "call_ms": spread(timed.seconds[first:]),
        "dead_endpoint_s": round(max(dead.seconds), 2),
        "tokens_per_turn": {"p50": int(statistics.median(timed.tokens)), "max": max(timed.tokens)},
        "worded": counts["worded"],
        "asked": counts["asked"],
    }


def measured(ground: Ground, number: int = 25) -> dict[str, Any]:
    """`overhead_ms` is ours alone, `call_ms` the client's library and the wire, both with a model that answers at once; tokens are those
    sent, by our own count, which is never too low.
    """
    from knowledge.search import Finder

    rows = [json.loads(line) for line in QUERIES.read_text(encoding="utf-8").splitlines()]
    texts = [row["text"] for row in rows if row["gold"]][:number]
    return {"model": asyncio.run(_measured(Finder.open(ground.index), texts))}

"""The one web server: whether the coach lives, whether it is ready, what it counted, and the platforms' own webhooks.

Answers hold numbers and moments; nobody's words, name or address.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import accumulate
from typing import Any

from aiohttp import web
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from bot.door import Door
from bot.tally import BOUNDS, Tally
from storage.store import Standing, Store, StoreDown

LAG = 120.0  # seconds that a message may wait for its turn before we are not ready any more
PATIENCE = 5.0  # seconds that the database has for its answer
HEALTH = ("/livez", "/readyz", "/metrics")

log = logging.getLogger(__name__)


class PortTaken(Exception):
    """The message names the remedy."""


class Web:
    def __init__(
        self,
        store: Store,
        doors: Iterable[Door],
        clock: Callable[[], datetime],
        tally: Tally,
        ending: asyncio.Event,
        uses: Callable[[], Mapping[str, Mapping[str, int]]] = dict,
    ) -> None:
        """While `ending` is set, platforms are sent away, to come again later. `uses`: what models were used for (Manager.counts)."""
        self._store = store
        self._doors = list(doors)
        self._clock = clock
        self._tally = tally
        self._ending = ending
        self._uses = uses
        self._runner: web.AppRunner | None = None

    async def open(self, host: str, port: int) -> str:
        """The address it listens on. Raises PortTaken."""
        app = web.Application(middlewares=[self._while_open])
        app.add_routes([web.get("/livez", self._live), web.get("/readyz", self._ready), web.get("/metrics", self._metrics)])
        for door in self._doors:
            app.add_routes(list(getattr(door, "routes", tuple)()))
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, host, port).start()
        except OSError as error:
            await self.close()
            raise PortTaken(
                f"{host}:{port} cannot be listened on ({error.strerror}); choose another BROKERCOACH_PORT, 0 for any that is free"
            ) from None
        name = self._runner.addresses[0]
        return f"http://{name[0]}:{name[1]}"

    async def close(self) -> None:
        if self._runner:
            await self._runner.cleanup()

    @web.middleware
    async def _while_open(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if self._ending.is_set() and request.path not in HEALTH:
            return web.Response(status=503, headers={"Retry-After": "5"})
        answer: web.StreamResponse = await handler(request)
        return answer

    async def _live(self, _: web.Request) -> web.Response:
        return web.Response(text="alive\n")

    async def _ready(self, _: web.Request) -> web.Response:
        now = self._clock()
        says: dict[str, Any] = {"ready": True, "database": "ok", "lag_s": 0.0, "ending": self._ending.is_set()}
        try:
            async with asyncio.timeout(PATIENCE):
                oldest = await asyncio.to_thread(self._store.oldest_undone)
            says["lag_s"] = round(max(0.0, (now - oldest).total_seconds()), 1) if oldest else 0.0
        except (StoreDown, TimeoutError):
            says["database"] = "away"
        says["heard_s"] = {door.platform: _ago(getattr(door, "heard_at", None), now) for door in self._doors}
        says["ready"] = says["database"] == "ok" and says["lag_s"] < LAG and not self._ending.is_set()
        return web.json_response(says, status=200 if says["ready"] else 503)

    async def _metrics(self, _: web.Request) -> web.Response:
        standing: Standing | None = None
        month = 0
        now = self._clock()
        try:
            async with asyncio.timeout(PATIENCE):
                standing = await asyncio.to_thread(self._store.standing)
                month = await asyncio.to_thread(self._store.spent, now.replace(day=1, hour=0, minute=0, second=0, microsecond=0))
        except (StoreDown, TimeoutError):
            log.warning("the database does not say how things stand")
        registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        registry.register(_Counted(self._tally, self._uses(), standing, month, now))
        return web.Response(body=generate_latest(registry), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})


class _Counted:
    """What prometheus_client collects."""

    def __init__(self, tally: Tally, uses: Mapping[str, Mapping[str, int]], standing: Standing | None, month: int, now: datetime) -> None:
        self._tally = tally
        self._uses = uses
        self._standing = standing
        self._month = month
        self._now = now

    def collect(self) -> Iterator[Metric]:
        events = CounterMetricFamily("brokercoach_events", "Messages and letters by what became of them", labels=("what", "platform"))
        for labels, times in self._tally.counts.items():
            events.add_metric(labels, times)
        yield events
        for what, counts in self._uses.items():
            used = CounterMetricFamily(f"brokercoach_{what}", f"What the {what} was used for, by what became of it", labels=("what",))
            for became, times in counts.items():
                used.add_metric((became,), times)
            yield used
        turns = HistogramMetricFamily("brokercoach_turn_seconds", "How long turns take")
        bounds = [*map(str, BOUNDS), "+Inf"]
        turns.add_metric((), list(zip(bounds, accumulate(self._tally.buckets), strict=True)), self._tally.seconds)
        yield turns
        if self._standing is None:
            return
        gauges: tuple[tuple[str, float, str], ...] = (
            ("inbox_undone", self._standing.undone, "Messages that wait for their turn"),
            ("inbox_lag_seconds", _ago(self._standing.oldest, self._now) or 0.0, "How long the oldest of them has waited"),
            ("inbox_set_aside", self._standing.set_aside, "Messages that were given up on"),
            ("outbox_unsent", self._standing.unsent, "Letters that wait to be sent"),
            ("outbox_uncertain", self._standing.uncertain, "Letters that may have been sent twice"),
            ("outbox_let_go", self._standing.let_go, "Letters that were given up on"),
            ("model_tokens_month", self._month, "Tokens that went to the language model this month"),
            ("addresses_unreachable", self._standing.unreachable, "Addresses where nobody is reached"),
        )
        for name, number, what in gauges:
            yield GaugeMetricFamily(f"brokercoach_{name}", what, number)


def _ago(moment: datetime | None, now: datetime) -> float | None:
    return None if moment is None else round(max(0.0, (now - moment).total_seconds()), 1)

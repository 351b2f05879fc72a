"""Faults between the coach and an emulator: an addon for mitmdump as a reverse proxy.

    mitmdump --mode reverse:http://127.0.0.1:EMULATOR --listen-host 127.0.0.1 -p PROXY -s fault_addon.py -q

POST /__faults takes {"path": regex, "status": 429, "headers": {}, "body": object or text, "times": 1, "kill": bool, "after": bool};
with `after` the emulator gets the call and only its answer is lost or replaced. DELETE /__faults forgets them.
POST /__sockets takes {"kill": true} or {"inject": object to the client}, for every open web socket. For those to come through
here, the emulator's address in its answers is changed to ours.
"""

from __future__ import annotations

import json
import re
from typing import Any

from mitmproxy import ctx, http

FAULTS: list[dict[str, Any]] = []
SOCKETS: list[http.HTTPFlow] = []


def _answer(flow: http.HTTPFlow, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
    kind, text = ("text/html", body) if isinstance(body, str) else ("application/json", json.dumps(body))
    flow.response = http.Response.make(status, text, {"Content-Type": kind} | (headers or {}))


def _apply(flow: http.HTTPFlow, after: bool) -> None:
    for fault in FAULTS:
        if bool(fault.get("after")) == after and fault["times"] > 0 and re.search(fault["path"], flow.request.path):
            fault["times"] -= 1
            if fault.get("kill"):
                flow.kill()
            else:
                _answer(flow, fault["status"], fault.get("body", ""), fault.get("headers"))
            return


def _do_to_sockets(what: dict[str, Any]) -> None:
    for flow in SOCKETS.copy():
        if "inject" in what:
            ctx.master.commands.call("inject.websocket", flow, True, json.dumps(what["inject"]).encode(), True)
        if what.get("kill"):
            _cut(flow)


def _cut(flow: http.HTTPFlow) -> None:
    """Cuts the line to both sides. flow.kill() does nothing to a web socket that is open."""
    for handler in ctx.master.addons.get("proxyserver").connections.values():
        if getattr(handler, "client", None) is flow.client_conn:
            for line in handler.transports.values():
                if line.writer:
                    line.writer.transport.abort()


def request(flow: http.HTTPFlow) -> None:
    asked = json.loads(flow.request.get_text() or "{}") if flow.request.path.startswith("/__") else {}
    if flow.request.path.startswith("/__sockets"):
        _do_to_sockets(asked)
        _answer(flow, 200, {})
    elif flow.request.path.startswith("/__faults"):
        if flow.request.method == "POST":
            FAULTS.append({"times": 1} | asked)
        elif flow.request.method == "DELETE":
            FAULTS.clear()
        _answer(flow, 200, FAULTS)
    else:
        _apply(flow, after=False)


def response(flow: http.HTTPFlow) -> None:
    if flow.request.path.startswith("/__"):
        return
    there, here = (f"ws://{place[0]}:{place[1]}" for place in (flow.server_conn.address, flow.client_conn.sockname) if place)
    if flow.response and there in (flow.response.get_text(strict=False) or ""):
        flow.response.text = (flow.response.text or "").replace(there, here)
    _apply(flow, after=True)


def websocket_start(flow: http.HTTPFlow) -> None:
    SOCKETS.append(flow)


def websocket_end(flow: http.HTTPFlow) -> None:
    SOCKETS.remove(flow)

"""Faults between the coach and an emulator: an addon for mitmdump as a reverse proxy.

    mitmdump --mode reverse:http://127.0.0.1:EMULATOR --listen-host 127.0.0.1 -p PROXY -s fault_addon.py -q

POST /__faults takes {"path": regex, "status": 429, "body": object or text, "times": 1, "kill": bool, "after": bool}; with `after` the
emulator gets the call and only its answer is lost or replaced. DELETE /__faults forgets them.
"""

from __future__ import annotations

import json
import re
from typing import Any

from mitmproxy import http

FAULTS: list[dict[str, Any]] = []


def _answer(flow: http.HTTPFlow, status: int, body: Any) -> None:
    kind, text = ("text/html", body) if isinstance(body, str) else ("application/json", json.dumps(body))
    flow.response = http.Response.make(status, text, {"Content-Type": kind})


def _apply(flow: http.HTTPFlow, after: bool) -> None:
    for fault in FAULTS:
        if bool(fault.get("after")) == after and fault["times"] > 0 and re.search(fault["path"], flow.request.path):
            fault["times"] -= 1
            if fault.get("kill"):
                flow.kill()
            else:
                _answer(flow, fault["status"], fault.get("body", ""))
            return


def request(flow: http.HTTPFlow) -> None:
    if not flow.request.path.startswith("/__faults"):
        _apply(flow, after=False)
        return
    if flow.request.method == "POST":
        FAULTS.append({"times": 1} | json.loads(flow.request.get_text() or "{}"))
    elif flow.request.method == "DELETE":
        FAULTS.clear()
    _answer(flow, 200, FAULTS)


def response(flow: http.HTTPFlow) -> None:
    if not flow.request.path.startswith("/__faults"):
        _apply(flow, after=True)

"""Draws the pictures beside it: evening.yaml, played at each door, as the adapters really send it.

    python docs/screens/draw.py

The terminal is drawn by rich; Telegram and Slack as pages that look like theirs, in a Chromium that must be installed. Layout, colours
and fonts imitate; words, buttons, blocks and their order are what went over the wire.
"""

from __future__ import annotations

import asyncio
import html
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from io import StringIO
from itertools import pairwise
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PROJECT = HERE.parent.parent
sys.path[:0] = [str(PROJECT / "tests"), str(PROJECT)]

from PIL import Image
from rich.console import Console
from three_doors import WIDTH, Seen, seen

from adapters.replay import read_script
from adapters.slack_blocks import answered
from adapters.slack_home import home
from adapters.terminal import show
from knowledge.search import Finder
from prompts.library import load_library

LIBRARY = load_library()
BROAD = {"telegram": 460, "slack": 720, "slack-home": 720}  # pixels

STYLE = """
* { box-sizing: border-box }
body { margin: 0; font: 15px/1.4 "DejaVu Sans", sans-serif; }
.telegram { background: #cfdcc7; padding: 14px; }
.telegram .row { display: flex; margin: 6px 0; flex-direction: column; align-items: flex-start; }
.telegram .mine { align-items: flex-end; }
.bubble { background: #fff; border-radius: 14px; padding: 8px 12px; max-width: 88%; white-space: pre-wrap; }
.telegram .mine .bubble { background: #e3fbc9; }
.telegram blockquote { margin: 8px 0 0; padding: 4px 10px; border-left: 3px solid #4a90d9;
  background: #eef5fc; border-radius: 4px; font-size: 13px; }
.keys { width: 88%; }
.keys div { background: #7f9479cc; color: #fff; border-radius: 10px; padding: 8px; margin-top: 4px;
  text-align: center; font-size: 14px; }
.slack { background: #fff; padding: 18px 20px; color: #1d1c1d; }
.slack .row { display: flex; gap: 10px; margin-bottom: 16px; }
.face { width: 36px; height: 36px; border-radius: 8px; background: #2a6f6b; color: #fff; display: grid;
  place-items: center; font-weight: bold; flex: none; }
.mine .face { background: #8a5a83; }
.slack b.who { font-size: 15px; }
.slack .text { white-space: pre-wrap; }
.slack .body { flex: 1; }
.app { font-size: 10px; background: #e8e8e8; border-radius: 3px; padding: 1px 4px; margin-left: 6px; color: #616061; }
.button { display: inline-block; border: 1px solid #bbb; border-radius: 8px; padding: 5px 12px;
  margin: 8px 8px 0 0; font-weight: bold; font-size: 13px; }
.context { color: #616061; font-size: 12.5px; margin-top: 6px; }
.slack h2 { font-size: 18px; margin: 16px 0 4px; }
hr { border: 0; border-top: 1px solid #ddd; }
"""


def page(kind: str, rows: Iterator[str]) -> str:
    # the title carries the height, which a first look reads
    measure = "<script>document.title = document.documentElement.scrollHeight</script>"
    return f"<!doctype html><meta charset=utf-8><style>{STYLE}</style><body class={kind}><main>{''.join(rows)}</main>{measure}"


def with_next(some: list[Seen]) -> Iterator[tuple[Seen, Seen | None]]:
    """Each message, and what was pressed on it."""
    for here, following in pairwise([*some, None]):
        assert here
        yield here, following if following and following.pressed else None


def telegram(some: list[Seen]) -> Iterator[str]:
    for each, pressed in with_next(some):
        if each.pressed:
            continue
        if each.mine:
            yield f'<div class="row mine"><div class=bubble>{html.escape(each.text)}</div></div>'
            continue
        for part in each.raw:
            buttons = "" if pressed else "".join(f"<div>{html.escape(button['text'])}</div>" for button in part["buttons"])
            yield f"<div class=row><div class=bubble>{part['raw']['text']}</div><div class=keys>{buttons}</div></div>"


def slack(some: list[Seen]) -> Iterator[str]:
    for each, pressed in with_next(some):
        if each.pressed:
            continue
        who, sign = ("Aisha", "A") if each.mine else ("brokercoach", "b")
        app = "" if each.mine else "<span class=app>APP</span>"
        blocks = [block for post in each.raw or () for block in post["blocks"]]
        blocks = answered(blocks, pressed.text) if pressed else blocks
        body = f"<div class=text>{html.escape(each.text)}</div>" if each.mine else "".join(map(block_kit, blocks))
        side = "mine" if each.mine else ""
        yield f'<div class="row {side}"><div class=face>{sign}</div><div class=body><b class=who>{who}</b>{app}{body}</div></div>'


def block_kit(block: dict[str, Any]) -> str:
    """One block. Slack's texts come escaped as HTML's are."""
    match block["type"]:
        case "section":
            return f"<div class=text>{block['text']['text']}</div>"
        case "header":
            return f"<h2>{html.escape(block['text']['text'])}</h2>"
        case "divider":
            return "<hr>"
        case "context":
            return "".join(f"<div class=context>{element['text']}</div>" for element in block["elements"])
        case "context_actions":
            return "<div class=context>👍 &nbsp; 👎</div>"
        case "actions":
            return "".join(f"<span class=button>{html.escape(element['text']['text'])}</span>" for element in block["elements"])
    raise ValueError(block["type"])


def terminal(some: list[Seen]) -> str:
    console = Console(width=WIDTH, record=True, file=StringIO(), force_terminal=True)
    words = LIBRARY.words["en"]
    for each in some:
        if each.mine:
            console.print(f"[bold]{words.variants('terminal.you')[0]} ›[/bold] {each.text}", highlight=False)
        else:
            show(console, words.variants("terminal.coach")[0], each.raw.message)
    drawn = console.export_svg(title="brokercoach chat", font_aspect_ratio=0.6)
    return re.sub(r"@font-face \{.*?\}", "", drawn, flags=re.DOTALL)  # nothing is fetched to show it


def shot(name: str, content: str, place: Path) -> None:
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        raise SystemExit("a Chromium is needed; on Debian: apt-get install chromium")
    file = place / f"{name}.html"
    file.write_text(content, encoding="utf-8")
    bare = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={place}/profile"]
    dom = subprocess.run(
        [*bare, f"--window-size={BROAD[name]},200", "--dump-dom", file.as_uri()], capture_output=True, check=True, text=True
    )
    found = re.search(r"<title>(\d+)</title>", dom.stdout)
    assert found, "the page did not say how high it is"
    picture = [f"--window-size={BROAD[name]},{found[1]}", f"--screenshot={HERE / name}.png", file.as_uri()]
    subprocess.run([*bare, *picture], capture_output=True, check=True)
    with Image.open(HERE / f"{name}.png") as taken:
        taken.convert("RGB").quantize(64).save(HERE / f"{name}.png", optimize=True)


async def drawn() -> None:
    script = read_script(HERE / "evening.yaml")
    cached = PROJECT / ".pytest_cache" / "d" / "knowledge"
    with tempfile.TemporaryDirectory(prefix="brokercoach-screens-") as folder:
        place = Path(folder)
        finder = Finder.open(cached if cached.is_dir() else place / "knowledge")
        draw: dict[Any, Callable[[list[Seen]], Iterator[str]]] = {"telegram": telegram, "slack": slack}
        for platform in ("terminal", "telegram", "slack"):
            (place / platform).mkdir()
            some, more = await seen(platform, script, place / platform, LIBRARY, lambda: finder)  # type: ignore[arg-type]
            if platform == "terminal":
                (HERE / "terminal.svg").write_text(terminal(some), encoding="utf-8")
            else:
                shot(platform, page(platform, draw[platform](some)), place)
            if more["overview"]:
                shot("slack-home", page("slack", map(block_kit, home(more["overview"])["blocks"])), place)


if __name__ == "__main__":
    asyncio.run(drawn())

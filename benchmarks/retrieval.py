"""How well cards are found on the messages in benchmarks/*.jsonl, how fast, and what it costs beside 10,000 pieces of own documents."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from itertools import islice
from pathlib import Path
from typing import Any

from measuring import HERE, Ground, spread, took

PIECES = 10_000
ASKS = 4  # of the cards, side by side in a piece: as long as a paragraph
NOISE = 0.03  # added to each number of a vector, so that no two pieces are alike
ROUNDS = 3

# What a process holds that has searched, in MB: now, and at its peak.
SERVING = """
import json, sys
from pathlib import Path
from knowledge.search import Finder
finder = Finder.open(Path(sys.argv[1]))
for text in json.loads(sys.argv[2]):
    finder.find(text), finder.quotes(text)
status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
print(json.dumps({name: int(status[field].split()[0]) // 1024 for name, field in (("now", "VmRSS"), ("peak", "VmHWM"))}))
"""


def measured(ground: Ground) -> dict[str, Any]:
    from knowledge.embedder import Embedder
    from knowledge.evaluate import evaluate
    from knowledge.search import Finder

    finder = Finder.open(ground.index)
    files = HERE / "queries_dev.jsonl", HERE / "queries_own.jsonl"
    rows, own = ([json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] for file in files)
    embedder = Embedder.open(ground.index / "index")
    assert embedder is not None
    home = ground.folder / "documents"
    shutil.copytree(ground.index, home)
    _take_in(home, embedder)
    return {
        "retrieval": evaluate(finder, rows).as_dict(),
        "retrieval_own": {name: evaluate(finder, some).as_dict() for name, some in _sets(own).items()},
        "index_load_s": round(min(took(lambda: Finder.open(ground.index)) for _ in range(ROUNDS)), 2),
        **_beside_each_other(Finder.open(home), embedder, [row["text"] for row in (*rows, *own)]),
        "serving_mb": _serving(home, [row["text"] for row in rows[:20]]),
    }


def _sets(rows: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """By set and language, as in own4-fr."""
    sets: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        sets.setdefault(row["id"][: len("own1-en")], []).append(row)
    return sets


def _take_in(home: Path, embedder: Any) -> None:
    """One document of many pieces; their vectors are those of asks, a little off: to make them would take longer than all the rest."""
    import numpy as np

    from knowledge.documents import Document, New, change
    from knowledge.index import open_index
    from knowledge.pieces import Piece

    index = open_index(home, embedder=lambda: embedder)
    assert index.vectors is not None
    chance = np.random.default_rng(1)
    asks = [row for row, text in enumerate(index.texts) if text.kind == "ask"]
    rows = [chance.choice(asks, ASKS) for _ in range(PIECES)]
    pieces = tuple(Piece(f"p. {n}", ("Notes",), ". ".join(index.texts[row].text for row in own)) for n, own in enumerate(rows, 1))
    vectors = index.vectors[[own[0] for own in rows]] + chance.normal(0, NOISE, (PIECES, index.vectors.shape[1]))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    change(
        home, [New(Document("0" * 64, "notes.txt", "text", "own", "2026-03-02", PIECES), pieces, vectors.astype(np.float32))], (), embedder
    )


def _beside_each_other(finder: Any, embedder: Any, texts: list[str]) -> dict[str, Any]:
    """Each message is embedded, then searched for, so that whatever else the machine does falls on both alike."""
    embed: list[float] = []
    search: list[float] = []
    quote: list[float] = []
    ratios = []
    for _ in range(ROUNDS):
        for text in texts:
            embed.append(took(lambda text=text: embedder.embed([text])))
            search.append(took(lambda text=text: finder.find(text)))
            quote.append(took(lambda text=text: finder.quotes(text)))
        ratios.append(_p50(islice(search, len(search) - len(texts), None)) / _p50(islice(embed, len(embed) - len(texts), None)))
    return {
        "embed_ms": spread(embed),
        "search_ms": spread(search),
        "quotes_ms": spread(quote),
        "search_to_embedding": [round(ratio, 2) for ratio in sorted(ratios)],
    }


def _p50(samples: Any) -> float:
    return spread(samples)["p50"]


def _serving(home: Path, texts: list[str]) -> dict[str, int]:
    command = [sys.executable, "-c", SERVING, str(home), json.dumps(texts)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=HERE.parent)
    found: dict[str, int] = json.loads(done.stdout)
    return found

"""How well and how fast cards are found, on messages in benchmarks/*.jsonl."""

from __future__ import annotations

import json
from typing import Any

from measuring import HERE, Ground, spread, took


def measured(ground: Ground) -> dict[str, Any]:
    from knowledge.embedder import Embedder
    from knowledge.evaluate import evaluate
    from knowledge.search import Finder

    load = took(lambda: Finder.open(ground.index))
    finder = Finder.open(ground.index)
    files = HERE / "queries_dev.jsonl", HERE / "queries_own.jsonl"
    rows, own = ([json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] for file in files)
    texts = [row["text"] for row in (*rows, *own)] * 2
    embedder = Embedder.open(ground.index / "index")
    assert embedder is not None
    return {
        "retrieval": evaluate(finder, rows).as_dict(),
        "retrieval_own": evaluate(finder, own).as_dict(),
        "embed_ms": spread(took(lambda text=text: embedder.embed([text])) for text in texts),
        "search_ms": spread(took(lambda text=text: finder.rank(text)) for text in texts),
        "index_load_s": round(load, 2),
    }

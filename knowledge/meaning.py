"""Finds cards by meaning: how close a message is to the nearest text of each card.

It keeps no message and refuses nothing: whether a match is worth showing is search.py's business.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from knowledge.embedder import Embedder
from knowledge.index import Text

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Near:
    """Cosines: of each card's best text, of each topic's label, and of the closest message that is none of our business."""

    cards: dict[str, float]
    topics: dict[str, float]
    offtopic: float


class Meaning:
    def __init__(self, embedder: Embedder, texts: Sequence[Text], vectors: NDArray[np.float32]) -> None:
        self._embedder = embedder
        self._vectors = vectors
        self._rows: dict[str, dict[str, list[int]]] = {"card": {}, "topic": {}, "offtopic": {}}
        for row, text in enumerate(texts):
            kind = text.kind if text.kind in self._rows else "card"
            self._rows[kind].setdefault(text.owner, []).append(row)

    def find(self, text: str) -> Near:
        near = (self._vectors @ self._embedder.embed([text])[0]).tolist()
        best = {kind: {owner: max(near[row] for row in rows) for owner, rows in owners.items()} for kind, owners in self._rows.items()}
        return Near(best["card"], best["topic"], best["offtopic"].get("", -1.0))

"""Carries French and Spanish words over to meaning, because the model reads English.

Each card says in three languages when it is needed, and the English texts have a place in the model's space. A ridge regression from the
words of the French (or Spanish) texts to that place is a small dictionary by meaning, worked out from the cards alone: a word scores for
all cards that are near what it mostly stands for, and not only for those that have it. On the 68 messages about brokering of the second
set of our own in French and Spanish, in view of which its weight was chosen, it takes nDCG@5 from .46 to .50.

It is learnt when the index is built (a second) and kept in one file.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from knowledge.meaning import Space
from knowledge.words import stemmed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from knowledge.index import Text

    Array = NDArray[np.float32]

RIDGE = 1.0  # anything from .3 to 3 does as well


class Bridge:
    """`tables`: of each language its stems and, a row a stem, the score for every card and, last, the weight; the first row is the rest."""

    def __init__(self, tables: Mapping[str, tuple[Mapping[str, int], Array]]) -> None:
        self._tables = tables

    def scores(self, stems: Sequence[str], language: str) -> Array | None:
        """For every card, on a scale of its own; None where there is no bridge, or no word to carry over."""
        import numpy as np

        known, table = self._tables.get(language, ({}, None))
        rows = [known[stem] for stem in stems if stem in known]
        if table is None or not rows:
            return None
        found = table[rows]
        scores: Array = table[0, :-1] + found[:, :-1].sum(axis=0) / np.linalg.norm(found[:, -1])
        return scores

    @classmethod
    def read(cls, path: Path) -> Bridge:
        """Raises OSError, ValueError or KeyError when the file is not there or not whole."""
        import numpy as np

        with np.load(path) as file:
            tables = {}
            for language in file["languages"]:
                stems = str(file[f"{language}.stems"]).split(" ")
                tables[str(language)] = ({stem: row for row, stem in enumerate(stems, 1)}, file[f"{language}.table"].astype(np.float32))
        return cls(tables)


def learn(path: Path, texts: Sequence[Text], vectors: Array) -> None:
    """Writes the bridges of all languages but English."""
    import numpy as np

    space = Space(texts, vectors)
    parts: dict[str, Any] = {"languages": np.array(sorted(space.means.keys() - {"en"}), dtype=str)}
    for language in parts["languages"]:
        stems, table = _learnt(str(language), texts, vectors, space)
        parts[f"{language}.stems"], parts[f"{language}.table"] = np.array(" ".join(stems)), table.astype(np.float16)
    with path.open("wb") as file:
        np.savez(file, **parts)


def _learnt(language: str, texts: Sequence[Text], vectors: Array, space: Space) -> tuple[list[str], Array]:
    import numpy as np

    places = {card: vectors[rows].mean(axis=0) for card, rows in space.rows["en"].items()}
    known: dict[str, str] = {}
    own = [text for text in texts if text.kind in ("title", "gist", "ask") and text.language == language and text.owner in places]
    said = [dict.fromkeys(stemmed(text.text, language, known)) for text in own]
    having = Counter(stem for stems in said for stem in stems)
    columns = {stem: column for column, stem in enumerate(having)}
    rarity = np.array([math.log((len(own) + 1) / (count + 0.5)) for count in having.values()], dtype=np.float32)
    matrix = np.zeros((len(own), len(columns)), dtype=np.float32)
    for row, stems in enumerate(said):
        use = [columns[stem] for stem in stems]
        matrix[row, use] = rarity[use]
    matrix /= np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-9)
    wanted = np.array([places[text.owner] for text in own])
    usual = wanted.mean(axis=0)
    kernel = matrix @ matrix.T + RIDGE * np.eye(len(own), dtype=np.float32)
    carried = matrix.T @ np.linalg.solve(kernel, wanted - usual)
    to_cards = space.whiten @ space.means["en"].T
    rest = (usual - space.centres["en"]) @ to_cards
    table = np.concatenate([rest[None], (carried @ to_cards) * rarity[:, None]])
    return list(columns), np.concatenate([table, np.concatenate([[0.0], rarity])[:, None]], axis=1)

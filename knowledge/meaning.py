"""Finds cards by meaning: how close a message is to what people say when they need a card.

A card is the mean of its texts (title, gist and asks), and messages are compared with it after whitening: directions in which the texts
of one card differ among themselves (the farm or the hospital, the tone, the length) count less than those in which cards differ.
That is Fisher's discriminant with a shrunk covariance. On the development queries it takes nDCG@5 from .32 (the closest single text)
to .51; it is worked out from the cards alone, so no query has a part in it.

It keeps no message and refuses nothing: whether a match is worth showing is search.py's business.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from knowledge.embedder import Embedder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from knowledge.index import Text

    Array = NDArray[np.float64]

SHRINK = 0.5  # towards a round covariance; anything from .3 to .7 does as well, on asks held out and on the development queries
ENGLISH = 0.5  # share of a card's English texts in its French and Spanish mean, which are of glosses (gloss.py) and of fewer texts

ALIKE = 5  # cards that count as most like a card
NEIGHBOURS, STRANGERS = 20, 3  # of our texts, and of messages that are none of our business, that tell whether a message is ours

WINDOW, WINDOWS = 150, 6  # words that the model reads at once (it stops at 256 tokens), and how many such windows of a long message


@dataclass(frozen=True, slots=True)
class Near:
    """Cosines to each card (whitened), to each topic's label, and to the closest of what people say when they need that very topic; 0 for
    a topic without.

    `ours`: how much closer our texts are than other people's business. `vague`: the closest text of all says nothing in particular.
    """

    cards: Array
    topics: Array
    told: Array
    ours: float
    vague: bool = False


class Space:
    """Of each language the centre and, whitened, the mean of every card; and the whitening. Worked out from the texts of the cards."""

    def __init__(self, texts: Sequence[Text], vectors: NDArray[np.float32], cards: Sequence[str]) -> None:
        import numpy as np

        self.rows: dict[str, dict[str, list[int]]] = {}
        for row, text in enumerate(texts):
            if text.kind in ("title", "gist", "ask"):
                self.rows.setdefault(text.language, {}).setdefault(text.owner, []).append(row)
        means: dict[str, Array] = {}
        within: list[Any] = []
        for language, rows in self.rows.items():
            found = {card: vectors[own] for card, own in rows.items()}
            centre = np.mean([own.mean(axis=0) for own in found.values()], axis=0)
            means[language] = np.array([found[card].mean(axis=0) if card in found else centre for card in cards])
            within += [own - own.mean(axis=0) for own in found.values()]
        spread = np.concatenate(within)
        covariance = (spread.T @ spread / len(spread)).astype(np.float64)
        size = len(covariance)
        covariance = (1 - SHRINK) * covariance + (SHRINK * np.trace(covariance) / size + 1e-9) * np.eye(size)
        self.whiten: Array = np.linalg.inv(np.linalg.cholesky(covariance)).T
        self.centres = {language: mean.mean(axis=0) for language, mean in means.items()}
        self.means = {language: _unit((mean - self.centres[language]) @ self.whiten) for language, mean in means.items()}
        for language in self.means.keys() - {"en"}:
            self.means[language] = self.means[language] + ENGLISH * self.means["en"]


class Meaning:
    """Tells of cards and topics in the order of `cards` and `topics`.

    `like`: a row a card, what each of the cards most like it has of a share in it; they add up to 1.
    """

    def __init__(
        self, embedder: Embedder, texts: Sequence[Text], vectors: NDArray[np.float32], cards: Sequence[str], topics: Sequence[str]
    ) -> None:
        import numpy as np

        self._embedder = embedder
        self._cosines = embedder.compared_with(vectors)
        self._space = Space(texts, vectors, cards)
        self.like = _most_alike(self._space.means["en"])
        place = {topic: n for n, topic in enumerate(topics)}
        self._topics = len(topics)
        labels = [(place[text.owner], row) for row, text in enumerate(texts) if text.kind == "topic"]
        self._labelled, self._labels = np.array(labels, dtype=np.int64).reshape(-1, 2).T
        told = np.array(sorted((place[text.topic], row) for row, text in enumerate(texts) if text.topic), dtype=np.int64).reshape(-1, 2)
        self._told, self._told_from = np.unique(told[:, 0], return_index=True)
        self._told_rows = told[:, 1]
        self._others = np.array([row for row, text in enumerate(texts) if text.kind == "offtopic"], dtype=np.int64)
        self._vague = np.array([row for row, text in enumerate(texts) if text.kind == "vague"], dtype=np.int64)
        self._ours = np.array([row for cards in self._space.rows.values() for own in cards.values() for row in own], dtype=np.int64)

    def vector(self, text: str) -> NDArray[np.float32]:
        """Of a message, however long."""
        unit: NDArray[np.float32] = _unit(self._embedder.embed(_windows(text)).mean(axis=0))
        return unit

    def find(self, vector: NDArray[np.float32], language: str = "en") -> Near:
        """`vector` is of the message in English (or of its gloss), and `language` the one it was written in."""
        import numpy as np

        space = self._space
        cosines = self._cosines(vector)
        if language not in space.means:
            language = "en"
        close = times(space.means[language], _unit(times(space.whiten.T, vector - space.centres[language])))
        ours, others = cosines[self._ours], cosines[self._others]
        near = np.partition(ours, -min(NEIGHBOURS, len(ours)))[-NEIGHBOURS:].mean()
        far = np.partition(others, -min(STRANGERS, len(others)))[-STRANGERS:].mean()
        labels, told = np.zeros(self._topics), np.zeros(self._topics)
        labels[self._labelled] = cosines[self._labels]
        if len(self._told):
            told[self._told] = np.maximum.reduceat(cosines[self._told_rows], self._told_from)
        vague = len(self._vague) and cosines[self._vague].max() >= max(ours.max(), others.max())
        return Near(close, labels, told, float(near - far), bool(vague))


def _most_alike(means: Array) -> Array:
    import numpy as np

    alike: Array = np.maximum(means @ means.T - 2 * np.eye(len(means)), 0)
    alike[alike < np.sort(alike, axis=1)[:, [-min(ALIKE, len(alike))]]] = 0
    alike /= np.maximum(alike.sum(axis=1, keepdims=True), 1e-9)
    return alike


def times(matrix: Any, vector: Any) -> Any:
    """A product on one thread. OpenBLAS would leave its threads spinning for the next, and they take the cores that the model needs."""
    import numpy as np

    return np.einsum("ij,j->i", matrix, vector)


def _unit(vectors: Any) -> Any:
    import numpy as np

    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)


def _windows(text: str) -> list[str]:
    """A text as it is, or in pieces that the model can read when it is long."""
    words = text.split(maxsplit=WINDOW * WINDOWS)[: WINDOW * WINDOWS]
    return [" ".join(words[start : start + WINDOW]) for start in range(0, len(words), WINDOW)] or [""]

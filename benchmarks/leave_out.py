"""How often a card is found by an ask that was left out of the index: what to tune by, for no message of anybody's has a part in it.

`python -m benchmarks.leave_out [HOME]`: a quarter of the asks is left out four times, and every eighth of those searched for.
Of the three languages of a card the asks may be much alike, so the figures compare ways of searching and promise nothing.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path

from knowledge.card import Card, load_cards
from knowledge.embedder import Embedder
from knowledge.gloss import glosses_of
from knowledge.index import Index, compiled_card, fill, glossaries, open_index, texts_of
from knowledge.search import Finder
from knowledge.words import Words

FOLDS, EACH = 4, 8


def left_out(home: Path) -> dict[str, tuple[int, int]]:
    """Of each language: asks found among the first three cards, and asks searched for."""
    model = Embedder.open(home / "index")
    whole = open_index(home, embedder=lambda: model)
    if model is None or whole.vectors is None:
        raise SystemExit("search by meaning is not installed")
    row_of = {text.text: row for row, text in enumerate(whole.texts)}
    glosses = glosses_of(glossaries())
    cards = load_cards()
    found: dict[str, tuple[int, int]] = {}
    for fold in range(FOLDS):
        kept = [_without(card, fold) for card in cards]
        texts = texts_of(kept, glosses)
        db = sqlite3.connect(":memory:", check_same_thread=False)
        fill(db, kept, glosses)
        vectors = whole.vectors[[row_of[text.text] for text in texts]]
        finder = Finder(Index({card.id: compiled_card(card) for card in kept}, texts, Words(db, glosses), vectors), model)
        for card, language, ask in _asks(cards, fold)[::EACH]:
            hit = card in [name for name, _ in finder.legs(ask, 3)["fused"].cards]
            hits, asked = found.get(language, (0, 0))
            found[language] = (hits + hit, asked + 1)
    return found


def _without(card: Card, fold: int) -> Card:
    return card.model_copy(
        update={"asks": {language: [ask for n, ask in enumerate(asks) if n % FOLDS != fold] for language, asks in card.asks.items()}}
    )


def _asks(cards: Sequence[Card], fold: int) -> list[tuple[str, str, str]]:
    return [(card.id, language, ask) for card in cards for language, asks in card.asks.items() for ask in asks[fold::FOLDS]]


if __name__ == "__main__":
    for language, (hits, asked) in left_out(Path(sys.argv[1] if len(sys.argv) > 1 else "home")).items():
        print(f"{language} {hits}/{asked} {hits / asked:.3f}")

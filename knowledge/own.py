"""How close somebody's own entries are to what they look for, by meaning. Nothing of it is written anywhere: not to Chroma, not to a disk.

Vectors stay in memory under a keyed hash of their text, the latest HELD of all people together; what falls out is read anew.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from knowledge.embedder import Embedder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

HELD = 4000  # vectors, 1.5 kB each
AT_ONCE = 500  # of one logbook, the newest: more would keep its owner waiting the first time (3 ms each)


class OwnEntries:
    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._key = secrets.token_bytes(16)
        self._vectors: dict[bytes, NDArray[np.float32]] = {}
        self._turn = threading.Lock()

    def near(self, text: str, entries: Sequence[tuple[str, str]]) -> list[tuple[str, float]]:
        """Ids and cosines of the entries (id and text, newest first) that were looked at."""
        import numpy as np

        looked_at = entries[:AT_ONCE]
        if not looked_at or not text.strip():
            return []
        names = [self._name(told) for _, told in looked_at]
        with self._turn:
            new = {name: told for name, (_, told) in zip(names, looked_at, strict=True) if name not in self._vectors}
        if new:
            fresh = dict(zip(new, self._embedder.embed(list(new.values())), strict=True))
        with self._turn:
            if new:
                self._vectors.update(fresh)
            found = {name: self._vectors.pop(name) for name in dict.fromkeys(names) if name in self._vectors}
            self._vectors.update(found)  # the latest used stand last
            while len(self._vectors) > HELD:
                del self._vectors[next(iter(self._vectors))]
        wanted = self._embedder.embed([text])[0]
        matrix = np.stack([found.get(name, np.zeros_like(wanted)) for name in names])
        return [(id_, float(cosine)) for (id_, _), cosine in zip(looked_at, matrix @ wanted, strict=True)]

    def _name(self, text: str) -> bytes:
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), key=self._key, digest_size=16).digest()

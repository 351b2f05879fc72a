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
NEW = (
    8  # texts read for one look-up, the newest first: each takes 5 ms, and 50 on a busy machine, and nobody is to wait for a whole logbook
)
WORDS = 60  # of a text that are read; what an entry is about stands early in it


class OwnEntries:
    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._key = secrets.token_bytes(16)
        self._vectors: dict[bytes, NDArray[np.float32]] = {}
        self._turn = threading.Lock()

    def near(self, text: str, entries: Sequence[tuple[str, str]]) -> list[tuple[str, float]]:
        """Ids and cosines of the entries (id and text, newest first) that have been read; each look-up reads some more."""
        import numpy as np

        if not entries or not text.strip():
            return []
        named = [(self._name(told), id_, told) for id_, told in entries]
        with self._turn:
            unread = [(name, told) for name, _, told in named if name not in self._vectors and told.strip()]
        new = dict(unread[:NEW])
        if new:
            texts = [" ".join(told.split()[:WORDS]) for told in new.values()]
            fresh = dict(zip(new, self._embedder.embed(texts), strict=True))
        with self._turn:
            if new:
                self._vectors.update(fresh)
            found = {name: self._vectors.pop(name) for name in dict.fromkeys(name for name, _, _ in named) if name in self._vectors}
            self._vectors.update(found)  # the latest used stand last
            while len(self._vectors) > HELD:
                del self._vectors[next(iter(self._vectors))]
        wanted = self._embedder.embed([text])[0]
        ids = [(id_, found[name]) for name, id_, _ in named if name in found]
        cosines = np.stack([vector for _, vector in ids]) @ wanted if ids else []
        return [(id_, float(cosine)) for (id_, _), cosine in zip(ids, cosines, strict=True)]

    def _name(self, text: str) -> bytes:
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), key=self._key, digest_size=16).digest()

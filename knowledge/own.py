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
        self.reads_on = False  # whether what a look-up leaves unread is read afterwards, while nobody waits
        self._embedder = embedder
        self._key = secrets.token_bytes(16)
        self._vectors: dict[bytes, NDArray[np.float32]] = {}
        self._turn = threading.Lock()
        self._reading = threading.Lock()

    def near(self, text: str, entries: Sequence[tuple[str, str]], whole: bool = False) -> list[tuple[str, float]]:
        """Ids and cosines of the entries (id and text, newest first) that have been read; each look-up reads some more, or all of them."""
        import numpy as np

        if not entries or not text.strip():
            return []
        named = [(self._name(told), id_, told) for id_, told in entries]
        with self._turn:
            unread = [(name, told) for name, _, told in named if name not in self._vectors and told.strip()]
        self._read(unread if whole else unread[:NEW])
        if self.reads_on and not whole and len(unread) > NEW and self._reading.acquire(blocking=False):
            # by this name the program knows, at its end, that it must not wait for it
            threading.Thread(target=self._read_on, args=(unread[NEW:],), name="knowledge", daemon=True).start()
        with self._turn:
            found = {name: self._vectors.pop(name) for name in dict.fromkeys(name for name, _, _ in named) if name in self._vectors}
            self._vectors.update(found)  # the latest used stand last
        wanted = self._embedder.embed([text])[0]
        ids = [(id_, found[name]) for name, id_, _ in named if name in found]
        cosines = np.stack([vector for _, vector in ids]) @ wanted if ids else []
        return [(id_, float(cosine)) for (id_, _), cosine in zip(ids, cosines, strict=True)]

    def _read_on(self, left: Sequence[tuple[bytes, str]]) -> None:
        try:
            for first in range(0, len(left), NEW):
                self._read(left[first : first + NEW])
        finally:
            self._reading.release()

    def _read(self, unread: Sequence[tuple[bytes, str]]) -> None:
        if not unread:
            return
        texts = dict(unread)
        fresh = dict(zip(texts, self._embedder.embed([" ".join(told.split()[:WORDS]) for told in texts.values()]), strict=True))
        with self._turn:
            self._vectors.update(fresh)
            while len(self._vectors) > HELD:
                del self._vectors[next(iter(self._vectors))]

    def _name(self, text: str) -> bytes:
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), key=self._key, digest_size=16).digest()

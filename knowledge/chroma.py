"""Keeps the vectors in Chroma: in a folder of our own, or on a server when its address is given.

Vectors are always ours (Chroma's own embedder would download one), and public guidance only: Chroma does not erase what it deletes.
Vectors are read back whole when the search opens, not asked for one query at a time: over 5,000 of them an exact product takes
0.06 ms where a Chroma query takes 2 ms (4.3 with metadata), and an HNSW graph answers a little differently each time it is built.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PAGE = 1000  # rows a call, well below Chroma's own limit of 5461


class Unreadable(Exception):
    """The vectors are not there, not whole, or the server cannot be reached."""


def reach(url: str) -> None:
    """Raises Unreadable when the server does not answer."""
    with _client(url) as client, _faults():
        client.heartbeat()


def put(
    place: str | Path,
    name: str,
    vectors: NDArray[np.float32],
    metadatas: Sequence[Mapping[str, str]],
    step: Callable[[int], None] | None = None,
) -> None:
    """Fills a new collection; `step` is told how many more are in. Raises Unreadable."""
    with _client(place) as client, _faults():
        _add(client.create_collection(name, embedding_function=None, configuration={"hnsw": {"space": "ip"}}), vectors, metadatas, 0, step)


def extend(
    place: str | Path,
    name: str,
    vectors: NDArray[np.float32],
    metadatas: Sequence[Mapping[str, str]],
    start: int,
    step: Callable[[int], None] | None = None,
) -> None:
    """Adds to a collection that has `start` vectors. Raises Unreadable."""
    with _client(place) as client, _faults():
        _add(client.get_collection(name, embedding_function=None), vectors, metadatas, start, step)


def _add(
    collection: Any,
    vectors: NDArray[np.float32],
    metadatas: Sequence[Mapping[str, str]],
    before: int,
    step: Callable[[int], None] | None,
) -> None:
    for start in range(0, len(vectors), PAGE):
        rows = range(start, min(start + PAGE, len(vectors)))
        ids = [f"{before + row:06d}" for row in rows]
        collection.add(ids=ids, embeddings=vectors[start : rows.stop], metadatas=[dict(metadatas[row]) for row in rows])
        if step:
            step(len(rows))


def get(place: str | Path, name: str, count: int) -> NDArray[np.float32]:
    """All vectors of a collection, in the order they were put. Raises Unreadable when there are not `count`."""
    import numpy as np

    vectors = None
    with _client(place) as client, _faults():
        collection = client.get_collection(name, embedding_function=None)
        seen = 0
        for start in range(0, count, PAGE):
            page = collection.get(limit=PAGE, offset=start, include=["embeddings"])
            rows = np.array([int(key) for key in page["ids"]], dtype=np.int64)
            found = np.asarray(page["embeddings"], dtype=np.float32)
            if not len(rows) or rows.max() >= count:
                break
            vectors = np.zeros((count, found.shape[1]), dtype=np.float32) if vectors is None else vectors
            vectors[rows] = found
            seen += len(rows)
    if vectors is None or seen != count:
        raise Unreadable(f"the collection {name} is not whole")
    return vectors


def drop(place: str | Path, beginning: str, keep: str) -> None:
    """Drops the collections whose names begin so, but one. Raises Unreadable."""
    with _client(place) as client, _faults():
        for collection in client.list_collections():
            if collection.name.startswith(beginning) and collection.name != keep:
                client.delete_collection(collection.name)


def _client(place: str | Path) -> AbstractContextManager[Any]:
    import chromadb
    from chromadb.config import Settings

    settings = Settings(anonymized_telemetry=False)
    client: Any
    with _faults():
        if isinstance(place, Path):
            client = chromadb.PersistentClient(path=str(place), settings=settings)
        else:
            url = urlsplit(place)
            secure = url.scheme == "https"
            headers = {"Authorization": f"Bearer {url.password}"} if url.password else None  # https://any:TOKEN@host
            port = url.port or (443 if secure else 8000)
            client = chromadb.HttpClient(host=url.hostname or "localhost", port=port, ssl=secure, headers=headers, settings=settings)
    found: AbstractContextManager[Any] = client
    return found


@contextmanager
def _faults() -> Iterator[None]:
    """Turns whatever Chroma raises into Unreadable; AttributeError is what a client says that could not be opened the first time."""
    import httpx
    from chromadb.errors import ChromaError

    try:
        yield
    except (ChromaError, httpx.HTTPError, ValueError, RuntimeError, OSError, AttributeError) as error:
        raise Unreadable(" ".join(str(error).split())[:300]) from error

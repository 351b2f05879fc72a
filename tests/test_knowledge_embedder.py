"""The vectors are those of the published model, whatever the text, and whatever happened to the files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

pytest.importorskip("onnxruntime")

import numpy as np

from knowledge.embedder import Embedder, WrongWeights, build_graph
from knowledge.own import OwnEntries

REFERENCE = json.loads(Path(__file__).with_name("minilm_reference.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def embedder(knowledge_home: Path) -> Embedder:
    found = Embedder.open(knowledge_home / "index")
    assert found
    return found


def test_the_vectors_are_those_of_the_torch_model(embedder):
    ours = embedder.embed([row["text"] for row in REFERENCE])
    assert np.abs(ours - np.array([row["vector"] for row in REFERENCE])).max() < 1e-4


def test_a_text_has_the_same_vector_alone_and_among_others(embedder):
    texts = ["short", "a text of middling length, with a comma", " ".join(["long"] * 200), "short again"] * 9
    together = embedder.embed(texts)
    alone = np.array([embedder.embed([text])[0] for text in texts])
    assert np.abs(together - alone).max() < 1e-5
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
    with pytest.raises(WrongWeights, match="pip install --force-reinstall"):
        build_graph(weights)


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

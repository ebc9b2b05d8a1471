"""What is exported is what LatentLens loads, and its search finds the same neighbours in it."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from data_pipeline.errors import InputError
from data_pipeline.importers.latentlens import import_index
from data_pipeline.importers.pickled_tensors import read_pickled
from data_pipeline.text_index.exporting import Precision, export_index
from data_pipeline.text_index.index import TextIndex
from data_pipeline.text_index.language import StatedModel, stated_model
from tests.data_pipeline.latentlens_folder import LAYERS, write_folder


@pytest.fixture(scope="module")
def model() -> StatedModel:
    return stated_model("toy:llms/olmo")


@pytest.fixture(scope="module")
def index(model: StatedModel, tmp_path_factory: pytest.TempPathFactory) -> TextIndex:
    folder = tmp_path_factory.mktemp("index")
    import_index(write_folder(folder / "theirs", model), model, folder / "ours")
    return TextIndex.load(folder / "ours")


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_latentlens_finds_the_same_neighbours_in_what_was_exported(
    dtype: Precision, index: TextIndex, tmp_path: Path
) -> None:
    latentlens = pytest.importorskip("latentlens")
    export_index(index, tmp_path / "out", dtype)
    theirs = latentlens.ContextualIndex.from_directory(tmp_path / "out")
    assert theirs.available_layers == list(LAYERS) and len(theirs) == len(index)
    queries = index.vectors(4)[::2] + 0.1 * torch.randn(index.vectors(4)[::2].shape)
    for layer in LAYERS:  # of one layer theirs lists a context once, as ours does
        found = index.search(queries, 5, text_layers=[layer])
        for line, neighbors in enumerate(theirs.search(queries, top_k=5, layers=[layer])):
            ours = [index.contexts[number] for number in found.contexts[line]]
            assert [(one.caption, one.position, one.token_id) for one in neighbors] == [
                (one.text, one.position, one.token_id) for one in ours
            ]
            scores = [one.similarity for one in neighbors]
            assert found.scores[line] == pytest.approx(scores, abs=2e-4 if dtype == "float16" else 1e-6)


def test_what_latentlens_saves_itself_is_imported(
    index: TextIndex, model: StatedModel, tmp_path: Path
) -> None:
    latentlens = pytest.importorskip("latentlens")
    export_index(index, tmp_path / "out")
    latentlens.ContextualIndex.from_directory(tmp_path / "out").save(tmp_path / "saved")
    import_index(tmp_path / "saved", model, tmp_path / "back")
    back = TextIndex.load(tmp_path / "back")
    assert back.contexts == index.contexts
    assert float((back.vectors(4) * index.vectors(4)).sum(dim=1).min()) > 0.9999


def test_what_is_exported_comes_back(index: TextIndex, model: StatedModel, tmp_path: Path) -> None:
    export_index(index, tmp_path / "out", "float32", model.tokenizer)
    found = import_index(tmp_path / "out", model, tmp_path / "back")
    back = TextIndex.load(tmp_path / "back")
    assert back.contexts == index.contexts and found.notes == () and found.said_model == "olmo"
    for layer in LAYERS:
        cosines = (back.vectors(layer) * index.vectors(layer)).sum(dim=1)
        assert float(cosines.min()) > 0.9999
    facts = json.loads((tmp_path / "out" / "metadata.json").read_text())
    assert facts["layers"] == list(LAYERS) and facts["hidden_dim"] == model.hidden_size
    content = read_pickled(tmp_path / "out" / "layer_4" / "embeddings_cache.pt", "it", "tensors")
    assert {entry["token_str"] for entry in content["metadata"]} == {
        model.tokenizer.decode([context.token_id]) for context in index.contexts
    }


def test_nothing_is_overwritten_and_room_is_asked_for(
    index: TextIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(InputError, match="is not empty, expected a new or empty folder for the exported"):
        export_index(index, tmp_path)
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=1000))
    with pytest.raises(InputError, match=r"the exported index takes 0\.0 GB, but 0\.0 GB are free"):
        export_index(index, tmp_path / "new")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]

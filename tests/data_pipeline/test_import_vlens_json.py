"""The published study's JSON comes into the contract whole, in both shapes, or not at all."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pytest

from data_pipeline.completeness import gaps
from data_pipeline.importers.vlens_json import import_vlens_json
from data_pipeline.importers.vlens_json.checkpoints import recognise, safe_id
from data_pipeline.importers.vlens_json.spans import token_span
from data_pipeline.schema import check_id
from data_pipeline.store import Results
from tests.data_pipeline import published_folder as published

REAL = Path(__file__).parents[3] / "shared" / "data" / "vlens_results"
needs_real = pytest.mark.skipif(not REAL.is_dir(), reason="../shared/data/vlens_results is not here")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return published.write_published(tmp_path / "published")


def imported(folder: Path, **options: Any) -> Results:
    output = folder.parent / "results"
    import_vlens_json(folder, output, **options)
    return Results(output)


def neighbors(results: Results, model_id: str, lens: str) -> list[dict[str, Any]]:
    table = results.read("neighbors")
    return table.filter((pc.field("model_id") == model_id) & (pc.field("lens") == lens)).to_pylist()


@pytest.mark.parametrize("lens", published.LENSES)
@pytest.mark.parametrize(("model_id", "cells"), [(published.FLAT_ID, 6), (published.CHUNKED_ID, 4)])
def test_every_neighbor_of_both_shapes_is_where_it_was(
    folder: Path, model_id: str, cells: int, lens: str
) -> None:
    rows = neighbors(imported(folder), model_id, lens)
    places = [
        (layer, image, cell, rank)
        for image in (0, 1)
        for layer in (0, 2)
        for cell in range(cells)
        for rank in (1, 2, 3)
    ]
    assert len(rows) == len(places)
    for row, (layer, image, cell, rank) in zip(rows, places, strict=True):
        assert row["image_id"] == f"image_{image:04d}"
        assert (row["vision_layer"], row["cell"], row["rank"]) == (layer, cell, rank)
        assert row["token"] == published.token(lens, layer, image, cell, rank)
        assert row["score"] == pytest.approx(published.score(lens, layer, image, cell, rank), abs=1e-6)
        assert row["probability"] is None
        assert row["token_id"] == (7 * cell + rank if lens == "logit" else None)
        assert row["text_layer"] == (
            published.text_layer(layer, cell, rank) if lens == "contextual" else None
        )


def test_hostile_tokens_are_kept_verbatim(folder: Path) -> None:
    tokens = set(imported(folder).read("neighbors")["token"].to_pylist())
    assert set(published.HOSTILE) <= tokens


def test_each_context_has_its_sentence_and_the_tokens_place_in_it(folder: Path) -> None:
    results = imported(folder)
    contexts = {row["context_id"]: row for row in results.read("contexts").to_pylist()}
    rows = neighbors(results, published.FLAT_ID, "contextual")
    assert rows
    for row in rows:
        context = contexts[row["context_id"]]
        image = int(row["image_id"][-4:])
        place = (row["vision_layer"], image, row["cell"], row["rank"])
        assert context["text"] == published.sentence(*place)
        assert context["text"][context["char_start"] : context["char_end"]] == row["token"].strip()
        assert context["position"] is None


def test_models_with_different_llms_do_not_share_contexts(folder: Path) -> None:
    contexts = imported(folder).read("contexts").to_pylist()
    assert {row["llm"] for row in contexts} == {"OLMo-7B", "Qwen2-7B (as trained in Molmo-7B-D)"}
    assert len({row["context_id"] for row in contexts}) == len(contexts)


@pytest.mark.parametrize(
    ("token", "text", "position", "span"),
    [
        (" narrow", "a narrow road", None, (2, 8)),
        ("row", "a narrow road", None, (5, 8)),
        (" a", "see a cat and a dog", None, None),  # two places, and " and"
        (" a", "see a cat", None, (4, 5)),
        (" Cat", "see a cat", None, None),  # case counts
        ("a", "a cat", 0, (0, 1)),
        ("a", "a cat", 1, None),
        ("the", "see the", 0, (4, 7)),
        ("aa", "aaa", None, None),  # overlapping occurrences are two
        ("\ufffd", "caf\u00e9", None, None),
        ("", "see", 0, None),
        ("  ", "a  b", None, (1, 3)),
        (" 🦊", "x 🦊 y", None, (2, 3)),  # characters, not UTF-16 units
    ],
)
def test_a_token_is_marked_only_where_it_must_stand(
    token: str, text: str, position: int | None, span: tuple[int, int] | None
) -> None:
    assert token_span(token, text, position) == span


def test_canvases_keep_the_pictures_bytes_and_the_stated_grid(folder: Path) -> None:
    results = imported(folder)
    canvases = {row["canvas_id"]: row for row in results.read("canvases").to_pylist()}
    assert len(canvases) == 4  # two pictures, 2 × 3 and 2 × 2 cells
    for sample in results.read("samples").to_pylist():
        canvas = canvases[sample["canvas_id"]]
        rows, cols = (2, 3) if sample["model_id"] == published.FLAT_ID else (2, 2)
        assert canvas["bytes"] == (folder / "images" / f"{sample['image_id']}.jpg").read_bytes()
        assert (canvas["width"], canvas["height"], canvas["media_type"]) == (48, 48, "image/jpeg")
        assert (canvas["rows"], canvas["cols"]) == (rows, cols)
        assert (canvas["cell_width"], canvas["cell_height"]) == (48 / cols, 48 / rows)
        assert (canvas["affine"], canvas["padding"]) == ([], [])


def test_captions_splits_and_text_layers_come_along(folder: Path) -> None:
    results = imported(folder)
    images = results.read("images").to_pylist()
    assert [row["caption"] for row in images] == ["Picture 0.", "Picture 1."]
    assert [row["split"] for row in images] == ["validation", "validation"]
    captions = {
        (row["model_id"], row["image_id"]): row["generated_caption"] for row in _rows(results, "samples")
    }
    assert captions[published.CHUNKED_ID, "image_0001"] == "I see 1."
    assert captions[published.FLAT_ID, "image_0001"] is None
    for model in _rows(results, "models"):
        assert model["text_layers"] == [1, 2, 24]
        assert model["vision_layers"] == [0, 2]
    assert [row["stage"] for row in _rows(results, "runs")] == ["import"]


def _rows(results: Results, table: str) -> list[dict[str, Any]]:
    return results.read(table).to_pylist()


def test_an_assumed_grid_and_a_foreign_model_name_are_told(folder: Path) -> None:
    published.edit(
        published.chunked_file(folder, "logit", 0), lambda content: content.update(model="allenai/Other")
    )
    models = {row["model_id"]: row for row in _rows(imported(folder), "models")}
    assert "a square grid is assumed" in models[published.CHUNKED_ID]["description"]
    assert (
        "another model than their folder does: allenai/Other." in models[published.CHUNKED_ID]["description"]
    )
    assert "assumed" not in models[published.FLAT_ID]["description"]
    assert "another model" not in models[published.FLAT_ID]["description"]
    assert models[published.CHUNKED_ID]["title"].endswith("(its files say allenai/Other)")
    assert "files say" not in models[published.FLAT_ID]["title"]


def test_whatever_is_missing_is_declared_with_its_reason(folder: Path) -> None:
    published.flat_file(folder, "logit", 2).unlink()
    for layer in (0, 2):
        published.chunked_file(folder, "contextual", layer).unlink()
    published.edit(published.flat_file(folder, "embedding", 0), lambda content: content["results"].pop())
    results = imported(folder)
    absences = {(a.model_id, a.lens, a.vision_layer, a.image_id) for a in results.manifest.absent}
    assert absences == {
        (published.CHUNKED_ID, "contextual", None, None),
        (published.FLAT_ID, "logit", 2, None),
        (published.FLAT_ID, "embedding", 0, "image_0001"),
    }
    found = list(gaps(results))
    assert len(found) == 4 + 2 + 1  # blocks: layers × images
    assert {gap.reason for gap in found} == {"not in the imported files"}


def test_a_whole_import_has_no_gaps(folder: Path) -> None:
    results = imported(folder)
    assert not list(gaps(results))
    assert not results.manifest.absent


def test_only_the_models_asked_for_are_imported_and_others_leave(folder: Path) -> None:
    imported(folder)
    results = imported(folder, models=[published.FLAT_MODEL])
    assert results.read("models")["model_id"].to_pylist() == [published.FLAT_ID]
    assert set(results.read("neighbors")["model_id"].to_pylist()) == {published.FLAT_ID}
    assert not any(published.CHUNKED_ID in str(path) for path in results.folder.rglob("*.parquet"))


def test_equal_files_give_equal_tables(folder: Path, tmp_path: Path) -> None:
    import_vlens_json(folder, tmp_path / "one")
    import_vlens_json(folder, tmp_path / "two")
    first, second = (
        {path: part.sha256 for path, part in Results(tmp_path / name).manifest.parts.items()}
        for name in ("one", "two")
    )
    assert first.pop("runs/import.parquet") != second.pop("runs/import.parquet")
    assert first == second


def test_files_of_other_analyses_are_named_not_read(folder: Path) -> None:
    file = published.flat_file(folder, "contextual", 0)
    (file.parent / "contextual_neighbors_visual0_contextual8.json").write_text("{}")
    (file.parent / "directory.json").mkdir()
    study = imported(folder).manifest.study
    description = study.description
    assert folder.name not in study.title
    assert study.title.endswith(("imported models", ", imported"))
    assert "contextual_neighbors_visual0_contextual8.json" in description
    assert "directory.json" not in description


_OLMO = "train_mlp-only_pixmo_cap_resize_olmo-7b_vit-l-14-336"


@pytest.mark.parametrize(
    ("folder", "model_id", "title", "group"),
    [
        (f"{_OLMO}_step12000-unsharded", "olmo-7b_vit-l-14-336", "OLMo-7B + CLIP ViT-L/14-336", "main"),
        (
            f"{_OLMO}_step12000-unsharded_lite10",
            "olmo-7b_vit-l-14-336",
            "OLMo-7B + CLIP ViT-L/14-336",
            "main",
        ),
        (
            "train_mlp-only_pixmo_cap_resize_qwen2-7b_vit-l-14-336_seed10_step12000-unsharded",
            "qwen2-7b_vit-l-14-336_seed10",
            "Qwen2-7B + CLIP ViT-L/14-336",
            "main",
        ),
        (
            f"{_OLMO}_earlier-vit-layers-6_step12000-unsharded",
            "olmo-7b_vit-l-14-336_earlier-vit-layers-6",
            "OLMo-7B + CLIP ViT-L/14-336, shifted 6 blocks earlier",
            "ablation",
        ),
        (
            "train_mlp-only_pixmo_topbottom_olmo-7b_vit-l-14-336_unfreeze-llm_step12000-unsharded",
            "olmo-7b_vit-l-14-336_topbottom-unfreeze",
            "OLMo-7B + CLIP ViT-L/14-336, top/bottom task, LLM unfrozen",
            "ablation",
        ),
        (
            f"{_OLMO}_step1000-unsharded",
            "olmo-7b_vit-l-14-336_step1000",
            "OLMo-7B + CLIP ViT-L/14-336, step 1000",
            "ablation",
        ),
        ("molmo_7b/allenai_Molmo-7B-D-0924", "Molmo-7B-D-0924", "Molmo-7B-D", "off_the_shelf"),
        ("mine/<script>..", "script", "script", "off_the_shelf"),
        ("训练", "model", "model", "off_the_shelf"),
    ],
)
def test_models_are_recognised_by_their_folders(folder: str, model_id: str, title: str, group: str) -> None:
    found = recognise(folder)
    assert (found.model_id, found.title, found.group) == (model_id, title, group)
    assert check_id(found.model_id, "model id") == model_id


def test_shifted_encoder_blocks_are_labelled_as_what_they_are() -> None:
    assert "blocks 15 and 8 " in recognise(f"{_OLMO}_earlier-vit-layers-6").connector
    assert "blocks 11 and 4 " in recognise(f"{_OLMO}_earlier-vit-layers-10").connector
    assert "blocks 21 and 14 " in recognise(_OLMO).connector


@pytest.mark.parametrize("name", ["../../etc", "a/b", "<script>", "...", "", "x" * 300, "-x", "a..b"])
def test_any_name_becomes_a_usable_id(name: str) -> None:
    check_id(safe_id(name), "model id")


def test_importing_loads_no_torch() -> None:
    code = "import sys, data_pipeline.importers.vlens_json; print('torch' in sys.modules)"
    root = Path(__file__).parents[2]
    run = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


@needs_real
def test_the_published_molmo_results_come_over_whole(tmp_path: Path) -> None:
    import_vlens_json(REAL, tmp_path / "results", models=["Molmo-7B-D-0924"])
    results = Results(tmp_path / "results")
    assert results.read("neighbors").num_rows == 3 * 9 * 5 * 144 * 5
    assert not list(gaps(results))
    contexts = {row["context_id"]: row for row in _rows(results, "contexts")}
    for lens, key, token_key in (
        ("embedding", "nearest_neighbors", "token"),
        ("logit", "top_predictions", "token"),
        ("contextual", "nearest_contextual_neighbors", "token_str"),
    ):
        rows = iter(neighbors(results, "Molmo-7B-D-0924", lens))
        files = {layer: json.loads(_real_file(lens, layer).read_bytes()) for layer in _REAL_LAYERS}
        for image in range(5):
            for layer in _REAL_LAYERS:
                for patch in files[layer]["results"][image]["patches"]:
                    for entry in patch[key]:
                        row = next(rows)
                        assert row["token"] == entry[token_key]
                        assert row["score"] == pytest.approx(
                            entry.get("similarity", entry.get("logit")), rel=1e-6
                        )
                        assert row["text_layer"] == entry.get("contextual_layer")
                        if lens == "contextual":
                            assert contexts[row["context_id"]]["text"] == entry["caption"]


_REAL_LAYERS = (0, 1, 2, 4, 8, 16, 24, 26, 27)


def _real_file(lens: str, layer: int) -> Path:
    return published.flat_file(REAL, lens, layer)


@needs_real
def test_published_marks_stand_at_one_place_only(tmp_path: Path) -> None:
    import_vlens_json(REAL, tmp_path / "results", models=["Molmo-7B-D-0924"])
    results = Results(tmp_path / "results")
    contexts = {row["context_id"]: row for row in _rows(results, "contexts")}
    unmarked = [row for row in contexts.values() if row["char_start"] is None]
    assert len(unmarked) < 0.02 * len(contexts)
    for row in neighbors(results, "Molmo-7B-D-0924", "contextual"):
        context, token = contexts[row["context_id"]], row["token"]
        if context["char_start"] is None:
            assert context["text"].find(token) != context["text"].rfind(token)
        else:
            assert context["text"][context["char_start"] : context["char_end"]] == (token.strip() or token)
            assert context["text"].find(token) == context["text"].rfind(token) >= 0


@needs_real
def test_the_published_chunked_shape_comes_over_with_its_doubts(tmp_path: Path) -> None:
    import_vlens_json(REAL, tmp_path / "results", models=["olmo-7b_vit-l-14-336"])
    results = Results(tmp_path / "results")
    assert results.read("neighbors").num_rows == 3 * 2 * 2 * 144 * 5
    (model,) = _rows(results, "models")
    assert "assumed" in model["description"]
    assert "allenai/Molmo-7B-D-0924" in model["description"]
    assert {(row["rows"], row["cols"]) for row in _rows(results, "canvases")} == {(12, 12)}
